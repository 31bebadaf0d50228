"""BM25 in the database against a plain oracle, and the index under random edits."""

import random
import re
from collections import Counter
from collections.abc import Iterable

import bm25s
import numpy as np
import pytest
from django.db import connection

from gallery import services, tags
from gallery.models import Photo
from search import bm25, postings, retrievers
from search.analysis import is_stop_word, stem
from search.documents import analyse, photo_fields
from search.models import CorpusStatistics, PhotoDocument, PostingBlock, Term
from search.query import parse
from search.reconcile import index_due, reconcile, repin
from search.retrievers import (
    DEPTH,
    LEAST_COVERAGE,
    postings_statement,
    rank_by_words,
    run,
    word_scores,
)
from search.sql import sql_of
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
    assert stored_postings() == pytest.approx(postings_of_documents(), abs=1e-6)


def stored_postings() -> dict:
    """Return {(term id, number): weight} as the postings have it."""
    found = {}
    for row in PostingBlock.objects.all():
        found_here = postings.unpacked(row.postings)
        numbers, weights = found_here["number"], found_here["weight"]
        assert list(numbers) == sorted(set(numbers))
        assert set(numbers // postings.BLOCK) == {row.block}
        found |= {(row.term_id, one): each for one, each in zip(numbers, weights, strict=True)}
    return found


def postings_of_documents() -> dict:
    return {
        (term_id, row.number): weight
        for row in PhotoDocument.objects.only("number", "weights")
        for term_id, weight in zip(row.weights.indices(), row.weights.values(), strict=True)
    }


def oracle_scores(texts: Iterable[str], documents: dict) -> dict[str, dict]:
    """Score by BM25 in plain Python, with the pinned statistics; {text: {photo id: score}}."""
    average = CorpusStatistics.objects.get().average_length
    weights = {
        photo_id: {
            term: bm25.weight(frequency, one.length, average)
            for term, frequency in one.term_frequency.items()
        }
        for photo_id, one in documents.items()
    }
    frequencies = Counter(term for one in documents.values() for term in one.term_frequency)
    found = {}
    for text in texts:
        terms = parse(text).terms
        groups = [
            (bm25.idf(len(documents), max(frequencies[form] for form in forms)), forms)
            for forms in terms
            if any(form in frequencies for form in forms)
        ]
        known = [idf for idf, _ in groups]
        mass = sum(known) + (len(terms) - len(known)) * min(known, default=0)
        found[text] = {}
        for photo_id, each in weights.items():
            covered = sum(idf for idf, forms in groups if any(form in each for form in forms))
            if covered and covered >= LEAST_COVERAGE * mass:
                found[text][photo_id] = sum(
                    idf * max(each.get(form, 0.0) for form in forms) for idf, forms in groups
                )
    return found


def oracle(text: str) -> list:
    """Rank by BM25 in plain Python."""
    scores = oracle_scores([text], listed_documents())[text]
    numbers = dict(PhotoDocument.objects.values_list("photo_id", "number"))
    return sorted(scores, key=lambda photo_id: (-scores[photo_id], -numbers[photo_id]))


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
    for text in (
        *("sea", "boats", "harbour light", "snow mountain river", " ".join(WORDS), "sea x9"),
        *("x9 y8", "sea x9 y8 z7", "fog tower x9"),
    ):
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


def test_postings_of_many_blocks_stay_exact(gallery, monkeypatch):
    monkeypatch.setattr(postings, "BLOCK", 7)
    repin()
    assert PostingBlock.objects.values("block").distinct().count() == 5
    chance = random.Random(9)
    for photo in chance.sample(gallery, 9):
        write(photo, chance)
    services.bin_photos(gallery[:8])  # the first block is empty now
    while index_due():
        pass
    assert not PostingBlock.objects.filter(block=0).exists()
    assert_index_is_exact()
    assert rank_by_words(parse("sea boats")) == oracle("sea boats")


@pytest.mark.parametrize("few", [True, False])
def test_restricted_ranking_is_exact_however_deep_its_photos_are(gallery, monkeypatch, few):
    monkeypatch.setattr(retrievers, "SMALL_GALLERY", 1)
    monkeypatch.setattr(retrievers, "FEW_PHOTOS", 1000 if few else 1)
    last = oracle("sea boat light")[-3:]
    Photo.objects.filter(pk__in=last).update(iso=800)
    assert rank_by_words(parse("sea boat light iso:800"), depth=2) == last[:2]
    Photo.objects.filter(pk=last[0]).update(visibility="private")
    assert rank_by_words(parse("sea boat light iso:800"), depth=2) == last[1:]
    assert len(rank_by_words(parse("sea boat light"), depth=4)) == 4


def test_words_find_photos_behind_those_that_were_just_hidden(gallery):
    """Their postings are there until the index is reconciled."""
    ranked = oracle("sea boat light")
    services.set_visibility(Photo.objects.filter(pk__in=ranked[:6]), "private")
    assert rank_by_words(parse("sea boat light"), depth=2) == ranked[6:8]


def test_a_word_with_too_many_postings_counts_as_a_stop_word(gallery, monkeypatch):
    counts = dict(Term.objects.values_list("text", "document_frequency"))
    rare, common = sorted(("sea", "fog"), key=counts.get)
    monkeypatch.setattr(retrievers, "MOST_POSTINGS", counts[rare])
    assert rank_by_words(parse(f"{common} {rare}")) == oracle(rare)


def test_pinning_the_average_anew_changes_nothing_but_the_weights(gallery):
    before = {text: rank_by_words(parse(text)) for text in ("sea", "harbour light")}
    statistics = CorpusStatistics.objects.get()
    for average in (3.0, 400.0):
        CorpusStatistics.objects.update(total_length=average * statistics.documents)
        repin()
        assert CorpusStatistics.objects.get().average_length == pytest.approx(average)
    CorpusStatistics.objects.update(total_length=statistics.total_length)
    repin()
    assert_index_is_exact()
    assert {text: rank_by_words(parse(text)) for text in before} == before


@pytest.mark.parametrize("field", ["title", "description"])
@pytest.mark.parametrize("count", [1, 2, 40, 900])
def test_weights_give_back_their_term_frequencies(count, field):
    fields = dict.fromkeys(bm25.FIELD_WEIGHTS, "")
    document = analyse(fields | {field: "sea " * count + "fog"})
    for average in (2.0, 20.0, 300.0):
        for frequency in document.term_frequency.values():
            weight = float(np.float32(bm25.weight(frequency, document.length, average)))
            assert bm25.term_frequency(weight, document.length, average) == frequency


def test_a_word_nobody_has_does_not_hide_those_that_somebody_has(alice):
    boats = [ready(alice, title="Harbour", description=f"No {number}") for number in range(5)]
    for number in range(40):
        ready(alice, title=f"Garden {number}")
    assert set(rank_by_words(parse("harbour bergen"))) == {photo.pk for photo in boats}
    assert set(rank_by_words(parse("harbour harbuor"))) == {photo.pk for photo in boats}
    mountain = ready(alice, title="雪山 湖泊 倒影")
    for text in ("雪山的倒影", "雪山下的湖泊倒影", "湖泊里的雪山"):
        assert rank_by_words(parse(text)) == [mountain.pk], text


def test_phrases_and_exclusions_restrict(alice):
    ready(alice, title="Two rowing boats")
    other = ready(alice, title="Boats and a rowing club")
    assert len(rank_by_words(parse("rowing boats"))) == 2
    assert len(rank_by_words(parse('"rowing boats"'))) == 1
    assert rank_by_words(parse("boats -two")) == [other.pk]
    assert rank_by_words(parse("rowing -clubs")) == rank_by_words(parse("rowing -club")) != []


def test_words_in_other_scripts_and_quotes_are_harmless(alice):
    photo = ready(alice, title="日本語の写真 O'Brien\\ :*&|!<->")
    assert rank_by_words(parse("写真")) == [photo.pk]
    assert rank_by_words(parse("o'brien")) == [photo.pk]


@pytest.mark.parametrize(
    ("name", "braces", "parameters", "index"),
    [
        ("postings", {}, {"forms": ["sea"], "most": 9}, "search_postingblock_pkey"),
        ("documents", {"condition": "TRUE"}, {"numbers": [1], "depth": 9}, "number"),
        ("allowed_documents", {"allowed": "TRUE"}, {}, "document_numbers"),
    ],
)
def test_rows_come_by_index(gallery, name, braces, parameters, index):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {sql_of(name).format(**braces)}", parameters)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert re.search(rf"Scan (using|on) \w*{index}", plan)


# --- Ten thousand photos ---
PHOTOS = 10_000
CHANGES = 1000
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprtvz" for vowel in "aou"]


@pytest.fixture
def large_gallery(alice):
    """Many photos of words as frequent as words are, each its own stem; as words by frequency."""
    words = [first + second for first in SYLLABLES for second in SYLLABLES]
    words = [word for word in words if stem(word, "en") == word and not is_stop_word(word)]
    chance = random.Random(12)
    chance.shuffle(words)
    texts = [text_of(words, chance) for _ in range(PHOTOS)]
    Photo.objects.bulk_create(
        Photo(
            owner=alice, description=text, original=f"{number}", content_hash=f"{number:064x}",
            size_bytes=1, media_type="image/jpeg", width=3, height=2, state="ready",
        )
        for number, text in enumerate(texts)
    )  # fmt: skip
    while index_due(1000):
        pass
    return words


def text_of(words, chance) -> str:
    shares = [1 / rank for rank in range(1, len(words) + 1)]
    return " ".join(chance.choices(words, shares, k=chance.randint(1, 24)))


def all_scores(text: str) -> dict:
    query = parse(text)
    rows = run({"postings": postings_statement(query)})["postings"]
    numbers, scores = word_scores(query, rows, CorpusStatistics.now().documents)
    photo_ids = dict(PhotoDocument.objects.values_list("number", "photo_id"))
    return {photo_ids[one]: score for one, score in zip(numbers, scores, strict=True)}


def test_scores_equal_the_oracle_and_bm25s_after_a_thousand_changes(large_gallery):
    words, chance = large_gallery, random.Random(5)
    ids = list(Photo.objects.values_list("pk", flat=True))
    for start in range(0, CHANGES, 50):
        for number in range(start, start + 50):
            photo = Photo.objects.filter(pk=chance.choice(ids))
            match number % 4:
                case 0:
                    photo.update(description=text_of(words, chance))
                case 1:
                    photo.update(visibility="private")
                case 2:
                    photo.update(visibility="public")
                case 3:
                    photo.delete()
        while index_due():
            pass
    assert_index_is_exact()

    common = words[:6]
    queries = [*common, " ".join(common), f"{common[0]} {words[-1]}", " ".join(words[9:14])]
    queries += [" ".join(chance.choices(words, k=chance.randint(1, 6))) for _ in range(30)]
    documents = listed_documents()
    for text, expected in oracle_scores(queries, documents).items():
        assert all_scores(text) == pytest.approx(expected, abs=1e-5)
        best = [expected[photo_id] for photo_id in rank_by_words(parse(text))]
        assert best == pytest.approx(sorted(expected.values(), reverse=True)[:DEPTH], abs=1e-5)

    repin()
    corpus = [photo_fields(photo)["description"].split() for photo in Photo.objects.listed()]
    reference = bm25s.BM25(method="lucene", k1=bm25.K1, b=bm25.B, dtype="float64")
    reference.index(corpus, show_progress=False)
    pks = list(Photo.objects.listed().values_list("pk", flat=True))
    for text in [*common, " ".join(common), " ".join(words[9:14])]:
        scores = reference.get_scores(text.split()) * (bm25.K1 + 1)
        found = all_scores(text)
        assert found == pytest.approx(
            {pk: score for pk, score in zip(pks, scores, strict=True) if pk in found}, abs=1e-5
        )
