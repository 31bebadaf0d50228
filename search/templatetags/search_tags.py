"""What search offers to other apps' pages."""

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from gallery.around import Around
from gallery.models import Photo
from search import around, engine
from search.facets import facets
from search.filter_form import FilterField, FilterForm, form_of
from search.query import parse
from search.results import Hit

register = template.Library()

SELECTED = mark_safe(" selected")
RELATED = 5  # one strip; on a phone one across and two pairs


@register.simple_tag
def related_photos(photo: Photo, limit: int = RELATED) -> list[Photo]:
    """Return a few listed photos like this one; none while it is not embedded."""
    return engine.similar(photo, limit)


@register.simple_tag(takes_context=True)
def photo_around(context) -> Around | None:
    """Return what stands around the page's photo in the list that the link to it names."""
    photo, parameters = context["photo"], context["request"].GET
    return around.around(photo, parameters) or context["around"]()


@register.simple_tag
def within_similar(photo: Photo) -> str:
    """Return what links to photos similar to this one carry."""
    return around.within_similar(photo)


@register.filter
def options(field: FilterField) -> SafeString:
    """Return the <option>s of a field. Not a template: there are hundreds."""
    return format_html_join(
        "\n",
        '<option value="{}"{}>{}{}</option>',
        (
            (
                one.value,
                SELECTED if one.value == field.value else "",
                one.label,
                f" ({one.photos})" if one.photos else "",
            )
            for one in field.choices
        ),
    )


@register.simple_tag
def filter_form() -> FilterForm:
    """Return the empty filter form of the whole gallery, for lists that are newest first."""
    return form_of(parse(""), engine.NEWEST, everywhere=facets())


_WHY = {
    ("bm25",): _("Its words match"),
    ("text",): _("Its words are close in meaning"),
    ("image",): _("The picture is close"),
    ("bm25", "text"): _("Words and meaning match"),
    ("bm25", "image"): _("Words and picture match"),
    ("text", "image"): _("Meaning and picture match"),
    ("bm25", "text", "image"): _("Words, meaning and picture match"),
}


@register.filter
def why(hit: Hit) -> str:
    """Say which rankings a result is in; nothing of one that filters alone have found."""
    found = tuple(name for name in ("bm25", "text", "image") if hit.ranks.get(name))
    return _WHY.get(found, "")
