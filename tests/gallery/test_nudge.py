"""Nudges: enough of them, never too many, and quick without a broker."""

import pytest
from django_redis import get_redis_connection

from config.cache import BreakerRedisCache
from gallery import nudge, tasks
from tests.config.test_cache import drop_all_connections


@pytest.fixture
def queue():
    """The pixels queue of the test's own broker, empty."""
    redis = get_redis_connection("default")
    redis.delete("pixels")
    yield lambda: redis.llen("pixels")
    redis.delete("pixels")


def test_a_queue_that_holds_enough_gets_no_more(queue):
    for _ in range(nudge.ENOUGH + 10):
        nudge.nudge(tasks.process_pixels)
    assert queue() == nudge.ENOUGH


def test_a_connection_that_was_dropped_costs_no_nudge(queue):
    nudge.nudge(tasks.process_pixels)
    drop_all_connections()
    nudge.nudge(tasks.process_pixels)
    assert queue() == 2 and not BreakerRedisCache.breaker_is_open()


def test_without_a_broker_nothing_is_sent_and_nobody_waits(queue):
    BreakerRedisCache.open_breaker(OSError("away"))
    nudge.nudge(tasks.process_pixels)
    assert queue() == 0


def test_every_nudged_task_has_a_queue(settings):
    tasks.sweep()
    assert set(settings.NUDGED_EACH_MINUTE) <= set(settings.CELERY_TASK_ROUTES)
