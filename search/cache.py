"""Cache layer 2: whole lists of results under query, sort, and the state of the indexes.

The state moves at once when photos are hidden, deleted or edited, and when some were added with the
kept pages of gallery.cache. A list that is not concerned by what was added goes on as it is.
Lists hold ids: whoever shows them looks whether they are still listed.
"""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from uuid import UUID

from django.core.cache import cache

from config import counts
from gallery.cache import COMPUTING_SECONDS, state_now, wait_for
from search.index_state import IndexState
from search.results import Results

RESULTS_TTL_SECONDS = 600
POOL_TTL_SECONDS = 300


def _key(asked: tuple, snapshot: str) -> str:
    return "results:" + hashlib.sha256(repr((asked, snapshot)).encode()).hexdigest()


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


def results(
    asked: tuple,
    state: IndexState,
    compute: Callable[[], Results],
    concerned: Callable[[Results, list[UUID]], bool],
) -> tuple[str, Results, bool]:
    """Return (snapshot, list, whether it is new): what `compute` returned before, or returns now.

    asked: all of the query that the results depend on. state: of the indexes; another state makes
    another key, and the old list is kept for those who are paging through it.
    concerned: tells of a list and photos that were added since whether one of them may belong
    there. If none does, the list is renewed: it is that of this state too.
    One computes at a time; others get the list of the state before, else wait for the new one.
    """
    key = _key(asked, str(state))
    if (found := cache.get(key)) is not None:
        counts.add("results hit")
        return str(state), found, False
    before = _before(asked)
    lock = f"{key}:computing"
    if not cache.add(lock, 1, COMPUTING_SECONDS) and not cache.breaker_is_open():
        if before:
            counts.add("results stale")
            return str(before.state), before.found, False
        wait_for(lock)
        if (found := cache.get(key)) is not None:
            counts.add("results hit")
            return str(state), found, False
    try:
        added = before.added_until(state) if before else None
        is_renewed = added is not None and not concerned(before.found, added)
        counts.add("results renewed" if is_renewed else "results miss")
        if is_renewed:
            kept = replace(before, state=state)
        else:
            kept = _Kept(compute(), state, time.time())
        _keep(asked, kept)
    finally:
        cache.delete(lock)
    return str(state), kept.found, not is_renewed


def _before(asked: tuple) -> _Kept | None:
    """Return the list of a query in the last state that it was asked in, if it is kept."""
    state, made_at = cache.get(_key(asked, "latest"), (None, 0.0))
    found = cache.get(_key(asked, str(state))) if state else None
    return None if found is None else _Kept(found, state, made_at)


def _keep(asked: tuple, kept: _Kept) -> None:
    cache.set(_key(asked, str(kept.state)), kept.found, RESULTS_TTL_SECONDS)
    cache.set(_key(asked, "latest"), (kept.state, kept.made_at), RESULTS_TTL_SECONDS)


def correction(text: str, state: IndexState, look_up: Callable[[], str]) -> str:
    """Return what `look_up` said in this state that somebody meant who typed this; "" for that."""
    key = f"meant:{hashlib.sha256(text.encode()).hexdigest()}:{state.of_words()}"
    if (meant := cache.get(key)) is None:
        meant = look_up()
        cache.set(key, meant, RESULTS_TTL_SECONDS)
    return meant


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
