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
PICTURE_VECTOR_TTL_SECONDS = 600
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


def _picture_key(digest: str, space: EmbeddingSpace) -> str:
    return f"picture_vector:{space.pk}:{space.revision}:{digest}"


def _vector(key: str) -> np.ndarray | None:
    stored = cache.get(key)
    return None if stored is None else np.frombuffer(stored, dtype=np.float32)


def cached_query_vector(text: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the stored vector of a query, (dimensions,) float32, or None."""
    return _vector(_vector_key(text, space))


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
    return _cached_or_asked(_vector_key(text, space), space, tasks.encode_query, normalise(text))


def picture_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def cached_picture_vector(digest: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the vector of a picture that a visitor searched by a moment ago, or None."""
    return _vector(_picture_key(digest, space))


def store_picture_vector(digest: str, space: EmbeddingSpace, vector: np.ndarray) -> None:
    value = vector.astype(np.float32).tobytes()
    cache.set(_picture_key(digest, space), value, PICTURE_VECTOR_TTL_SECONDS)


def waiting_picture(digest: str) -> bytes | None:
    """Return a visitor's picture while its vector is waited for."""
    return cache.get(f"picture:{digest}")


def picture_vector(data: bytes, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the vector of a visitor's picture, (dimensions,) float32, L2-normalised, or None.

    data: a small encoded picture. It waits in Redis for the worker, for seconds, and is gone.
    As with query_vector, None comes at once while nobody could encode it.
    """
    from embeddings import tasks

    if not space.is_prepared:
        return None
    digest = picture_digest(data)
    cache.set(f"picture:{digest}", data, int(QUERY_LIMIT_SECONDS) + 1)
    try:
        return _cached_or_asked(_picture_key(digest, space), space, tasks.encode_picture, digest)
    finally:
        cache.delete(f"picture:{digest}")


def _cached_or_asked(key: str, space: EmbeddingSpace, task, subject: str) -> np.ndarray | None:
    if (vector := _vector(key)) is not None:
        return vector
    if not encoder_is_alive(space):
        return None
    if not _waiting.acquire(blocking=False):
        return None
    try:
        return _asked_for(key, space, task, subject)
    finally:
        _waiting.release()


def _asked_for(key: str, space: EmbeddingSpace, task, subject: str) -> np.ndarray | None:
    """Let a worker encode the subject and wait for its vector; None if it does not come in time."""
    if cache.add(f"pending:{key}", 1, int(QUERY_LIMIT_SECONDS)):
        ask(task, subject, space.pk, expires=QUERY_LIMIT_SECONDS)
    deadline = time.monotonic() + QUERY_LIMIT_SECONDS
    while time.monotonic() < deadline and not cache.breaker_is_open():
        time.sleep(POLL_SECONDS)
        if (vector := _vector(key)) is not None:
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
