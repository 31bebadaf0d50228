"""The API of photos: read, upload, edit, put into the bin, bring back."""

from django.db import transaction
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.response import Response

from config.problems import Problem
from gallery import api_examples, listing, services
from gallery.api import (
    IF_MATCH,
    PICTURES,
    WRITTEN_PHOTO,
    ApiView,
    CursorInput,
    Flag,
    Input,
    JsonFlag,
    OwnPhotoPageOutput,
    PhotoNameOutput,
    PhotoOutput,
    Text,
    check_match,
    differing,
    etag_of,
    no_such,
    owner_of,
    page_json,
    photo_json,
    validated,
    validated_body,
)
from gallery.api_access import Scope
from gallery.exceptions import DuplicateUpload, GalleryError, StorageAway
from gallery.formats import MAX_UPLOAD_BYTES, TAKEN
from gallery.models import Album, Photo, Visibility
from gallery.tags import has_tags

MAX_TAGS = 100
TEXTS_BYTES = 2**20  # of an upload, beside its file


class TextsInput(Input):
    """What a person says of a photo. A text that is left empty is taken from the file."""

    title = Text(max_length=300, required=False, allow_blank=True)
    description = Text(required=False, allow_blank=True)
    creator = Text(max_length=300, required=False, allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False)


@extend_schema_field(OpenApiTypes.BINARY)
class Picture(serializers.FileField):
    """A file of whatever bytes: the service says whether they are a picture."""


class UploadInput(TextsInput):
    file = Picture(
        allow_empty_file=True, help_text=f"{TAKEN}; up to {MAX_UPLOAD_BYTES // 2**20} MB."
    )
    tags = Text(default="", allow_blank=True, help_text="Separated by commas.")
    album = Text(
        max_length=200, default="", allow_blank=True, help_text="Slug of an album of yours."
    )


class EditInput(TextsInput):
    tags = serializers.ListField(
        child=Text(max_length=200, allow_blank=True), max_length=MAX_TAGS, required=False
    )
    place = Text(max_length=300, required=False, allow_blank=True)
    location_shown = JsonFlag(required=False, help_text="Whether everybody may read the place.")
    alt = Text(max_length=300, required=False, allow_blank=True)
    copyright = Text(max_length=500, required=False, allow_blank=True)
    licence = Text(max_length=500, required=False, allow_blank=True)
    featured = JsonFlag(required=False)


class OwnPhotosInput(CursorInput):
    state = serializers.ChoiceField(choices=Photo.State.choices, required=False)
    bin = Flag(default=False, help_text="What is in the bin, and nothing else.")


def own_answer(request, photo: Photo, status: int = 200, **headers) -> Response:
    """Answer with a photo as its photographer sees it; if the token does not read, with its name.

    The name's address is not that of a share link, which would open an unlisted photo.
    """
    page = reverse("photo", args=[photo.public_id])
    name = {"public_id": photo.public_id, "url": request.build_absolute_uri(page)}
    data = photo_json(request, photo, own=True)
    answer = (PhotoOutput(data) if owner_of(request) else PhotoNameOutput(name)).data
    headers["ETag"] = etag_of(state_of(data), answer)
    return Response(answer, status=status, headers=headers)


def state_of(data: dict) -> dict:
    """Return what If-Match compares: all but the pictures, which nobody edits."""
    return {name: data[name] for name in data.keys() - {*PICTURES}}


def check_unchanged(request, photo: Photo) -> None:
    check_match(request, lambda: state_of(photo_json(request, photo, own=True)))


def own_photo(request, public_id: str, *, lock: bool = False) -> Photo:
    """Return a photo that the token may change. Raises Http404, or PermissionDenied when it is
    another photographer's that everybody sees.
    """
    owner = request.auth.owner
    photos = Photo.objects.seen_by(owner).for_page()
    photo = get_object_or_404(photos.locked() if lock else photos, public_id=public_id)
    if photo.owner_id != owner.pk:
        raise PermissionDenied("This photo is another photographer's: only they can change it.")
    return photo


class UploadView(ApiView):
    """Where photos are uploaded; search, which knows filters, adds the list itself."""

    scopes = {"POST": Scope.UPLOAD}
    problems = {"POST": {404, 409, 503}}
    parser_classes = [MultiPartParser]
    max_body_bytes = MAX_UPLOAD_BYTES + TEXTS_BYTES

    def too_large(self) -> str:
        return f"The file is larger than {MAX_UPLOAD_BYTES // 2**20} MB: export a smaller one."

    @extend_schema(
        operation_id="photos_upload",
        request={"multipart/form-data": UploadInput},
        responses={201: WRITTEN_PHOTO},
        examples=api_examples.UPLOAD,
    )
    def post(self, request):
        """Upload a photo. From this answer on it cannot get lost.

        Its pixels are made after that: look at /me/photos/ for what became of it.
        """
        fields = validated_body(UploadInput, request)
        owner, slug = request.auth.owner, fields.pop("album")
        album = Album.objects.filter(owner=owner, slug=slug).first()
        if slug and album is None:
            raise no_such("album", "You have no album of this slug.")
        fields["tags"] = fields["tags"].split(",")
        try:
            photo = services.upload_photo(owner=owner, album=album, **fields)
        except DuplicateUpload as error:
            raise Problem(409, "duplicate", str(error), public_id=error.photo.public_id) from error
        except StorageAway as error:
            raise Problem(503, "storage_away", str(error)) from error
        except GalleryError as error:
            raise Problem(400, "refused", str(error)) from error
        photo = Photo.objects.for_page().get(pk=photo.pk)
        return own_answer(
            request, photo, 201, Location=reverse("api_photo", args=[photo.public_id])
        )


class PhotoView(ApiView):
    scopes = {"PATCH": Scope.EDIT, "DELETE": Scope.DELETE}

    @extend_schema(responses=PhotoOutput, examples=api_examples.PHOTO)
    def get(self, request, public_id):
        """One listed photo; with a token that reads, also one of yours that is not listed."""
        owner = owner_of(request)
        photos = Photo.objects.seen_by(owner).for_page()
        photo = get_object_or_404(photos, public_id=public_id)
        if owner and photo.owner_id == owner.pk:
            return own_answer(request, photo)
        return Response(PhotoOutput(photo_json(request, photo)).data)

    @extend_schema(
        request=EditInput,
        responses=WRITTEN_PHOTO,
        parameters=[IF_MATCH],
        examples=api_examples.EDIT,
    )
    def patch(self, request, public_id):
        """Edit a photo of yours; what is not sent stays as it is."""
        changes = validated_body(EditInput, request)
        with transaction.atomic():
            photo = own_photo(request, public_id, lock=True)
            check_unchanged(request, photo)
            tags = changes.pop("tags", None)
            changes = differing(photo, changes)
            if tags is not None and not has_tags(photo, tags):
                changes["tags"] = tags
            if changes:
                services.edit_photo(photo, **changes)
        return own_answer(request, own_photo(request, public_id))

    @extend_schema(responses={204: None}, parameters=[IF_MATCH])
    def delete(self, request, public_id):
        """Put a photo of yours into the bin: gone for everyone, to be restored for 30 days."""
        with transaction.atomic():
            photo = own_photo(request, public_id, lock=True)
            check_unchanged(request, photo)
            services.bin_photos([photo])
        return Response(status=204)


class RestoreView(ApiView):
    scopes = {"POST": Scope.DELETE}

    @extend_schema(operation_id="photos_restore", request=None, responses=WRITTEN_PHOTO)
    def post(self, request, public_id):
        """Bring a photo of yours back from the bin."""
        own = Photo.objects.filter(owner=request.auth.owner)
        photo = get_object_or_404(own, public_id=public_id)
        services.restore_photos([photo])
        return own_answer(request, own.for_page().get(pk=photo.pk))


class OwnPhotosView(ApiView):
    scopes = {"GET": Scope.READ}

    @extend_schema(
        operation_id="me_photos_list",
        parameters=[OwnPhotosInput],
        responses=OwnPhotoPageOutput,
        examples=api_examples.OWN_PHOTOS,
    )
    def get(self, request):
        """Your photos, the last uploaded first: their states, and why one failed."""
        asked = validated(OwnPhotosInput, request)
        photos = Photo.objects.filter(owner=request.auth.owner, binned_at__isnull=not asked["bin"])
        if "state" in asked:
            photos = photos.filter(state=asked["state"])
        page = listing.uploads_page(asked, photos, asked.get("page_size"))

        def as_json(request, photo):
            return photo_json(request, photo, own=True)

        return Response(OwnPhotoPageOutput(page_json(request, page, as_json)).data)
