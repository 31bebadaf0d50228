"""Another file for a photo that is there, and pictures made anew: what stays, what is renewed."""

import io
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from gallery import pipeline, renditions, services
from gallery.exceptions import DuplicateUpload, RefusedUpload
from gallery.models import FileTrash, Photo, Renewal, Tag
from gallery.tags import set_tags
from search import reconcile as words
from search.models import PhotoDocument
from tests.conftest import jpeg, ready, upload
from tests.gallery.test_admin import LIST, act, change_page, edited, may_use_admin
from tests.gallery.test_at_once import held_up
from tests.gallery.test_files import stored
from tests.gallery.test_metadata import listed, xmp

pytestmark = pytest.mark.django_db(transaction=True)


def picture(colour="teal", size=(60, 40), *, keywords=(), model="", **texts) -> bytes:
    """Return a JPEG of one colour that says these things of itself."""
    elements = {
        "title": "<dc:title><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:title>",
        "description": "<dc:description><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:description>",
        "creator": "<dc:creator><rdf:Seq><rdf:li>{}</rdf:li></rdf:Seq></dc:creator>",
        "copyright": "<dc:rights><rdf:Alt><rdf:li>{}</rdf:li></rdf:Alt></dc:rights>",
        "place": "<photoshop:City>{}</photoshop:City>",
    }
    packet = "".join(elements[name].format(text) for name, text in texts.items())
    packet += listed("dc:subject", *keywords) if keywords else ""
    exif = Image.Exif()
    if model:
        exif[0x010F], exif[0x0110] = "Canon", model
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(
        buffer, "JPEG", quality=95, exif=exif, xmp=xmp(packet).encode()
    )
    return buffer.getvalue()


def replace(photo, data: bytes, name="new.jpg") -> None:
    services.replace_file(photo, ContentFile(data, name=name))


def work(*photos) -> None:
    """Work the pixels and the index queue until nothing is due, and read the photos again."""
    while pipeline.process_next():
        pass
    while words.index_due():
        pass
    for photo in photos:
        photo.refresh_from_db()


def urls(photo) -> set[str]:
    return {
        renditions.rendition_url(photo, one["width"], one["format"]) for one in photo.renditions
    }


def statuses(client, addresses) -> set[int]:
    return {client.get(address).status_code for address in addresses}


def an_hour_later() -> None:
    FileTrash.objects.update(due_at=timezone.now())
    pipeline.tidy()


def tag_names(photo) -> set[str]:
    return set(photo.tags.values_list("name", flat=True))


OLD = {
    "title": "Old pier",
    "description": "As it was",
    "creator": "Ann",
    "copyright": "Ann 2020",
    "place": "Whitby",
}
NEW = {
    "title": "New pier",
    "description": "As it is",
    "creator": "Zoe",
    "copyright": "Zoe 2024",
    "place": "Dover",
}


def of_old_file(owner, **fields):
    return ready(owner, picture("navy", model="EOS R5", keywords=["fog"], **OLD), **fields)


def texts(photo) -> dict[str, str]:
    return {name: getattr(photo, name) for name in NEW}


# --- What stays and what is renewed --------------------------------------------------------
def test_page_albums_and_link_stay_and_all_that_is_derived_is_renewed(alice, client):
    photo = of_old_file(alice, location_shown=True)
    album = services.get_album(alice, "Coves")
    services.add_to_album(album, photo)
    before = Photo.objects.get(pk=photo.pk)
    replace(photo, picture("yellow", (80, 90), model="EOS R6", keywords=["sun"], **NEW))
    work(photo)
    for name in ("public_id", "share_token", "published_at", "created_at", "random_key"):
        assert getattr(photo, name) == getattr(before, name)
    assert album.photos.get() == photo and photo.listed
    assert client.get(photo.get_absolute_url()).status_code == 200
    assert texts(photo) == NEW and tag_names(photo) == {"sun"}
    assert (photo.width, photo.height, photo.camera) == (80, 90, "Canon EOS R6")
    assert (photo.original_name, photo.recipe) == ("new.jpg", renditions.RECIPE)
    assert (before.colours, photo.colours) == (["blue"], ["yellow"])
    for name in ("file_key", "placeholder", "content_hash", "original", "renditions"):
        assert getattr(photo, name) != getattr(before, name)
    assert PhotoDocument.objects.get(photo_id=photo.pk).tsv.count("dover")
    assert not Renewal.objects.exists()


@pytest.mark.parametrize("name", NEW)
@pytest.mark.parametrize("written", ["By hand", ""])
def test_text_that_was_edited_stays_an_empty_one_too(alice, name, written):
    photo = of_old_file(alice)
    Photo.objects.filter(pk=photo.pk).update(**{name: written})
    replace(photo, picture(**NEW))
    work(photo)
    assert texts(photo) == NEW | {name: written}
    replace(photo, picture("red", **OLD))
    work(photo)
    assert texts(photo) == OLD | {name: written}


@pytest.mark.parametrize("names", [["sand"], ["fog", "sand"], []])
def test_tags_that_were_edited_stay(alice, names):
    photo = of_old_file(alice)
    set_tags(photo, names)
    replace(photo, picture(keywords=["sun"]))
    work(photo)
    assert tag_names(photo) == set(names)


def test_text_written_while_the_new_file_is_read_stays(alice, monkeypatch):
    photo = of_old_file(alice)
    render = renditions.render

    def write_meanwhile(*args, **kwargs):
        Photo.objects.filter(pk=photo.pk).update(title="By hand")
        return render(*args, **kwargs)

    monkeypatch.setattr(renditions, "render", write_meanwhile)
    replace(photo, picture(**NEW))
    work(photo)
    assert texts(photo) == NEW | {"title": "By hand"}


def test_new_file_that_says_nothing_wipes_no_text_but_facts(alice):
    photo = of_old_file(alice)
    replace(photo, jpeg())
    work(photo)
    assert texts(photo) == OLD and tag_names(photo) == {"fog"} and photo.camera == ""
    replace(photo, picture("red", keywords=["sun"], **NEW))
    work(photo)
    assert texts(photo) == NEW and tag_names(photo) == {"sun"}, "they were no edits"


@pytest.mark.parametrize("is_there", [True, False])
def test_photo_from_before_texts_were_kept_has_its_old_file_read(alice, is_there):
    photo = of_old_file(alice)
    del photo.metadata["texts"]
    Photo.objects.filter(pk=photo.pk).update(metadata=photo.metadata, place="By hand")
    if not is_there:
        storages["originals"].delete(photo.original)
    replace(photo, picture(**NEW))
    work(photo)
    stays = OLD if not is_there else NEW
    assert texts(photo) == stays | {"place": "By hand"}


def test_sidecar_of_the_old_file_says_nothing_of_the_new(alice):
    packet = xmp("<dc:title><rdf:Alt><rdf:li>Aside</rdf:li></rdf:Alt></dc:title>")
    photo = ready(alice, picture(**OLD), sidecar=packet)
    assert photo.title == "Aside"
    replace(photo, picture("red", **NEW))
    work(photo)
    assert photo.title == "New pier"


# --- Until it is done ----------------------------------------------------------------------
def test_old_file_serves_until_the_new_is_ready_and_goes_then(alice, client):
    photo = of_old_file(alice)
    old, old_original = urls(photo), photo.original
    replace(photo, picture("yellow", (90, 60)))
    photo.refresh_from_db()
    assert photo.listed and urls(photo) == old and statuses(client, old) == {200}
    assert next(iter(old)) in client.get(photo.get_absolute_url()).content.decode()
    work(photo)
    pipeline.tidy()
    assert not old & urls(photo)
    assert statuses(client, old | urls(photo)) == {200}, "pages that were sent ask for the old"
    assert stored("originals") >= {photo.original} and old_original not in stored("originals")
    an_hour_later()
    assert statuses(client, old) == {404} and statuses(client, urls(photo)) == {200}
    assert {name for name in stored("renditions") if photo.public_id in name} == set(
        renditions.stored_names(photo)
    )


def test_photo_that_is_hidden_takes_its_earlier_pictures_along(alice, client):
    photo = of_old_file(alice)
    old = urls(photo)
    replace(photo, picture("yellow", (90, 60)))
    work(photo)
    services.set_visibility([photo], "private")
    assert statuses(client, old | urls(photo)) == {404}
    assert not any(photo.public_id in name for name in stored("renditions"))


@pytest.mark.parametrize("hide", [lambda p: services.set_visibility([p], "private"),
                                  lambda p: services.bin_photos([p])])  # fmt: skip
@pytest.mark.parametrize("at", ["decoding", "storing"])
def test_photo_hidden_while_the_new_file_is_read_is_nowhere_public(alice, monkeypatch, at, hide):
    photo = of_old_file(alice)
    replace(photo, picture("yellow", (90, 60)))
    where, name = (renditions, "render") if at == "decoding" else (storages["renditions"], "save")
    original, done = getattr(where, name), []

    def hide_meanwhile(*args, **kwargs):
        if not done:
            done.append(True)
            hide(photo)
        return original(*args, **kwargs)

    monkeypatch.setattr(where, name, hide_meanwhile)
    for _ in range(2):
        work(photo)
        Renewal.objects.update(claimed_until=None)
    photo.refresh_from_db()
    assert done and (photo.width, photo.height) == (90, 60) and not photo.renditions_public
    assert set(renditions.stored_names(photo)) <= stored("private_renditions")
    an_hour_later()
    assert not any(photo.public_id in name for name in stored("renditions"))


def test_private_photo_gets_private_files(alice):
    photo = of_old_file(alice, visibility="private")
    replace(photo, picture("yellow", (90, 60)))
    work(photo)
    assert not photo.renditions_public
    assert set(renditions.stored_names(photo)) <= stored("private_renditions")
    an_hour_later()
    assert not any(photo.public_id in name for name in stored("renditions"))


def test_file_that_cannot_be_read_changes_nothing_and_says_why(alice, client):
    photo = of_old_file(alice)
    before = Photo.objects.get(pk=photo.pk)
    replace(photo, jpeg((600, 400))[:1200], name="broken.jpg")
    work(photo)
    assert photo.listed and urls(photo) == urls(before) and photo.original == before.original
    assert statuses(client, urls(photo)) == {200} and texts(photo) == OLD
    client.force_login(may_use_admin(alice))
    html = client.get(change_page(photo)).content.decode()
    assert "broken.jpg" in html and "Export it again" in html
    assert 'name="_retry"' in html and 'name="_keep"' in html
    assert "1 could not be made anew" in client.get(LIST).content.decode()
    assert "Old pier" in client.get(LIST, {"renewal": "failed"}).content.decode()
    client.post(change_page(photo), edited(photo, _retry="yes"))
    assert Renewal.objects.get().state == "pending"
    work(photo)
    client.post(change_page(photo), edited(photo, _keep="yes"))
    assert not Renewal.objects.exists()
    an_hour_later()
    assert photo.original in stored("originals")
    assert not FileTrash.objects.exists() and statuses(client, urls(photo)) == {200}


@pytest.mark.parametrize("at", ["first", "last"])
def test_worker_that_dies_is_followed_by_the_next_run(alice, monkeypatch, client, at):
    photo = of_old_file(alice)
    old = urls(photo)
    replace(photo, picture("yellow", (90, 60)))

    def die(*args, **kwargs):
        raise MemoryError("the worker dies here")

    before = stored("renditions")
    with monkeypatch.context() as patch, pytest.raises(MemoryError):
        patch.setattr(*((renditions, "render") if at == "first" else (pipeline, "_finish")), die)
        pipeline.process_next()
    assert not pipeline.process_next(), "its lease is not over"
    photo.refresh_from_db()
    assert photo.listed and statuses(client, old) == {200}
    Renewal.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    work(photo)
    assert (photo.width, photo.height) == (90, 60) and not Renewal.objects.exists()
    an_hour_later()
    assert stored("renditions") - before == set(renditions.stored_names(photo))


def test_worker_that_is_late_changes_nothing(alice, monkeypatch):
    photo = of_old_file(alice)
    replace(photo, picture("yellow", (90, 60), **NEW))
    render, done = renditions.render, []

    def be_overtaken(*args, **kwargs):
        made = render(*args, **kwargs)
        if not done:
            done.append(True)
            Renewal.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
            assert pipeline.process_next()
            done.append(Photo.objects.get(pk=photo.pk).file_key)
        return made

    monkeypatch.setattr(renditions, "render", be_overtaken)
    work(photo)
    assert done == [True, photo.file_key]
    an_hour_later()
    assert set(renditions.stored_names(photo)) <= stored("renditions")


def test_attempts_that_end_without_an_answer_are_counted(alice):
    photo = of_old_file(alice)
    replace(photo, picture("yellow"))
    Renewal.objects.update(attempts=pipeline.MAX_ATTEMPTS)
    work(photo)
    assert Renewal.objects.get().failure == pipeline.GAVE_UP and photo.listed


def test_storage_that_is_away_costs_no_attempt(alice, monkeypatch):
    photo = of_old_file(alice)
    replace(photo, picture("yellow"))

    def away(*args, **kwargs):
        raise OSError("no route to storage")

    with monkeypatch.context() as patch:
        patch.setattr(storages["renditions"], "save", away)
        work(photo)
    renewal = Renewal.objects.get()
    assert (renewal.state, renewal.attempts) == ("pending", 0) and photo.listed
    Renewal.objects.update(claimed_until=None)
    work(photo)
    assert photo.colours == ["yellow"]


# --- Several at once -----------------------------------------------------------------------
def test_of_two_replacements_the_later_one_counts(alice, monkeypatch):
    photo = of_old_file(alice)
    replace(photo, picture("yellow"))
    first = Renewal.objects.get().original
    render, done = renditions.render, []

    def replace_meanwhile(*args, **kwargs):
        if not done:
            done.append(True)
            replace(photo, picture("red"))
        return render(*args, **kwargs)

    monkeypatch.setattr(renditions, "render", replace_meanwhile)
    work(photo)
    assert photo.colours == ["red"] and not Renewal.objects.exists()
    an_hour_later()
    assert first not in stored("originals") and photo.original in stored("originals")


def test_two_replacements_at_one_moment_wait_for_each_other(alice):
    photo = of_old_file(alice)
    with held_up(
        lambda: replace(photo, picture("red")), by=lambda: replace(photo, picture("yellow"))
    ) as second:
        pass
    second.result()
    work(photo)
    assert photo.colours == ["red"]
    an_hour_later()
    assert photo.original in stored("originals")


def test_file_of_another_photo_is_refused_and_the_same_file_is_there(alice):
    mine, other = picture("yellow"), picture("red")
    photo, twin = ready(alice, mine), ready(alice, other)
    with pytest.raises(DuplicateUpload) as refused:
        replace(photo, other)
    assert refused.value.photo == twin
    with pytest.raises(RefusedUpload, match="this very file already"):
        replace(photo, mine)
    with pytest.raises(RefusedUpload, match="not a picture"):
        replace(photo, b"%PDF-1.7")
    assert not Renewal.objects.exists() and not FileTrash.objects.exists()


def test_file_that_another_photo_got_meanwhile_replaces_nothing(alice):
    photo, data = of_old_file(alice), picture("yellow")
    replace(photo, data)
    twin = upload(alice, data, title="Other")
    work(photo, twin)
    assert "already there as “Other”" in Renewal.objects.get().failure
    assert photo.original_name != "new.jpg" and twin.state == "ready"


def test_photo_that_is_new_is_read_first_then_its_replacement(alice):
    photo = upload(alice, picture("navy", **OLD))
    replace(photo, picture("yellow", **NEW))
    pipeline.process_next()
    photo.refresh_from_db()
    assert (photo.state, photo.title) == ("ready", "Old pier")
    work(photo)
    assert texts(photo) == NEW


def test_photo_that_failed_is_healed_by_another_file(alice):
    photo = upload(alice, picture("navy", (600, 400), **OLD)[:2500])
    work(photo)
    assert photo.state == "failed"
    replace(photo, picture("yellow", **NEW))
    work(photo)
    assert (photo.state, photo.failure) == ("ready", "") and texts(photo) == NEW and photo.listed


def test_photo_deleted_for_good_takes_along_the_file_that_waited(alice):
    photo = of_old_file(alice)
    replace(photo, picture("yellow"))
    waiting = Renewal.objects.get().original
    services.bin_photos([photo])
    Photo.objects.update(binned_at="2020-01-01T00:00Z")
    pipeline.tidy()
    assert not Photo.objects.exists() and not Renewal.objects.exists()
    assert not {waiting, photo.original} & stored("originals")


# --- In the admin --------------------------------------------------------------------------
def replace_page(photo) -> str:
    return reverse("admin:gallery_photo_replace", args=[photo.pk])


def posted(data: bytes) -> dict:
    return {"file": SimpleUploadedFile("export.jpg", data)}


def test_form_replaces_the_file_and_the_page_shows_how_far_it_is(client, alice):
    client.force_login(may_use_admin(alice))
    photo, twin = of_old_file(alice), ready(alice, jpeg(colour="red"))
    assert replace_page(photo) in client.get(change_page(photo)).content.decode()
    assert "that you wrote or changed" in client.get(replace_page(photo)).content.decode()
    same = client.post(replace_page(photo), posted(jpeg(colour="red"))).content.decode()
    assert "already there" in same and change_page(twin) in same
    html = client.post(replace_page(photo), posted(picture(**NEW)), follow=True).content.decode()
    assert "export.jpg”: waiting" in html
    assert 'name="title"' not in html, "the file may still bring one"
    assert "export.jpg" in LogEntry.objects.get(object_id=str(photo.pk)).get_change_message()
    assert "1 being made anew" in client.get(LIST).content.decode()
    work(photo)
    html = client.get(change_page(photo)).content.decode()
    assert 'value="New pier"' in html and "export.jpg" in html and "waiting" not in html


def test_bob_replaces_nothing_of_alice(client, alice, bob):
    photo = of_old_file(alice)
    client.force_login(may_use_admin(bob))
    assert client.post(replace_page(photo), posted(picture())).status_code == 302
    assert not Renewal.objects.exists()


def test_queries_of_the_list_do_not_grow_with_renewals(client, alice):
    client.force_login(may_use_admin(alice))
    photos = [ready(alice) for _ in range(6)]
    replace(photos[0], picture("red"))
    client.get(LIST)
    with CaptureQueriesContext(connection) as few:
        client.get(LIST)
    for number, photo in enumerate(photos[1:]):
        replace(photo, picture((number, 0, 0)))
    with CaptureQueriesContext(connection) as many:
        html = client.get(LIST).content.decode()
    assert len(many) == len(few) and html.count("new.jpg”: waiting") == 6


# --- Pictures made anew --------------------------------------------------------------------
def reprocess(*arguments, **options) -> str:
    out = StringIO()
    call_command("reprocess", *arguments, stdout=out, **options)
    return out.getvalue()


def test_pictures_are_made_anew_while_the_old_ones_serve(alice, client, monkeypatch):
    photo = of_old_file(alice)
    Photo.objects.update(recipe="of yesterday", title="By hand")
    photo.refresh_from_db()
    set_tags(photo, [])
    photo.refresh_from_db()
    old, changed_at = urls(photo), photo.changed_at
    render, served = renditions.render, []

    def look_meanwhile(*args, **kwargs):
        served.append(Photo.objects.get().listed and statuses(client, old))
        return render(*args, **kwargs)

    monkeypatch.setattr(renditions, "render", look_meanwhile)
    assert "1 made anew, 0 failed, 0 left" in reprocess(stale=True)
    photo.refresh_from_db()
    assert served == [{200}] and statuses(client, old | urls(photo)) == {200}
    assert not old & urls(photo) and photo.recipe == renditions.RECIPE and photo.listed
    assert photo.title == "By hand" and not photo.tags.exists()
    assert photo.changed_at == changed_at, "nothing to encode or to index anew"
    assert "0 made anew" in reprocess(stale=True) and len(served) == 1
    an_hour_later()
    assert statuses(client, old) == {404} and statuses(client, urls(photo)) == {200}


def test_what_a_better_reader_finds_is_taken_over_but_where_a_person_wrote(alice, monkeypatch):
    photo = of_old_file(alice)
    photo.metadata["texts"] |= {"title": "OLD PIER", "place": "WHITBY"}  # an older reader's
    Photo.objects.update(metadata=photo.metadata, title="OLD PIER", place="By hand")
    reprocess(photo.public_id)
    photo.refresh_from_db()
    assert texts(photo) == OLD | {"place": "By hand"}


def test_some_and_all(alice):
    photos = [ready(alice) for _ in range(3)]
    keys = {photo.pk: photo.file_key for photo in photos}

    def renewed() -> list[bool]:
        now = dict(Photo.objects.values_list("pk", "file_key"))
        return [now[photo.pk] != keys[photo.pk] for photo in photos]

    assert "2 made anew" in reprocess(*(photo.public_id for photo in photos[:2]))
    assert renewed() == [True, True, False]
    assert "3 made anew" in reprocess(all=True)
    assert renewed() == [True, True, True]
    for wrong in ([], ["nosuchphoto"]):
        with pytest.raises(CommandError):
            reprocess(*wrong)
    with pytest.raises(CommandError):
        reprocess(photos[0].public_id, all=True)


def test_original_that_is_gone_is_said_and_the_pictures_stay(alice, client):
    photo, fine = of_old_file(alice), ready(alice)
    old = urls(photo)
    original = storages["originals"].open(photo.original).read()
    storages["originals"].delete(photo.original)
    said = reprocess(all=True)
    assert f"{photo.public_id}: The original is not in storage" in said
    assert "1 made anew, 1 failed" in said
    assert statuses(client, old) == {200}
    replace(photo, original)
    assert storages["originals"].exists(photo.original), "the same file again brings it back"
    work(photo, fine)
    assert not Renewal.objects.exists() and urls(photo) != old


def test_new_photos_go_first_then_replacements_then_the_rest(alice):
    photos = [ready(alice) for _ in range(2)]
    services.reprocess(Photo.objects.all())
    services.reprocess(Photo.objects.all())
    assert Renewal.objects.count() == 2
    late = upload(alice)
    replace(photos[1], picture("yellow"))
    claims = [pipeline.claim_next() for _ in range(3)]
    assert [getattr(claim, "photo", claim) for claim in claims] == [late, photos[1], photos[0]]
    assert pipeline.claim_next() is None


def test_button_and_action_make_pictures_anew(client, alice):
    client.force_login(may_use_admin(alice))
    photos = [of_old_file(alice), ready(alice), ready(alice)]
    client.post(change_page(photos[0]), edited(photos[0], _reprocess="yes"))
    assert Renewal.objects.get().photo == photos[0]
    act(client, "reprocess", *photos[:2])
    assert {one.photo for one in Renewal.objects.all()} == set(photos[:2])
    work()
    assert not Renewal.objects.exists()


def test_photo_that_lost_a_file_is_healed_while_it_is_listed(alice, client):
    photo = ready(alice)
    storages["renditions"].delete(renditions.stored_names(photo)[0])
    services.process_again(photo)
    services.process_again(photo)
    photo.refresh_from_db()
    assert photo.listed
    work(photo)
    assert statuses(client, urls(photo)) == {200}
    services.process_again(Photo(pk=photo.pk, file_key="of before"))
    assert not Renewal.objects.exists()
    assert not Tag.objects.exists()
