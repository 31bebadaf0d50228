"""The gallery's part of /api/v1/."""

from django.urls import path

from gallery import api

urlpatterns = [
    path("photos/", api.PhotoListView.as_view(), name="api_photo_list"),
    path("photos/<name:public_id>/", api.PhotoView.as_view(), name="api_photo"),
    path("albums/", api.AlbumListView.as_view(), name="api_album_list"),
]
