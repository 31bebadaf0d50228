"""URLs of photos, albums, photographers and files."""

from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path

from gallery import api, rendition_views, views
from gallery.feeds import newest_photos
from gallery.http import public_page
from gallery.sitemaps import SITEMAPS

urlpatterns = [
    path("photos/", views.photo_list, name="photo_list"),
    path("photos/<name:public_id>/", views.photo, name="photo"),
    path("photos/<name:public_id>/<name:slug>/", views.photo, name="photo_with_slug"),
    path("albums/", views.album_list, name="album_list"),
    path("albums/<name:slug>/", views.album, name="album"),
    path("by/<name:slug>/", views.photographer, name="photographer"),
    path("share/<name:token>/", views.share, name="share"),
    path("feed/", public_page(newest_photos), name="feed"),
    path(
        "sitemap.xml",
        public_page(sitemap_views.index),
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<name:section>.xml",
        public_page(sitemap_views.sitemap),
        {"sitemaps": SITEMAPS},
        name="sitemap_section",
    ),
    path("robots.txt", views.robots, name="robots"),
    path("api/v1/photos/", api.PhotoListView.as_view(), name="api_photo_list"),
    path("api/v1/photos/<name:public_id>/", api.PhotoView.as_view(), name="api_photo"),
    path("api/v1/albums/", api.AlbumListView.as_view(), name="api_album_list"),
    path("", include(rendition_views.urlpatterns)),
]
