"""Tell a queue that there may be work. A nudge that gets lost costs a minute at most."""

import logging

from django.core.cache import cache
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.celery import app

logger = logging.getLogger(__name__)


def nudge(task: str, *args, expires: float | None = None) -> None:
    """Send a task by name or as a task object; never wait for a broker that is away.

    expires: seconds after which a worker drops it.
    """
    if cache.breaker_is_open():
        return
    name = task if isinstance(task, str) else task.name
    try:
        app.send_task(name, args=args, expires=expires, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        cache.open_breaker(error)
