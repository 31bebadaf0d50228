"""What a photographer's program does with the API: upload, follow, edit, delete, order albums."""

import itertools
import json

import jsonschema
import pytest
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.signing import TimestampSigner

from config.schema import generated
from gallery import pipeline, services
from gallery.formats import MAX_UPLOAD_BYTES
from gallery.models import Album, AlbumPhoto, ApiToken, Photo
from tests.conftest import jpeg
from tests.pages.conftest import RENDITIONS, make_photo, make_photos
from tests.pages.test_api_tokens import client_of

PHOTOS, MINE, ALBUMS = "/api/v1/photos/", "/api/v1/me/photos/", "/api/v1/albums/"
COVES = f"{ALBUMS}coves/"


@pytest.fixture
def alices(alice):
    return client_of(alice)


@pytest.fixture
def bobs(bob):
    return client_of(bob)


def address(photo) -> str:
    return f"{PHOTOS}{photo.public_id}/"


def upload(client, data: bytes | None = None, **fields):
    file = SimpleUploadedFile("IMG_1.jpg", jpeg() if data is None else data)
    return client.post(PHOTOS, {"file": file} | fields)


def send(client, method: str, path: str, data=None, **headers):
    return client.generic(
        method, path, json.dumps(data), content_type="application/json", headers=headers
    )


# --- Uploads ---
def test_upload_becomes_a_photo_that_its_client_can_follow(alices, alice):
    Album.objects.create(owner=alice, title="Coves", slug="coves")
    response = upload(
        alices, title="Pier", tags="fog, low tide", visibility="private", album="coves"
    )
    answer = response.json()
    assert response.status_code == 201 and response["Location"] == f"{PHOTOS}{answer['public_id']}/"
    assert (answer["state"], answer["title"]) == ("pending", "Pier")
    assert answer["tags"] == ["fog", "low tide"] and answer["visibility"] == "private"
    assert alices.get(MINE, {"state": "pending"}).json()["results"] == [answer]
    while pipeline.process_next():
        pass
    followed = alices.get(response["Location"]).json()
    assert followed["state"] == "ready" and followed["width"] == 60
    assert alices.get(MINE, {"state": "pending"}).json()["results"] == []
    assert AlbumPhoto.objects.get().photo == Photo.objects.get()


def test_failed_upload_says_why(alices):
    broken = jpeg((400, 400))
    upload(alices, broken[: len(broken) // 2])
    while pipeline.process_next():
        pass
    (found,) = alices.get(MINE, {"state": "failed"}).json()["results"]
    assert "damaged" in found["failure"]


def test_same_file_twice_is_a_conflict_that_names_the_photo(alices):
    data = jpeg()
    first = upload(alices, data).json()
    again = upload(alices, data)
    assert again.status_code == 409 and again.json()["code"] == "duplicate"
    assert again.json()["public_id"] == first["public_id"]


@pytest.mark.parametrize("data", [b"no picture", b""])
def test_refused_upload_says_why(alices, data):
    response = upload(alices, data)
    assert response.status_code == 400 and response.json()["code"] == "refused"
    assert response.json()["detail"].endswith(".") and not Photo.objects.exists()


@pytest.mark.parametrize(
    "fields",
    [
        {"album": "nothing"},
        {"visibility": "secret"},
        {"visiblity": "private"},
        {"title": "a" * 301},
    ],
)
def test_upload_with_a_wrong_field_is_not_taken(alices, fields):
    response = upload(alices, **fields)
    assert response.status_code == (404 if "album" in fields else 400) and set(
        response.json()["fields"]
    ) == set(fields)
    assert not Photo.objects.exists()


def test_album_of_another_is_no_album(alices, bob):
    Album.objects.create(owner=bob, title="Coves", slug="coves")
    assert upload(alices, album="coves").status_code == 404


def test_too_large_body_is_refused_before_it_is_read(alices):
    class Unread:
        def read(self, *_):
            raise AssertionError("it was read")

        readline = read

    for path, size in ((PHOTOS, MAX_UPLOAD_BYTES + 2**21), (ALBUMS, 2**20 + 1)):
        response = alices.post(
            path,
            {},
            content_type="application/json" if path == ALBUMS else "multipart/form-data",
            CONTENT_LENGTH=str(size),
            **{"wsgi.input": Unread()},
        )
        assert response.status_code == 413 and response.json()["code"] == "too_large", path


def test_storage_that_is_away_takes_nothing(alices, monkeypatch):
    def save(*args, **kwargs):
        raise OSError("away")

    monkeypatch.setattr(storages["originals"], "save", save)
    response = upload(alices)
    assert response.status_code == 503 and response.json()["code"] == "storage_away"
    assert not Photo.objects.exists()


# --- Editing ---
def test_edit_changes_what_is_sent_and_nothing_else(alices, alice):
    photo = make_photo(alice, description="Fog.")
    change = {"title": "Pier\u0007", "tags": ["fog"], "visibility": "unlisted", "featured": True}
    answer = send(alices, "PATCH", address(photo), change).json()
    photo.refresh_from_db()
    assert (photo.title, photo.description, photo.visibility) == ("Pier", "Fog.", "unlisted")
    assert photo.featured and not photo.listed and [one.name for one in photo.tags.all()] == ["fog"]
    assert answer["title"] == "Pier" and answer["tags"] == ["fog"]
    assert answer["url"].endswith(photo.get_absolute_url())
    assert alices.get(address(photo)).json()["visibility"] == "unlisted"


@pytest.mark.parametrize(
    "change",
    [
        {"visiblity": "private"},
        {"title": 1},
        {"featured": "yes"},
        {"tags": "fog"},
        {"owner": "bob"},
    ],
)
def test_edit_with_a_wrong_field_changes_nothing(alices, alice, change):
    photo = make_photo(alice)
    response = send(alices, "PATCH", address(photo), {"description": "New."} | change)
    assert response.status_code == 400 and list(response.json()["fields"]) == list(change)
    photo.refresh_from_db()
    assert photo.description == ""


def test_edit_of_what_was_changed_meanwhile_is_refused(alices, alice):
    photo = make_photo(alice, visibility="private")
    seen = alices.get(address(photo))["ETag"]
    assert alices.get(address(photo))["ETag"] == seen
    first = send(alices, "PATCH", address(photo), {"title": "One"}, **{"if-match": seen})
    assert first.status_code == 200
    second = send(alices, "PATCH", address(photo), {"title": "Two"}, **{"if-match": seen})
    assert second.status_code == 412 and second.json()["code"] == "changed_meanwhile"
    current = {"if-match": f'"other", {first["ETag"]}'}
    third = send(alices, "PATCH", address(photo), {"title": "Three"}, **current)
    assert third.status_code == 200
    assert send(alices, "PATCH", address(photo), {}, **{"if-match": "*"}).status_code == 200


def test_edit_that_changes_nothing_leaves_pages_kept(alices, alice, monkeypatch):
    photo = make_photo(alice, title="Pier")
    services.set_tags(photo, ["low tide", "fog"])
    album = Album.objects.create(owner=alice, title="Coves", slug="coves", cover=photo)
    forgotten = []
    monkeypatch.setattr("gallery.cache.forget_pages", lambda: forgotten.append(1))
    same = {"title": "Pier", "tags": ["Fog", "low tide"], "visibility": "public"}
    same_album = {"title": album.title, "cover": photo.public_id}
    for path, change, new in (
        (address(photo), same, {"tags": ["fog"]}),
        (COVES, same_album, {"cover": None}),
    ):
        for nothing in ({}, change):
            assert send(alices, "PATCH", path, nothing).status_code == 200 and not forgotten
        assert send(alices, "PATCH", path, change | new).status_code == 200 and forgotten
        forgotten.clear()
    updated = Photo.objects.get().updated_at
    send(alices, "PATCH", address(photo), {"title": "Pier"})
    assert Photo.objects.get().updated_at == updated


@pytest.mark.parametrize("visibility", ["public", "private"])
def test_photo_with_other_files_is_another_answer(alices, alice, visibility, monkeypatch):
    photo = make_photo(alice, visibility=visibility)
    moments = itertools.count()  # addresses are signed anew each time
    monkeypatch.setattr(TimestampSigner, "timestamp", lambda self: str(next(moments)))

    def ask(etag):
        return alices.get(address(photo), headers={"if-none-match": etag})

    for files in ({"file_key": "other"}, {"renditions": RENDITIONS[2:]}):
        etag = alices.get(address(photo))["ETag"]
        assert ask(etag).status_code == 304
        Photo.objects.update(**files)
        assert ask(etag).status_code == 200
        # Nobody's edit is overwritten by one that has not seen them.
        assert send(alices, "PATCH", address(photo), {}, **{"if-match": etag}).status_code == 200


def test_odd_json_is_refused(alices, alice):
    photo = make_photo(alice)
    for body in ("[" * 100_000, "{", "[]", "1", '{"title": "\\ud800"}', '{"title": NaN}'):
        response = alices.generic("PATCH", address(photo), body, content_type="application/json")
        assert response.status_code in (200, 400), body
        assert response.status_code == 400 or "ud800" in body
    assert alices.patch(address(photo), "title=a", content_type="text/plain").status_code == 415


def test_deleted_photo_is_in_the_bin_and_comes_back(alices, alice, as_charlie):
    photo = make_photo(alice)
    assert alices.delete(address(photo)).status_code == 204
    for path in (address(photo), f"/photos/{photo.public_id}/"):
        assert as_charlie.get(path).status_code == 404
    assert alices.get(address(photo)).status_code == 404
    assert alices.delete(address(photo)).status_code == 404
    assert alices.get(MINE).json()["results"] == []
    (binned,) = alices.get(MINE, {"bin": "true"}).json()["results"]
    assert binned["public_id"] == photo.public_id and binned["binned_at"]
    restored = alices.post(f"{address(photo)}restore/")
    assert restored.status_code == 200 and restored.json()["binned_at"] is None
    assert as_charlie.get(address(photo)).status_code == 200


def test_own_photos_are_paged(alices, alice):
    for number in range(5):
        make_photo(alice, number, visibility="private")
    found, path = [], f"{MINE}?page_size=2"
    while path:
        answer = alices.get(path).json()
        found += [one["title"] for one in answer["results"]]
        path = answer["next"]
    assert found == [f"Quiet harbour {number}" for number in reversed(range(5))]


# --- Albums ---
def test_album_is_made_filled_ordered_and_deleted(alices, alice, as_charlie):
    photos = make_photos(alice, 4)
    made = send(alices, "POST", ALBUMS, {"title": "Coves"})
    assert made.status_code == 201 and made["Location"] == COVES
    assert send(alices, "POST", ALBUMS, {"title": "Coves"}).json()["slug"] == "coves-2"

    def order(*numbers):
        names = [photos[number].public_id for number in numbers]
        answer = send(alices, "PUT", f"{COVES}photos/", {"photos": names})
        assert answer.status_code == 200
        seen = as_charlie.get(COVES).json()["photos"]["results"]
        return [one["public_id"] for one in seen] == names

    assert order(2, 0, 1) and order(0, 1, 2, 3) and order(3)
    one = f"{COVES}photos/{photos[0].public_id}/"
    assert alices.put(one).status_code == alices.put(one).status_code == 204
    assert as_charlie.get(COVES).json()["photo_count"] == 2
    assert alices.delete(one).status_code == 204 and alices.delete(one).status_code == 404
    cover = {"cover": photos[3].public_id, "description": "By the sea.", "visibility": "private"}
    changed = send(alices, "PATCH", COVES, cover).json()
    assert changed["cover"]["public_id"] == photos[3].public_id
    assert changed["visibility"] == "private" and as_charlie.get(COVES).status_code == 404
    assert alices.delete(COVES).status_code == 204 and alices.get(COVES).status_code == 404
    assert Photo.objects.count() == 4


def test_hidden_photo_in_an_album_is_its_owners_to_order(alices, alice, as_charlie):
    shown, hidden = make_photo(alice, 1), make_photo(alice, 2, visibility="private")
    binned = make_photo(alice, 3, binned_at="2026-01-01T00:00Z")
    album = Album.objects.create(owner=alice, title="Coves", slug="coves")
    for position, photo in enumerate((binned, shown, hidden)):
        AlbumPhoto.objects.create(album=album, photo=photo, position=position)
    assert as_charlie.get(COVES).json()["photo_count"] == 1
    names = [one["public_id"] for one in alices.get(COVES).json()["photos"]["results"]]
    assert names == [shown.public_id, hidden.public_id]
    send(alices, "PUT", f"{COVES}photos/", {"photos": names[::-1]})
    # What is in the bin keeps a place for the day it comes back.
    assert [entry.photo for entry in album.entries.all()] == [hidden, shown, binned]


def test_order_of_what_was_changed_meanwhile_is_refused(alices, alice):
    photos = make_photos(alice, 2)
    names = [photo.public_id for photo in photos]
    made = send(alices, "POST", ALBUMS, {"title": "Coves"})
    seen = {"if-match": made["ETag"]}
    assert send(alices, "PUT", f"{COVES}photos/", {"photos": names}, **seen).status_code == 200
    assert send(alices, "PUT", f"{COVES}photos/", {"photos": []}, **seen).status_code == 412
    fresh = {"if-match": alices.get(COVES)["ETag"]}
    assert send(alices, "PUT", f"{COVES}photos/", {"photos": []}, **fresh).status_code == 200


def test_album_is_matched_by_all_its_photos_on_whichever_page(alices, alice, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 2)
    names = [photo.public_id for photo in make_photos(alice, 5)]
    send(alices, "POST", ALBUMS, {"title": "Coves"})
    send(alices, "PUT", f"{COVES}photos/", {"photos": names})
    first = alices.get(COVES)
    others = [alices.get(first.json()["photos"]["next"]), alices.get(f"{COVES}?page_size=5")]
    seen = [one["ETag"] for one in (first, *others)]
    assert len(set(seen)) == 3
    for etag in seen:
        assert alices.get(COVES, headers={"if-none-match": etag}).status_code == (
            304 if etag == first["ETag"] else 200
        )
        match = {"if-match": etag}
        assert send(alices, "PATCH", COVES, {"description": ""}, **match).status_code == 200
    swapped = {"photos": [*names[:3], names[4], names[3]]}
    assert send(alices, "PUT", f"{COVES}photos/", swapped, **match).status_code == 200
    for etag in seen:
        late = send(alices, "PUT", f"{COVES}photos/", {"photos": names}, **{"if-match": etag})
        assert late.status_code == 412


def test_nothing_is_deleted_or_put_unseen(alices, alice):
    photos = make_photos(alice, 2)
    send(alices, "POST", ALBUMS, {"title": "Coves"})
    send(alices, "PUT", f"{COVES}photos/", {"photos": [photos[0].public_id]})
    add, remove = (f"{COVES}photos/{photos[number].public_id}/" for number in (1, 0))
    changes = [("PUT", add), ("DELETE", remove), ("DELETE", COVES), ("DELETE", address(photos[0]))]
    stale = {"if-match": '"0-0"'}
    for method, path in changes:
        assert send(alices, method, path, **stale).status_code == 412
    assert AlbumPhoto.objects.get().photo == photos[0]
    assert not Photo.objects.exclude(binned_at=None).exists()
    for method, path in changes:
        seen = alices.get(COVES if path.startswith(ALBUMS) else path)["ETag"]
        assert send(alices, method, path, **{"if-match": seen}).status_code == 204


def test_album_costs_as_many_queries_whatever_is_in_it(
    alices, alice, django_assert_max_num_queries
):
    send(alices, "POST", ALBUMS, {"title": "Coves"})
    names = [photo.public_id for photo in make_photos(alice, 60)]
    send(alices, "PUT", f"{COVES}photos/", {"photos": names})
    with django_assert_max_num_queries(6):
        assert alices.get(COVES).status_code == 200


def test_owner_is_sent_every_field_of_the_schema(alices, alice):
    photo = make_photo(alice)
    services.create_album(alice, "Coves")
    for path, component in ((COVES, "AlbumDetailOutput"), (address(photo), "PhotoOutput")):
        fields = generated()["components"]["schemas"][component]["properties"]
        assert alices.get(path).json().keys() == fields.keys()


def test_answer_to_an_order_links_to_the_next_page_of_the_album(alices, alice, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 2)
    names = [photo.public_id for photo in make_photos(alice, 3)]
    send(alices, "POST", ALBUMS, {"title": "Küste"})
    answer = send(alices, "PUT", f"{ALBUMS}küste/photos/", {"photos": names}).json()
    following = alices.get(answer["photos"]["next"]).json()["photos"]
    assert [one["public_id"] for one in following["results"]] == names[2:]


def test_order_names_the_photo_that_is_not_there(alices, alice, bob):
    Album.objects.create(owner=alice, title="Coves", slug="coves")
    for other in (make_photo(bob), make_photo(bob, 1, visibility="private")):
        answer = send(alices, "PUT", f"{COVES}photos/", {"photos": [other.public_id]})
        assert answer.status_code == 404 and other.public_id in str(answer.json()["fields"])
    too_many = send(alices, "PUT", f"{COVES}photos/", {"photos": ["a"] * 10_001})
    assert too_many.status_code == 400


# --- Alice's is not Bob's ---
@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_token_of_bob_touches_nothing_of_alices(alices, bobs, alice, visibility):
    photo = make_photo(alice, visibility=visibility)
    album = Album.objects.create(
        owner=alice,
        title="Coves",
        slug="coves",
        visibility="private" if visibility == "unlisted" else visibility,
    )
    AlbumPhoto.objects.create(album=album, photo=photo)

    def stored():
        return (
            list(Photo.objects.values()),
            list(Album.objects.values()),
            list(AlbumPhoto.objects.values()),
        )

    before = stored()
    expected = 403 if visibility == "public" else 404
    for method, path, data in (
        ("PATCH", address(photo), {"title": "Mine"}),
        ("DELETE", address(photo), None),
        ("PATCH", COVES, {"title": "Mine"}),
        ("PUT", f"{COVES}photos/", {"photos": []}),
        ("PUT", f"{COVES}photos/{photo.public_id}/", None),
        ("DELETE", f"{COVES}photos/{photo.public_id}/", None),
        ("DELETE", COVES, None),
    ):
        response = send(bobs, method, path, data)
        assert response.status_code == expected, (method, path)
        if expected == 403:
            assert "another photographer's" in response.json()["detail"]
    assert bobs.post(f"{address(photo)}restore/").status_code == 404
    assert stored() == before
    read = bobs.get(address(photo))
    assert read.status_code == (200 if visibility == "public" else 404)
    assert "visibility" not in read.json() and bobs.get(MINE).json()["results"] == []
    # Nor do they get into an album of Bob's.
    send(bobs, "POST", ALBUMS, {"title": "Mine"})
    put = send(bobs, "PUT", f"{ALBUMS}mine/photos/{photo.public_id}/")
    assert put.status_code == expected
    assert send(bobs, "PATCH", f"{ALBUMS}mine/", {"cover": photo.public_id}).status_code == 404


def test_token_that_does_not_read_sees_what_strangers_see(alice):
    hidden = make_photo(alice, visibility="private")
    shown = make_photo(alice, 1)
    as_token = client_of(alice, "photos:edit")
    assert as_token.get(address(hidden)).status_code == 404
    assert "visibility" not in as_token.get(address(shown)).json()


@pytest.mark.parametrize("visibility", ["public", "unlisted", "private"])
def test_token_that_does_not_read_is_told_only_where_it_wrote(alice, visibility):
    photo = make_photo(alice, visibility=visibility, original_name="a.jpg", place="Home")
    album = services.create_album(alice, "Coves", visibility="private")
    services.add_to_album(album, photo)
    writes = [scope for scope in ApiToken.Scope.values if scope != "photos:read"]
    as_token = client_of(alice, *writes)
    for answer in (
        send(as_token, "PATCH", address(photo), {}),
        send(as_token, "POST", f"{address(photo)}restore/"),
    ):
        page = f"http://testserver/photos/{photo.public_id}/"
        assert answer.json() == {"public_id": photo.public_id, "url": page}
    for answer in (
        send(as_token, "PATCH", COVES, {"cover": photo.public_id}),
        send(as_token, "PUT", f"{COVES}photos/", {"photos": [photo.public_id]}),
    ):
        assert answer.json() == {"slug": "coves", "url": "http://testserver/albums/coves/"}
        seen = {"if-match": answer["ETag"]}
    uploaded = upload(as_token, visibility=visibility)
    assert uploaded.status_code == 201 and set(uploaded.json()) == {"public_id", "url"}
    made = send(as_token, "POST", ALBUMS, {"title": "Piers"})
    assert made.status_code == 201 and set(made.json()) == {"slug", "url"}
    for answer, component in ((uploaded, "WrittenPhotoOutput"), (made, "WrittenAlbumOutput")):
        schema = {"$ref": f"#/components/schemas/{component}"}
        jsonschema.validate(answer.json(), generated() | schema)
    # What it did itself it may go on with.
    assert send(as_token, "PATCH", COVES, {"title": "Bays"}, **seen).status_code == 200


def test_token_of_a_superuser_is_a_photographers_too(alice, bob):
    bob.user.is_superuser = True
    bob.user.save()
    photo = make_photo(alice, visibility="private")
    bobs = client_of(bob)
    assert bobs.get(address(photo)).status_code == 404
    assert bobs.delete(address(photo)).status_code == 404
