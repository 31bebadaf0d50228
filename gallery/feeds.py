"""Atom feeds of the newest photos: of the whole site, of an album, of a photographer."""

from dataclasses import dataclass

from django.contrib.syndication.views import Feed
from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.feedgenerator import Atom1Feed, Enclosure
from django.utils.translation import gettext as _

from gallery import listing
from gallery.models import Photo, Photographer, Site
from gallery.querysets import CARD_FIELDS
from gallery.renditions import shared_picture

ITEMS = 30


@dataclass(frozen=True)
class Subject:
    """What a feed is of. link: the page that shows the same; origin: scheme and host."""

    title: str
    line: str
    link: str
    photos: QuerySet
    origin: str


class NewestPhotos(Feed):
    feed_type = Atom1Feed
    description_template = "gallery/feed_item.html"

    def get_object(self, request) -> Subject:
        site = Site.current()
        line = site.line or _("The newest photographs.")
        return self._subject(request, site.name, line, reverse("photo_list"), Photo.objects.all())

    def _subject(self, request, title, line, link, photos) -> Subject:
        return Subject(title, line, link, photos, f"{request.scheme}://{request.get_host()}")

    def title(self, subject):
        return subject.title

    def subtitle(self, subject):
        return subject.line

    def link(self, subject):
        return subject.link

    def items(self, subject):
        newest = subject.photos.listed().newest().for_cards().only(*CARD_FIELDS, "copyright")
        photos = list(newest[:ITEMS])
        for photo in photos:  # readers know no addresses but absolute ones
            photo.shared = shared_picture(photo, subject.origin)
        return photos

    def item_title(self, photo):
        return photo.title or _("Untitled")

    def item_author_name(self, photo):
        return photo.creator or photo.owner.name

    def item_copyright(self, photo):
        return photo.copyright or None

    def item_pubdate(self, photo):
        return photo.published_at

    def item_updateddate(self, photo):
        return max(photo.updated_at, photo.published_at)

    def item_enclosures(self, photo):
        if photo.shared is None:
            return []
        return [Enclosure(photo.shared.url, str(photo.shared.size_bytes), "image/jpeg")]

    def get_context_data(self, *, item, obj, **kwargs):
        return {"photo": item, "link": obj.origin + item.get_absolute_url()}


class NewestOfAlbum(NewestPhotos):
    def get_object(self, request, slug) -> Subject:
        album = get_object_or_404(listing.albums_visible_to(None), slug=slug)
        title = f"{album.title} · {Site.current().name}"
        line = album.description or _("The newest photographs of this album.")
        return self._subject(request, title, line, album.get_absolute_url(), album.photos.all())


class NewestOfPhotographer(NewestPhotos):
    def get_object(self, request, slug) -> Subject:
        owner = get_object_or_404(Photographer, slug=slug)
        title = f"{owner.name} · {Site.current().name}"
        line = owner.bio or _("The newest photographs.")
        return self._subject(request, title, line, owner.get_absolute_url(), owner.photos.all())
