"""Tags by name."""

import hashlib
from collections.abc import Iterable

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import slugify

from gallery.metadata import without_controls
from gallery.models import Photo, Tag


def set_tags(photo: Photo, names: Iterable[str]) -> None:
    """Give a photo the tags of these names, made when they are new; names differ by their slug."""
    # In one order for everybody: who makes a tag waits for whoever just made the same.
    photo.tags.set(
        [
            Tag.objects.get_or_create(slug=slug, defaults={"name": name})[0]
            for slug, name in sorted(_by_slug(names).items())
        ]
    )


def has_tags(photo: Photo, names: Iterable[str]) -> bool:
    """Tell whether a photo has just the tags that set_tags would give it."""
    return set(photo.tags.values_list("slug", flat=True)) == _by_slug(names).keys()


def _by_slug(names: Iterable[str]) -> dict[str, str]:
    name_of: dict[str, str] = {}
    for name in names:
        if name := " ".join(without_controls(name).split())[:200]:
            name_of.setdefault(_slug(name), name)
    return name_of


def _slug(name: str) -> str:
    return (slugify(name, allow_unicode=True) or hashlib.sha256(name.encode()).hexdigest())[:200]


def delete_tags(chosen: QuerySet[Tag]) -> None:
    """Delete tags. Their photos are locked first, as by those who take a tag from a photo."""
    with transaction.atomic():
        list(Photo.objects.filter(tags__in=chosen).locked().values_list("pk"))
        chosen.delete()
