"""Photo, album and photographer pages, feeds and files."""

from django.contrib.sitemaps.views import sitemap
from django.urls import path

from gallery import api, feeds, rendition_views, sitemaps, views

urlpatterns = [
    path("photos/", views.photo_list, name="photo_list"),
    path("photos/<str:public_id>/", views.photo, name="photo"),
    path("photos/<str:public_id>/<slug:slug>/", views.photo, name="photo"),
    path("albums/", views.album_list, name="album_list"),
    path("albums/<str:slug>/", views.album, name="album"),
    path("by/<str:slug>/", views.photographer, name="photographer"),
    path("share/<str:token>/", views.share, name="share"),
    path("feed/", feeds.NewestPhotos(), name="feed"),
    path("sitemap.xml", sitemap, {"sitemaps": sitemaps.SITEMAPS}, name="sitemap"),
    path("robots.txt", views.robots, name="robots"),
    path("api/v1/photos/", api.PhotoListView.as_view(), name="api_photo_list"),
    path("api/v1/photos/<str:public_id>/", api.PhotoView.as_view(), name="api_photo"),
    path("api/v1/albums/", api.AlbumListView.as_view(), name="api_album_list"),
    *rendition_views.urlpatterns,
]
