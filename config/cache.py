"""Keep the site quick when Redis is stopped or hangs: a cache backend with a circuit breaker."""

import logging
import time

from django_redis.cache import RedisCache
from django_redis.exceptions import ConnectionInterrupted
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)

BREAKER_OPEN_SECONDS = 5.0


def _guarded(name: str, miss):
    """Wrap one cache method: `miss(args, kwargs)` is the answer while Redis cannot be had."""
    method = getattr(RedisCache, name)

    def call(self, *args, **kwargs):
        if self.breaker_is_open():
            return miss(args, kwargs)
        try:
            return method(self, *args, **kwargs)
        except (ConnectionInterrupted, RedisError, OSError) as error:
            self.open_breaker(error)
            return miss(args, kwargs)

    call.__name__ = name
    return call


class BreakerRedisCache(RedisCache):
    """django-redis that answers like an empty cache while Redis is away.

    The first failure (bounded by the socket timeouts in settings) opens the breaker for
    BREAKER_OPEN_SECONDS in this process; until then no call waits for Redis again.
    """

    _open_until = 0.0  # time.monotonic(), shared by all threads of the process

    @classmethod
    def breaker_is_open(cls) -> bool:
        return time.monotonic() < BreakerRedisCache._open_until

    @classmethod
    def open_breaker(cls, error: Exception) -> None:
        BreakerRedisCache._open_until = time.monotonic() + BREAKER_OPEN_SECONDS
        logger.warning("Redis cannot be reached, going on without it: %s", error)

    @classmethod
    def close_breaker(cls) -> None:
        BreakerRedisCache._open_until = 0.0

    get = _guarded("get", lambda args, kwargs: kwargs.get("default", (*args[1:], None)[0]))
    get_many = _guarded("get_many", lambda args, kwargs: {})
    set = _guarded("set", lambda args, kwargs: False)
    set_many = _guarded("set_many", lambda args, kwargs: [])
    add = _guarded("add", lambda args, kwargs: False)
    delete = _guarded("delete", lambda args, kwargs: False)
    delete_many = _guarded("delete_many", lambda args, kwargs: 0)
    incr = _guarded("incr", lambda args, kwargs: 0)
    has_key = _guarded("has_key", lambda args, kwargs: False)
    touch = _guarded("touch", lambda args, kwargs: False)
