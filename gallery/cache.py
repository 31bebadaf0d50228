"""Cache layer 1: public pages as they were sent, kept until something that they may show changes.

What is hidden, deleted or edited is gone from every page at the next request: the generation moves.
Whether something was added is looked at every ADDITIONS_SECONDS, so that an ingest does not empty
the cache at each photo.
A change that Redis never heard of (it was away, or somebody wrote to the database by hand) shows
after PAGE_TTL_SECONDS.
"""

import gzip
import hashlib
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from config import counts

# Until something that was added shows, at most: with what it takes to index it, ten.
ADDITIONS_SECONDS = 8
STATE_TTL_SECONDS = 24 * 3600
INDEXED_SECONDS = 15 * 60  # longer than a list of results is kept
COMPUTING_SECONDS = 5  # that others wait for one who renders, at most
POLL_SECONDS = 0.005
WARM_SECONDS = 3600
MOST_WARM = 50  # pages
COMPRESSION = 5

_GENERATION, _ADDED, _SHOWN = "page_generation", "added_at", "additions_shown"

_unsaid = threading.Event()  # a change that Redis did not hear of


@dataclass(frozen=True)
class KeptPage:
    """An answer as it was sent, and the state that it shows. body: gzip."""

    body: bytes
    headers: dict[str, str]
    state: "State"

    @classmethod
    def of(cls, content: bytes, headers: dict[str, str], state: "State") -> "KeptPage":
        body = gzip.compress(content, COMPRESSION, mtime=0)
        return cls(body, headers, state)

    def is_any_of(self, etags: list[str]) -> bool:
        """Tell whether one of these entity tags, weak or not, is the page's."""
        return self.headers["ETag"].removeprefix("W/") in [one.removeprefix("W/") for one in etags]


@dataclass(frozen=True)
class State:
    """How far the gallery is: what was made in another state is stale.

    generation: moves when something is hidden, deleted or edited. additions: the last one that is
    to be seen.
    """

    generation: int
    additions: int

    def __str__(self) -> str:
        return f"{self.generation:x}-{self.additions:x}"


# --- What moves it -------------------------------------------------------------------------
def forget_pages() -> None:
    """Make every kept page stale, at once, when the running transaction is committed."""
    transaction.on_commit(_forget)


def _forget() -> None:
    if not cache.set(_GENERATION, time.time_ns(), STATE_TTL_SECONDS):
        _unsaid.set()


def note_additions() -> None:
    """Say that there is more to see: pages show it within ADDITIONS_SECONDS."""
    transaction.on_commit(lambda: cache.set(_ADDED, time.time_ns(), STATE_TTL_SECONDS))


def note_indexed(index: str, generation: int, photo_ids: Iterable[UUID]) -> None:
    """Say that by this generation an index has got these photos, and nothing else has changed."""
    key, photo_ids = indexed_key(index, generation), list(photo_ids)
    transaction.on_commit(lambda: cache.set(key, photo_ids, INDEXED_SECONDS))
    note_additions()


def indexed_key(index: str, generation: int) -> str:
    """Return where note_indexed() keeps its photos: nowhere for a generation that changed more."""
    return f"indexed:{index}:{generation}"


def state_now() -> State | None:
    """Return the state that is to be seen now; None while Redis is away."""
    return _read()[0]


# --- Reading and making pages --------------------------------------------------------------
def page_key(origin: str, path: str) -> str:
    return "page:" + hashlib.sha256(f"{origin} {path}".encode()).hexdigest()


def _read(key: str = "") -> tuple[State | None, KeptPage | None]:
    """Return the state and what is kept, mostly in one round trip; no state while Redis is away."""
    if _unsaid.is_set():
        _unsaid.clear()
        _forget()
    found = cache.get_many([_GENERATION, _SHOWN, key] if key else [_GENERATION, _SHOWN])
    generation, additions = found.get(_GENERATION), found.get(_SHOWN)
    if generation is None:
        generation = _agreed(_GENERATION, time.time_ns(), STATE_TTL_SECONDS)
    if additions is None:
        additions = _agreed(_SHOWN, cache.get(_ADDED, 0), ADDITIONS_SECONDS)
    if generation is None:
        return None, None
    return State(generation, additions or 0), found.get(key)


def _agreed(key: str, value: int, seconds: int) -> int | None:
    """Set what nobody has set yet; return what all processes agree on, None without Redis."""
    return value if cache.add(key, value, seconds) else cache.get(key)


def kept_page(key: str) -> KeptPage | None:
    """Return a page that is kept and may be sent as it is."""
    state, kept = _read(key)
    if kept and kept.state == state:
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
    if kept and kept.state == state:
        counts.add("page hit")
        return kept
    if not cache.add(f"{key}:rendering", 1, COMPUTING_SECONDS):
        if kept and kept.state.generation == state.generation:
            counts.add("page stale")
            return kept
        wait_for(f"{key}:rendering")
        if made := kept_page(key):
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


# --- Pages that are refreshed before anybody asks ------------------------------------------
def keep_warm(origin: str, path: str) -> None:
    """Remember a page that beat is to refresh; for an hour after it was rendered for somebody."""
    warm = warm_pages() | {(origin, path)}
    if len(warm) <= MOST_WARM:
        cache.set("warm_pages", warm, WARM_SECONDS)


def warm_pages() -> frozenset[tuple[str, str]]:
    """Return (origin, path) of the pages to refresh."""
    return cache.get("warm_pages", frozenset())
