"""What the filter form offers: the names that listed photos and public albums have."""

from dataclasses import dataclass

from django.core.cache import cache
from django.db.models import Count, F, Func, TextField, Value

from gallery.models import Photo, Visibility
from search.models import CorpusStatistics

MOST = 60  # names of each kind; others can be typed
FACETS_TTL_SECONDS = 600

_PATHS = {
    "camera": "camera",
    "lens": "lens",
    "place": "public_place",
    "tag": "tags__name",
    "album": "albums__title",
    "photographer": "owner__name",
    "colour": "colours",
}


@dataclass(frozen=True)
class Facets:
    """Names to choose from, the commonest first."""

    camera: tuple[str, ...]
    lens: tuple[str, ...]
    place: tuple[str, ...]
    tag: tuple[str, ...]
    album: tuple[str, ...]
    photographer: tuple[str, ...]
    colour: tuple[str, ...]


def facets() -> Facets:
    """Return them, counted anew only when the state of the index has changed."""
    key = f"facets:{CorpusStatistics.now().state}"
    found = cache.get(key)
    if found is None:
        found = _counted()
        cache.set(key, found, FACETS_TTL_SECONDS)
    return found


def _counted() -> Facets:
    """Count all kinds in one query."""
    names = [_commonest(kind, path) for kind, path in _PATHS.items()]
    found: dict[str, list[tuple[int, str]]] = {kind: [] for kind in _PATHS}
    for kind, name, photos in names[0].union(*names[1:], all=True):
        found[kind].append((-photos, name))
    return Facets(**{kind: tuple(name for _, name in sorted(each)) for kind, each in found.items()})


class _Each(Func):
    """Each element of an array, in a row of its own."""

    function = "unnest"
    output_field = TextField()
    set_returning = True


def _commonest(kind: str, path: str):
    listed = Photo.objects.listed().order_by()
    if kind == "album":
        listed = listed.filter(albums__visibility=Visibility.PUBLIC)
    if kind == "colour":
        named = listed.annotate(kind=Value(kind), name=_Each(path))
    else:
        named = listed.annotate(kind=Value(kind), name=F(path)).exclude(name="").exclude(name=None)
    counted = named.values_list("kind", "name").annotate(photos=Count("pk"))
    return counted.order_by("-photos", "name")[:MOST]
