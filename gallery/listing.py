"""What the pages show: reads over listed photos and public albums, each in a few queries."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import (
    Count,
    Exists,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    UUIDField,
)
from django.db.models.functions import Coalesce, JSONObject

from gallery.models import Album, AlbumPhoto, Photo, Photographer, Site, Tag, Visibility
from gallery.paging import BY_POSITION, LAST_UPLOADED, NEWEST, Page, page_of
from gallery.querysets import CARD_FIELDS, seen_by

PAGE_SIZE = 48  # fills rows from a phone to a wall
FEATURED_HEROES = 12  # the newest of them are looked at
HERO_WIDTH = 1600  # px; less looks soft across a page
HERO_RATIO = 1.2  # width / height; narrower loses too much to the crop


def photo_page(
    parameters: Mapping, photos: QuerySet | None = None, size: int | None = None
) -> Page:
    """Return a page of listed photos, newest first. Raises paging.WrongCursor."""
    photos = Photo.objects.all() if photos is None else photos
    return page_of(photos.listed().for_cards(), NEWEST, parameters, size or PAGE_SIZE)


def uploads_page(parameters: Mapping, photos: QuerySet, size: int | None = None) -> Page:
    """Return a page of a photographer's photos, the last uploaded first. Raises WrongCursor."""
    return page_of(photos.for_page(), LAST_UPLOADED, parameters, size or PAGE_SIZE)


def newest_photos(limit: int) -> list[Photo]:
    """Return the newest listed photos."""
    return list(Photo.objects.listed().newest().for_cards()[:limit])


def hero_of(site: Site, newest: Sequence[Photo]) -> Photo | None:
    """Return the large picture of the home page, in one query.

    The owner's choice while it is listed, else the first featured or new photo that can fill a
    page's width.
    """
    photos = Photo.objects.listed().for_cards()
    if site.hero_id:
        if chosen := photos.filter(pk=site.hero_id).first():
            return chosen
        offered = list(newest)
    else:
        offered = [*photos.filter(featured=True).newest()[:FEATURED_HEROES], *newest]
    fit = (one for one in offered if one.width >= HERO_WIDTH)
    fit = (one for one in fit if one.width >= HERO_RATIO * one.height)
    return next(fit, offered[0] if offered else None)


def albums_visible_to(user) -> QuerySet[Album]:
    """Return the albums this user may open: public ones, and their own; superusers open all."""
    if user is None:
        return Album.objects.filter(visibility=Visibility.PUBLIC)
    if user.is_superuser:
        return Album.objects.all()
    return Album.objects.filter(Q(visibility=Visibility.PUBLIC) | Q(owner__user=user))


def public_albums(owner: Photographer | None = None) -> QuerySet[Album]:
    """Return the public albums that show something, with `cover_pk` and `photo_count`.

    The cover is the chosen one while it is listed, else the first listed photo.
    """
    albums = Album.objects.filter(visibility=Visibility.PUBLIC).select_related("owner")
    if owner is not None:
        albums = albums.filter(owner=owner)
    shows = Exists(_shown().filter(album=OuterRef("pk")))
    return with_contents(albums.filter(shows)).order_by("-created_at", "-id")


def with_contents(albums: QuerySet[Album], seer: Photographer | None = None) -> QuerySet[Album]:
    """Add `cover_pk` and `photo_count` to albums, of what everyone sees, or a photographer."""
    chosen = Photo.objects.seen_by(seer).filter(pk=OuterRef("cover"))
    shown = _shown(seer).filter(album=OuterRef("pk"))
    entries = AlbumPhoto.objects.filter(album=OuterRef("pk"))
    # Those that are seen are counted as all but the few that are hidden: by indexes alone.
    hidden = entries.exclude(seen_by(seer, "photo__"))
    # Subqueries, so that only the albums of a page are looked into.
    return albums.annotate(
        cover_pk=Coalesce(
            Subquery(chosen.values("pk")[:1]),
            Subquery(shown.order_by("position", "id").values("photo")[:1]),
            output_field=UUIDField(),
        ),
        photo_count=_counted(entries) - _counted(hidden),
    )


def _shown(seer: Photographer | None = None) -> QuerySet[AlbumPhoto]:
    """Return the places in albums whose photos everyone sees, or this photographer."""
    return AlbumPhoto.objects.filter(seen_by(seer, "photo__"))


def _counted(entries: QuerySet[AlbumPhoto]) -> Coalesce:
    """Return how many entries of one album there are, as a subquery."""
    counted = entries.order_by().values("album").annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def with_covers(albums: Sequence[Album], seer: Photographer | None = None) -> list[Album]:
    """Set `cover_photo` on albums from `with_contents`, in one query."""
    keys = [album.cover_pk for album in albums]
    covers = Photo.objects.seen_by(seer).for_cards().in_bulk(keys) if keys else {}
    for album in albums:
        album.cover_photo = covers.get(album.cover_pk)
    return list(albums)


def cover_of(album: Album, page: Page) -> Photo | None:
    """Return the photo that stands for an album: the chosen one while it is listed, else the first.

    page: the page of the album that is shown.
    """
    listed = Photo.objects.listed().for_cards()
    chosen = listed.filter(pk=album.cover_id).first() if album.cover_id else None
    return chosen or (page.rows[0] if page.rows else None)


def album_photos(
    album: Album,
    parameters: Mapping,
    size: int | None = None,
    seer: Photographer | None = None,
) -> Page:
    """Return a page of an album's photos, in its own order. Raises WrongCursor."""
    entries = (
        _shown(seer)
        .filter(album=album)
        .select_related("photo__owner")
        .only("position", *(f"photo__{name}" for name in CARD_FIELDS))
    )
    page = page_of(entries, BY_POSITION, parameters, size or PAGE_SIZE)
    return replace(page, rows=[entry.photo for entry in page.rows])


def count_up_to(most: int, album: Album) -> int:
    """Return how many listed photos an album shows, but no more than `most`: cheap in any album."""
    return AlbumPhoto.objects.filter(album=album, photo__listed=True).order_by()[:most].count()


def with_tags_and_albums(photos: QuerySet[Photo], user) -> QuerySet[Photo]:
    """Add to photos, in the same query, what their pages name: `tag_names` and `in_albums`.

    in_albums: [{"pk", "slug", "title", "entry", "position"}], those that this user may open.
    """
    tags = Tag.objects.filter(photos=OuterRef("pk")).values_list("name")
    entries = (
        AlbumPhoto.objects.filter(photo=OuterRef("pk"), album__in=albums_visible_to(user))
        .order_by("album__title", "album")
        .values(
            found=JSONObject(
                pk="album",
                slug="album__slug",
                title="album__title",
                entry="id",
                position="position",
            )
        )
    )
    return photos.select_related("owner").annotate(
        tag_names=ArraySubquery(tags), in_albums=ArraySubquery(entries)
    )
