"""What machines read of a listed photo's page: cards of social networks, schema.org."""

import json
import re
from dataclasses import dataclass
from datetime import timedelta, timezone
from urllib.parse import urljoin

from django.utils.safestring import SafeString, mark_safe

from gallery.models import Photo, Site
from gallery.renditions import rendition_url, shared_picture

DESCRIPTION_LENGTH = 200
THUMBNAIL_WIDTH = 640  # px

_CREATIVE_COMMONS = re.compile(
    r"https?://creativecommons\.org/(?:licenses/(?P<kind>[a-z-]+)|(?P<zero>publicdomain/zero)"
    r"|publicdomain/mark)/(?P<version>\d\.\d)/?"
)
# What could end the script element, or a line in old readers of JSON.
_ESCAPED = {ord(one): f"\\u{ord(one):04X}" for one in "<>&\u2028\u2029"}


@dataclass(frozen=True)
class Licence:
    """name: in words; address: of its text, or ""."""

    name: str
    address: str = ""


def licence_of(photo: Photo, site: Site) -> Licence | None:
    """Return the licence of a photo, the site's where it names none."""
    text = (photo.licence or site.licence).strip()
    if not text.startswith(("http://", "https://")):
        return Licence(text) if text else None
    common = _CREATIVE_COMMONS.match(text)
    if common is None:
        return Licence(text, text)
    if common["kind"]:
        return Licence(f"CC {common['kind'].upper()} {common['version']}", text)
    kind = "CC0" if common["zero"] else "Public Domain Mark"
    return Licence(f"{kind} {common['version']}", text)


def moment_taken(photo: Photo) -> str:
    """Return when a photo was taken, ISO 8601 by the clock of the place, or ""."""
    if photo.taken_at is None:
        return ""
    if photo.taken_offset_minutes is None:  # by the camera's clock, wherever that was
        return photo.taken_at.replace(tzinfo=None).isoformat()
    zone = timezone(timedelta(minutes=photo.taken_offset_minutes))
    return photo.taken_at.astimezone(zone).isoformat()


def largest(photo: Photo) -> dict | None:
    """Return the largest rendition, {"url", "width", "height"}, or None."""
    if not photo.renditions:
        return None
    found = max(photo.renditions, key=lambda one: one["width"])
    return {
        "url": rendition_url(photo, found["width"], found["format"]),
        "width": found["width"],
        "height": found["height"],
    }


def head(photo: Photo, site: Site, *, origin: str) -> dict:
    """Return what the head of a listed photo's page says; origin: scheme and host.

    {"url", "title", "description", "alt", "picture": SharedPicture or None,
    "image_object"}; addresses are absolute.
    """
    about = {
        "url": origin + photo.get_absolute_url(),
        "title": photo.title or photo.alt_text,
        "description": _shortened(photo.description or photo.alt_text),
        "alt": photo.alt_text,
        "picture": shared_picture(photo, origin),
    }
    return about | {"image_object": _script(_image_object(photo, site, about, origin))}


def _image_object(photo: Photo, site: Site, about: dict, origin: str) -> dict:
    """Return https://schema.org/ImageObject, as search engines ask for it; nothing empty."""
    creator = photo.creator or photo.owner.name
    licence = licence_of(photo, site)
    whole = largest(photo)
    found = {
        "@context": "https://schema.org",
        "@type": "ImageObject",
        "name": about["title"],
        "description": photo.description or about["alt"],
        "url": about["url"],
        "contentUrl": whole and urljoin(origin, whole["url"]),
        "thumbnailUrl": whole and urljoin(origin, _thumbnail(photo)),
        "width": whole and whole["width"],
        "height": whole and whole["height"],
        "creator": {"@type": "Person", "name": creator},
        "creditText": creator,
        "copyrightNotice": photo.copyright,
        "license": licence and licence.address,
        "dateCreated": moment_taken(photo),
        "datePublished": photo.published_at.isoformat(),
        "keywords": ", ".join(photo.tag_names),
        "contentLocation": photo.public_place and {"@type": "Place", "name": photo.public_place},
    }
    return {name: value for name, value in found.items() if value}


def _thumbnail(photo: Photo) -> str:
    widths = [one["width"] for one in photo.renditions if one["format"] == "webp"]
    width = max((one for one in widths if one <= THUMBNAIL_WIDTH), default=min(widths))
    return rendition_url(photo, width, "webp")


def _shortened(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= DESCRIPTION_LENGTH else words[: DESCRIPTION_LENGTH - 1] + "…"


def _script(data: dict) -> SafeString:
    """Return JSON that no text in it can turn into markup."""
    return mark_safe(json.dumps(data, ensure_ascii=False).translate(_ESCAPED))
