"""What is taken, what is refused, and that nothing accepted gets lost."""

import io
import subprocess
import sys
import warnings
import zlib

import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages
from PIL import Image

from gallery import formats, pipeline, renditions, services
from gallery.exceptions import DuplicateUpload, RefusedUpload, StorageAway
from gallery.models import Photo
from tests.conftest import jpeg, ready, upload

pytestmark = pytest.mark.django_db


def saved(format: str, size=(50, 30), mode="RGB", **options) -> bytes:
    buffer = io.BytesIO()
    Image.new(mode, size, 90).save(buffer, format, **options)
    return buffer.getvalue()


def png_header(width: int, height: int) -> bytes:
    """Return a PNG that claims a size and holds next to no pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        checksum = zlib.crc32(name + body).to_bytes(4, "big")
        return len(body).to_bytes(4, "big") + name + body + checksum

    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = chunk(b"IHDR", size + bytes([8, 2, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 9))


@pytest.mark.parametrize(
    ("format", "media_type"),
    [
        ("JPEG", "image/jpeg"),
        ("PNG", "image/png"),
        ("WEBP", "image/webp"),
        ("AVIF", "image/avif"),
        ("HEIF", "image/heic"),
        ("TIFF", "image/tiff"),
        ("GIF", "image/gif"),
    ],
)
def test_each_format_becomes_ready(alice, format, media_type):
    mode = "P" if format == "GIF" else "RGB"
    photo = ready(alice, saved(format, mode=mode), name="whatever.bin")
    assert photo.media_type == media_type
    assert (photo.width, photo.height) == (50, 30)
    assert {one["format"] for one in photo.renditions} >= {"webp", "avif", "jpeg"}


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"<html><script>alert(1)</script></html>", "not a picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "not a picture"),
        (png_header(30_000, 30_000), "megapixels"),
        (png_header(4_000_000_000, 1), "megapixels|damaged"),
    ],
)
def test_refused_by_a_sentence_and_leaves_nothing(alice, data, sentence):
    with pytest.raises(RefusedUpload, match=sentence):
        upload(alice, data)
    assert not Photo.objects.exists()


def test_same_file_again_is_already_there(alice, bob):
    data = jpeg()
    photo = upload(alice, data)
    with pytest.raises(DuplicateUpload, match="already there") as caught:
        upload(alice, data, name="other.jpg")
    assert caught.value.photo == photo
    upload(bob, data)
    services.bin_photos([photo])
    with pytest.raises(DuplicateUpload, match="restore"):
        upload(alice, data)


def test_original_is_stored_under_a_name_of_ours(alice):
    photo = upload(alice, jpeg(), name="../../etc/日本\x00語.jpg")
    assert photo.original.startswith("originals/") and photo.original.endswith(".jpg")
    assert "\x00" not in photo.original_name
    assert storages["originals"].exists(photo.original)


def test_a_picture_is_opened_without_a_change_to_the_warnings_of_other_threads():
    class Watching(io.BytesIO):
        def read(self, *args):
            seen.append(warnings.filters[:])
            return super().read(*args)

    before, seen = warnings.filters[:], []
    formats.open_picture(Watching(jpeg())).close()
    assert seen and all(one == before for one in seen)


def test_an_odd_header_is_nothing_to_warn_of(tmp_path):
    path = tmp_path / "odd.jpg"
    path.write_bytes(jpeg(exif=b"Exif\0\0II*\0\xff\xff\0\0"))
    # In a process of its own: pytest sets filters of its own around each test.
    code = f"""
from django.conf import settings
settings.configure(MAX_UPLOAD_MB=1, MAX_MEGAPIXELS=1, MAX_METADATA_MB=1)
from gallery.formats import open_picture
open_picture({str(path)!r})
"""
    subprocess.run([sys.executable, "-W", "error::UserWarning", "-c", code], check=True)


# WebP and AVIF are refused by their header when they are cut.
@pytest.mark.parametrize("format", ["JPEG", "PNG", "GIF", "TIFF", "HEIF"])
def test_truncated_picture_fails_with_a_reason_and_can_be_retried(alice, format):
    whole = io.BytesIO()
    Image.effect_noise((400, 300), 50).convert("RGB").save(whole, format)
    photo = upload(alice, whole.getvalue()[: len(whole.getvalue()) // 2])
    assert pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "failed" and "Export it again" in photo.failure
    services.retry_photos([photo])
    photo.refresh_from_db()
    assert photo.state == "pending" and photo.failure == ""


def test_photo_of_a_worker_that_died_is_taken_up_again(alice):
    photo = upload(alice)
    assert pipeline.claim_next() == photo
    assert pipeline.claim_next() is None
    Photo.objects.filter(pk=photo.pk).update(claimed_until="2020-01-01T00:00Z")
    assert pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "ready" and photo.attempts == 2


def test_photo_that_kills_every_worker_fails_with_a_sentence(alice):
    photo = upload(alice)
    Photo.objects.filter(pk=photo.pk).update(
        state="processing", attempts=pipeline.MAX_ATTEMPTS, claimed_until="2020-01-01T00:00Z"
    )
    assert pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "failed" and "Processing stopped" in photo.failure


def test_processing_twice_changes_nothing_and_leaves_one_set_of_files(alice):
    photo = ready(alice)
    before, old_names = (photo.renditions, photo.placeholder), renditions.stored_names(photo)
    Photo.objects.filter(pk=photo.pk).update(state="pending")
    pipeline.process_next()
    pipeline.tidy()
    photo.refresh_from_db()
    assert (photo.renditions, photo.placeholder) == before and photo.state == "ready"
    assert not any(storages["renditions"].exists(name) for name in old_names)
    assert all(storages["renditions"].exists(name) for name in renditions.stored_names(photo))


@pytest.mark.django_db(transaction=True)
def test_whatever_happens_after_the_commit_the_file_stays(alice, monkeypatch):
    def interrupt(task):
        raise KeyboardInterrupt

    monkeypatch.setattr(services, "nudge", interrupt)
    with pytest.raises(KeyboardInterrupt):
        upload(alice)
    photo = Photo.objects.get()
    assert storages["originals"].exists(photo.original)
    assert pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "ready"


def test_photo_whose_original_was_lost_takes_the_same_file_again(alice):
    data = jpeg()
    photo = upload(alice, data)
    storages["originals"].delete(photo.original)
    pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "failed" and "Upload the picture again" in photo.failure
    assert upload(alice, data) == photo
    pipeline.process_next()
    photo.refresh_from_db()
    assert photo.state == "ready"


def test_storage_that_is_away_takes_nothing(alice, monkeypatch):
    def away(*args, **kwargs):
        raise EndpointConnectionError(endpoint_url="https://storage.example")

    monkeypatch.setattr(storages["originals"], "save", away)
    with pytest.raises(StorageAway, match="Try again"):
        upload(alice)
    assert not Photo.objects.exists()


def test_control_characters_are_dropped_from_texts(alice):
    texts = {"title": "The\x0b pier\x00", "description": "one\r\ntwo\ufffe", "creator": "A\x1f"}
    photo = upload(alice, tags=["low\x0b tide", "\x00"], **texts)
    assert (photo.title, photo.description, photo.creator) == ("The pier", "one\ntwo", "A")
    assert [tag.name for tag in photo.tags.all()] == ["low tide"]
