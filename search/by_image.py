"""Search by a visitor's own picture. The picture is never stored; its vector is, for minutes."""

import re
import tempfile
from pathlib import Path

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_noop as _

from embeddings import spaces
from embeddings.cache import cached_picture_vector, picture_digest, picture_vector
from embeddings.reconcile import PIXELS_WIDTH
from gallery.exceptions import RefusedUpload
from gallery.formats import read_header
from gallery.models import Photo
from gallery.shrink import shrunk
from search import engine

MAX_PICTURE_BYTES = 30 * 2**20
PHOTOS = 48

_KEY = re.compile("[0-9a-f]{64}")


class CannotCompare(Exception):
    """No worker can look at pictures at the moment."""


def take(file: UploadedFile) -> str:
    """Look at a picture and return the key of its search.

    Raises RefusedUpload, UnreadablePicture or Busy with a sentence for the visitor, or
    CannotCompare.
    """
    check_size(file.size)
    read_header(file, file.size)
    with tempfile.NamedTemporaryFile(prefix="pictures-search-") as copy:
        for chunk in file.chunks():
            copy.write(chunk)
        copy.flush()
        data = shrunk(Path(copy.name), PIXELS_WIDTH)
    space = spaces.active_space()
    if space is None or picture_vector(data, space) is None:
        raise CannotCompare
    return picture_digest(data)


def check_size(size_bytes: int) -> None:
    """Raises RefusedUpload."""
    if size_bytes > MAX_PICTURE_BYTES:
        raise RefusedUpload(
            _("The picture is larger than %(limit)s MB: choose a smaller one."),
            limit=MAX_PICTURE_BYTES // 2**20,
        )


def photos_like(key: str) -> list[Photo] | None:
    """Return the listed photos nearest to the picture of a key; None when it is forgotten."""
    space = spaces.active_space() if _KEY.fullmatch(key) else None
    vector = cached_picture_vector(key, space) if space else None
    return None if vector is None else engine.similar_to_picture(space, vector, PHOTOS)
