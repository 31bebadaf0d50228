"""The reference encoder: sentence-transformers on torch. The only module that imports torch.

Texts and pictures always go in as dicts: of a plain string sentence-transformers guesses the
modality, and a query that looks like a path or a URL would be opened.
"""

import logging
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from sentence_transformers import SentenceTransformer

from embeddings.encoder import ModelUnavailable

logger = logging.getLogger(__name__)

ENCODE_BATCH_SIZE = 8  # no faster beyond it on one core


class TorchEncoder:
    """Encode with the two models of one space; see `embeddings.encoder.Encoder`.

    Raises ModelUnavailable when a model is neither in its folder, nor in the local model
    cache, nor to be downloaded.
    """

    def __init__(self, image_model: str, text_model: str):
        # Forked children of a torch process with more than one thread hang.
        torch.set_num_threads(1)
        self._image_model = _load(image_model)
        self._text_model = _load(text_model)
        self.dimensions = int(self.encode_texts(["a photo"]).shape[1])

    def encode_texts(self, texts: list[str]) -> np.ndarray:
        return self._encode(self._text_model, [{"text": text} for text in texts])

    def encode_images(self, images: list[Image.Image]) -> np.ndarray:
        return self._encode(self._image_model, [{"image": image} for image in images])

    def _encode(self, model, inputs: list[dict]) -> np.ndarray:
        vectors = model.encode(
            inputs,
            batch_size=ENCODE_BATCH_SIZE,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return np.asarray(vectors, dtype=np.float32)


@lru_cache(maxsize=4)
def _load(name_or_path: str) -> SentenceTransformer:
    if Path(name_or_path).is_absolute() and not Path(name_or_path).is_dir():
        raise ModelUnavailable(
            f"There is no model folder at {name_or_path}. Put it back, or choose another "
            "model with EMBEDDING_PROFILE and `manage.py embedding_space create`."
        )
    try:
        model = SentenceTransformer(name_or_path, device="cpu")
    except (OSError, ValueError, RuntimeError) as error:
        raise ModelUnavailable(
            f"The model {name_or_path} could not be loaded: {error}. It is tried again by itself."
        ) from error
    return model.float().eval()
