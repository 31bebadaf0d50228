"""Is it alive, and can it serve?"""

import threading
import time

import pytest

from config import health

pytestmark = pytest.mark.django_db(transaction=True)


def test_healthz_looks_at_the_process_only(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        response = client.get("/healthz")
    assert response.status_code == 200 and response.json() == {"status": "ok"}


def test_readyz_names_each_part(client, monkeypatch):
    monkeypatch.setattr(health, "LIMIT_SECONDS", 10)
    answer = client.get("/readyz").json()
    assert answer["database"] == answer["redis"] == answer["storage"] == "ok"
    assert answer["model"] == "degraded" and answer["status"] == "degraded"  # no worker runs here


def test_site_without_redis_is_ready_without_database_not(client, monkeypatch):
    def away():
        raise OSError("away")

    monkeypatch.setattr(health, "LIMIT_SECONDS", 10)
    monkeypatch.setitem(health.CHECKS, "redis", away)
    response = client.get("/readyz")
    assert response.status_code == 200 and response.json()["redis"] == "failed"
    monkeypatch.setitem(health.CHECKS, "database", away)
    response = client.get("/readyz")
    assert response.status_code == 503 and response.json()["status"] == "failed"


def test_hanging_part_holds_nobody_up_and_is_asked_once(client, monkeypatch):
    freed, calls = threading.Event(), []

    def hang():
        calls.append(1)
        freed.wait(10)
        return health.OK

    monkeypatch.setitem(health.CHECKS, "storage", hang)
    try:
        for _ in range(3):
            started = time.monotonic()
            assert client.get("/readyz").json()["storage"] == "failed"
            assert time.monotonic() - started < 5, "it hangs for ten"
        assert calls == [1]
    finally:
        freed.set()
        health._running["storage"].result(5)
