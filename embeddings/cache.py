"""Cache layer 3: query vectors, and how a web process gets one that is not cached yet.

A web process that has the space's query tower encodes a miss itself. Else it asks the vectors
worker through Celery and waits for it to put the vector here; while no worker is alive, the site
searches by words at once.
"""

import hashlib
import threading
import time
import unicodedata

import numpy as np
from django.core.cache import cache

from config import counts
from embeddings import towers
from embeddings.models import EmbeddingSpace
from embeddings.onnx_encoder import OnnxEncoder
from gallery.nudge import ask

QUERY_VECTOR_TTL_SECONDS = 30 * 24 * 3600
PICTURE_VECTOR_TTL_SECONDS = 600
QUERY_LIMIT_SECONDS = 2.0
POLL_SECONDS = 0.005
HEARTBEAT_SECONDS = 5.0
ALIVE_TTL_SECONDS = 15
WAITING_THREADS = 6  # of a process; the others serve pages meanwhile

_waiting = threading.BoundedSemaphore(WAITING_THREADS)
_encoding = threading.Lock()


def normalise(text: str) -> str:
    """Fold what no text tower should tell apart: compatibility forms and white space."""
    return " ".join(unicodedata.normalize("NFKC", text).split())


def as_asked(text: str) -> str:
    """Return the words that are encoded for a query: as normalise() has them, in lower case.

    Visitors type as it comes; the same words get the same vector.
    """
    return normalise(text).lower()


def _vector_key(text: str, space: EmbeddingSpace) -> str:
    digest = hashlib.sha256(as_asked(text).encode()).hexdigest()
    # Both precisions have vectors of their own: whoever leaves int8 leaves its vectors behind.
    return f"query_vector:{space.pk}:{space.revision}:{space.query_precision}:{digest}"


def _alive_key(space: EmbeddingSpace) -> str:
    return f"encoder_alive:{space.pk}:{space.revision}"


def _picture_key(digest: str, space: EmbeddingSpace) -> str:
    return f"picture_vector:{space.pk}:{space.revision}:{digest}"


def _vector(key: str) -> np.ndarray | None:
    stored = cache.get(key)
    return None if stored is None else np.frombuffer(stored, dtype=np.float32)


def _store(key: str, vector: np.ndarray, ttl_seconds: int) -> None:
    cache.set(key, vector.astype(np.float32).tobytes(), ttl_seconds)


def cached_query_vector(text: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the stored vector of a query, (dimensions,) float32, or None."""
    return _vector(_vector_key(text, space))


def store_query_vector(text: str, space: EmbeddingSpace, vector: np.ndarray) -> None:
    _store(_vector_key(text, space), vector, QUERY_VECTOR_TTL_SECONDS)


def query_vector(text: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the query's vector in the space, (dimensions,) float32, L2-normalised.

    A query that is not cached is encoded here, in milliseconds, once the space's query tower is
    loaded. Until then, waits up to QUERY_LIMIT_SECONDS for the vectors worker; returns None, at
    once, while no encoder of the space is alive, Redis is away, or too many threads of this
    process wait already.
    """
    from embeddings import tasks  # tasks store what this waits for

    asked = as_asked(text)
    if not space.is_prepared or not asked:
        return None
    if (vector := cached_query_vector(asked, space)) is not None:
        counts.add("vectors hit")
        return vector
    counts.add("vectors miss")
    if encoder := towers.encoder_of(space):
        return _encoded_here(asked, space, encoder)
    return _asked_for(_vector_key(asked, space), space, tasks.encode_query, asked)


def _encoded_here(text: str, space: EmbeddingSpace, encoder: OnnxEncoder) -> np.ndarray:
    """Encode one text at a time: who waited for the same one finds it in the cache."""
    with _encoding:
        vector = cached_query_vector(text, space)
        if vector is None:
            vector = encoder.encode_text(text)
            store_query_vector(text, space, vector)
    return vector


def picture_digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def cached_picture_vector(digest: str, space: EmbeddingSpace) -> np.ndarray | None:
    """Return the vector of a picture that a visitor searched by a moment ago, or None."""
    return _vector(_picture_key(digest, space))


def store_picture_vector(digest: str, space: EmbeddingSpace, vector: np.ndarray) -> None:
    _store(_picture_key(digest, space), vector, PICTURE_VECTOR_TTL_SECONDS)


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
    if (vector := cached_picture_vector(digest, space)) is not None:
        return vector
    cache.set(f"picture:{digest}", data, int(QUERY_LIMIT_SECONDS) + 1)
    try:
        return _asked_for(_picture_key(digest, space), space, tasks.encode_picture, digest)
    finally:
        cache.delete(f"picture:{digest}")


def _asked_for(key: str, space: EmbeddingSpace, task, subject: str) -> np.ndarray | None:
    """Let a worker encode the subject; None while nobody could, or too many wait already."""
    if not encoder_is_alive(space) or not _waiting.acquire(blocking=False):
        return None
    try:
        return _waited_for(key, space, task, subject)
    finally:
        _waiting.release()


def _waited_for(key: str, space: EmbeddingSpace, task, subject: str) -> np.ndarray | None:
    """Ask for a vector and wait for it; None if it does not come in time."""
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
