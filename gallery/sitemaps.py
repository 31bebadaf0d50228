from django.contrib.sitemaps import Sitemap

from gallery.models import Album, Photo


class PhotoSitemap(Sitemap):
    limit = 5000

    def items(self):
        return Photo.objects.listed().newest().only("public_id", "updated_at", "visibility")

    def lastmod(self, photo):
        return photo.updated_at


class AlbumSitemap(Sitemap):
    def items(self):
        return Album.objects.filter(visibility="public")


SITEMAPS = {"photos": PhotoSitemap, "albums": AlbumSitemap}
