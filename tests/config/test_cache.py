"""The cache while Redis hangs or is stopped: like an empty one, and quick."""

import socket
import time

import pytest
from django.conf import settings
from django.core.cache import cache as redis
from redis import Redis

from config.cache import BREAKER_OPEN_SECONDS, BreakerRedisCache

LIMIT_SECONDS = 1.0


@pytest.fixture(params=["hung", "stopped"])
def away(request):
    """A cache whose Redis takes connections and never answers, or is not there."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "hung":
            listener.listen()
        url = f"redis://127.0.0.1:{listener.getsockname()[1]}/0"
        options = {"SOCKET_CONNECT_TIMEOUT": 0.2, "SOCKET_TIMEOUT": 0.2}
        yield BreakerRedisCache(url, {"OPTIONS": options})


def timed(call):
    started = time.monotonic()
    answer = call()
    return answer, time.monotonic() - started


def test_every_call_answers_like_an_empty_cache_in_time(away):
    for call, empty in (
        (lambda: away.get("a"), None),
        (lambda: away.get("a", "default"), "default"),
        (lambda: away.get_many(["a"]), {}),
        (lambda: away.set("a", 1), False),
        (lambda: away.add("a", 1), False),
        (lambda: away.delete("a"), False),
        (lambda: away.incr("a"), 0),
        (lambda: away.has_key("a"), False),
        (lambda: away.touch("a"), False),
    ):
        BreakerRedisCache.close_breaker()
        answer, seconds = timed(call)
        assert answer == empty and seconds < LIMIT_SECONDS


def test_after_one_failure_nobody_waits_for_a_while(away):
    away.get("a")
    assert away.breaker_is_open()
    _, seconds = timed(lambda: [away.get("a") for _ in range(100)])
    assert seconds < 0.1


def test_breaker_closes_by_itself(away, monkeypatch):
    away.get("a")
    monkeypatch.setattr("config.cache.time.monotonic", lambda: time.time() + BREAKER_OPEN_SECONDS)
    BreakerRedisCache._open_until = time.time()
    assert not away.breaker_is_open()


def drop_all_connections() -> None:
    """Close every connection to Redis from its side, as a restart does."""
    with Redis.from_url(settings.REDIS_URL) as other:
        other.client_kill_filter(_type="normal", skipme=True)


def test_with_redis_values_come_back_after_its_connections_were_dropped_too():
    redis.set("a", {"b": 1}, 60)
    assert redis.get("a") == {"b": 1}
    drop_all_connections()
    assert redis.get("a") == {"b": 1}
    assert not redis.breaker_is_open()
