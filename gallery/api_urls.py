"""URLs of the API of photos and albums, below /api/v1/. Search lists photos: it filters."""

from django.urls import path

from gallery import api_albums, api_photos

urlpatterns = [
    path("photos/<name:public_id>/", api_photos.PhotoView.as_view(), name="api_photo"),
    path(
        "photos/<name:public_id>/restore/",
        api_photos.RestoreView.as_view(),
        name="api_photo_restore",
    ),
    path("me/photos/", api_photos.OwnPhotosView.as_view(), name="api_own_photos"),
    path("albums/", api_albums.AlbumListView.as_view(), name="api_album_list"),
    path("albums/<name:slug>/", api_albums.AlbumView.as_view(), name="api_album"),
    path(
        "albums/<name:slug>/photos/",
        api_albums.AlbumPhotosView.as_view(),
        name="api_album_photos",
    ),
    path(
        "albums/<name:slug>/photos/<name:public_id>/",
        api_albums.AlbumPhotoView.as_view(),
        name="api_album_photo",
    ),
]
