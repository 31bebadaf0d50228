"""The relevance floor of a dense ranking: where results stop because relevance stops.

s = cosine - (photo's level + query's level) / 2, with a level the mean + deviation of cosines
over a bank of neutral vectors. Measured best of some eighty rules; see docs/architecture.md.
"""

from collections.abc import Sequence

HALF = 0.5


def above(cosine: float, photo_level: float, query_level: float) -> float:
    """Return s, by how much a photo stands above what is usual; higher is closer."""
    return cosine - HALF * (photo_level + query_level)


def kept(scores: Sequence[float], *, gate: float, keep: float) -> list[bool]:
    """Tell which of a ranking's photos are close: none unless the best reaches the gate."""
    if not scores or max(scores) < gate:
        return [False] * len(scores)
    return [one >= keep for one in scores]
