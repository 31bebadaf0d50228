"""What search engines are told of: listed photos, public albums, photographers."""

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef
from django.urls import reverse

from gallery import listing
from gallery.models import Photo, Photographer

URLS_PER_SITEMAP = 5000


class PageSitemap(Sitemap):
    def items(self):
        return ["home", "photo_list", "album_list"]

    def location(self, name):
        return reverse(name)


class PhotoSitemap(Sitemap):
    limit = URLS_PER_SITEMAP

    def items(self):
        return Photo.objects.listed().newest().only("public_id", "visibility", "updated_at")

    def lastmod(self, photo):
        return photo.updated_at

    def get_latest_lastmod(self):
        """Ask the database; Django would load every photo."""
        return Photo.objects.listed().aggregate(latest=Max("updated_at"))["latest"]


class AlbumSitemap(Sitemap):
    limit = URLS_PER_SITEMAP

    def items(self):
        return listing.public_albums()


class PhotographerSitemap(Sitemap):
    limit = URLS_PER_SITEMAP

    def items(self):
        listed = Photo.objects.listed().filter(owner=OuterRef("pk"))
        return Photographer.objects.filter(Exists(listed)).order_by("id")


SITEMAPS = {
    "pages": PageSitemap,
    "photos": PhotoSitemap,
    "albums": AlbumSitemap,
    "photographers": PhotographerSitemap,
}
