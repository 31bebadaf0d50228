"""Each page in each language: nothing on it is left in English that has a translation."""

from html.parser import HTMLParser

import polib
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils.translation import override, to_locale

from gallery.models import Album, AlbumPhoto
from tests.conftest import jpeg

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != settings.LANGUAGE_CODE]


class Texts(HTMLParser):
    """Every piece of text on a page, and every value of an attribute."""

    def __init__(self, html: str):
        super().__init__()
        self.found: set[str] = set()
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.found |= {value for name, value in attrs if value and name not in ("name", "value")}

    def handle_data(self, data):
        self.found.add(data.strip())


def catalogue(code: str) -> dict[str, str]:
    """Return {English: translation}; of a text that counts, the form for one."""
    path = settings.LOCALE_PATHS[0] / to_locale(code) / "LC_MESSAGES" / "django.po"
    po = polib.pofile(str(path))
    return {one.msgid: one.msgstr or one.msgstr_plural[0] for one in po if not one.msgctxt}


@pytest.fixture
def addresses(alice, five):
    album = Album.objects.create(owner=alice, title="By the water", slug="by-the-water")
    AlbumPhoto.objects.create(album=album, photo=five[0], position=0)
    photo = [five[0].public_id]

    def in_language(code: str) -> dict[str, str]:
        """Return {address: a text that it shows, in English}."""
        with override(code):
            search = reverse("search")
            return {
                reverse("home"): "All albums",
                reverse("photo_list"): "The newest first.",
                reverse("photo", args=photo): "Find similar",
                reverse("photo_similar", args=photo): "Photographs like",
                f"{search}?q=harbour+-boat+orientation:landscape": "Why these?",
                f"{search}?q=zzqqxx": "What may help:",
                f"{search}?q=harbour&page=9": "There is no such page.",
                search: "Filter and sort",
                reverse("search_by_image"): "Look for photographs like it",
                reverse("album_list"): "Albums",
                reverse("album", args=["by-the-water"]): "Slideshow",
                reverse("photographer", args=[alice.slug]): "Photographs",
                reverse("taste"): "At the moment it remembers nothing of you.",
                reverse("discover"): "Show others",
                f"{reverse('home')}nowhere/": "This is not here",
            }

    return in_language


@pytest.mark.parametrize("code", LANGUAGES)
def test_pages_are_in_the_visitors_language(client, addresses, code):
    known = catalogue(code)
    for address, landmark in addresses(code).items():
        response = client.get(address)
        assert response.status_code == (404 if address.endswith("nowhere/") else 200), address
        found = Texts(response.content.decode()).found
        assert {known["Skip to the photographs"], known[landmark]} <= found, address
        left = {text for text in found if known.get(text, text) != text}
        assert not left - set(known.values()), address


@pytest.mark.parametrize("code", LANGUAGES)
def test_filters_are_in_the_visitors_language(client, addresses, code):
    known = catalogue(code)
    with override(code):
        path = reverse("search")
    html = client.get(path, {"q": "harbour orientation:landscape iso:much"}).content.decode()
    chip = known["{name}: {value}"].format(name=known["Orientation"], value=known["Landscape"])
    problem = known["“{filter}” was left out: it takes {example}."].format(
        filter="iso:much", example=known["800, >800 or 200-800"].replace(">", "&gt;")
    )
    assert chip in html and problem in html


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_refused_picture_is_refused_in_the_visitors_language(client, db, code, tmp_path):
    known = catalogue(code)
    with override(code):
        path = reverse("search_by_image")

    def answer(name: str, data: bytes) -> str:
        file = tmp_path / name
        file.write_bytes(data)
        with file.open("rb") as picture:
            response = client.post(path, {"picture": picture})
        assert response.status_code == 400
        return response.content.decode()

    (unknown,) = (known[one] for one in known if one.startswith("This is not a picture"))
    assert unknown in answer("notes.jpg", b"not a picture")
    # Its pixels are read by another process, which speaks no language.
    (damaged,) = (known[one] for one in known if one.startswith("The picture is damaged or cut"))
    whole = jpeg((900, 900))
    assert damaged.split("%(reason)s")[0] in answer("cut.jpg", whole[: len(whole) // 2])
