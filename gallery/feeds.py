"""The Atom feed of the newest photos."""

from django.contrib.syndication.views import Feed
from django.urls import reverse_lazy
from django.utils.feedgenerator import Atom1Feed

from gallery.models import Photo
from gallery.renditions import sources

ITEMS = 30


class NewestPhotos(Feed):
    feed_type = Atom1Feed
    title = "Pictures"
    subtitle = "The newest photographs."
    link = reverse_lazy("photo_list")
    description_template = "gallery/feed_item.html"

    def items(self):
        return Photo.objects.listed().newest().for_cards()[:ITEMS]

    def item_title(self, photo):
        return photo.title or "Untitled"

    def item_author_name(self, photo):
        return photo.creator or photo.owner.name

    def item_pubdate(self, photo):
        return photo.published_at

    def item_updateddate(self, photo):
        return max(photo.updated_at, photo.published_at)

    def get_context_data(self, *, item, request, **kwargs):
        """Readers show pictures by absolute address only."""
        picture = sources(item)
        picture_url = request.build_absolute_uri(picture.fallback) if picture else ""
        return {"photo": item, "picture": picture, "picture_url": picture_url}


newest_photos = NewestPhotos()
