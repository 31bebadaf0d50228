"""Which model the demo uses: the real CLIP where it can be had, else the small one."""

import os
import socket
from pathlib import Path

HUB = ("huggingface.co", 443)
HUB_TIMEOUT_SECONDS = 2.0
CLIP_FOLDER = "models--sentence-transformers--clip-ViT-B-32"


def choose_profile() -> str:
    """Return EMBEDDING_PROFILE if it is set, else "clip" if it can be had, else "demo"."""
    if chosen := os.environ.get("EMBEDDING_PROFILE"):
        return chosen
    return "clip" if _is_in_model_cache() or _hub_answers() else "demo"


def _is_in_model_cache() -> bool:
    home = Path(os.environ.get("HF_HOME") or Path.home() / ".cache" / "huggingface")
    return (home / "hub" / CLIP_FOLDER / "snapshots").is_dir()


def _hub_answers() -> bool:
    try:
        with socket.create_connection(HUB, timeout=HUB_TIMEOUT_SECONDS):
            return True
    except OSError:
        return False
