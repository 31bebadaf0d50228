"""The renditions of a photo: which there are, how they are made, where they are, their URLs."""

import base64
import contextlib
import hashlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin
from xml.sax.saxutils import escape

import numpy as np
import pyvips
from django.conf import settings
from django.core import signing
from django.core.files.storage import storages
from django.urls import reverse
from PIL import Image, ImageCms

from gallery.colours import dominant_colours
from gallery.decoder import Decoder
from gallery.files import local_path
from gallery.likeness import perceptual_hash
from gallery.metadata import NAMESPACES
from gallery.models import Photo
from gallery.pixels import fit, to_srgb

SRGB_PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
PLACEHOLDER_WIDTH = 16
TOKEN_SECONDS = 3600
EXTENSIONS = {"webp": "webp", "avif": "avif", "jpeg": "jpg"}
MEDIA_TYPES = {"webp": "image/webp", "avif": "image/avif", "jpg": "image/jpeg"}

_WEBP = {"quality": 80, "method": 2}  # 4 takes twice the time for files 4 % smaller
_AVIF = {"quality": 60, "speed": 9}


@dataclass(frozen=True)
class Recipe:
    """One rendition to make: nominal width in px, format and encoder options."""

    width: int
    format: str
    options: dict


# Measured: 0.9 s for 24 MP on one core, 1.1 MB. AVIF at 2048 would cost as much again.
RECIPES = (
    Recipe(2048, "webp", _WEBP),
    Recipe(1280, "webp", _WEBP),
    Recipe(1280, "avif", _AVIF),
    Recipe(1280, "jpeg", {"quality": 82, "progressive": True, "optimize": True}),
    Recipe(640, "webp", _WEBP),
    Recipe(640, "avif", _AVIF),
    Recipe(320, "webp", _WEBP),
)
PIXELS_VERSION = 1  # raise it when the pixels that RECIPES start from come out otherwise
# What photos keep of how their pictures were made: `reprocess --stale` finds those made otherwise.
RECIPE = hashlib.sha256(repr((PIXELS_VERSION, RECIPES)).encode()).hexdigest()[:16]


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


@dataclass(frozen=True)
class SharedPicture:
    """The JPEG that other sites and programs show. url is absolute."""

    url: str
    width: int
    height: int
    size_bytes: int


# --- Names and places ----------------------------------------------------------------------
def folder_prefix(photo: Photo) -> str:
    """Return how the folders of all renditions begin that a photo has or had."""
    return f"r/{photo.public_id}-"


def folder(photo: Photo) -> str:
    return folder_prefix(photo) + photo.file_key


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


def shared_picture(photo: Photo, origin: str) -> SharedPicture | None:
    """Return the JPEG of a photo while it is public; origin: scheme and host of this site."""
    jpegs = [one for one in photo.renditions if one["format"] == "jpeg"]
    if not jpegs or not photo.renditions_public:
        return None
    largest = max(jpegs, key=lambda one: one["width"])
    return SharedPicture(
        url=urljoin(origin, rendition_url(photo, largest["width"], "jpeg")),
        width=largest["width"],
        height=largest["height"],
        size_bytes=largest["size_bytes"],
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
decoder = Decoder(settings.DECODE_SECONDS)


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


def render(
    path: Path, *, creator: str, copyright: str, licence: str = ""
) -> tuple[list[Rendition], str, list[str], np.ndarray | None]:
    """Make all renditions of a picture file, its placeholder as a data URI, colours and hash.

    The picture is decoded once, in a process of its own, and shrunk step by step in linear light.
    Files carry the sRGB profile, creator, copyright and licence and nothing else.
    Raises UnreadablePicture when the pixels cannot be decoded whole.
    """
    largest = max(recipe.width for recipe in RECIPES)
    image = pyvips.Image.new_from_array(decoder.decode(path, largest))
    about = {"exif": _public_exif(creator, copyright)}
    if licence:
        about["xmp"] = _public_xmp(copyright, licence)
    made: dict[tuple[int, str], Rendition] = {}
    for recipe in RECIPES:
        image = fit(image, recipe.width)
        key = (image.width, recipe.format)
        if key not in made:
            made[key] = _encode(image, recipe, about)
    smallest = Image.fromarray(to_srgb(image))
    looks = dominant_colours(smallest), perceptual_hash(smallest)
    return list(made.values()), _placeholder(image), *looks


def _encode(image: pyvips.Image, recipe: Recipe, about: dict) -> Rendition:
    buffer = io.BytesIO()
    Image.fromarray(to_srgb(image)).save(
        buffer, recipe.format.upper(), icc_profile=SRGB_PROFILE, **about, **recipe.options
    )
    return Rendition(image.width, image.height, recipe.format, buffer.getvalue())


def _public_exif(creator: str, copyright: str) -> bytes:
    exif = Image.Exif()
    for tag, value in ((0x013B, creator), (0x8298, copyright)):
        if value:
            exif[tag] = value.encode()  # Pillow would make ASCII of a text
    return exif.tobytes()


def _public_xmp(copyright: str, licence: str) -> bytes:
    """Return an XMP packet that says whose the picture is and under which licence."""
    is_address = licence.startswith(("http://", "https://"))
    texts = {"dc:rights": copyright, "xmpRights:UsageTerms": "" if is_address else licence}
    body = "".join(
        f"<{name}><rdf:Alt><rdf:li xml:lang='x-default'>{escape(text)}</rdf:li></rdf:Alt></{name}>"
        for name, text in texts.items()
        if text
    )
    if is_address:
        body += f"<xmpRights:WebStatement>{escape(licence)}</xmpRights:WebStatement>"
    used = (f"xmlns:{name}='{NAMESPACES[name]}'" for name in ("rdf", "dc", "xmpRights"))
    return (
        f"<x:xmpmeta xmlns:x='adobe:ns:meta/'><rdf:RDF {' '.join(used)}>"
        f"<rdf:Description rdf:about=''>{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()


def _placeholder(image: pyvips.Image) -> str:
    tiny = fit(image, PLACEHOLDER_WIDTH)
    buffer = io.BytesIO()
    Image.fromarray(to_srgb(tiny)).save(buffer, "WEBP", quality=20, method=6)
    return "data:image/webp;base64," + base64.b64encode(buffer.getvalue()).decode()
