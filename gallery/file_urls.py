"""URLs of what has no language: pictures, feed, sitemap, robots."""

from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path

from gallery import rendition_views, views
from gallery.feeds import NewestOfAlbum, NewestOfPhotographer, NewestPhotos
from gallery.http import public_page
from gallery.sitemaps import SITEMAPS

urlpatterns = [
    path("feed/", public_page(NewestPhotos()), name="feed"),
    path("albums/<name:slug>/feed/", public_page(NewestOfAlbum()), name="album_feed"),
    path("by/<name:slug>/feed/", public_page(NewestOfPhotographer()), name="photographer_feed"),
    path(
        "sitemap.xml",
        public_page(sitemap_views.index),
        {"sitemaps": SITEMAPS, "sitemap_url_name": "sitemap_section"},
        name="sitemap",
    ),
    path(
        "sitemap-<name:section>.xml",
        public_page(sitemap_views.sitemap),
        {"sitemaps": SITEMAPS, "template_name": "gallery/sitemap.xml"},
        name="sitemap_section",
    ),
    path("robots.txt", views.robots, name="robots"),
    path("", include(rendition_views.urlpatterns)),
]
