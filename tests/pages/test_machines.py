"""What machines read: canonical addresses, languages, cards, sitemaps, feeds, robots."""

import xml.etree.ElementTree as ElementTree
from datetime import datetime

import pytest
from django.conf import settings
from django.core.cache import cache

from gallery import services, sitemaps
from gallery.models import Page as SitePage
from gallery.models import Photo, Site
from tests.pages.conftest import Page, make_photo, make_photos
from tests.pages.test_pages import an_album

ORIGIN = "http://testserver"
CODES = list(dict(settings.LANGUAGES))
ATOM = "{http://www.w3.org/2005/Atom}"
SITEMAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
XHTML = "{http://www.w3.org/1999/xhtml}"
IMAGE = "{http://www.google.com/schemas/sitemap-image/1.1}"


@pytest.fixture
def gallery(alice):
    photos = make_photos(alice, 5, copyright="© Alice")
    an_album(alice, photos, cover=photos[2], description="Boats.\nAnd “light”.")
    Site.objects.create(name="Fog & Works", line="Light on water", about="We *walk* a lot.")
    SitePage.objects.create(title="Prints", slug="prints", body="On **paper**.")
    return photos


def prefixed(path: str, code: str) -> str:
    return path if code == "en" else f"/{code}{path}"


def head_of(client, path: str) -> tuple[dict, list[tuple[str, str]], dict]:
    """Return canonical links and other meta values, languages, and OpenGraph of a page."""
    page = Page(client.get(path).content.decode())
    links = page.all("link")
    metas = {one["name"]: one["content"] for one in page.all("meta") if "name" in one}
    metas["canonical"] = [one["href"] for one in links if one["rel"] == "canonical"]
    languages = [(one["hreflang"], one["href"]) for one in links if "hreflang" in one]
    graph = {one["property"]: one["content"] for one in page.all("meta") if "property" in one}
    return metas, languages, graph


INDEXABLE = [
    *("/", "/photos/", "/albums/", "/albums/by-the-water/", "/by/alice/", "/about/"),
    *("/pages/prints/", "/photos/{public_id}/"),
]


@pytest.mark.parametrize("path", INDEXABLE)
def test_indexable_pages_name_themselves_and_their_like_in_each_language(client, gallery, path):
    path = path.format(public_id=gallery[0].public_id)
    everywhere = [(code, ORIGIN + prefixed(path, code)) for code in CODES]
    everywhere.append(("x-default", ORIGIN + path))
    for code in CODES:
        address = prefixed(path, code)
        metas, languages, graph = head_of(client, f"{address}?utm_source=elsewhere")
        assert metas["canonical"] == [ORIGIN + address]
        assert languages == everywhere
        assert metas["robots"] == "max-image-preview:large"
        assert graph["og:url"] == ORIGIN + address and graph["og:site_name"] == "Fog & Works"
        assert metas["description"] == graph["og:description"] != ""


def test_locale_is_that_of_the_page(client, gallery):
    locales = [head_of(client, prefixed("/photos/", code))[2]["og:locale"] for code in CODES]
    assert locales == ["en_US", "zh_CN", "de_DE", "fr_FR", "es_ES"]


@pytest.mark.parametrize("path", ["/", "/photos/", "/albums/", "/by/alice/"])
def test_shared_pages_show_a_picture(client, gallery, path):
    metas, _, graph = head_of(client, path)
    assert metas["twitter:card"] == "summary_large_image"
    assert graph["og:image"].startswith(f"{ORIGIN}/media/r/")
    assert graph["og:image"].endswith("/1280.jpg")
    assert (graph["og:image:width"], graph["og:image:height"]) == ("1280", "853")


def test_album_is_shared_with_its_cover_and_its_words(client, gallery):
    metas, _, graph = head_of(client, "/albums/by-the-water/")
    assert gallery[2].file_key in graph["og:image"]
    assert graph["og:image:alt"] == gallery[2].title
    assert metas["description"] == "Boats. And “light”."
    Photo.objects.filter(pk=gallery[2].pk).update(visibility="private")
    cache.clear()
    _, _, graph = head_of(client, "/albums/by-the-water/")
    assert gallery[2].file_key not in graph["og:image"] and gallery[0].file_key in graph["og:image"]


def test_files_that_are_not_public_yet_are_shared_by_nobody(client, alice):
    make_photo(alice, renditions_public=False)
    metas, _, graph = head_of(client, "/")
    assert "og:image" not in graph and metas["twitter:card"] == "summary"
    assert "token=" not in client.get("/feed/").content.decode()
    assert "image:loc" not in client.get("/sitemap-photos.xml").content.decode()


def test_own_texts_are_described_by_their_words(client, gallery):
    assert head_of(client, "/about/")[0]["description"] == "We walk a lot."
    assert head_of(client, "/pages/prints/")[0]["description"] == "On paper."


@pytest.mark.parametrize(
    "path",
    [
        *("/search/", "/search/by-image/", "/discover/", "/nowhere/"),
        *("/search/?q=quiet", "/search/?q=harbour+quiet", "/search/?q=harbour&sort=newest"),
        *("/search/?q=harbour&page=2", "/search/?q=tag:harbour", "/photos/{public_id}/similar/"),
    ],
)
def test_what_no_index_needs_says_so(client, gallery, path):
    metas, languages, _ = head_of(client, path.format(public_id=gallery[0].public_id))
    assert "noindex" in metas["robots"]
    assert metas["canonical"] == [] and languages == []


def test_search_for_a_tag_is_a_page_of_its_own(client, gallery):
    page = Page(client.get(gallery[0].get_absolute_url()).content.decode())
    [link] = {one["href"] for one in page.all("a") if one["href"].startswith("/search/?q=")}
    metas, languages, graph = head_of(client, link)
    assert metas["canonical"] == [f"{ORIGIN}/search/?q=harbour"]
    assert metas["robots"] == "max-image-preview:large" and graph["og:image"]
    assert f"{ORIGIN}/de/search/?q=harbour" in dict(languages).values()
    assert head_of(client, "/search/?q=HARBOUR")[0]["canonical"] == metas["canonical"]
    services.set_visibility(gallery, "private")
    assert head_of(client, link)[0]["robots"] == "noindex, follow"


@pytest.mark.parametrize("path", ["/photos/", "/albums/by-the-water/", "/by/alice/"])
def test_pages_of_lists_beyond_the_first_are_followed_and_not_indexed(
    client, gallery, path, monkeypatch
):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 2)
    [following] = [
        one["href"] for one in Page(client.get(path).content.decode()).all("a")
        if one.get("rel") == "next"
    ]  # fmt: skip
    metas, languages, _ = head_of(client, path + following)
    assert metas["robots"] == "noindex, follow"
    assert metas["canonical"] == [] and languages == []


def test_private_album_is_not_indexed_for_its_owner_either(as_alice, alice, gallery):
    album = an_album(alice, gallery, slug="mine", visibility="private")
    metas, languages, _ = head_of(as_alice, album.get_absolute_url())
    assert metas["robots"] == "noindex, follow" and languages == []
    assert as_alice.get("/albums/mine/feed/").status_code == 404


# --- Sitemaps ---
def urls_of(client, address: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(client.get(address).content))


def test_sitemap_names_every_photo_in_every_language_with_its_picture(client, gallery):
    urls = urls_of(client, "/sitemap-photos.xml")
    assert len(urls) == len(gallery) * len(CODES)
    found = {one.findtext(f"{SITEMAP}loc") for one in urls}
    paths = [f"/photos/{photo.public_id}/" for photo in gallery]
    assert found == {ORIGIN + prefixed(path, code) for path in paths for code in CODES}
    first = urls[0]
    there = {one.get("hreflang"): one.get("href") for one in first.findall(f"{XHTML}link")}
    assert set(there) == {*CODES, "x-default"}
    assert there["de"] == ORIGIN + prefixed(paths[0], "de")
    assert there["x-default"] == ORIGIN + paths[0]
    picture = first.findtext(f"{IMAGE}image/{IMAGE}loc")
    assert picture == f"{ORIGIN}/media/r/{gallery[0].public_id}-{gallery[0].file_key}/1280.jpg"
    assert datetime.fromisoformat(first.findtext(f"{SITEMAP}lastmod")).tzinfo


def test_sitemap_of_pages_names_lists_and_own_texts(client, gallery):
    found = {one.findtext(f"{SITEMAP}loc") for one in urls_of(client, "/sitemap-pages.xml")}
    paths = ["/", "/photos/", "/albums/", "/about/", "/pages/prints/"]
    assert found == {ORIGIN + prefixed(path, code) for path in paths for code in CODES}


def test_large_galleries_get_several_files(client, alice, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(sitemaps.PhotoSitemap, "limit", 3)
    photos = make_photos(alice, 7)
    index = [one.findtext(f"{SITEMAP}loc") for one in urls_of(client, "/sitemap.xml")]
    files = [one for one in index if "photos" in one]
    assert files == [f"{ORIGIN}/sitemap-photos.xml{page}" for page in ("", "?p=2", "?p=3")]
    seen = []
    for address in files:
        with django_assert_num_queries(2):
            urls = urls_of(client, address)
        assert len(urls) <= 3 * len(CODES)
        seen += [one.findtext(f"{SITEMAP}loc") for one in urls]
    assert len(seen) == len(set(seen)) == len(photos) * len(CODES)


def test_every_address_of_the_sitemaps_is_there_and_indexable(client, gallery):
    for section in sitemaps.SITEMAPS:
        for one in urls_of(client, f"/sitemap-{section}.xml"):
            address = one.findtext(f"{SITEMAP}loc")
            metas, _, _ = head_of(client, address.removeprefix(ORIGIN))
            assert metas["canonical"] == [address] and "noindex" not in metas["robots"], address


# --- Robots ---
def test_robots_keep_out_of_filtered_searches_in_every_language(client, gallery):
    lines = client.get("/robots.txt").content.decode().splitlines()
    assert {"User-agent: *", "Disallow: /admin/", f"Sitemap: {ORIGIN}/sitemap.xml"} <= set(lines)
    for code in CODES:
        assert f"Disallow: {prefixed('/search/', code)}*&" in lines
        assert f"Disallow: {prefixed('/photos/', code)}*/similar/" in lines
    assert all(line == "" or ": " in line for line in lines)


# --- Feeds ---
@pytest.mark.parametrize(
    ("path", "title", "page"),
    [
        ("/feed/", "Fog & Works", "/photos/"),
        ("/albums/by-the-water/feed/", "By the water · Fog & Works", "/albums/by-the-water/"),
        ("/by/alice/feed/", "Alice · Fog & Works", "/by/alice/"),
    ],
)
def test_feeds_are_valid_atom(client, gallery, path, title, page):
    response = client.get(path)
    assert response["Content-Type"] == "application/atom+xml; charset=utf-8"
    feed = ElementTree.fromstring(response.content)
    links = {one.get("rel"): one.get("href") for one in feed.findall(f"{ATOM}link")}
    assert links == {"self": ORIGIN + path, "alternate": ORIGIN + page}
    assert feed.findtext(f"{ATOM}title") == title and feed.findtext(f"{ATOM}subtitle")
    entries = feed.findall(f"{ATOM}entry")
    assert [one.findtext(f"{ATOM}title") for one in entries] == [one.title for one in gallery]
    ids = [feed.findtext(f"{ATOM}id"), *(one.findtext(f"{ATOM}id") for one in entries)]
    assert len(ids) == len(set(ids)) and all(ids)
    updated = [datetime.fromisoformat(one.findtext(f"{ATOM}updated")) for one in entries]
    assert datetime.fromisoformat(feed.findtext(f"{ATOM}updated")) == max(updated)
    for entry, photo in zip(entries, gallery, strict=True):
        there = {one.get("rel"): one for one in entry.findall(f"{ATOM}link")}
        assert there["alternate"].get("href") == ORIGIN + photo.get_absolute_url()
        picture = there["enclosure"]
        assert picture.get("href").startswith(f"{ORIGIN}/media/r/{photo.public_id}-")
        assert (picture.get("type"), picture.get("length")) == ("image/jpeg", "1000")
        assert entry.findtext(f"{ATOM}rights") == "© Alice"
        assert entry.findtext(f"{ATOM}author/{ATOM}name") == "Alice"
        summary = entry.find(f"{ATOM}summary")
        assert summary.get("type") == "html"
        shown = Page(summary.text)
        assert [one["href"] for one in shown.all("a")] == [ORIGIN + photo.get_absolute_url()]
        assert [one["src"] for one in shown.all("img")] == [picture.get("href")]


def test_pages_lead_readers_to_their_feed(client, gallery):
    for path in ("/albums/by-the-water/", "/by/alice/"):
        links = Page(client.get(path).content.decode()).all("link")
        feeds = [one["href"] for one in links if one.get("type") == "application/atom+xml"]
        assert feeds == ["/feed/", f"{path}feed/"]
