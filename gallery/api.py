"""JSON of photos and albums: listed ones only, whoever asks."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery.models import Photo
from gallery.renditions import rendition_url, sources
from gallery.views import public_albums

MAX_PAGE_SIZE = 100


class PageInput(serializers.Serializer):
    """Which page of a list is asked for."""

    page = serializers.IntegerField(min_value=1, default=1)
    page_size = serializers.IntegerField(min_value=1, max_value=MAX_PAGE_SIZE, default=24)


class ImageOutput(serializers.Serializer):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    srcset = serializers.CharField()


class RenditionOutput(serializers.Serializer):
    url = serializers.CharField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    format = serializers.CharField()


class PhotoSummaryOutput(serializers.Serializer):
    """A photo in a list."""

    public_id = serializers.CharField()
    title = serializers.CharField()
    url = serializers.SerializerMethodField()
    image = serializers.SerializerMethodField()

    @extend_schema(responses=str)
    def get_url(self, photo) -> str:
        return self._absolute(photo.get_absolute_url())

    def get_image(self, photo) -> dict | None:
        return image_of(photo, self._absolute)

    def _absolute(self, url: str) -> str:
        return self.context["request"].build_absolute_uri(url)


class PhotoOutput(PhotoSummaryOutput):
    """One photo with all that is public."""

    description = serializers.CharField()
    tags = serializers.SerializerMethodField()
    width = serializers.IntegerField()
    height = serializers.IntegerField()
    taken_at = serializers.DateTimeField()
    camera = serializers.CharField()
    lens = serializers.CharField()
    place = serializers.CharField()
    state = serializers.CharField()
    renditions = serializers.SerializerMethodField()

    def get_tags(self, photo) -> list[str]:
        return [tag.name for tag in photo.tags.all()]

    def get_renditions(self, photo) -> list[dict]:
        return [
            {
                "url": self._absolute(rendition_url(photo, one["width"], one["format"])),
                "width": one["width"],
                "height": one["height"],
                "format": one["format"],
            }
            for one in photo.renditions
        ]


def image_of(photo: Photo, absolute) -> dict | None:
    """Return the fallback image of a photo and its WebP srcset."""
    found = sources(photo)
    return found and {
        "url": absolute(found.fallback),
        "width": found.width,
        "height": found.height,
        "srcset": found.webp,
    }


class PhotoListView(APIView):
    """The newest photos."""

    @extend_schema(parameters=[PageInput], responses=PhotoSummaryOutput(many=True))
    def get(self, request):
        asked = PageInput(data=request.query_params)
        asked.is_valid(raise_exception=True)
        size, page = asked.validated_data["page_size"], asked.validated_data["page"]
        photos = Photo.objects.listed().for_cards().newest()
        found = list(photos[(page - 1) * size : page * size + 1])
        context = {"request": request}
        return Response(
            {
                "next": next_url(request, page) if len(found) > size else None,
                "results": PhotoSummaryOutput(found[:size], many=True, context=context).data,
            }
        )


def next_url(request, page: int) -> str:
    """Return the address of the page after this one."""
    query = request.query_params.copy()
    query["page"] = page + 1
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


class PhotoView(APIView):
    """One photo."""

    @extend_schema(responses=PhotoOutput)
    def get(self, request, public_id):
        photos = Photo.objects.listed().prefetch_related("tags")
        photo = get_object_or_404(photos, public_id=public_id)
        return Response(PhotoOutput(photo, context={"request": request}).data)


class AlbumOutput(serializers.Serializer):
    slug = serializers.CharField()
    title = serializers.CharField()
    description = serializers.CharField()
    photo_count = serializers.IntegerField()
    url = serializers.SerializerMethodField()

    def get_url(self, album) -> str:
        return self.context["request"].build_absolute_uri(album.get_absolute_url())


class AlbumListView(APIView):
    """Public albums."""

    @extend_schema(responses=AlbumOutput(many=True))
    def get(self, request):
        context = {"request": request}
        return Response({"results": AlbumOutput(public_albums(), many=True, context=context).data})
