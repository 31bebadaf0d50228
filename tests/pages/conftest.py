"""Listed photos by the dozen, without decoding a file for each."""

import hashlib
from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.utils import timezone

from gallery.models import Photo, Tag
from search import reconcile

RENDITIONS = [
    {"width": width, "height": width * 2 // 3, "format": format, "size_bytes": 1000}
    for width, format in (
        *((320, "webp"), (640, "webp"), (1280, "webp"), (2048, "webp")),
        *((640, "avif"), (1280, "avif"), (1280, "jpeg")),
    )
]


def make_photo(owner, number=0, **fields) -> Photo:
    """Store a photo that looks ready. number: the higher, the older."""
    values = {
        "title": f"Quiet harbour {number}",
        "original": f"originals/{owner.pk}-{number}.jpg",
        "content_hash": hashlib.sha256(f"{owner.pk} {number} {fields}".encode()).hexdigest(),
        "width": 2400,
        "height": 1600,
        "size_bytes": 1000,
        "media_type": "image/jpeg",
        "placeholder": "data:image/webp;base64,UklGRhYAAABXRUJQVlA4TAoAAAAvAAAAAEX/I/of",
        "renditions": RENDITIONS,
        "renditions_public": fields.get("visibility", "public") == "public",
        "state": "ready",
        "published_at": timezone.now() - timedelta(minutes=number),
    }
    photo = Photo.objects.create(owner=owner, **values | fields)
    photo.refresh_from_db()
    return photo


def make_photos(owner, count: int, **fields) -> list[Photo]:
    tag = Tag.objects.get_or_create(name="harbour", slug="harbour")[0]
    photos = [make_photo(owner, number, **fields) for number in range(count)]
    for photo in photos:
        photo.tags.add(tag)
    index_words()
    return photos


def index_words() -> None:
    while reconcile.index_due():
        pass


class Page(HTMLParser):
    """The elements of an HTML page, as (tag, attributes)."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def all(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def five(alice):
    return make_photos(alice, 5)
