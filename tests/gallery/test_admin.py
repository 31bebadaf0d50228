"""The admin as a photographer uses it: upload, be told, edit, hide, bin, restore, retry."""

import re

import pytest
from django.contrib.contenttypes.models import ContentType
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from embeddings.models import EmbeddingSpace
from gallery import pipeline, services
from gallery.models import Album, AlbumPhoto, Photo, Tag
from tests.conftest import jpeg, may_use_admin, ready, upload

pytestmark = pytest.mark.django_db

LIST = reverse("admin:gallery_photo_changelist")
ADD = reverse("admin:gallery_photo_add")


@pytest.fixture
def as_alice(client, alice):
    client.force_login(may_use_admin(alice))
    return client


def change_page(photo) -> str:
    return reverse("admin:gallery_photo_change", args=[photo.pk])


def posted(data: bytes, **fields) -> dict:
    return {
        "file": SimpleUploadedFile("IMG_1.jpg", data),
        "title": "",
        "description": "",
        "tag_names": "",
        "visibility": "public",
    } | fields


def edited(photo, **fields) -> dict:
    """Return what the change form posts for a photo."""
    return {
        **{name: getattr(photo, name) for name in ("title", "description", "place", "creator")},
        "copyright": photo.copyright,
        "visibility": photo.visibility,
        "published_at_0": photo.published_at.date().isoformat(),
        "published_at_1": photo.published_at.time().isoformat(),
    } | fields


def act(client, action: str, *photos, **fields):
    return client.post(
        LIST, {"action": action, "_selected_action": [p.pk for p in photos]} | fields
    )


def test_upload_is_accepted_and_belongs_to_who_uploads(as_alice, alice):
    response = as_alice.post(
        ADD, posted(jpeg(), title="Pier", tag_names="fog, low tide"), follow=True
    )
    assert "was added" in response.content.decode()
    photo = Photo.objects.get()
    assert (photo.owner, photo.title, photo.state) == (alice, "Pier", "pending")
    assert {tag.name for tag in photo.tags.all()} == {"fog", "low tide"}
    assert "1 photo waiting or being processed" in response.content.decode()


def test_upload_says_what_is_wrong_and_keeps_what_was_typed(as_alice):
    response = as_alice.post(ADD, posted(b"%PDF-1.7", title="Pier"))
    html = response.content.decode()
    assert response.status_code == 200 and "This is not a picture that can be taken" in html
    assert 'value="Pier"' in html and not Photo.objects.exists()


def test_same_file_again_leads_to_the_one_that_is_there(as_alice, alice):
    data = jpeg()
    photo = upload(alice, data)
    html = as_alice.post(ADD, posted(data)).content.decode()
    assert "already there" in html and change_page(photo) in html
    services.bin_photos([photo])
    assert "in the bin" in as_alice.post(ADD, posted(data)).content.decode()
    assert Photo.objects.count() == 1


def test_failed_photo_says_why_and_is_retried_by_a_button(as_alice, alice):
    photo = upload(alice, jpeg((600, 400))[:1200])
    pipeline.process_next()
    html = as_alice.get(LIST).content.decode()
    assert "Export it again" in html and "1 failed" in html
    page = as_alice.get(change_page(photo)).content.decode()
    assert "Export it again" in page and 'name="_retry"' in page
    as_alice.post(change_page(photo), edited(photo, _retry="Retry"))
    photo.refresh_from_db()
    assert photo.state == "pending" and photo.attempts == 0


def test_bin_asks_first_and_a_button_restores(as_alice, alice):
    photo = ready(alice, title="Pier")
    asked = act(as_alice, "bin", photo)
    assert "can be restored" in asked.content.decode()
    assert Photo.objects.get().binned_at is None
    act(as_alice, "bin", photo, confirmed="yes")
    photo.refresh_from_db()
    assert photo.binned_at and not photo.listed
    assert "Pier" not in as_alice.get(LIST).content.decode()
    assert "Pier" in as_alice.get(LIST, {"bin": "in"}).content.decode()
    assert 'name="_restore"' in as_alice.get(change_page(photo)).content.decode()
    as_alice.post(change_page(photo), edited(photo, _restore="Restore"))
    photo.refresh_from_db()
    assert photo.binned_at is None and photo.listed


def test_delete_goes_to_the_bin(as_alice, alice):
    photo = ready(alice)
    delete = reverse("admin:gallery_photo_delete", args=[photo.pk])
    assert "can be restored" in as_alice.get(delete).content.decode()
    as_alice.post(delete, {"post": "yes"})
    assert Photo.objects.get().binned_at


def test_form_that_hides_a_photo_ends_its_old_link(as_alice, alice):
    photo = ready(alice, visibility="unlisted")
    as_alice.post(change_page(photo), edited(photo, visibility="private"))
    old_token = photo.share_token
    photo.refresh_from_db()
    assert photo.visibility == "private" and photo.share_token != old_token


def test_text_written_in_the_form_is_searched_at_once_it_is_indexed(as_alice, alice):
    photo = ready(alice)
    as_alice.post(change_page(photo), edited(photo, title="Quetzal"))
    photo.refresh_from_db()
    assert photo.title == "Quetzal" and photo.changed_at > photo.indexed_at


def test_bob_sees_and_changes_nothing_of_alice(client, alice, bob):
    photo = ready(alice, title="Pier")
    album = services.get_album(alice, "Coves")
    client.force_login(may_use_admin(bob))
    assert "Pier" not in client.get(LIST).content.decode()
    assert client.get(change_page(photo)).status_code == 302
    act(client, "hide", photo)
    photo.refresh_from_db()
    assert photo.visibility == "public"
    assert "Coves" not in client.get(reverse("admin:gallery_album_changelist")).content.decode()
    assert client.get(reverse("admin:gallery_album_change", args=[album.pk])).status_code == 302
    assert client.get(reverse("original", args=[photo.public_id])).status_code == 404
    found = client.get(
        reverse("admin:autocomplete"),
        {"term": "Pier", "app_label": "gallery", "model_name": "albumphoto", "field_name": "photo"},
    ).json()
    assert found["results"] == []


COVES = {"title": "Coves", "slug": "coves", "visibility": "public", "description": ""}
ADD_ALBUM = reverse("admin:gallery_album_add")


def test_album_of_a_photographer_is_theirs(as_alice, alice):
    assert 'name="owner"' not in as_alice.get(ADD_ALBUM).content.decode()
    as_alice.post(ADD_ALBUM, COVES)
    assert Album.objects.get().owner == alice


def test_album_is_filled_and_ordered_and_its_form_does_not_grow(as_alice, alice):
    album = services.get_album(alice, "Coves")
    photos = [ready(alice, title=f"Photo {number}") for number in range(3)]
    for photo in photos[:2]:
        services.add_to_album(album, photo)
    change = reverse("admin:gallery_album_change", args=[album.pk])
    with CaptureQueriesContext(connection) as few:
        html = as_alice.get(change).content.decode()
    assert "2 · " in html
    add = reverse("admin:gallery_albumphoto_add")
    as_alice.post(add, {"album": album.pk, "photo": photos[2].pk, "position": 7})
    assert album.entries.count() == 3
    with CaptureQueriesContext(connection) as many:
        as_alice.get(change)
    assert len(many) == len(few)
    order = reverse("admin:gallery_albumphoto_changelist")
    html = as_alice.get(order, {"album__id__exact": album.pk}).content.decode()
    assert [html.index(photo.title) for photo in photos] == sorted(
        html.index(photo.title) for photo in photos
    )


def test_bob_cannot_refer_to_what_is_not_his(client, alice, bob):
    secret = ready(alice, title="Hidden cove", visibility="unlisted")
    album = services.get_album(alice, "Coves")
    client.force_login(may_use_admin(bob))
    html = client.post(ADD_ALBUM, COVES | {"slug": "bobs", "cover": secret.pk}).content.decode()
    assert "Hidden cove" not in html and not Album.objects.filter(owner=bob).exists()
    mine = services.get_album(bob, "Mine")
    add = reverse("admin:gallery_albumphoto_add")
    client.post(add, {"album": mine.pk, "photo": secret.pk, "position": 0})
    client.post(add, {"album": album.pk, "photo": ready(bob).pk, "position": 0})
    assert not AlbumPhoto.objects.exists()


def test_no_address_of_the_admin_tells_a_secret_link(client, alice, bob):
    secret = ready(alice, visibility="unlisted")
    client.force_login(may_use_admin(bob))
    kind = ContentType.objects.get_for_model(Photo).pk
    assert client.get(f"/admin/r/{kind}/{secret.pk}/").status_code == 404
    client.force_login(may_use_admin(alice))
    assert secret.get_absolute_url() in client.get(change_page(secret)).content.decode()


def test_tags_are_everybodys(client, alice, bob):
    ready(alice, tags=["secret place"], visibility="private")
    ready(alice, tags=["harbour"])
    client.force_login(may_use_admin(bob))
    html = client.get(reverse("admin:gallery_tag_changelist")).content.decode()
    assert "harbour" in html and "secret place" not in html
    tag = Tag.objects.get(name="harbour")
    for page in ("change", "delete"):
        client.post(reverse(f"admin:gallery_tag_{page}", args=[tag.pk]), {"post": "yes"})
    assert Tag.objects.get(pk=tag.pk).name == "harbour"


def test_form_opened_while_the_file_was_read_wipes_nothing(as_alice, alice):
    photo = upload(alice)
    html = as_alice.get(change_page(photo)).content.decode()
    assert 'name="title"' not in html and 'name="visibility"' in html
    stale = edited(photo)
    Photo.objects.filter(pk=photo.pk).update(state="processing", title="From the file")
    as_alice.post(change_page(photo), stale | {"visibility": "private"})
    photo.refresh_from_db()
    assert (photo.title, photo.visibility) == ("From the file", "private")
    assert photo.state == "processing"


def test_bin_takes_all_that_are_found(as_alice, alice):
    photos = [ready(alice) for _ in range(3)]
    across = {"select_across": "1", "index": "0"}
    page = act(as_alice, "bin", photos[0], **across).content.decode()
    assert 'name="select_across" value="1"' in page
    act(as_alice, "bin", photos[0], confirmed="yes", **across)
    assert not Photo.objects.filter(binned_at=None).exists()


def test_upload_while_storage_is_away_says_so(as_alice, monkeypatch):
    def away(*args, **kwargs):
        raise OSError("no route to storage")

    monkeypatch.setattr(storages["originals"], "save", away)
    html = as_alice.post(ADD, posted(jpeg(), title="Pier")).content.decode()
    assert "storage cannot be reached" in html and 'value="Pier"' in html


def test_original_is_for_its_owner(as_alice, alice):
    data = jpeg()
    photo = upload(alice, data, name="夏.jpg")
    response = as_alice.get(reverse("original", args=[photo.public_id]))
    assert b"".join(response.streaming_content) == data
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        (None, "No model was loaded yet"),
        ({"name": "clip", "failure": "No folder at /models/clip."}, "No folder at /models/clip."),
        ({"name": "demo"}, "nothing of real photographs"),
        ({"name": "clip"}, "No vectors worker is alive"),
    ],
)
def test_admin_says_what_is_wrong_with_the_model(as_alice, fields, sentence):
    if fields:
        EmbeddingSpace.objects.create(image_model="m", text_model="m", state="active", **fields)
    assert sentence in as_alice.get(reverse("admin:index")).content.decode()


def test_queries_of_the_list_do_not_grow(as_alice, alice, django_assert_max_num_queries):
    for _ in range(3):
        ready(alice)
    as_alice.get(LIST)
    with django_assert_max_num_queries(16) as few:
        as_alice.get(LIST)
    for _ in range(9):
        ready(alice)
    with django_assert_max_num_queries(len(few)):
        html = as_alice.get(LIST).content.decode()
    assert len(re.findall(r'<img src="[^"]+" width="160"', html)) == 12


def test_search_of_the_list_finds_each_photo_once_that_has_all_words(as_alice, alice, bob):
    one = upload(alice, title="Old pier", tags=["sea", "seaside"])
    other = upload(alice, name="sea 2.jpg")
    upload(alice, title="Hill")
    upload(bob, title="Sea of Bob")

    def found(text: str) -> set:
        changes = as_alice.get(LIST, {"q": text}).context["cl"]
        assert changes.result_count == len(changes.result_list)
        return set(changes.result_list)

    assert found("sea") == {one, other}
    assert found("SEA pier") == {one} and found("sea hill") == set()
    assert found('"sea 2"') == found(other.public_id) == {other}


@pytest.mark.parametrize(
    ("photos", "index"),
    [
        (Photo.objects.filter(binned_at=None), "photo_newest_created"),
        (Photo.objects.filter(binned_at=None).values("state"), "photo_newest_created"),
        (Photo.objects.filter(state="failed").order_by("-updated_at"), "photo_failed"),
    ],
)
def test_lists_and_counts_have_an_index(alice, photos, index):
    upload(alice)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    assert index in photos.explain()


# --- Where it was taken, licence, rating ---
def test_new_photos_show_their_place_as_their_photographer_has_it(as_alice, alice):
    as_alice.post(ADD, posted(jpeg()))
    assert not Photo.objects.get().location_shown
    page = reverse("admin:gallery_photographer_change", args=[alice.pk])
    said = {"name": "Alice", "slug": alice.slug, "shows_location": "on"}
    as_alice.post(page, said)
    as_alice.post(ADD, posted(jpeg()))
    assert Photo.objects.filter(location_shown=True).count() == 1, "the earlier one stays hidden"
    as_alice.post(page, said | {"for_all_photos": "on"})
    assert Photo.objects.filter(location_shown=True).count() == 2
    del said["shows_location"]
    as_alice.post(page, said | {"for_all_photos": "on"})
    alice.refresh_from_db()
    assert not alice.shows_location and not Photo.objects.filter(location_shown=True).exists()


def test_a_photographer_sets_the_places_of_their_own_photos_only(as_alice, alice, bob):
    own, foreign = ready(alice), ready(bob)
    page = reverse("admin:gallery_photographer_change", args=[bob.pk])
    as_alice.post(page, {"name": "Bob", "slug": "bob", "shows_location": 1, "for_all_photos": 1})
    act(as_alice, "show_place", own, foreign)
    assert Photo.objects.get(location_shown=True) == own
    act(as_alice, "hide_place", own)
    assert not Photo.objects.filter(location_shown=True).exists()


def test_the_form_shows_a_place_beside_whether_it_is_public(as_alice, alice):
    photo = ready(alice)
    as_alice.post(change_page(photo), edited(photo, place="My garden", licence="CC BY 4.0"))
    photo.refresh_from_db()
    assert (photo.place, photo.public_place, photo.licence) == ("My garden", "", "CC BY 4.0")
    html = as_alice.get(change_page(photo)).content.decode()
    row = html.partition("field-place field-location_shown")[2].partition("form-row")[0]
    assert "My garden" in row and "Coordinates are never shown" in row
    as_alice.post(change_page(photo), edited(photo, location_shown="on"))
    photo.refresh_from_db()
    assert photo.public_place == "My garden"


def test_ratings_filter_the_list(as_alice, alice):
    best, other = ready(alice, title="Best of all"), ready(alice, title="So so")
    Photo.objects.filter(pk=best.pk).update(rating=5)
    Photo.objects.filter(pk=other.pk).update(rating=-1)
    html = as_alice.get(LIST, {"rating__exact": 5}).content.decode()
    assert "Best of all" in html and "So so" not in html
