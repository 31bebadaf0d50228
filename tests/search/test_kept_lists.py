"""Layer 2: lists that go on because nothing that was added belongs there, and what ends them."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from functools import partial

import pytest
from django.core.cache import cache as redis
from django.db import transaction
from django.db.models import F

from embeddings.models import EmbeddingSpace
from gallery import services
from gallery.cache import indexed_key, note_indexed
from gallery.http import PRIVATE
from gallery.models import Album
from search import cache, engine, vocabulary
from search.facets import facets
from search.index_state import read_index
from search.models import CorpusStatistics
from search.query import parse
from search.results import Results
from tests.search.conftest import embed, index_all, make_photo, unit

pytestmark = pytest.mark.django_db(transaction=True)

FLOOR = {leg: {"gate": 0.9, "keep": 0.5} for leg in ("image", "text")}
OFF_TOPIC = unit(0, 0, 0, 1)


@pytest.fixture
def gallery(alice, space, says):
    """Three boats, and two photos of something else."""
    EmbeddingSpace.objects.update(floor=FLOOR)
    space.refresh_from_db()
    for number in range(5):
        photo = make_photo(alice, title=f"Boat {number}" if number < 3 else f"Dune {number}")
        comes(photo, space, unit(1, 0.1 * number) if number < 3 else unit(0, 1))
    says("boat", unit(1))
    return alice


def comes(photo, space, vector) -> None:
    """Index a photo, and store its vectors as the vectors queue does."""
    index_all()
    with transaction.atomic():
        embed(photo, space, image=vector, text=vector)
        this = EmbeddingSpace.objects.filter(pk=space.pk)
        this.update(generation=F("generation") + 1)
        note_indexed(f"vectors {space.pk}", this.get().generation, [photo.pk])


@pytest.fixture
def computed(monkeypatch):
    """The queries whose lists are computed."""
    queries, fused = [], engine._fused
    monkeypatch.setattr(
        engine, "_fused", lambda query, *args: queries.append(query.text) or fused(query, *args)
    )
    return queries


def found(text: str, **how) -> set[str]:
    return {photo.title for photo in engine.search(parse(text), **how).photos}


BOATS = {"Boat 0", "Boat 1", "Boat 2"}


def test_list_goes_on_while_nothing_concerns_it(gallery, space, computed):
    first = engine.search(parse("boat"))
    for number in range(3):
        comes(make_photo(gallery, title=f"Hill {number}"), space, OFF_TOPIC)
        page = engine.search(parse("boat"))
        assert page.ids == first.ids and page.snapshot != first.snapshot
    assert computed == ["boat"]
    assert engine.search(parse("boat"), page=1, snapshot=page.snapshot).ids == first.ids


@pytest.mark.parametrize(
    ("title", "vector"),
    [("A boat", OFF_TOPIC), ("Canoe", unit(1, 0.5)), ("Boats at sea", OFF_TOPIC)],
    ids=["word", "meaning", "another form"],
)
def test_photo_that_belongs_there_is_found(gallery, space, computed, title, vector):
    assert found("boat") == BOATS
    comes(make_photo(gallery, title=title), space, vector)
    assert found("boat") == BOATS | {title}


def test_photo_is_found_whose_vectors_come_later(gallery, space, computed):
    assert found("boat") == BOATS
    photo = make_photo(gallery, title="Canoe")
    index_all()
    assert found("boat") == BOATS
    comes(photo, space, unit(1, 0.2))
    assert found("boat") == BOATS | {"Canoe"}
    assert len(computed) == 2


def test_full_ranking_takes_who_is_before_its_last(gallery, space, computed, monkeypatch):
    monkeypatch.setattr(engine, "DEPTH", 3)
    monkeypatch.setattr(engine.retrievers, "rank", partial(engine.retrievers.rank, depth=3))
    assert found("boat") == BOATS
    comes(make_photo(gallery, title="Far canoe"), space, unit(1, 0.5))
    assert found("boat") == BOATS and len(computed) == 1
    comes(make_photo(gallery, title="Canoe"), space, unit(1, 0.05))
    assert "Canoe" in found("boat") and len(computed) == 2


def test_nothing_close_stays_so_until_something_is(gallery, space, says, computed):
    says("tax", unit(0, 0, 1))
    assert found("tax") == set()
    comes(make_photo(gallery, title="Hill"), space, unit(0, 0, -1))
    assert found("tax") == set() and len(computed) == 1
    comes(make_photo(gallery, title="Envelope 1"), space, unit(0, 0, 1, 1))
    page = engine.search(parse("tax"))
    assert not page.photos and page.nearest[0].title == "Envelope 1"
    comes(make_photo(gallery, title="Form"), space, unit(0, 0, 1))
    assert found("tax") == {"Form", "Envelope 1"}


def _hide(photo):
    services.set_visibility([photo], "private")
    index_all()


def _rename(photo):
    services.edit_photo(photo, title="Canoe")
    index_all()


def _calibrate(photo):
    EmbeddingSpace.objects.update(generation=F("generation") + 1)


def _lose_the_note(photo):
    photo = make_photo(photo.owner, title="Hill")
    index_all()
    redis.delete(indexed_key("words", CorpusStatistics.now().generation))


@pytest.mark.parametrize("change", [_hide, _rename, _calibrate, _lose_the_note])
def test_whatever_else_happened_makes_it_anew(gallery, computed, change):
    page = engine.search(parse("boat"))
    change(page.photos[0])
    engine.search(parse("boat"))
    assert len(computed) == 2


def test_list_is_made_anew_when_it_is_old(gallery, space, computed, monkeypatch):
    found("boat")
    comes(make_photo(gallery, title="Hill"), space, OFF_TOPIC)
    later = time.time() + cache.RESULTS_TTL_SECONDS + 1
    monkeypatch.setattr(cache.time, "time", lambda: later)
    found("boat")
    assert len(computed) == 2


def test_filters_and_dates_see_what_the_indexes_do_not_hold(gallery, computed):
    album = Album.objects.create(owner=gallery, title="Fleet", slug="fleet")
    boat, *_ = engine.search(parse("boat")).photos
    assert found("boat album:fleet") == found("album:fleet") == set()
    services.add_to_album(album, boat)
    assert found("boat album:fleet") == found("album:fleet") == {boat.title}
    services.set_album_photos(album, [])
    assert found("boat album:fleet") == found("album:fleet") == set()
    before = engine.search(parse("boat"), sort="newest").photos
    services.edit_photo(before[-1], published_at=before[0].published_at.replace(year=2030))
    ready = engine.search(parse("boat"), sort="newest").photos
    assert [one.pk for one in ready] != [one.pk for one in before]


def test_photo_that_was_away_for_a_moment_is_found_again(gallery, says):
    boat, *_ = engine.search(parse("boat")).photos
    services.bin_photos([boat])
    assert boat.title not in found("boat")
    services.restore_photos([boat])
    index_all()
    assert found("boat") == BOATS


def test_place_that_is_hidden_finds_nothing_on_any_page_of_a_list(alice):
    photo = make_photo(alice, title="Boat", place="Atlantisville", public_place="Atlantisville")
    index_all()
    first = engine.search(parse("atlantisville"))
    assert first.photos == [photo]
    services.show_location([photo], shown=False)
    index_all()
    assert engine.search(parse("atlantisville"), snapshot=first.snapshot).photos == []


def test_words_that_differ_do_not_share_a_list(alice):
    make_photo(alice, title="Boat", tags=["straße"])
    index_all()
    assert found("tag:strasse") == set()
    assert found("tag:straße") == found("tag:STRASSE".replace("SS", "ß")) == {"Boat"}


def test_correction_follows_what_is_hidden_and_what_is_new(alice, monkeypatch):
    photo = make_photo(alice, title="Zeppelinx")
    index_all()
    vocabulary.forget()
    assert engine.search(parse("zeppelinz")).corrected.text == "zeppelinx"
    services.set_visibility([photo], "private")
    assert engine.search(parse("zeppelinz")).corrected is None
    assert vocabulary.REFRESH_SECONDS >= redis.ttl(next(redis.iter_keys("meant:*"))) > 0


def test_filter_form_names_what_is_listed_now(alice):
    album = Album.objects.create(owner=alice, title="Fleet", slug="fleet")
    photo = make_photo(alice, title="Boat", camera="Leica Q2")
    index_all()
    services.add_to_album(album, photo)
    assert facets().album == {"Fleet": 1} and facets().camera == {"Leica Q2": 1}
    services.edit_album(album, visibility="private")
    assert facets().album == {}
    services.edit_album(album, visibility="public")
    assert facets().album == {"Fleet": 1}
    services.set_visibility([photo], "private")
    assert facets().camera == {}


def test_list_that_lacks_additions_is_on_no_kept_page(client, gallery, settings, monkeypatch):
    settings.PAGE_TTL_SECONDS = 60
    path = "/search/?q=boat"
    client.get(path)
    late = make_photo(gallery, title="Late boat")
    index_all()
    with monkeypatch.context() as another:  # is making the list
        another.setattr(cache, "alone", lambda lock: nullcontext(False))
        response = client.get(path)
    assert response["Cache-Control"] == PRIVATE and late.title not in response.content.decode()
    assert late.title in client.get(path).content.decode()


def test_one_at_a_time_computes_though_it_takes_long_or_fails(gallery, monkeypatch):
    monkeypatch.setattr("gallery.cache.COMPUTING_SECONDS", 0.05)
    calls, state = [], read_index()[0]

    def compute():
        calls.append(time.monotonic())
        time.sleep(0.3)
        if len(calls) == 1:
            raise RuntimeError("once")
        return Results(ids=b"x" * 16)

    def ask(_):
        try:
            return cache.results((1, "boat"), state, compute, lambda *_: True).found.ids
        except RuntimeError:
            return None

    with ThreadPoolExecutor(8) as visitors:
        answers = list(visitors.map(ask, range(8)))
    assert len(calls) == 2 and calls[1] - calls[0] >= 0.3
    assert answers.count(b"x" * 16) == 7
