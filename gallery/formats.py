"""Which files are taken: the decoded header decides, never the name."""

import re
import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pillow_heif
from django.conf import settings
from django.utils.translation import gettext_noop as _
from PIL import Image, UnidentifiedImageError

from gallery.exceptions import RefusedUpload, UnreadablePicture

pillow_heif.register_heif_opener()
# About odd headers; once and for all, because a filter set for a while is set for every thread.
warnings.filterwarnings("ignore", module=r"PIL\.")
Image.MAX_IMAGE_PIXELS = None  # the limits below are checked on the header, before decoding

MAX_UPLOAD_BYTES = settings.MAX_UPLOAD_MB * 2**20
MAX_PIXELS = settings.MAX_MEGAPIXELS * 1_000_000
MAX_GIF_PIXELS = min(MAX_PIXELS, 30_000_000)  # a GIF is decoded whole
MAX_METADATA_BYTES = settings.MAX_METADATA_MB * 2**20
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


# What decoders say that got no memory; libwebp is the one that does not say so.
_NO_MEMORY = re.compile("out of memory|allocat|could not create decoder object", re.IGNORECASE)


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
    except (RefusedUpload, UnreadablePicture):
        raise
    except Exception as error:  # each decoder raises its own on a broken file
        if isinstance(error, MemoryError) or _NO_MEMORY.search(str(error)):
            raise UnreadablePicture(
                _("The picture takes more memory to read than there is. Export a smaller one.")
            ) from error
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        reason = lines[-1][:200] if lines else type(error).__name__
        raise UnreadablePicture(
            _(
                "The picture is damaged or cut short: its pixels cannot be read. Export it again "
                "and upload that. (%(reason)s)"
            ),
            reason=reason,
        ) from error


def check_size(size_bytes: int) -> None:
    """Raise RefusedUpload for a file that is empty or larger than is taken."""
    if size_bytes == 0:
        raise RefusedUpload(_("The file is empty."))
    if size_bytes > MAX_UPLOAD_BYTES:
        raise RefusedUpload(
            _("The file is larger than %(limit)s MB: export a smaller one."),
            limit=MAX_UPLOAD_BYTES // 2**20,
        )


def read_header(file: BinaryIO, size_bytes: int) -> Header:
    """Read the header of a picture and check it against the limits; pixels stay undecoded.

    Raises RefusedUpload with a sentence for the photographer.
    """
    check_size(size_bytes)
    file.seek(0)
    try:
        if kind := raw_kind(file):
            raise RefusedUpload(
                _(
                    "This is a RAW file (%(kind)s), which every program develops in its own way. "
                    "Export it as JPEG, or as TIFF with 16 bits, and upload that."
                ),
                kind=kind,
            )
        with open_picture(file) as image:
            return check_header(image)
    except UnidentifiedImageError as error:
        raise RefusedUpload(
            _(
                "This is not a picture that can be taken. Export it as JPEG, PNG, WebP, AVIF, "
                "HEIC, TIFF or GIF."
            )
        ) from error
    except RefusedUpload:
        raise
    except Exception as error:  # each decoder raises its own on a broken header
        raise RefusedUpload(
            _("The file is damaged: its header cannot be read (%(reason)s)."),
            reason=str(error) or type(error).__name__,
        ) from error
    finally:
        file.seek(0)


def check_header(image: Image.Image) -> Header:
    """Return the header of an opened picture. Raises RefusedUpload when it is over a limit."""
    header = Header(image.format, *image.size)
    limit = MAX_GIF_PIXELS if header.format == "GIF" else MAX_PIXELS
    if header.width * header.height > limit:
        raise RefusedUpload(
            _(
                "The picture has %(width)s × %(height)s pixels; at most %(limit)s megapixels are "
                "taken. Export a smaller one."
            ),
            width=header.width,
            height=header.height,
            limit=limit // 1_000_000,
        )
    if sum(len(one) for one in image.info.values() if isinstance(one, str | bytes)) > (
        MAX_METADATA_BYTES
    ):
        raise RefusedUpload(
            _("The file carries more than %(limit)s MB of metadata. Export it with less."),
            limit=MAX_METADATA_BYTES // 2**20,
        )
    return header


# --- RAW -----------------------------------------------------------------------------------
# Most RAW files are TIFFs whose first picture is a thumbnail: taken for it, they would be shown so.
_RAW_MAGIC = {
    b"FUJIFILMCCD-RAW": "Fujifilm RAF",
    b"IIRO": "Olympus ORF",
    b"IIRS": "Olympus ORF",
    b"MMOR": "Olympus ORF",
    b"IIU\0": "Panasonic RW2",
    b"\0MRM": "Minolta MRW",
    b"FOVb": "Sigma X3F",
}
_RAW_MAKERS = {"NIKON": "Nikon NEF", "SONY": "Sony ARW", "PENTAX": "Pentax PEF"}
_SUB_IFDS, _PHOTOMETRIC, _MAKE, _DNG_VERSION = 0x014A, 0x0106, 0x010F, 0xC612
_SENSOR = {32803, 34892}  # photometric: a colour filter array, or its linear values
_MOST_IFDS, _MOST_ENTRIES = 20, 500  # more are in no camera's file


def raw_kind(file: BinaryIO) -> str:
    """Return which camera's RAW format a file is in, by its content; "" for others."""
    file.seek(0)
    head = file.read(32)
    for magic, kind in _RAW_MAGIC.items():
        if head.startswith(magic):
            return kind
    if head[4:12] == b"ftypcrx ":
        return "Canon CR3"
    if head[:2] == b"II" and head[6:14] == b"HEAPCCDR":
        return "Canon CRW"
    if head[:4] == b"II*\0" and head[8:10] == b"CR":
        return "Canon CR2"
    return _raw_tiff(file, head) if head[:4] in (b"II*\0", b"MM\0*") else ""


def _raw_tiff(file: BinaryIO, head: bytes) -> str:
    """Look for a sensor's values among the pictures of a TIFF, the nested ones included."""
    order = "<" if head[:2] == b"II" else ">"
    seen, make, is_raw = set(), "", False

    def read(offset: int, format: str) -> tuple:
        file.seek(offset)
        return struct.unpack(order + format, file.read(struct.calcsize(order + format)))

    due = list(read(4, "I")) if len(head) >= 8 else []
    while due and len(seen) < _MOST_IFDS:
        start = due.pop(0)
        if not start or start in seen:
            continue
        seen.add(start)
        with suppress(struct.error):  # cut short, or no TIFF after all: the decoders will tell
            count = min(read(start, "H")[0], _MOST_ENTRIES)
            for entry in range(start + 2, start + 2 + 12 * count, 12):
                tag, kind, length, value = read(entry, "HHII")
                if tag == _DNG_VERSION:
                    return "DNG"
                if tag == _MAKE:
                    file.seek(value if length > 4 else entry + 8)
                    make = file.read(min(length, 20)).decode("latin-1").strip("\0 ").split(" ")[0]
                elif tag == _PHOTOMETRIC:
                    is_raw |= read(entry + 8, "H" if kind == 3 else "I")[0] in _SENSOR
                elif tag == _SUB_IFDS:
                    due += read(value, f"{min(length, _MOST_IFDS)}I") if length > 1 else [value]
            due += read(start + 2 + 12 * count, "I")
    return (_RAW_MAKERS.get(make.upper()) or make or "of a camera") if is_raw else ""
