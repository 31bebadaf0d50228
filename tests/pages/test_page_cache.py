"""Layer 1: pages come from Redis, and what changes is seen at the next request."""

import gzip
import threading
import time
from wsgiref.util import setup_testing_defaults

import pytest
from django.core.cache import cache as redis
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern, resolve

from config import counts
from config.cache import BreakerRedisCache
from config.wsgi import application
from gallery import api_urls, cache, file_urls, listing, services, tasks, urls
from gallery.models import Album, AlbumPhoto, Page, Photo, Site
from search import api_urls as search_api_urls
from search import dictionary, index_state
from search import urls as search_urls
from tests.pages.conftest import index_words, make_photo, make_photos

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def kept(settings, monkeypatch):
    settings.PAGE_TTL_SECONDS = 60
    for module in (cache, index_state):
        monkeypatch.setattr(module, "ADDITIONS_SECONDS", 8)


def wsgi(path: str, method: str = "GET", **environ) -> tuple[str, dict, bytes]:
    """Return status, headers and body that the WSGI application answers."""
    path, _, query = path.partition("?")
    path = path.encode().decode("latin-1")  # as servers give it
    environ |= {"PATH_INFO": path, "QUERY_STRING": query, "REQUEST_METHOD": method}
    environ.setdefault("HTTP_HOST", "testserver")
    setup_testing_defaults(environ)
    said = []
    body = application(environ, lambda status, headers: said.append((status, dict(headers))))
    try:
        return *said[0], b"".join(body)
    finally:
        if hasattr(body, "close"):
            body.close()


@pytest.fixture
def gallery(alice):
    photos = make_photos(alice, 5)
    album = Album.objects.create(owner=alice, title="By the water", slug="by-the-water")
    for position, photo in enumerate(photos):
        AlbumPhoto.objects.create(album=album, photo=photo, position=position)
    dictionary.warm()
    redis.clear()
    return photos


def pages(photos) -> list[str]:
    return [
        *("/", "/photos/", "/albums/", "/albums/by-the-water/", "/by/alice/", "/de/"),
        *("/search/?q=harbour", "/search/?q=harbour&sort=newest"),
        *(f"/photos/{photos[-1].public_id}/", f"/photos/{photos[-1].public_id}/similar/"),
    ]


def queries_of(client, path, **headers) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path, headers=headers).status_code in (200, 304)
    return len(captured)


def test_second_visitor_costs_no_query(client, gallery):
    for path in pages(gallery):
        first = client.get(path)
        assert queries_of(client, path) == 0, path
        again = client.get(path)
        assert again.content == first.content, path
        for name in (
            "Cache-Control",
            "Content-Type",
            "Content-Language",
            "ETag",
            "X-Frame-Options",
        ):
            assert again[name].removeprefix("W/") == first[name].removeprefix("W/"), path
        assert "Content-Security-Policy" in again and not again.cookies


def test_page_goes_out_compressed_or_plain_and_not_at_all_to_who_has_it(client, gallery):
    plain = client.get("/")
    packed = client.get("/", headers={"accept-encoding": "br, gzip"})
    assert packed["Content-Encoding"] == "gzip" and packed["Vary"] == "Accept-Encoding"
    assert gzip.decompress(packed.content) == plain.content
    for etag in (plain["ETag"], packed["ETag"]):
        unchanged = client.get("/", headers={"if-none-match": etag})
        assert unchanged.status_code == 304 and not unchanged.content
    redis.clear()
    unchanged = client.get("/", headers={"if-none-match": plain["ETag"]})
    assert unchanged.status_code == 304
    assert queries_of(client, "/") == 0  # it was kept all the same
    assert not client.head("/").content
    for path in pages(gallery):
        redis.clear()
        assert client.head(path).status_code == 200, path
        assert queries_of(client, path) == 0, path  # it was kept whole
        assert b"</html>" in client.get(path).content


def test_kept_page_is_answered_before_django(gallery):
    made = wsgi("/photos/", HTTP_ACCEPT_ENCODING="gzip")
    with CaptureQueriesContext(connection) as captured:
        kept = wsgi("/photos/", HTTP_ACCEPT_ENCODING="gzip")
    assert kept == made and made[0] == "200 OK" and not captured
    status, headers, body = wsgi("/photos/")
    assert gzip.decompress(kept[2]) == body and headers["Content-Length"] == str(len(body))
    assert "Content-Encoding" not in headers and headers["Vary"] == "Accept-Encoding"
    status, headers, body = wsgi("/photos/", HTTP_IF_NONE_MATCH=f'"x", {kept[1]["ETag"]}')
    assert status == "304 Not Modified" and body == b""
    assert headers == {name: kept[1][name] for name in ("Cache-Control", "ETag", "Vary")}
    assert wsgi("/photos/", HTTP_IF_NONE_MATCH='"x"')[0] == "200 OK"
    assert wsgi("/photos/", "HEAD")[::2] == ("200 OK", b"")


@pytest.mark.parametrize("slug", ["日本", "café", "abc"])
def test_address_in_any_script_is_answered_made_and_kept(alice, gallery, slug):
    album = Album.objects.create(owner=alice, title=slug, slug=slug)
    AlbumPhoto.objects.create(album=album, photo=gallery[0], position=0)
    made = wsgi(f"/albums/{slug}/")
    assert made[0] == "200 OK"
    with CaptureQueriesContext(connection) as captured:
        assert wsgi(f"/albums/{slug}/") == made and not captured


def test_page_that_is_made_is_looked_for_once(gallery, monkeypatch):
    looked, look = [], cache.look

    def counted(key=""):
        looked.append(key)
        return look(key)

    monkeypatch.setattr(cache, "look", counted)
    wsgi("/photos/")
    assert len([key for key in looked if key]) == 1


@pytest.mark.parametrize(
    ("accepted", "is_packed"),
    [
        *(("gzip;q=0", False), ("gzip; q=0.000, br", False), ("br, GZip;Q=0,identity", False)),
        *(("gzip;q=0.5", True), ("gzip;q=0.001", True), ("br;q=0, gzip", True), ("GZIP", True)),
        *(("br", False), ("", False)),
    ],
)
def test_page_is_compressed_only_for_who_takes_it(gallery, accepted, is_packed):
    for _ in range(2):
        headers = wsgi("/photos/", HTTP_ACCEPT_ENCODING=accepted)[1]
        assert ("Content-Encoding" in headers) == is_packed


def test_feed_is_not_sent_again_to_who_has_it(client, gallery):
    modified = client.get("/feed/")["Last-Modified"]
    for _ in range(2):
        assert client.get("/feed/", headers={"if-modified-since": modified}).status_code == 304
    long_ago = "Mon, 01 Jan 2001 00:00:00 GMT"
    assert client.get("/feed/", headers={"if-modified-since": long_ago}).status_code == 200


def test_what_is_refused_or_personal_is_left_to_django(as_alice, gallery):
    wsgi("/photos/")
    assert wsgi("/photos/", HTTP_HOST="elsewhere.example")[0].startswith("400")
    assert wsgi("/photos/", HTTP_HOST="a b")[0].startswith("400")
    assert wsgi("/photos/", "DELETE")[0][:3] in ("403", "405")
    cookie = f"sessionid={as_alice.cookies['sessionid'].value}"
    headers = wsgi("/photos/", HTTP_COOKIE=cookie)[1]
    assert headers["Cache-Control"] == "private, no-store"


def test_logged_in_visitors_get_pages_of_their_own(as_alice, gallery):
    other = Client()
    other.get("/")
    assert as_alice.get("/")["Cache-Control"] == "private, no-store"
    assert queries_of(as_alice, "/") > 0
    redis.clear()
    as_alice.get("/photos/")
    assert queries_of(other, "/photos/") > 0


def test_what_is_no_public_page_is_never_kept(client, gallery):
    secret = make_photo(gallery[0].owner, 9, visibility="unlisted")
    for path in (secret.get_absolute_url(), "/search/by-image/", "/nowhere/", "/photos/?after=x"):
        client.get(path)
        client.get(path)
    assert redis.get(cache.page_key("http://testserver", secret.get_absolute_url())) is None
    for path in ("/nowhere/", "/photos/?after=x", "/search/by-image/"):
        assert redis.get(cache.page_key("http://testserver", path)) is None


PERSONAL = ("/discover/", "/for-you/", "/taste/", "/share/x/", "/search/by-image/")


@pytest.mark.parametrize("path", [*PERSONAL, "/de/discover/", "/zh-hans/share/x/", "/nowhere/"])
def test_nobody_waits_for_what_is_no_page(client, gallery, monkeypatch, path):
    if path == "/nowhere/":
        client.get(path)  # nobody knows before
    monkeypatch.setattr(cache, "wait_for", pytest.fail)
    with cache.alone(f"{cache.page_key('http://testserver', path)}:rendering") as is_mine:
        assert is_mine
        assert client.get(path).status_code in (200, 404)


def misses() -> int:
    return dict(counts.most(counts.CACHES, 100)).get("page miss", 0)


def test_only_pages_that_are_kept_are_missed(client, gallery):
    before = misses()
    for path in ("/discover/", "/nowhere/", "/feed/"):
        client.get(path)
    assert misses() == before
    client.get("/photos/")
    client.get("/photos/")
    assert misses() == before + 1


def test_condition_of_a_visitor_does_not_tell_that_there_is_no_page(client, gallery):
    assert client.get("/photos/", headers={"if-match": '"x"'}).status_code == 200
    assert queries_of(client, "/photos/") == 0


def _edit(photo):
    Photo.objects.filter(pk=photo.pk).update(title="Renamed")
    services.photos_edited([photo.pk])


CHANGES = {
    "hidden": lambda photo: services.set_visibility([photo], "private"),
    "unlisted": lambda photo: services.set_visibility([photo], "unlisted"),
    "binned": lambda photo: services.bin_photos([photo]),
    "renamed": _edit,
}


# What takes no GET, shows nothing of photos, or is for their owner only.
WITHOUT_PHOTOS = {
    *("taste_signal", "taste_forget", "share", "robots", "photo_with_slug"),
    *("api_photo_restore", "api_own_photos", "api_album_photos", "api_album_photo"),
}


def endpoints(photos) -> list[str]:
    """Return an address of everything that shows photos to visitors, and where they are named."""
    first, last = photos[0].public_id, photos[-1].public_id
    return [
        *pages(photos),
        *("/photos/?after=x", "/search/?q=harbour&page=2", "/search/?q=camera%3Az6", "/search/"),
        *("/discover/", "/for-you/", "/taste/", "/about/", "/pages/prints/", "/search/by-image/"),
        *("/feed/", "/albums/by-the-water/feed/", "/by/alice/feed/"),
        *("/sitemap.xml", "/sitemap-photos.xml", "/sitemap-albums.xml"),
        *("/api/v1/photos/", f"/api/v1/photos/{last}/", f"/api/v1/photos/{first}/"),
        *(f"/api/v1/photos/{last}/similar/", "/api/v1/recommendations/"),
        *("/api/v1/search/?q=harbour", "/api/v1/search/suggestions/?q=qui"),
        *("/api/v1/albums/", "/api/v1/albums/by-the-water/"),
        f"/photos/{last}/?album=by-the-water",
    ]


def test_no_endpoint_is_left_out(client, gallery):
    Page.objects.create(title="Prints", slug="prints")
    paths = {path.partition("?")[0] for path in endpoints(gallery)} - {"/de/"}
    tried = {resolve(path).url_name for path in paths}
    there = set()
    for module in (api_urls, file_urls, urls, search_api_urls, search_urls):
        there |= {one.name for one in module.urlpatterns if isinstance(one, URLPattern)}
    assert there - tried == WITHOUT_PHOTOS


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen_everywhere_at_the_next_request(client, gallery, change):
    photo = gallery[0]
    Site.objects.create(about="We walk.")
    Page.objects.create(title="Prints", slug="prints")
    heart = {"photo": photo.public_id, "act": "heart"}
    assert client.post("/taste/signal/", heart).status_code == 302
    for path in endpoints(gallery):
        client.get(path)
        client.get(path)
    CHANGES[change](photo)
    trace = photo.title if change == "renamed" else photo.public_id
    for path in endpoints(gallery):
        response = client.get(path)
        if change != "renamed" and photo.public_id in path:
            assert response.status_code == 404, path
            continue
        assert response.status_code == 200 or path == "/photos/?after=x", path
        body = response.content.decode()
        assert f">{trace}<" not in body and f'"{trace}"' not in body, path
        if change != "renamed":
            assert trace not in body, path


@pytest.mark.parametrize("change", CHANGES)
def test_change_is_seen_by_every_web_process(gallery, change):
    """Through the whole WSGI application, which answers with kept pages by itself."""
    path = "/photos/"
    first = wsgi(path)[2].decode()
    assert gallery[0].public_id in first and wsgi(path)[2].decode() == first
    CHANGES[change](gallery[0])
    trace = gallery[0].title if change == "renamed" else gallery[0].public_id
    after = wsgi(path)[2].decode()
    assert f"{trace}<" not in after and f"{trace}/" not in after


def test_hidden_photo_is_not_found_though_its_page_was_kept(client, gallery):
    path = gallery[0].get_absolute_url()
    assert client.get(path).status_code == client.get(path).status_code == 200
    services.set_visibility([gallery[0]], "private")
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        lambda: Site.objects.update_or_create(id=1, defaults={"name": "Renamed"}),
        lambda: [one.delete() for one in Album.objects.all()],
        lambda: [one.save() for one in Page.objects.all()],
        lambda: [one.delete() for one in AlbumPhoto.objects.all()[:1]],
    ],
)
def test_whatever_else_changes_empties_the_cache(client, gallery, change):
    Site.objects.create()
    Page.objects.create(title="Prints", slug="prints")
    client.get("/")
    client.get("/")
    change()
    assert queries_of(client, "/") > 0


def let_time_pass() -> None:
    """As after ADDITIONS_SECONDS."""
    redis.delete("additions_shown")


def test_additions_are_seen_together_after_a_while(client, gallery):
    lists = ("/photos/", "/search/?q=harbour")
    for path in lists:
        client.get(path)
    for number in range(3):
        photo = make_photo(gallery[0].owner, title=f"New harbour {number}")
        cache.note_additions()
        index_words()
        for path in lists:
            assert queries_of(client, path) == 0, path  # an ingest does not empty the cache
        let_time_pass()
        for path in lists:
            assert photo.public_id in client.get(path).content.decode(), path
    let_time_pass()
    for path in lists:
        assert queries_of(client, path) == 0, path  # nothing came


def test_additions_are_looked_at_every_few_seconds(client, gallery):
    client.get("/photos/")
    assert 0 < redis.ttl("additions_shown") <= cache.ADDITIONS_SECONDS


def test_page_rendered_while_something_was_hidden_is_not_kept_for_others(client, gallery):
    state = cache.state_now()
    cache._forget()
    key = cache.page_key("http://testserver", "/photos/")
    redis.set(key, cache.KeptPage.of(b"<html>", {"ETag": "x"}, state))
    assert client.get("/photos/").content != b"<html>"


def ask_at_once(render, count: int = 8) -> list:
    """Return what as many visitors get who ask for the same page that is not kept."""
    answers = []
    threads = [
        threading.Thread(target=lambda: answers.append(cache.page("page:cold", render)))
        for _ in range(count)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def slow_render(seconds: float, results: list | None = None):
    """Return a render(), and how many were at it together each time that it was called."""
    together, at_it = [], []

    def render(state):
        at_it.append(1)
        together.append(len(at_it))
        time.sleep(seconds)
        at_it.pop()
        if results and (result := results.pop()):
            raise result
        return cache.KeptPage.of(b"page", {"ETag": "x"}, state)

    return render, together


def test_many_at_once_render_one_page(gallery):
    render, together = slow_render(0.3)
    answers = ask_at_once(render, 20)
    assert together == [1]
    assert {gzip.decompress(one.body) for one in answers} == {b"page"}


def test_page_that_takes_longer_than_others_wait_is_rendered_once(gallery, monkeypatch):
    monkeypatch.setattr(cache, "COMPUTING_SECONDS", 0.2)
    render, together = slow_render(0.9)
    assert len(ask_at_once(render)) == 8
    assert together == [1]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_one_at_a_time_tries_again_after_an_error(gallery):
    render, together = slow_render(0.1, [None, ValueError("broken"), ValueError("broken")])
    assert len(ask_at_once(render)) == 6
    assert together == [1, 1, 1]


def test_failing_page_is_made_by_one_at_a_time(client, gallery, monkeypatch):
    def fail(*args):
        raise ValueError("broken")

    client.raise_request_exception = False
    monkeypatch.setattr(listing, "public_albums", fail)
    assert client.get("/albums/").status_code == 500
    assert not cache.look(cache.page_key("http://testserver", "/albums/")).is_no_page


def test_lock_that_ran_out_belongs_to_the_next(gallery):
    with cache.alone("one") as is_mine:
        assert is_mine
        redis.delete("one")  # as after HELD_SECONDS
        with cache.alone("one") as is_next:
            assert is_next
            with cache.alone("one") as is_third:
                assert not is_third
            assert redis.get("one")
        redis.set("one", "another's")
    assert redis.get("one") == "another's"
    BreakerRedisCache.open_breaker(ConnectionError("stopped"))
    with cache.alone("one") as is_mine:
        assert is_mine


def test_home_is_refreshed_before_it_expires(client, gallery):
    client.get("/")
    client.get("/fr/")
    client.get("/photos/")
    warm = {("http://testserver", "/"), ("http://testserver", "/fr/")}
    assert set(cache.warm_pages()) == warm
    Photo.objects.filter(pk=gallery[0].pk).update(title="Written by hand")
    assert b"Written by hand" not in client.get("/").content
    tasks.refresh_pages()
    assert queries_of(client, "/") == 0
    assert b"Written by hand" in client.get("/").content
    assert b"Written by hand" in client.get("/fr/").content
    assert redis.ttl(cache.page_key("http://testserver", "/")) > 50


def test_page_is_kept_warm_for_an_hour_after_it_was_made_for_somebody(client, gallery, monkeypatch):
    now = time.time()
    client.get("/")
    monkeypatch.setattr(cache.time, "time", lambda: now + cache.WARM_SECONDS - 10)
    tasks.refresh_pages()
    assert cache.warm_pages()
    monkeypatch.setattr(cache.time, "time", lambda: now + cache.WARM_SECONDS + 10)
    assert not cache.warm_pages()


def test_junk_ports_and_hosts_leave_the_home_page_warm(client, settings, gallery):
    settings.ALLOWED_HOSTS = ["*"]
    for port in range(1, 4):
        client.get("/", headers={"host": f"example.com:{port}"})
    assert cache.warm_pages() == [("http://example.com:3", "/")]
    for number in range(cache.MOST_WARM):
        cache.keep_warm(f"junk{number}", f"http://junk{number}", "/")
    client.get("/")
    assert ("http://testserver", "/") in cache.warm_pages()
    assert len(cache.warm_pages()) == cache.MOST_WARM


def test_without_redis_every_page_answers(client, gallery):
    client.get("/")
    BreakerRedisCache.open_breaker(ConnectionError("stopped"))
    for path in pages(gallery):
        assert client.get(path).status_code == 200, path
    services.set_visibility([gallery[0]], "private")
    BreakerRedisCache.close_breaker()
    assert gallery[0].public_id not in client.get("/").content.decode()  # said once Redis is back


@pytest.mark.parametrize(
    "say_next",
    [
        cache.state_now,
        tasks.refresh_pages,
        cache.forget_pages,
        cache.note_additions,
    ],
)
def test_what_redis_did_not_hear_is_said_first(gallery, say_next):
    before = cache.state_now()
    BreakerRedisCache.open_breaker(ConnectionError("stopped"))
    cache.forget_pages()
    cache.note_additions()
    BreakerRedisCache.close_breaker()
    assert redis.get("page_generation") == before.generation and not redis.get("added_at")
    say_next()
    assert redis.get("page_generation") > before.generation and redis.get("added_at")
    let_time_pass()
    assert cache.state_now().additions > before.additions


def test_keys_expire(client, gallery):
    client.get("/")
    services.set_visibility([gallery[0]], "private")
    cache.note_additions()
    client.get("/")
    for name in redis.keys("*"):
        assert redis.ttl(name) is not None, name
