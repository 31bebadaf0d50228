"""What bench.pages measures: each kind of page, warm but with nothing of it cached."""

import gzip
import random
from collections.abc import Iterator
from urllib.parse import urlencode
from wsgiref.util import setup_testing_defaults

import numpy as np
from django.core.cache import cache
from django.db import connection
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.urls import path

from bench import measures
from bench.measures import FILTERS, row, timed
from bench.synthetic import Question
from config import urls
from config.wsgi import application
from gallery import paging
from gallery.models import Album, AlbumPhoto, Photo, Photographer
from search.facets import facets
from search.recommendations import recommend
from search.taste import HEARTED, Taste

REQUESTS = 100  # of each kind
FEW = 20  # of what takes long
TASTES = 1000  # photos that visitors like
LIKED = 10
LARGE_ALBUM = "large-album"
LARGE_ALBUM_PHOTOS = 10_000

_bare_body = b""
urls.urlpatterns.insert(0, path("bare/", lambda request: HttpResponse(_bare_body)))


def run(count: int) -> None:
    measures.ensure_gallery(count)
    ensure_large_album()
    questions = measures.questions_asked(REQUESTS)
    measures.share_one_core()
    row("page", "median / p95, ms", "bare view, ms", "SQL", "HTML, KB", "gzipped, KB")
    row("---", "---", "---", "---", "---", "---")
    for name, addresses in pages(questions):
        measure(name, addresses)
    photos = list(Photo.objects.listed().only("public_id")[:: max(1, count // TASTES)])
    _, taken = timed(recommend, tastes(photos))
    row(f"recommendations for a taste of {LIKED} photos, without the page", taken, "", "", "", "")
    _, taken = timed(count_facets, range(FEW))
    row("names in the filter form, counted anew each ten minutes", taken, "", "", "", "")


def ensure_large_album() -> None:
    album, is_new = Album.objects.get_or_create(
        slug=LARGE_ALBUM, defaults={"owner": Photographer.objects.get(), "title": "A large album"}
    )
    if is_new:
        keys = Photo.objects.newest().values_list("pk", flat=True)[:LARGE_ALBUM_PHOTOS]
        AlbumPhoto.objects.bulk_create(
            (AlbumPhoto(album=album, photo_id=pk, position=place) for place, pk in enumerate(keys)),
            batch_size=2000,
        )


def pages(questions: list[Question]) -> Iterator[tuple[str, list[str]]]:
    """Yield each kind of page and the addresses to ask for."""
    photos = middle_of(Photo.objects.newest().only("public_id", "published_at"))
    entries = middle_of(AlbumPhoto.objects.filter(album__slug=LARGE_ALBUM))
    deep = [f"?after={paging.NEWEST.cursor(one)}" for one in photos]
    deep_in_album = [f"?after={paging.BY_POSITION.cursor(one)}" for one in entries]
    yield "home", ["/"] * REQUESTS
    yield "photos", ["/photos/"] * REQUESTS
    yield "photos, deep", [f"/photos/{one}" for one in deep]
    yield f"album of {LARGE_ALBUM_PHOTOS:,}", [f"/albums/{LARGE_ALBUM}/"] * REQUESTS
    yield "the same, deep", [f"/albums/{LARGE_ALBUM}/{one}" for one in deep_in_album]
    yield "photographer of all", ["/by/bench/"] * REQUESTS
    yield "the same, deep", [f"/by/bench/{one}" for one in deep]
    yield "albums", ["/albums/"] * REQUESTS
    yield "albums, deep", [f"/albums/?page={2 + number % 14}" for number in range(REQUESTS)]
    yield "photo", [f"/photos/{one.public_id}/" for one in photos]
    yield "similar", [f"/photos/{one.public_id}/similar/" for one in photos]
    yield "discover", ["/discover/"] * REQUESTS
    yield "search", [searched(one.text) for one in questions]
    for text in FILTERS:
        yield f"search, {text}", [searched(f"{one.text} {text}") for one in questions]
        yield f"{text}, no words", [searched(text)] * FEW
    yield "feed", ["/feed/"] * FEW
    yield "index of sitemaps", ["/sitemap.xml"] * FEW
    yield "file of a sitemap", [f"/sitemap-photos.xml?p={1 + number}" for number in range(FEW)]


def middle_of(rows) -> list:
    """Return some rows, by chance, of the middle half."""
    rows = list(rows)
    return random.Random(1).choices(rows[len(rows) // 4 : -len(rows) // 4], k=REQUESTS)


def searched(text: str) -> str:
    return f"/search/?{urlencode({'q': text})}"


def answer(address: str) -> bytes:
    """Return the body that the application answers."""
    environ = {"PATH_INFO": address.partition("?")[0], "QUERY_STRING": address.partition("?")[2]}
    environ |= {"HTTP_HOST": "localhost", "REQUEST_METHOD": "GET"}
    setup_testing_defaults(environ)
    said = []
    response = application(environ, lambda status, headers: said.append(status))
    body = b"".join(response)
    response.close()
    assert said[0].startswith("200"), (address, said)
    return body


def forget() -> None:
    """Forget pages and lists; names for the filter form are kept for ten minutes, and stay."""
    for pattern in ("page:*", "results:*"):
        cache.delete_pattern(pattern)


def measure(name: str, addresses: list[str]) -> None:
    global _bare_body
    forget()
    answer(addresses[0])  # warm
    forget()
    with CaptureQueriesContext(connection) as captured:
        _bare_body = answer(addresses[0])
    queries = len(captured)  # the next request begins to count anew
    bodies, taken = timed(answer, addresses, before=forget)
    _, bare = timed(answer, ["/bare/"] * len(addresses))
    plain = np.median([len(body) for body in bodies]) / 1000
    zipped = np.median([len(gzip.compress(body, 6)) for body in bodies]) / 1000
    row(name, taken, bare, queries, f"{plain:.0f}", f"{zipped:.1f}")


def tastes(photos: list[Photo]) -> Iterator[Taste]:
    """Yield tastes of visitors, each of other photos."""
    chance = random.Random(2)
    for _ in range(REQUESTS):
        taste = Taste()
        for photo in chance.sample(photos, LIKED):
            taste = taste.with_signal(HEARTED, photo.public_id)
        yield taste


def count_facets(_) -> None:
    cache.delete_pattern("facets:*")
    facets()
