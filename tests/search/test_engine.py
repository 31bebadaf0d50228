"""One search as a visitor sees it: fused, cut, honest, and the same cost in any gallery."""

import random
from collections import Counter

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from embeddings.models import ImageVector, TextVector
from gallery.models import Photo
from search import engine
from search.models import Term
from search.query import parse
from tests.search.conftest import embed, index_all, make_photo, unit

pytestmark = pytest.mark.django_db

HOSTILE = [
    "/etc/passwd",
    "../../data/secret-key",
    "file:///etc/passwd",
    "http://127.0.0.1:9/picture.jpg",
    "https://example.org/a.jpg?x='%s'",
    "data:image/png;base64,iVBORw0KGgo=",
    "\x00\x00",
    "nul\x00inside",
    "\ud800",
    "a" * 10_000,
    "'" * 50,
    "\\" * 50,
    "\\' ' || ''",
    "'; DROP TABLE search_term; --",
    ":*&|!<->()",
    "!boat & (pier",
    '"boat" | "',
    '-"\'\\"',
    "%s %(depth)s {score} {0}",
    '"%s" -%(depth)s',
    "-" * 100,
    '"' * 101,
    "🚣 🏔️",
    "‮abc",
    " ".join(f"word{number}" for number in range(3000)),
]


def titles(page) -> list[str]:
    return [photo.title for photo in page.photos]


@pytest.fixture
def harbour(alice, space):
    """Two photos that words can find, and vectors that only meaning can."""
    photos = {
        "boat": make_photo(alice, title="Rowing boats"),
        "pier": make_photo(alice, title="The long pier"),
        "dunes": make_photo(alice, title="Dunes"),
    }
    embed(photos["boat"], space, image=unit(1, 0.1), text=unit(1, 0.2))
    embed(photos["pier"], space, image=unit(0.9, 0.5), text=unit(0.8, 0.6))
    embed(photos["dunes"], space, image=unit(0, 0, 1), text=unit(0, 0, 1))
    index_all()
    space.floor = {leg: {"gate": 0.5, "keep": 0.4} for leg in ("image", "text")}
    space.save()
    return photos


def test_words_and_meaning_are_fused_and_each_hit_says_why(harbour, says):
    says("pier", unit(1))
    page = engine.search(parse("pier"))
    assert page.semantic
    assert titles(page) == ["The long pier", "Rowing boats"]
    assert page.photos[0].hit.ranks == {"bm25": 1, "text": 2, "image": 2}
    assert page.photos[1].hit.ranks == {"bm25": None, "text": 1, "image": 1}
    assert page.count == 2
    assert page.nearest == []


def test_without_a_vector_words_rank(harbour, says):
    page = engine.search(parse("pier"))
    assert not page.semantic
    assert titles(page) == ["The long pier"]


def test_words_answer_without_any_space(alice):
    make_photo(alice, title="Rowing boats")
    index_all()
    page = engine.search(parse("boats"))
    assert titles(page) == ["Rowing boats"]
    assert not page.semantic


def test_when_nothing_is_close_the_nearest_are_shown_apart(harbour, says):
    says("tax return", unit(0, 0, 0, 1, 0.1))
    page = engine.search(parse("tax return"))
    assert page.photos == []
    assert page.count == 0
    assert {photo.title for photo in page.nearest} == {"Rowing boats", "The long pier", "Dunes"}


def test_floor_takes_off_the_share_of_the_levels_that_its_space_says(harbour, space, says):
    says("quay", unit(1))
    for model in (ImageVector, TextVector):
        model.objects.update(level=1.0)
    found = {}
    for share in (None, 0.0, 0.25):
        limits = {"gate": 0.7, "keep": 0.7} | ({} if share is None else {"share": share})
        space.floor = dict.fromkeys(("image", "text"), limits)
        space.generation += 1
        space.save()
        found[share] = len(engine.search(parse("quay"), exact=True).photos)
    assert found == {None: 0, 0.0: 2, 0.25: 1}  # floors of older versions take half


def test_stop_words_alone_find_nothing(harbour):
    assert engine.search(parse("the")).photos == []


def test_an_accidental_word_does_not_outrank_agreement(harbour, says):
    says("long shadows of camels on sand", unit(0, 0, 1))
    page = engine.search(parse("long shadows of camels on sand"))
    assert titles(page)[0] == "Dunes"


def test_misspelt_words_are_corrected_and_that_is_said(harbour, says):
    says("rowing", unit(1))
    page = engine.search(parse("rowign -camera:x"))
    assert titles(page)[0] == "Rowing boats"
    assert page.corrected.text == "rowing -camera:x"
    assert page.query.text == "rowign -camera:x"
    assert page.semantic
    exact = engine.search(parse("rowign"), exact=True)
    assert exact.photos == [] and exact.corrected is None
    assert engine.search(parse("rowing")).corrected is None


def test_pages_of_a_corrected_query_are_of_one_list(alice):
    for number in range(30):
        make_photo(alice, title=f"Lighthouse {number}")
    index_all()
    first = engine.search(parse("ligthouse"))
    make_photo(alice, title="Lighthouse")
    index_all()
    second = engine.search(parse("ligthouse"), page=2, snapshot=first.snapshot)
    found = {photo.pk for page in (first, second) for photo in page.photos}
    assert len(found) == 30 and second.corrected.text == "lighthouse"


def test_an_empty_query_finds_nothing():
    page = engine.search(parse("  "))
    assert page.photos == [] and page.count == 0 and page.nearest == []


def test_hidden_photo_leaves_results_that_are_already_cached(harbour, says):
    says("pier", unit(1))
    assert len(engine.search(parse("pier")).photos) == 2
    Photo.objects.filter(pk=harbour["boat"].pk).update(visibility="private")
    page = engine.search(parse("pier"))
    assert titles(page) == ["The long pier"] and page.count == 1
    Photo.objects.filter(pk=harbour["pier"].pk).update(visibility="private")
    page = engine.search(parse("pier"))
    assert (page.photos, page.count) == ([], 0)


def test_queries_that_are_read_differently_share_no_results(harbour, says):
    assert len(engine.search(parse("the rowing")).photos) == 1
    assert engine.search(parse('"the rowing"')).photos == []
    assert engine.search(parse("the -rowing")).photos == []


def test_pages_have_no_duplicates_and_no_gaps(alice):
    for number in range(60):
        make_photo(alice, title=f"Boat {number}")
    index_all()
    query = parse("boat")
    pages = [engine.search(query, page=number) for number in (1, 2, 3, 4)]
    assert [len(page.photos) for page in pages] == [24, 24, 12, 0]
    found = [photo.pk for page in pages for photo in page.photos]
    assert len(set(found)) == 60 == pages[0].count


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_queries_are_only_words(harbour, says, text):
    query = parse(text)
    says(query.semantic, unit(1))
    words = list(Term.objects.values_list("text", "document_frequency"))
    first, second = engine.search(query), engine.search(query, page=2)
    assert {*first.photos, *second.photos} <= set(harbour.values())
    assert list(Term.objects.values_list("text", "document_frequency")) == words
    assert Photo.objects.count() == 3


def count_queries(call) -> int:
    with CaptureQueriesContext(connection) as captured:
        call()
    return len(captured)


def test_queries_do_not_grow_with_the_gallery(alice, space, says):
    says("boat", unit(1))
    counts = []
    for _ in range(2):
        for number in range(30):
            photo = make_photo(alice, title=f"Boat {number}", tags=["sea", "fog"])
            embed(photo, space, image=unit(1, number / 30), text=unit(1, -number / 30))
        index_all()
        photo = Photo.objects.first()
        counts.append(
            (
                count_queries(lambda: engine.search(parse("boat"))),
                count_queries(lambda: engine.search(parse("boat"))),
                count_queries(lambda: engine.search(parse('"boat" -pier'))),
                count_queries(lambda photo=photo: engine.similar(photo, 12)),
                count_queries(lambda: engine.random_ids(12)),
            )
        )
    assert counts[0] == counts[1]
    fresh, cached, *_ = counts[0]
    assert cached < fresh


def test_similar_leaves_out_itself_duplicates_and_hidden_photos(harbour, space, alice, bob):
    boat = harbour["boat"]
    twin = make_photo(bob, title="The same file", content_hash=boat.content_hash)
    embed(twin, space, image=unit(1, 0.1), text=unit(1, 0.2))
    secret = make_photo(alice, title="Secret", visibility="private")
    embed(secret, space, image=unit(1, 0.1), text=unit(1, 0.2))
    found = engine.similar(boat, 10)
    assert [photo.title for photo in found] == ["The long pier", "Dunes"]
    assert [photo.title for photo in engine.similar(boat, 1)] == ["The long pier"]


def test_similar_to_a_photo_without_vectors_is_empty(alice, space):
    assert engine.similar(make_photo(alice, title="New"), 10) == []


def test_random_photos_are_listed_distinct_and_as_many_as_asked(alice):
    listed = [make_photo(alice) for _ in range(10)]
    make_photo(alice, visibility="private")
    found = engine.random_ids(6)
    assert len(set(found)) == 6
    assert set(engine.random_ids(50)) == {photo.pk for photo in listed}


def test_random_photos_are_unbiased_in_a_large_gallery(alice, monkeypatch):
    monkeypatch.setattr(engine, "RANDOM_WINDOWS", 100)
    chance = random.Random(11)
    photos = [make_photo(alice, random_key=chance.random()) for _ in range(150)]
    index_all()
    random.seed(12)
    draws, limit = 300, 5
    counts = Counter(pk for _ in range(draws) for pk in engine.random_ids(limit))
    expected = draws * limit / len(photos)
    chi_square = sum((counts[photo.pk] - expected) ** 2 / expected for photo in photos)
    degrees = len(photos) - 1
    # Chi-square has its degrees of freedom as mean and twice that as variance; drawing without
    # replacement only makes it smaller.
    assert chi_square < degrees + 4 * (2 * degrees) ** 0.5
