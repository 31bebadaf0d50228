"""URLs of home, search, similar and discover. Included before gallery's: a slug may be anything."""

from django.urls import path

from search import api, suggestions_api, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("search/by-image/", views.search_by_image, name="search_by_image"),
    path("discover/", views.discover, name="discover"),
    path("photos/<name:public_id>/similar/", views.photo_similar, name="photo_similar"),
    path("api/v1/search/", api.SearchView.as_view(), name="api_search"),
    path(
        "api/v1/search/suggestions/",
        suggestions_api.SuggestionsView.as_view(),
        name="api_search_suggestions",
    ),
    path("api/v1/photos/<name:public_id>/similar/", api.SimilarView.as_view(), name="api_similar"),
]
