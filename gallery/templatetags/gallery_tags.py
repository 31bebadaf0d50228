"""Show photos: responsive pictures, their proportions as CSS classes, camera facts in words."""

import math
from datetime import timedelta

from django import template
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from gallery import structured
from gallery.markdown import html_of
from gallery.models import Photo
from gallery.renditions import sources
from gallery.templatetags.head_tags import languages_of

register = template.Library()

# Proportions go into classes, ratio-0 to ratio-43, because a strict CSP forbids style
# attributes. Neighbours differ by 5 %, so that a card crops its picture by 2.5 % at most.
RATIO_STEP = 1.05
NARROWEST = 0.4
WIDEST_CLASS = 43
SMALL_PX = 1000  # narrower originals are not blown up to the window's size

# How high a row of cards is; the same figures are in site.css under --row.
ROW = (160, 17, 384)  # px, vw, px
GROWTH = 1.25  # rows grow to fill their line


@register.filter
def ratio_class(photo: Photo) -> str:
    """Return the class of the photo's proportions, width / height."""
    width, height = photo.width or 3, photo.height or 2
    place = round(math.log(width / height / NARROWEST) / math.log(RATIO_STEP))
    return f"ratio-{min(max(place, 0), WIDEST_CLASS)}"


@register.filter
def is_small(photo: Photo) -> bool:
    """Tell whether the photo would look soft if it were shown as large as the window."""
    return (photo.width or 0) < SMALL_PX


@register.inclusion_tag("gallery/_card.html", takes_context=True)
def card(context, photo: Photo, number: int = 0) -> dict:
    """Show a photo in a grid. number: its place from 1, if the grid is what the page is for.

    The page's `within` is what its link says of the list that it stands in: see gallery.around.
    """
    return {
        "photo": photo,
        "within": context.get("within"),
        "first": number == 1,
        "hit": getattr(photo, "hit", None),
        "recommended": getattr(photo, "recommended", None),
    }


@register.simple_tag
def picture(photo: Photo, layout: str, first: bool = False) -> SafeString:
    """Show a photo's <picture>, before it the placeholder that is seen until it is there.

    layout: "card" in a grid of rows, "cover" in a grid of equal tiles, "hero" across the page,
    "whole" as large as the window allows. first: it is what the page is looked at for, and loads
    before all else. All others wait until they are near the window, the rest of the first row too:
    on a phone it is out of sight, and would take its share of the line.
    """
    # Not a template: a page has dozens of them, and a template takes five times as long.
    size = format_html('width="{}" height="{}"', photo.width, photo.height)
    placeholder = format_html(
        '<img class="placeholder" src="{}" {} alt="" aria-hidden="true">', photo.placeholder, size
    )
    found = sources(photo)
    if found is None:
        return placeholder if photo.placeholder else SafeString()
    sizes = _sizes(photo, layout, first)
    fitting = sizes if first else f"auto, {sizes}"
    # Between them the AVIF renditions end at 1280 px: large screens take the larger WebP.
    offered = [("webp", found.webp, sizes, mark_safe('media="(min-width: 60rem)" '))]
    offered = offered if layout in ("hero", "whole") else []
    offered += [("avif", found.avif, fitting, ""), ("webp", found.webp, fitting, "")]
    # Decoded with the first frame, or it comes a frame later.
    loading = 'decoding="sync" fetchpriority="high"' if first else 'decoding="async" loading="lazy"'
    return format_html(
        '{}<picture>{}<img src="{}" sizes="{}" {} alt="{}" {}></picture>',
        placeholder if photo.placeholder else "",
        format_html_join(
            "",
            '<source {3}type="image/{0}" srcset="{1}" sizes="{2}">',
            (one for one in offered if one[1]),
        ),
        found.fallback,
        fitting,
        size,
        photo.alt_text,
        mark_safe(loading),
    )


def _sizes(photo: Photo, layout: str, first: bool) -> str:
    ratio = (photo.width or 3) / (photo.height or 2)
    if layout == "cover":
        return "(max-width: 40rem) 50vw, (max-width: 100rem) 25vw, 24rem"
    if layout == "hero":
        return "min(100vw, 120rem)"
    if layout == "whole":
        return f"min(100vw, {85 * ratio:.0f}vh)"
    least, share, most = (round(one * ratio * GROWTH) for one in ROW)
    # Of a phone's width they take 92 %, or 45 each of a pair. A picture that is 5 % softer than the
    # screen cannot be told from one of four times its pixels.
    phone = "88vw" if first or ratio > 1.1 else "43vw"
    return f"(max-width: 40rem) {phone}, clamp({least}px, {share}vw, {most}px)"


@register.filter
def words_of_exposure(photo: Photo) -> list[str]:
    """Return focal length, aperture, time and ISO, those that are known."""
    facts = []
    if photo.focal_length_mm:
        facts.append(f"{_written(photo.focal_length_mm)} mm")
    if photo.f_number:
        facts.append(f"f/{_written(photo.f_number)}")
    if photo.exposure_seconds:
        seconds = photo.exposure_seconds
        facts.append(f"1/{round(1 / seconds)} s" if seconds < 0.4 else f"{_written(seconds)} s")
    if photo.iso:
        facts.append(f"ISO {photo.iso}")
    return facts


def _written(number: float) -> str:
    return number_format(f"{number:.6g}") if abs(number) < 1e6 else f"{number:g}"


@register.filter
def taken_where_it_was(photo: Photo):
    """Return when it was taken by the clock of the place, or None."""
    if photo.taken_at is None:
        return None
    return photo.taken_at + timedelta(minutes=photo.taken_offset_minutes or 0)


register.filter("moment_taken", structured.moment_taken)
register.filter("largest", structured.largest)


@register.simple_tag(takes_context=True)
def licence(context, photo: Photo) -> structured.Licence | None:
    """Return the licence of a photo, the site's where it names none."""
    return structured.licence_of(photo, context["site"])


@register.inclusion_tag("gallery/_photo_head.html", takes_context=True)
def photo_head(context, photo: Photo) -> dict:
    """Write what machines read of a listed photo: canonical address, cards, ImageObject."""
    site, origin = context["site"], context["origin"]()
    about = structured.head(photo, site, origin=origin) | {"site": site}
    return about | languages_of(photo.get_absolute_url(), origin)


@register.filter
def as_query(name: str) -> str:
    """Return a tag as a search: a name of several words is a phrase."""
    name = name.replace('"', " ").strip()
    return f'"{name}"' if " " in name else name


register.filter("markdown", html_of)
