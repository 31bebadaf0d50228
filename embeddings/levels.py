"""How near a vector is to everything, and by how much a photo stands above that.

A vector's level is mean + deviation of its cosines over a bank of neutral vectors. Half of the
photo's level and half of the query's are taken off their cosine: measured best of some eighty
rules for telling real queries from foreign ones, whatever the share of a theme in the gallery.
Full subtraction and division by the deviation are worse: part of a level is real signal. Pure
functions on arrays.
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


def half_normalised(cosines, photo_levels, query_levels):
    """Return s = cosine - (photo's level + query's level) / 2; higher is closer.

    Takes numbers, or arrays that broadcast together. Only for telling what is close from what
    is not: the order of a ranking stays by cosine.
    """
    return cosines - HALF * (photo_levels + query_levels)
