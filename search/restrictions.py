"""What a query allows beside its ranking: phrases, exclusions and filters, as conditions in SQL."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from search import filters
from search.documents import quoted
from search.filters import Resolved
from search.query import SearchQuery


@dataclass(frozen=True)
class Restriction:
    """What a query allows beside its ranking; by default everything that is listed.

    tsquery: what documents must match. filters: what photos must be.
    """

    tsquery: str | None = None
    filters: Resolved = field(default_factory=Resolved)

    @property
    def is_open(self) -> bool:
        return not self.tsquery and not self.filters.sql

    @property
    def parameters(self) -> dict:
        return {"restriction": self.tsquery} | self.filters.parameters

    @property
    def photos(self) -> str:
        """SQL that selects the `photo_id` of all photos that are allowed."""
        return f"SELECT photo.id AS photo_id FROM gallery_photo AS photo WHERE {self.of_photo}"

    @property
    def of_photo(self) -> str:
        """SQL condition that the row called `photo` is allowed."""
        return f"photo.listed AND {self.filters.sql or 'TRUE'} AND {self._worded('photo.id')}"

    def _worded(self, photo_id: str) -> str:
        return _HAS_WORDS.format(photo_id) if self.tsquery else "TRUE"

    def among(self, photo_id: str) -> str:
        """SQL condition that the photo of this id is one of `photos`, for a look at all of them."""
        return "TRUE" if self.is_open else f"{photo_id} IN ({self.photos})"

    def condition(self, photo_id: str) -> str:
        """SQL condition that the photo of this id is allowed."""
        passes = _PASSES.format(photo_id, self.filters.sql) if self.filters.sql else "TRUE"
        return f"{self._worded(photo_id)} AND {passes}"


EVERYTHING = Restriction()

_HAS_WORDS = (
    "EXISTS (SELECT FROM search_photodocument AS document WHERE document.photo_id = {} "
    "AND document.listed AND document.tsv @@ %(restriction)s::tsquery)"
)
_PASSES = "EXISTS (SELECT FROM gallery_photo AS photo WHERE photo.id = {} AND photo.listed AND {})"


def stated(query: SearchQuery) -> Restriction:
    """Return what the phrases, exclusions and filters of a query say; see filters.resolve()."""
    required = [f"({' | '.join(map(_adjacent, group))})" for group in query.required]
    excluded = [f"!{_adjacent(sequence)}" for sequence in query.excluded]
    return Restriction(
        tsquery=" & ".join((*required, *excluded)) or None, filters=filters.resolve(query.filters)
    )


def _adjacent(words: Iterable[tuple[str, ...]]) -> str:
    """Return a tsquery of words that follow each other, each in any of its forms."""
    alternatives = ("(" + " | ".join(quoted(form) for form in forms) + ")" for forms in words)
    return "(" + " <-> ".join(alternatives) + ")"
