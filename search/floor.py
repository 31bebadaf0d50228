"""The relevance floor of a dense ranking: where results stop because relevance stops."""

import numpy as np


def kept(scores: np.ndarray, *, gate: float, keep: float) -> np.ndarray:
    """Tell which of a ranking's photos are close, (n,) bool: none unless the best reaches the gate.

    scores: s of each photo, (n,), see embeddings.levels.normalised.
    """
    return (scores >= keep) & bool(np.any(scores >= gate))
