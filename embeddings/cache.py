"""Cache layer 3: query vectors, and how a web process gets one that is not cached yet.

Web processes never load a model. A miss asks the vectors worker through Celery and waits for
it to put the vector here; while no worker is alive, the site searches by words at once.
"""

import hashlib
import threading
import time
import unicodedata

import numpy as np
from django.core.cache import cache

from embeddings.models import EmbeddingSpace
from gallery.nudge import ask

QUERY_VECTOR_TTL_SECONDS = 30 * 24 * 3600
QUERY_LIMIT_SECONDS = 2.0
POLL_SECONDS = 0.005
HEARTBEAT_SECONDS = 5.0
ALIVE_TTL_SECONDS = 15
WAITING_THREADS = 6  # of a process; the others serve pages meanwhile

_waiting = threading.BoundedSemaphore(WAITING_THREADS)


def normalise(text: str) -> str:
    """Fold what no text tower should tell apart: compatibility forms and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def _vector_key(text: str, space: EmbeddingSpace) -> str:
    digest = hashlib.sha256(normalise(text).encode()).hexdigest()
    return f"query_vector:{space.pk}:{space.revision}:{digest}"


def _alive_key(space: EmbeddingSpace) -> str:
    return f"encoder_alive:{space.pk}:{space.revision}"


def cached_query_vector(text: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the stored vector of a query, (dimensions,) float32, or None."""
    stored = cache.get(_vector_key(text, space))
    return None if stored is None else np.frombuffer(stored, dtype=np.float32)


def store_query_vector(text: str, space: EmbeddingSpace, vector: np.ndarray) -> None:
    value = vector.astype(np.float32).tobytes()
    cache.set(_vector_key(text, space), value, QUERY_VECTOR_TTL_SECONDS)


def query_vector(text: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the query's vector in the space, (dimensions,) float32, L2-normalised.

    Waits up to QUERY_LIMIT_SECONDS for the vectors worker to encode a query that is not
    cached. Returns None, at once, while no encoder of the space is alive, Redis is away, or too
    many threads of this process wait already.
    """
    from embeddings import tasks  # tasks store what this waits for

    if not space.is_prepared or not normalise(text):
        return None
    if (vector := cached_query_vector(text, space)) is not None:
        return vector
    if not encoder_is_alive(space):
        return None
    if not _waiting.acquire(blocking=False):
        return None
    try:
        return _asked_for(text, space, tasks.encode_query)
    finally:
        _waiting.release()


def _asked_for(text: str, space: EmbeddingSpace, task) -> np.ndarray | None:
    """Let a worker encode a query and wait for its vector; None if it does not come in time."""
    pending_key = f"pending:{_vector_key(text, space)}"
    if cache.add(pending_key, 1, int(QUERY_LIMIT_SECONDS)):
        ask(task, normalise(text), space.pk, expires=QUERY_LIMIT_SECONDS)
    deadline = time.monotonic() + QUERY_LIMIT_SECONDS
    while time.monotonic() < deadline and not cache.breaker_is_open():
        time.sleep(POLL_SECONDS)
        if (vector := cached_query_vector(text, space)) is not None:
            return vector
    cache.delete(_alive_key(space))  # until the worker's next heartbeat nobody waits for it
    return None


def encoder_is_alive(space: EmbeddingSpace) -> bool:
    """Tell whether a worker with this space's models loaded was heard of a moment ago."""
    return cache.get(_alive_key(space)) is not None


class Heartbeat(threading.Thread):
    """Say every HEARTBEAT_SECONDS, while this worker lives, which encoders it has loaded.

    speaks: set where queries are answered; a worker that only encodes photos keeps silent.
    """

    def __init__(self):
        super().__init__(daemon=True, name="encoder-heartbeat")
        self.speaks = False
        self._spaces: list[EmbeddingSpace] = []

    def announce(self, spaces: list[EmbeddingSpace]) -> None:
        """Replace the announced spaces and announce them at once."""
        if not self.speaks:
            return
        self._spaces = spaces
        self._beat()
        if not self.is_alive():
            self.start()

    def _beat(self) -> None:
        for space in self._spaces:
            cache.set(_alive_key(space), 1, ALIVE_TTL_SECONDS)

    def run(self) -> None:
        while True:
            time.sleep(HEARTBEAT_SECONDS)
            self._beat()
