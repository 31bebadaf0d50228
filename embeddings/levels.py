"""How near a vector is to everything, and by how much a photo stands above that.

A vector's level is mean + deviation of its cosines over a bank of neutral vectors. A share of the
photo's level and of the query's, half at most, is taken off their cosine, to tell real queries
from foreign ones whatever the share of a theme in the gallery. Half was best of some eighty rules
for one model; for one that has learnt to keep foreign texts apart, nothing is. So calibration
chooses (embeddings.calibration). Full subtraction and division by the deviation were worse: part
of a level is real signal. Pure functions on arrays.
"""

import numpy as np

HALF = 0.5


def levels(vectors: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Return mean + standard deviation of each vector's cosines over the bank.

    vectors: (n, dim) float32, L2-normalised; bank: (m, dim) float32, L2-normalised, m > 0.
    Returns (n,) float32.
    """
    cosines = vectors @ bank.T
    return cosines.mean(axis=1) + cosines.std(axis=1)


def normalised(cosines, photo_levels, query_levels, share: float = HALF):
    """Return s = cosine - share * (photo's level + query's level); higher is closer.

    Takes numbers, or arrays that broadcast together. Only for telling what is close from what
    is not: the order of a ranking stays by cosine.
    """
    return cosines - share * (photo_levels + query_levels)
