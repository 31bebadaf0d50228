"""The API of search, similar photos, and the list of photos with the filters of search."""

from urllib.parse import urlencode

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.response import Response
from rest_framework.reverse import reverse

from gallery import api_examples, listing
from gallery.api import (
    ApiView,
    CursorInput,
    Flag,
    Input,
    Matching,
    PageInput,
    PhotoCardOutput,
    PhotoPageOutput,
    Text,
    card_json,
    owner_of,
    page_json,
    validated,
)
from gallery.api_photos import UploadView
from gallery.http import PRIVATE
from gallery.models import Photo
from search import engine, filters
from search.query import MAX_FILTERS, MAX_QUERY_LENGTH, parse
from search.recommendations import recommend
from search.taste import HEARTED, MOST_SEEN, MOST_SIGNALS, Taste


class SearchInput(PageInput):
    q = Text(
        max_length=MAX_QUERY_LENGTH,
        allow_blank=True,
        default="",
        help_text='Words, "phrases", OR, -exclusions, and filters such as `camera:x100v iso:>800 '
        "year:2024 orientation:portrait colour:blue`.",
    )
    sort = serializers.ChoiceField(choices=engine.SORTS, default=engine.RELEVANCE)
    exact = Flag(default=False, help_text="Take misspelt words as they are.")
    snapshot = Text(max_length=100, allow_blank=True, default="", help_text="Carried by `next`.")


class FilterInput(CursorInput):
    filter = serializers.ListField(
        child=Matching(rf"-?({'|'.join(filters.KINDS)}):[\s\S]*", max_length=MAX_QUERY_LENGTH),
        max_length=MAX_FILTERS,
        required=False,
        help_text="As typed in the search box, one each: `filter=camera:x100v&filter=iso:>800`. A "
        "minus before it excludes; of the same name either holds, of different names all.",
    )

    def validate_filter(self, texts):
        """Return them as Filters."""
        parts = ((*text.removeprefix("-").partition(":"), text[0] == "-") for text in texts)
        return [filters.Filter(name, value.strip(), excluded) for name, _, value, excluded in parts]


class FilteredPageOutput(PhotoPageOutput):
    problems = serializers.ListField(
        child=serializers.CharField(), help_text="Filters that could not be used, and why."
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


class PhotoListView(UploadView):
    """The list of photos, here because filters are; gallery's half of it takes uploads."""

    @extend_schema(
        operation_id="photos_list",
        parameters=[FilterInput],
        responses=FilteredPageOutput,
        examples=api_examples.PHOTOS,
    )
    def get(self, request):
        """Listed photos, newest first; with filters, those that pass all of them."""
        asked = validated(FilterInput, request)
        allowed = filters.resolve(asked.get("filter", ()))
        photos = filters.keep(Photo.objects.all(), allowed)
        page = listing.photo_page(asked, photos, asked.get("page_size"))
        answer = page_json(request, page) | {"problems": allowed.problems}
        return Response(FilteredPageOutput(answer).data)


class SearchView(ApiView):
    @extend_schema(
        operation_id="search",
        parameters=[SearchInput],
        responses=SearchOutput,
        examples=api_examples.SEARCH,
    )
    def get(self, request):
        """Photos for a query, best first: words and meaning together."""
        asked = validated(SearchInput, request)
        page = engine.search(
            parse(asked["q"]),
            **{name: asked[name] for name in ("page", "sort", "snapshot", "exact")},
        )
        following = urlencode(
            {
                **{"q": asked["q"], "sort": asked["sort"], "exact": str(asked["exact"]).lower()},
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


class SimilarView(ApiView):
    @extend_schema(operation_id="photos_similar", responses=SimilarOutput)
    def get(self, request, public_id):
        """Listed photos like one of them, the nearest first; with a token, like one of yours."""
        photos = Photo.objects.seen_by(owner_of(request))
        photo = get_object_or_404(photos, public_id=public_id)
        found = engine.similar(photo, engine.PAGE_SIZE)
        answer = {"results": [card_json(request, one) for one in found]}
        return Response(SimilarOutput(answer).data)


class RecommendationsInput(Input):
    liked = serializers.ListField(
        child=Matching(r"[1-9A-HJ-NP-Za-km-z]{1,16}", max_length=16),
        max_length=MOST_SIGNALS,
        required=False,
        help_text="Public ids of photos that somebody likes, the latest first.",
    )
    seen = serializers.ListField(
        child=Matching(r"[1-9A-HJ-NP-Za-km-z]{1,16}", max_length=16),
        max_length=MOST_SEEN,
        required=False,
        help_text="Public ids of photos that were shown already.",
    )


class RecommendationOutput(PhotoCardOutput):
    because = serializers.CharField(
        allow_null=True, help_text="Public id of the liked photo that it is near to; null: chance."
    )


class RecommendationsOutput(serializers.Serializer):
    results = RecommendationOutput(many=True)


class RecommendationsView(ApiView):
    @extend_schema(
        operation_id="recommendations",
        parameters=[RecommendationsInput],
        responses=RecommendationsOutput,
    )
    def get(self, request):
        """Photos that somebody may like, others each time: near what they like, and by chance."""
        asked = validated(RecommendationsInput, request)
        taste = Taste(tuple((HEARTED, one) for one in asked.get("liked", ())))
        seen = Photo.objects.listed().filter(public_id__in=asked.get("seen", ()))
        found = recommend(taste.having_seen(seen.values_list("pk", flat=True)))
        reasons = [getattr(photo, "recommended", None) for photo in found]
        results = [
            card_json(request, photo)
            | {"because": why.because.public_id if why and why.because else None}
            for photo, why in zip(found, reasons, strict=True)
        ]
        answer = RecommendationsOutput({"results": results}).data
        return Response(answer, headers={"Cache-Control": PRIVATE})
