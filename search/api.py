"""JSON of search and similar photos."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse

from gallery.api import PageInput, PhotoCardOutput, PublicView, card_json, validated
from gallery.models import Photo
from search import engine
from search.query import MAX_QUERY_LENGTH, parse


class SearchInput(PageInput):
    q = serializers.CharField(
        max_length=MAX_QUERY_LENGTH,
        allow_blank=True,
        default="",
        help_text='Words, "phrases", OR, -exclusions, and filters such as `camera:x100v iso:>800 '
        "year:2024 orientation:portrait colour:blue`.",
    )
    sort = serializers.ChoiceField(choices=engine.SORTS, default=engine.RELEVANCE)
    exact = serializers.BooleanField(default=False, help_text="Take misspelt words as they are.")
    snapshot = serializers.CharField(
        max_length=100, allow_blank=True, default="", help_text="Carried by `next`."
    )


class RanksOutput(serializers.Serializer):
    """The photo's rank in each ranking, from 1; null where it is not in it."""

    bm25 = serializers.IntegerField(allow_null=True)
    text = serializers.IntegerField(allow_null=True)
    image = serializers.IntegerField(allow_null=True)


class HitOutput(PhotoCardOutput):
    ranks = RanksOutput()
    score = serializers.FloatField()


class SearchOutput(serializers.Serializer):
    query = serializers.CharField()
    corrected_query = serializers.CharField(allow_null=True)
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Filters that could not be used, and why."
    )
    count = serializers.IntegerField()
    next = serializers.URLField(allow_null=True)
    semantic = serializers.BooleanField(help_text="False while only words are compared.")
    results = HitOutput(many=True)


class SimilarOutput(serializers.Serializer):
    results = PhotoCardOutput(many=True)


def hit_json(request, photo: Photo) -> dict:
    ranks = {name: photo.hit.ranks.get(name) for name in ("bm25", "text", "image")}
    return card_json(request, photo) | {"ranks": ranks, "score": photo.hit.score}


class SearchView(PublicView):
    """Photos for a query, best first: words and meaning together."""

    @extend_schema(parameters=[SearchInput], responses=SearchOutput)
    def get(self, request):
        asked = validated(SearchInput, request)
        page = engine.search(
            parse(asked["q"]),
            **{name: asked[name] for name in ("page", "sort", "snapshot", "exact")},
        )
        following = urlencode(
            {
                **{name: asked[name] for name in ("q", "sort", "exact")},
                **{"page": page.page + 1, "snapshot": page.snapshot},
            }
        )
        answer = {
            "query": page.query.text,
            "corrected_query": page.corrected.text if page.corrected else None,
            "problems": page.problems,
            "count": page.count,
            "next": f"{reverse('api_search', request=request)}?{following}"
            if page.has_next
            else None,
            "semantic": page.semantic,
            "results": [hit_json(request, photo) for photo in page.photos],
        }
        return Response(SearchOutput(answer).data)


class SimilarView(PublicView):
    """Listed photos like a listed one."""

    @extend_schema(responses=SimilarOutput)
    def get(self, request, public_id):
        photo = get_object_or_404(Photo.objects.listed(), public_id=public_id)
        found = engine.similar(photo, engine.PAGE_SIZE)
        answer = {"results": [card_json(request, one) for one in found]}
        return Response(SimilarOutput(answer).data)
