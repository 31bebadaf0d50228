"""Pictures in templates."""

from django import template

from gallery.renditions import sources

register = template.Library()


@register.inclusion_tag("gallery/_picture.html")
def picture(photo, sizes: str, eager: bool = False):
    """Render a responsive <picture>; `sizes` as in the HTML attribute.

    eager: for what is visible at once; everything else loads when it comes near.
    """
    return {"photo": photo, "sources": sources(photo), "sizes": sizes, "eager": eager}


@register.filter
def exposure(seconds: float | None) -> str:
    """Write an exposure time as photographers do: 0.004 -> 1/250 s."""
    if not seconds:
        return ""
    return f"1/{round(1 / seconds)} s" if seconds < 0.5 else f"{seconds:g} s"


@register.filter
def shape(photo) -> str:
    """Return the CSS class of a photo's proportions."""
    ratio = (photo.width or 3) / (photo.height or 2)
    for limit, name in ((0.6, "tower"), (0.9, "portrait"), (1.15, "square"), (1.6, "landscape")):
        if ratio < limit:
            return name
    return "wide"
