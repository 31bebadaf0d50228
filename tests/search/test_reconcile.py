"""The word index where it is easy to get wrong: deleting, hiding, and hostile texts."""

from concurrent.futures import ThreadPoolExecutor
from io import StringIO

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.models import Q

from gallery import services
from gallery.models import Photo, Tag
from search.index_state import read_index
from search.models import CorpusStatistics, PhotoDocument, Term
from search.query import parse
from search.reconcile import due_photos, index_due, orphans
from search.retrievers import rank_by_words
from tests.search.conftest import index_all, make_photo
from tests.search.test_word_index import assert_index_is_exact

pytestmark = pytest.mark.django_db


def test_deleting_a_photo_unlists_its_document_at_once_and_counts_it_out_later(alice):
    kept = make_photo(alice, title="Harbour lights")
    photo = make_photo(alice, title="Harbour ferry")
    index_all()
    photo.delete()
    assert rank_by_words(parse("harbour")) == [kept.pk]
    assert orphans().count() == 1
    index_all()
    assert orphans().count() == 0
    assert not Term.objects.filter(text="ferry", document_frequency__gt=0).exists()
    assert_index_is_exact()


def test_deleting_behind_the_orm_is_noticed_too(alice):
    photo = make_photo(alice, title="Harbour ferry")
    index_all()
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM gallery_photo WHERE id = %s", [photo.pk])
    index_all()
    assert PhotoDocument.objects.count() == 0
    assert CorpusStatistics.objects.get().documents == 0


def test_hidden_photo_leaves_the_ranking_before_any_worker_ran(alice):
    photo = make_photo(alice, title="Harbour")
    index_all()
    Photo.objects.filter(pk=photo.pk).update(visibility="unlisted")
    assert rank_by_words(parse("harbour")) == []
    assert due_photos().count() == 1
    index_all()
    assert PhotoDocument.objects.count() == 0
    assert_index_is_exact()


def test_a_place_that_is_hidden_leaves_the_index_before_any_worker_ran(alice):
    photo = make_photo(alice, title="Harbour", place="Whitby")
    index_all()
    before = read_index()[0]
    Photo.objects.filter(pk=photo.pk).update(location_shown=False)
    assert rank_by_words(parse("whitby")) == []
    states = {before, read_index()[0]}
    Photo.objects.filter(pk=photo.pk).update(visibility="private")
    Photo.objects.filter(pk=photo.pk).update(visibility="public")
    assert rank_by_words(parse("whitby")) == [], "listed again, but withdrawn still"
    index_all()
    assert rank_by_words(parse("whitby")) == []
    assert rank_by_words(parse("harbour")) == [photo.pk]
    assert read_index()[0] not in states and len(states) == 2
    assert not Term.objects.filter(text="whitby", document_frequency__gt=0).exists()
    assert_index_is_exact()


def test_a_place_that_nobody_may_read_changes_no_document(alice):
    photo = make_photo(alice, title="Harbour", place="Whitby", location_shown=False)
    index_all()
    Photo.objects.filter(pk=photo.pk).update(place="Dover")
    assert rank_by_words(parse("harbour")) == [photo.pk]
    assert due_photos().count() == 0, "nor does it ask for one"


def test_photos_that_are_not_listed_are_done_without_a_document(alice):
    make_photo(alice, title="Harbour", visibility="private")
    make_photo(alice, title="Pier", state="pending")
    index_all()
    assert PhotoDocument.objects.count() == 0
    assert due_photos().count() == 0


def test_a_tag_renamed_is_found_by_its_new_name(alice):
    photo = make_photo(alice, tags=["fog"])
    index_all()
    photo.tags.update(name="mist")
    index_all()
    assert rank_by_words(parse("mist")) == [photo.pk]
    assert rank_by_words(parse("fog")) == []
    assert_index_is_exact()


def test_known_terms_use_up_no_ids(alice):
    photo = make_photo(alice, title="Harbour lights")
    index_all()
    for number in range(20):
        Photo.objects.filter(pk=photo.pk).update(title="Harbour lights" + " harbour" * number)
        index_all()
    make_photo(alice, title="Harbour ferry")
    index_all()
    ids = Term.objects.order_by("pk").values_list("pk", flat=True)
    assert ids.last() - ids.first() == len(ids) - 1


def test_words_are_told_from_stems_and_parts(alice):
    photo = make_photo(alice, title="Lighthouses", camera="X100 V")
    index_all()
    words = Term.objects.filter(is_word=True)
    assert set(words.values_list("text", flat=True)) == {"lighthouses", "x100", "v"}
    assert {"lighthous", "x", "100", "x100v"} <= set(Term.objects.values_list("text", flat=True))
    Photo.objects.filter(pk=photo.pk).update(title="Lighthous")
    index_all()
    assert words.filter(text="lighthous").exists()


@pytest.mark.parametrize(
    "text",
    [
        "sea " * 100_000,
        " ".join(f"w{number}" for number in range(30_000)),
        " ".join(f"a{number}b{number}c" for number in range(10_000)),
        "".join(chr(0x4E00 + number % 20_000) for number in range(50_000)),
        "𝔞𝔟𝔠" * 30_000,
        "\U00010400" * 64 + " " + " ".join("\U00010400" * 60 + str(n) for n in range(5_000)),
        "'\\:*&|!<->() %s {0} \u202e",
    ],
    ids=range(7),
)
def test_a_hostile_description_stops_nobody(alice, text):
    photo = make_photo(alice, title="Lighthouse", description=text)
    index_all()
    assert rank_by_words(parse("lighthouse")) == [photo.pk]
    assert due_photos().count() == 0


@pytest.mark.django_db(transaction=True)
def test_photos_are_hidden_and_tags_renamed_while_the_index_is_rebuilt(alice):
    photos = [make_photo(alice, title=f"Harbour {n}", tags=["fog"]) for n in range(60)]
    index_all()

    def rebuild():
        try:
            for _ in range(3):
                call_command("rebuild_search", stdout=StringIO())
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        rebuilding = pool.submit(rebuild)
        for number, photo in enumerate(reversed(photos)):
            visibility = "private" if number % 2 else "public"
            services.set_visibility([photo, photos[number]], visibility)
            Tag.objects.update(name=f"fog {number}")
        rebuilding.result()
    index_all()
    assert_index_is_exact()


def test_rebuild_makes_the_same_index_again(alice):
    photos = [make_photo(alice, title=f"Harbour {word}") for word in ("ferry", "crane", "ferry")]
    index_all()
    words = set(Term.objects.filter(is_word=True).values_list("text", flat=True))
    # Damages that reconcile could not know of.
    Term.objects.update(document_frequency=7, is_word=~Q(is_word=True))
    PhotoDocument.objects.filter(pk=photos[0].pk).delete()
    call_command("rebuild_search", stdout=StringIO())
    assert_index_is_exact()
    assert set(Term.objects.filter(is_word=True).values_list("text", flat=True)) == words
    assert rank_by_words(parse("crane")) == [photos[1].pk]
    assert index_due() == 0
