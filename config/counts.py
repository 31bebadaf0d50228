"""What all processes of the site count together, in Redis: hits and misses, searches.

Counted in memory and sent every FLUSH_SECONDS; what a process had not sent when it died is lost.
"""

import threading
import time
from collections import Counter

from django.core.cache import cache
from django_redis import get_redis_connection
from redis.exceptions import RedisError

CACHES = "caches"  # the group that only grows; others forget after two periods
FLUSH_SECONDS = 5.0
PERIOD_SECONDS = 15 * 24 * 3600
MOST_NAMES = 5000  # of a group that are kept, those counted most
MOST_WAITING = 10_000  # names in memory while Redis is away; others are not counted

_lock = threading.Lock()
_waiting: Counter[tuple[str, str]] = Counter()
_sent_at = time.monotonic()


def add(name: str, *, group: str = CACHES) -> None:
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
                pipeline.zincrby(_keys(group)[0], count, name)
            for key in {_keys(group)[0] for group, _ in sent}:
                pipeline.zremrangebyrank(key, 0, -MOST_NAMES - 1)
                pipeline.expire(key, 2 * PERIOD_SECONDS)
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
        found = get_redis_connection("default").zunion(_keys(group), withscores=True)
    except (RedisError, OSError) as error:
        cache.open_breaker(error)
        return []
    return [(name.decode(), int(times)) for name, times in reversed(found[-count:])]


def _keys(group: str) -> list[str]:
    """Return where a group is counted now, and where it was before."""
    if group == CACHES:
        return [cache.make_key(f"counts:{group}")]
    period = int(time.time() // PERIOD_SECONDS)
    return [cache.make_key(f"counts:{group}:{one}") for one in (period, period - 1)]
