"""The API of albums: read, make, edit, delete, and their photos in order."""

from django.contrib.postgres.aggregates import StringAgg
from django.db import transaction
from django.db.models import Q, TextField, Value
from django.db.models.functions import MD5, Cast
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response

from gallery import api_examples, listing, services
from gallery.api import (
    IF_MATCH,
    WRITTEN_ALBUM,
    AlbumDetailOutput,
    AlbumNameOutput,
    AlbumPageOutput,
    ApiView,
    Input,
    PageInput,
    PositionInput,
    Text,
    album_json,
    check_match,
    differing,
    etag_of,
    no_such,
    owner_of,
    page_json,
    validated,
    validated_body,
)
from gallery.api_access import Scope
from gallery.models import ALBUM_VISIBILITY, Album, Photo, Visibility

MAX_ALBUM_PHOTOS = 10_000  # of one PUT: 130 kB


class AlbumInput(Input):
    title = Text(max_length=300, allow_blank=True, help_text="An empty one is “Untitled”.")
    description = Text(required=False, allow_blank=True)
    visibility = serializers.ChoiceField(choices=ALBUM_VISIBILITY, required=False)

    def validate_title(self, title):
        return title or "Untitled"


class AlbumEditInput(AlbumInput):
    title = Text(max_length=300, allow_blank=True, required=False)
    cover = Text(
        max_length=16,
        required=False,
        allow_null=True,
        allow_blank=True,
        help_text="`public_id` of a photo of yours; null is the first one.",
    )


class AlbumPhotosInput(Input):
    photos = serializers.ListField(
        child=Text(max_length=16, allow_blank=True),
        max_length=MAX_ALBUM_PHOTOS,
        help_text="Each `public_id` once.",
    )


def own_album(request, slug: str) -> Album:
    """Return an album that the token may change, locked. Raises Http404, or PermissionDenied when
    it is another photographer's that everybody sees.
    """
    albums = Album.objects.filter(album_seen_by(request.auth.owner)).select_related("owner")
    album = get_object_or_404(albums.select_for_update(no_key=True, of=("self",)), slug=slug)
    if album.owner_id != request.auth.owner_id:
        raise PermissionDenied("This album is another photographer's: only they can change it.")
    return album


def album_seen_by(owner) -> Q:
    public = Q(visibility=Visibility.PUBLIC)
    return public | Q(owner=owner) if owner else public


def photos_named(album: Album, names: list[str], field: str) -> list[Photo]:
    """Return photos of the album's owner, or that are in it, in the order of these names."""
    fit = Q(owner=album.owner_id) | Q(album_entries__album=album)
    photos = Photo.objects.seen_by(album.owner_id).filter(fit, public_id__in=names).distinct()
    found = {photo.public_id: photo for photo in photos.only("public_id")}
    if missing := [name for name in names if name not in found]:
        raise no_such(field, f"You have no photo “{missing[0]}”.")
    return [found[name] for name in names]


def detail_json(request, album: Album, seer, asked: dict) -> dict:
    """Return what the API tells of an album. seer: a photographer who may see more, or None."""
    page = listing.album_photos(album, asked, asked.get("page_size"), seer)
    albums = listing.with_contents(Album.objects.filter(pk=album.pk), seer)
    (known,) = listing.with_covers(albums.select_related("owner"), seer)
    own = {"visibility": album.visibility} if seer else {}
    photos = page_json(request, page, path=reverse("api_album", args=[album.slug]))
    return album_json(request, known) | own | {"photos": photos}


def own_answer(request, album: Album, asked: dict, status: int = 200, **headers) -> Response:
    """Answer with an album as its photographer sees it; if the token does not read, with its name.

    asked: which page of its photos.
    """
    # Before what is shown is read: nobody may change a newer state than they have seen.
    state = state_of(album)
    if seer := owner_of(request):
        answer = AlbumDetailOutput(detail_json(request, album, seer, asked)).data
    else:
        url = request.build_absolute_uri(album.get_absolute_url())
        answer = AlbumNameOutput({"slug": album.slug, "url": url}).data
    headers["ETag"] = etag_of(state, answer)
    return Response(answer, status=status, headers=headers)


def state_of(album: Album) -> list:
    """Return what If-Match compares: what an album says, and all its photos in order."""
    ids = Cast("photo", TextField())
    in_order = MD5(StringAgg(ids, Value(" "), order_by=("position", "id")))
    order = album.entries.aggregate(order=in_order)["order"]
    return [album.title, album.description, album.visibility, album.cover_id, order]


def check_unchanged(request, album: Album) -> None:
    check_match(request, lambda: state_of(album))


class AlbumListView(ApiView):
    scopes = {"POST": Scope.ALBUMS}
    problems = {"GET": {404}}
    page_size = 24

    @extend_schema(
        operation_id="albums_list",
        parameters=[PageInput],
        responses=AlbumPageOutput,
        examples=api_examples.ALBUMS,
    )
    def get(self, request):
        """Public albums that show something, newest first."""
        number = validated(PageInput, request)["page"]
        albums = listing.public_albums()
        count = albums.count()
        start = (number - 1) * self.page_size
        if start and start >= count:
            raise NotFound("There is no such page.")
        found = listing.with_covers(albums[start : start + self.page_size])
        more = start + self.page_size < count
        answer = {
            "count": count,
            "next": request.build_absolute_uri(f"?page={number + 1}") if more else None,
            "results": [album_json(request, album) for album in found],
        }
        return Response(AlbumPageOutput(answer).data)

    @extend_schema(
        operation_id="albums_create",
        request=AlbumInput,
        responses={201: WRITTEN_ALBUM},
        examples=api_examples.ALBUM[:1],
    )
    def post(self, request):
        """Make an album; its slug is made of its title."""
        fields = validated_body(AlbumInput, request)
        album = services.create_album(request.auth.owner, **fields)
        location = reverse("api_album", args=[album.slug])
        return own_answer(request, album, {}, 201, Location=location)


class AlbumView(ApiView):
    scopes = {"PATCH": Scope.ALBUMS, "DELETE": Scope.ALBUMS}

    @extend_schema(
        parameters=[PositionInput], responses=AlbumDetailOutput, examples=api_examples.ALBUM[1:]
    )
    def get(self, request, slug):
        """An album and its photos, in its own order.

        With a token that reads, also an album of yours that is private, and photos of yours in it.
        """
        asked = validated(PositionInput, request)
        owner = owner_of(request)
        albums = Album.objects.filter(album_seen_by(owner)).select_related("owner")
        album = get_object_or_404(albums, slug=slug)
        if owner and album.owner_id == owner.pk:
            return own_answer(request, album, asked)
        return Response(AlbumDetailOutput(detail_json(request, album, None, asked)).data)

    @extend_schema(request=AlbumEditInput, responses=WRITTEN_ALBUM, parameters=[IF_MATCH])
    def patch(self, request, slug):
        """Edit an album of yours; what is not sent stays as it is."""
        changes = validated_body(AlbumEditInput, request)
        with transaction.atomic():
            album = own_album(request, slug)
            check_unchanged(request, album)
            if "cover" in changes:
                named = [changes["cover"]] if changes["cover"] else []
                changes["cover"] = next(iter(photos_named(album, named, "cover")), None)
            services.edit_album(album, **differing(album, changes))
        return own_answer(request, album, {})

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request, slug):
        """Delete an album of yours. Its photos stay."""
        with transaction.atomic():
            album = own_album(request, slug)
            check_unchanged(request, album)
            album.delete()
        return Response(status=204)


class AlbumPhotosView(ApiView):
    scopes = {"PUT": Scope.ALBUMS}

    @extend_schema(
        operation_id="albums_photos_order",
        request=AlbumPhotosInput,
        responses=WRITTEN_ALBUM,
        parameters=[IF_MATCH],
        examples=api_examples.ORDER,
    )
    def put(self, request, slug):
        """Put exactly these photos into an album of yours, in this order."""
        names = validated_body(AlbumPhotosInput, request)["photos"]
        with transaction.atomic():
            album = own_album(request, slug)
            check_unchanged(request, album)
            services.set_album_photos(album, photos_named(album, names, "photos"))
        return own_answer(request, album, {})


class AlbumPhotoView(ApiView):
    scopes = {"PUT": Scope.ALBUMS, "DELETE": Scope.ALBUMS}

    @extend_schema(
        operation_id="albums_photos_add",
        request=None,
        responses={204: None},
        parameters=[IF_MATCH],
    )
    def put(self, request, slug, public_id):
        """Put a photo of yours at the end of an album of yours, if it is not in it."""
        with transaction.atomic():
            album = own_album(request, slug)
            check_unchanged(request, album)
            photo = get_object_or_404(Photo.objects.seen_by(album.owner_id), public_id=public_id)
            if photo.owner_id != album.owner_id:
                raise PermissionDenied("Only photos of your own go into your albums.")
            services.add_to_album(album, photo)
        return Response(status=204)

    @extend_schema(
        operation_id="albums_photos_remove", responses={204: None}, parameters=[IF_MATCH]
    )
    def delete(self, request, slug, public_id):
        """Take a photo out of an album of yours. The photo stays."""
        with transaction.atomic():
            album = own_album(request, slug)
            check_unchanged(request, album)
            if not album.entries.filter(photo__public_id=public_id).delete()[0]:
                raise NotFound("The album has no such photo.")
        return Response(status=204)
