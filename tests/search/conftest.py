"""Photos without files, indexed and embedded as the workers would."""

import itertools

import numpy as np
import pytest

from embeddings import spaces
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from gallery.models import Photo, Tag
from search import reconcile

DIMENSIONS = 8
_files = itertools.count(1)


def make_photo(owner, *, tags=(), **fields) -> Photo:
    """Store a ready photo that has no file."""
    number = next(_files)
    photo = Photo.objects.create(
        owner=owner,
        **{
            "original": f"originals/{number}.jpg",
            "content_hash": f"{number:064x}",
            "size_bytes": 1,
            "media_type": "image/jpeg",
            "width": 3,
            "height": 2,
            "state": "ready",
            "location_shown": True,
        }
        | fields,
    )
    photo.tags.set(Tag.objects.get_or_create(name=name, slug=name)[0] for name in tags)
    return photo


def index_all() -> None:
    """Work the index queue until nothing is due."""
    while reconcile.index_due():
        pass


def unit(*values: float) -> np.ndarray:
    """Return a unit vector of the test space that begins with these values."""
    vector = np.zeros(DIMENSIONS, np.float32)
    vector[: len(values)] = values
    return vector / np.linalg.norm(vector)


def embed(photo: Photo, space: EmbeddingSpace, *, image=None, text=None, level=0.0) -> None:
    """Store vectors of a photo as the vectors queue would."""
    photo.refresh_from_db()
    for model, vector in ((ImageVector, image), (TextVector, text)):
        if vector is not None:
            model.objects.create(
                space=space, photo=photo, vector=vector, input_hash="", level=level,
                listed=photo.listed,
            )  # fmt: skip


@pytest.fixture
def space(db):
    """An active space of 8 dimensions whose banks know only directions that no test uses."""
    far = np.zeros((2, DIMENSIONS), np.float16)
    far[:, -1] = 1
    space = EmbeddingSpace.objects.create(
        name="test",
        image_model="none",
        text_model="none",
        dimensions=DIMENSIONS,
        revision="test",
        state="active",
        caption_bank=far.tobytes(),
        image_bank=far.tobytes(),
    )
    spaces.create_indexes(space)
    spaces._bank.cache_clear()
    return space


@pytest.fixture
def says(monkeypatch):
    """Let queries have these vectors, as if the vectors worker had encoded them."""
    vectors: dict[str, np.ndarray] = {}
    monkeypatch.setattr("search.engine.query_vector", lambda text, space: vectors.get(text))
    return vectors.__setitem__
