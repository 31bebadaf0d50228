"""The relevance floor of a dense ranking: where results stop because relevance stops."""

from collections.abc import Sequence


def kept(scores: Sequence[float], *, gate: float, keep: float) -> list[bool]:
    """Tell which of a ranking's photos are close: none unless the best reaches the gate.

    scores: s of each photo, see embeddings.levels.normalised.
    """
    if not scores or max(scores) < gate:
        return [False] * len(scores)
    return [one >= keep for one in scores]
