"""JSON of photos and albums. Listed only, whoever asks; one error shape."""

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, NotFound, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView
from rest_framework.views import exception_handler as drf_exception_handler

from gallery import listing
from gallery.http import public_page
from gallery.models import Album, Photo
from gallery.paging import Page, WrongCursor
from gallery.renditions import rendition_url, sources

CURSOR = [OpenApiParameter("after", str), OpenApiParameter("before", str)]


# --- One error shape -----------------------------------------------------------------------
def error_response(error: Exception, context: dict) -> Response | None:
    """Return {"error": {"code", "message", "fields"}} for what DRF knows how to answer."""
    response = drf_exception_handler(error, context)
    if response is None:
        return None
    detail = response.data
    fields = {}
    if isinstance(error, ValidationError) and isinstance(detail, dict):
        fields = {name: [str(one) for one in messages] for name, messages in detail.items()}
        code, message = "invalid", "Some parameters are not valid."
    else:
        first = detail.get("detail") if isinstance(detail, dict) else detail[0]
        code = first.code if isinstance(first, ErrorDetail) else "error"
        message = str(first)
    response.data = {"error": {"code": code, "message": message, "fields": fields}}
    return response


class PublicView(APIView):
    """Answers anyone, with an ETag, and never looks at a session."""

    def get_exception_handler(self):
        return error_response

    @classmethod
    def as_view(cls, **initkwargs):
        view = super().as_view(**initkwargs)
        page = public_page(view)
        page.cls, page.initkwargs, page.csrf_exempt = view.cls, view.initkwargs, True
        return page


def validated(serializer_class, request) -> dict:
    """Read query parameters through an input serializer. Raises ValidationError."""
    serializer = serializer_class(data=request.query_params)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


# --- Output --------------------------------------------------------------------------------
class ImageOutput(serializers.Serializer):
    """A picture to show: the fallback's address and size, and srcsets."""

    src = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    srcset_webp = serializers.CharField()
    srcset_avif = serializers.CharField()
    placeholder = serializers.CharField()


class RenditionOutput(serializers.Serializer):
    url = serializers.URLField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    format = serializers.CharField()
    size_bytes = serializers.IntegerField()


class PhotoCardOutput(serializers.Serializer):
    public_id = serializers.CharField()
    title = serializers.CharField()
    alt = serializers.CharField(help_text="To be said in place of the picture.")
    url = serializers.URLField()
    photographer = serializers.CharField()
    image = ImageOutput(allow_null=True)


class PhotoOutput(PhotoCardOutput):
    description = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField())
    width = serializers.IntegerField(help_text="Upright, px.")
    height = serializers.IntegerField(help_text="Upright, px.")
    taken_at = serializers.DateTimeField(allow_null=True)
    camera = serializers.CharField()
    lens = serializers.CharField()
    focal_length_mm = serializers.FloatField(allow_null=True)
    f_number = serializers.FloatField(allow_null=True)
    exposure_seconds = serializers.FloatField(allow_null=True)
    iso = serializers.IntegerField(allow_null=True)
    place = serializers.CharField(help_text="Empty unless the photographer shows it.")
    creator = serializers.CharField()
    copyright = serializers.CharField()
    licence = serializers.CharField(help_text="An address or a text.")
    state = serializers.CharField()
    renditions = RenditionOutput(many=True)


class PhotoPageOutput(serializers.Serializer):
    next = serializers.URLField(allow_null=True)
    previous = serializers.URLField(allow_null=True)
    results = PhotoCardOutput(many=True)


class AlbumOutput(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    url = serializers.URLField()
    photographer = serializers.CharField()
    photo_count = serializers.IntegerField()
    cover = PhotoCardOutput(allow_null=True)


class AlbumPageOutput(serializers.Serializer):
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    results = AlbumOutput(many=True)


def _absolute_srcset(request, srcset: str) -> str:
    candidates = (one.rsplit(" ", 1) for one in srcset.split(", ") if one)
    return ", ".join(f"{request.build_absolute_uri(url)} {width}" for url, width in candidates)


def image_json(request, photo: Photo) -> dict | None:
    found = sources(photo)
    if found is None:
        return None
    return {
        "src": request.build_absolute_uri(found.fallback),
        "width": found.width,
        "height": found.height,
        "srcset_webp": _absolute_srcset(request, found.webp),
        "srcset_avif": _absolute_srcset(request, found.avif),
        "placeholder": photo.placeholder,
    }


def card_json(request, photo: Photo) -> dict:
    return {
        "public_id": photo.public_id,
        "title": photo.title,
        "alt": photo.alt_text,
        "url": request.build_absolute_uri(photo.get_absolute_url()),
        "photographer": photo.owner.name,
        "image": image_json(request, photo),
    }


def photo_json(request, photo: Photo) -> dict:
    names = (
        *("description", "width", "height", "taken_at", "camera", "lens", "focal_length_mm"),
        *("f_number", "exposure_seconds", "iso", "creator", "copyright", "licence", "state"),
    )
    renditions = [
        one | {"url": request.build_absolute_uri(rendition_url(photo, one["width"], one["format"]))}
        for one in photo.renditions
    ]
    return (
        card_json(request, photo)
        | {name: getattr(photo, name) for name in names}
        | {"place": photo.public_place, "tags": [tag.name for tag in photo.tags.all()]}
        | {"renditions": renditions}
    )


def album_json(request, album: Album) -> dict:
    return {
        "slug": album.slug,
        "title": album.title,
        "description": album.description,
        "url": request.build_absolute_uri(album.get_absolute_url()),
        "photographer": album.owner.name,
        "photo_count": album.photo_count,
        "cover": album.cover_photo and card_json(request, album.cover_photo),
    }


def _link(request, query: str | None) -> str | None:
    return query and request.build_absolute_uri(f"?{query}")


# --- Views ---------------------------------------------------------------------------------
class PhotoListView(PublicView):
    """Listed photos, newest first."""

    @extend_schema(operation_id="v1_photos_list", parameters=CURSOR, responses=PhotoPageOutput)
    def get(self, request):
        try:
            page: Page = listing.photo_page(request.query_params)
        except WrongCursor as error:
            raise ValidationError({"after": ["Follow the links of a page."]}) from error
        answer = {
            "next": _link(request, page.next),
            "previous": _link(request, page.previous),
            "results": [card_json(request, photo) for photo in page.rows],
        }
        return Response(PhotoPageOutput(answer).data)


class PhotoView(PublicView):
    """One listed photo."""

    @extend_schema(responses=PhotoOutput)
    def get(self, request, public_id):
        photo = get_object_or_404(Photo.objects.listed().for_page(), public_id=public_id)
        return Response(PhotoOutput(photo_json(request, photo)).data)


class PageInput(serializers.Serializer):
    page = serializers.IntegerField(min_value=1, max_value=1000, default=1)


class AlbumListView(PublicView):
    """Public albums that show something, newest first."""

    page_size = 24

    @extend_schema(parameters=[PageInput], responses=AlbumPageOutput)
    def get(self, request):
        number = validated(PageInput, request)["page"]
        albums = listing.public_albums()
        count = albums.count()
        start = (number - 1) * self.page_size
        if start and start >= count:
            raise NotFound("There is no such page.")
        found = listing.with_covers(albums[start : start + self.page_size])
        more = start + self.page_size < count
        url = reverse("api_album_list", request=request)
        answer = {
            "count": count,
            "next": f"{url}?page={number + 1}" if more else None,
            "results": [album_json(request, album) for album in found],
        }
        return Response(AlbumPageOutput(answer).data)
