"""Cache layer 2: fused results under query, generation and space."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache

RESULTS_TTL_SECONDS = 600


def results(parts: tuple, compute: Callable):
    """Return what `compute` returned for these parts before, or compute and keep it.

    parts: everything that the results depend on; a change makes a new key.
    """
    key = "results:" + hashlib.sha256(repr(parts).encode()).hexdigest()
    found = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, RESULTS_TTL_SECONDS)
    return found
