"""Decode a picture file small and upright, in linear light, by loaders that are safe for uploads.

Light adds up linearly, the numbers in a file do not: averaged as they are, fine detail and points
of light get too dark. So pictures are shrunk as uint16 samples of linear light, in sRGB's primaries
once the file's own profile is done with, and become 8 bits once, at the end: see to_srgb.
"""

import contextlib
from pathlib import Path

import numpy as np
import pillow_heif
import pyvips

from gallery.formats import check_header, open_picture

# Loaders that parse scripts or documents are never used on uploads.
pyvips.block_untrusted_set(True)
for _loader in ("VipsForeignLoadSvg", "VipsForeignLoadPdf", "VipsForeignLoadMagick"):
    with contextlib.suppress(pyvips.Error):
        pyvips.operation_block_set(_loader, True)
pyvips.cache_set_max(0)  # every photo is seen once

TALLEST = 2  # a rendition is at most this many times as high as its nominal width
DEEPEST = 65535  # of a uint16
PROFILE = "icc-profile-data"  # libvips' name of it
ORIENTATION = "orientation"
ROTATED = {5, 6, 7, 8}  # orientations that swap width and height
MATRIX_TOLERANCE = 5e-4  # of the brightest light; what an 8-bit value is worth where it is dark
MATRIX_STEPS = 6  # of each channel
SAMPLES = {"uchar": 2**8, "ushort": 2**16}  # taken as they are, and how many values they have


def decode(path: Path, width: int) -> pyvips.Image:
    """Return the picture in memory, upright, 3 bands of linear uint16, at most `width` wide.

    Raises RefusedUpload for what is over a limit, else what the decoders raise: see
    formats.decoding.
    """
    image = _plain(_load(path))
    turned = _orientation(image) in ROTATED
    size = (image.height, image.width) if turned else (image.width, image.height)
    target = _fitting(*size, width)
    target = target[::-1] if turned else target
    if image.interpretation == "cmyk":
        image = _resized(_ink_to_light(image), target)
    elif image.get_typeof(PROFILE):
        curve = _curve(image)
        linear = _resized(image.maplut(_table(curve)), target)
        matrix = _matrix(image, curve) if image.bands == 3 else None
        if matrix is None:
            encoded = linear.maplut(_table(_inverse(curve, 2**16)))
            wide = "grey16" if image.bands == 1 else "rgb16"
            image = _rounded(_to_light(encoded.copy(interpretation=wide)) * DEEPEST)
        elif np.allclose(matrix, np.eye(3), rtol=0, atol=MATRIX_TOLERANCE):
            image = linear
        else:
            image = _rounded(linear.recomb(pyvips.Image.new_from_array(matrix)))
    else:
        image = _resized(image.maplut(_table(_srgb_curve(SAMPLES[image.format]))), target)
    if image.bands == 1:
        image = image.bandjoin([image, image])
    return image.copy_memory().autorot().copy_memory()


def fit(image: pyvips.Image, width: int) -> pyvips.Image:
    """Shrink to a nominal width, never enlarge, never below one pixel."""
    target = _fitting(image.width, image.height, width)
    return image if target == (image.width, image.height) else _resized(image, target).copy_memory()


def to_srgb(image: pyvips.Image) -> np.ndarray:
    """Return linear light as (height, width, 3) uint8 sRGB."""
    return image.maplut(_ENCODE).numpy()


def _fitting(width: int, height: int, nominal: int) -> tuple[int, int]:
    scale = min(1, nominal / width, TALLEST * nominal / height)
    return max(1, round(width * scale)), max(1, round(height * scale))


def _resized(image: pyvips.Image, size: tuple[int, int]) -> pyvips.Image:
    if size == (image.width, image.height):
        return image
    # gap: boxes take the whole factors, lanczos the rest; a third faster, and nobody sees it.
    return image.resize(size[0] / image.width, vscale=size[1] / image.height, gap=1)


def _load(path: Path) -> pyvips.Image:
    with open_picture(path) as opened:
        header = check_header(opened)
        if header.format == "GIF":  # libvips decodes a GIF whole
            opened.seek(0)
            mode = "RGBA" if opened.has_transparency_data else "RGB"
            return _image(np.asarray(opened.convert(mode)))
    if header.format == "HEIF":  # libvips has no HEVC
        heif = pillow_heif.open_heif(path, convert_hdr_to_8bit=False)
        image = _image(np.asarray(heif))
        if profile := heif.info.get("icc_profile"):
            image.set_type(pyvips.GValue.blob_type, PROFILE, profile)
        return image
    # A TIFF that is cut short is an error to libvips; of others it forgives what shows.
    fail_on = "error" if header.format == "TIFF" else "truncated"
    return pyvips.Image.new_from_file(str(path), access="sequential", fail_on=fail_on)


def _image(samples: np.ndarray) -> pyvips.Image:
    grey = samples.ndim == 2
    eight = samples.dtype == np.uint8
    image = pyvips.Image.new_from_array(samples)
    return image.copy(
        interpretation=("b-w" if grey else "srgb") if eight else "grey16" if grey else "rgb16"
    )


def _plain(image: pyvips.Image) -> pyvips.Image:
    """Return the picture on white, of 1, 3 or (CMYK) 4 bands of unsigned 8 or 16 bits."""
    if image.interpretation in ("lab", "labs", "labq", "xyz", "lch"):
        image = image.colourspace("rgb16")
        image.remove(PROFILE)
    if image.format not in SAMPLES:
        raise ValueError("its samples are neither 8 nor 16 bits")
    if image.hasalpha():
        image = image.flatten(background=[SAMPLES[image.format] - 1] * (image.bands - 1))
    colours = {"cmyk": 4, "b-w": 1, "grey16": 1}.get(
        image.interpretation, 3 if image.bands > 2 else 1
    )
    return image if image.bands == colours else image.extract_band(0, n=colours)


def _orientation(image: pyvips.Image) -> int:
    return image.get(ORIENTATION) if image.get_typeof(ORIENTATION) else 1


# --- Curves: from the numbers in a file to light, and back ---------------------------------
def _srgb_curve(count: int) -> np.ndarray:
    """Return the light, 0 to 1, of `count` evenly spaced sRGB values. Source: IEC 61966-2-1."""
    encoded = np.linspace(0, 1, count)
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def _inverse(curve: np.ndarray, count: int) -> np.ndarray:
    """Return the values, 0 to 1, that give `count` evenly spaced amounts of light."""
    return np.interp(np.linspace(0, 1, count), curve, np.linspace(0, 1, len(curve)))


def _curve(image: pyvips.Image) -> np.ndarray:
    """Return the light, 0 to 1, of each sample value, by the picture's profile: that of its greys.

    sRGB's, where a profile has no curve that rises from black to white.
    """
    count = SAMPLES[image.format]
    ramp = pyvips.Image.identity(bands=image.bands, ushort=count > 2**8)
    ramp = ramp.copy(interpretation=image.interpretation)
    ramp.set_type(pyvips.GValue.blob_type, PROFILE, image.get(PROFILE))
    light = np.maximum.accumulate(_to_xyz(ramp).numpy().reshape(count, 3)[:, 1].astype(float))
    span = light[-1] - light[0]
    return (light - light[0]) / span if span > 50 else _srgb_curve(count)


def _matrix(image: pyvips.Image, curve: np.ndarray) -> np.ndarray | None:
    """Return (3, 3), by which the profile makes sRGB's light of its own; None if it is no matrix.

    Nearly all are, sRGB's own the identity: nothing then has to go through the profile.
    """
    steps = np.linspace(0, len(curve) - 1, MATRIX_STEPS).round().astype(int)
    samples = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(1, -1, 3)
    depth = np.uint8 if len(curve) == 2**8 else np.uint16
    patches = pyvips.Image.new_from_array(samples.astype(depth))
    patches = patches.copy(interpretation=image.interpretation)
    patches.set_type(pyvips.GValue.blob_type, PROFILE, image.get(PROFILE))
    own, light = curve[samples[0]], _to_light(patches).numpy()[0].astype(float)
    matrix = np.linalg.lstsq(own, light)[0]
    errors = np.clip(own @ matrix, 0, 1) - np.clip(light, 0, 1)
    return matrix.T if np.abs(errors).max() < MATRIX_TOLERANCE else None


def _table(curve: np.ndarray, depth: type = np.uint16) -> pyvips.Image:
    values = np.rint(curve * np.iinfo(depth).max).astype(depth)
    return pyvips.Image.new_from_array(values.reshape(1, -1))


def _ink_to_light(image: pyvips.Image) -> pyvips.Image:
    """Return CMYK as linear sRGB, through its profile or a common one."""
    return image.icc_transform(
        "srgb", embedded=True, input_profile="cmyk", intent="relative", depth=16
    ).maplut(_DECODE)


def _to_light(image: pyvips.Image) -> pyvips.Image:
    """Return a picture with a profile as floating light of sRGB's primaries, 0 to 1 within it."""
    return _to_xyz(image).colourspace("scrgb")


def _rounded(image: pyvips.Image) -> pyvips.Image:
    return image.rint().cast("ushort")


def _to_xyz(image: pyvips.Image) -> pyvips.Image:
    """Return a picture with a profile as floating XYZ, white at Y = 100."""
    return image.icc_import(embedded=True, input_profile="srgb", pcs="xyz", intent="relative")


_DECODE = _table(_srgb_curve(2**16))
_ENCODE = _table(_inverse(_srgb_curve(2**16), 2**16), np.uint8)
