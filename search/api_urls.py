"""Search's part of /api/v1/."""

from django.urls import path

from search import api, suggestions_api

urlpatterns = [
    path("search/", api.SearchView.as_view(), name="api_search"),
    path(
        "search/suggestions/",
        suggestions_api.SuggestionsView.as_view(),
        name="api_search_suggestions",
    ),
    path("photos/<name:public_id>/similar/", api.SimilarView.as_view(), name="api_similar"),
]
