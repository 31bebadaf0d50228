"""Decode a picture file small: upright, in sRGB, by loaders that are safe for uploads.

Knows nothing of Django, so that a process of its own can start in a moment: see gallery.shrink.
"""

import contextlib
import io
from pathlib import Path

import numpy as np
import pyvips
from PIL import Image, ImageCms, ImageOps

from gallery.formats import open_picture

# Loaders that parse scripts or documents are never used on uploads.
pyvips.block_untrusted_set(True)
for _loader in ("VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"):
    with contextlib.suppress(pyvips.Error):
        pyvips.operation_block_set(_loader, True)
pyvips.cache_set_max(0)  # every photo is seen once

WHITE = [255, 255, 255]
TALLEST = 2  # a rendition is at most this many times as high as its nominal width
BY_PILLOW = {"GIF", "HEIF"}  # libvips decodes a GIF whole and has no HEVC


def decode(path: Path, width: int) -> pyvips.Image:
    """Return the picture in memory, upright, 3 bands of uchar sRGB, at most `width` wide.

    Shrunk on load. Raises what the decoders raise: see formats.decoding.
    """
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


def fit(image: pyvips.Image, width: int) -> pyvips.Image:
    """Shrink to a nominal width, never enlarge, never below one pixel."""
    scale = min(width / image.width, TALLEST * width / image.height)
    if scale >= 1:
        return image
    return image.thumbnail_image(
        max(1, round(image.width * scale)),
        height=max(1, round(image.height * scale)),
        size="force",
    ).copy_memory()
