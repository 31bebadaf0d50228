"""Which files are taken: the decoded header decides, never the name."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pillow_heif
from PIL import Image, UnidentifiedImageError

from gallery.exceptions import RefusedUpload, UnreadablePicture

pillow_heif.register_heif_opener()
# About odd headers; once and for all, because a filter set for a while is set for every thread.
warnings.filterwarnings("ignore", module=r"PIL\.")
Image.MAX_IMAGE_PIXELS = None  # the limits below are checked on the header, before decoding

MAX_UPLOAD_BYTES = 200 * 2**20
MAX_PIXELS = 120_000_000
MAX_GIF_PIXELS = 30_000_000  # a GIF is decoded whole
TAKEN = "JPEG, PNG, WebP, AVIF, HEIC, TIFF or GIF"

# Pillow's format -> (media type, extension of the stored original)
FORMATS = {
    "JPEG": ("image/jpeg", "jpg"),
    "MPO": ("image/jpeg", "jpg"),
    "PNG": ("image/png", "png"),
    "WEBP": ("image/webp", "webp"),
    "AVIF": ("image/avif", "avif"),
    "HEIF": ("image/heic", "heic"),
    "TIFF": ("image/tiff", "tif"),
    "GIF": ("image/gif", "gif"),
}

# A multi-picture file is opened as the JPEG that it begins with.
OPENED = [name for name in FORMATS if name != "MPO"]


@dataclass(frozen=True)
class Header:
    """What the first bytes of a picture say. Sizes in px, before any rotation."""

    format: str
    width: int
    height: int

    @property
    def media_type(self) -> str:
        return FORMATS[self.format][0]

    @property
    def extension(self) -> str:
        return FORMATS[self.format][1]


def open_picture(file: BinaryIO | Path) -> Image.Image:
    """Open a picture with Pillow, of the formats that are taken; pixels stay undecoded."""
    return Image.open(file, formats=OPENED)


@contextmanager
def decoding() -> Iterator[None]:
    """Turn whatever a decoder raises into an UnreadablePicture that says what to do."""
    try:
        yield
    except Exception as error:  # each decoder raises its own on a broken file
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[-1][:200] if lines else type(error).__name__
        raise UnreadablePicture(
            "The picture is damaged or cut short: its pixels cannot be read. Export it again "
            f"and upload that. ({reason})"
        ) from error


def check_size(size_bytes: int) -> None:
    """Raise RefusedUpload for a file that is empty or larger than is taken."""
    if size_bytes == 0:
        raise RefusedUpload("The file is empty.")
    if size_bytes > MAX_UPLOAD_BYTES:
        limit = MAX_UPLOAD_BYTES // 2**20
        raise RefusedUpload(f"The file is larger than {limit} MB: export a smaller one.")


def read_header(file: BinaryIO, size_bytes: int) -> Header:
    """Read the header of a picture and check it against the limits; pixels stay undecoded.

    Raises RefusedUpload with a sentence for the photographer.
    """
    check_size(size_bytes)
    file.seek(0)
    try:
        with open_picture(file) as image:
            header = Header(image.format, *image.size)
    except UnidentifiedImageError as error:
        raise RefusedUpload(
            f"This is not a picture that can be taken. Export it as {TAKEN}."
        ) from error
    except Exception as error:  # each decoder raises its own on a broken header
        raise RefusedUpload(f"The file is damaged: its header cannot be read ({error}).") from error
    finally:
        file.seek(0)
    limit = MAX_GIF_PIXELS if header.format == "GIF" else MAX_PIXELS
    if header.width * header.height > limit:
        raise RefusedUpload(
            f"The picture has {header.width} × {header.height} pixels; at most "
            f"{limit // 1_000_000} megapixels are taken. Export a smaller one."
        )
    return header
