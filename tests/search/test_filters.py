"""Filters: typed or from the form, exact in all three rankings, telling nothing hidden."""

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest
from django.db import connection
from django.db.models import OuterRef
from django.test.utils import CaptureQueriesContext
from django.utils import timezone as clock

from gallery.colours import COLOURS
from gallery.models import Album, AlbumPhoto, Photo, Tag
from search import engine, filters, retrievers
from search.facets import facets
from search.filter_form import form_of, text_of
from search.filters import Filter, colour_named, is_named
from search.query import parse
from search.restrictions import stated
from search.sql import sql_of
from tests.search.conftest import embed, index_all, make_photo, unit

pytestmark = pytest.mark.django_db


def found(text: str, **more) -> set[str]:
    return {photo.title for photo in engine.search(parse(text), **more).photos}


@pytest.fixture
def cameras(alice, bob):
    """Photos that differ in everything a filter can ask for; all of them show a boat."""
    photos = {
        "a": make_photo(
            alice, title="Boat A", camera="Fujifilm X100V", lens="23mm F2", focal_length_mm=23.0,
            f_number=2.0, iso=200, place="Reykjavik, Iceland", tags=["fog", "Night walk"],
            taken_at=datetime(2024, 5, 17, 12, tzinfo=UTC), taken_offset_minutes=0,
            colours=["red", "blue"],
        ),
        "b": make_photo(
            alice, title="Boat B", camera="Nikon D850", lens="NIKKOR 135mm f/2", width=2, height=3,
            focal_length_mm=135.0, f_number=2.8, iso=800, place="New York", tags=["fog"],
            taken_at=datetime(2023, 12, 31, 23, 30, tzinfo=UTC), taken_offset_minutes=60,
            colours=["grey", "monochrome"],
        ),
        "c": make_photo(
            bob, title="Boat C", camera="NIKON Z 6", lens="XF35mmF2 R WR", width=3, height=3,
            focal_length_mm=35.2, f_number=1.4, iso=3200,
            taken_at=datetime(2022, 1, 1, tzinfo=UTC), colours=["blue"],
        ),
        "d": make_photo(alice, title="Boat D"),
    }  # fmt: skip
    album = Album.objects.create(owner=alice, title="Iceland 2024", slug="iceland-2024")
    AlbumPhoto.objects.create(album=album, photo=photos["a"])
    index_all()
    return photos


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ("camera:x100v", "A"),
        ('camera:"X100 V"', "A"),
        ("camera:nikon", "BC"),
        ("camera:d850 camera:x100v", "AB"),
        ("-camera:nikon", "AD"),
        ("lens:35mm", "C"),
        ("lens:135mm", "B"),
        ("focal:35mm", "C"),
        ("focal:20-40", "AC"),
        ("f:<2.8", "AC"),
        ("f:f/2.8", "B"),
        ("aperture:1.4..2", "AC"),
        ("iso:>800", "C"),
        ("iso:>=800", "BC"),
        ("iso:200", "A"),
        ("-iso:>800", "ABD"),
        ("ISO:≤800", "AB"),
        ("year:2024", "AB"),  # B by the clock of its place
        ("year:2022-2023", "C"),
        ("date:2024-05", "A"),
        ("date:2024-01-01..2024-05-17", "AB"),
        ("date:>2024", ""),
        ("date:<2024", "C"),
        ("taken:>=2024-05-17", "A"),
        ("album:iceland", "A"),
        ("album:iceland-2024", "A"),
        ("tag:fog", "AB"),
        ('tag:fog -tag:"NIGHT walk"', "B"),
        ('tag:"night walk"', "A"),
        ("place:york", "B"),
        ("place:iceland camera:x100v", "A"),
        ("place:iceland camera:nikon", ""),
        ("photographer:bob", "C"),
        ("by:alice", "ABD"),
        ("orientation:portrait", "B"),
        ("orientation:landscape", "AD"),
        ("orientation:square orientation:portrait", "BC"),
        ("colour:red", "A"),
        ("color:BLUE", "AC"),
        ("colour:red colour:grey", "AB"),
        ("-colour:blue", "BD"),
        ("colour:blue -colour:red", "C"),
        ('colour:"black & white"', "B"),
        ("colour:green", ""),
    ],
)
def test_each_filter_alone_and_beside_words(cameras, filters, titles):
    wanted = {f"Boat {letter}" for letter in titles}
    assert found(filters) == wanted
    assert found(f"boat {filters}") == wanted
    assert found(f"{filters} submarine") == set()


def test_a_value_that_cannot_be_read_is_named_and_left_out(cameras):
    page = engine.search(parse("boat iso:many date:2024-13 orientation:round camera:x100v"))
    assert [photo.title for photo in page.photos] == ["Boat A"]
    assert len(page.problems) == 3
    assert "iso:many" in page.problems[0] and ">800" in page.problems[0]


def test_colours_are_read_in_the_languages_of_the_site():
    for name, spellings in {
        "red": "Rot rouge rojo 红 红色",
        "grey": "gray grau gris 灰色",
        "teal": "türkis turkis cyan 青色",
        "white": "weiß weiss blanc blanco 白",
        "pink": "rosa rose 粉红色",
        "monochrome": "black-and-white b&w schwarz-weiß noir_et_blanc 黑白",
    }.items():
        assert {colour_named(one) for one in spellings.split()} == {name}
    assert all(colour_named(name) == name for name in COLOURS)
    assert colour_named("mauve") is colour_named("…") is colour_named("色") is None


def test_a_colour_that_has_no_name_here_is_left_out(cameras):
    page = engine.search(parse("boat colour:mauve"))
    assert page.count == 4
    assert "takes red, orange," in page.problems[0] and "or monochrome" in page.problems[0]


def test_a_name_that_nobody_has_is_named_and_matches_nothing(cameras):
    page = engine.search(parse("boat camera:hasselblad"))
    assert (page.photos, page.count) == ([], 0)
    assert "hasselblad" in page.problems[0]
    assert found("boat -camera:hasselblad") == {"Boat A", "Boat B", "Boat C", "Boat D"}


def test_what_is_not_a_filter_is_read_as_words(cameras):
    query = parse("boat: http://example.org time:12:30 camera:")
    assert query.filters == ()
    assert "example" in query.semantic and "camera" in query.semantic


def test_filters_are_neither_ranked_nor_embedded():
    query = parse('harbour camera:"X100 V" -tag:fog')
    assert query.semantic == "harbour"
    assert query.filters == (Filter("camera", "X100 V"), Filter("tag", "fog", excluded=True))
    assert query.words_text == "harbour"


def test_names_of_hidden_photos_are_unknown(alice, cameras):
    make_photo(alice, title="Secret", camera="Leica M11", visibility="private", tags=["secret"])
    Album.objects.filter(slug="iceland-2024").update(visibility="private")
    for text in ("camera:leica", "tag:secret", "album:iceland"):
        page = engine.search(parse(text))
        assert page.photos == [] and page.problems, text
    offered = facets()
    assert "Leica M11" not in offered.camera
    assert "secret" not in offered.tag and not offered.album
    assert next(iter(offered.tag)) == "fog"


def test_only_colours_that_listed_photos_have_are_offered(alice, cameras):
    make_photo(alice, title="Secret", visibility="private", colours=["pink"])
    everywhere = facets()
    assert next(iter(everywhere.colour)) == "blue"
    field = form_of(parse("boat colour:Blau -colour:grey"), everywhere=everywhere).colour
    assert [one.value for one in field.choices] == ["red", "blue", "grey", "monochrome"]
    assert field.value == "blue"
    asked_for = form_of(parse("colour:pink"), everywhere=everywhere).colour
    assert asked_for.value == "pink" and "pink" in [one.value for one in asked_for.choices]
    assert form_of(parse("colour:mauve"), everywhere=everywhere).colour.value == "mauve"


@pytest.mark.parametrize(
    ("typed", "name", "means"),
    [
        ("x100v", "FUJIFILM X100V", True),
        ("x100", "FUJIFILM X100V", True),
        ("35mm", "XF35mmF2 R WR", True),
        ("35mm", "NIKKOR 135mm f/2", False),
        ("d85", "Nikon D850", False),
        ("iceland", "Reykjavik, Iceland", True),
        ("ice", "Iceland", False),
        ("york new", "New York", False),
        ("冰岛", "冰岛 2024", True),
        ("…", "Iceland", False),
    ],
)
def test_what_a_typed_name_means(typed, name, means):
    assert is_named(typed, name) == means


@pytest.mark.parametrize(("few", "surely_many"), [(1000, 1), (1, 1), (1, 1000)])
def test_no_ranking_loses_a_photo_to_a_filter(alice, space, says, monkeypatch, few, surely_many):
    """They are few; many; or many, where few were expected."""
    monkeypatch.setattr(retrievers, "FEW_PHOTOS", few)
    monkeypatch.setattr(retrievers, "SURELY_MANY", surely_many)
    monkeypatch.setattr(retrievers, "SMALL_GALLERY", 1)
    chance = np.random.default_rng(7)
    for number in range(60):
        photo = make_photo(alice, title=f"Boat {number}", iso=100 * (number % 4 + 1))
        embed(photo, space, image=unit(*chance.normal(size=8)), text=unit(*chance.normal(size=8)))
    index_all()
    says("boat", unit(1))
    page = engine.search(parse("boat iso:>300"))
    assert page.count == 15
    for leg in ("bm25", "text", "image"):
        assert sorted(photo.hit.ranks[leg] for photo in page.photos) == list(range(1, 16))


@pytest.mark.parametrize(("sort", "first"), [("newest", "New"), ("oldest", "Old")])
def test_sorting_keeps_to_what_is_relevant(alice, sort, first):
    now = clock.now()
    make_photo(alice, title="Old boat", published_at=now - timedelta(days=9))
    make_photo(alice, title="New boat", published_at=now - timedelta(days=1))
    make_photo(alice, title="Newest pier", published_at=now)
    index_all()
    photos = engine.search(parse("boat"), sort=sort).photos
    assert len(photos) == 2 and photos[0].title == f"{first} boat"


def test_filters_alone_show_the_newest_first(alice):
    for days in (3, 1, 2):
        published = datetime.now(timezone(timedelta(hours=2))) - timedelta(days=days)
        make_photo(alice, title=str(days), iso=100, published_at=published)
    page = engine.search(parse("iso:100"))
    assert [photo.title for photo in page.photos] == ["1", "2", "3"]
    assert page.semantic and page.count == 3


def test_or_joins_words_and_phrases(alice):
    for title in ("Rowing boats", "A wooden pier", "Dunes at dusk"):
        make_photo(alice, title=title)
    index_all()
    assert found('"rowing boats" OR "wooden pier"') == {"Rowing boats", "A wooden pier"}
    assert found('"rowing boats" OR dunes') == {"Rowing boats", "Dunes at dusk"}
    assert found("boat OR dune") == {"Rowing boats", "Dunes at dusk"}
    assert len(parse("boat OR dune").terms) == 1
    assert parse("OR boat OR").semantic == "OR boat"


def test_the_form_and_the_text_say_the_same(cameras):
    text = text_of({"q": "fog boat", "camera": "X100 V", "iso": ">100", "tag": ""})
    assert text == 'fog boat camera:"X100 V" iso:>100'
    form = form_of(parse(f"{text} camera:nikon -tag:snow year:2024"), everywhere=facets())
    values = {field.name: field.value for field in form.fields if field.value}
    assert values == {"camera": "X100 V", "iso": ">100", "date": "2024"}
    assert form.rest == "fog boat camera:nikon -tag:snow"
    assert text_of({"q": "boat"}) is None
    assert text_of({"q": "", "place": 'a "b" c'}) == 'place:"a b c"'


def test_a_submitted_form_leads_to_one_address(as_charlie, cameras):
    response = as_charlie.get("/search/", {"q": "boat", "camera": "x100v", "sort": "newest"})
    assert response.status_code == 302
    page = as_charlie.get(response["Location"])
    content = page.content.decode()
    assert "Boat A" in content and "Boat B" not in content
    assert 'value="x100v"' in content


def test_filters_cost_a_bounded_number_of_queries(alice, cameras):
    def queries(text):
        with CaptureQueriesContext(connection) as captured:
            engine.search(parse(text))
        return len(captured)

    few = queries("boat camera:nikon iso:>100 place:york")
    for number in range(40):
        make_photo(alice, title="Boat", camera=f"Nikon {number}", place=f"York {number}", iso=200)
    index_all()
    assert queries("boat camera:nikon iso:>100 place:york") == few


def test_pages_are_cut_from_one_list_while_photos_come_and_go(alice):
    now = clock.now()
    for number in range(60):
        published = now - timedelta(minutes=number)
        make_photo(alice, title=f"Boat {number}", published_at=published)
    index_all()
    query = parse("boat")
    first = engine.search(query, sort="newest")
    for number in range(30):
        make_photo(alice, title=f"Boat new {number}")
    Photo.objects.filter(pk=first.photos[0].pk).update(visibility="private")
    index_all()
    second = engine.search(query, sort="newest", page=2, snapshot=first.snapshot)
    third = engine.search(query, sort="newest", page=3, snapshot=second.snapshot)
    seen = [photo.title for page in (first, second, third) for photo in page.photos]
    assert seen == [f"Boat {number}" for number in range(60)]
    assert second.count == 59 and not third.has_next
    assert engine.search(query, sort="newest").count == 89


def test_a_page_of_a_kept_list_needs_no_query_vector(alice, space, says, monkeypatch):
    for number in range(30):
        photo = make_photo(alice, title=f"Boat {number}")
        embed(photo, space, image=unit(1, number / 30))
    index_all()
    says("boat", unit(1))
    first = engine.search(parse("boat"))
    monkeypatch.setattr("search.engine.query_vector", None)
    second = engine.search(parse("boat"), page=2, snapshot=first.snapshot)
    assert second.semantic and len(second.photos) == 6


@pytest.mark.parametrize("snapshot", ["1", "latest", "9.9.9", "'; --", "x" * 5000, "\x00"])
def test_a_snapshot_that_nobody_made_is_the_list_of_now(alice, snapshot):
    make_photo(alice, title="Boat")
    index_all()
    engine.search(parse("boat"))
    page = engine.search(parse("boat"), snapshot=snapshot)
    assert page.count == 1 and not page.semantic


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("camera:x100", "photo_listed_camera"),
        ("lens:35mm", "photo_listed_lens"),
        ('place:"bergen 9"', "photo_listed_public_place"),
        ("iso:>290", "photo_listed_iso"),
        ("f:2", "photo_listed_f_number"),
        ("focal:35", "photo_listed_focal"),
        ("year:2024", "photo_listed_taken"),
        ("colour:red", "photo_listed_colours"),
    ],
)
def test_filters_have_an_index(alice, text, index):
    for number in range(300):
        make_photo(
            alice, camera=f"X{number}", lens=f"{number}mm", place=f"Bergen {number}", iso=number,
            f_number=number / 10, focal_length_mm=number,
            taken_at=datetime(1900 + number, 5, 1, tzinfo=UTC),
            colours=["red" if number == 7 else "blue"],
        )  # fmt: skip
    allowed = stated(parse(text))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE gallery_photo")
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN {allowed.photos}", allowed.parameters)
        assert index in "\n".join(row[0] for row in cursor.fetchall())


def test_names_come_by_a_loose_index_scan(alice):
    for name in ("Nikon D850", "Nikon D850", "Nikon Z6", ""):
        make_photo(alice, camera=name)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        sql = sql_of("names").format(column="camera")
        cursor.execute(f"EXPLAIN {sql}")
        assert "photo_listed_camera" in "\n".join(row[0] for row in cursor.fetchall())
        cursor.execute(sql)
        assert cursor.fetchall() == [("Nikon D850",), ("Nikon Z6",)]


def test_a_tag_looks_for_its_first_photo_and_not_for_all(alice):
    make_photo(alice, tags=["fog"])
    tags = filters._of_listed(Tag.objects.filter(slug="fog"), tags=OuterRef("pk"))
    plan = tags.explain()
    assert "SubPlan" in plan and "Limit" in plan and "Join" not in plan, plan
    assert [one.name for one in tags] == ["fog"]


def test_an_album_is_meant_by_its_address_and_by_its_title(alice):
    for number, (title, slug) in enumerate(
        (("Summer", "summer"), ("Summer", "summer-2"), ("Summer in Norway", "norway"))
    ):
        album = Album.objects.create(owner=alice, title=title, slug=slug)
        AlbumPhoto.objects.create(album=album, photo=make_photo(alice, title=f"Boat {number}"))
    index_all()
    assert found("boat album:summer") == {"Boat 0", "Boat 1"}
    assert found("boat album:summer-2") == {"Boat 1"}
    assert found("boat album:norway") == {"Boat 2"}


def test_page_says_whether_filters_or_words_leave_nothing(client, alice, space, says):
    space.floor = {leg: {"gate": 2.0, "keep": 2.0} for leg in ("image", "text")}
    space.save()
    photo = make_photo(alice, title="Pier", iso=800)
    embed(photo, space, image=unit(1), text=unit(1))
    index_all()
    says("kite", unit(1))
    for query, said in (
        ("kite iso:800", "Nothing here is close to that"),
        ("kite iso:100", "No photograph passes these filters"),
    ):
        assert said in client.get("/search/", {"q": query}).content.decode()
