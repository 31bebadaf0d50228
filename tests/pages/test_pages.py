"""Every public page: it answers, it is sound HTML, it is cacheable, its queries do not grow."""

import gzip
import re
from pathlib import Path

import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from gallery.colours import COLOURS
from gallery.models import Album, AlbumPhoto, Tag
from gallery.templatetags import gallery_tags
from tests.pages.conftest import Page, make_photo, make_photos


def an_album(owner, photos, **fields) -> Album:
    values = {"title": "By the water", "slug": "by-the-water"}
    album = Album.objects.create(owner=owner, **values | fields)
    for position, photo in enumerate(photos):
        AlbumPhoto.objects.create(album=album, photo=photo, position=position)
    return album


def paths(photo) -> list[str]:
    return [
        "/",
        "/photos/",
        f"/photos/{photo.public_id}/",
        f"/photos/{photo.public_id}/any-slug/",
        f"/photos/{photo.public_id}/similar/",
        "/search/",
        "/search/?q=harbour",
        "/search/?q=zzzzzz",
        "/discover/",
        "/albums/",
        "/albums/by-the-water/",
        f"/by/{photo.owner.slug}/",
    ]


MACHINE_PATHS = ["/feed/", "/sitemap.xml", "/sitemap-photos.xml", "/robots.txt"]


def api_paths(photo) -> list[str]:
    return [
        "/api/v1/photos/",
        f"/api/v1/photos/{photo.public_id}/",
        f"/api/v1/photos/{photo.public_id}/similar/",
        "/api/v1/search/?q=harbour",
        "/api/v1/albums/",
    ]


@pytest.fixture
def gallery(alice, five):
    an_album(alice, five)
    return five


def test_every_page_answers_anyone_without_cookies(as_charlie, gallery):
    for path in [*paths(gallery[0]), *MACHINE_PATHS]:
        response = as_charlie.get(path)
        assert response.status_code == 200, path
        if path == "/discover/":  # each visitor's own
            continue
        assert response["Cache-Control"] == "public, max-age=0, must-revalidate", path
        assert "Set-Cookie" not in response and not response.cookies, path
        assert "cookie" not in response.get("Vary", "").lower(), path
        assert response["ETag"], path


def test_unchanged_page_is_not_sent_again(as_charlie, gallery):
    first = as_charlie.get("/photos/")
    again = as_charlie.get("/photos/", headers={"if-none-match": first["ETag"]})
    assert again.status_code == 304 and not again.content


def test_pages_of_the_logged_in_are_kept_by_no_cache(as_alice, gallery):
    assert as_alice.get("/photos/")["Cache-Control"] == "private, no-store"


def test_pages_take_no_post(as_charlie, gallery):
    for path in paths(gallery[0]):
        assert as_charlie.post(path).status_code in (403, 405), path


def test_every_page_is_sound_html(as_charlie, gallery):
    for path in [*paths(gallery[0]), "/nowhere/"]:
        page = Page(as_charlie.get(path).content.decode())
        assert page.all("html")[0]["lang"], path
        assert len(page.all("h1")) == len(page.all("main")) == len(page.all("title")) == 1, path
        scripts = {
            one["src"]: "defer" in one or one.get("type") == "module"
            for one in page.all("script")
            if "src" in one
        }
        assert scripts.pop("/static/theme.js") is False, path  # before the page is painted
        assert all(scripts.values()), path
        for tag, attributes in page.elements:
            assert "style" not in attributes, (path, tag)
            assert not any(name.startswith("on") for name in attributes), (path, tag)
        for image in page.all("img"):
            assert image["width"] and image["height"], path
            assert image["alt"] or image.get("aria-hidden") == "true", path
        ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        for link in page.all("a"):
            assert link["href"], path


def test_first_row_loads_at_once_and_the_rest_lazily(as_charlie, alice):
    make_photos(alice, 9)
    page = Page(as_charlie.get("/photos/").content.decode())
    pictures = [image for image in page.all("img") if image["alt"]]
    eager = [image for image in pictures if image.get("loading") != "lazy"]
    assert len(pictures) == 9 and eager == pictures[:1]
    formats = [source["type"] for source in page.all("source")[:2]]
    assert formats == ["image/avif", "image/webp"]
    assert "320w" in page.all("source")[1]["srcset"]


def test_hero_and_whole_picture_come_first(as_charlie, gallery):
    for path in ("/", f"/photos/{gallery[0].public_id}/", "/photos/", "/search/?q=harbour"):
        page = Page(as_charlie.get(path).content.decode())
        priorities = [image.get("fetchpriority") for image in page.all("img") if image["alt"]]
        assert priorities[0] == "high" and priorities.count("high") == 1, path


def queries_of(client, path) -> list[str]:
    """Return the SQL of a page that no cache holds."""
    cache.clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    return [query["sql"][:200] for query in captured]


@pytest.mark.parametrize("index", range(21))
def test_queries_do_not_grow_with_the_gallery(as_charlie, alice, bob, index):
    few = make_photos(alice, 5)
    album = an_album(alice, few)
    path = [*paths(few[0]), *MACHINE_PATHS, *api_paths(few[0])][index]
    as_charlie.get(path)  # what is learnt once a process
    with_few = queries_of(as_charlie, path)
    for photo in make_photos(alice, 25, creator="Alice"):
        AlbumPhoto.objects.create(album=album, photo=photo, position=50)
    for number in range(6):
        an_album(bob, make_photos(bob, 1, creator=str(number)), slug=f"album-{number}")
    with_many = queries_of(as_charlie, path)
    assert len(with_many) == len(with_few), with_many
    assert len(with_many) <= 14, with_many


# --- Paging ---
def titles_of(response) -> list[str]:
    html = response.content.decode()
    return re.findall(r'class="card-title"[^>]*>([^<]*)<', html)


def links_of(response, rel: str) -> list[str]:
    page = Page(response.content.decode())
    return [link["href"] for link in page.all("a") if link.get("rel") == rel]


@pytest.mark.parametrize("place", ["photos", "album", "photographer"])
def test_next_and_previous_walk_all_photos_once(as_charlie, alice, place, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 4)
    photos = make_photos(alice, 10)
    album = an_album(alice, photos)
    path = {
        "photos": "/photos/",
        "album": album.get_absolute_url(),
        "photographer": alice.get_absolute_url(),
    }[place]
    seen, pages, response = [], [], as_charlie.get(path)
    assert not links_of(response, "prev")
    while True:
        pages.append(titles_of(response))
        seen += pages[-1]
        following = links_of(response, "next")
        if not following:
            break
        response = as_charlie.get(path + following[0])
    assert seen == [photo.title for photo in photos]
    assert [len(page) for page in pages] == [4, 4, 2]
    back = as_charlie.get(path + links_of(response, "prev")[0])
    assert titles_of(back) == pages[1]
    first = as_charlie.get(path + links_of(back, "prev")[0])
    assert titles_of(first) == pages[0] and not links_of(first, "prev")


def test_a_page_keeps_its_photos_while_new_ones_arrive(as_charlie, alice, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 4)
    make_photos(alice, 8)
    second = "/photos/" + links_of(as_charlie.get("/photos/"), "next")[0]
    before = titles_of(as_charlie.get(second))
    make_photo(alice, -1, title="Just arrived")
    assert titles_of(as_charlie.get(second)) == before


@pytest.mark.parametrize("cursor", ["x", "1.2.3", "9" * 400 + ".0", "1.zz", "-1.0", "\x00", "é.1"])
def test_made_up_cursor_is_not_found(as_charlie, five, cursor):
    assert as_charlie.get("/photos/", {"after": cursor}).status_code == 404
    assert as_charlie.get("/photos/", {"before": cursor}).status_code == 404


def test_old_link_beyond_the_end_leads_back(as_charlie, five):
    beyond = as_charlie.get("/photos/", {"after": f"0.{five[0].pk.hex}"})
    assert b"Nothing more here" in beyond.content and b"No photographs yet" not in beyond.content


@pytest.mark.parametrize(
    "path",
    [
        *("/photos/%00/", "/photos/%00/similar/", "/albums/%00/", "/by/%00/", "/share/%00/"),
        *("/api/v1/photos/%00/", "/api/v1/photos/%00/similar/", "/private/r/a%00-b/320.webp"),
        *("/originals/%00/", "/media/r/a%00/320.webp", "/sitemap-%00.xml"),
    ],
)
def test_nul_in_a_path_is_not_found(as_charlie, db, path):
    assert as_charlie.get(path).status_code == 404


# --- What pages say ---
def test_empty_gallery_says_what_to_do(as_charlie, db):
    for path in ("/", "/photos/", "/discover/"):
        assert b"No photographs yet" in as_charlie.get(path).content
    assert as_charlie.get("/albums/").status_code == 200
    assert as_charlie.get("/search/?q=harbour").status_code == 200


def test_photo_page_tells_what_is_known(as_charlie, alice):
    photo = make_photo(
        alice,
        title="Storm",
        description="Waves over the pier.\n\nWindy.",
        camera="Fujifilm X100V",
        lens="23 mm",
        focal_length_mm=23,
        f_number=5.6,
        exposure_seconds=0.004,
        iso=400,
        place="Sennen Cove",
        location_shown=True,
        copyright="(c) Alice",
        licence="https://creativecommons.org/licenses/by/4.0/",
    )
    photo.tags.add(Tag.objects.create(name="rough sea", slug="rough-sea"))
    an_album(alice, [photo])
    html = as_charlie.get(photo.get_absolute_url()).content.decode()
    for text in (
        *("Storm</h1>", "Waves over the pier.", "Fujifilm X100V", "Sennen Cove", "Alice"),
        *("23 mm · f/5.6 · 1/250 s · ISO 400", "/albums/by-the-water/", "Find similar"),
        f"/photos/{photo.public_id}/similar/",
        "/search/?q=%22rough%20sea%22",
        '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">',
    ):
        assert text in html, text


def test_a_licence_that_is_no_web_address_is_no_link(as_charlie, alice):
    photo = make_photo(alice, licence="javascript:alert(1)", rating=4)
    html = as_charlie.get(photo.get_absolute_url()).content.decode()
    assert '<dd dir="auto">javascript:alert(1)</dd>' in html and 'rel="license"' not in html
    answer = as_charlie.get(f"/api/v1/photos/{photo.public_id}/").json()
    assert answer["licence"] == photo.licence and "rating" not in answer


def test_photo_page_leads_to_newer_and_older(as_charlie, five):
    response = as_charlie.get(five[2].get_absolute_url())
    assert links_of(response, "prev") == [five[1].get_absolute_url()]
    assert links_of(response, "next") == [five[3].get_absolute_url()]


def test_search_shows_why_and_names_word_search(as_charlie, five):
    html = as_charlie.get("/search/?q=harbour").content.decode()
    assert "Its words match" in html and "Searching by words only" in html


def test_form_offers_colours_as_swatches_that_have_names(as_charlie, alice):
    make_photos(alice, 2, colours=["teal", "white"])
    make_photos(alice, 1, colours=["red"], creator="Alice")
    page = Page(as_charlie.get("/search/", {"q": "harbour colour:weiß"}).content.decode())
    choices = [one for one in page.all("input") if one.get("name") == "colour"]
    assert [one["value"] for one in choices] == ["", "red", "teal", "white"]
    assert [one["value"] for one in choices if "checked" in one] == ["white"]
    response = as_charlie.get("/search/", {"q": "harbour", "colour": "red"}, follow=True)
    assert response.wsgi_request.GET["q"] == "harbour colour:red"
    assert titles_of(response) == ["Quiet harbour 0"]
    css = (Path(settings.BASE_DIR) / "static/site.css").read_text()
    assert all(f'.colours [value="{name}"] {{ --swatch: ' in css for name in COLOURS)


def test_without_colours_none_is_offered(as_charlie, five):
    assert b"Colour" not in as_charlie.get("/search/", {"q": "harbour"}).content


def test_search_pages_by_number(as_charlie, alice):
    make_photos(alice, 30)
    first = as_charlie.get("/search/?q=quiet+harbour")
    second = as_charlie.get("/search/" + links_of(first, "next")[0])
    found = titles_of(first) + titles_of(second)
    assert len(found) == len(set(found)) == 30
    assert as_charlie.get("/search/?q=harbour&page=99999999999999").status_code == 200


HOSTILE = '"><script>alert(1)</script><b style="x">\u202e{{ 7 }} &amp; ' + "ы" * 150


def test_hostile_text_stays_text(as_charlie, alice):
    photo = make_photo(
        alice,
        title=HOSTILE,
        description=HOSTILE * 30,
        camera=HOSTILE[:190],
        lens=HOSTILE[:190],
        place=HOSTILE,
        location_shown=True,
        copyright=HOSTILE,
        licence="https://" + HOSTILE,
        creator=HOSTILE,
    )
    tag = Tag.objects.create(name=HOSTILE[:190], slug="hostile")
    photo.tags.add(tag)
    album = an_album(alice, [photo], title=HOSTILE, description=HOSTILE)
    for path in (
        *("/", "/photos/", "/albums/", "/discover/", "/feed/", album.get_absolute_url()),
        *(photo.get_absolute_url(), alice.get_absolute_url(), reverse("photo_list")),
    ):
        response = as_charlie.get(path)
        assert response.status_code == 200, path
        assert "<script>" not in response.content.decode() and b"<b style" not in response.content
    response = as_charlie.get("/search/", {"q": HOSTILE})
    assert response.status_code == 200 and b"<script>" not in response.content


def test_missing_page_helps(as_charlie, db):
    response = as_charlie.get("/nowhere/")
    assert response.status_code == 404
    assert b"This is not here" in response.content and b'href="/photos/"' in response.content


def test_css_knows_every_proportion_and_stays_small():
    css = (Path(settings.BASE_DIR) / "static/site.css").read_text()
    known = {int(number) for number in re.findall(r"\.ratio-(\d+)\{--ratio:", css)}
    assert known == set(range(gallery_tags.WIDEST_CLASS + 1))
    for number in known:
        ratio = float(re.search(rf"\.ratio-{number}\{{--ratio:([\d.]+)", css)[1])
        right = gallery_tags.NARROWEST * gallery_tags.RATIO_STEP**number
        assert ratio == pytest.approx(right, abs=0.001)
    assert len(gzip.compress(css.encode())) < 8_000
    least, share, most = gallery_tags.ROW
    assert f"--row: clamp({least}px, {share}vw, {most}px)" in css


@pytest.mark.parametrize(
    ("width", "height", "ratio"),
    [(100, 100, 1), (3000, 2000, 1.5), (10, 9000, 0.4), (9000, 9, 3.3)],
)
def test_card_crops_little(alice, width, height, ratio):
    photo = make_photo(alice, width=width, height=height)
    number = int(gallery_tags.ratio_class(photo).removeprefix("ratio-"))
    assert gallery_tags.NARROWEST * gallery_tags.RATIO_STEP**number == pytest.approx(
        ratio, rel=0.03
    )
