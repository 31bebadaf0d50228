"""What the filter form offers: names that listed photos and public albums have, with numbers."""

from dataclasses import dataclass, field

from django.core.cache import cache
from django.db import connection

from search.models import CorpusStatistics
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


def facets(state: str | None = None) -> Facets:
    """Return those of the whole gallery, counted anew only when the state of the index has changed.

    state: of the index, for who has read it already.
    """
    key = f"facets:{state or CorpusStatistics.now().state}"
    found = cache.get(key)
    if found is None:
        found = _counted("TRUE", {})
        cache.set(key, found, FACETS_TTL_SECONDS)
    return found


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
