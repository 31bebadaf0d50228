"""Nearest vectors in the database against exact cosines, and the plans that find them."""

import random
from uuid import UUID

import numpy as np
import pytest
from django.db import connection

from embeddings import spaces
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from gallery.models import Photo
from search import engine, retrievers
from search.query import parse
from search.restrictions import stated
from search.retrievers import DenseRanking, rank_by_vector, rank_by_words
from tests.search.conftest import DIMENSIONS, embed, index_all, make_photo, unit

pytestmark = pytest.mark.django_db


def random_unit(chance: np.random.Generator) -> np.ndarray:
    return unit(*chance.normal(size=DIMENSIONS))


@pytest.fixture
def embedded(alice, space):
    """Forty listed photos with random image vectors; every fourth one shows a boat."""
    chance = np.random.default_rng(1)
    vectors = {}
    for number in range(40):
        photo = make_photo(alice, title="Boat" if number % 4 == 0 else "Pier")
        vectors[photo.pk] = random_unit(chance)
        embed(photo, space, image=vectors[photo.pk], level=0.1)
    index_all()
    return vectors


def ids(ranking: DenseRanking) -> list[UUID]:
    return [UUID(bytes=one) for one in ranking.photo_ids]


def exact(vectors, query_vector) -> list:
    return sorted(vectors, key=lambda pk: (-float(vectors[pk] @ query_vector), pk))


def test_dense_ranking_is_by_cosine(embedded, space):
    query_vector = random_unit(np.random.default_rng(2))
    found = rank_by_vector("image", space, query_vector)
    photo_ids = ids(found)
    assert photo_ids == exact(embedded, query_vector)
    cosines = [embedded[photo_id] @ query_vector for photo_id in photo_ids]
    assert found.cosines == pytest.approx(cosines, abs=2e-3)
    assert found.levels == pytest.approx(np.full(40, 0.1))


@pytest.mark.parametrize("exactly", [True, False])
@pytest.mark.parametrize(("text", "boats"), [('"boat"', True), ("pier -boat", False)])
def test_restrictions_lose_no_rows(embedded, space, exactly, text, boats):
    query_vector = random_unit(np.random.default_rng(3))
    found = rank_by_vector("image", space, query_vector, stated(parse(text)), exactly=exactly)
    titles = dict(Photo.objects.values_list("pk", "title"))
    allowed = {pk: one for pk, one in embedded.items() if (titles[pk] == "Boat") == boats}
    assert ids(found) == exact(allowed, query_vector)


def test_scan_that_gives_up_is_made_good(embedded, space, monkeypatch):
    """An approximate scan stops after so many tuples, here at once; what it missed is looked up."""
    monkeypatch.setattr(retrievers, "FEW_PHOTOS", 1)
    monkeypatch.setattr(retrievers, "SMALL_GALLERY", 1)
    query_vector = random_unit(np.random.default_rng(3))
    monkeypatch.setattr("search.engine.query_vector", lambda text, space: query_vector)
    monkeypatch.setattr(retrievers, "candidates_of", lambda depth, documents: 1)
    read = retrievers.sql_of
    monkeypatch.setattr(
        retrievers, "sql_of", lambda name: read(name).replace("relaxed_order", "off")
    )
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
    query = parse('"pier"')
    assert len(rank_by_vector("image", space, query_vector, stated(parse('"pier"')))) < 30
    hits = {photo.hit.ranks["image"] for photo in engine.search(query).photos}
    assert None not in hits and engine.search(query).count == 30


def test_photos_that_are_not_listed_are_in_no_ranking(embedded, space):
    hidden = random.Random(4).sample(sorted(embedded), 20)
    Photo.objects.filter(pk__in=hidden).update(visibility="private")
    query_vector = random_unit(np.random.default_rng(5))
    found = ids(rank_by_vector("image", space, query_vector))
    assert set(found) == embedded.keys() - set(hidden)
    assert not set(rank_by_words(parse("boat pier"))) & set(hidden)


def test_spaces_do_not_mix(embedded, space):
    other = EmbeddingSpace.objects.create(
        name="other", image_model="x", text_model="x", dimensions=3, revision="x"
    )
    photo = Photo.objects.first()
    small = np.array([1, 0, 0], np.float32)
    embed(photo, other, image=small)
    assert ids(rank_by_vector("image", other, small)) == [photo.pk]
    assert len(rank_by_vector("image", space, unit(1))) == len(embedded)


@pytest.mark.parametrize(("leg", "model"), [("image", ImageVector), ("text", TextVector)])
def test_the_space_index_serves_the_ranking(embedded, space, leg, model):
    statement, parameters = retrievers.nearest_statement(space, {leg: unit(1)})
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN {statement}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert f"Index Scan using {spaces.index_name(space, model)}" in plan


@pytest.mark.parametrize("small", [True, False])
def test_no_photo_is_lost_to_an_approximate_scan_that_finds_nothing(
    embedded, space, monkeypatch, small
):
    monkeypatch.setattr(retrievers, "SMALL_GALLERY", 1000 if small else 1)
    monkeypatch.setattr("search.engine.query_vector", lambda text, space: unit(1))
    empty = "SELECT NULL::bytea, NULL::bytea, NULL::bytea"
    sql_of = retrievers.sql_of
    monkeypatch.setattr(
        retrievers, "sql_of", lambda name: empty if name == "semantic" else sql_of(name)
    )
    hits = engine.search(parse("tractor")).photos
    assert len(hits) == 24 and hits[0].hit.ranks["image"] == 1
    assert engine.search(parse("tractor")).count == len(embedded)
