"""How near a vector is to everything: its level over a bank of neutral vectors.

The relevance floor subtracts half of the photo's level and half of the query's level from
their cosine (DESIGN section 6). Pure functions on arrays.
"""

import numpy as np


def levels(vectors: np.ndarray, bank: np.ndarray) -> np.ndarray:
    """Return mean + standard deviation of each vector's cosines over the bank.

    vectors: (n, dim) float32, L2-normalised; bank: (m, dim) float32, L2-normalised, m > 0.
    Returns (n,) float32.
    """
    cosines = vectors @ bank.T
    return cosines.mean(axis=1) + cosines.std(axis=1)
