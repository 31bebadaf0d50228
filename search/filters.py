"""Filters of a query, `camera:x100v iso:>800`: read, resolved against the gallery, made SQL.

Names are looked up among those of listed photos and public albums, so that a value that nobody
here has is named, and none tells of what is hidden.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from django.db import connection
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils.text import format_lazy, slugify
from django.utils.translation import gettext_lazy as _

from gallery.colours import COLOURS
from gallery.models import (
    TAKEN_BY_LOCAL_CLOCK,
    Album,
    Photo,
    Photographer,
    Tag,
    Visibility,
)
from search.analysis import fold, words
from search.sql import sql_of

ALIASES = {
    "aperture": "f",
    "f-number": "f",
    "by": "photographer",
    "color": "colour",
    "focal-length": "focal",
    "taken": "date",
}


@dataclass(frozen=True)
class Filter:
    """One condition as typed. name: a key of KINDS."""

    name: str
    value: str
    excluded: bool = False

    def __str__(self):
        value = self.value.replace('"', "")
        value = f'"{value}"' if re.search(r"\s", value) else value
        return f"{'-' if self.excluded else ''}{self.name}:{value}"


class UnreadableValue(ValueError):
    """A value that its filter cannot read. The message says how to write one."""


class UnknownValue(ValueError):
    """A name that no listed photo has. The message says so."""


@dataclass(frozen=True)
class Resolved:
    """What filters came to.

    sql: a condition on `photo`, a row of gallery_photo, or None. problems: sentences for people, in
    the language of who reads them. is_impossible: no photo can match, because a name is unknown
    here.
    """

    sql: str | None = None
    parameters: dict = field(default_factory=dict)
    problems: tuple[str, ...] = ()
    is_impossible: bool = False


Condition = tuple[str, list]  # SQL with %s, and its values

_TAKEN = TAKEN_BY_LOCAL_CLOCK.replace("taken", "photo.taken")
_NUMBER = r"(\d{1,7}(?:[.,]\d{1,3})?)"
_DAY = r"([12]\d{3}(?:-\d{1,2}){0,2})"
_COMPARISON = re.compile(r"(<=|>=|<|>|≤|≥)(.+)")
_SIGNS = {"≤": "<=", "≥": ">="}


def _read(number: str) -> int | float:
    """Read a number; a whole one is an int, or no index of an integer column would serve it."""
    value = float(number.replace(",", "."))
    return int(value) if value.is_integer() else value


def _number(column: str, example: str, *, unit: str = "", tolerance: float = 0):
    """Make a filter of a numeric column: a number, a comparison or a range.

    tolerance: by how much a value may differ from a number that is asked for without a sign.
    """
    one = re.compile(rf"(?:{unit})?{_NUMBER}(?:{unit})?", re.IGNORECASE)
    between = re.compile(rf"{one.pattern}(?:-|–|\.\.){one.pattern}", re.IGNORECASE)

    def condition(value: str) -> Condition:
        sign, rest = "", value
        if compared := _COMPARISON.fullmatch(value):
            sign, rest = compared.groups()
        elif found := between.fullmatch(value):
            low, high = map(_read, found.groups())
            return f"{column} BETWEEN %s AND %s", [low, high]
        found = one.fullmatch(rest)
        if found is None:
            raise UnreadableValue(example)
        number = _read(found[1])
        if sign:
            return f"{column} {_SIGNS.get(sign, sign)} %s", [number]
        return f"{column} BETWEEN %s AND %s", [number - tolerance, number + tolerance]

    return condition


def _days(text: str) -> tuple[date, date]:
    """Return the first day of a year, a month or a day, and the first one after it."""
    year, month, day = (*(int(part) for part in text.split("-")), None, None)[:3]
    first = date(year, month or 1, day or 1)
    if day:
        return first, first + timedelta(days=1)
    if month:
        return first, date(year + month // 12, month % 12 + 1, 1)
    return first, date(year + 1, 1, 1)


def _taken(value: str) -> Condition:
    """Read a year, month or day, two of them as a range, or one behind a sign."""
    try:
        if compared := _COMPARISON.fullmatch(value):
            sign, text = compared.groups()
            if not re.fullmatch(_DAY, text):
                raise ValueError(text)
            first, after = _days(text)
            edge = after if sign in (">", "<=", "≤") else first
            return f"{_TAKEN} {'>=' if sign in '>=≥' else '<'} %s", [edge]
        found = re.fullmatch(rf"{_DAY}(?:\.\.{_DAY})?", value)
        if found is None:
            found = re.fullmatch(r"([12]\d{3})[-–]([12]\d{3})", value)
        if found is None:
            raise ValueError(value)
        first = _days(found[1])[0]
        after = _days(found[2] or found[1])[1]
    except ValueError as error:
        example = _("2024, 2024-05, 2024-05-17, >2023 or 2024-05..2024-08")
        raise UnreadableValue(example) from error
    return f"{_TAKEN} >= %s AND {_TAKEN} < %s", [first, after]


SHAPES = {
    "portrait": "photo.height > photo.width",
    "landscape": "photo.width > photo.height",
    "square": "photo.width = photo.height",
}


def _orientation(value: str) -> Condition:
    if (shape := SHAPES.get(fold(value))) is None:
        raise UnreadableValue(_("portrait, landscape or square"))
    return shape, []


# What people call them elsewhere, in the languages of the site.
_COLOUR_WORDS = {
    "red": "rouge rojo rot 红",
    "orange": "naranja 橙",
    "yellow": "jaune amarillo gelb 黄",
    "green": "vert verde grün 绿",
    "teal": "turquoise cyan aqua turquesa türkis 青",
    "blue": "bleu azul blau 蓝",
    "purple": "violet violeta morado violett lila 紫",
    "pink": "rose rosa 粉 粉红",
    "brown": "marron brun marrón braun 棕 褐",
    "black": "noir negro schwarz 黑",
    "white": "blanc blanco weiß 白",
    "grey": "gray gris grau 灰",
    "monochrome": "bw black-and-white black-white noir-et-blanc blanco-y-negro schwarzweiß 黑白",
}


def _spelling(colour: str) -> str:
    """Return a colour's name without what is written in one way or another: signs, 色."""
    return re.sub(r"[\W_]+|色$", "", fold(colour))


_COLOUR_SPELT = {
    _spelling(word): name for name in COLOURS for word in (name, *_COLOUR_WORDS[name].split())
}


def colour_named(value: str) -> str | None:
    """Return which of COLOURS a typed name means, or None."""
    return _COLOUR_SPELT.get(_spelling(value))


def _colour(value: str) -> Condition:
    if (name := colour_named(value)) is None:
        either = format_lazy(
            _("{names} or {last}"), names=", ".join(COLOURS[:-1]), last=COLOURS[-1]
        )
        raise UnreadableValue(either)
    return "photo.colours @> %s", [[name]]


def is_named(typed: str, name: str) -> bool:
    """Tell whether somebody who types this means that name.

    All words, in order: "york" means "New York". With digits, spaces and signs do not count:
    "x100 v" means "FUJIFILM X100V", and "35mm" means "XF35mmF2" but not "135mm".
    """
    wanted, held = words(typed), words(name)
    runs = range(len(held) - len(wanted) + 1)
    if wanted and any(held[start : start + len(wanted)] == wanted for start in runs):
        return True
    compact = "".join(wanted)
    if not any(character.isdigit() for character in compact):
        return False
    before = r"(?<!\d)" if compact[0].isdigit() else ""
    after = r"(?!\d)" if compact[-1].isdigit() else ""
    return re.search(before + re.escape(compact) + after, "".join(held)) is not None


def _text(column: str):
    """Make a filter of the names in a column of photos."""

    def condition(value: str) -> Condition:
        with connection.cursor() as cursor:
            cursor.execute(sql_of("names").format(column=column))
            found = [name for (name,) in cursor.fetchall() if is_named(value, name)]
        if not found:
            raise UnknownValue
        return f"photo.{column} = ANY(%s)", [found]

    return condition


def _called(value: str, name: str = "name") -> Q:
    """Match a row by its address or by its whole name."""
    return Q(slug=slugify(value, allow_unicode=True)) | Q(**{f"{name}__iexact": value})


def _rows(sql: str, rows: Callable[[], QuerySet], name: str):
    """Make a filter of rows with a slug and a name, by either, or else by names that fit."""

    def condition(value: str) -> Condition:
        found = list(rows().filter(_called(value, name)).values_list("pk", flat=True)) or [
            pk for pk, own in rows().values_list("pk", name) if is_named(value, own)
        ]
        if not found:
            raise UnknownValue
        return sql, [found]

    return condition


def _of_listed(rows: QuerySet, **where) -> QuerySet:
    """Keep the rows that a listed photo has; where: what joins photos to them.

    Each row looks for its first one. Of EXISTS the planner makes a join with all photos.
    """
    photos = Photo.objects.listed().filter(**where).order_by().values("pk")[:1]
    return rows.alias(shown=Subquery(photos)).filter(shown__isnull=False)


def _tag(value: str) -> Condition:
    """Read a tag's whole name; there may be too many of them to look at each."""
    tags = _of_listed(Tag.objects.filter(_called(value)), tags=OuterRef("pk"))
    found = list(tags.values_list("pk", flat=True))
    if not found:
        raise UnknownValue
    return (
        "EXISTS (SELECT FROM gallery_photo_tags AS tagged "
        "WHERE tagged.photo_id = photo.id AND tagged.tag_id = ANY(%s))",
        [found],
    )


def _albums():
    public = Album.objects.filter(visibility=Visibility.PUBLIC)
    return _of_listed(public, albums=OuterRef("pk"))


def _photographers():
    return _of_listed(Photographer.objects.all(), owner=OuterRef("pk"))


KINDS: dict[str, Callable[[str], Condition]] = {
    "camera": _text("camera"),
    "lens": _text("lens"),
    "focal": _number(
        "photo.focal_length_mm", _("35, 35mm, >85 or 24-70"), unit="mm", tolerance=0.5
    ),
    "f": _number("photo.f_number", _("2.8, <2 or 1.4-2.8"), unit="f/?", tolerance=0.05),
    "iso": _number("photo.iso", _("800, >800 or 200-800"), unit="iso"),
    "year": _taken,
    "date": _taken,
    "album": _rows(
        "EXISTS (SELECT FROM gallery_albumphoto AS entry "
        "WHERE entry.photo_id = photo.id AND entry.album_id = ANY(%s))",
        _albums,
        "title",
    ),
    "tag": _tag,
    "place": _text("public_place"),
    "photographer": _rows("photo.owner_id = ANY(%s)", _photographers, "name"),
    "orientation": _orientation,
    "colour": _colour,
}


def kind_named(name: str) -> str | None:
    """Return the key in KINDS that a typed name means, or None."""
    name = fold(name)
    name = ALIASES.get(name, name)
    return name if name in KINDS else None


def resolve(filters: Iterable[Filter]) -> Resolved:
    """Make one condition of filters: of the same name either holds, of different names all.

    Costs at most two queries a filter. A value that cannot be read is left out, a name that is
    unknown here matches nothing; both are among the problems.
    """
    numbers = count()
    parameters, problems = {}, []
    alternatives: dict[tuple[str, bool], list[str]] = {}
    for one in filters:
        try:
            sql, values = KINDS[one.name](one.value)
        except UnreadableValue as error:
            left_out = _("“{filter}” was left out: it takes {example}.")
            problems.append(format_lazy(left_out, filter=str(one), example=error.args[0]))
            continue
        except UnknownValue:
            problems.append(format_lazy(_("No photograph here has “{filter}”."), filter=str(one)))
            alternatives.setdefault((one.name, one.excluded), []).append("FALSE")
            continue
        names = [f"filter_{next(numbers)}" for value in values]
        parameters |= dict(zip(names, values, strict=True))
        bound = sql.replace("%s", "{}").format(*(f"%({name})s" for name in names))
        alternatives.setdefault((one.name, one.excluded), []).append(f"({bound})")
    conditions = [
        f"({' OR '.join(each)}) {'IS NOT TRUE' if excluded else ''}".rstrip()
        for (_, excluded), each in alternatives.items()
    ]
    impossible = any(
        not excluded and set(each) == {"FALSE"} for (_, excluded), each in alternatives.items()
    )
    return Resolved(" AND ".join(conditions) or None, parameters, tuple(problems), impossible)


def keep(photos: QuerySet[Photo], allowed: Resolved) -> QuerySet[Photo]:
    """Keep the listed photos that pass filters."""
    if allowed.sql is None:
        return photos
    parameters = []

    def positional(found: re.Match) -> str:
        parameters.append(allowed.parameters[found[1]])
        return "%s"

    sql = re.sub(r"%\((\w+)\)s", positional, allowed.sql)
    passing = f"SELECT photo.id FROM gallery_photo AS photo WHERE photo.listed AND {sql}"
    return photos.filter(pk__in=RawSQL(passing, parameters))
