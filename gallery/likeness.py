"""Tell whether two pictures show the same: a hash that finds candidates, a look that decides.

Knows nothing of Django.
"""

from dataclasses import dataclass
from itertools import pairwise, product
from operator import attrgetter

import numpy as np
from PIL import Image

FREQUENCIES = 8  # of each direction: what a hash keeps of a picture
HASH_DIMENSIONS = FREQUENCIES**2 - 1  # all but the mean
HASH_SIDE = 32  # px
FLAT = 2.0  # grey levels; what varies less shows nothing
LEAST_SIDE = 16  # px; what is narrower shows nothing either

# How much of the larger picture a crop shows, along its sides; less is another picture.
SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.75, 0.7)
ROUGH_SIDE, MIDDLE_SIDE, FINE_SIDE = 32, 64, 192  # px
ROUGHLY_ALIKE = 0.8  # correlation of greys at ROUGH_SIDE
MIDDLE_STEPS = (-0.045, -0.03, -0.015, 0.0, 0.015, 0.03, 0.045)
FINE_STEPS = (-0.01, -0.005, 0.0, 0.005, 0.01)
ALIKE = 0.6  # correlation of greys at FINE_SIDE
# Lower quartile of the correlations of fine detail. Crops and recompressed files reach 0.47 and
# more, other drawings of the same motif 0.18 at most.
SAME_DETAIL = 0.35
SMOOTH = 1.0  # grey levels; where detail varies less there is nothing to compare
ALIKE_WITHOUT_DETAIL = 0.98
BLOCKS = 4  # along each side, whose detail is compared by itself
SLACK = 2  # px at FINE_SIDE by which a block may be off


@dataclass(frozen=True)
class Likeness:
    """How two pictures are alike. greys, detail: correlations, 1 is the same.

    share: of the area of the larger picture that the other shows; 1 is all of it.
    """

    greys: float
    detail: float
    share: float
    is_mirrored: bool

    @property
    def is_same(self) -> bool:
        """Tell whether both show the same picture, whatever was cropped, mirrored or saved anew."""
        return self.greys >= ALIKE and self.detail >= SAME_DETAIL


# --- The hash ------------------------------------------------------------------------------
def perceptual_hash(image: Image.Image) -> np.ndarray | None:
    """Return the shape of a picture: (HASH_DIMENSIONS,) float32, L2-normalised.

    None for what is flat or narrow. It is made of the lowest frequencies of the greys, as pHash
    is, but not rounded to bits: of crops of 90% in a corner, the original is among the nearest 9
    of 223 pictures instead of the nearest 92.
    Size, compression, exposure and colour hardly change it.
    Source: Zauner, "Implementation and Benchmarking of Perceptual Image Hash Functions", 2010.
    """
    if min(image.size) < LEAST_SIDE:
        return None
    small = image.convert("L").resize((HASH_SIDE, HASH_SIDE), Image.Resampling.BOX)
    greys = np.asarray(small, np.float32)
    if greys.std() < FLAT:
        return None
    shape = (_COSINES @ greys @ _COSINES.T).ravel()[1:]
    length = np.linalg.norm(shape)
    return shape / length if length > HASH_SIDE * FLAT else None


def mirrored(hash_: np.ndarray) -> np.ndarray:
    """Return the hash of the picture seen in a mirror: odd waves across it change their sign."""
    return hash_ * _MIRROR


def _cosines() -> np.ndarray:
    places = (2 * np.arange(HASH_SIDE) + 1) / (2 * HASH_SIDE)
    return np.cos(np.pi * np.outer(np.arange(FREQUENCIES), places)).astype(np.float32)


_COSINES = _cosines()
_MIRROR = np.tile((-1.0) ** np.arange(FREQUENCIES), FREQUENCIES)[1:].astype(np.float32)


# --- The look ------------------------------------------------------------------------------
def compare(one: Image.Image, other: Image.Image) -> Likeness:
    """Lay the smaller view over the larger, mirrored too, and compare greys and fine detail.

    Greys alone are alike in every sunset; detail is not. Detail is compared in blocks, which may
    each be off a little, and the lower quartile counts: a caption changes few, and in pictures of
    one lighthouse on two days most differ.
    Source of the correlation: Lewis, "Fast Normalized Cross-Correlation", 1995.
    """
    pair = one.convert("L"), other.convert("L")
    rough = [
        _place(pair, ROUGH_SIDE, *view) for view in product((False, True), SHARES, (False, True))
    ]
    best = max(rough, key=_score)
    if best.score < ROUGHLY_ALIKE:
        return Likeness(best.score, 0.0, best.area, best.is_mirrored)
    views = [(best.swap, best.share)]
    if best.share > SHARES[2]:  # nearly the same view: either may be the larger
        views.append((not best.swap, 1.0))
    for side, steps in ((MIDDLE_SIDE, MIDDLE_STEPS), (FINE_SIDE, FINE_STEPS)):
        places = [
            _place(pair, side, swap, min(1.0, share + step), best.is_mirrored)
            for swap, share in views
            for step in steps
        ]
        best = max(places, key=_score)
        views = [(best.swap, best.share)]
    return Likeness(best.score, _same_detail(best), best.area, best.is_mirrored)


@dataclass(frozen=True)
class _Place:
    """Where a view fits best into a whole picture, greys of both, and their correlation."""

    score: float
    top: int
    left: int
    view: np.ndarray
    whole: np.ndarray
    swap: bool  # whether the view is the first of the pair
    share: float
    is_mirrored: bool

    @property
    def area(self) -> float:
        """Return the share of the whole that the view covers."""
        return self.view.size / self.whole.size


_score = attrgetter("score")


def _place(pair, side: int, swap: bool, share: float, is_mirrored: bool) -> _Place:
    """Lay one of a pair over the other, of `side` px, at a share of it, where it fits best."""
    large, small = reversed(pair) if swap else pair
    whole = _scaled(large, side / max(large.size))
    fitting = min(whole.shape[1] / small.width, whole.shape[0] / small.height)
    view = _scaled(small, fitting * share)[: whole.shape[0], : whole.shape[1]]
    view = view[:, ::-1] if is_mirrored else view
    score, (top, left) = _correlation(whole, view)
    return _Place(score, top, left, view, whole, swap, share, is_mirrored)


def _scaled(image: Image.Image, scale: float) -> np.ndarray:
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    return np.asarray(image.resize(size, Image.Resampling.BICUBIC), np.float64)


def _correlation(whole: np.ndarray, view: np.ndarray) -> tuple[float, tuple[int, int]]:
    """Return the highest normalised correlation of `view` within `whole`, and where it is."""
    rows, columns = view.shape
    centred = view - view.mean()
    spectrum = np.fft.rfft2(whole) * np.conj(np.fft.rfft2(centred, whole.shape))
    places = np.fft.irfft2(spectrum, whole.shape)
    places = places[: whole.shape[0] - rows + 1, : whole.shape[1] - columns + 1]
    total, squares = _sums(whole, rows, columns), _sums(whole**2, rows, columns)
    spread = np.maximum(squares - total**2 / view.size, 0) * (centred**2).sum()
    scores = np.where(spread > 1e-3, places / np.sqrt(np.maximum(spread, 1e-3)), 0)
    best = int(scores.argmax())
    return float(scores.flat[best]), tuple(map(int, np.unravel_index(best, scores.shape)))


def _sums(values: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Return the sum of each (rows, columns) window."""
    table = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    table[1:, 1:] = values.cumsum(0).cumsum(1)
    return (
        table[rows:, columns:]
        - table[:-rows, columns:]
        - table[rows:, :-columns]
        + table[:-rows, :-columns]
    )


def _same_detail(place: _Place) -> float:
    """Return the lower quartile of the correlations of blocks; if all are smooth, 1 or 0."""
    whole, view = _detail(place.whole), _detail(place.view)
    rows, columns = (
        pairwise(np.linspace(0, length, BLOCKS + 1).astype(int).tolist()) for length in view.shape
    )
    scores = []
    for (top, bottom), (left, right) in product(rows, columns):
        block = view[top:bottom, left:right]
        around = whole[
            max(0, place.top + top - SLACK) : place.top + bottom + SLACK,
            max(0, place.left + left - SLACK) : place.left + right + SLACK,
        ]
        if block.size and max(block.std(), around.std()) > SMOOTH:
            scores.append(_correlation(around, block)[0])
    if len(scores) >= BLOCKS:
        return float(np.quantile(scores, 0.25))
    return 1.0 if place.score >= ALIKE_WITHOUT_DETAIL else 0.0


def _detail(greys: np.ndarray) -> np.ndarray:
    """Return what a picture has beyond its average of 3 by 3 px."""
    return greys - _sums(np.pad(greys, 1, mode="edge"), 3, 3) / 9
