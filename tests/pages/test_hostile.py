"""Texts full of markup, scripts, signs that turn the direction, and 10,000 characters: only texts.

All text fields of all models are filled, whatever they are called.
"""

import json
import xml.etree.ElementTree as ElementTree
from html.parser import HTMLParser

import pytest
from django.db import models
from django.test import Client

from gallery.models import Album, AlbumPhoto, Page, Photo, Photographer, Site, Tag, UploadBatch
from gallery.sitemaps import SITEMAPS
from tests.browser import chromium
from tests.pages.conftest import index_words, make_photo

HOSTILE = (
    "\u202eevil\u2067 \"><xss-a onxss='1'>'><xss-b></title><xss-c></script><xss-d></textarea>"
    "<xss-e>--><xss-f>]]><xss-g/>{{ 7|add:7 }}{% now 'Y' %}<script>alert(1)</script>"
    "<img src=x onerror=alert(2)>[x](javascript:alert(3))![x](//elsewhere.example/x.png)&amp;\n\n"
)
LONG = 10_000
# Names in URLs and files, or what pixels become: no person and no camera writes them.
NOT_TEXTS = {
    *("public_id", "file_key", "share_token", "original", "content_hash", "media_type", "slug"),
    *("placeholder", "password", "username"),
}
VOID = {"meta", "link", "img", "input", "source", "br", "hr", "col", "area", "base", "wbr"}


def hostile_fields(model) -> dict[str, str]:
    """Return a hostile text, as long as it may be, for each text field of a model."""
    texts = [
        field
        for field in model._meta.fields
        if isinstance(field, (models.CharField, models.TextField))
        and not field.choices
        and field.name not in NOT_TEXTS
    ]
    return {field.name: (HOSTILE + "ы" * LONG)[: field.max_length or LONG] for field in texts}


@pytest.fixture
def hostile(db) -> dict:
    """A gallery of nothing else; the paths of its pages, by who may see them."""
    owner = Photographer.objects.create(slug="evil", **hostile_fields(Photographer))
    fields = hostile_fields(Photo) | {"metadata": {"sidecar": HOSTILE, HOSTILE: [HOSTILE]}}
    numbers = {"iso": 400, "f_number": 5.6, "focal_length_mm": 23.0, "exposure_seconds": 0.004}
    photos = [make_photo(owner, number, **fields, **numbers) for number in range(3)]
    hidden = make_photo(owner, 3, **fields, visibility="unlisted")
    tag = Tag.objects.create(slug="evil", **hostile_fields(Tag))
    album = Album.objects.create(owner=owner, slug="evil", **hostile_fields(Album))
    for place, photo in enumerate(photos):
        photo.tags.add(tag)
        AlbumPhoto.objects.create(album=album, photo=photo, position=place)
    Site.objects.create(**hostile_fields(Site))
    page = Page.objects.create(slug="evil", **hostile_fields(Page))
    index_words()
    photo = photos[1]
    return {
        "pages": [
            *("/", "/photos/", photo.get_absolute_url(), f"/photos/{photo.public_id}/similar/"),
            *("/search/", "/search/?q=evil", "/search/?q=camera:evil+iso:400", "/discover/"),
            *("/for-you/", "/taste/"),
            *("/albums/", "/albums/evil/", "/by/evil/", "/about/", "/pages/evil/"),
            *(hidden.get_absolute_url(), "/nowhere/", "/de/", f"/de/photos/{photo.public_id}/"),
        ],
        "xml": [
            *("/feed/", "/albums/evil/feed/", "/by/evil/feed/", "/sitemap.xml"),
            *(f"/sitemap-{section}.xml" for section in SITEMAPS),
        ],
        "json": [
            *("/api/v1/photos/", f"/api/v1/photos/{photo.public_id}/", "/api/v1/albums/"),
            *("/api/v1/search/?q=evil", "/api/v1/search/suggestions/?q=evi"),
        ],
        "admin": [
            *("", "gallery/photo/", f"gallery/photo/{photo.pk}/change/", "gallery/album/"),
            *(f"gallery/album/{album.pk}/change/", f"gallery/tag/{tag.pk}/change/"),
            *("gallery/site/1/change/", f"gallery/page/{page.pk}/change/", "gallery/page/"),
            *("gallery/photo/upload/", f"gallery/photographer/{owner.pk}/change/"),
            *(f"gallery/albumphoto/?album__id__exact={album.pk}", "gallery/tag/"),
        ],
    }


class Texts(HTMLParser):
    """The elements of a page, scripts of data, and where texts turn what stands beside them."""

    def __init__(self, html: str):
        super().__init__()
        self.open: list[tuple[str, dict]] = []
        self.elements: list[tuple[str, dict]] = []
        self.data: list[str] = []
        self.turning: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data):
        if self.open and self.open[-1][0] == "script" and data.strip():
            self.data.append(data)
        if "\u202e" in data and not any(
            "dir" in attributes or tag in ("bdi", "option", "textarea", "script")
            for tag, attributes in self.open
        ):
            self.turning.append(f"{self.open[-3:]} {data[:60]!r}")


def assert_only_texts(page: Texts, path: str) -> None:
    for tag, attributes in page.elements:
        assert not tag.startswith("xss"), path
        wrong = [name for name in attributes if name.startswith("on") or name == "style"]
        assert not wrong, (path, tag, wrong)
        assert not str(attributes.get("href")).lower().startswith("javascript:"), path
        assert tag != "script" or "src" in attributes or "json" in attributes["type"], path
        assert tag != "img" or attributes["src"].startswith(("/", "data:image/webp")), path


def test_pages_show_hostile_texts_as_texts(client, hostile):
    turning = {}
    for path in hostile["pages"]:
        response = client.get(path)
        assert response.status_code == (404 if path == "/nowhere/" else 200), path
        page = Texts(response.content.decode())
        assert_only_texts(page, path)
        turning |= {path: page.turning} if page.turning else {}
        for data in page.data:
            json.loads(data)
    assert not turning
    html = client.get(hostile["pages"][2]).content.decode()
    assert "&lt;xss-a onxss=&#x27;1&#x27;&gt;" in html and "ы" * (LONG - len(HOSTILE)) in html


def test_admin_shows_hostile_texts_as_texts(admin_client, admin_user, hostile):
    owner = Photographer.objects.create(user=admin_user, slug="me", name=HOSTILE[:200])
    UploadBatch.objects.create(owner=owner, **hostile_fields(UploadBatch))
    for path in hostile["admin"]:
        response = admin_client.get(f"/admin/{path}")
        assert response.status_code == 200, path
        page = Texts(response.content.decode())
        for tag, attributes in page.elements:
            assert not tag.startswith("xss") and "onxss" not in attributes, path
            assert attributes.get("onerror") is None, path
        for data in page.data:
            assert "alert" not in data, path


def test_machines_read_hostile_texts_as_texts(client, hostile):
    for path in hostile["xml"]:
        response = client.get(path)
        assert response.status_code == 200, path
        names = {one.tag for one in ElementTree.fromstring(response.content).iter()}
        assert not [name for name in names if "xss" in name], path
    feed = client.get("/feed/").content
    for summary in ElementTree.fromstring(feed).iter("{http://www.w3.org/2005/Atom}summary"):
        page = Texts(summary.text)
        assert {tag for tag, _ in page.elements} <= {"p", "a", "img", "br"}
    for path in hostile["json"]:
        response = client.get(path)
        assert response.status_code == 200, path
        assert response["Content-Type"].startswith("application/json"), path
        assert response["X-Content-Type-Options"] == "nosniff", path
        response.json()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("part", ["pages", "admin"])
def test_browser_runs_nothing_and_no_text_breaks_the_page(live_server, admin_user, hostile, part):
    client = Client()
    client.force_login(admin_user)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value}
    said = []
    with chromium() as browser:
        context = browser.new_context(viewport={"width": 320, "height": 800})
        page = context.new_page()
        page.on("dialog", lambda dialog: (said.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: said.append(request.url)
                if "elsewhere" in request.url else None)  # fmt: skip
        if part == "admin":
            context.add_cookies([cookie | {"url": live_server.url}])
        for path in hostile[part]:
            address = live_server.url + (f"/admin/{path}" if part == "admin" else path)
            page.goto(address)
            assert page.evaluate("document.querySelector('[onxss], xss-a, xss-b, xss-c')") is None
            if part == "pages":
                assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    assert not said
