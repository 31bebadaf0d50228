"""Shrink a stranger's picture for a web process."""

import io
import threading
from pathlib import Path

import pyvips
from PIL import Image

from gallery.decoder import Decoder
from gallery.exceptions import Busy
from gallery.pixels import to_srgb

AT_ONCE = 2  # for each web process; each may fill a core and much memory
LIMIT_SECONDS = 10

_free = threading.BoundedSemaphore(AT_ONCE)


def shrunk(path: Path, width: int) -> bytes:
    """Return a picture file as a JPEG at most `width` px wide, upright, in sRGB, without metadata.

    Raises UnreadablePicture, or Busy, at once, while AT_ONCE others are shrunk.
    """
    if not _free.acquire(blocking=False):
        raise Busy
    try:
        with Decoder(LIMIT_SECONDS) as decoder:
            samples = decoder.decode(path, width)
    finally:
        _free.release()
    buffer = io.BytesIO()
    pixels = to_srgb(pyvips.Image.new_from_array(samples))
    Image.fromarray(pixels).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
