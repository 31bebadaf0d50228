"""A photo's page: the list one came from, what machines read of it, what it says in words."""

import json
import re
from datetime import UTC, datetime
from html import unescape

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gallery import listing
from gallery.around import COUNTED
from gallery.models import Album, AlbumPhoto, Photo, Site, Tag
from search import engine
from tests.pages.conftest import Page, index_words, make_photo, make_photos
from tests.pages.test_pages import an_album, links_of
from tests.search.conftest import embed, unit
from tests.search.conftest import space as space  # the fixture


def place_in_list(response) -> str:
    """Return what the page says of the list one came from, tags left out."""
    found = re.search(r'class="place-in-list">(.*?)</p>', response.content.decode(), re.S)
    return unescape(" ".join(re.sub("<[^>]*>", "", found[1]).split())) if found else ""


def back_of(response) -> str:
    found = re.search(r'class="place-in-list"><a href="([^"]*)"', response.content.decode())
    return unescape(found[1])


def cards_of(response) -> list[str]:
    """Return the links of the cards in the first grid."""
    html = response.content.decode().partition('class="related"')[0]
    return [unescape(one) for one in re.findall(r'class="frame" href="([^"]*)"', html)]


def walked(client, link: str, rel: str = "next") -> list[str]:
    """Follow the links of photo pages to the end; return the paths, without the lists."""
    paths = []
    while link:
        paths.append(link.partition("?")[0])
        response = client.get(link)
        assert response.status_code == 200
        following = links_of(response, rel)
        link = following[0] if following else ""
        assert len(paths) < 100, "in a circle"
    return paths


def addresses(photos) -> list[str]:
    return [photo.get_absolute_url() for photo in photos]


# --- The list one came from ---
def test_a_whole_album_is_walked_in_its_order(as_charlie, alice):
    photos = make_photos(alice, 7)
    in_order = [photos[number] for number in (3, 0, 6, 1, 5, 2)]
    album = an_album(alice, in_order)
    first = cards_of(as_charlie.get(album.get_absolute_url()))[0]
    assert first.endswith("?album=by-the-water")
    assert walked(as_charlie, first) == addresses(in_order)
    last = as_charlie.get(f"{in_order[-1].get_absolute_url()}?album=by-the-water")
    assert place_in_list(last) == "In the album By the water 6 of 6"
    backwards = walked(as_charlie, f"{in_order[-1].get_absolute_url()}?album=by-the-water", "prev")
    assert backwards == addresses(in_order[::-1])


def test_photos_at_the_same_place_of_an_album_are_not_lost(as_charlie, alice):
    photos = make_photos(alice, 5)
    album = Album.objects.create(owner=alice, title="Heap", slug="heap")
    for photo in photos:
        AlbumPhoto.objects.create(album=album, photo=photo, position=3)
    assert walked(as_charlie, f"{photos[0].get_absolute_url()}?album=heap") == addresses(photos)


@pytest.mark.parametrize("number", [1, 4, 5, 8, 9, 10])
def test_back_leads_to_the_page_of_the_album_that_the_photo_is_on(
    as_charlie, alice, number, monkeypatch
):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 4)
    photos = make_photos(alice, 10)
    an_album(alice, photos)
    photo = photos[number - 1]
    response = as_charlie.get(f"{photo.get_absolute_url()}?album=by-the-water")
    assert place_in_list(response).endswith(f"{number} of 10")
    back = back_of(response)
    assert back.endswith(f"#photo-{photo.public_id}")
    shown = as_charlie.get(back)
    start = (number - 1) // 4 * 4
    paths = [link.partition("?")[0] for link in cards_of(shown)]
    assert paths == addresses(photos[start : start + 4])
    assert f'id="photo-{photo.public_id}"' in shown.content.decode()


def test_photographers_photos_are_walked_without_others(as_charlie, alice, bob):
    mine = [make_photo(alice, number) for number in (0, 2, 4)]
    for number in (1, 3, 5):
        make_photo(bob, number)
    first = cards_of(as_charlie.get(alice.get_absolute_url()))[0]
    assert walked(as_charlie, first) == addresses(mine)
    response = as_charlie.get(first)
    assert place_in_list(response) == "Photographs by Alice 1 of 3"
    assert back_of(response) == f"/by/alice/#photo-{mine[0].public_id}"


def test_without_a_list_the_newest_are_walked(as_charlie, alice, monkeypatch):
    monkeypatch.setattr("gallery.listing.PAGE_SIZE", 4)
    photos = make_photos(alice, 9)
    first = cards_of(as_charlie.get("/photos/"))[0]
    assert first == photos[0].get_absolute_url()
    assert walked(as_charlie, first) == addresses(photos)
    response = as_charlie.get(photos[6].get_absolute_url())
    assert place_in_list(response) == "All photographs 7 of 9"
    shown = cards_of(as_charlie.get(back_of(response)))
    assert shown == addresses(photos[4:8])


def test_in_a_long_list_nobody_counts(as_charlie, alice, monkeypatch):
    assert COUNTED >= 1000
    monkeypatch.setattr("gallery.around.COUNTED", 5)
    photos = make_photos(alice, 7)
    response = as_charlie.get(photos[4].get_absolute_url())
    assert place_in_list(response) == "All photographs"
    assert cards_of(as_charlie.get(back_of(response)))[0] == photos[4].get_absolute_url()
    assert walked(as_charlie, photos[0].get_absolute_url()) == addresses(photos)


def test_results_of_a_search_are_walked_by_rank(as_charlie, alice):
    make_photos(alice, 30)
    others = [make_photo(alice, 50 + number, title="Dunes") for number in range(3)]
    index_words()
    first_page = as_charlie.get("/search/?q=harbour")
    second_page = as_charlie.get("/search/" + links_of(first_page, "next")[0])
    ranked = [link.partition("?")[0] for link in cards_of(first_page) + cards_of(second_page)]
    assert walked(as_charlie, cards_of(first_page)[0]) == ranked and len(ranked) == 30
    assert not set(addresses(others)) & set(ranked)
    on_second = as_charlie.get(cards_of(second_page)[2])
    assert place_in_list(on_second) == "Results for harbour 27 of 30"
    assert cards_of(as_charlie.get(back_of(on_second))) == cards_of(second_page)


@pytest.mark.parametrize("extra", ["&sort=oldest", "&exact=1", "&sort=newest&exact=1"])
def test_a_search_is_walked_as_it_was_sorted(as_charlie, alice, extra):
    photos = make_photos(alice, 4)
    results = as_charlie.get("/search/?q=harbour" + extra)
    ranked = [link.partition("?")[0] for link in cards_of(results)]
    assert walked(as_charlie, cards_of(results)[0]) == ranked
    if "sort=oldest" in extra:
        assert ranked == addresses(photos[::-1])


def test_a_corrected_search_is_walked(as_charlie, alice):
    photos = make_photos(alice, 3)
    results = as_charlie.get("/search/?q=harbuor")
    assert "it was read as" in results.content.decode()
    assert len(walked(as_charlie, cards_of(results)[0])) == len(photos)


def test_a_search_is_walked_while_new_photos_come(as_charlie, alice):
    make_photos(alice, 5)
    results = as_charlie.get("/search/?q=harbour&sort=newest")
    before = [link.partition("?")[0] for link in cards_of(results)]
    make_photo(alice, -5, title="Harbour, just now")
    index_words()
    assert walked(as_charlie, cards_of(results)[0]) == before


@pytest.fixture
def alike(alice, space):
    """Photos in a row, each a little farther from the first one."""
    photos = make_photos(alice, 6)
    for number, photo in enumerate(photos):
        embed(photo, space, image=unit(1, number / 10), text=unit(1, number / 10))
    return photos


def test_similar_photos_are_walked_by_nearness(as_charlie, alike):
    first = alike[0]
    page = as_charlie.get(f"/photos/{first.public_id}/similar/")
    links = [link for link in cards_of(page) if "?" in link]
    assert walked(as_charlie, links[0]) == addresses(alike[1:])
    response = as_charlie.get(links[2])
    assert place_in_list(response) == "Similar to Quiet harbour 0 3 of 5"
    assert back_of(response).startswith(f"/photos/{first.public_id}/similar/#photo-")


def test_strip_of_similar_photos_leads_through_them(as_charlie, alike):
    html = as_charlie.get(alike[0].get_absolute_url()).content.decode().partition('"related"')[2]
    links = re.findall(r'class="frame" href="([^"]*)"', html)
    assert links[0] == f"{alike[1].get_absolute_url()}?like={alike[0].public_id}"
    assert walked(as_charlie, links[0]) == addresses(alike[1:])


# --- Lists that are none, or are not one's own ---
def newest_of(client, photo) -> tuple:
    response = client.get(photo.get_absolute_url())
    return links_of(response, "prev"), links_of(response, "next"), place_in_list(response)


@pytest.mark.parametrize(
    "parameters",
    [
        *({"album": "nowhere"}, {"album": "\x00"}, {"album": ""}, {"album": "by-the-water"}),
        *({"by": "nobody"}, {"by": "bob"}, {"by": "\x00é"}, {"like": "x" * 5000}, {"like": "\x00"}),
        *({"q": "harbour", "snapshot": "1"}, {"q": "\x00" * 600, "snapshot": "\x00"}),
        *({"snapshot": "9.9.9", "sort": "nonsense"}, {"n": "7"}, {"album": "x", "like": "y"}),
    ],
)
def test_unknown_list_is_quietly_the_newest(as_charlie, alice, bob, five, parameters):
    make_photo(bob, 20)
    an_album(alice, [five[0], five[1]])  # without the photo
    response = as_charlie.get(five[2].get_absolute_url(), parameters)
    assert response.status_code == 200
    found = links_of(response, "prev"), links_of(response, "next"), place_in_list(response)
    assert found == newest_of(as_charlie, five[2])


def test_forgotten_search_and_similar_photos_are_quietly_the_newest(as_charlie, alike):
    search = cards_of(as_charlie.get("/search/?q=harbour"))[1]
    like = cards_of(as_charlie.get(f"/photos/{alike[0].public_id}/similar/"))[2]
    for link in (search, like):
        cache.clear()
        assert place_in_list(as_charlie.get(link)).startswith("All photographs")


def test_private_album_tells_nothing(as_charlie, client, alice, five):
    an_album(alice, five, title="Secret plans", slug="secret", visibility="private")
    link = f"{five[2].get_absolute_url()}?album=secret"
    response = as_charlie.get(link)
    assert place_in_list(response) == "All photographs 3 of 5"
    assert b"Secret plans" not in response.content
    client.force_login(alice.user)
    response = client.get(link)
    assert place_in_list(response) == "In the album Secret plans 3 of 5"
    assert response["Cache-Control"] == "private, no-store"


def test_photo_that_was_hidden_since_is_passed_over(as_charlie, alice, alike):
    an_album(alice, alike)
    links = {
        "album": f"{alike[1].get_absolute_url()}?album=by-the-water",
        "similar": cards_of(as_charlie.get(f"/photos/{alike[0].public_id}/similar/"))[0],
        "search": cards_of(as_charlie.get("/search/?q=harbour&sort=newest"))[1],
    }
    Photo.objects.filter(pk=alike[2].pk).update(visibility="private", title="Nobody reads this")
    for kind, link in links.items():
        response = as_charlie.get(link)
        assert links_of(response, "next")[0].startswith(alike[3].get_absolute_url()), kind
        assert b"Nobody reads this" not in response.content, kind
        assert place_in_list(response).endswith({"similar": "1 of 4"}.get(kind, "2 of 5")), kind


def test_similar_to_a_photo_that_was_hidden_since_does_not_name_it(as_charlie, alike):
    link = cards_of(as_charlie.get(f"/photos/{alike[0].public_id}/similar/"))[2]
    Photo.objects.filter(pk=alike[0].pk).update(visibility="private", title="Nobody reads this")
    response = as_charlie.get(link)
    assert b"Nobody reads this" not in response.content
    assert place_in_list(response).startswith("All photographs")


# --- What it costs ---
NOT_COUNTED = ("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT")


def queries_of(client, link) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(link).status_code == 200
    return [one["sql"] for one in captured if not one["sql"].startswith(NOT_COUNTED)]


def test_page_costs_eight_queries_from_wherever_one_came(as_charlie, alice, space):
    def links() -> list[str]:
        like = f"/photos/{photos[0].public_id}/similar/"
        return [
            photos[1].get_absolute_url(),
            f"{photos[1].get_absolute_url()}?album=by-the-water",
            f"{photos[1].get_absolute_url()}?by=alice",
            cards_of(as_charlie.get("/search/?q=harbour"))[1],
            cards_of(as_charlie.get(like))[2],
        ]

    counts = []
    album = an_album(alice, [])
    for batch in range(2):
        photos = make_photos(alice, 20, creator=f"Batch {batch}")
        for number, photo in enumerate(photos):
            embed(photo, space, image=unit(1, number / 30), text=unit(1, number / 30))
            AlbumPhoto.objects.create(album=album, photo=photo, position=50)
            photo.tags.add(Tag.objects.create(name=f"t{batch}{number}", slug=f"t{batch}{number}"))
        cache.clear()
        counts.append([len(queries_of(as_charlie, link)) for link in links()])
    assert counts[0] == counts[1]
    assert max(counts[1]) <= 8, counts


def test_similar_list_holds_more_than_the_strip(space):
    assert engine.SIMILAR_DEPTH > listing.PAGE_SIZE


# --- What machines read ---
def head_of(response) -> dict[str, str]:
    metas = Page(response.content.decode()).all("meta")
    return {one.get("property") or one.get("name"): one["content"] for one in metas if
            one.get("property") or one.get("name")}  # fmt: skip


def image_object(response) -> dict:
    found = re.search(
        r'<script type="application/ld\+json">(.*?)</script>', response.content.decode(), re.S
    )
    return json.loads(found[1])


@pytest.fixture
def storm(alice):
    photo = make_photo(
        alice,
        title="Storm",
        description="Waves over\nthe pier.",
        alt="A wave breaks over a stone pier",
        taken_at=datetime(2024, 2, 29, 16, 3, 5, tzinfo=UTC),
        taken_offset_minutes=60,
        copyright="© Alice",
        creator="A. Lice",
        place="Sennen Cove",
        location_shown=True,
        latitude=50.0779,
        longitude=-5.7008,
    )
    photo.tags.add(Tag.objects.create(name="rough sea", slug="rough-sea"))
    return photo


def test_search_engines_read_an_image_object(as_charlie, storm):
    Site.objects.create(licence="https://creativecommons.org/licenses/by-sa/4.0/")
    response = as_charlie.get(f"{storm.get_absolute_url()}?by=alice")
    folder = f"http://testserver/media/r/{storm.public_id}-{storm.file_key}"
    assert image_object(response) == {
        "@context": "https://schema.org",
        "@type": "ImageObject",
        "name": "Storm",
        "description": "Waves over\nthe pier.",
        "url": f"http://testserver{storm.get_absolute_url()}",
        "contentUrl": f"{folder}/2048.webp",
        "thumbnailUrl": f"{folder}/640.webp",
        "width": 2048,
        "height": 1365,
        "creator": {"@type": "Person", "name": "A. Lice"},
        "creditText": "A. Lice",
        "copyrightNotice": "© Alice",
        "license": "https://creativecommons.org/licenses/by-sa/4.0/",
        "dateCreated": "2024-02-29T17:03:05+01:00",
        "datePublished": storm.published_at.isoformat(),
        "keywords": "rough sea",
        "contentLocation": {"@type": "Place", "name": "Sennen Cove"},
    }
    assert "CC BY-SA 4.0</a>" in response.content.decode()
    assert "50.07" not in response.content.decode()


def test_cards_of_social_networks(as_charlie, storm):
    head = head_of(as_charlie.get(f"{storm.get_absolute_url()}?album=x"))
    picture = f"/media/r/{storm.public_id}-{storm.file_key}/1280.jpg"
    assert head["og:type"] == "article" and head["twitter:card"] == "summary_large_image"
    assert head["og:url"] == f"http://testserver{storm.get_absolute_url()}"
    assert head["og:title"] == "Storm" and head["og:site_name"] == "Pictures"
    assert head["og:description"] == head["description"] == "Waves over the pier."
    assert head["og:image"] == f"http://testserver{picture}"
    assert (head["og:image:width"], head["og:image:height"]) == ("1280", "853")
    assert head["og:image:alt"] == "A wave breaks over a stone pier"


def test_canonical_address_names_no_list(as_charlie, five):
    for language in ("", "/de"):
        path = f"{language}{five[1].get_absolute_url()}"
        links = Page(as_charlie.get(f"{path}?by=alice").content.decode()).all("link")
        canonical = [one["href"] for one in links if one["rel"] == "canonical"]
        assert canonical == [f"http://testserver{path}"]


@pytest.mark.parametrize(
    ("licence", "name", "address"),
    [
        ("https://creativecommons.org/licenses/by-nc-nd/4.0/", "CC BY-NC-ND 4.0", True),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0", True),
        ("https://example.com/terms", "https://example.com/terms", True),
        ("Ask me first.", "Ask me first.", False),
        ("javascript:alert(1)", "javascript:alert(1)", False),
    ],
)
def test_licence_in_words_and_as_an_address(as_charlie, alice, licence, name, address):
    Site.objects.create(licence=licence)
    response = as_charlie.get(make_photo(alice).get_absolute_url())
    links = [one for one in Page(response.content.decode()).all("a") if one.get("rel") == "license"]
    assert [one["href"] for one in links] == ([licence] if address else [])
    assert image_object(response).get("license", "") == (licence if address else "")
    assert f"{name}</" in response.content.decode()


@pytest.mark.parametrize("visibility", ["private", "unlisted"])
def test_pages_that_are_not_public_tell_machines_nothing(client, alice, five, visibility):
    photo = make_photo(alice, title="Not for all", visibility=visibility)
    client.force_login(alice.user)
    pages = [client.get(f"/photos/{photo.public_id}/")]
    if visibility == "unlisted":
        pages.append(client.get(f"/share/{photo.share_token}/"))
    for page in pages:
        head = head_of(page)
        assert head["robots"] == "noindex" and "description" not in head
        html = page.content.decode()
        for trace in ("og:", "twitter:", "ld+json", "canonical", "data-share", 'rel="next"'):
            assert trace not in html, trace


HOSTILE = (
    "</script><script>alert(1)</script><!--<script>\"'\\u003c\u2028\u2029\u202e&amp;{{ 7 }}"
    "\x7f" + "ы" * 100
)


def test_hostile_texts_stay_texts_for_machines_too(as_charlie, alice):
    photo = make_photo(
        alice,
        title=HOSTILE,
        description=HOSTILE * 60,
        alt=HOSTILE,
        place=HOSTILE,
        copyright=HOSTILE,
        creator=HOSTILE,
    )
    photo.tags.add(Tag.objects.create(name=HOSTILE[:180], slug="hostile"))
    album = an_album(alice, [photo, make_photo(alice, 1, title=HOSTILE)], title=HOSTILE)
    Site.objects.create(name=HOSTILE[:100], licence=HOSTILE)
    response = as_charlie.get(f"{photo.get_absolute_url()}?album={album.slug}")
    html = response.content.decode()
    found = image_object(response)
    assert found["name"] == HOSTILE and found["keywords"] == HOSTILE[:180]
    assert found["description"] == HOSTILE * 60
    assert "<script>" not in html and "<!--" not in html
    assert len(re.findall("<script", html)) == len(re.findall("</script>", html))
    assert head_of(response)["og:title"] == HOSTILE
    assert len(head_of(response)["og:description"]) <= 200


# --- What it says ---
def test_alternative_text_is_what_is_known_first(alice):
    photo = make_photo(alice, title="Storm", description="Waves. " * 100, alt="A wave")
    assert photo.alt_text == "A wave"
    photo.alt = ""
    assert photo.alt_text == "Storm"
    photo.title = ""
    assert photo.alt_text == photo.description[:200]
    photo.description = ""
    assert photo.alt_text == "Untitled photograph"


def test_alternative_text_is_edited_in_the_admin_and_read_everywhere(admin_client, alice):
    photo = make_photo(alice, title="Storm")
    form = admin_client.get(f"/admin/gallery/photo/{photo.pk}/change/")
    assert b"those who cannot see it" in form.content
    fields = {"title": "Storm", "alt": "A wave\x07 breaks", "visibility": "public"}
    fields |= {"published_at_0": "2026-01-01", "published_at_1": "10:00:00"}
    done = admin_client.post(f"/admin/gallery/photo/{photo.pk}/change/", fields)
    assert done.status_code == 302
    for path in ("/photos/", photo.get_absolute_url(), "/"):
        alts = [one["alt"] for one in Page(admin_client.get(path).content.decode()).all("img")]
        assert "A wave breaks" in alts and "Storm" not in alts, path
    assert admin_client.get(f"/api/v1/photos/{photo.public_id}/").json()["alt"] == "A wave breaks"


def test_story_keeps_its_lines_and_time_is_that_of_the_place(as_charlie, storm):
    html = as_charlie.get(storm.get_absolute_url()).content.decode()
    assert "Waves over<br>the pier." in html
    assert '<time datetime="2024-02-29T17:03:05+01:00">Feb. 29, 2024, 5:03 p.m.</time>' in html
    german = as_charlie.get(f"/de{storm.get_absolute_url()}").content.decode()
    assert "29. Februar 2024 17:03" in german


def test_numbers_are_written_as_the_language_does(as_charlie, alice):
    photo = make_photo(alice, f_number=5.6, focal_length_mm=23, exposure_seconds=2.5, iso=1600)
    assert (
        "23 mm · f/5.6 · 2.5 s · ISO 1600"
        in as_charlie.get(photo.get_absolute_url()).content.decode()
    )
    assert (
        "23 mm · f/5,6 · 2,5 s · ISO 1600"
        in as_charlie.get(f"/de{photo.get_absolute_url()}").content.decode()
    )


def test_largest_picture_can_be_opened(as_charlie, alice):
    photo = make_photo(alice)
    html = as_charlie.get(photo.get_absolute_url()).content.decode()
    assert f'href="/media/r/{photo.public_id}-{photo.file_key}/2048.webp"' in html


def test_what_a_script_adds_is_hidden_until_it_does(as_charlie, alice):
    photo = make_photo(alice)
    make_photo(alice, 1)
    for path in (photo.get_absolute_url(), "/photos/"):
        buttons = Page(as_charlie.get(path).content.decode()).all("button")
        ours = [one for one in buttons if {"data-lightbox", "data-share"} & set(one)]
        assert ours and all("hidden" in one for one in ours), path
