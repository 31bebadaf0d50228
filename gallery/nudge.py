"""Tell a queue that there may be work. A nudge that gets lost costs a minute at most."""

from django.conf import settings
from django.core.cache import cache
from django_redis import get_redis_connection
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from config.celery import app

# So many messages wait in a queue already: each will find whatever is committed now.
ENOUGH = 32


def nudge(task) -> None:
    """Send a task, by name or as an object; never wait for a broker that is away."""
    name = task if isinstance(task, str) else task.name
    _send(name, unless_enough=True)


def ask(task, *args, expires: float) -> None:
    """Send a task with arguments, as `nudge` does. A worker drops it `expires` seconds later."""
    _send(task.name, *args, expires=expires)


def _send(name: str, *args, unless_enough: bool = False, expires: float | None = None) -> None:
    if cache.breaker_is_open():
        return
    try:
        if unless_enough:
            queue = settings.CELERY_TASK_ROUTES[name]["queue"]
            if get_redis_connection("default").llen(queue) >= ENOUGH:
                return
        app.send_task(name, args=args, expires=expires, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        cache.open_breaker(error)
