"""What stands around a photo in the list that one came from. Links to photos say which list."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Func, IntegerField, QuerySet, Value
from django.urls import reverse

from gallery import listing
from gallery.models import AlbumPhoto, Photo
from gallery.paging import BY_POSITION, NEWEST, Keyset

COUNTED = 1000  # photos; in a longer list nobody is told which one this is


@dataclass(frozen=True)
class Step:
    """A photo before or after another one in a list."""

    address: str
    title: str


@dataclass(frozen=True)
class Around:
    """A photo's neighbours in a list, and the way back to it.

    kind: "album", "photographer", "newest", "search" or "similar"; title: the list's. back: the
    address of the page of the list that the photo is on. number: the photo's place, from 1, among
    `count`; both are None in a long list.
    """

    kind: str
    title: str
    back: str
    previous: Step | None
    next: Step | None
    number: int | None = None
    count: int | None = None


def within_album(album) -> str:
    """Return the query of links to photos that one comes to from an album."""
    return urlencode({"album": album.slug})


def within_photographer(photographer) -> str:
    """Return the query of links to photos that one comes to from a photographer's page."""
    return urlencode({"by": photographer.slug})


def step(public_id: str, title: str, within: str) -> Step:
    """Return the step to a listed photo that stays in the same list."""
    address = reverse("photo", args=[public_id])
    return Step(f"{address}?{within}" if within else address, title)


def back_to(address: str, parameters: Mapping, photo: Photo) -> str:
    """Return the address of a page of a list, at the photo's card."""
    query = f"?{urlencode(parameters)}" if parameters else ""
    return f"{address}{query}#photo-{photo.public_id}"


def around(photo: Photo, parameters: Mapping, albums: Sequence[Mapping]) -> Around | None:
    """Return what stands around a listed photo in the list that link parameters name.

    albums: those the visitor may open, as `listing.with_tags_and_albums` has them. What is not
    among them, or does not hold the photo, is taken for no list at all: the newest photos.
    None for a photo that is not listed. Costs one query.
    """
    if not photo.listed:
        return None
    slug = parameters.get("album")
    for album in albums:
        if album["slug"] == slug:
            return _in_album(photo, album)
    rows, place = Photo.objects.listed(), (photo.published_at, photo.pk)
    if parameters.get("by") == photo.owner.slug:
        rows, within = rows.filter(owner=photo.owner_id), within_photographer(photo.owner)
        address = photo.owner.get_absolute_url()
        return _around(photo, "photographer", photo.owner.name, address, rows, place, within)
    return _around(photo, "newest", "", reverse("photo_list"), rows, place)


def _in_album(photo: Photo, album: Mapping) -> Around:
    entries = AlbumPhoto.objects.filter(album=album["pk"], photo__listed=True)
    return _around(
        photo,
        "album",
        album["title"],
        reverse("album", args=[album["slug"]]),
        entries,
        (album["position"], album["entry"]),
        urlencode({"album": album["slug"]}),
        keyset=BY_POSITION,
        prefix="photo__",
    )


def _around(
    photo: Photo,
    kind: str,
    title: str,
    address: str,
    rows: QuerySet,
    place: tuple,
    within: str = "",
    *,
    keyset: Keyset = NEWEST,
    prefix: str = "",
) -> Around:
    before, after, number, count = _neighbours(rows, keyset, place, prefix)
    # Back to the page that the list is cut into there; of a long list to one that begins here.
    ahead = (number - 1) % listing.PAGE_SIZE if number else 0
    start = {"after": keyset.written(before[ahead][:2])} if ahead < len(before) else {}
    return Around(
        kind,
        title,
        back_to(address, start, photo),
        step(*before[0][2:], within) if before else None,
        step(*after[0][2:], within) if after else None,
        number,
        count,
    )


def _neighbours(rows: QuerySet, keyset: Keyset, place: tuple, prefix: str) -> tuple:
    """Return what is before a place, a page of it and the nearest first; what follows; counts.

    Of each row its two keys, public id and title. The counts are (number, count), or Nones.
    """
    parts = [
        keyset.ordered(keyset.beyond(rows, place, forward=forward), forward=forward)
        for forward in (False, True)
    ]
    counts = {"before": _counted(parts[0]), "all": _counted(rows.order_by())}
    columns = (*keyset.fields, f"{prefix}public_id", f"{prefix}title", *counts, "side")
    before, after = (
        part.annotate(side=Value(side), **counts).values_list(*columns)[:most]
        for side, (part, most) in enumerate(zip(parts, (listing.PAGE_SIZE, 1), strict=True))
    )
    found = list(before.union(after, all=True))
    number, count = (found[0][4] + 1, found[0][5]) if found else (1, 1)
    if count > COUNTED:
        number = count = None
    sides = [[row[:4] for row in found if row[6] == side] for side in (0, 1)]
    # A union has no order of its own.
    return sorted(sides[0], reverse=not keyset.descending), sides[1], number, count


def _counted(rows: QuerySet) -> Func:
    """Count rows, but not on and on: no further than one more than COUNTED."""
    few = ArraySubquery(rows.values("pk")[: COUNTED + 1])
    return Func(few, function="cardinality", output_field=IntegerField())
