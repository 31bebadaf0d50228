"""Cache layer 2: whole lists of results under query, sort, and the state of the indexes.

The generation of the gallery is part of every key: what was made before a photo was hidden, deleted
or edited is not found any more. Additions are seen together with those on the kept pages of
gallery.cache; a list that they do not concern goes on as it is.
Lists hold ids: whoever shows them looks whether they are still listed.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.cache import cache

from config import counts
from gallery.cache import alone, state_now, wait_for
from search.index_state import IndexState
from search.results import Results

RESULTS_TTL_SECONDS = 600
POOL_TTL_SECONDS = 300


@dataclass(frozen=True)
class Answer:
    """A list, and the name of the state it is of.

    is_new: it was made just now. is_stale: it may lack additions, because its like is being made.
    """

    snapshot: str
    found: Results
    is_new: bool = False
    is_stale: bool = False


@dataclass(frozen=True)
class _Kept:
    """A list, the last state that it was good in, and when it was computed, time.time()."""

    found: Results
    state: IndexState
    made_at: float

    def added_until(self, state: IndexState) -> list[UUID] | None:
        """Return what was added since; None if it cannot be renewed: see IndexState."""
        is_old = time.time() - self.made_at > RESULTS_TTL_SECONDS
        return None if is_old else state.added_since(self.state)


def _key(asked: tuple, snapshot: str) -> str:
    return "results:" + hashlib.sha256(repr((asked, snapshot)).encode()).hexdigest()


def _latest_key(asked: tuple) -> str:
    return "latest_" + _key(asked, "")


def results(
    asked: tuple,
    state: IndexState,
    compute: Callable[[], Results],
    concerned: Callable[[Results, list[UUID]], bool],
) -> Answer:
    """Return what `compute` returned before, or returns now.

    asked: all of the query that the results depend on, and the gallery's generation. state: of the
    indexes; another state makes another key, and the old list is kept for those who are paging
    through it.
    concerned: tells of a list and photos that were added since whether one of them may belong
    there. If none does, the list is renewed: it is that of this state too.
    One computes at a time; others get the list of the state before, else wait for the new one.
    """
    snapshot = str(state)
    key = _key(asked, snapshot)
    if (found := cache.get(key)) is not None:
        counts.add("results hit")
        return Answer(snapshot, found)
    lock = f"{key}:computing"
    while True:
        with alone(lock) as is_mine:
            if (found := cache.get(key)) is not None:  # another was quicker
                counts.add("results hit")
                return Answer(snapshot, found)
            before = _before(asked)
            if is_mine:
                kept = _renewed(before, state, concerned)
                is_new = kept is None
                counts.add("results miss" if is_new else "results renewed")
                kept = kept or _Kept(compute(), state, time.time())
                cache.set(key, kept.found, RESULTS_TTL_SECONDS)
                cache.set(_latest_key(asked), (state, kept.made_at), RESULTS_TTL_SECONDS)
                return Answer(snapshot, kept.found, is_new=is_new)
        if before:
            counts.add("results stale")
            return Answer(str(before.state), before.found, is_stale=True)
        wait_for(lock)


def _before(asked: tuple) -> _Kept | None:
    """Return the list of a query in the last state that it was asked in, if it is kept."""
    state, made_at = cache.get(_latest_key(asked), (None, 0.0))
    found = cache.get(_key(asked, str(state))) if state else None
    return None if found is None else _Kept(found, state, made_at)


def _renewed(before: _Kept | None, state: IndexState, concerned: Callable) -> _Kept | None:
    added = before.added_until(state) if before else None
    if added is None or concerned(before.found, added):
        return None
    return replace(before, state=state)


def kept_results(asked: tuple, snapshot: str) -> Results | None:
    """Return the list of an earlier state, and keep it longer; None if it is gone."""
    found = _kept_longer(_key(asked, snapshot))
    if found is not None:
        counts.add("results hit")
    return found


def _kept_longer(key: str):
    found = cache.get(key)
    if found is not None:
        cache.touch(key, RESULTS_TTL_SECONDS)
    return found


def latest_results(asked: tuple) -> Results | None:
    """Return the list that was kept last for a query, if any is."""
    before = _before(asked)
    return before.found if before else None


def once(key: str, compute: Callable, seconds: float):
    """Return what is kept under a key, else what `compute` returns, kept; one at a time does it.

    Returned may be anything but None.
    """
    while (found := cache.get(key)) is None:
        with alone(f"{key}:computing") as is_mine:
            if is_mine:
                if (found := cache.get(key)) is None:
                    found = compute()
                    cache.set(key, found, seconds)
                return found
        wait_for(f"{key}:computing")
    return found


def recommendation_pool(compute: Callable[[], list]) -> list:
    """Return the pool that pages of recommendations draw from, made anew for each generation."""
    now = state_now()
    return once(f"recommendation_pool:{now.generation if now else ''}", compute, POOL_TTL_SECONDS)


def keep_similar(public_id: str, photo_ids: list[UUID]) -> None:
    """Keep what is similar to a photo, for those who go from one to the next."""
    cache.set(f"similar:{public_id}", photo_ids, RESULTS_TTL_SECONDS)


def kept_similar(public_id: str) -> list[UUID] | None:
    """Return what was kept, and keep it longer; None if it is gone."""
    return _kept_longer(f"similar:{public_id}")
