"""Uploads in pieces: the protocol by its own client, and nothing lost, doubled or leaked."""

import io
import itertools
from base64 import b64encode
from datetime import timedelta

import httpx
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.files.storage import storages
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image
from tusclient.client import TusClient

from gallery import files, formats, services, uploads
from gallery.models import FileTrash, Photo, Upload, UploadBatch, UploadPiece
from tests.conftest import upload
from tests.gallery.test_admin import may_use_admin
from tests.gallery.test_files import stored

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = reverse("admin:gallery_photo_upload")
BATCHES = reverse("admin:gallery_upload_batches")
FILES = reverse("admin:gallery_uploads")
PIECE = "application/offset+octet-stream"
_seeds = itertools.count(1)


def picture(size=(400, 300)) -> bytes:
    """Return a JPEG of some 100 kB; each is another."""
    buffer = io.BytesIO()
    noise = Image.effect_noise(size, 60 + next(_seeds)).convert("RGB")
    noise.save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def metadata(**values) -> str:
    return ",".join(f"{key} {b64encode(str(v).encode()).decode()}" for key, v in values.items())


@pytest.fixture(autouse=True)
def small_pieces(settings):
    settings.UPLOAD_PIECE_BYTES = 2**14


@pytest.fixture
def batch(alice):
    may_use_admin(alice)
    return UploadBatch.objects.create(owner=alice)


class Tus:
    """A logged-in client that speaks tus by hand."""

    def __init__(self, photographer):
        self.client = Client()
        self.client.force_login(may_use_admin(photographer))

    def __call__(self, method: str, address: str, data: bytes = b"", type=PIECE, **headers):
        headers = {"Tus-Resumable": "1.0.0"} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        return self.client.generic(method, address, data, content_type=type, headers=headers)

    def create(self, batch, size: int, **more):
        values = {"batch": batch.pk, "filename": "IMG_1.jpg"} | more
        return self("POST", FILES, Upload_Length=str(size), Upload_Metadata=metadata(**values))

    def open(self, batch, data: bytes, **more) -> str:
        response = self.create(batch, len(data), **more)
        assert response.status_code == 201, response.content
        return response["Location"].removeprefix("http://testserver")

    def patch(self, address: str, data: bytes, offset: int = 0):
        return self("PATCH", address, data, Upload_Offset=str(offset))

    def send(self, batch, data: bytes, **more) -> Upload:
        address = self.open(batch, data, **more)
        assert self.patch(address, data).status_code == 204
        return Upload.objects.get(pk=address.split("/")[-2])


@pytest.fixture
def tus(alice):
    return Tus(alice)


# --- The protocol's own client -----------------------------------------------------------------
@pytest.fixture
def tuspy(live_server, batch):
    """The tus project's client, logged in as Alice's browser is: with a cookie and a token."""
    client = Client()
    client.force_login(batch.owner.user)
    session, token = client.cookies["sessionid"].value, "a" * 32
    headers = {"Cookie": f"sessionid={session}; csrftoken={token}", "X-CSRFToken": token}
    return TusClient(live_server.url + FILES, headers=headers)


@pytest.mark.parametrize("chunk_size", [10_000, 2**14, 10**9])
def test_tuspy_uploads_in_chunks_of_any_size(tuspy, batch, alice, chunk_size):
    data = picture()
    what = {"batch": str(batch.pk), "filename": "夏 1.jpg"}
    uploader = tuspy.uploader(file_stream=io.BytesIO(data), chunk_size=chunk_size, metadata=what)
    uploader.upload()
    assert uploader.offset == len(data)
    row, photo = Upload.objects.get(), Photo.objects.get()
    assert (row.state, row.photo) == ("taken", photo)
    assert (photo.owner, photo.original_name) == (alice, "夏 1.jpg")
    with storages["originals"].open(photo.original) as original:
        assert original.read() == data


def test_tuspy_resumes_where_another_stopped(tuspy, batch):
    data = picture()
    first = tuspy.uploader(
        file_stream=io.BytesIO(data), chunk_size=20_000, metadata={"batch": str(batch.pk)}
    )
    first.upload(stop_at=40_000)
    second = tuspy.uploader(file_stream=io.BytesIO(data), url=first.url)
    assert second.offset == 40_000
    second.upload()
    assert Photo.objects.get().size_bytes == len(data)


def test_a_request_without_the_csrf_token_is_refused(live_server, tuspy, batch):
    headers = {**tuspy.headers, "Tus-Resumable": "1.0.0", "Upload-Length": "9"}
    headers["Upload-Metadata"] = metadata(batch=batch.pk)
    address = live_server.url + FILES
    assert httpx.post(address, headers=headers).status_code == 201
    del headers["X-CSRFToken"]
    assert httpx.post(address, headers=headers).status_code == 403
    [row] = Upload.objects.all()
    patch = {**headers, "Upload-Offset": "0", "Content-Type": PIECE}
    assert httpx.patch(f"{address}{row.pk}/", headers=patch, content=b"abc").status_code == 403
    assert httpx.delete(f"{address}{row.pk}/", headers=headers).status_code == 403
    assert Upload.objects.get().offset_bytes == 0


# --- The protocol by hand ----------------------------------------------------------------------
def test_options_say_what_is_spoken(tus):
    response = tus.client.options(FILES)
    assert response.status_code == 204
    assert response["Tus-Version"] == response["Tus-Resumable"] == "1.0.0"
    assert response["Tus-Extension"] == "creation,termination,expiration"
    assert response["Tus-Max-Size"] == str(formats.MAX_UPLOAD_BYTES)


def test_another_version_is_refused_and_changes_nothing(tus, batch):
    address = tus.open(batch, b"abc")
    for method in ("POST", "HEAD", "PATCH", "DELETE"):
        response = tus(method, address, Tus_Resumable="0.2.2")
        assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0"), method
    assert Upload.objects.count() == 1


def test_head_tells_how_far_it_is_and_is_never_cached(tus, batch):
    address = tus.open(batch, b"abcdef")
    before = Upload.objects.get().expires_at
    assert tus.patch(address, b"abc")["Upload-Offset"] == "3"
    response = tus("HEAD", address)
    assert (response["Upload-Offset"], response["Upload-Length"]) == ("3", "6")
    assert response["Cache-Control"] == "no-store" and "GMT" in response["Upload-Expires"]
    assert Upload.objects.get().expires_at > before


def test_wrong_offset_is_refused_and_nothing_is_stored(tus, batch):
    address = tus.open(batch, b"abcdef")
    for offset in (1, 6, 7):
        assert tus.patch(address, b"ab", offset).status_code == 409
    assert tus.patch(address, b"abc").status_code == 204
    response = tus.patch(address, b"abc")
    assert response.status_code == 409 and "byte 3" in response.content.decode()
    assert UploadPiece.objects.count() == 1


def test_two_who_send_the_same_piece_count_once(tus, batch, monkeypatch):
    data = picture()
    address = tus.open(batch, data)
    store = services.store_original
    faster = []

    def store_slowly(name, file):
        store(name, file)
        if not faster:
            faster.append(True)
            assert tus.patch(address, data[:30_000]).status_code == 204

    monkeypatch.setattr(services, "store_original", store_slowly)
    assert tus.patch(address, data[:10_000]).status_code == 409
    assert tus.patch(address, data[30_000:], 30_000).status_code == 204
    with storages["originals"].open(Photo.objects.get().original) as original:
        assert original.read() == data


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Offset": "0", "type": "text/plain"}, 415),
        ({"Upload_Offset": "-1"}, 400),
        ({"Upload_Offset": "x"}, 400),
        ({}, 400),
    ],
)
def test_malformed_patch_is_refused(tus, batch, headers, status):
    address = tus.open(batch, b"abcdef")
    response = tus("PATCH", address, b"abc", **headers)
    assert response.status_code == status and response.content.decode().endswith(".")
    assert Upload.objects.get().offset_bytes == 0


def test_more_bytes_than_were_declared_are_not_taken(tus, batch):
    address = tus.open(batch, b"abc")
    assert tus.patch(address, b"abcd").status_code == 413
    assert Upload.objects.get().offset_bytes == 0


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Upload_Length": "-1"}, 400),
        ({"Upload_Length": "9" * 40}, 400),
        ({"Upload_Length": "0"}, 400),
        ({"Upload_Length": str(formats.MAX_UPLOAD_BYTES + 1)}, 413),
        ({"Upload_Length": "5", "Upload_Metadata": "filename !!"}, 400),
        ({"Upload_Length": "5", "Upload_Metadata": metadata(batch="no uuid")}, 400),
        ({"Upload_Length": "5", "Upload_Metadata": "filename /w=="}, 400),
        ({"Upload_Defer_Length": "1"}, 400),
    ],
)
def test_malformed_or_too_large_is_refused_before_a_byte_is_taken(tus, batch, headers, status):
    headers = {"Upload_Metadata": metadata(batch=batch.pk)} | headers
    response = tus("POST", FILES, **headers)
    assert response.status_code == status and response.content.decode().endswith(".")
    assert not Upload.objects.exists()


def test_method_override_works_for_post_only(tus, batch):
    address = tus.open(batch, b"abc")
    assert tus("GET", address, X_HTTP_Method_Override="DELETE").status_code == 200
    assert Upload.objects.exists()
    assert tus("POST", address, X_HTTP_Method_Override="DELETE").status_code == 204
    assert not Upload.objects.exists()


def test_odd_names_are_text(tus, batch):
    row = tus.send(batch, picture(), relativePath="../../etc/\x00pass\u202ewd.jpg")
    assert row.state == "taken" and row.path == "../../etc/pass\u202ewd.jpg"
    assert row.photo.original.startswith("originals/")


def test_cancelled_upload_leaves_nothing(tus, batch):
    before = stored("originals")
    address = tus.open(batch, b"abcdef")
    tus.patch(address, b"abc")
    assert tus("DELETE", address).status_code == 204
    assert tus("HEAD", address).status_code == 404
    assert tus.patch(address, b"def", 3).status_code == 404
    files.empty_trash()
    assert stored("originals") == before


# --- Alice's uploads are hers ------------------------------------------------------------------
def test_bob_reaches_nothing_of_alice(tus, batch, bob):
    address = tus.open(batch, b"abcdef")
    tus.patch(address, b"abc")
    his = Tus(bob)
    for method in ("GET", "HEAD", "DELETE"):
        assert his(method, address).status_code == 404, method
    assert his.patch(address, b"def", 3).status_code == 404
    assert his.create(batch, 5).status_code == 400
    whole_batch = reverse("admin:gallery_upload_batch", args=[batch.pk])
    assert his.client.get(whole_batch).status_code == 404
    assert his.client.delete(whole_batch).status_code == 404
    assert str(batch.pk) not in his.client.get(PAGE).content.decode()
    assert str(batch.pk) in tus.client.get(PAGE).content.decode()
    assert Upload.objects.get().offset_bytes == 3


def test_charlie_and_who_may_not_add_photos_are_told_to_log_in(tus, batch, bob):
    address = tus.open(batch, b"abc")
    charlie, bobs = Tus(bob), Tus(bob)
    charlie.client.logout()
    bob.user.user_permissions.clear()
    for other in (charlie, bobs):
        for method, where in (("POST", FILES), ("HEAD", address), ("DELETE", address)):
            assert other(method, where).status_code == 403
        assert other.patch(address, b"abc").status_code == 403
    assert Upload.objects.get().offset_bytes == 0


# --- Exactly one photo -------------------------------------------------------------------------
def test_repeated_last_piece_makes_no_second_photo(tus, batch):
    data = picture()
    address = tus.open(batch, data)
    half = len(data) // 2
    tus.patch(address, data[:half])
    assert tus.patch(address, data[half:], half).status_code == 204
    assert tus.patch(address, data[half:], half).status_code == 409
    assert tus("HEAD", address)["Upload-Offset"] == str(len(data))
    assert tus("DELETE", address).status_code == 409
    assert Photo.objects.count() == 1


@pytest.fixture(params=["before the photo", "after the photo"])
def killed(request, tus, batch, monkeypatch):
    """An upload whose process died between its last piece and its outcome."""
    name = "_take" if request.param == "before the photo" else "_settle"

    def die(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(uploads, name, die)
        tus.send(batch, picture())
    row = Upload.objects.get()
    assert row.state == "finishing"
    assert Photo.objects.count() == (name == "_settle")
    return row


def test_upload_that_was_killed_before_its_outcome_is_taken_by_the_sweep(killed):
    uploads.tidy()
    killed.refresh_from_db()
    assert killed.state == "finishing", "its lease is not over"
    Upload.objects.update(claimed_until=Now() - timedelta(seconds=1), expires_at=Now())
    for _ in range(2):
        uploads.tidy()
    killed.refresh_from_db()
    assert (killed.state, killed.photo) == ("taken", Photo.objects.get())
    assert not UploadPiece.objects.exists()


def test_upload_that_kills_whoever_takes_it_is_given_up(killed):
    past = Now() - timedelta(seconds=1)
    Upload.objects.update(attempts=uploads.MAX_ATTEMPTS, claimed_until=past)
    uploads.tidy()
    killed.refresh_from_db()
    assert killed.state == "refused" and "stopped" in killed.reason


def test_pieces_go_once_the_photo_is_there(tus, batch):
    before = stored("originals")
    row = tus.send(batch, picture())
    files.empty_trash()
    assert stored("originals") - before == {row.photo.original}
    FileTrash.objects.update(due_at=Now())
    files.empty_trash()
    assert stored("originals") - before == {row.photo.original}


def test_piece_that_is_stored_and_not_counted_goes_later(tus, batch, monkeypatch):
    before = stored("originals")
    address = tus.open(batch, b"abcdef")

    def die(*args, **kwargs):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(UploadPiece.objects, "create", die)
        tus.patch(address, b"abc")
    assert tus("HEAD", address)["Upload-Offset"] == "0"
    assert len(stored("originals") - before) == 1
    FileTrash.objects.update(due_at=Now())
    files.empty_trash()
    assert stored("originals") == before


def test_what_came_before_the_connection_broke_counts(tus, batch):
    class Broken(io.BytesIO):
        def read(self, size=-1):
            if self.tell() >= 40_000:
                raise OSError("connection reset")
            return super().read(min(size, 10_000))

    data = picture()
    address = tus.open(batch, data)
    response = tus.client.generic(
        "PATCH",
        address,
        headers={"Tus-Resumable": "1.0.0", "Upload-Offset": "0", "Content-Type": PIECE},
        **{"wsgi.input": Broken(data), "CONTENT_LENGTH": str(len(data))},
    )
    offset = int(tus("HEAD", address)["Upload-Offset"])
    assert 40_000 <= offset < len(data) and response["Upload-Offset"] == str(offset)
    assert tus.patch(address, data[offset:], offset).status_code == 204
    assert Photo.objects.get().size_bytes == len(data)


def test_storage_that_is_away_refuses_nothing(tus, batch, monkeypatch):
    data = picture()
    address = tus.open(batch, data)

    def away(*args, **kwargs):
        raise EndpointConnectionError(endpoint_url="https://storage.example")

    with monkeypatch.context() as patch:
        patch.setattr(storages["originals"], "save", away)
        assert tus.patch(address, data).status_code == 503
    with monkeypatch.context() as patch:
        patch.setattr(storages["originals"], "open", away)
        assert tus.patch(address, data).status_code == 204
    row = Upload.objects.get()
    assert (row.state, row.attempts) == ("finishing", 0)
    Upload.objects.update(claimed_until=None)
    uploads.tidy()
    row.refresh_from_db()
    assert row.state == "taken"


def test_lost_piece_is_told(tus, batch):
    data = picture()
    address = tus.open(batch, data)
    tus.patch(address, data[:20_000])
    storages["originals"].delete(UploadPiece.objects.last().name)
    tus.patch(address, data[20_000:], 20_000)
    row = Upload.objects.get()
    assert row.state == "refused" and "Upload it again" in row.reason


# --- Outcomes ----------------------------------------------------------------------------------
def test_each_file_gets_an_outcome_and_a_reason(tus, batch, alice):
    old = picture()
    known = upload(alice, old)
    tus.send(batch, picture(), filename="new.jpg")
    tus.send(batch, old, filename="old.jpg")
    tus.send(batch, b"%PDF-1.7 " * 100, filename="letter.pdf")
    page = tus.client.get(reverse("admin:gallery_upload_batch", args=[batch.pk])).json()
    told = {one["path"]: one for one in page["files"]}
    assert {path: one["state"] for path, one in told.items()} == {
        "new.jpg": "taken",
        "old.jpg": "duplicate",
        "letter.pdf": "refused",
    }
    assert "already there" in told["old.jpg"]["reason"]
    assert told["old.jpg"]["photo"].endswith(f"/{known.pk}/change/")
    assert "not a picture" in told["letter.pdf"]["reason"]
    assert "1 taken, 1 already there, 1 refused" in tus.client.get(PAGE).content.decode()


def test_batch_gives_album_tags_and_visibility(tus, alice):
    fields = {"album": "Iceland", "tags": "ice, sea", "visibility": "private"}
    answer = tus.client.post(BATCHES, fields)
    assert answer.status_code == 201
    row = tus.send(UploadBatch.objects.get(pk=answer.json()["id"]), picture())
    photo = row.photo
    assert photo.visibility == "private" and {t.name for t in photo.tags.all()} == {"ice", "sea"}
    [album] = photo.albums.all()
    assert (album.owner, album.title, album.visibility) == (alice, "Iceland", "private")


def test_folders_become_albums_and_the_rest_goes_into_the_album(tus):
    fields = {"album": "Rest", "folders_as_albums": "on", "visibility": "public"}
    batch = UploadBatch.objects.get(pk=tus.client.post(BATCHES, fields).json()["id"])
    for path in ("2024/Coves/a.jpg", "2024/Coves/b.jpg", "c.jpg"):
        tus.send(batch, picture(), relativePath=path)
    albums = {album.title: album for album in batch.owner.albums.all()}
    assert set(albums) == {"Coves", "Rest"} and albums["Coves"].visibility == "public"
    assert [entry.position for entry in albums["Coves"].entries.all()] == [0, 1]


def test_malformed_batch_is_refused_by_a_sentence(tus):
    answer = tus.client.post(BATCHES, {"visibility": "everywhere"})
    assert answer.status_code == 400 and "valid choice" in answer.content.decode()
    assert not UploadBatch.objects.exists()


def test_creation_whose_answer_was_lost_makes_one_upload(tus, batch):
    data = picture()
    what = {"relativePath": "a/b.jpg", "lastModified": 1700000000000}
    address = tus.open(batch, data, **what)
    tus.patch(address, data[:20_000])
    again = tus.create(batch, len(data), **what)
    assert again["Location"].endswith(address) and again["Upload-Offset"] == "20000"
    assert Upload.objects.count() == 1
    for _ in range(2):
        tus.open(batch, data)
    assert Upload.objects.count() == 3, "without a time they may be different files"


# --- Limits and the end ------------------------------------------------------------------------
@pytest.mark.parametrize(("name", "value"), [("FILES", 2), ("BYTES", 25)])
def test_unfinished_uploads_are_limited(tus, batch, bob, settings, name, value):
    setattr(settings, f"UPLOAD_OPEN_{name}", value)
    tus.open(batch, b"a" * 10)
    last = tus.open(batch, b"a" * 10)
    response = tus.create(batch, 10)
    assert response.status_code == 413 and "unfinished" in response.content.decode()
    Tus(bob).open(UploadBatch.objects.create(owner=bob), b"a" * 10)
    tus("DELETE", last)
    tus.open(batch, b"a" * 10)


def test_pieces_of_one_file_are_limited(tus, batch, monkeypatch):
    monkeypatch.setattr(uploads, "MAX_PIECES", 2)
    address = tus.open(batch, b"abcd")
    assert [tus.patch(address, b"x", offset).status_code for offset in range(3)] == [204, 204, 413]


def test_expired_uploads_and_empty_batches_go(tus, batch, settings):
    before = stored("originals")
    address = tus.open(batch, b"abcdef")
    tus.patch(address, b"abc")
    taken = tus.send(batch, picture())
    kept = tus.open(batch, b"abcdef")
    Upload.objects.exclude(pk=kept.split("/")[-2]).update(expires_at=Now())
    uploads.tidy()
    files.empty_trash()
    assert [tus("HEAD", one).status_code for one in (address, kept)] == [404, 200]
    assert stored("originals") - before == {taken.photo.original}
    assert Photo.objects.count() == 1
    UploadBatch.objects.update(created_at=timezone.now() - 2 * settings.UPLOAD_LIFETIME)
    uploads.tidy()
    assert UploadBatch.objects.exists()
    tus("DELETE", kept)
    uploads.tidy()
    assert not UploadBatch.objects.exists()


# --- The page ----------------------------------------------------------------------------------
def test_page_works_without_script_and_has_none_inline(tus, alice):
    services.get_album(alice, "Coves")
    html = tus.client.get(PAGE).content.decode()
    main = html.partition('id="content-main"')[2].partition('id="footer"')[0]
    assert reverse("admin:gallery_photo_add") in main.partition("</noscript>")[0]
    assert '<option value="Coves">' in main
    assert " style=" not in main and "<script" not in main and "onclick" not in main
    assert PAGE in tus.client.get(reverse("admin:gallery_photo_changelist")).content.decode()


def test_page_is_for_those_who_may_add_photos(tus, bob):
    client = Tus(bob).client
    assert client.get(PAGE).status_code == 200
    bob.user.user_permissions.clear()
    assert client.get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302
