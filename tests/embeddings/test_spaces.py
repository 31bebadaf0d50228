"""A space's life: prepared once, built beside the one that serves, activated, rolled back."""

import time

import psycopg
import pytest
from django.conf import settings
from django.db import IntegrityError, connection
from django.utils import timezone
from PIL import Image

from embeddings import banks, pipeline, spaces
from embeddings.demo_model import bank, train
from embeddings.encoder import ModelUnavailable
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from gallery.models import Photo
from tests.conftest import ready
from tests.embeddings.conftest import OTHER_DIMENSIONS, a_space

pytestmark = pytest.mark.django_db


def index_names() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname FROM pg_indexes WHERE indexname LIKE '%_hnsw'")
        return {row[0] for row in cursor.fetchall()}


@pytest.fixture(autouse=True)
def nothing_loaded(monkeypatch):
    monkeypatch.setattr(pipeline, "_loaded", {})
    monkeypatch.setattr(pipeline, "_next_try", {})


@pytest.fixture(autouse=True)
def quick_banks(monkeypatch):
    """Draw nothing: that takes twenty seconds a space. test_banks draws once."""
    pictures = [Image.new("RGB", (64, 64), colour) for colour in ("red", "green", "blue")]
    monkeypatch.setattr(bank, "bank_images", lambda: pictures)
    floor = {"image": {"share": 0.5, "gate": 0.2, "keep": 0.1}}
    monkeypatch.setattr(banks, "calibrated_floor", lambda *arguments: (floor, []))


def encode_all() -> None:
    while pipeline.encode_due():
        pass


def test_a_new_site_gets_the_configured_space_once(db):
    spaces.ensure_space()
    spaces.ensure_space()
    space = EmbeddingSpace.objects.get()
    assert (space.name, space.state, space.is_prepared) == ("demo", "active", False)


@pytest.mark.parametrize(("shipped", "pictures"), [(True, bank.BANK_SIZE), (False, 3)])
def test_preparing_takes_or_makes_banks_and_makes_the_indexes(
    small_clip, other_folder, shipped, pictures
):
    profile = "demo" if shipped else other_folder
    space = spaces.create_space(profile)
    assert spaces.prepare(space, spaces.load_encoder(space))
    space.refresh_from_db()
    assert space.is_prepared
    assert spaces.bank(space, "captions").shape == (bank.BANK_SIZE, space.dimensions)
    assert spaces.bank(space, "images").shape == (pictures, space.dimensions)
    assert (space.floor["image"]["gate"] == 0.2) != shipped
    assert index_names() >= {spaces.index_name(space, one) for one in (ImageVector, TextVector)}


@pytest.mark.django_db(transaction=True)
def test_one_worker_prepares_and_others_go_on(small_clip):
    space = spaces.create_space("demo")
    name = settings.DATABASES["default"]["NAME"]
    url = settings.DATABASE_URL.rpartition("/")[0] + f"/{name}"
    with psycopg.connect(url) as other_worker:
        other_worker.execute(
            "SELECT pg_advisory_lock(hashtext(%s))", [f"embeddings.prepare.{space.pk}"]
        )
        assert not spaces.prepare(space, small_clip)
    assert spaces.prepare(space, small_clip)


def test_index_that_was_left_half_built_is_made_anew(space):
    name = spaces.index_name(space, ImageVector)

    def state():
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT indisvalid FROM pg_index WHERE indexrelid = %s::regclass", [name]
            )
            return cursor.fetchone()[0]

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", [name]
        )
    assert not state()
    spaces.create_indexes(space)
    assert state()


@pytest.mark.django_db(transaction=True)
def test_building_activating_rolling_back_and_retiring(alice, other_folder):
    photos = [ready(alice, title="Pier"), ready(alice, title="Cove", visibility="private")]
    encode_all()
    old = spaces.active_space()
    assert ImageVector.objects.filter(space=old).count() == len(photos)

    new = spaces.create_space(other_folder, name="other")
    with pytest.raises(spaces.SpaceError, match="not built yet"):
        spaces.activate(new)
    assert spaces.build(new) == len(photos)
    assert spaces.active_space() == old, "the old one serves meanwhile"
    pipeline.encode_due(limit=1)
    new.refresh_from_db()
    with pytest.raises(spaces.SpaceError, match="1 photos have no vector"):
        spaces.activate(new)
    encode_all()
    assert new.dimensions == OTHER_DIMENSIONS

    spaces.activate(new)
    assert spaces.active_space() == new
    photos.append(ready(alice, title="Harbour"))
    encode_all()
    spaces.activate(old)
    assert spaces.active_space() == old, "rolled back, and nothing is missing in it"
    assert ImageVector.objects.filter(space=old).count() == len(photos)

    with pytest.raises(spaces.SpaceError, match="does not serve"):
        spaces.retire(old)
    spaces.retire(new)
    spaces.retire(new)  # as after a crash
    assert not ImageVector.objects.filter(space=new).exists()
    assert not any(f"space_{new.pk}_" in name for name in index_names())
    assert ImageVector.objects.filter(space=old).count() == len(photos)

    new.refresh_from_db()
    assert spaces.build(new) == len(photos)
    encode_all()
    spaces.activate(new)
    assert sum(f"space_{new.pk}_" in name for name in index_names()) == 2, "its indexes are back"


def test_exactly_one_space_serves(space, small_clip):
    with pytest.raises(IntegrityError):
        a_space(small_clip, name="second")


@pytest.mark.parametrize("width", [128, OTHER_DIMENSIONS])
def test_model_that_is_another_than_encoded_the_space_is_refused(space, tmp_path, width):
    train.save(*train.build(train.corpus(), width=width), tmp_path / "model")
    space.image_model = space.text_model = str(tmp_path / "model")
    with pytest.raises(ModelUnavailable, match="create a new space"):
        spaces.load_encoder(space)


def test_space_that_cannot_serve_holds_up_no_other(alice, small_clip, tmp_path):
    serving = a_space(small_clip)
    (tmp_path / "text-only").mkdir()
    wrong = spaces.create_space(str(tmp_path / "text-only"), name="wrong")
    photo = ready(alice, title="Pier")
    encode_all()
    wrong.refresh_from_db()
    assert "could not be loaded" in wrong.failure and wrong.failed_at
    assert ImageVector.objects.get().photo == photo and ImageVector.objects.get().space == serving


def test_model_that_is_away_is_not_asked_for_all_the_time(space, monkeypatch):
    tries = []

    def slowly_fail(one):
        tries.append(one)
        time.sleep(0.05)
        raise ModelUnavailable("the hub does not answer")

    monkeypatch.setattr(spaces, "load_encoder", slowly_fail)
    monkeypatch.setattr(pipeline, "LOAD_PATIENCE", 1000)
    pipeline.encoders()
    pipeline.encoders()
    assert len(tries) == 1
    pipeline._next_try[space.pk] = 0.0
    pipeline.encoders()
    assert len(tries) == 2


@pytest.mark.django_db(transaction=True)
def test_edits_made_while_a_model_was_away_are_encoded_once_it_is_back(
    alice, small_clip, monkeypatch
):
    space = a_space(small_clip)
    photo = ready(alice, title="Pier")
    encode_all()
    before = TextVector.objects.get().input_hash
    spaces.note_failure(space, "away")
    Photo.objects.filter(pk=photo.pk).update(title="Cove")
    Photo.objects.filter(pk=photo.pk).update(embedded_at=timezone.now())  # by another space
    encode_all()
    space.refresh_from_db()
    assert space.failure == "" and TextVector.objects.get().input_hash != before


@pytest.mark.django_db(transaction=True)
def test_missing_model_is_named_and_its_photos_are_encoded_once_it_is_there(
    alice, small_clip, tmp_path
):
    folder = tmp_path / "model"
    space = a_space(small_clip, image_model=str(folder), text_model=str(folder))
    photo = ready(alice, title="Pier")
    assert pipeline.encode_due() == 0
    space.refresh_from_db()
    assert str(folder) in space.failure
    Photo.objects.filter(pk=photo.pk).update(embedded_at=photo.changed_at)
    pipeline._next_try.clear()
    folder.symlink_to(settings.EMBEDDING_PROFILES["demo"]["image_model"])
    encode_all()
    space.refresh_from_db()
    assert space.failure == "" and ImageVector.objects.filter(space=space, photo=photo).exists()


def test_dimensions_no_index_takes_are_refused(space):
    space.dimensions = spaces.MAX_DIMENSIONS + 1
    with pytest.raises(spaces.SpaceError, match="4000"):
        spaces.create_indexes(space)
