"""The filter form: an editor for what can be typed as well."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from search.engine import NEWEST, OLDEST, RELEVANCE
from search.facets import Facets
from search.filters import KINDS, SHAPES, Filter, colour_named
from search.query import SearchQuery, clean, with_filters

MAX_VALUE_LENGTH = 100

Words = str | Promise  # of the interface, in the visitor's language

_LABELS: dict[str, Words] = {
    "camera": _("Camera"),
    "lens": _("Lens"),
    "focal": _("Focal length, mm"),
    "f": _("f-number"),
    "iso": _("ISO"),
    "date": _("Taken"),
    "year": _("Taken"),
    "place": _("Place"),
    "tag": _("Tag"),
    "album": _("Album"),
    "photographer": _("Photographer"),
    "orientation": _("Orientation"),
    "colour": _("Colour"),
}
_HINTS = {"focal": "24-70", "f": "<2.8", "iso": ">800", "date": "2024-05"}
_SHAPE_LABELS = {
    "portrait": _("Portrait"),
    "landscape": _("Landscape"),
    "square": _("Square"),
}
_COLOUR_LABELS = {
    "red": _("Red"),
    "orange": _("Orange"),
    "yellow": _("Yellow"),
    "green": _("Green"),
    "teal": _("Teal"),
    "blue": _("Blue"),
    "purple": _("Purple"),
    "pink": _("Pink"),
    "brown": _("Brown"),
    "black": _("Black"),
    "white": _("White"),
    "grey": _("Grey"),
    "monochrome": _("Monochrome"),
}
_SORT_LABELS = {
    RELEVANCE: _("Closest first"),
    NEWEST: _("Newest first"),
    OLDEST: _("Oldest first"),
}


@dataclass(frozen=True)
class Choice:
    """photos: how many have it; None if that is not what choosing it leads to."""

    value: str
    label: Words
    photos: int | None = None


@dataclass(frozen=True)
class FilterField:
    """One field: with choices, or to type into, with a hint how."""

    name: str
    label: Words
    value: str = ""
    hint: str = ""
    choices: tuple[Choice, ...] = ()


@dataclass(frozen=True)
class FilterForm:
    """fields, the choice of a colour, the order, and the part of the query that none of them holds.

    counts_results: whether numbers count the results, not the whole gallery.
    """

    fields: list[FilterField]
    colour: FilterField
    sort: FilterField
    rest: str
    counts_results: bool


@dataclass(frozen=True)
class Chip:
    """A filter in use. without: the query's text without it."""

    label: Words
    without: str


def form_of(
    query: SearchQuery,
    sort: str = RELEVANCE,
    *,
    everywhere: Facets | None = None,
    within: Facets | None = None,
) -> FilterForm:
    """Return the form filled with a query's filters.

    everywhere: what the gallery has, needed where there are filters or no results. within: what
    the results have.
    """
    values: dict[str, str] = {}
    beside = []
    for one in query.filters:
        field = "date" if one.name == "year" else one.name
        if one.excluded or field in values:
            beside.append(one)
        else:
            values[field] = one.value

    def field(name: str) -> FilterField:
        value = values.get(name, "")
        # What is chosen in place of a value is not chosen within its results.
        offered = everywhere if value or within is None else within
        if name in _HINTS:
            return FilterField(name, _LABELS[name], value, _HINTS[name])
        if name == "orientation":
            choices = {shape: Choice(shape, _SHAPE_LABELS[shape]) for shape in SHAPES}
        elif name == "colour":
            value = colour_named(value) or value
            names = [one for one in _COLOUR_LABELS if one in offered.colour or one == value]
            choices = {one: Choice(one, _COLOUR_LABELS[one]) for one in names}
        else:
            counts = offered is within or within is None
            choices = {
                one: Choice(one, one, photos if counts else None)
                for one, photos in getattr(offered, name).items()
            }
        if name != "colour" and value and value not in choices:
            choices = {value: Choice(value, value)} | choices
        return FilterField(name, _LABELS[name], value, choices=tuple(choices.values()))

    sorts = tuple(Choice(name, label) for name, label in _SORT_LABELS.items())
    fields = [field(name) for name in _LABELS if name not in ("year", "colour")]
    return FilterForm(
        # Nothing to choose is no question.
        fields=[one for one in fields if one.choices or one.hint],
        colour=field("colour"),
        sort=FilterField("sort", _("Order"), sort, choices=sorts),
        rest=with_filters(query.words_text, beside),
        counts_results=within is not None,
    )


def chips_of(query: SearchQuery) -> list[Chip]:
    """Return the filters of a query, each with what to ask for without it."""
    chips = []
    for one in query.filters:
        words = _("not {name}: {value}") if one.excluded else _("{name}: {value}")
        others = [other for other in query.filters if other != one]
        label = format_lazy(words, name=_LABELS[one.name], value=_value_label(one))
        chips.append(Chip(label, with_filters(query.words_text, others)))
    return chips


def _value_label(one: Filter) -> Words:
    if one.name == "colour":
        return _COLOUR_LABELS.get(colour_named(one.value), one.value)
    return _SHAPE_LABELS.get(one.value, one.value) if one.name == "orientation" else one.value


def text_of(parameters: Mapping[str, str]) -> str | None:
    """Return the query's text that a submitted form means; None if no field is among them."""
    given = {name: clean(parameters[name]) for name in KINDS if name in parameters}
    if not given:
        return None
    filters = [Filter(name, value[:MAX_VALUE_LENGTH]) for name, value in given.items() if value]
    return with_filters(clean(parameters.get("q", "")), filters)
