"""What the filter form offers: names that listed photos and public albums have, with numbers."""

from dataclasses import dataclass, field

from django.db import connection

from gallery.cache import state_now
from search.cache import once
from search.results import id_array
from search.sql import sql_of

MOST = 60  # names of each kind; others can be typed
FACETS_TTL_SECONDS = 600


@dataclass(frozen=True)
class Facets:
    """Of each kind: name -> how many photos have it, the commonest first."""

    camera: dict[str, int] = field(default_factory=dict)
    lens: dict[str, int] = field(default_factory=dict)
    place: dict[str, int] = field(default_factory=dict)
    tag: dict[str, int] = field(default_factory=dict)
    album: dict[str, int] = field(default_factory=dict)
    photographer: dict[str, int] = field(default_factory=dict)
    colour: dict[str, int] = field(default_factory=dict)


def facets() -> Facets:
    """Return those of the whole gallery, counted anew only when something in it has changed."""
    now = state_now()
    return once(f"facets:{now}", _whole, FACETS_TTL_SECONDS) if now else _whole()


def _whole() -> Facets:
    return _counted("TRUE", {})


def facets_of(photo_ids: bytes) -> Facets:
    """Return those of a list of results; ids are packed. One query, of photos listed now."""
    return _counted("id = ANY(%(photo_ids)s::uuid[])", {"photo_ids": id_array(photo_ids)})


def _counted(among: str, parameters: dict) -> Facets:
    found = Facets()
    with connection.cursor() as cursor:
        cursor.execute(sql_of("facets").format(among=among), parameters | {"most": MOST})
        for kind, name, photos in cursor.fetchall():
            getattr(found, kind)[name] = photos
    return found
