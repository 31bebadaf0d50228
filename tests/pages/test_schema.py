"""The API's schema: generated once, for everyone the same."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.management import call_command
from django.test import Client
from drf_spectacular.generators import SchemaGenerator

from config import schema


@pytest.fixture
def cold_schema():
    schema.generated.cache_clear()


def test_schema_is_generated_once_by_one_thread_at_a_time(cold_schema, monkeypatch):
    generate = SchemaGenerator.get_schema
    meeting, calls = threading.Barrier(2), []

    def get_schema(*args, **kwargs):
        calls.append(1)
        try:
            meeting.wait(0.5)  # until a second thread is here as well
        except threading.BrokenBarrierError:
            pass
        return generate(*args, **kwargs)

    monkeypatch.setattr(SchemaGenerator, "get_schema", get_schema)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: Client().get("/api/schema/"), range(4)))
    assert {answer.status_code for answer in answers} == {200} and calls == [1]


@pytest.mark.parametrize("query", ["version=2", "version=a%0Ab", "lang=de", "lang=x%00"])
def test_schema_takes_no_version_and_no_language(client, query):
    assert client.get(f"/api/schema/?{query}").content == client.get("/api/schema/").content


def test_schema_comes_as_json_as_well(client):
    answer = client.get("/api/schema/", headers={"accept": "application/json"}).json()
    assert "/api/v1/search/" in answer["paths"] and "/api/schema/" not in answer["paths"]


def test_docs_are_only_read(client):
    assert client.head("/api/docs/").status_code == 200
    for method in (client.options, client.post, client.delete):
        assert method("/api/docs/").status_code == 405


def test_schema_has_no_warning(tmp_path):
    call_command("spectacular", "--fail-on-warn", "--file", str(tmp_path / "schema.yaml"))
