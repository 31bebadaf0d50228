"""Vectors tell gallery which photos may show the same."""

import io

import pytest
from django.db import connection

from embeddings import spaces
from embeddings.demo_model import scenes
from embeddings.look_alikes import DEPTH, LEAST_COSINE, statement
from embeddings.models import ImageVector
from embeddings.reconcile import reconcile
from gallery import duplicates
from gallery.models import DuplicatePair, PerceptualHash
from tests.conftest import ready

pytestmark = pytest.mark.django_db


def a_photo(owner, name="lake", quality=90, **fields):
    buffer = io.BytesIO()
    scenes.render(name, 480, 320, seed=3).save(buffer, "JPEG", quality=quality)
    return ready(owner, buffer.getvalue(), **fields)


@pytest.fixture
def encode(space, small_clip):
    def run(*photos):
        # One after the other, as if by two workers; and without what hashes would find.
        PerceptualHash.objects.all().delete()
        for photo in photos:
            reconcile([photo.pk], {space: small_clip})

    return run


def test_vectors_suspect_what_no_hash_found_and_pixels_decide(alice, encode):
    photos = [a_photo(alice), a_photo(alice, quality=50), a_photo(alice, "desert")]
    encode(*photos)
    for _ in range(2):
        while duplicates.find_due():
            pass
        pair = DuplicatePair.objects.get()
        assert {pair.first, pair.second} == set(photos[:2]) and pair.compared_at
        encode(*photos)


def test_photos_of_others_are_no_pair_and_private_ones_are_nobodys_neighbours(alice, bob, encode):
    private = a_photo(bob, quality=60, visibility="private")
    encode(private, a_photo(alice), a_photo(bob, quality=50))
    assert not DuplicatePair.objects.exists()


def test_spaces_that_do_not_serve_suspect_nothing(alice, space, encode):
    space.state = "building"
    space.save()
    encode(a_photo(alice), a_photo(alice, quality=50))
    assert not DuplicatePair.objects.exists()


def test_neighbours_come_from_the_index(alice, space, encode):
    photo = a_photo(alice)
    encode(photo)
    with connection.cursor() as cursor:
        for other_way in ("seqscan", "sort", "bitmapscan"):
            cursor.execute(f"SET LOCAL enable_{other_way} = off")
        parameters = {"photo_ids": [photo.pk], "depth": DEPTH, "least_cosine": LEAST_COSINE}
        cursor.execute("EXPLAIN " + statement(space), parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert spaces.index_name(space, ImageVector) in plan
