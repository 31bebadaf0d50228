"""What search offers to other apps' pages."""

from django import template

from gallery.models import Photo
from search import engine

register = template.Library()

RELATED = 5  # one strip; on a phone one across and two pairs


@register.simple_tag
def related_photos(photo: Photo, limit: int = RELATED) -> list[Photo]:
    """Return a few listed photos like this one; none while it is not embedded."""
    return engine.similar(photo, limit)
