"""Keyset paging: page 1000 costs what page 1 costs, and nothing shifts while photos arrive."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import Q, QuerySet

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MAX_INTEGER = 2**63 - 1


class WrongCursor(ValueError):
    """A page link that no page ever carried."""


def _read_moment(text: str) -> datetime:
    return EPOCH + timedelta(microseconds=int(text))


def _read_integer(text: str) -> int:
    number = int(text)
    if not 0 <= number <= MAX_INTEGER:
        raise ValueError("out of range")
    return number


def _write(value) -> str:
    if isinstance(value, datetime):
        return str((value - EPOCH) // timedelta(microseconds=1))
    return value.hex if isinstance(value, UUID) else str(value)


@dataclass(frozen=True)
class Keyset:
    """A total order of rows: two fields, both in the same direction, the second unique."""

    fields: tuple[str, str]
    readers: tuple[Callable, Callable]
    descending: bool

    def cursor(self, row) -> str:
        return self.written(getattr(row, field) for field in self.fields)

    def written(self, values: Iterable) -> str:
        """Return the cursor of a row that has these values in the two fields."""
        return ".".join(map(_write, values))

    def read(self, cursor: str) -> tuple:
        """Raises WrongCursor for what `cursor` never wrote."""
        try:
            first, second = cursor.split(".")
            return self.readers[0](first), self.readers[1](second)
        except (ValueError, OverflowError) as error:
            raise WrongCursor(cursor) from error

    def ordered(self, rows: QuerySet, *, forward: bool = True) -> QuerySet:
        sign = "-" if self.descending == forward else ""
        return rows.order_by(*(f"{sign}{field}" for field in self.fields))

    def beyond(self, rows: QuerySet, values: tuple, *, forward: bool = True) -> QuerySet:
        """Keep the rows after (or before) a place. Both halves let one index range serve it."""
        operator = "lt" if self.descending == forward else "gt"
        first, second = self.fields
        return rows.filter(
            Q(**{f"{first}__{operator}e": values[0]}),
            Q(**{f"{first}__{operator}": values[0]}) | Q(**{f"{second}__{operator}": values[1]}),
        )


NEWEST = Keyset(("published_at", "id"), (_read_moment, UUID), descending=True)
LAST_UPLOADED = Keyset(("created_at", "id"), (_read_moment, UUID), descending=True)
BY_POSITION = Keyset(("position", "id"), (_read_integer, _read_integer), descending=False)


@dataclass(frozen=True)
class Page:
    """Some rows of a long list. previous and next are query strings, None at the ends."""

    rows: Sequence
    previous: str | None
    next: str | None
    is_first: bool = True


def page_of(rows: QuerySet, keyset: Keyset, parameters, size: int) -> Page:
    """Return the page that the link parameters `after` or `before` name, else the first.

    Costs one query. Raises WrongCursor.
    """
    before, after = parameters.get("before"), parameters.get("after")
    forward = not before
    chosen = keyset.ordered(rows, forward=forward)
    cursor = before or after
    if cursor:
        chosen = keyset.beyond(chosen, keyset.read(cursor), forward=forward)
    found = list(chosen[: size + 1])
    more, found = len(found) > size, found[:size]
    if not forward:
        found.reverse()
    if not found:
        return Page([], None, None, is_first=not cursor)
    has_previous = bool(after) if forward else more
    has_next = more if forward else True
    return Page(
        found,
        f"before={keyset.cursor(found[0])}" if has_previous else None,
        f"after={keyset.cursor(found[-1])}" if has_next else None,
        is_first=not has_previous,
    )
