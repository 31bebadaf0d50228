"""What the head of a page tells search engines, and those who share its address."""

import re

from django import template
from django.utils.encoding import escape_uri_path
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from config.languages import alternates
from gallery.markdown import plain_text
from gallery.renditions import shared_picture

register = template.Library()

register.filter("plain_text", plain_text)

DESCRIPTION_LENGTH = 200
# Of the languages as OpenGraph names them: with a country.
LOCALES = {"en": "en_US", "zh-hans": "zh_CN", "de": "de_DE", "fr": "fr_FR", "es": "es_ES"}
_DIRECTIONS = re.compile("[\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069]")


@register.filter
def one_line(text: str) -> str:
    """Return a text for a title: no line breaks, no signs that turn what stands beside it."""
    return " ".join(_DIRECTIONS.sub("", text).split())


def languages_of(path: str, origin: str) -> dict:
    """Return what _languages.html shows of a page in the language that is spoken now."""
    return {
        "alternates": [(code, origin + there) for code, there in alternates(path)],
        "locale": LOCALES[get_language()],
    }


@register.inclusion_tag("_head.html", takes_context=True)
def meta(context, title, description="", photo=None, indexable=True, path=None) -> dict:
    """Show canonical address, languages and OpenGraph of a page, or noindex.

    title: without the site's name. photo: whose picture stands for the page.
    path: the page's own address in its language; by default that which was asked for.
    """
    request = context["request"]
    origin = f"{request.scheme}://{request.get_host()}"
    path = path or escape_uri_path(request.path)
    site = context["site"]
    if not description:
        line = site.line or _("Photographs to look at and to find: by words, meaning, picture.")
        description = f"{title} · {line}"
    return {
        "indexable": indexable,
        "site": site,
        "title": one_line(title),
        "description": Truncator(one_line(description)).chars(DESCRIPTION_LENGTH),
        "address": origin + path,
        "picture": shared_picture(photo, origin) if photo and photo.listed else None,
        "alt": one_line(photo.alt_text) if photo else "",
    } | languages_of(path, origin)
