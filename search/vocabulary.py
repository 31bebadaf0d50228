"""The words that somebody wrote about listed photos: kept in memory, by prefix, and as of now."""

import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from search.analysis import is_cjk
from search.models import CorpusStatistics, Term

SHORTEST_WORD = 3  # letters
REFRESH_SECONDS = 60


@dataclass(frozen=True)
class Vocabulary:
    """Words of letters only, without CJK. frequency: documents that hold each."""

    frequency: dict[str, int]
    by_length: dict[int, list[str]]
    generation: int | None = None

    @classmethod
    def of(cls, frequency: dict[str, int], generation: int | None = None) -> "Vocabulary":
        kept = {
            word: count
            for word, count in frequency.items()
            if len(word) >= SHORTEST_WORD and word.isalpha() and not is_cjk(word)
        }
        by_length: dict[int, list[str]] = {}
        for word in kept:
            by_length.setdefault(len(word), []).append(word)
        return cls(kept, by_length, generation)

    def of_length(self, shortest: int, longest: int) -> list[str]:
        lengths = range(shortest, longest + 1)
        return [word for length in lengths for word in self.by_length.get(length, ())]


class _Kept:
    """The vocabulary of this process, and when it was last compared with the index."""

    def __init__(self):
        self.lock = threading.Lock()
        self.vocabulary: Vocabulary | None = None
        self.compared_at = 0.0  # time.monotonic()


_kept = _Kept()


def forget() -> None:
    """Let the next reader load the vocabulary, for tests."""
    _kept.vocabulary = None


def current() -> Vocabulary:
    """Return the vocabulary, at most REFRESH_SECONDS older than the index.

    Costs a query a minute, two after a change. While one thread loads, the others go on with the
    earlier one.
    """
    kept = _kept.vocabulary
    if kept and time.monotonic() - _kept.compared_at < REFRESH_SECONDS:
        return kept
    if not _kept.lock.acquire(blocking=kept is None):
        return kept
    try:
        if _kept.vocabulary is not kept:  # another thread loaded it while we waited
            return _kept.vocabulary
        # Read first: what is indexed meanwhile is loaded the next time.
        generation = CorpusStatistics.objects.values_list("generation", flat=True).first()
        if kept is None or kept.generation != generation:
            terms = Term.objects.filter(is_word=True, document_frequency__gt=0)
            counts = dict(terms.values_list("text", "document_frequency"))
            kept = _kept.vocabulary = Vocabulary.of(counts, generation)
        _kept.compared_at = time.monotonic()
        return kept
    finally:
        _kept.lock.release()


def remembers(forms: Iterable[str]) -> bool:
    """Tell whether one of these was in the vocabulary when it was last loaded, if it was."""
    kept = _kept.vocabulary
    return kept is not None and not kept.frequency.keys().isdisjoint(forms)


def words_with_prefix(prefix: str, limit: int) -> list[str]:
    """Return the words that begin with a prefix, those of most documents first."""
    found = Term.objects.filter(is_word=True, document_frequency__gt=0, text__startswith=prefix)
    found = found.order_by("-document_frequency", "text")
    return list(found.values_list("text", flat=True)[:limit])


def matched_now(tsqueries: Iterable[str]) -> set[str]:
    """Return those of the tsqueries that the document of a listed photo matches.

    Document frequencies follow a photo that is hidden only when a worker comes to it; this follows
    at once, so that no word of a hidden photo is shown.
    """
    tsqueries = list(dict.fromkeys(tsqueries))
    if not tsqueries:
        return set()
    # One constant a branch: the planner knows how rare each is, and scans what is rare by index.
    branch = (
        "SELECT %s WHERE EXISTS "
        "(SELECT FROM search_photodocument WHERE listed AND tsv @@ %s::tsquery)"
    )
    parameters = [value for tsquery in tsqueries for value in (tsquery, tsquery)]
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join([branch] * len(tsqueries)), parameters)
        return {row[0] for row in cursor.fetchall()}
