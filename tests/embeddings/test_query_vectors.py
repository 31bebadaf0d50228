"""Cache layer 3: a query is encoded once, and nobody waits for a worker that is not there."""

import threading
import time

import numpy as np
import pytest
from django.core.cache import cache as redis

from config.cache import BreakerRedisCache
from embeddings import cache, pipeline

pytestmark = pytest.mark.django_db


def test_second_identical_query_makes_no_encoding(space, worker, small_clip):
    first = cache.query_vector("Snowy  mountain", space)
    np.testing.assert_allclose(first, small_clip.encode_texts(["snowy mountain"])[0], atol=1e-6)
    for again in ("Snowy  mountain", " snowy MOUNTAIN ", "Ｓnowy mountain"):
        np.testing.assert_array_equal(cache.query_vector(again, space), first)
    assert worker.texts == ["snowy mountain"]
    cache.query_vector("snowy mountains", space)
    assert len(worker.texts) == 2


def test_vectors_of_two_spaces_or_revisions_never_mix(space, worker):
    cache.query_vector("mountain", space)
    space.revision = "other"
    assert cache.cached_query_vector("mountain", space) is None


def test_nobody_waits_for_a_worker_that_was_not_heard_of(space, monkeypatch):
    sent = []
    monkeypatch.setattr(cache, "ask", lambda *args, **kwargs: sent.append(args))
    started = time.monotonic()
    assert cache.query_vector("mountain", space) is None
    assert time.monotonic() - started < 0.5 and not sent


def test_silent_worker_is_waited_for_once(space, monkeypatch):
    monkeypatch.setattr(cache, "QUERY_LIMIT_SECONDS", 1.0)
    monkeypatch.setattr(cache, "ask", lambda *args, **kwargs: None)
    redis.set(cache._alive_key(space), 1)
    started = time.monotonic()
    assert cache.query_vector("mountain", space) is None
    assert 0.9 < time.monotonic() - started < 2
    started = time.monotonic()
    assert cache.query_vector("lake", space) is None
    assert time.monotonic() - started < 0.5


def test_redis_that_goes_away_is_not_waited_for(space, monkeypatch):
    redis.set(cache._alive_key(space), 1)
    monkeypatch.setattr(cache, "ask", lambda *a, **k: BreakerRedisCache.open_breaker(OSError()))
    started = time.monotonic()
    assert cache.query_vector("mountain", space) is None
    assert time.monotonic() - started < 0.5


def test_some_threads_are_kept_for_pages(space, worker, monkeypatch):
    monkeypatch.setattr(cache, "_waiting", threading.BoundedSemaphore(1))
    with cache._waiting:
        assert cache.query_vector("mountain", space) is None
    assert cache.query_vector("mountain", space) is not None


def test_only_a_worker_that_answers_queries_says_what_it_has_loaded(space):
    heart = cache.Heartbeat()
    heart.start = lambda: None
    heart.announce([space])
    assert not cache.encoder_is_alive(space)
    heart.speaks = True
    heart.announce([space])
    assert cache.encoder_is_alive(space)


def test_query_never_loads_a_model(space, monkeypatch):
    monkeypatch.setattr(pipeline, "_loaded", {})
    pipeline.encode_query("mountain", space.pk)
    assert cache.cached_query_vector("mountain", space) is None and pipeline._loaded == {}
