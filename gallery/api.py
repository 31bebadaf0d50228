"""What all of the API shares: one base of its views, fields that read strictly, and its output.

Without a token, what is listed and nothing else, whoever asks.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django.utils.cache import patch_vary_headers
from django.utils.http import parse_etags
from django.views.decorators.http import conditional_page
from drf_spectacular.extensions import OpenApiSerializerFieldExtension
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.views import APIView

from config.problems import Problem
from config.schema import ProblemSchema
from gallery.api_access import (
    AnonymousThrottle,
    Scope,
    TokenAuthentication,
    TokenThrottle,
    has_scope,
    require_scope,
)
from gallery.http import PRIVATE, PUBLIC, whole_number
from gallery.metadata import without_controls
from gallery.models import Album, Photo
from gallery.paging import Page
from gallery.renditions import rendition_url, sources

MAX_JSON_BYTES = 2**20
MAX_PAGE_SIZE = 100


class ApiView(APIView):
    """Answers anyone, and photographers by their tokens; never looks at a session.

    scopes: what a token needs for a method; methods that are not named need none.
    """

    authentication_classes = [TokenAuthentication]
    throttle_classes = [AnonymousThrottle, TokenThrottle]
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    schema = ProblemSchema()
    scopes: Mapping[str, str] = {}
    max_body_bytes = MAX_JSON_BYTES

    @classmethod
    def as_view(cls, **initkwargs):
        return conditional_page(super().as_view(**initkwargs))

    def perform_authentication(self, request):
        try:
            super().perform_authentication(request)
        except Exception:
            self.check_throttles(request)  # or tokens could be tried without end
            raise

    def check_permissions(self, request):
        method = "GET" if request.method == "HEAD" else request.method
        if method in self.scopes:
            require_scope(request.auth, self.scopes[method])

    def initial(self, request, *args, **kwargs):
        super().initial(request, *args, **kwargs)
        # Before any of it is read.
        if whole_number(request.META.get("CONTENT_LENGTH")) > self.max_body_bytes:
            raise Problem(413, "too_large", self.too_large())

    def too_large(self) -> str:
        return "The request is larger than is taken."

    def finalize_response(self, request, response, *args, **kwargs):
        response = super().finalize_response(request, response, *args, **kwargs)
        if "Authorization" in request.headers:
            response["Cache-Control"] = PRIVATE
            patch_vary_headers(response, ["Authorization"])
        else:
            is_read = request.method in ("GET", "HEAD")
            response.setdefault("Cache-Control", PUBLIC if is_read else PRIVATE)
        return response


# --- Input: what is not as the schema says is refused, not guessed ---------------------------
class Input(serializers.Serializer):
    """Refuses fields that do not exist: misspelt, `visibility` would leave a photo public."""

    def to_internal_value(self, data):
        if isinstance(data, Mapping) and (unknown := set(data) - set(self.fields)):
            raise ValidationError({name: ["There is no such field."] for name in sorted(unknown)})
        return super().to_internal_value(data)


class Text(serializers.CharField):
    """A string and nothing else, without control characters."""

    def to_internal_value(self, data):
        if not isinstance(data, str):
            self.fail("invalid")
        if self.max_length is not None and len(data) > self.max_length:
            self.fail("max_length", max_length=self.max_length)
        return super().to_internal_value(without_controls(data))


class Flag(serializers.BooleanField):
    """`true` or `false` among query parameters."""

    def to_internal_value(self, data):
        if data not in ("true", "false"):
            self.fail("invalid", input=data)
        return data == "true"


class JsonFlag(serializers.BooleanField):
    def to_internal_value(self, data):
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Whole(serializers.IntegerField):
    """A whole number in digits."""

    def to_internal_value(self, data):
        if not str(data).lstrip("-").isascii():
            self.fail("invalid")
        return super().to_internal_value(data)


def validated(serializer_class, request) -> dict:
    """Read query parameters through an input serializer. Raises ValidationError.

    As plain values: of a form, DRF takes an empty parameter for one that is missing.
    """
    asked = request.query_params
    lists = {
        name
        for name, field in serializer_class().fields.items()
        if isinstance(field, serializers.ListField)
    }
    values = {name: asked.getlist(name) if name in lists else asked[name] for name in asked}
    serializer = serializer_class(data=values)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


def validated_body(serializer_class, request) -> dict:
    """Read the body through an input serializer. Raises ValidationError, ParseError."""
    try:
        data = request.data
    except RecursionError as error:
        raise ParseError("This JSON is nested too deeply.") from error
    serializer = serializer_class(data=data)
    serializer.is_valid(raise_exception=True)
    return serializer.validated_data


class PageInput(serializers.Serializer):
    page = Whole(min_value=1, max_value=1000, default=1)


class PageSizeInput(serializers.Serializer):
    page_size = Whole(
        min_value=1, max_value=MAX_PAGE_SIZE, required=False, help_text="How many at most."
    )


class Matching(Text):
    """A text of a pattern, as it is sent."""

    def __init__(self, pattern: str, **options):
        super().__init__(**options)
        self.pattern = re.compile(pattern)

    def to_internal_value(self, data):
        if isinstance(data, str) and not self.pattern.fullmatch(data):
            raise ValidationError(f"“{data}” is not of the form {self.pattern.pattern}.")
        return super().to_internal_value(data)


class MatchingSchema(OpenApiSerializerFieldExtension):
    target_class = Matching

    def map_serializer_field(self, auto_schema, direction):
        text = {"type": "string", "pattern": f"^{self.target.pattern.pattern}$"}
        if self.target.max_length:
            text["maxLength"] = self.target.max_length
        return text


def cursor_field(pattern: str) -> Matching:
    return Matching(pattern, required=False, help_text="Carried by the links of a page.")


class CursorInput(PageSizeInput):
    """A page of photos by date."""

    after = cursor_field(r"-?[0-9]{1,16}\.[0-9a-f]{32}")
    before = cursor_field(r"-?[0-9]{1,16}\.[0-9a-f]{32}")


class PositionInput(PageSizeInput):
    """A page of an album."""

    after = cursor_field(r"[0-9]{1,18}\.[0-9]{1,18}")
    before = cursor_field(r"[0-9]{1,18}\.[0-9]{1,18}")


IF_MATCH = OpenApiParameter(
    "If-Match",
    str,
    OpenApiParameter.HEADER,
    description="The `ETag` that you got, of an album on any of its pages, so that nothing is "
    "overwritten that you have not seen.",
)
SIGNATURE = re.compile(r"\?token=[\w:-]+")  # of addresses of pictures, anew each time


def no_such(name: str, sentence: str) -> Problem:
    """Return the problem of a field that names what is not there."""
    return Problem(404, "not_found", sentence, fields={name: [sentence]})


def differing(row, changes: dict) -> dict:
    """Keep the changes of what is not so already: saving the others would make pages stale."""
    return {name: value for name, value in changes.items() if getattr(row, name) != value}


def check_match(request, state: Callable[[], object]) -> None:
    """Refuse to change what the client has not seen as it is now: If-Match, 412.

    state: as given to etag_of. Answers that went out compressed carry the same tag, only weak.
    """
    wanted = parse_etags(request.headers.get("If-Match") or "*")
    seen = [one.removeprefix("W/").strip('"').partition("-")[0] for one in wanted]
    if wanted != ["*"] and _digest(state()) not in seen:
        raise Problem(
            412, "changed_meanwhile", "It was changed meanwhile: get it again, then send yours."
        )


def etag_of(state, answer: dict) -> str:
    """Return the ETag of what a token gets.

    state: what a change could overwrite, the same on all pages; If-Match compares only that.
    """
    return f'"{_digest(state)}-{_digest(_unsigned(answer))}"'


def _digest(data) -> str:
    text = json.dumps(data, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _unsigned(data):
    if isinstance(data, dict):
        return {
            name: SIGNATURE.sub("", str(one)) if name in PICTURES else _unsigned(one)
            for name, one in data.items()
        }
    return [_unsigned(one) for one in data] if isinstance(data, list) else data


def owner_of(request):
    """Return the photographer whose token this is, if it may read what is theirs, or None."""
    return request.auth.owner if has_scope(request.auth, Scope.READ) else None


# --- Output --------------------------------------------------------------------------------
NOT_YET = "Null until its pixels are made."
OWN = "Only for the photographer's own token."
PICTURES = ("image", "renditions")
OWN_FIELDS = (
    *("visibility", "featured", "published_at", "original_name", "binned_at", "failure"),
    "location_shown",
)


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
    width = serializers.IntegerField(allow_null=True, help_text=f"Upright, px. {NOT_YET}")
    height = serializers.IntegerField(allow_null=True, help_text=f"Upright, px. {NOT_YET}")
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
    state = serializers.ChoiceField(choices=Photo.State.choices)
    renditions = RenditionOutput(many=True)
    location_shown = serializers.BooleanField(
        required=False, help_text=f"Whether everybody may read the place. {OWN}"
    )
    visibility = serializers.CharField(required=False, help_text=OWN)
    featured = serializers.BooleanField(required=False, help_text=OWN)
    published_at = serializers.DateTimeField(required=False, help_text=OWN)
    original_name = serializers.CharField(required=False, help_text=OWN)
    binned_at = serializers.DateTimeField(
        required=False, allow_null=True, help_text=f"When it was put into the bin. {OWN}"
    )
    failure = serializers.CharField(
        required=False, help_text=f"Why it failed, and what to do, in a sentence. {OWN}"
    )


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


class AlbumDetailOutput(AlbumOutput):
    visibility = serializers.CharField(required=False, help_text=OWN)
    photos = PhotoPageOutput(help_text="In the album's own order.")


class PhotoNameOutput(serializers.Serializer):
    """Of a photo that it wrote, all that a token without `photos:read` is told."""

    public_id = serializers.CharField()
    url = serializers.URLField(help_text="As its photographer opens it.")


class AlbumNameOutput(serializers.Serializer):
    """Of an album that it wrote, all that a token without `photos:read` is told."""

    slug = serializers.CharField()
    url = serializers.URLField()


WRITTEN_PHOTO = PolymorphicProxySerializer(
    "WrittenPhotoOutput", [PhotoOutput, PhotoNameOutput], resource_type_field_name=None
)
WRITTEN_ALBUM = PolymorphicProxySerializer(
    "WrittenAlbumOutput", [AlbumDetailOutput, AlbumNameOutput], resource_type_field_name=None
)


class OwnPhotoPageOutput(PhotoPageOutput):
    results = PhotoOutput(many=True)


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


def photo_json(request, photo: Photo, *, own: bool = False) -> dict:
    """Return what the API tells of a photo. own: with what only its photographer is told."""
    names = (
        *(OWN_FIELDS if own else ()),
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
        | {"place": photo.place if own else photo.public_place}
        | {"tags": [tag.name for tag in photo.tags.all()]}
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


def page_json(request, page: Page, as_json=card_json, path: str = "") -> dict:
    """Return a page with links to its neighbours. path: of the list, if not what was asked for."""
    return {
        "next": _link(request, page.next, path),
        "previous": _link(request, page.previous, path),
        "results": [as_json(request, row) for row in page.rows],
    }


def _link(request, cursor: str | None, path: str) -> str | None:
    """Return the address of another page: that of this one, with another cursor."""
    if cursor is None:
        return None
    asked = [
        (name, value)
        for name, values in request.query_params.lists()
        for value in values
        if name not in ("after", "before")
    ]
    kept = f"{urlencode(asked)}&" if asked else ""
    return request.build_absolute_uri(f"{path}?{kept}{cursor}")
