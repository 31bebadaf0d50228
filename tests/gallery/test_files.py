"""Files in storage: they survive its failures, and go when their time has come."""

import http.server
import json
import os
import threading
from contextlib import nullcontext
from datetime import timedelta

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from gallery import files, pipeline, renditions, services
from gallery.models import FileTrash, Photo
from search.models import PhotoDocument
from tests.conftest import ready, upload

pytestmark = pytest.mark.django_db(transaction=True)


def stored(alias: str) -> set[str]:
    """Return the names of all files in a storage of folders."""
    root = storages[alias].base_location
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def storage_is_away(monkeypatch):
    def raise_error(*args, **kwargs):
        raise EndpointConnectionError(endpoint_url="https://storage.example")

    with monkeypatch.context() as patch:
        patch.setattr(storages["renditions"], "save", raise_error)
        patch.setattr(storages["private_renditions"], "save", raise_error)
        yield patch


def test_storage_that_is_away_costs_a_photo_no_attempt(alice, storage_is_away):
    photo = upload(alice)
    for _ in range(pipeline.MAX_ATTEMPTS + 2):
        assert pipeline.process_next()
        assert not pipeline.process_next(), "it waits a while before it is tried again"
        Photo.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    photo.refresh_from_db()
    assert (photo.state, photo.attempts, photo.failure) == ("pending", 0, "")
    storage_is_away.undo()
    assert pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "ready"


def test_attempt_that_dies_leaves_nothing_public_of_a_photo_hidden_meanwhile(alice, monkeypatch):
    photo = upload(alice)
    before = stored("renditions")
    save = storages["renditions"].save
    saved = []

    def save_two(name, content):
        if len(saved) == 2:
            raise MemoryError("the worker dies here")
        saved.append(name)
        return save(name, content)

    with monkeypatch.context() as patch:
        patch.setattr(storages["renditions"], "save", save_two)
        with pytest.raises(MemoryError):
            pipeline.process_next()
    assert stored("renditions") - before == set(saved)
    services.set_visibility([photo], "private")
    Photo.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert pipeline.process_next()
    FileTrash.objects.update(due_at=timezone.now())
    pipeline.tidy()
    photo.refresh_from_db()
    assert photo.state == "ready" and not photo.renditions_public
    assert stored("renditions") == before
    assert set(renditions.stored_names(photo)) <= stored("private_renditions")
    assert not any(photo.file_key in name for name in saved)


def test_one_file_that_storage_refuses_holds_up_nothing(alice, monkeypatch):
    stuck, fine, binned = ready(alice), ready(alice), ready(alice)
    Photo.objects.filter(pk__in=[stuck.pk, fine.pk]).update(visibility="private")
    services.bin_photos([binned])
    Photo.objects.filter(pk=binned.pk).update(binned_at="2020-01-01T00:00Z")
    opened, deleted = storages["renditions"].open, storages["renditions"].delete

    def refuse(call):
        def guarded(name, *arguments):
            if stuck.public_id in name:
                raise PermissionError(name)
            return call(name, *arguments)

        return guarded

    monkeypatch.setattr(storages["renditions"], "open", refuse(opened))
    monkeypatch.setattr(storages["renditions"], "delete", refuse(deleted))
    pipeline.tidy()
    fine.refresh_from_db()
    assert not fine.renditions_public
    assert not Photo.objects.filter(pk=binned.pk).exists()
    left = stored("renditions")
    assert not any(one.public_id in name for one in (fine, binned) for name in left)
    monkeypatch.undo()
    pipeline.tidy()
    assert not any(stuck.public_id in name for name in stored("renditions"))


def test_many_photos_are_hidden_at_the_cost_of_one(alice, django_assert_num_queries):
    photos = [ready(alice) for _ in range(12)]
    with CaptureQueriesContext(connection) as few:
        services.set_visibility(photos[:5], "private")
    with django_assert_num_queries(len(few)):
        services.set_visibility(photos[5:], "private")
    assert not Photo.objects.filter(listed=True).exists()
    tokens = set(Photo.objects.values_list("share_token", flat=True))
    assert len(tokens) == len(photos) and not tokens & {one.share_token for one in photos}
    pipeline.tidy()
    assert not any(one.public_id in name for one in photos for name in stored("renditions"))


def test_move_that_dies_half_way_leaves_no_copy_behind(alice, storage_is_away):
    storage_is_away.undo()
    photo = ready(alice)
    before = stored("private_renditions")
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    saved = []

    def save_two(name, content):
        if len(saved) == 2:
            raise MemoryError("the worker dies here")
        saved.append(name)
        return type(storages["private_renditions"]).save(
            storages["private_renditions"], name, content
        )

    storage_is_away.setattr(storages["private_renditions"], "save", save_two)
    with pytest.raises(MemoryError):
        pipeline.place_misplaced()
    storage_is_away.undo()
    assert stored("private_renditions") - before == set(saved)
    pipeline.tidy()
    FileTrash.objects.update(due_at=timezone.now())
    pipeline.tidy()
    photo.refresh_from_db()
    assert stored("private_renditions") - before == set(renditions.stored_names(photo))


def test_photo_that_lost_a_rendition_is_made_anew_and_stops_nobody(alice):
    lost, other = ready(alice), ready(alice)
    storages["renditions"].delete(renditions.stored_names(lost)[0])
    Photo.objects.update(visibility="private")
    pipeline.place_misplaced()
    while pipeline.process_next():
        pass
    pipeline.tidy()
    for photo in (lost, other):
        photo.refresh_from_db()
        assert photo.state == "ready" and not photo.renditions_public
        assert set(renditions.stored_names(photo)) <= stored("private_renditions")
    assert not any(lost.public_id in name for name in stored("renditions"))


def test_bin_keeps_a_photo_for_its_time_and_then_nothing_of_it(alice):
    photo, kept = ready(alice, title="Harbour"), ready(alice, title="Pier")
    services.bin_photos([photo])
    pipeline.tidy()
    assert Photo.objects.filter(pk=photo.pk).exists()
    assert storages["originals"].exists(photo.original)
    binned_at = timezone.now() - pipeline.BIN_LIFETIME - timedelta(minutes=1)
    Photo.objects.filter(pk=photo.pk).update(binned_at=binned_at)
    pipeline.tidy()
    assert list(Photo.objects.all()) == [kept]
    everything = stored("originals") | stored("renditions")
    assert not any(photo.public_id in name for name in everything)
    assert photo.original not in everything and kept.original in everything
    assert not PhotoDocument.objects.filter(photo_id=photo.pk, listed=True).exists()


@pytest.mark.parametrize("within", [nullcontext, transaction.atomic])
def test_upload_that_the_database_fails_leaves_no_file(alice, monkeypatch, within):
    def fail(photo, names):
        raise OperationalError("deadlock detected")

    monkeypatch.setattr(services, "set_tags", fail)
    before = stored("originals")
    with pytest.raises(OperationalError), within():
        upload(alice)
    FileTrash.objects.update(due_at=timezone.now())
    files.empty_trash()
    assert stored("originals") == before


def test_upload_that_succeeds_leaves_nothing_in_the_trash(alice):
    upload(alice)
    assert not FileTrash.objects.exists()


class Cdn(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.calls.append((self.headers["Authorization"], body["files"]))
        if self.server.status is None:
            self.wfile.write(b"no HTTP at all\r\n")
            return
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def cdn(settings):
    """A CDN that is told what to forget."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Cdn)
    server.calls, server.status = [], 200  # None: it answers something else than HTTP
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.CDN_PURGE_URL = f"http://127.0.0.1:{server.server_port}/purge_cache"
    settings.CDN_PURGE_TOKEN = "secret"
    yield server
    server.shutdown()


def test_cdn_forgets_what_left_public(alice, cdn):
    photo = ready(alice)
    urls = [renditions.rendition_url(photo, one["width"], one["format"])
            for one in photo.renditions]  # fmt: skip
    services.set_visibility([photo], "private")
    assert cdn.calls == [("Bearer secret", urls)]
    services.set_visibility([photo], "public")
    assert len(cdn.calls) == 1, "private files never were on the CDN"


@pytest.mark.parametrize("status", [500, None])
def test_cdn_that_refuses_is_asked_again(alice, cdn, status):
    photo = ready(alice)
    cdn.status = status
    services.set_visibility([photo], "private")
    assert FileTrash.objects.exists()
    cdn.status = 200
    FileTrash.objects.update(due_at=timezone.now())
    pipeline.tidy()
    assert len(cdn.calls) == 2 and cdn.calls[0] == cdn.calls[1]
    assert not FileTrash.objects.exists()


def test_original_is_on_the_disk_before_its_photo_is_committed(alice, monkeypatch):
    flushed = {}

    def record(descriptor):
        flushed[os.fstat(descriptor).st_ino] = Photo.objects.count()

    monkeypatch.setattr(os, "fsync", record)
    photo = upload(alice)
    path = files.local_path(storages["originals"], photo.original)
    assert flushed[path.stat().st_ino] == flushed[path.parent.stat().st_ino] == 0


@pytest.mark.parametrize("name", ["rendition", "private_rendition"])
def test_rendition_that_storage_cannot_give_is_not_found(as_alice, alice, monkeypatch, name):
    def away(*args, **kwargs):
        raise EndpointConnectionError(endpoint_url="https://storage.example")

    photo = ready(alice)
    monkeypatch.setattr(storages[f"{name}s"], "open", away)
    url = reverse(name, args=[f"{photo.public_id}-{photo.file_key}", "320.webp"])
    assert as_alice.get(url).status_code == 404
