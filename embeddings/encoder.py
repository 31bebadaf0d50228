"""What turns words and pixels into vectors of one space."""

from pathlib import Path
from typing import Protocol

import numpy as np
from PIL import Image


class ModelUnavailable(Exception):
    """The space's models cannot be loaded. The message says why and what to do."""


class Encoder(Protocol):
    """Encode into one space. All vectors are (n, dimensions) float32, L2-normalised."""

    dimensions: int

    def encode_texts(self, texts: list[str]) -> np.ndarray: ...

    def encode_images(self, images: list[Image.Image]) -> np.ndarray: ...

    def export_text_tower(self, samples: list[str], folder: Path) -> None: ...
