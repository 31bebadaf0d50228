"""What is being typed is completed from words and titles of listed photos, and of no others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gallery.models import Photo
from search import suggestions as module
from search.models import Term
from search.suggestions import suggestions
from search.vocabulary import words_with_prefix
from tests.search.conftest import index_all, make_photo
from tests.search.test_engine import HOSTILE

pytestmark = pytest.mark.django_db


@pytest.fixture
def lakes(alice):
    """Mountains and lakes; "lake" is in more photos than "lavender"."""
    photos = [
        make_photo(alice, title="Mountain lake at dawn", tags=["mountain", "lake"]),
        make_photo(alice, title="A quiet lake", description="Mist over the lake"),
        make_photo(alice, title="Lavender", description="Rows of lavender"),
        make_photo(alice, title="Lighthouses", camera="FUJIFILM X100V"),
        make_photo(alice, title="高山湖泊"),
    ]
    index_all()
    return photos


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("la", ["lake", "lavender", "A quiet lake", "Mountain lake at dawn"]),
        ("LA", ["lake", "lavender", "A quiet lake", "Mountain lake at dawn"]),
        ("mountain la", ["mountain lake", "mountain lavender", "Mountain lake at dawn"]),
        ("Red Mountain, la", ["Red Mountain, lake", "Red Mountain, lavender"]),
        ("x1", ["x100v"]),
        ("lake -la", ["lake -lake", "lake -lavender"]),
        ("camera:fuj", ["camera:fujifilm"]),
        ('"quiet la', ['"quiet lake', '"quiet lavender', "A quiet lake"]),
        ("quiet", ["A quiet lake"]),
        ("quiet ", ["A quiet lake"]),
        ("uiet", []),  # not at the start of a word
        ("l", []),
        ("ov", []),  # only "over", a stop word
        ("mist ov", []),
        ("mountain ", ["Mountain lake at dawn"]),
        ("mountain lake at dawn", []),
        ("", []),
        ("!?", []),
        ("高", ["高山", "高山湖泊"]),
        ("高山", ["高山湖", "高山湖泊"]),
        ("湖", ["湖泊", "高山湖泊"]),
        ("山泊", []),
    ],
)
@pytest.mark.usefixtures("lakes")
def test_completions(typed, expected):
    assert suggestions(typed) == expected


def test_stems_and_parts_are_not_suggested(lakes):
    assert Term.objects.get(text="lighthous").document_frequency == 1
    assert suggestions("lighth") == ["lighthouses"]
    assert Term.objects.get(text="x100").document_frequency == 1
    assert suggestions("x1") == ["x100v"]


def test_words_of_more_photos_come_first_and_eight_are_enough(alice):
    words = [f"sea{letter}" for letter in "abcdefghijkm"]
    for number in range(len(words)):
        make_photo(alice, description=" ".join(words[number:]))
    index_all()
    assert suggestions("sea") == words[:3:-1]


def test_titles_are_three_and_leave_room_for_words(alice):
    for number in range(6):
        make_photo(alice, title=f"Two boats {number}", description=f"boatsman boat{'er' * number}")
    index_all()
    found = suggestions("boat")
    assert len(found) == 8
    assert found[-3:] == ["Two boats 5", "Two boats 4", "Two boats 3"]


def test_titles_that_start_so_come_before_newer_ones(alice):
    make_photo(alice, title="Boat race")
    make_photo(alice, title="Old boat")
    index_all()
    assert suggestions("boat ") == ["Boat race", "Old boat"]


def test_titles_are_found_by_their_own_words_only(alice):
    make_photo(alice, title="Harbour lights", description="An old boat")
    index_all()
    assert suggestions("old bo") == ["old boat"]
    assert suggestions("light ") == []  # its stem
    assert suggestions("lights ") == ["Harbour lights"]


def test_what_is_typed_already_is_not_suggested(alice):
    make_photo(alice, title="Boat")
    make_photo(alice, title="Boathouse")
    index_all()
    assert suggestions("Boat") == ["boathouse"]


def test_words_of_private_photos_are_not_suggested(alice):
    make_photo(alice, title="Wedding of Henrietta", visibility="private")
    make_photo(alice, title="Henriette unlisted", visibility="unlisted")
    make_photo(alice, title="Hen")
    index_all()
    assert suggestions("he") == ["hen"]
    assert suggestions("wedding ") == []


def test_words_of_a_photo_are_gone_as_soon_as_it_is_hidden(lakes):
    assert suggestions("lav") == ["lavender"]
    assert suggestions("quiet ") == ["A quiet lake"]
    Photo.objects.filter(pk__in=[lakes[1].pk, lakes[2].pk]).update(visibility="private")
    assert Term.objects.get(text="lavender").document_frequency == 1  # no worker came yet
    assert suggestions("lav") == []
    assert suggestions("quiet ") == []


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
@pytest.mark.usefixtures("lakes")
def test_hostile_texts_are_harmless(text):
    assert set(suggestions(text)) <= {text}
    assert Photo.objects.count() == 5


@pytest.mark.parametrize(
    ("typed", "count"), [("mountain la", 3), ("高山", 3), ("qq", 2), ("mountain ", 1), ("l", 0)]
)
def test_queries_are_few_and_do_not_grow(alice, typed, count):
    for _ in range(2):
        for number in range(20):
            make_photo(alice, title=f"Mountain lake {number} 高山湖", tags=["lamp", "lava", "lane"])
        index_all()
        with CaptureQueriesContext(connection) as captured:
            suggestions(typed)
        assert len(captured) == count


def plan_of(captured) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured['sql']}")
        return "\n".join(row[0] for row in cursor.fetchall())


def test_indexes_serve_prefixes_words_and_titles(lakes):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        # Of so few documents it holds them all as cheaply.
        cursor.execute("DROP INDEX document_numbers")
    with CaptureQueriesContext(connection) as captured:
        assert words_with_prefix("la", 5) == ["lake", "lavender"]
    prefix = plan_of(captured.captured_queries[0])
    assert "Index Cond" in prefix and "'la'" in prefix
    with CaptureQueriesContext(connection) as captured:
        module._titles("mountain la", is_typing=True)
    assert "document_tokens" in plan_of(captured.captured_queries[0])


# --- The endpoint --------------------------------------------------------------------------
def test_charlie_gets_suggestions_that_caches_may_keep(as_charlie, lakes):
    response = as_charlie.get(reverse("api_search_suggestions"), {"q": "Mountain la"})
    assert response.json() == {
        "query": "Mountain la",
        "suggestions": ["Mountain lake", "Mountain lavender", "Mountain lake at dawn"],
    }
    assert response["Cache-Control"] == "public, max-age=0, must-revalidate"
    assert "Cookie" not in response.get("Vary", "")
    again = as_charlie.get(
        reverse("api_search_suggestions"),
        {"q": "Mountain la"},
        headers={"If-None-Match": response["ETag"]},
    )
    assert again.status_code == 304


def test_a_white_space_ends_the_word_in_the_address_too(as_charlie, lakes):
    answer = as_charlie.get(reverse("api_search_suggestions") + "?q=mountain+").json()
    assert answer == {"query": "mountain", "suggestions": ["Mountain lake at dawn"]}


def test_input_is_validated(as_charlie):
    url = reverse("api_search_suggestions")
    assert as_charlie.get(url).json() == {"query": "", "suggestions": []}
    response = as_charlie.get(url, {"q": "a" * 501})
    assert response.status_code == 400
    assert response.json()["code"] == "invalid"
    assert "q" in response.json()["fields"]
    assert as_charlie.post(url, {"q": "la"}).status_code == 405
