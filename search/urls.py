"""URLs of home, search, similar and discover."""

from django.urls import path

from search import views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("search/by-image/", views.search_by_image, name="search_by_image"),
    path("discover/", views.discover, name="discover"),
    path("photos/<name:public_id>/similar/", views.photo_similar, name="photo_similar"),
]
