"""What search engines are told of: listed photos with their pictures, albums, people, pages.

Every address is there in every language, with its like in the others.
"""

from urllib.parse import urlsplit

from django.contrib.sitemaps import Sitemap
from django.db.models import Exists, Max, OuterRef
from django.urls import reverse

from config.languages import alternates
from gallery import listing
from gallery.models import Page, Photo, Photographer, Site
from gallery.renditions import shared_picture

ITEMS_PER_SITEMAP = 500  # times the languages; some 2 MB


class LanguagesSitemap(Sitemap):
    """Items in every language. Django's own would load all of them to page through them."""

    limit = ITEMS_PER_SITEMAP

    def get_urls(self, page=1, site=None, protocol=None):
        urls = []
        for entry in super().get_urls(page, site, protocol):
            url = urlsplit(entry["location"])
            origin = f"{url.scheme}://{url.netloc}"
            there = [(code, origin + path) for code, path in alternates(url.path)]
            about = entry | {"alternates": there, "image": self.image(entry["item"], origin)}
            urls += [about | {"location": address} for _, address in there[:-1]]
        return urls

    def image(self, item, origin: str) -> str:
        """Return the address of an item's picture, if it has one."""
        return ""


class PageSitemap(LanguagesSitemap):
    """The site's lists and texts, as paths."""

    def items(self):
        names = [
            "home",
            "photo_list",
            "album_list",
            *(["about"] if Site.current().has_about else []),
        ]
        pages = Page.objects.only("slug")
        return [*map(reverse, names), *(page.get_absolute_url() for page in pages)]

    def location(self, path):
        return path


class PhotoSitemap(LanguagesSitemap):
    def items(self):
        return (
            Photo.objects.listed()
            .newest()
            .only(
                *("public_id", "file_key", "visibility", "updated_at"),
                *("renditions", "renditions_public"),
            )
        )

    def lastmod(self, photo):
        return photo.updated_at

    def get_latest_lastmod(self):
        """Ask the database; Django would load every photo."""
        return Photo.objects.listed().aggregate(latest=Max("updated_at"))["latest"]

    def image(self, photo, origin):
        picture = shared_picture(photo, origin)
        return picture.url if picture else ""


class AlbumSitemap(LanguagesSitemap):
    def items(self):
        return listing.public_albums()


class PhotographerSitemap(LanguagesSitemap):
    def items(self):
        listed = Photo.objects.listed().filter(owner=OuterRef("pk"))
        return Photographer.objects.filter(Exists(listed)).order_by("id")


SITEMAPS = {
    "pages": PageSitemap,
    "photos": PhotoSitemap,
    "albums": AlbumSitemap,
    "photographers": PhotographerSitemap,
}
