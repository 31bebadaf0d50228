"""Alice's private and unlisted photos: for Alice, not for Bob, not for Charlie."""

import pytest

from gallery.models import Album, AlbumPhoto
from tests.pages.conftest import index_words, make_photo, make_photos

SECRET = "Hidden cove"


@pytest.fixture
def listed(alice):
    return make_photos(alice, 3)


@pytest.fixture(params=["private", "unlisted", "binned", "unpublished", "pending"])
def secret(request, alice, listed):
    """A photo of Alice's that is not listed, in an album that is, chosen as its cover."""
    from datetime import timedelta

    from django.utils import timezone

    fields = {
        "private": {"visibility": "private"},
        "unlisted": {"visibility": "unlisted"},
        "binned": {"binned_at": timezone.now()},
        "unpublished": {"published_at": timezone.now() + timedelta(days=1)},
        "pending": {"state": "pending", "renditions": [], "renditions_public": False},
    }[request.param]
    photo = make_photo(alice, 1, title=SECRET, featured=True, **fields)
    album = Album.objects.create(owner=alice, title="Coves", slug="coves", cover=photo)
    for position, one in enumerate([photo, *listed]):
        AlbumPhoto.objects.create(album=album, photo=one, position=position)
    index_words()
    return photo


def everywhere(photo, listed) -> list[str]:
    pages = [
        *("/", "/photos/", "/discover/", "/albums/", "/albums/coves/", "/by/alice/"),
        *("/search/?q=hidden+cove", "/feed/", "/sitemap.xml", "/sitemap-photos.xml"),
        *("/sitemap-albums.xml", "/api/v1/photos/", "/api/v1/albums/"),
        "/api/v1/search/?q=hidden+cove",
    ]
    for one in listed:
        pages += [
            f"/photos/{one.public_id}/",
            f"/photos/{one.public_id}/similar/",
            f"/api/v1/photos/{one.public_id}/",
            f"/api/v1/photos/{one.public_id}/similar/",
        ]
    return pages


def test_charlie_finds_it_nowhere(as_charlie, secret, listed):
    for path in everywhere(secret, listed):
        response = as_charlie.get(path)
        assert response.status_code == 200, path
        body = response.content.decode()
        for trace in (secret.public_id, secret.file_key, secret.share_token, str(secret.pk)):
            assert trace not in body, path
        assert f">{SECRET}<" not in body and f'"{SECRET}"' not in body, path


def test_charlie_cannot_open_it(as_charlie, secret):
    for path in (
        *(f"/photos/{secret.public_id}/", f"/photos/{secret.public_id}/a-slug/"),
        *(f"/photos/{secret.public_id}/similar/", f"/api/v1/photos/{secret.public_id}/"),
        f"/api/v1/photos/{secret.public_id}/similar/",
    ):
        assert as_charlie.get(path).status_code == 404, path
    for one in secret.renditions:
        extension = {"jpeg": "jpg"}.get(one["format"], one["format"])
        name = f"{secret.public_id}-{secret.file_key}/{one['width']}.{extension}"
        assert as_charlie.get(f"/private/r/{name}").status_code in (403, 404)


@pytest.mark.parametrize("uses_admin", [False, True])
def test_bob_cannot_open_it(client, bob, secret, uses_admin):
    bob.user.is_staff = uses_admin
    bob.user.save()
    client.force_login(bob.user)
    assert client.get(f"/photos/{secret.public_id}/").status_code == 404
    assert client.get(f"/photos/{secret.public_id}/similar/").status_code == 404
    assert client.get(f"/originals/{secret.public_id}/").status_code == 404
    name = f"{secret.public_id}-{secret.file_key}/320.webp"
    assert client.get(f"/private/r/{name}").status_code == 404


def test_a_link_opens_unlisted_photos_only(as_charlie, secret):
    response = as_charlie.get(f"/share/{secret.share_token}/")
    if secret.visibility != "unlisted":
        assert response.status_code == 404
        return
    assert response.status_code == 200 and SECRET in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    assert "noindex" in response["X-Robots-Tag"]
    assert not response.cookies


def test_share_link_of_a_public_photo_leads_to_its_page(as_charlie, listed):
    response = as_charlie.get(f"/share/{listed[0].share_token}/")
    assert response.status_code == 302 and response["Location"] == listed[0].get_absolute_url()


def test_alice_sees_her_photo_marked(as_alice, alice):
    photo = make_photo(alice, visibility="private", title=SECRET)
    response = as_alice.get(f"/photos/{photo.public_id}/")
    assert response.status_code == 200
    assert "only you can see this" in response.content.decode()
    assert response["Cache-Control"] == "private, no-store"
    assert 'name="robots" content="noindex"' in response.content.decode()


def test_superusers_see_it(client, django_user_model, alice):
    photo = make_photo(alice, visibility="private")
    client.force_login(django_user_model.objects.create_superuser("carol"))
    assert client.get(f"/photos/{photo.public_id}/").status_code == 200


def test_alice_sees_a_photo_that_is_still_being_processed(as_alice, alice):
    fields = {"renditions": [], "width": None, "height": None, "placeholder": ""}
    photo = make_photo(alice, state="pending", **fields)
    html = as_alice.get(f"/photos/{photo.public_id}/").content.decode()
    assert "being processed" in html


def test_private_album_opens_for_its_owner_only(client, alice, listed):
    album = Album.objects.create(owner=alice, title="Mine", slug="mine", visibility="private")
    AlbumPhoto.objects.create(album=album, photo=listed[0])
    assert client.get("/albums/mine/").status_code == 404
    assert b"/albums/mine/" not in client.get("/albums/").content
    assert b"/albums/mine/" not in client.get(listed[0].get_absolute_url()).content
    client.force_login(alice.user)
    response = client.get("/albums/mine/")
    assert response.status_code == 200 and response["Cache-Control"] == "private, no-store"
