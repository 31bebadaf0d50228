"""BM25 in the database against a plain oracle, and the index under random edits."""

import random
from collections import Counter

import pytest
from django.db import connection

from gallery import services, tags
from gallery.models import Photo
from search import bm25
from search.documents import analyse, photo_fields
from search.models import CorpusStatistics, PhotoDocument, Term
from search.query import parse
from search.reconcile import index_due, reconcile
from search.retrievers import LEAST_COVERAGE, rank_by_words
from tests.conftest import ready

pytestmark = pytest.mark.django_db

WORDS = "sea boat harbour light mountain snow river bridge fog tower boats lights garden".split()


def listed_documents():
    photos = Photo.objects.listed().prefetch_related("tags")
    return {photo.pk: analyse(photo_fields(photo)) for photo in photos}


def assert_index_is_exact():
    """Documents, document frequencies and statistics are what the photos say."""
    documents = listed_documents()
    statistics = CorpusStatistics.objects.get()
    frequencies = Counter(term for one in documents.values() for term in one.term_frequency)
    stored = dict(
        Term.objects.filter(document_frequency__gt=0).values_list("text", "document_frequency")
    )
    assert stored == dict(frequencies)
    assert statistics.documents == len(documents) == PhotoDocument.objects.count()
    assert statistics.total_length == pytest.approx(sum(one.length for one in documents.values()))
    term_ids = dict(Term.objects.values_list("text", "pk"))
    for row in PhotoDocument.objects.defer("tsv"):
        document = documents[row.photo_id]
        expected = {
            term_ids[term]: bm25.weight(frequency, document.length, statistics.average_length)
            for term, frequency in document.term_frequency.items()
        }
        weights = dict(zip(row.weights.indices(), row.weights.values(), strict=True))
        assert weights == pytest.approx(expected, abs=1e-5)


def oracle(text: str) -> list:
    """Rank by BM25 in plain Python."""
    documents = listed_documents()
    statistics = CorpusStatistics.objects.get()
    frequencies = Counter(term for one in documents.values() for term in one.term_frequency)
    groups = [
        (bm25.idf(len(documents), max(frequencies[form] for form in forms)), forms)
        for forms in parse(text).terms
    ]
    mass = sum(idf for idf, _ in groups)
    ranked = []
    for photo_id, document in documents.items():
        weights = {
            term: bm25.weight(frequency, document.length, statistics.average_length)
            for term, frequency in document.term_frequency.items()
        }
        covered = sum(idf for idf, forms in groups if any(form in weights for form in forms))
        if covered and covered >= LEAST_COVERAGE * mass:
            ranked.append((-bm25.score(groups, weights), photo_id))
    return [photo_id for _, photo_id in sorted(ranked)]


@pytest.fixture
def gallery(alice):
    """Thirty listed photos with random titles, tags and descriptions."""
    chance = random.Random(3)
    photos = [ready(alice) for _ in range(30)]
    for photo in photos:
        write(photo, chance)
    while index_due():
        pass
    return photos


def write(photo, chance):
    Photo.objects.filter(pk=photo.pk).update(
        title=" ".join(chance.choices(WORDS, k=chance.randint(1, 4))),
        description=" ".join(chance.choices(WORDS, k=chance.randint(0, 12))),
    )
    tags.set_tags(photo, chance.sample(WORDS, chance.randint(0, 3)))


def test_ranking_equals_the_oracle(gallery):
    for text in ["sea", "boats", "harbour light", "snow mountain river", " ".join(WORDS), "sea x9"]:
        assert rank_by_words(parse(text)) == oracle(text), text


def test_index_stays_exact_under_random_edits_and_runs_twice(gallery):
    chance = random.Random(8)
    assert_index_is_exact()
    for _ in range(6):
        for photo in chance.sample(gallery, 8):
            chance.choice(
                [
                    lambda one: write(one, chance),
                    lambda one: Photo.objects.filter(pk=one.pk).update(visibility="private"),
                    lambda one: Photo.objects.filter(pk=one.pk).update(visibility="public"),
                    lambda one: services.bin_photos([one]),
                    lambda one: services.restore_photos([one]),
                ]
            )(photo)
        while index_due():
            pass
        assert_index_is_exact()
    generation = CorpusStatistics.objects.get().generation
    reconcile([photo.pk for photo in gallery])
    assert CorpusStatistics.objects.get().generation == generation
    assert_index_is_exact()


def test_phrases_and_exclusions_restrict(alice):
    ready(alice, title="Two rowing boats")
    other = ready(alice, title="Boats and a rowing club")
    assert len(rank_by_words(parse("rowing boats"))) == 2
    assert len(rank_by_words(parse('"rowing boats"'))) == 1
    assert rank_by_words(parse("boats -two")) == [other.pk]


def test_words_in_other_scripts_and_quotes_are_harmless(alice):
    photo = ready(alice, title="日本語の写真 O'Brien\\ :*&|!<->")
    assert rank_by_words(parse("写真")) == [photo.pk]
    assert rank_by_words(parse("o'brien")) == [photo.pk]


def test_candidates_come_from_the_gin_index(gallery):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT photo_id FROM search_photodocument "
            "WHERE listed AND tsv @@ '''sea'''::tsquery"
        )
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "document_tokens" in plan
