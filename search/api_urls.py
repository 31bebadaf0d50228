"""URLs of the API of search and similar photos, below /api/v1/."""

from django.urls import path

from search import api, suggestions_api

urlpatterns = [
    path("recommendations/", api.RecommendationsView.as_view(), name="api_recommendations"),
    path("photos/", api.PhotoListView.as_view(), name="api_photo_list"),
    path("search/", api.SearchView.as_view(), name="api_search"),
    path(
        "search/suggestions/",
        suggestions_api.SuggestionsView.as_view(),
        name="api_search_suggestions",
    ),
    path("photos/<name:public_id>/similar/", api.SimilarView.as_view(), name="api_similar"),
]
