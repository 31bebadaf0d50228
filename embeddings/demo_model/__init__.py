"""The small CLIP of the demo: its scenes, its training, its bank and the demo gallery."""
