"""Home, lists, search and error pages: what they offer, what they cost, that they can be read."""

import gzip
import itertools
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery import listing
from gallery.models import Album, AlbumPhoto, Page, Photo, Site, Tag
from search import engine, retrievers, views
from search.facets import facets, facets_of
from search.query import parse
from search.sql import sql_of
from tests.pages.conftest import Page as Html
from tests.pages.conftest import index_words, make_photo, make_photos
from tests.search.conftest import embed, says, space, unit  # noqa: F401 (fixtures)

CSS = (Path(settings.BASE_DIR) / "static/site.css").read_text()


def queries_of(client, path, parameters=None) -> list[str]:
    """Return the SQL of a page that no cache holds."""
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, parameters).status_code == 200
    return [query["sql"] for query in captured]


def an_album(owner, photos, **fields) -> Album:
    album = Album.objects.create(
        owner=owner, **{"title": "By the water", "slug": "by-the-water"} | fields
    )
    for position, photo in enumerate(photos):
        AlbumPhoto.objects.create(album=album, photo=photo, position=position)
    return album


def links_in(html: str, selector: str) -> list[str]:
    """Return the addresses of links in the first section that has this id as its label."""
    section = re.search(rf'aria-labelledby="{selector}">(.*?)</section>', html, re.DOTALL)
    return re.findall(r'class="frame" href="([^"]+)"', section[1]) if section else []


# --- Home ---
@pytest.fixture
def many(alice):
    photos = make_photos(alice, 60)
    an_album(alice, photos[:5])
    Photo.objects.filter(pk__in=[one.pk for one in photos[50:]]).update(featured=True)
    Page.objects.create(title="Prints", slug="prints")
    return photos


def test_home_costs_six_queries(as_charlie, many):
    as_charlie.get("/")  # the first page of a new site makes its row
    without_a_hero = queries_of(as_charlie, "/")
    Site.objects.update_or_create(defaults={"name": "Ana", "hero": many[40]})
    assert len(without_a_hero) <= 6 and len(queries_of(as_charlie, "/")) <= 6


def test_home_is_small(as_charlie, alice):
    make_photos(alice, 40, title="A quiet harbour in the evening light " * 6)
    for number in range(10):
        an_album(alice, [make_photo(alice, 100 + number)], slug=f"a-{number}", title="Water " * 40)
    html = as_charlie.get("/").content
    assert len(gzip.compress(html)) < 20_000


def test_hero_is_the_owner_s_choice_while_it_is_listed(as_charlie, many):
    Site.objects.update_or_create(defaults={"name": "Ana", "hero": many[40]})

    def hero():
        html = as_charlie.get("/").content.decode()
        return re.search(r'<figure class="hero">\s*<a class="frame" href="([^"]+)"', html)[1]

    assert hero() == many[40].get_absolute_url()
    Photo.objects.filter(pk=many[40].pk).update(visibility="private")
    assert hero() == many[0].get_absolute_url()
    Site.objects.update(hero=None)
    assert hero() == many[50].get_absolute_url()  # the newest that is featured


def test_narrow_and_small_photos_are_no_hero_unless_chosen(alice):
    tall = make_photo(alice, 0, width=1600, height=2400)
    small = make_photo(alice, 1, width=1200, height=800)
    wide = make_photo(alice, 2)
    assert listing.hero_of(Site(), [tall, small, wide]) == wide
    assert listing.hero_of(Site(), [tall, small]) == tall
    assert listing.hero_of(Site(hero=tall), [wide]) == tall
    assert listing.hero_of(Site(), []) is None


def test_one_row_changes_with_the_hour(as_charlie, many, monkeypatch):
    monkeypatch.setattr(views.time, "time", lambda: 3600.0 * 500_000)
    first = as_charlie.get("/")
    row = links_in(first.content.decode(), "changing")
    assert len(row) == len(set(row)) == views.HOME_CHANGING
    monkeypatch.setattr(views.time, "time", lambda: 3600.0 * 500_000 + 3599)
    assert as_charlie.get("/", headers={"if-none-match": first["ETag"]}).status_code == 304
    rows = set()
    for hour in range(8):
        monkeypatch.setattr(views.time, "time", lambda hour=hour: 3600.0 * (500_000 + hour))
        rows.add(tuple(links_in(as_charlie.get("/").content.decode(), "changing")))
    assert len(rows) == 8


def test_no_photo_is_on_the_home_page_twice(as_charlie, alice):
    for count in (1, 4, 20):
        make_photos(alice, count, creator=str(count))
        html = as_charlie.get("/").content.decode()
        shown = re.findall(r'class="frame" href="(/photos/[^"]+)"', html)
        assert len(shown) == len(set(shown)) == min(Photo.objects.count(), 30)


def test_half_of_the_changing_row_is_featured(alice):
    assert engine.changing_photos("1", 6) == []
    make_photos(alice, 30)
    featured = make_photos(alice, 10, featured=True, creator="Ana")
    make_photo(alice, 99, visibility="private", featured=True)
    for hour in range(10):
        found = engine.changing_photos(str(hour), 6)
        assert len(set(found)) == 6 and found == engine.changing_photos(str(hour), 6)
        assert 3 <= sum(one in featured for one in found)
    everyone = engine.changing_photos("1", 100)
    assert len(everyone) == 40 and all(one.listed for one in everyone)


def test_changing_row_is_fair(alice):
    chance = random.Random(5)
    photos = [make_photo(alice, number, random_key=chance.random()) for number in range(60)]
    index_words()
    draws, limit = 400, 5
    hours = (engine.changing_photos(str(hour), limit) for hour in range(draws))
    counts = Counter(one.pk for found in hours for one in found)
    expected = draws * limit / len(photos)
    chi_square = sum((counts[one.pk] - expected) ** 2 / expected for one in photos)
    degrees = len(photos) - 1
    assert chi_square < degrees + 4 * (2 * degrees) ** 0.5


def test_changing_row_is_served_by_indexes(many):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute("SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
        parameters = [10, [0.1, 0.6], "1", 3, 6]
        cursor.execute(f"EXPLAIN {sql_of('changing_photos')}", parameters)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "photo_listed_random" in plan and "photo_listed_featured" in plan, plan


# --- Search ---
@pytest.fixture
def cameras(alice, bob):
    x100v = make_photos(
        alice,
        3,
        camera="Fujifilm X100V",
        place="Sennen Cove",
        location_shown=True,
        colours=["blue"],
    )
    z6 = make_photos(bob, 2, camera="Nikon Z6", colours=["red"])
    make_photo(alice, 50, camera="Leica M11", visibility="private")
    an_album(alice, x100v)
    an_album(alice, z6, slug="secret", title="Secret", visibility="private")
    return x100v


SEARCHES = ("/search/", "/search/?q=harbour", "/search/?q=harbour&page=2", "/search/?q=zzzzzz")


def test_search_by_words_costs_eight_queries(as_charlie, alice):
    make_photos(alice, 30, camera="Nikon Z6")
    as_charlie.get("/search/?q=xyzzy")  # what is learnt once a process
    for path in SEARCHES:
        found = queries_of(as_charlie, path)
        assert len(found) <= 8, "\n".join(one[:150] for one in found)


def test_search_by_meaning_costs_eight_queries(as_charlie, alice, space, says):  # noqa: F811
    """Also where a word was misspelt."""
    says("mountain", unit(1))
    says("harbour", unit(1))
    for number, photo in enumerate(make_photos(alice, 30, camera="Nikon Z6", iso=100)):
        embed(photo, space, image=unit(1, number / 30), text=unit(1, -number / 30))
    as_charlie.get("/search/?q=xyzzy")
    others = ("mountain", "mountain&page=2", "pier", "harbuor", "harbour+iso:100")
    for path in (*SEARCHES, *(f"/search/?q={one}" for one in others)):
        found = queries_of(as_charlie, path)
        assert len(found) <= 8, "\n".join(one[:150] for one in found)


@pytest.mark.usefixtures("space")
def test_filters_of_a_large_gallery_cost_few_queries(as_charlie, alice, monkeypatch):
    """One more to find who has a filter's name."""
    monkeypatch.setattr(retrievers, "SMALL_GALLERY", 1)
    make_photos(alice, 30, camera="Nikon Z6", iso=100)
    as_charlie.get("/search/?q=xyzzy")
    for path, most in (("/search/?q=harbour+iso:100", 8), ("/search/?q=harbour+camera:z6", 9)):
        found = queries_of(as_charlie, path)
        assert len(found) <= most, "\n".join(one[:150] for one in found)


def test_facets_count_what_is_listed(cameras):
    found = facets()
    assert found.camera == {"Fujifilm X100V": 3, "Nikon Z6": 2}
    assert found.album == {"By the water": 3} and found.tag == {"harbour": 5}
    assert found.photographer == {"Alice": 3, "Bob": 2}
    assert found.colour == {"blue": 3, "red": 2} and found.place == {"Sennen Cove": 3}


def test_facets_of_results_count_these(cameras, django_assert_num_queries):
    page = engine.search(parse("harbour photographer:bob"))
    with django_assert_num_queries(1):
        assert facets_of(page.ids).camera == {"Nikon Z6": 2}
    Photo.objects.filter(camera="Nikon Z6").update(visibility="private")
    assert facets_of(page.ids).camera == {}


def options(response, name: str) -> list[str]:
    html = response.content.decode()
    select = re.search(rf'<select id="filter-{name}".*?</select>', html, re.DOTALL)
    return re.findall(r"<option[^>]*>([^<]*)</option>", select[0]) if select else []


def test_filters_show_how_many_results_have_each_name(as_charlie, cameras):
    response = as_charlie.get("/search/", {"q": "harbour"})
    assert options(response, "camera") == ["Any", "Fujifilm X100V (3)", "Nikon Z6 (2)"]
    assert b"count these results" in response.content
    narrowed = as_charlie.get("/search/", {"q": 'harbour camera:"Nikon Z6"'})
    # Another camera takes this one's place, so that its number among these would mislead.
    assert options(narrowed, "camera") == ["Any", "Fujifilm X100V", "Nikon Z6"]
    assert options(narrowed, "photographer") == ["Any", "Bob (2)"]
    selected = [one["value"] for one in Html(narrowed.content.decode()).all("option")
                if "selected" in one]  # fmt: skip
    assert selected == ["Nikon Z6", "relevance"]


def test_active_filters_are_links_that_remove_them(as_charlie, cameras):
    query = {"q": "harbour camera:x100v -colour:red", "sort": "newest", "page": "1"}
    html = as_charlie.get("/search/", query).content.decode()
    chips = re.search(r'<ul class="chips".*?</ul>', html, re.DOTALL)[0]
    assert "Camera: x100v" in chips and "not Colour: Red" in chips
    hrefs = [one["href"] for one in Html(chips).all("a")]
    assert hrefs == [
        "/search/?q=harbour+-colour%3Ared&amp;sort=newest".replace("&amp;", "&"),
        "/search/?q=harbour+camera%3Ax100v&sort=newest",
    ]


def test_photos_page_filters_into_a_search_by_date(as_charlie, cameras):
    response = as_charlie.get("/photos/")
    assert options(response, "camera") == ["Any", "Fujifilm X100V (3)", "Nikon Z6 (2)"]
    assert b"whole gallery" in response.content
    form = {"q": "", "camera": "Nikon Z6", "lens": "", "colour": "", "sort": "newest"}
    results = as_charlie.get("/search/", form, follow=True)
    assert results.wsgi_request.GET["sort"] == "newest"
    assert len(re.findall('class="card ', results.content.decode())) == 2


def test_results_say_why_in_words(as_charlie, alice, space, says):  # noqa: F811
    says("harbour", unit(1))
    photo = make_photos(alice, 1)[0]
    embed(photo, space, image=unit(1), text=unit(1))
    html = as_charlie.get("/search/?q=harbour").content.decode()
    assert '<span class="why">Words, meaning and picture match</span>' in html


def test_nothing_close_helps(as_charlie, cameras):
    html = as_charlie.get("/search/?q=zzzzzz+camera:nikon").content.decode()
    for link in ("/search/?q=zzzzzz", "/search/by-image/", "/photos/", "/discover/"):
        assert f'href="{link}"' in html, link


def test_problems_are_kept_in_no_language(as_charlie, cameras):
    """The list of results is cached, and read by visitors of other languages."""
    [problem] = engine.search(parse("iso:many")).problems
    cache.set("problem", problem)
    kept = cache.get("problem")
    assert "iso:many" in str(kept) and not isinstance(kept, str)


# --- Albums and photographers ---
def test_album_says_how_many_photos_it_has(as_charlie, cameras, monkeypatch):
    assert b"3 photographs" in as_charlie.get("/albums/by-the-water/").content
    monkeypatch.setattr("gallery.views.MOST_COUNTED", 2)
    assert b"More than 2 photographs" in as_charlie.get("/albums/by-the-water/").content


def test_menu_of_many_pages_folds(as_charlie, db):
    Site.objects.create(name="Ana")
    for number in range(2):
        Page.objects.create(title=f"Page {number}", slug=f"page-{number}")
    assert b"popover" not in as_charlie.get("/photos/").content
    Page.objects.create(title="Another", slug="another")
    page = Html(as_charlie.get("/photos/").content.decode())
    [button] = [one for one in page.all("button") if "popovertarget" in one]
    assert button["popovertarget"] in [one.get("id") for one in page.all("div")]


# --- Errors ---
def test_missing_page_offers_search_and_ways_on(as_charlie, db):
    response = as_charlie.get("/de/nowhere/")
    assert response.status_code == 404
    page = Html(response.content.decode())
    assert [one["action"] for one in page.all("form")] == ["/de/search/"]
    hrefs = [one["href"] for one in page.all("a")]
    assert {"/de/photos/", "/de/albums/", "/de/discover/"} <= set(hrefs)


def test_refused_method_is_told_with_a_page(as_charlie, five):
    for path in ("/", "/photos/", f"/photos/{five[0].public_id}/", "/search/"):
        response = as_charlie.post(path)
        assert response.status_code == 405 and "GET" in response["Allow"], path
        assert b"<h1" in response.content and b'href="/"' in response.content, path
        assert not response.cookies
    assert b"<h1" not in as_charlie.post("/api/v1/photos/").content


def test_broken_page_needs_no_database(client, monkeypatch, django_assert_num_queries):
    client.raise_request_exception = False

    def breaks(*args):
        raise RuntimeError

    monkeypatch.setattr("search.views.Site.current", breaks)
    monkeypatch.setattr("gallery.models.Site.current", breaks)
    response = client.get("/")
    assert response.status_code == 500 and b"our side" in response.content


# --- Colours: WCAG 2.2, 1.4.3 and 1.4.11 ---
def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = "".join(2 * one for one in digits) if len(digits) == 3 else digits
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in channels]
    return sum(weight * one for weight, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def values(name: str) -> list[tuple[str, str]]:
    """Return each (light, dark) that a custom property has."""
    return re.findall(rf"--{name}: light-dark\((#\w+), (#\w+)\)", CSS)


def test_text_can_be_read_in_both_themes_and_all_accents():
    assert len(values("accent")) == len(Site.Accent.choices)
    texts = {name: values(name) for name in ("ink", "quiet", "accent")}
    for surface, (name, found) in itertools.product(("paper", "raised", "mark"), texts.items()):
        [behind] = values(surface)
        for colours, theme in itertools.product(found, (0, 1)):
            if (name, surface) == ("quiet", "mark"):
                continue  # a mark is written in ink
            ratio = contrast(colours[theme], behind[theme])
            assert ratio >= 4.5, (name, surface, colours, ratio)


def test_what_can_be_filled_in_has_an_edge():
    [edge] = values("edge")
    for surface, theme in itertools.product(("paper", "raised"), (0, 1)):
        assert contrast(edge[theme], values(surface)[0][theme]) >= 3, (surface, theme)


def test_tag_names_are_offered_by_number(as_charlie, cameras):
    cameras[0].tags.add(Tag.objects.create(name="fog", slug="fog"))
    assert list(facets().tag.items()) == [("harbour", 5), ("fog", 1)]
