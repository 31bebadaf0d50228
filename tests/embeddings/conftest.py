"""Encoders as production loads them, of two spaces that differ in everything."""

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache as redis

from embeddings import cache, pipeline, spaces
from embeddings.banks import probe
from embeddings.demo_model import train
from embeddings.models import EmbeddingSpace
from embeddings.torch_encoder import TorchEncoder

OTHER_DIMENSIONS = 64


@pytest.fixture(scope="session")
def small_clip():
    """The small CLIP of the demo: 128 dimensions, trained."""
    return TorchEncoder(**settings.EMBEDDING_PROFILES["demo"])


@pytest.fixture(scope="session")
def other_folder(tmp_path_factory):
    """A folder of the same architecture with random weights and 64 dimensions."""
    folder = tmp_path_factory.mktemp("models") / "other"
    train.save(*train.build(train.corpus(), width=OTHER_DIMENSIONS), folder)
    return str(folder)


class CountingEncoder:
    """An encoder that remembers what it was asked to encode."""

    def __init__(self, encoder):
        self.dimensions = encoder.dimensions
        self.encoder = encoder
        self.texts, self.images = [], []

    def encode_texts(self, texts):
        self.texts += texts
        return self.encoder.encode_texts(texts)

    def encode_images(self, images):
        self.images += images
        return self.encoder.encode_images(images)


@pytest.fixture
def counting(small_clip):
    return CountingEncoder(small_clip)


def a_space(encoder, **fields) -> EmbeddingSpace:
    """Store a prepared space whose banks are two captions, encoded for real."""
    captions = encoder.encode_texts(["a mountain", "the sea"]).astype(np.float16)
    values = {
        **settings.EMBEDDING_PROFILES["demo"],
        "name": "demo",
        "state": "active",
        "dimensions": encoder.dimensions,
        "revision": "test",
        "caption_bank": captions.tobytes(),
        "image_bank": captions.tobytes(),
        "probe": probe(encoder).tobytes(),
    }
    space = EmbeddingSpace.objects.create(**values | fields)
    spaces.create_indexes(space)
    return space


@pytest.fixture
def space(db, small_clip):
    """The active space of the small CLIP."""
    spaces._bank.cache_clear()
    return a_space(small_clip)


@pytest.fixture
def worker(space, counting, monkeypatch):
    """A vectors worker that answers at once, in this process."""
    monkeypatch.setattr(pipeline, "_loaded", {space.pk: counting})
    monkeypatch.setattr(cache, "ask", lambda task, *args, expires: task(*args))
    redis.set(cache._alive_key(space), 1)
    return counting
