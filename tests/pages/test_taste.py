"""The cookie of hearts: signed, small, forgotten at a click; and who may write it."""

from itertools import pairwise

import pytest
from django.core import signing

from gallery import services
from search.taste import COOKIE, HEARTED, MOST_SIGNALS, OPENED, Taste, remember, taste_of
from tests.pages.conftest import Page, make_photos

PUBLIC_ID = "Abc1234567"


class Request:
    def __init__(self, cookie=""):
        self.COOKIES = {COOKIE: cookie}


def cookie_of(taste) -> str:
    from django.http import HttpResponse

    response = HttpResponse()
    remember(response, taste)
    return response.cookies[COOKIE].value


def test_cookie_brings_back_what_it_was_given(five):
    taste = Taste().with_signal(OPENED, PUBLIC_ID).with_signal(HEARTED, "Xyz9876543")
    taste = taste.having_seen(photo.pk for photo in five)
    again = taste_of(Request(cookie_of(taste)))
    assert again == taste
    assert again.hearted == ["Xyz9876543"] and again.opened == [PUBLIC_ID]
    assert all(again.has_seen(photo.pk) for photo in five)


def test_newest_signals_are_kept_and_the_cookie_stays_small(five):
    taste = Taste()
    for number in range(50):
        taste = taste.with_signal(HEARTED, f"Abcdefg{number + 100}")
    for _ in range(100):
        taste = taste.having_seen(photo.pk for photo in five)
    assert len(taste.signals) == MOST_SIGNALS
    assert taste.hearted[0] == "Abcdefg149"
    assert len(cookie_of(taste)) < 1000


def test_opening_does_not_take_a_heart_back():
    taste = Taste().with_signal(HEARTED, PUBLIC_ID).with_signal(OPENED, PUBLIC_ID)
    assert taste.hearted == [PUBLIC_ID] and taste.opened == []


@pytest.mark.parametrize(
    "cookie",
    [
        *("", "x", "hAbc~", "hAbc~:forged", "\x00", "é" * 10, "h" * 5000),
        signing.Signer(salt="other").sign("hAbc1234567~"),
        signing.Signer(salt="taste").sign("no signals at all"),
        signing.Signer(salt="taste").sign("hAbc1234567~a"),
        signing.Signer(salt="taste").sign("h'; DROP~"),
    ],
)
def test_made_up_cookie_is_no_taste(cookie):
    assert taste_of(Request(cookie)) == Taste()


def post(client, path, data=(), **headers):
    return client.post(path, dict(data), headers=headers)


def test_heart_is_given_and_taken_back(client, five):
    photo = five[0]
    sent = {"photo": photo.public_id, "act": "heart"}
    done = post(client, "/taste/signal/", sent, **{"sec-fetch-site": "same-origin"})
    assert done.status_code == 302 and done["Location"] == "/taste/"
    page = client.get("/taste/")
    assert page["Cache-Control"] == "private, no-store" and photo.title in page.content.decode()
    post(client, "/taste/signal/", sent | {"act": "unheart"})
    assert photo.title not in client.get("/taste/").content.decode()


def test_script_gets_no_page(client, five):
    sent = {"photo": five[0].public_id, "act": "open"}
    headers = {"sec-fetch-site": "same-origin", "sec-fetch-mode": "cors"}
    done = post(client, "/taste/signal/", sent, origin="http://testserver", **headers)
    assert done.status_code == 204 and COOKIE in done.cookies


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
        {"origin": "http://testserver.elsewhere.example"},
    ],
)
def test_other_sites_cannot_write_it(client, five, headers):
    for path in ("/taste/signal/", "/taste/forget/"):
        sent = {"photo": five[0].public_id, "act": "heart"}
        done = post(client, path, sent, **headers)
        assert done.status_code == 403 and not done.cookies


def test_forget_me(client, five):
    post(client, "/taste/signal/", {"photo": five[0].public_id, "act": "heart"})
    assert b"Forget me" in client.get("/taste/").content
    post(client, "/taste/forget/")
    page = client.get("/taste/").content
    assert b"Forget me" not in page and b"remembers nothing" in page


def test_hidden_photo_can_neither_be_hearted_nor_shown(client, five):
    photo = five[0]
    post(client, "/taste/signal/", {"photo": photo.public_id, "act": "heart"})
    services.set_visibility([photo], "private")
    assert photo.title not in client.get("/taste/").content.decode()
    sent = {"photo": photo.public_id, "act": "heart"}
    assert post(client, "/taste/signal/", sent).status_code == 404
    assert post(client, "/taste/signal/", sent | {"photo": "\x00"}).status_code == 404
    assert post(client, "/taste/signal/", {}).status_code == 404
    ok = five[1].public_id
    assert post(client, "/taste/signal/", {"photo": ok, "act": "?"}).status_code == 400


def test_strip_is_empty_without_a_taste_and_sets_no_cookie(client, alice):
    make_photos(alice, 30)
    strip = client.get("/for-you/")
    assert strip.content.strip() == b"" and not strip.cookies
    photo = alice.photos.first()
    post(client, "/taste/signal/", {"photo": photo.public_id, "act": "heart"})
    strip = client.get("/for-you/")
    assert b"For you" in strip.content and not strip.cookies
    assert strip["Cache-Control"] == "private, no-store"


def test_discover_shows_others_each_time(client, alice):
    make_photos(alice, 60)

    def shown():
        page = Page(client.get("/discover/").content.decode())
        return {a["href"].partition("?")[0] for a in page.all("a") if a.get("class") == "frame"}

    pages = [shown() for _ in range(4)]
    for before, page in pairwise(pages):
        assert len(page) == 24 and not before & page
