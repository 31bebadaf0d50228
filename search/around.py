"""What stands around a photo in search results and among similar photos. See gallery.around."""

from collections.abc import Mapping, Sequence
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q
from django.urls import reverse

from gallery.around import Around, back_to, step
from gallery.models import Photo
from search import engine
from search.engine import SearchPage
from search.query import parse
from search.results import parts


def within_search(page: SearchPage, *, exact: bool) -> str:
    """Return the query of links to photos that one comes to from a page of results."""
    used = page.corrected or page.query
    chosen = {"q": used.text, "snapshot": page.snapshot}
    if page.sort != engine.RELEVANCE:
        chosen["sort"] = page.sort
    return urlencode(chosen | ({"exact": "1"} if exact else {}))


def within_similar(photo: Photo) -> str:
    """Return the query of links to photos that one comes to from those similar to one."""
    return urlencode({"like": photo.public_id})


def around(photo: Photo, parameters: Mapping) -> Around | None:
    """Return what stands around a photo in the results, or similar photos, one came from.

    None when the parameters name neither, when the list is no longer kept, and when the photo is
    not in it. Costs one query.
    """
    if not photo.listed:
        return None
    if snapshot := parameters.get("snapshot"):
        return _in_search(photo, parameters, snapshot)
    if like := parameters.get("like"):
        return _among_similar(photo, like)
    return None


def _in_search(photo: Photo, parameters: Mapping, snapshot: str) -> Around | None:
    query, sort = parse(parameters.get("q", "")), parameters.get("sort", engine.RELEVANCE)
    found = engine.kept(query, sort=sort, snapshot=snapshot)
    if found is None:
        return None
    photo_ids = [UUID(bytes=one) for one in parts(found.ids)] or list(found.nearest)
    if photo.pk not in photo_ids:
        return None
    chosen = {
        name: parameters[name] for name in ("q", "snapshot", "sort", "exact") if name in parameters
    }
    page = photo_ids.index(photo.pk) // engine.PAGE_SIZE + 1
    back = chosen | ({"page": page} if page > 1 else {})
    rows = Photo.objects.listed().filter(pk__in=photo_ids).values_list("pk", "public_id", "title")
    return _around(
        photo,
        "search",
        query.text,
        back_to(reverse("search"), back, photo),
        _in_order(rows, photo_ids),
        urlencode(chosen),
    )


def _among_similar(photo: Photo, like: str) -> Around | None:
    photo_ids = engine.kept_similar(like)
    if not photo_ids or photo.pk not in photo_ids:
        return None
    listed = Photo.objects.listed().filter(Q(pk__in=photo_ids) | Q(public_id=like))
    rows = list(listed.values_list("pk", "public_id", "title", "content_hash"))
    first = next((row for row in rows if row[1] == like), None)
    if first is None:
        return None
    others = [row[:3] for row in rows if row[3] != first[3]]
    address = reverse("photo_similar", args=[like])
    return _around(
        photo,
        "similar",
        first[2],
        back_to(address, {}, photo),
        _in_order(others, photo_ids),
        urlencode({"like": like}),
    )


def _in_order(rows, photo_ids: Sequence[UUID]) -> list[tuple]:
    by_id = {row[0]: row for row in rows}
    return [by_id[one] for one in photo_ids if one in by_id]


def _around(
    photo: Photo, kind: str, title: str, back: str, rows: Sequence[tuple], within: str
) -> Around | None:
    """Take a photo's place among rows of id, public id and title; None if it has none."""
    at = next((place for place, row in enumerate(rows) if row[0] == photo.pk), None)
    if at is None:
        return None
    return Around(
        kind,
        title,
        back,
        step(*rows[at - 1][1:], within) if at else None,
        step(*rows[at + 1][1:], within) if at + 1 < len(rows) else None,
        at + 1,
        len(rows),
    )
