"""Cache layer 1: public pages as they were sent, kept until something that they may show changes.

What is hidden, deleted or edited is gone from every page at the next request: the generation moves.
What is added waits until ADDITIONS_SECONDS have passed, so that an ingest does not empty the cache.
A change that Redis never heard of (it was away, or somebody wrote to the database by hand) shows
after PAGE_TTL_SECONDS.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from config import counts

ADDITIONS_SECONDS = 5.0  # between two waves of additions; a photo shows after twice as long
STATE_TTL_SECONDS = 24 * 3600
COMPUTING_SECONDS = 5  # that others wait for one who renders, at most
POLL_SECONDS = 0.005
WARM_SECONDS = 3600
MOST_WARM = 50  # pages
COMPRESSION = 5

_GENERATION, _ADDITIONS = "page_generation", "page_additions"

_unsaid = threading.Event()  # a change that Redis did not hear of


@dataclass(frozen=True)
class KeptPage:
    """An answer as it was sent. body: gzip. made_at: when it was asked for, seconds since 1970."""

    body: bytes
    headers: dict[str, str]
    generation: int
    made_at: float

    @classmethod
    def of(cls, content: bytes, headers: dict[str, str], state: "State") -> "KeptPage":
        body = gzip.compress(content, COMPRESSION, mtime=0)
        return cls(body, headers, state.generation, state.read_at)

    def is_any_of(self, etags: list[str]) -> bool:
        """Tell whether one of these entity tags, weak or not, is the page's."""
        return self.headers["ETag"].removeprefix("W/") in [one.removeprefix("W/") for one in etags]


@dataclass(frozen=True)
class Additions:
    """Photos that came, in waves of ADDITIONS_SECONDS each. Pages show them when a wave is over.

    settled: when the last wave but one was over. began: when the last one began.
    """

    settled: float = 0.0
    began: float = 0.0

    @property
    def over_at(self) -> float:
        return self.began + ADDITIONS_SECONDS

    def oldest_page(self, now: float) -> float:
        """Return when a page must have been made to show all that is over."""
        return self.over_at if now >= self.over_at else self.settled

    def and_one_more(self, now: float) -> "Additions":
        """Return them with one that came now: it begins a wave, or belongs to the running one."""
        return Additions(self.over_at, now) if now >= self.over_at else self


@dataclass(frozen=True)
class State:
    """How far the gallery is, as of read_at. Pages of another generation are stale."""

    generation: int
    additions: Additions
    read_at: float

    def shows(self, page: KeptPage) -> bool:
        """Tell whether a page may be sent as it is."""
        is_complete = page.made_at >= self.additions.oldest_page(self.read_at)
        return page.generation == self.generation and is_complete


# --- What moves it -------------------------------------------------------------------------
def forget_pages() -> None:
    """Make every kept page stale, at once, when the running transaction is committed."""
    transaction.on_commit(_forget)


def _forget() -> None:
    if not cache.set(_GENERATION, time.time_ns(), STATE_TTL_SECONDS):
        _unsaid.set()


def note_additions() -> None:
    """Say that there is more to see: pages show it within twice ADDITIONS_SECONDS."""
    transaction.on_commit(_note)


def _note() -> None:
    before = cache.get(_ADDITIONS, Additions())
    after = before.and_one_more(time.time())
    if after is not before:
        cache.set(_ADDITIONS, after, STATE_TTL_SECONDS)


def generation() -> int | None:
    """Return what moves when something is hidden, deleted or edited; None while Redis is away."""
    state, _ = _read("page:none")
    return state and state.generation


# --- Reading and making pages --------------------------------------------------------------
def page_key(origin: str, path: str) -> str:
    return "page:" + hashlib.sha256(f"{origin} {path}".encode()).hexdigest()


def _read(key: str) -> tuple[State | None, KeptPage | None]:
    """Return the state and what is kept, in one round trip; no state while Redis is away."""
    now = time.time()
    if _unsaid.is_set():
        _unsaid.clear()
        _forget()
    found = cache.get_many([_GENERATION, _ADDITIONS, key])
    generation = found.get(_GENERATION)
    if generation is None:
        generation = time.time_ns()
        if not cache.add(_GENERATION, generation, STATE_TTL_SECONDS):
            generation = cache.get(_GENERATION)
            if generation is None:
                return None, None
    return State(generation, found.get(_ADDITIONS, Additions()), now), found.get(key)


def kept_page(key: str) -> KeptPage | None:
    """Return a page that is kept and may be sent as it is."""
    state, kept = _read(key)
    if state and kept and state.shows(kept):
        counts.add("page hit")
        return kept
    return None


def page(key: str, render: Callable[[State], KeptPage | None]) -> KeptPage | None:
    """Return a page that is kept, else what `render` makes of the state it is given, kept.

    One renders at a time; others get what lacks additions only, else wait for it. None: it is no
    page to be kept, and the caller answers as ever. So does he while Redis is away.
    """
    state, kept = _read(key)
    if state is None:
        return None
    if kept and state.shows(kept):
        counts.add("page hit")
        return kept
    if not cache.add(f"{key}:rendering", 1, COMPUTING_SECONDS):
        if kept and kept.generation == state.generation:
            counts.add("page stale")
            return kept
        if made := _waited_for(key):
            counts.add("page hit")
            return made
    counts.add("page miss")
    try:
        return _made(key, state, render)
    finally:
        cache.delete(f"{key}:rendering")


def refresh(key: str, render: Callable[[State], KeptPage | None]) -> KeptPage | None:
    """Make a page anew before it expires, and keep it, as page() does."""
    state, _ = _read(key)
    return state and _made(key, state, render)


def _made(key: str, state: State, render: Callable[[State], KeptPage | None]) -> KeptPage | None:
    made = render(state)
    if made:
        cache.set(key, made, settings.PAGE_TTL_SECONDS)
    return made


def wait_for(lock: str) -> None:
    """Wait until whoever took this lock has given it back, up to COMPUTING_SECONDS."""
    deadline = time.monotonic() + COMPUTING_SECONDS
    while time.monotonic() < deadline and cache.has_key(lock):
        time.sleep(POLL_SECONDS)


def _waited_for(key: str) -> KeptPage | None:
    wait_for(f"{key}:rendering")
    state, kept = _read(key)
    return kept if state and kept and state.shows(kept) else None


# --- Pages that are refreshed before anybody asks ------------------------------------------
def keep_warm(origin: str, path: str) -> None:
    """Remember a page that beat is to refresh; for an hour after it was rendered for somebody."""
    warm = warm_pages() | {(origin, path)}
    if len(warm) <= MOST_WARM:
        cache.set("warm_pages", warm, WARM_SECONDS)


def warm_pages() -> frozenset[tuple[str, str]]:
    """Return (origin, path) of the pages to refresh."""
    return cache.get("warm_pages", frozenset())
