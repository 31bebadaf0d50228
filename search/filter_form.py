"""The filter form: an editor for what can be typed as well."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from gallery.colours import COLOURS
from search.facets import facets
from search.filters import KINDS, SHAPES, Filter, colour_named
from search.query import SearchQuery, clean, with_filters

MAX_VALUE_LENGTH = 100


@dataclass(frozen=True)
class FilterField:
    """One field. choices: all there are. suggestions: some of them, others can be typed."""

    name: str
    label: str
    hint: str = ""
    value: str = ""
    suggestions: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()


_FIELDS = (
    ("camera", "Camera", "X100V"),
    ("lens", "Lens", "35mm"),
    ("focal", "Focal length, mm", "24-70"),
    ("f", "f-number", "<2.8"),
    ("iso", "ISO", ">800"),
    ("date", "Taken", "2024-05"),
    ("place", "Place", ""),
    ("tag", "Tag", ""),
    ("album", "Album", ""),
    ("photographer", "Photographer", ""),
)


@dataclass(frozen=True)
class FilterForm:
    """fields, the choice of a colour, and rest: the part of the query that none of them holds."""

    fields: list[FilterField]
    colour: FilterField
    rest: str


def form_of(query: SearchQuery) -> FilterForm:
    """Return the form filled with a query's filters."""
    values: dict[str, str] = {}
    beside = []
    for one in query.filters:
        field = "date" if one.name == "year" else one.name
        if one.excluded or field in values:
            beside.append(one)
        else:
            values[field] = one.value
    offered = asdict(facets())
    fields = [
        FilterField(name, label, hint, values.get(name, ""), offered.get(name, ()))
        for name, label, hint in _FIELDS
    ]
    orientation = FilterField(
        "orientation", "Orientation", value=values.get("orientation", ""), choices=tuple(SHAPES)
    )
    typed = values.get("colour", "")
    colour = colour_named(typed) or typed
    colours = tuple(one for one in COLOURS if one in offered["colour"] or one == colour)
    colour_field = FilterField("colour", "Colour", value=colour, choices=colours)
    return FilterForm([*fields, orientation], colour_field, with_filters(query.words_text, beside))


def text_of(parameters: Mapping[str, str]) -> str | None:
    """Return the query's text that a submitted form means; None if no field is among them."""
    given = {name: clean(parameters[name]) for name in KINDS if name in parameters}
    if not given:
        return None
    filters = [Filter(name, value[:MAX_VALUE_LENGTH]) for name, value in given.items() if value]
    return with_filters(clean(parameters.get("q", "")), filters)
