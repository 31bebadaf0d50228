"""JSON of search, similar photos and recommendations."""

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from gallery.api import PhotoSummaryOutput, next_url
from gallery.models import Photo
from search import engine
from search.query import MAX_QUERY_LENGTH, parse


class SearchInput(serializers.Serializer):
    """What to search for."""

    q = serializers.CharField(
        allow_blank=True, default="", help_text=f"Cut after {MAX_QUERY_LENGTH} characters."
    )
    page = serializers.IntegerField(min_value=1, max_value=1000, default=1)


class RanksOutput(serializers.Serializer):
    """The rank in each ranking, from 1; null where the photo is not in it."""

    bm25 = serializers.IntegerField(allow_null=True, default=None)
    text = serializers.IntegerField(allow_null=True, default=None)
    image = serializers.IntegerField(allow_null=True, default=None)


class ResultOutput(PhotoSummaryOutput):
    """A photo among search results."""

    ranks = serializers.SerializerMethodField()
    score = serializers.FloatField(source="hit.score")

    @extend_schema(responses=RanksOutput)
    def get_ranks(self, photo) -> dict:
        return {leg: photo.hit.ranks.get(leg) for leg in ("bm25", "text", "image")}


class SearchView(APIView):
    """Search by words and by meaning."""

    @extend_schema(parameters=[SearchInput], responses=ResultOutput(many=True))
    def get(self, request):
        # NUL is no character of a query; DRF would answer 400 where the page reads words.
        data = {key: value.replace("\x00", " ") for key, value in request.query_params.items()}
        asked = SearchInput(data=data)
        asked.is_valid(raise_exception=True)
        number = asked.validated_data["page"]
        page = engine.search(parse(asked.validated_data["q"]), page=number)
        results = ResultOutput(page.photos, many=True, context={"request": request})
        return Response(
            {
                "query": page.query.text,
                "corrected_query": page.corrected_query,
                "count": page.count,
                "next": next_url(request, number) if page.has_next else None,
                "results": results.data,
            }
        )


class SimilarView(APIView):
    """Photos similar to one photo."""

    @extend_schema(responses=PhotoSummaryOutput(many=True))
    def get(self, request, public_id):
        photo = get_object_or_404(Photo.objects.listed(), public_id=public_id)
        return Response({"results": _summaries(request, engine.similar(photo))})


class RecommendationsView(APIView):
    """Photos to look at next: for now an unbiased random choice."""

    @extend_schema(responses=PhotoSummaryOutput(many=True))
    def get(self, request):
        return Response({"results": _summaries(request, engine.random_photos())})


def _summaries(request, photos: list[Photo]) -> list[dict]:
    return PhotoSummaryOutput(photos, many=True, context={"request": request}).data
