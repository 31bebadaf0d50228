"""Tags by name."""

import hashlib
from collections.abc import Iterable

from django.utils.text import slugify

from gallery.metadata import without_controls
from gallery.models import Photo, Tag


def get_tag(name: str) -> Tag:
    """Return the tag of that name, made when it is new; names differ by their slug."""
    name = " ".join(without_controls(name).split())[:200]
    slug = (slugify(name, allow_unicode=True) or hashlib.sha256(name.encode()).hexdigest())[:200]
    return Tag.objects.get_or_create(slug=slug, defaults={"name": name})[0]


def set_tags(photo: Photo, names: Iterable[str]) -> None:
    photo.tags.set({get_tag(name) for name in names if without_controls(name).strip()})
