"""Misspelt words become words of listed photos; random letters, phrases and filters do not."""

import random
import string
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rapidfuzz.distance import OSA

from embeddings.demo_model.stories import STORIES, stories
from gallery.models import Photo
from search import corrections, vocabulary
from search.analysis import words
from search.corrections import corrected, nearest
from search.models import CorpusStatistics, Term
from search.query import parse
from search.vocabulary import Vocabulary
from tests.search.conftest import index_all, make_photo
from tests.search.test_engine import HOSTILE

DEMO = Vocabulary.of(
    dict.fromkeys(
        (word for scene in STORIES for story in stories(scene) for word in words(story.text)), 1
    )
)


def vocabulary_of(text: str) -> Vocabulary:
    return Vocabulary.of(dict.fromkeys(text.split(), 1))


# --- One word, without a database ----------------------------------------------------------
@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sunst", "sunset"),  # a letter missing
        ("ligthouse", "lighthouse"),  # two swapped
        ("mountian", "mountain"),
        ("mountainn", "mountain"),  # one too many
        ("mountaen", "mountain"),  # one wrong
        ("hrabour", "harbour"),
        ("ahrbour", "harbour"),  # the first two swapped
        ("ighthouse", "lighthouse"),
        ("watrefal", "waterfall"),  # two edits in a long word
        ("bota", "boat"),
    ],
)
def test_a_misspelling_is_recognised(typed, meant):
    assert nearest(typed, DEMO)[0] == meant


@pytest.mark.parametrize(
    "typed",
    [
        *("xqzvk", "brtfg", "qwrtpl"),
        "sunt",  # two letters are missing in a short word
        "unset",  # another first letter in a short word
        "bozt",  # a wrong letter in a word of four
        "sae",
        "wxtrefxl",
        "sunset",  # is a word
    ],
)
def test_what_is_far_is_left_alone(typed):
    assert nearest(typed, DEMO) == []


def test_fewest_edits_come_first_then_first_letter_frequency_and_alphabet():
    assert nearest("mountanis", vocabulary_of("mountaineer mountains mountain")) == [
        "mountains",
        "mountain",
    ]
    assert nearest("lighthouze", vocabulary_of("eighthouze lighthouse")) == [
        "lighthouse",
        "eighthouze",
    ]
    frequency = {"beach": 2, "bleach": 9, "beech": 2}
    assert nearest("beachh", Vocabulary.of({"beach": 1})) == ["beach"]
    assert nearest("beoch", Vocabulary.of(frequency)) == ["beach", "beech"]
    assert nearest("beoch", Vocabulary.of(frequency | {"beech": 3})) == ["beech", "beach"]


def test_candidates_are_those_of_a_plain_scan():
    chance = random.Random(5)
    for word in chance.sample(sorted(DEMO.frequency), 40):
        place = chance.randrange(1, len(word))
        typed = word[:place] + chance.choice(string.ascii_lowercase) + word[place:]
        limit = 1 if len(typed) <= 7 else 2
        plain = {
            one
            for one in DEMO.frequency
            if 0 < OSA.distance(typed, one) <= limit
            and len(one) >= 4
            and corrections._is_likely(typed, one)
        }
        assert set(nearest(typed, DEMO)) == plain
        assert word in plain or len(word) < 4 or word == typed


def test_random_letters_hardly_ever_become_words():
    """Measured: 2 of 20,000 against the demo's vocabulary; 30 without the guard of short words."""
    chance = random.Random(20)
    drawn = [
        "".join(chance.choices(string.ascii_lowercase, k=chance.randint(3, 12)))
        for _ in range(20_000)
    ]
    wrong = [word for word in drawn if len(word) >= 4 and nearest(word, DEMO)]
    assert len(wrong) / len(drawn) < 0.0005, wrong


# --- A query, against the word index -------------------------------------------------------
@pytest.fixture
def coast(alice):
    """Photos whose words queries are corrected to."""
    photos = [
        make_photo(alice, title="Lighthouse at sunset"),
        make_photo(alice, title="Mountain snow", description="The snow of the mountains"),
        make_photo(alice, title="Harbour lights", camera="FUJIFILM X100V"),
    ]
    index_all()
    return photos


def correct(text: str) -> str | None:
    found = corrected(parse(text))
    return found and found.text


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("sunst", "sunset"),
        ("ligthouse", "lighthouse"),
        ("mountian snow", "mountain snow"),
        ("Mountian, Snow!", "mountain, Snow!"),
        ("sunst ligthouse", "sunset lighthouse"),
        ("sunst OR snow", "sunset OR snow"),
        ("sunst OR mountian", "sunset OR mountain"),
        ("harbuor:lights", "harbour:lights"),
        ('“Harbour lights” sunst -Snow camera:"X100V"', None),
        ('"Harbour lights"  sunst -Night iso:>800', None),
    ],
)
@pytest.mark.usefixtures("coast")
def test_a_query_is_corrected_and_the_rest_stays_as_typed(typed, meant):
    assert correct(typed) == (meant or " ".join(typed.replace("sunst", "sunset").split()))


@pytest.mark.usefixtures("coast")
def test_a_corrected_query_is_the_parsed_one():
    query = corrected(parse('sunst "harbour lights" -night year:2024'))
    assert query == parse('sunset "harbour lights" -night year:2024')
    assert query.filters and query.required and query.excluded


@pytest.mark.parametrize(
    "text",
    [
        "",
        "snow",
        "mountain",
        "the",
        "xqzvk",
        "sno",  # too short
        "x100w",  # has digits
        '"sunst"',
        '"sunst boat" sunst',
        "harbour -sunst",
        "camera:sunst",
        "camera:sunst sunst",
        "日落 夕阳",
        " ".join(["sunst", *(f"{letter}qqqq" for letter in "abcdefgh")]),  # another language
    ],
)
@pytest.mark.usefixtures("coast")
def test_what_is_not_misspelt_or_not_a_plain_word_stays(text):
    assert correct(text) is None


@pytest.mark.usefixtures("coast")
def test_a_word_that_is_known_by_its_stem_is_right():
    assert not Term.objects.filter(text="lighthouses").exists()
    assert correct("lighthouses") is None


@pytest.mark.usefixtures("coast")
def test_a_correction_is_a_word_and_never_a_stem():
    assert Term.objects.get(text="lighthous").document_frequency == 1
    assert correct("lighthousx") == "lighthouse"
    assert "lighthous" not in vocabulary.current().frequency


def test_a_correction_makes_no_filter(alice):
    make_photo(alice, title="Camera obscura")
    index_all()
    assert correct("camra") == "camera"
    assert correct("camra:obscura") is None


def test_a_correction_to_stop_words_alone_is_none(alice):
    make_photo(alice, title="Their boat, their harbour")
    index_all()
    assert correct("thier") is None
    assert correct("thier boat") == "their boat"


def test_words_of_hidden_photos_are_no_corrections(coast):
    assert correct("sunst") == "sunset"
    Photo.objects.filter(pk=coast[0].pk).update(visibility="private")
    # No worker came yet: vocabulary and document frequencies are as they were.
    assert "sunset" in vocabulary.current().frequency
    assert correct("sunst") is None
    index_all()
    vocabulary.forget()
    assert "sunset" not in vocabulary.current().frequency


def test_a_private_word_is_no_correction(alice, coast):
    make_photo(alice, title="Wedding of Henrietta", visibility="private")
    index_all()
    assert correct("henrieta") is None


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.usefixtures("coast")
def test_hostile_queries_are_harmless(text):
    assert correct(text) is None


@pytest.mark.usefixtures("coast")
def test_a_correction_costs_few_queries():
    vocabulary.current()
    for text, count in (
        ("sunst ligthouse mountian", 1),
        ("snow lights", 0),
        ("x100v", 0),
        ("zzzzzz", 0),
    ):
        query = parse(text)
        with CaptureQueriesContext(connection) as captured:
            corrected(query)
        assert len(captured) == count, text


# --- The vocabulary of a process -----------------------------------------------------------
def test_the_vocabulary_follows_the_index_once_a_minute(coast, alice, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(vocabulary.time, "monotonic", lambda: now[0])
    first = vocabulary.current()
    make_photo(alice, title="Volcano")
    index_all()
    now[0] += vocabulary.REFRESH_SECONDS - 1
    with CaptureQueriesContext(connection) as captured:
        assert vocabulary.current() is first
    assert len(captured) == 0
    now[0] += 2
    assert "volcano" in vocabulary.current().frequency
    second = vocabulary.current()
    now[0] += vocabulary.REFRESH_SECONDS + 1
    assert vocabulary.current() is second  # the generation is the same
    assert second.generation == CorpusStatistics.objects.get().generation


def test_a_gallery_without_an_index_has_no_vocabulary(db):
    assert vocabulary.current().frequency == {}
    assert correct("sunst") is None


@pytest.mark.django_db(transaction=True)
def test_eight_threads_load_the_vocabulary_once(alice, monkeypatch):
    make_photo(alice, title="Sunset")
    index_all()
    loads = []
    make = Vocabulary.of.__func__

    def slowly(cls, *arguments):
        loads.append(1)
        time.sleep(0.2)
        return make(cls, *arguments)

    monkeypatch.setattr(Vocabulary, "of", classmethod(slowly))

    def read(_):
        try:
            return vocabulary.current()
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(read, range(8)))
    assert len(loads) == 1
    assert all(one is found[0] for one in found)
    assert found[0].frequency == {"sunset": 1}


@pytest.mark.parametrize("text", ["train", "story", "Traum", "éclair", "faro"])
def test_a_real_word_that_is_missing_here_is_not_spelt_wrong(alice, text):
    make_photo(alice, title="A trail in the storm, a tram, a flare", description="Faroe eclairs")
    index_all()
    vocabulary.forget()
    assert corrected(parse(text)) is None
    assert corrected(parse("stomr")).text == "storm"
