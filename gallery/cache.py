"""Cache layer 1: public pages as they were sent, kept until something that they may show changes.

What is hidden, deleted or edited is gone from every page at the next request: the generation moves.
Whether something was added is looked at every ADDITIONS_SECONDS, so that an ingest does not empty
the cache at each photo.
A change that Redis never heard of (the process that it was away for has died, or somebody wrote to
the database by hand) shows after PAGE_TTL_SECONDS.
"""

import gzip
import hashlib
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.core.cache import cache
from django.db import transaction

from config import counts

# Until something that was added shows, at most: with what it takes to index it, ten.
ADDITIONS_SECONDS = 8
STATE_TTL_SECONDS = 24 * 3600
INDEXED_SECONDS = 15 * 60  # longer than a list of results is kept
COMPUTING_SECONDS = 5  # that others wait for one who renders, before they look again
HELD_SECONDS = 5  # that a lock outlives one who died; one more begins if somebody takes longer
POLL_SECONDS = 0.005
NO_PAGE_SECONDS = 60  # that nobody waits for an address that had no page to be kept
WARM_SECONDS = 3600
MOST_WARM = 50  # pages
COMPRESSION = 5

_GENERATION, _ADDED, _SHOWN = "page_generation", "added_at", "additions_shown"
_WARM = "pages_kept_warm"

_unsaid: set[str] = set()  # what this process told Redis while it was away


@dataclass(frozen=True)
class KeptPage:
    """An answer as it was sent, and the state that it shows.

    body: gzip. counted: (name, group) of what config.counts counts whenever it is sent.
    """

    body: bytes
    headers: dict[str, str]
    state: "State"
    counted: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, content: bytes, headers: dict[str, str], state: "State", **others) -> "KeptPage":
        return cls(gzip.compress(content, COMPRESSION, mtime=0), headers, state, **others)

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
    _say(_GENERATION)


def note_additions() -> None:
    """Say that there is more to see: pages show it within ADDITIONS_SECONDS."""
    transaction.on_commit(lambda: _say(_ADDED))


def say_again() -> None:
    """Tell Redis what it has not heard from this process."""
    _say()


def _say(*names: str) -> None:
    for name in {*names, *_unsaid}:
        _unsaid.discard(name)  # before: another thread may add it again meanwhile
        if not cache.set(name, time.time_ns(), STATE_TTL_SECONDS):
            _unsaid.add(name)


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
    return look().state


# --- Reading and making pages --------------------------------------------------------------
def page_key(origin: str, path: str) -> str:
    return "page:" + hashlib.sha256(f"{origin} {path}".encode()).hexdigest()


class Found(NamedTuple):
    """What Redis has of a page.

    state: to be seen now, None while Redis is away. kept: in whichever state. is_no_page: it was
    asked lately, and there was no page to be kept.
    """

    state: State | None
    kept: KeptPage | None = None
    is_no_page: bool = False

    def hit(self) -> KeptPage | None:
        """Return the page if it may be sent as it is; count that."""
        if not self.state or not self.kept or self.kept.state != self.state:
            return None
        counts.add("page hit")
        for name, group in self.kept.counted:
            counts.add(name, group=group)
        return self.kept


def look(key: str = "") -> Found:
    """Return what is kept, mostly in one round trip."""
    say_again()
    keys = [key, _no_page(key)] if key else []
    found = cache.get_many([_GENERATION, _SHOWN, *keys])
    generation, additions = found.get(_GENERATION), found.get(_SHOWN)
    if generation is None:
        generation = _agreed(_GENERATION, time.time_ns(), STATE_TTL_SECONDS)
    if additions is None:
        additions = _agreed(_SHOWN, cache.get(_ADDED, 0), ADDITIONS_SECONDS)
    if generation is None:
        return Found(None)
    return Found(State(generation, additions or 0), found.get(key), _no_page(key) in found)


def _agreed(key: str, value: int, seconds: int) -> int | None:
    """Set what nobody has set yet; return what all processes agree on, None without Redis."""
    return value if cache.add(key, value, seconds) else cache.get(key)


def _no_page(key: str) -> str:
    return f"no_{key}"


def note_no_page(key: str) -> None:
    """Remember that there is no page to be kept: whoever asks for it soon waits for nobody."""
    cache.set(_no_page(key), True, NO_PAGE_SECONDS)


def page(
    key: str, render: Callable[[State], KeptPage | None], found: Found | None = None
) -> KeptPage | None:
    """Return a page that is kept, else what `render` makes of the state it is given, kept.

    found: what look() has just said, if somebody did. One renders at a time; others get what lacks
    additions only, else wait for it. None: it is no page to be kept, and the caller answers as
    ever. So does he while Redis is away.
    """
    lock = f"{key}:rendering"
    found = found or look(key)
    while found.state:
        if kept := found.hit():
            return kept
        with nullcontext(True) if found.is_no_page else alone(lock) as is_mine:
            if is_mine:
                if made := _made(key, found.state, render):
                    counts.add("page miss")
                return made
        if found.kept and found.kept.state.generation == found.state.generation:
            counts.add("page stale")
            return found.kept
        wait_for(lock)
        found = look(key)
    return None


def _made(key: str, state: State, render: Callable[[State], KeptPage | None]) -> KeptPage | None:
    made = render(state)
    if made:
        cache.set(key, made, settings.PAGE_TTL_SECONDS)
    return made


def refresh(key: str, render: Callable[[State], KeptPage | None]) -> KeptPage | None:
    """Make a page anew before it expires, and keep it, as page() does."""
    state = state_now()
    return state and _made(key, state, render)


@contextmanager
def alone(lock: str) -> Iterator[bool]:
    """Yield whether this lock is mine; if so, nobody else gets it until I am done, or HELD_SECONDS.

    Who does not get it calls wait_for(lock), looks for what the other one made, and tries again.
    While Redis is away everybody gets it.
    """
    token = secrets.token_hex(8)
    is_mine = cache.add(lock, token, HELD_SECONDS)
    try:
        yield is_mine or cache.breaker_is_open()
    finally:
        if is_mine and cache.get(lock) == token:  # else I took too long, and it is another's
            cache.delete(lock)


def wait_for(lock: str) -> None:
    """Wait until whoever took this lock has given it back, up to COMPUTING_SECONDS."""
    deadline = time.monotonic() + COMPUTING_SECONDS
    while time.monotonic() < deadline and cache.has_key(lock):
        time.sleep(POLL_SECONDS)


# --- Pages that are refreshed before anybody asks ------------------------------------------
def keep_warm(host: str, origin: str, path: str) -> None:
    """Remember a page that beat is to refresh; for an hour after it was rendered for somebody.

    One for each host name and path, at the origin that was asked last; the oldest make room.
    """
    warm = _warm() | {(host, path): (time.time(), origin)}
    newest = sorted(warm.items(), key=lambda one: one[1])[-MOST_WARM:]
    cache.set(_WARM, dict(newest), WARM_SECONDS)


def warm_pages() -> list[tuple[str, str]]:
    """Return (origin, path) of the pages to refresh."""
    return [(origin, path) for (_, path), (_, origin) in _warm().items()]


def _warm() -> dict[tuple[str, str], tuple[float, str]]:
    """Return (time.time() when it was rendered, origin) of each (host name, path)."""
    since = time.time() - WARM_SECONDS
    return {one: asked for one, asked in cache.get(_WARM, {}).items() if asked[0] > since}
