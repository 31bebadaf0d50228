"""Name the colours of a picture, as people would. Knows nothing of Django."""

import numpy as np
from PIL import Image

# The eleven basic colour terms (Berlin and Kay, 1969), and teal, which as many people set apart
# from blue and green. Monochrome: a picture without any colour, black and white as one says.
COLOURS = (
    *("red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown"),
    *("black", "white", "grey", "monochrome"),
)
DULL = {"brown", "black", "white", "grey"}
# A tenth of a picture is seen as one of its colours; less are details and blended edges. Shadow,
# haze, cloud and soil are in nearly every photo, and named only where they set its tone.
LEAST_SHARE = 0.1
LEAST_DULL_SHARE = 0.25
SIDE = 64  # px, about, of the picture that is looked at; beyond it no share moves by a percent

GREY = 0.035  # chroma up to which a colour is called grey
# Of a hundredth of the pixels at most: compression colours some, a toned print all of them.
MONOCHROME = 0.02

# Around the circle of hues, and the degrees between them.
_HUES = np.array("pink red orange yellow green teal blue purple pink".split())
_BORDERS = np.array([12, 38, 82, 113, 163, 212, 293, 338])


def dominant_colours(image: Image.Image) -> list[str]:
    """Return which of COLOURS cover enough of an RGB picture, in their order there."""
    small = image.reduce(max(1, max(image.size) // SIDE))
    lightness, chroma, hue = oklch(np.asarray(small).reshape(-1, 3))
    names, counts = np.unique(_named(lightness, chroma, hue), return_counts=True)
    shares = dict(zip(names.tolist(), counts / counts.sum(), strict=True))
    if np.quantile(chroma, 0.99) < MONOCHROME:
        shares["monochrome"] = 1.0
    return [
        name
        for name in COLOURS
        if shares.get(name, 0) >= (LEAST_DULL_SHARE if name in DULL else LEAST_SHARE)
    ]


def oklch(pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return lightness in [0, 1], chroma (0 is grey) and hue in degrees, (n,) float32 each.

    pixels: (n, 3) uint8, sRGB.
    Source: Björn Ottosson, "A perceptual color space for image processing", 2020.
    """
    encoded = pixels.astype(np.float32) / 255
    linear = np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)
    lightness, a, b = _LAB @ np.cbrt(_LMS @ linear.T)
    return lightness, np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360


_LMS = np.array([
    [0.4122214708, 0.5363325363, 0.0514459929],
    [0.2119034982, 0.6806995451, 0.1073969566],
    [0.0883024619, 0.2817188376, 0.6299787005],
], np.float32)  # fmt: skip
_LAB = np.array([
    [0.2104542553, 0.7936177850, -0.0040720468],
    [1.9779984951, -2.4285922050, 0.4505937099],
    [0.0259040371, 0.7827717662, -0.8086757660],
], np.float32)  # fmt: skip


def _named(lightness: np.ndarray, chroma: np.ndarray, hue: np.ndarray) -> np.ndarray:
    """Name each pixel by the first rule that holds, else by its hue; "" where people disagree.

    Where the names end was read off the colour survey of xkcd (Munroe, 2010): of the 381 of its
    colours that are called by one basic term, such as "dusty blue", 363 get that name.
    """
    name = _HUES[np.searchsorted(_BORDERS, hue, side="right")]
    orange, yellow, pink = name == "orange", name == "yellow", name == "pink"
    red, grey, warm = name == "red", chroma < GREY, (hue >= 12) & (hue < 100)
    rules = (
        ((lightness + chroma < 0.28) | grey & (lightness < 0.32), "black"),
        (grey & (lightness > 0.88), "white"),
        (grey, "grey"),
        (warm & (lightness < 0.75) & (chroma < 0.1), "brown"),
        (warm & ~red & (lightness + chroma < 0.72), "brown"),
        (warm & yellow & (lightness < 0.66), "brown"),
        (orange & (chroma < 0.1) | yellow & (chroma < 0.085), ""),  # sand, cream, pale skin
        (yellow & (lightness < 0.68), "green"),  # olive
        (red & (lightness > 0.68), "pink"),
        (pink & (lightness < 0.5) & (hue > 180), "purple"),
        (pink & (lightness < 0.5), "red"),
    )
    return np.select([holds for holds, _ in rules], [said for _, said in rules], name)
