"""`import_photos`: sidecar, albums, report, and running it again."""

import json
from io import StringIO

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command

from gallery import pipeline
from gallery.models import Album, Photo, Photographer
from tests.conftest import jpeg
from tests.gallery.test_metadata import listed, xmp

pytestmark = pytest.mark.django_db


@pytest.fixture
def folder(tmp_path):
    """Two folders of pictures, one of them in two files, and what is no picture."""
    for name in ("coast/b.jpg", "coast/a.JPG", "town/街.png"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(jpeg())
    (tmp_path / "town/copy.jpg").write_bytes((tmp_path / "coast/a.JPG").read_bytes())
    (tmp_path / "town/broken.jpg").write_bytes(b"no picture")
    (tmp_path / "notes.txt").write_text("not looked at")
    return tmp_path


def run(*arguments, **options) -> str:
    out = StringIO()
    call_command("import_photos", *map(str, arguments), stdout=out, **options)
    return out.getvalue()


def test_every_file_is_accounted_for_and_a_second_run_doubles_nothing(folder, tmp_path):
    report = tmp_path / "report.json"
    assert "3 taken, 1 already there, 1 refused" in run(folder, report=report)
    outcomes = {one["file"].rpartition("/")[2]: one for one in json.loads(report.read_text())}
    assert {name: one["outcome"] for name, one in outcomes.items()} == {
        "a.JPG": "taken",
        "b.jpg": "taken",
        "街.png": "taken",
        "copy.jpg": "duplicate",
        "broken.jpg": "refused",
    }
    assert set(outcomes["a.JPG"]) == {"file", "outcome", "reason", "public_id"}
    assert outcomes["copy.jpg"]["public_id"] == outcomes["a.JPG"]["public_id"]
    assert "not a picture" in outcomes["broken.jpg"]["reason"]
    assert set(Photo.objects.values_list("visibility", flat=True)) == {"public"}
    assert "0 taken, 4 already there, 1 refused" in run(folder)
    assert Photo.objects.count() == 3


def test_sidecar_gives_texts(folder, tmp_path):
    sidecar = tmp_path / "photos.json"
    entry = {
        "file": "b.jpg",
        "title": "The pier",
        "description": "At low tide.",
        "tags": ["sea", "low tide"],
        "credit": "A. Photographer",
        "licence": "CC0",
    }
    sidecar.write_text(json.dumps([entry]))
    run(folder / "coast", sidecar=sidecar, owner="Alice")
    photo = Photo.objects.get(title="The pier")
    assert (photo.description, photo.creator, photo.owner.name) == (
        *("At low tide.", "A. Photographer"),
        "Alice",
    )
    assert {tag.name for tag in photo.tags.all()} == {"sea", "low tide"}


@pytest.mark.parametrize("text", ["{", '{"a": 1}', '[{"title": "no file"}]', "[1]"])
def test_wrong_sidecar_says_what_it_must_be(folder, tmp_path, text):
    sidecar = tmp_path / "photos.json"
    sidecar.write_text(text)
    with pytest.raises(CommandError, match='JSON list of objects with "file"'):
        run(folder, sidecar=sidecar)


def test_folders_become_albums_only_when_asked(folder):
    run(folder, album="Summer")
    assert [album.title for album in Album.objects.all()] == ["Summer"]
    names = Album.objects.get().entries.values_list("photo__original_name", flat=True)
    assert list(names) == ["a.JPG", "b.jpg", "街.png"]
    call_command("import_photos", str(folder), "--album", stdout=StringIO())
    assert set(Album.objects.values_list("title", flat=True)) == {"Summer", "coast", "town"}
    assert Album.objects.get(title="town").photos.count() == 2, "its copy is the coast's photo"


def test_photos_are_the_owners(folder):
    run(folder / "coast")
    assert set(Photo.objects.values_list("owner__name", flat=True)) == {"Owner"}
    get_user_model().objects.create_superuser("root", first_name="Ada")
    run(folder / "town")
    assert Photo.objects.filter(owner__name="Ada", owner__user__username="root").exists()


def test_places_are_shown_as_the_owner_has_it_or_as_it_is_said(folder):
    run(folder / "coast/a.JPG", owner="Ansel")
    assert not Photo.objects.filter(location_shown=True).exists()
    run(folder / "coast", owner="Ansel", show_location=True)
    assert Photo.objects.get(location_shown=True).original_name == "b.jpg"
    Photographer.objects.update(shows_location=True)
    run(folder / "town/街.png", owner="Ansel")
    assert Photo.objects.filter(location_shown=True).count() == 2


def test_missing_path_is_named(tmp_path):
    with pytest.raises(CommandError, match="nowhere"):
        run(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["b.xmp", "b.jpg.xmp", "b.XMP"])
def test_xmp_beside_a_picture_goes_before_its_own(folder, name):
    packet = xmp(listed("dc:title", "Aside") + "<photoshop:City>Whitby</photoshop:City>")
    (folder / "coast" / name).write_text(packet)
    run(folder / "coast")
    while pipeline.process_next():
        pass
    photos = {one.original_name: one for one in Photo.objects.all()}
    assert (photos["b.jpg"].title, photos["b.jpg"].place) == ("Aside", "Whitby")
    assert photos["a.JPG"].title == ""
    assert photos["b.jpg"].metadata["sidecar"] == packet, "and is there when it is processed again"


def test_xmp_beside_a_picture_that_is_none_costs_nothing(folder):
    (folder / "coast/b.xmp").write_bytes(b"\xff\x00 no text")
    assert "2 taken" in run(folder / "coast")
