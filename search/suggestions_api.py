"""JSON of suggestions while somebody types."""

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response

from gallery.api import ApiView, Text, validated
from search.query import MAX_QUERY_LENGTH, clean
from search.suggestions import suggestions


class SuggestionsInput(serializers.Serializer):
    q = Text(
        max_length=MAX_QUERY_LENGTH,
        allow_blank=True,
        default="",
        trim_whitespace=False,
        help_text="As typed so far. After a white space the last word is complete.",
    )


class SuggestionsOutput(serializers.Serializer):
    query = serializers.CharField()
    suggestions = serializers.ListField(child=serializers.CharField())


class SuggestionsView(ApiView):
    @extend_schema(
        operation_id="search_suggestions",
        parameters=[SuggestionsInput],
        responses=SuggestionsOutput,
    )
    def get(self, request):
        """Queries that begin as somebody types, from words and titles of listed photos."""
        asked = validated(SuggestionsInput, request)
        answer = {"query": clean(asked["q"]), "suggestions": suggestions(asked["q"])}
        return Response(SuggestionsOutput(answer).data)
