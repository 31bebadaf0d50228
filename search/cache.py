"""Cache layer 2: whole lists of results under query, sort, and the state of the indexes.

The state moves at once when photos are hidden, deleted or edited, and when some were added with the
kept pages of gallery.cache. Lists hold ids: whoever shows them looks whether they are still listed.
"""

import hashlib
from collections.abc import Callable
from uuid import UUID

from django.core.cache import cache

from config import counts
from gallery.cache import ADDITIONS_SECONDS, COMPUTING_SECONDS, state_now, wait_for

RESULTS_TTL_SECONDS = 600
POOL_TTL_SECONDS = 300


def _key(asked: tuple, snapshot: str) -> str:
    return "results:" + hashlib.sha256(repr((asked, snapshot)).encode()).hexdigest()


def index_state(read: Callable):
    """Return what `read` returned in this state of the gallery, or read it now."""
    now = state_now()
    key = f"index_state:{now.generation}:{now.additions}" if now else ""
    found = cache.get(key) if now else None
    if found is None:
        found = read()
        if now:
            cache.set(key, found, ADDITIONS_SECONDS)
    return found


def results(asked: tuple, snapshot: str, compute: Callable, *, stale: bool = True) -> tuple:
    """Return (snapshot, list, whether it is new): what `compute` returned before, or returns now.

    asked: all of the query that the results depend on. snapshot: the state of the indexes; another
    state makes another key, and the old list is kept for those who are paging through it.
    One computes at a time; others get the list of the state before, if that will do (stale), else
    wait for the new one.
    """
    key = _key(asked, snapshot)
    if (found := cache.get(key)) is not None:
        counts.add("results hit")
        return snapshot, found, False
    lock = f"{key}:computing"
    if not cache.add(lock, 1, COMPUTING_SECONDS) and not cache.breaker_is_open():
        if stale and (before := cache.get(_key(asked, "latest"))):
            if (found := cache.get(_key(asked, before))) is not None:
                counts.add("results stale")
                return before, found, False
        wait_for(lock)
        if (found := cache.get(key)) is not None:
            counts.add("results hit")
            return snapshot, found, False
    counts.add("results miss")
    try:
        found = compute()
        cache.set(key, found, RESULTS_TTL_SECONDS)
        if stale:
            cache.set(_key(asked, "latest"), snapshot, RESULTS_TTL_SECONDS)
    finally:
        cache.delete(lock)
    return snapshot, found, True


def kept_results(asked: tuple, snapshot: str):
    """Return the list of an earlier state, and keep it longer; None if it is gone."""
    found = cache.get(_key(asked, snapshot))
    if found is not None:
        counts.add("results hit")
        cache.touch(_key(asked, snapshot), RESULTS_TTL_SECONDS)
    return found


def recommendation_pool(compute: Callable) -> list:
    """Return the pool that pages of recommendations draw from, made anew for each state."""
    now = state_now()
    key = f"recommendation_pool:{now.generation if now else ''}"
    found = cache.get(key)
    if found is None:
        found = compute()
        cache.set(key, found, POOL_TTL_SECONDS)
    return found


def keep_similar(public_id: str, photo_ids: list[UUID]) -> None:
    """Keep what is similar to a photo, for those who go from one to the next."""
    cache.set(_key(("similar", public_id), ""), photo_ids, RESULTS_TTL_SECONDS)


def kept_similar(public_id: str) -> list[UUID] | None:
    """Return what was kept, and keep it longer; None if it is gone."""
    return kept_results(("similar", public_id), "")
