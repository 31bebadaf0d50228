"""What should be stored against what is: encoded once, in step with its photo."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from botocore.exceptions import EndpointConnectionError
from django.core.cache import cache as redis
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import connection, transaction
from django.utils import timezone

from embeddings import spaces
from embeddings.levels import levels
from embeddings.models import EncodingClaim, ImageVector, TextVector
from embeddings.pipeline import claim_due, due_photos
from embeddings.reconcile import reconcile
from gallery import pipeline, renditions, services, tags
from gallery.cache import indexed_key
from gallery.models import Photo
from search import engine
from tests.conftest import jpeg, ready
from tests.embeddings.conftest import a_space

pytestmark = pytest.mark.django_db


@pytest.fixture
def encode(space, counting):
    """Bring a photo's vectors up to date; return (texts, pictures) that were encoded."""

    def run(*photos):
        counting.texts, counting.images = [], []
        reconcile([photo.pk for photo in photos], {space: counting})
        return len(counting.texts), len(counting.images)

    return run


def test_photo_gets_both_vectors_and_their_levels(alice, space, small_clip, encode):
    photo = ready(alice, title="Snowy mountain", tags=["winter"])
    assert encode(photo) == (1, 1)
    image, text = (model.objects.get(photo=photo) for model in (ImageVector, TextVector))
    expected = small_clip.encode_texts(["Snowy mountain. winter."])[0]
    np.testing.assert_allclose(text.vector, expected, atol=2e-3)
    picture = small_clip.encode_images([renditions.open_pixels(photo, 640)])[0]
    np.testing.assert_allclose(image.vector, picture, atol=2e-3)
    bank = spaces.bank(space, "captions")
    assert text.level == pytest.approx(float(levels(expected[None], bank)[0]), abs=1e-5)
    photo.refresh_from_db()
    assert photo.embedded_at and image.listed and text.listed
    assert not due_photos().exists()


def test_second_run_encodes_nothing_and_an_edit_only_what_changed(alice, encode):
    photo = ready(alice, title="Pier")
    encode(photo)
    assert encode(photo) == (0, 0)
    tags.set_tags(photo, ["fog"])
    assert due_photos().get() == photo
    assert encode(photo) == (1, 0)
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    assert encode(photo) == (0, 0)


def test_new_vectors_say_whose_they_are_and_others_do_not(
    alice, space, encode, django_capture_on_commit_callbacks
):
    def noted(generation):
        return redis.get(indexed_key(f"vectors {space.pk}", generation))

    pier, untitled = ready(alice, title="Pier"), ready(alice)
    with django_capture_on_commit_callbacks(execute=True):
        encode(pier, untitled)
    assert set(noted(1)) == {pier.pk, untitled.pk} and noted(2) == [pier.pk]
    tags.set_tags(pier, ["fog"])
    with django_capture_on_commit_callbacks(execute=True):
        encode(pier)
    space.refresh_from_db()
    assert space.generation == 3 and noted(3) is None


def test_photo_without_words_has_no_text_vector(alice, encode):
    photo = ready(alice)
    assert encode(photo) == (0, 1)
    Photo.objects.filter(pk=photo.pk).update(title="Pier")
    assert encode(photo) == (1, 0)
    Photo.objects.filter(pk=photo.pk).update(title="")
    encode(photo)
    assert not TextVector.objects.exists() and ImageVector.objects.count() == 1


def test_a_place_that_is_hidden_is_in_no_vector_from_then_on(alice, encode, counting):
    photo = ready(alice, title="Pier", location_shown=True)
    Photo.objects.filter(pk=photo.pk).update(place="Whitby")
    assert encode(photo) == (1, 1) and counting.texts == ["Pier. Whitby."]
    Photo.objects.filter(pk=photo.pk).update(location_shown=False)
    assert not TextVector.objects.exists() and due_photos().get() == photo
    assert encode(photo) == (1, 0) and counting.texts == ["Pier."]
    Photo.objects.filter(pk=photo.pk).update(place="Robin Hood's Bay")
    assert TextVector.objects.exists(), "what nobody may read changes nothing"


def test_a_place_that_is_hidden_while_it_is_encoded_is_not_stored(alice, space, counting):
    photo = ready(alice, title="Pier", location_shown=True)
    Photo.objects.filter(pk=photo.pk).update(place="Whitby")
    encode_texts = counting.encode_texts

    def hide_meanwhile(texts):
        Photo.objects.filter(pk=photo.pk).update(location_shown=False)
        return encode_texts(texts)

    counting.encode_texts = hide_meanwhile
    reconcile([photo.pk], {space: counting})
    assert not TextVector.objects.exists() and due_photos().get() == photo


def test_vectors_of_a_hidden_photo_are_unlisted_at_once_and_stay_so(alice, encode):
    photo, private = ready(alice, title="Pier"), ready(alice, title="Cove", visibility="private")
    encode(photo, private)
    assert not ImageVector.objects.get(photo=private).listed
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    assert not ImageVector.objects.filter(listed=True).exists()
    assert not TextVector.objects.filter(listed=True).exists()
    Photo.objects.filter(pk=photo.pk).update(visibility="public")
    assert ImageVector.objects.get(photo=photo).listed


def test_photo_that_cannot_be_read_says_why_and_stops_nobody(alice, encode):
    broken, fine = ready(alice, title="Pier"), ready(alice, title="Cove")
    for name in renditions.stored_names(broken):
        storages["renditions"].delete(name)
    assert set(claim_due(10)) == {broken.pk, fine.pk}
    assert encode(broken, fine) == (2, 1)
    claim = EncodingClaim.objects.get()
    assert claim.photo == broken and "could not be read" in claim.failure
    assert pipeline.process_next(), "its files are made anew"
    assert due_photos().get() == broken
    assert claim_due(10) == [], "it is tried again when its lease is over"
    EncodingClaim.objects.update(claimed_until="2020-01-01T00:00Z")
    assert claim_due(10) == [broken.pk]
    encode(broken)
    assert not due_photos().exists() and not EncodingClaim.objects.exists()


def test_another_file_brings_another_vector(alice, encode):
    photo, night, day = (ready(alice, jpeg(colour=one)) for one in ("navy", "blue", "yellow"))
    encode(photo, night, day)
    assert engine.similar(photo)[0] == night
    services.replace_file(photo, ContentFile(jpeg((90, 60), colour="yellow"), name="new.jpg"))
    assert encode(photo) == (0, 0), "until it is ready, the old one is what is found"
    assert pipeline.process_next() and due_photos().get() == photo
    assert encode(photo) == (0, 1)
    photo.refresh_from_db()
    assert engine.similar(photo)[0] == day and not due_photos().exists()


def test_storage_that_is_away_stops_no_other_photo(alice, encode, monkeypatch):
    broken, fine = ready(alice), ready(alice)
    opened = storages["renditions"].open

    def open_but_one(name, *arguments):
        if broken.public_id in name:
            raise EndpointConnectionError(endpoint_url="https://storage.example")
        return opened(name, *arguments)

    monkeypatch.setattr(storages["renditions"], "open", open_but_one)
    claim_due(10)
    encode(broken, fine)
    assert ImageVector.objects.get().photo == fine
    assert "could not be read" in EncodingClaim.objects.get(photo=broken).failure


def test_photo_stays_due_while_a_space_that_serves_is_left_out(alice, space, small_clip):
    photo = ready(alice, title="Pier")
    other = a_space(small_clip, name="other", state="building")
    claim_due(10)
    reconcile([photo.pk], {space: small_clip})
    assert due_photos().get() == photo
    assert claim_due(10) == [], "and is left alone for the length of its lease"
    reconcile([photo.pk], {space: small_clip, other: small_clip})
    assert not due_photos().exists()


def test_photo_that_is_edited_while_it_is_encoded_stays_due(alice, space, small_clip):
    photo = ready(alice, title="Pier")

    class Meanwhile:
        dimensions = small_clip.dimensions
        encode_images = small_clip.encode_images

        def encode_texts(self, texts):
            Photo.objects.filter(pk=photo.pk).update(title="Cove")
            return small_clip.encode_texts(texts)

    reconcile([photo.pk], {space: Meanwhile()})
    assert due_photos().get() == photo
    reconcile([photo.pk], {space: small_clip})
    expected = small_clip.encode_texts(["Cove."])[0]
    stored = TextVector.objects.get().vector
    np.testing.assert_allclose(stored, expected, atol=2e-3)


def test_photo_that_is_deleted_while_it_is_encoded_leaves_nothing(alice, space, small_clip):
    photo = ready(alice, title="Pier")

    class Meanwhile:
        dimensions = small_clip.dimensions
        encode_texts = small_clip.encode_texts

        def encode_images(self, images):
            Photo.objects.filter(pk=photo.pk).delete()
            return small_clip.encode_images(images)

    reconcile([photo.pk], {space: Meanwhile()})
    assert not ImageVector.objects.exists() and not TextVector.objects.exists()


def test_claims_are_shared_out_and_held_longer_each_time(alice):
    photos = [ready(alice) for _ in range(3)]
    first = claim_due(2)
    assert len(first) == 2
    assert claim_due(10) == [({one.pk for one in photos} - set(first)).pop()]
    assert claim_due(10) == []
    held = EncodingClaim.objects.get(photo=first[0])
    EncodingClaim.objects.filter(pk=held.pk).update(claimed_until="2020-01-01T00:00Z")
    assert claim_due(10) == [first[0]]
    again = EncodingClaim.objects.get(photo=first[0])
    assert again.attempts == 2
    assert again.claimed_until - timezone.now() > held.claimed_until - timezone.now()


@pytest.mark.django_db(transaction=True)
def test_a_photo_that_is_indexed_at_this_moment_is_claimed_all_the_same(alice):
    photo = ready(alice)

    def claim():
        try:
            return claim_due(10)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool, transaction.atomic():
        assert list(Photo.objects.locked()) == [photo]
        assert pool.submit(claim).result() == [photo.pk]
