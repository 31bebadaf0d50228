"""URLs of home, search, similar and discover."""

from django.urls import path

from search import taste_views, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("search/by-image/", views.search_by_image, name="search_by_image"),
    path("discover/", taste_views.discover, name="discover"),
    path("for-you/", taste_views.for_you, name="for_you"),
    path("taste/", taste_views.remembered, name="taste"),
    path("taste/signal/", taste_views.signal, name="taste_signal"),
    path("taste/forget/", taste_views.forget, name="taste_forget"),
    path("photos/<name:public_id>/similar/", views.photo_similar, name="photo_similar"),
]
