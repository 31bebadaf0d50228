"""What search offers to gallery's templates."""

from django import template

from search import engine

register = template.Library()


@register.inclusion_tag("search/_related.html")
def related_photos(photo, limit: int = 8):
    """Render a few photos similar to this one; nothing for a photo that is not public."""
    return {"photo": photo, "photos": engine.similar(photo, limit) if photo.listed else []}
