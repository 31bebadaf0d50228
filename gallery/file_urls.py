"""URLs of what has no language: pictures, feed, sitemap, robots."""

from django.contrib.sitemaps import views as sitemap_views
from django.urls import include, path

from gallery import rendition_views, views
from gallery.feeds import newest_photos
from gallery.http import public_page
from gallery.sitemaps import SITEMAPS

urlpatterns = [
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
    path("", include(rendition_views.urlpatterns)),
]
