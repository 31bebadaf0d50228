"""Cache layer 2: whole lists of results under query, sort, generation and space."""

import hashlib
from collections.abc import Callable

from django.core.cache import cache

RESULTS_TTL_SECONDS = 600


def _key(asked: tuple, snapshot: str) -> str:
    return "results:" + hashlib.sha256(repr((asked, snapshot)).encode()).hexdigest()


def results(asked: tuple, snapshot: str, compute: Callable):
    """Return what `compute` returned for these before, or compute and keep it.

    asked: all of the query that the results depend on. snapshot: the state of the indexes; a
    change makes a new key, the old list is kept for those who are paging through it.
    """
    found = cache.get(_key(asked, snapshot))
    if found is None:
        found = compute()
        cache.set(_key(asked, snapshot), found, RESULTS_TTL_SECONDS)
    return found


def kept_results(asked: tuple, snapshot: str):
    """Return the list of an earlier state, and keep it longer; None if it is gone."""
    found = cache.get(_key(asked, snapshot))
    if found is not None:
        cache.touch(_key(asked, snapshot), RESULTS_TTL_SECONDS)
    return found
