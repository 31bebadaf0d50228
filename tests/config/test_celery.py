"""Workers keep their connections from one task to the next."""

import psycopg
import pytest
from celery.signals import task_prerun
from django.db import connection

from config import celery  # noqa: F401 (it connects to the signal)


@pytest.mark.django_db(transaction=True)
def test_a_task_finds_its_connection_again_or_a_new_one():
    def backend() -> int:
        task_prerun.send(sender=None)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            return cursor.fetchone()[0]

    first = backend()
    assert backend() == first
    with psycopg.connect(**_parameters(), autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 10000)", [first])
    assert backend() != first


def _parameters() -> dict:
    known = connection.get_connection_params()
    return {name: known[name] for name in ("host", "port", "user", "password", "dbname")}
