"""Recommendations follow taste, leave room for others and repeat nothing: a simulation.

The gallery: the demo's scenes, drawn anew and seen by the small CLIP.
"""

import random
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache as redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from embeddings import spaces
from embeddings.demo_model.scenes import SCENES
from embeddings.models import EmbeddingSpace, ImageVector
from embeddings.torch_encoder import TorchEncoder
from gallery import services
from gallery.models import Photo
from search import recommendations
from search.evaluation.pictures import pool_vectors
from search.recommendations import PAGE_SIZE, recommend
from search.taste import HEARTED, OPENED, Taste
from tests.search.conftest import index_all, make_photo

OF_EACH = 20
PAGES = 10


@pytest.fixture(scope="session")
def pictures():
    """(scenes, OF_EACH, dimensions) float32."""
    return pool_vectors(TorchEncoder(**settings.EMBEDDING_PROFILES["demo"]), OF_EACH)


@pytest.fixture
def scene_of(pictures, alice):
    """Hang the pictures; return the scene of each photo."""
    far = np.zeros((2, pictures.shape[-1]), np.float16)
    far[:, -1] = 1
    space = EmbeddingSpace.objects.create(
        name="test",
        image_model="none",
        text_model="none",
        dimensions=pictures.shape[-1],
        revision="test",
        state="active",
        caption_bank=far.tobytes(),
        image_bank=far.tobytes(),
    )
    spaces.create_indexes(space)
    spaces._bank.cache_clear()
    scenes = {}
    for scene, vectors in zip(SCENES, pictures, strict=True):
        for vector in vectors:
            photo = make_photo(alice, title=scene)
            photo.refresh_from_db()
            scenes[photo.pk] = scene
            ImageVector.objects.create(
                space=space, photo=photo, vector=vector, input_hash="", level=0, listed=photo.listed
            )
    index_all()
    redis.clear()
    return scenes


def visit(taste: Taste, pages: int, seed: int) -> list[list[Photo]]:
    """Look at some pages in a row, as the page does: each is remembered as seen."""
    chance = random.Random(seed)
    found = []
    for _ in range(pages):
        found.append(recommend(taste, chance=chance))
        taste = taste.having_seen(photo.pk for photo in found[-1])
    return found


def likes(scene_of, scene: str, count: int = 3) -> Taste:
    ids = [pk for pk, one in scene_of.items() if one == scene][:count]
    taste = Taste()
    for photo in Photo.objects.filter(pk__in=ids):
        taste = taste.with_signal(HEARTED, photo.public_id)
    return taste


@pytest.mark.parametrize("scene", list(SCENES)[::6])
def test_who_likes_a_theme_gets_more_of_it_and_still_others(scene_of, scene):
    pages = visit(likes(scene_of, scene), PAGES, seed=1)
    shown = [scene_of[photo.pk] for page in pages for photo in page]
    rate = shown.count(scene) / len(shown)
    assert rate >= 3 / len(SCENES), rate
    assert rate <= 0.75
    assert len(set(shown)) > len(SCENES) / 2


def test_no_photo_comes_twice_in_a_row_of_pages(scene_of):
    for taste in (Taste(), likes(scene_of, next(iter(SCENES)))):
        pages = [{photo.pk for photo in page} for page in visit(taste, PAGES, seed=2)]
        for before, page in pairwise(pages):
            assert len(page) == PAGE_SIZE and not before & page


def test_what_was_liked_or_opened_is_not_recommended(scene_of):
    photos = list(Photo.objects.all()[:4])
    taste = Taste()
    for kind, photo in zip((HEARTED, OPENED, HEARTED, OPENED), photos, strict=True):
        taste = taste.with_signal(kind, photo.public_id)
    shown = {photo.pk for page in visit(taste, 3, seed=3) for photo in page}
    assert not shown & {photo.pk for photo in photos}


def test_two_calls_differ(scene_of):
    taste = likes(scene_of, next(iter(SCENES)))
    first, second = recommend(taste), recommend(taste)
    assert [one.pk for one in first] != [one.pk for one in second]


def test_new_visitor_sees_at_least_half_of_the_themes(scene_of):
    for seed in range(5):
        page = recommend(Taste(), chance=random.Random(seed))
        assert len({scene_of[photo.pk] for photo in page}) >= len(SCENES) / 2


def test_a_theme_that_fills_the_gallery_does_not_fill_the_page(scene_of):
    most = [pk for pk, scene in scene_of.items() if scene != next(iter(SCENES))]
    kept = {scene_of[pk]: pk for pk in most}  # one of each other theme
    rare = [pk for pk in most if pk not in kept.values()]
    services.set_visibility(Photo.objects.filter(pk__in=rare), "private")
    index_all()
    shown = []
    for seed in range(10):
        redis.clear()  # and with it the pool
        page = recommend(Taste(), PAGE_SIZE, chance=random.Random(seed))
        shown += [scene_of[photo.pk] for photo in page]
    assert Counter(shown).most_common(1)[0][1] <= len(shown) / 2


def test_reason_is_the_liked_photo_that_is_nearest(scene_of):
    scene = next(iter(SCENES))
    page = recommend(likes(scene_of, scene), chance=random.Random(4))
    reasons = [photo.recommended.because for photo in page if photo.recommended.because]
    assert reasons and {reason.title for reason in reasons} == {scene}
    by_chance = [photo for photo in page if photo.recommended.because is None]
    assert len(by_chance) >= PAGE_SIZE / 4


def test_hidden_photos_are_neither_recommended_nor_a_reason(scene_of):
    scene = next(iter(SCENES))
    taste = likes(scene_of, scene)
    recommend(taste)
    hidden = [pk for pk, one in scene_of.items() if one == scene]
    services.set_visibility(Photo.objects.filter(pk__in=hidden), "private")
    for page in visit(taste, 3, seed=5):
        assert not {photo.pk for photo in page} & set(hidden)
        assert not any(photo.recommended.because for photo in page)


def test_small_gallery_has_pages_of_half_of_it(alice):
    for number in range(5):
        make_photo(alice, title=str(number))
    index_all()
    first, second = visit(Taste(), 2, seed=6)
    assert len(first) == len(second) == 2
    assert not {one.pk for one in first} & {one.pk for one in second}


def test_empty_gallery_recommends_nothing(db):
    assert recommend(Taste()) == []


def test_queries_do_not_grow_with_the_taste(scene_of):
    counts = []
    for count in (1, 3, 20):
        taste = likes(scene_of, next(iter(SCENES)), count)
        recommendations.varied_pool()
        with CaptureQueriesContext(connection) as captured:
            recommend(taste)
        counts.append(len([one for one in captured if "SELECT" in one["sql"]]))
    assert counts[2] <= counts[0] + recommendations.SEEDS
