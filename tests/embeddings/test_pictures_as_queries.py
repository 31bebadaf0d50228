"""Search by a visitor's own picture: looked at once, by a process of its own, and forgotten."""

import io
import os
import re
import threading

import numpy as np
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageDraw

from embeddings import cache
from embeddings.models import ImageVector
from gallery import shrink
from gallery.exceptions import UnreadablePicture
from tests.conftest import jpeg
from tests.search.conftest import make_photo

pytestmark = pytest.mark.django_db

URL = "/search/by-image/"


@pytest.fixture
def no_traces(tmp_path, monkeypatch):
    """A folder for temporary files that has to be empty in the end."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []


def picture(colour) -> Image.Image:
    image = Image.new("RGB", (320, 240), (30, 60, 120))
    ImageDraw.Draw(image).ellipse((90, 50, 230, 190), fill=colour)
    return image


def encoded(image: Image.Image, **save) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, **save)
    return buffer.getvalue()


@pytest.fixture
def photos(alice, space, small_clip):
    """Three photos of discs in different colours, embedded for real."""
    colours = {"Yellow": (240, 220, 60), "Red": (220, 40, 40), "Green": (40, 160, 60)}
    for title, colour in colours.items():
        vector = small_clip.encode_images([picture(colour)])[0]
        ImageVector.objects.create(
            space=space, photo=make_photo(alice, title=title), vector=vector, input_hash="",
            level=0.0, listed=True,
        )  # fmt: skip
    return colours


def send(client, data: bytes, name="mine.jpg"):
    return client.post(URL, {"picture": SimpleUploadedFile(name, data)})


def test_a_picture_finds_what_looks_like_it(as_charlie, photos, worker, no_traces):
    data = encoded(picture(photos["Red"]))
    response = send(as_charlie, data)
    assert response.status_code == 303
    page = as_charlie.get(response["Location"])
    titles = re.findall(r"Red|Yellow|Green", page.content.decode())
    assert titles[0] == "Red" and set(titles) == set(photos)
    assert page["Cache-Control"] == "private, no-store"
    assert not page.cookies
    assert send(as_charlie, data)["Location"] == response["Location"]
    assert len(worker.images) == 1
    key = response["Location"].rpartition("=")[2]
    assert cache.waiting_picture(key) is None


def test_what_cannot_be_read_is_said(as_charlie, photos, worker, no_traces):
    whole = jpeg((600, 400))
    for data in (b"no picture", b"", whole[: len(whole) // 2]):
        response = send(as_charlie, data)
        assert response.status_code == 400
        assert 'role="alert"' in response.content.decode()
    assert as_charlie.post(URL).status_code == 400
    assert worker.images == []


def test_an_upload_that_is_too_large_is_not_even_read(as_charlie):
    response = as_charlie.post(URL, b"x", content_type="image/jpeg", CONTENT_LENGTH=2**40)
    assert response.status_code == 400 and "larger than" in response.content.decode()


def test_without_a_worker_the_visitor_is_told(as_charlie, photos, no_traces):
    response = send(as_charlie, jpeg())
    assert response.status_code == 503 and "at the moment" in response.content.decode()


@pytest.mark.parametrize("key", ["0" * 64, "x", "*", "\x00", "a" * 5000])
def test_a_forgotten_search_asks_for_the_picture_again(as_charlie, space, key):
    response = as_charlie.get(URL, {"picture": key})
    assert response.status_code == 200 and "again" in response.content.decode()


def test_a_shrunk_picture_is_upright_small_and_bare(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "Canary"
    path = tmp_path / "turned.jpg"
    path.write_bytes(encoded(Image.new("RGB", (1600, 800), (200, 30, 30)), exif=exif))
    data = shrink.shrunk(path, 640)
    assert b"Canary" not in data
    with Image.open(io.BytesIO(data)) as small:
        assert small.size == (640, 1280) and not small.getexif()
        assert np.asarray(small).mean(axis=(0, 1)) == pytest.approx((200, 30, 30), abs=4)


def test_a_picture_that_takes_too_long_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(shrink, "LIMIT_SECONDS", 0.5)
    path = tmp_path / "slow.jpg"
    os.mkfifo(path)  # opening it never ends
    with pytest.raises(UnreadablePicture, match="too long"):
        shrink.shrunk(path, 640)


def test_only_a_few_pictures_are_shrunk_at_once(as_charlie, photos, worker, no_traces, monkeypatch):
    monkeypatch.setattr(shrink, "_free", threading.BoundedSemaphore(1))
    with shrink._free:
        response = send(as_charlie, jpeg())
        assert response.status_code == 503 and "Try again" in response.content.decode()
    assert send(as_charlie, b"\xff\xd8\xff no picture").status_code == 400
    for _ in range(2):
        assert send(as_charlie, jpeg()).status_code == 303
