"""The renditions of a photo: which there are, how they are made, where they are, their URLs."""

import base64
import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyvips
from django.core import signing
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image, ImageCms, ImageOps

from gallery.files import local_path
from gallery.formats import decoding, open_picture
from gallery.models import Photo

# Loaders that parse scripts or documents are never used on uploads.
pyvips.block_untrusted_set(True)
for _loader in ("VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"):
    with contextlib.suppress(pyvips.Error):
        pyvips.operation_block_set(_loader, True)
pyvips.cache_set_max(0)  # every photo is seen once

SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
WHITE = [255, 255, 255]
PLACEHOLDER_WIDTH = 16
TALLEST = 2  # a rendition is at most this many times as high as its nominal width
TOKEN_SECONDS = 3600
EXTENSIONS = {"webp": "webp", "avif": "avif", "jpeg": "jpg"}
MEDIA_TYPES = {"webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg"}
BY_PILLOW = {"GIF", "HEIF"}  # libvips decodes a GIF whole and has no HEVC

_WEBP = {"quality": 80, "method": 4}
_AVIF = {"quality": 60, "speed": 9}


@dataclass(frozen=True)
class Recipe:
    """One rendition to make: nominal width in px, format and encoder options."""

    width: int
    format: str
    options: dict


# Measured: 0.9 s for 24 MP on one core, 1.1 MB. AVIF at 2048 would cost as much again.
RECIPES = (
    Recipe(2048, "webp", {"quality": 80, "method": 2}),
    Recipe(1280, "webp", _WEBP),
    Recipe(1280, "avif", _AVIF),
    Recipe(1280, "jpeg", {"quality": 82, "progressive": True, "optimize": True}),
    Recipe(640, "webp", _WEBP),
    Recipe(640, "avif", _AVIF),
    Recipe(320, "webp", _WEBP),
)


@dataclass(frozen=True)
class Rendition:
    """One encoded rendition. width and height in px, upright."""

    width: int
    height: int
    format: str
    data: bytes

    @property
    def filename(self) -> str:
        return f"{self.width}.{EXTENSIONS[self.format]}"

    def as_json(self) -> dict:
        return {
            "width": self.width,
            "height": self.height,
            "format": self.format,
            "size_bytes": len(self.data),
        }


@dataclass(frozen=True)
class Sources:
    """What a <picture> needs. The srcsets are empty where a format has no rendition."""

    avif: str
    webp: str
    fallback: str
    width: int
    height: int


# --- Names and places ----------------------------------------------------------------------
def folder(photo: Photo) -> str:
    return f"r/{photo.public_id}-{photo.file_key}"


def storage_alias(public: bool) -> str:
    return "renditions" if public else "private_renditions"


def stored_names(photo: Photo) -> list[str]:
    """Return the storage names of the renditions that the photo has now."""
    return [
        f"{folder(photo)}/{one['width']}.{EXTENSIONS[one['format']]}" for one in photo.renditions
    ]


def whereabouts(photo: Photo) -> tuple[str, list[str]]:
    """Return the storage of a photo's renditions, as an alias, and their names in it."""
    return storage_alias(photo.renditions_public), stored_names(photo)


def rendition_url(photo: Photo, width: int, format: str) -> str:
    """Return the URL of a rendition: immutable and public, or signed for an hour."""
    name = f"{folder(photo)}/{width}.{EXTENSIONS[format]}"
    if photo.renditions_public:
        return storages["renditions"].url(name)
    token = signing.TimestampSigner(salt="rendition").sign(folder(photo)).partition(":")[2]
    return f"{reverse('private_rendition', args=name.split('/')[1:])}?token={token}"


def token_opens(folder_name: str, token: str) -> bool:
    """Tell whether a signed token opens the renditions in a folder of private storage."""
    signer = signing.TimestampSigner(salt="rendition")
    try:
        return bool(signer.unsign(f"r/{folder_name}:{token}", max_age=TOKEN_SECONDS))
    except signing.BadSignature:
        return False


def sources(photo: Photo) -> Sources | None:
    """Return the responsive sources of a photo, or None while it has no renditions."""
    if not photo.renditions:
        return None

    def of(format: str) -> list[dict]:
        found = [one for one in photo.renditions if one["format"] == format]
        return sorted(found, key=lambda one: one["width"])

    def srcset(format: str) -> str:
        return ", ".join(
            f"{rendition_url(photo, one['width'], format)} {one['width']}w" for one in of(format)
        )

    fallback = (of("jpeg") or of("webp"))[-1]
    return Sources(
        avif=srcset("avif"),
        webp=srcset("webp"),
        fallback=rendition_url(photo, fallback["width"], fallback["format"]),
        width=fallback["width"],
        height=fallback["height"],
    )


def open_pixels(photo: Photo, width: int) -> Image.Image:
    """Open the WebP rendition nearest at or above a width, as RGB.

    Raises OSError when it cannot be read.
    """
    widths = sorted(one["width"] for one in photo.renditions if one["format"] == "webp")
    if not widths:
        raise OSError("the photo has no renditions")
    chosen = next((one for one in widths if one >= width), widths[-1])
    storage = storages[storage_alias(photo.renditions_public)]
    with storage.open(f"{folder(photo)}/{chosen}.webp") as file:
        return Image.open(io.BytesIO(file.read())).convert("RGB")


# --- Making them ---------------------------------------------------------------------------
@contextlib.contextmanager
def local_original(photo: Photo) -> Iterator[Path]:
    """Give the original as a local file; from remote storage as a temporary copy.

    Raises FileNotFoundError when it is gone, another of files.STORAGE_ERRORS when storage is away.
    """
    storage = storages["originals"]
    if path := local_path(storage, photo.original):
        if not path.exists():
            raise FileNotFoundError(path)
        yield path
        return
    with tempfile.NamedTemporaryFile(suffix=Path(photo.original).suffix) as copy:
        with storage.open(photo.original) as original:
            shutil.copyfileobj(original, copy)
        copy.flush()
        yield Path(copy.name)


def render(path: Path, *, creator: str, copyright: str) -> tuple[list[Rendition], str]:
    """Make all renditions of a picture file, and its placeholder as a data URI.

    The picture is decoded once, shrunk on load, upright and in sRGB; the smaller ones are made
    from the larger. Files carry the sRGB profile, creator and copyright and nothing else.
    Raises UnreadablePicture when the pixels cannot be decoded whole.
    """
    with decoding():
        image = _decode(path, max(recipe.width for recipe in RECIPES))
    exif = _public_exif(creator, copyright)
    made: dict[tuple[int, str], Rendition] = {}
    for recipe in RECIPES:
        image = _fit(image, recipe.width)
        key = (image.width, recipe.format)
        if key not in made:
            made[key] = _encode(image, recipe, exif)
    return list(made.values()), _placeholder(image)


def _decode(path: Path, width: int) -> pyvips.Image:
    """Return the picture in memory, upright, 3 bands of uchar sRGB, at most `width` wide."""
    with open_picture(path) as opened:
        source = _through_pillow(opened) if opened.format in BY_PILLOW else None
        # A TIFF that is cut short is an error to libvips; of others it forgives what shows.
        fail_on = "error" if opened.format == "TIFF" else "truncated"
    limits = {"height": TALLEST * width, "size": "down"}
    if source is None:
        image = pyvips.Image.thumbnail(
            str(path), width, output_profile="srgb", fail_on=fail_on, **limits
        )
    else:
        image = source.thumbnail_image(width, **limits)
    if image.interpretation != "srgb":
        image = image.colourspace("srgb")
    if image.hasalpha():
        image = image.flatten(background=WHITE)
    return image.cast("uchar").copy_memory()


def _through_pillow(image: Image.Image) -> pyvips.Image:
    """Decode the first frame with Pillow, upright and in sRGB."""
    image.seek(0)
    profile = image.info.get("icc_profile")
    image = ImageOps.exif_transpose(image)
    mode = "RGBA" if image.has_transparency_data else "RGB"
    image = image.convert(mode)
    if profile and mode == "RGB":
        with contextlib.suppress(ImageCms.PyCMSError, OSError):
            image = ImageCms.profileToProfile(
                image, ImageCms.ImageCmsProfile(io.BytesIO(profile)), ImageCms.createProfile("sRGB")
            )
    return pyvips.Image.new_from_array(np.asarray(image)).copy(interpretation="srgb")


def _fit(image: pyvips.Image, width: int) -> pyvips.Image:
    """Shrink to a nominal width, never enlarge, never below one pixel."""
    scale = min(width / image.width, TALLEST * width / image.height)
    if scale >= 1:
        return image
    return image.thumbnail_image(
        max(1, round(image.width * scale)),
        height=max(1, round(image.height * scale)),
        size="force",
    ).copy_memory()


def _encode(image: pyvips.Image, recipe: Recipe, exif: bytes) -> Rendition:
    buffer = io.BytesIO()
    Image.fromarray(image.numpy()).save(
        buffer, recipe.format.upper(), icc_profile=SRGB_PROFILE, exif=exif, **recipe.options
    )
    return Rendition(image.width, image.height, recipe.format, buffer.getvalue())


def _public_exif(creator: str, copyright: str) -> bytes:
    exif = Image.Exif()
    for tag, value in ((0x013B, creator), (0x8298, copyright)):
        if value:
            exif[tag] = value.encode()  # Pillow would make ASCII of a text
    return exif.tobytes()


def _placeholder(image: pyvips.Image) -> str:
    tiny = _fit(image, PLACEHOLDER_WIDTH)
    buffer = io.BytesIO()
    Image.fromarray(tiny.numpy()).save(buffer, "WEBP", quality=20, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
