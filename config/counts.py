"""What all processes of the site count together, in Redis: hits, misses, searches.

Counted in memory and sent every FLUSH_SECONDS; what a process had not sent when it died is lost.
"""

import threading
import time
from collections import Counter

from django.core.cache import cache
from django_redis import get_redis_connection
from redis.exceptions import RedisError

FLUSH_SECONDS = 5.0
TTL_SECONDS = 30 * 24 * 3600
MOST_WAITING = 10_000  # names in memory while Redis is away; others are not counted
_PREFIX = "pictures:counts:"

_lock = threading.Lock()
_waiting: Counter[tuple[str, str]] = Counter()
_sent_at = time.monotonic()


def add(name: str, *, group: str = "caches") -> None:
    """Count one of that name in a group."""
    global _sent_at
    with _lock:
        if len(_waiting) < MOST_WAITING:
            _waiting[group, name] += 1
        if time.monotonic() - _sent_at < FLUSH_SECONDS:
            return
        _sent_at = time.monotonic()
    flush()


def flush() -> None:
    """Send what waits. While Redis is away it goes on waiting."""
    global _waiting
    if cache.breaker_is_open():
        return
    with _lock:
        sent, _waiting = _waiting, Counter()
    if not sent:
        return
    try:
        with get_redis_connection("default").pipeline(transaction=False) as pipeline:
            for (group, name), count in sent.items():
                pipeline.zincrby(_PREFIX + group, count, name)
            for group in {group for group, _ in sent}:
                pipeline.expire(_PREFIX + group, TTL_SECONDS)
            pipeline.execute()
    except (RedisError, OSError) as error:
        cache.open_breaker(error)
        with _lock:
            _waiting.update(sent)


def most(group: str, count: int) -> list[tuple[str, int]]:
    """Return the names of a group that were counted most, with their counts; [] without Redis."""
    flush()
    if cache.breaker_is_open():
        return []
    try:
        found = get_redis_connection("default").zrevrange(
            _PREFIX + group, 0, count - 1, withscores=True
        )
    except (RedisError, OSError) as error:
        cache.open_breaker(error)
        return []
    return [(name.decode(), int(times)) for name, times in found]


def keep_most(group: str, count: int) -> None:
    """Forget all names of a group but those counted most."""
    if not cache.breaker_is_open():
        get_redis_connection("default").zremrangebyrank(_PREFIX + group, 0, -count - 1)
