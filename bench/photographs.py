"""Photographs drawn from a seed, as a camera saves them: detail, grain, EXIF, XMP, an sRGB profile.

Detail is noise of all scales, stronger the coarser it is, as in nature (about 1/f), in regions with
hard edges; grain is that of a sensor. What counts is that files are as large as a camera's, and as
much work to decode and to encode again.
"""

from pathlib import Path
from xml.sax.saxutils import escape

import numpy as np
import pyvips
from PIL import Image, ImageCms

from bench.synthetic import Entry

SIZES = {12: (4240, 2832), 24: (6000, 4000), 45: (8256, 5504)}  # px, by megapixels
PICTURES = 3  # drawn of each size
QUALITY = 94
CELLS = 6  # of the coarsest noise, across
OCTAVES, COLOUR_OCTAVES = 10, 5  # colour is coarse, brightness fine: as light falls on things
CONTRAST, COLOUR = 19.0, 11.0  # of the coarsest noise, in values of 8 bits
FALL = 0.87  # of each finer octave
ROUGHNESS = 0.25
GRAIN = 3.2
PROFILE = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
EXIF_IFD = 0x8769


def save(folder: Path, megapixels: int, entries: list[Entry]) -> list[Path]:
    """Draw a photograph of a size in SIZES for each entry, into a folder; return their paths.

    PICTURES different ones, again and again: their files differ by what they say.
    """
    paths = [folder / f"DSC_{megapixels}_{number:03}.jpg" for number in range(len(entries))]
    for first in range(min(PICTURES, len(entries))):
        drawn = Image.fromarray(_pixels(*SIZES[megapixels], seed=first))
        for path, entry in zip(paths[first::PICTURES], entries[first::PICTURES], strict=True):
            drawn.save(
                path,
                quality=QUALITY,
                subsampling="4:2:2",
                icc_profile=PROFILE,
                exif=_exif(entry),
                xmp=_xmp(entry),
            )
    return paths


def _pixels(width: int, height: int, seed: int) -> np.ndarray:
    """Return (height, width, 3) uint8."""
    chance = np.random.default_rng([width, seed])
    detail = _noise(chance, width, height, 1, OCTAVES)
    colour = _noise(chance, width, height, 3, COLOUR_OCTAVES)
    picture = detail * CONTRAST + colour * COLOUR + chance.uniform(80, 160, 3).tolist()
    # Things before others: their outline is as rough as their surface is.
    beside = _noise(chance, width, height, 1, 1) + detail * ROUGHNESS > 0.2
    picture = beside.ifthenelse(picture * 0.6 + chance.uniform(10, 60, 3).tolist(), picture)
    grain = pyvips.Image.gaussnoise(width, height, mean=0, sigma=GRAIN, seed=seed)
    return (picture + grain).cast("uchar").numpy()


def _noise(chance, width: int, height: int, bands: int, octaves: int) -> pyvips.Image:
    """Return noise of so many scales, the coarsest of variance 1, as a picture of that size."""
    noise = pyvips.Image.black(1, 1, bands=bands)
    for octave in range(octaves):
        cells = CELLS * 2**octave
        shape = cells * height // width, cells, bands
        drawn = chance.standard_normal(shape, np.float32) * FALL**octave
        noise = _stretched(noise, cells, shape[0]) + pyvips.Image.new_from_array(drawn)
    return _stretched(noise, width, height).copy_memory()


def _stretched(image: pyvips.Image, width: int, height: int) -> pyvips.Image:
    return image.resize(width / image.width, vscale=height / image.height, kernel="cubic")


def _exif(entry: Entry) -> Image.Exif:
    exif = Image.Exif()
    make, _, model = entry.camera.partition(" ")
    exif[0x010F], exif[0x0110] = make, model
    own = exif.get_ifd(EXIF_IFD)
    own[0x9003] = entry.taken_at.strftime("%Y:%m:%d %H:%M:%S")
    own[0x829A], own[0x829D] = 1 / 250, entry.f_number
    own[0x8827], own[0x920A], own[0xA434] = entry.iso, entry.focal_length_mm, entry.lens
    return exif


def _xmp(entry: Entry) -> bytes:
    def alt(name: str, text: str) -> str:
        item = f"<rdf:li xml:lang='x-default'>{escape(text)}</rdf:li>"
        return f"<dc:{name}><rdf:Alt>{item}</rdf:Alt></dc:{name}>"

    tags = "".join(f"<rdf:li>{escape(tag)}</rdf:li>" for tag in entry.tags)
    return (
        "<x:xmpmeta xmlns:x='adobe:ns:meta/'>"
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>"
        "<rdf:Description rdf:about='' xmlns:dc='http://purl.org/dc/elements/1.1/'>"
        f"{alt('title', entry.title)}{alt('description', entry.description)}"
        f"<dc:subject><rdf:Bag>{tags}</rdf:Bag></dc:subject>"
        "</rdf:Description></rdf:RDF></x:xmpmeta>"
    ).encode()
