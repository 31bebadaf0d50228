"""Three rankings of listed photos: BM25 over words, and two of nearest vectors.

Each returns distinct photos, best first, with visibility and restrictions inside its SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

import numpy as np
from django.db import connection, transaction

from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from search import bm25, filters
from search.documents import quoted
from search.filters import Resolved
from search.models import SPARSE_DIMENSIONS, CorpusStatistics, Term
from search.query import SearchQuery
from search.sql import sql_of

Statement = tuple[str, dict]  # SQL and its parameters

DEPTH = 200  # fixes 97 % of the first 24 of the fused list (measured)
# A photo that matches less than this share of the query's idf mass matched by accident.
LEAST_COVERAGE = 0.3
SMALL_GALLERY = 2_000  # photos; an exact scan of all takes 1.3 ms (measured)
FEW_PHOTOS = 10_000  # up to here a restriction is scanned exactly: quicker, and loses no photo
VECTOR_TABLES = {"image": ImageVector._meta.db_table, "text": TextVector._meta.db_table}


@dataclass(frozen=True)
class Match:
    """One row of a dense ranking."""

    photo_id: UUID
    cosine: float
    level: float


@dataclass(frozen=True)
class Restriction:
    """What a query allows beside its ranking; by default everything that is listed.

    tsquery: what documents must match. filters: what photos must be. leaves_few: whether so few
    photos are left that a scan of all of them is quicker than an approximate one. photo_ids: these
    few, a literal of a uuid[], where they were looked up.
    """

    tsquery: str | None = None
    filters: Resolved = field(default_factory=Resolved)
    leaves_few: bool = False
    photo_ids: str | None = None

    @property
    def is_open(self) -> bool:
        return not self.tsquery and not self.filters.sql

    @property
    def parameters(self) -> dict:
        mine = {"restriction": self.tsquery, "photo_ids": self.photo_ids}
        return mine | self.filters.parameters

    @property
    def photos(self) -> str:
        """SQL that selects the `photo_id` of all photos that are allowed.

        They were listed a moment ago: who reads it looks again.
        """
        if self.photo_ids is not None:
            return "SELECT unnest(%(photo_ids)s::uuid[]) AS photo_id"
        return (
            "SELECT photo.id AS photo_id FROM gallery_photo AS photo "
            f"WHERE photo.listed AND {self.filters.sql or 'TRUE'} AND {self._worded('photo.id')}"
        )

    def _worded(self, photo_id: str) -> str:
        return _HAS_WORDS.format(photo_id) if self.tsquery else "TRUE"

    def filtered(self, photo_id: str) -> str:
        """SQL condition that the photo of this id passes the filters."""
        return _PASSES.format(photo_id, self.filters.sql) if self.filters.sql else "TRUE"

    def condition(self, photo_id: str) -> str:
        """SQL condition that the photo of this id is allowed."""
        return f"{self._worded(photo_id)} AND {self.filtered(photo_id)}"

    def exactly(self) -> "Restriction":
        """Return the same restriction, to be scanned exactly."""
        return replace(self, leaves_few=True)


_HAS_WORDS = (
    "EXISTS (SELECT FROM search_photodocument AS document WHERE document.photo_id = {} "
    "AND document.listed AND document.tsv @@ %(restriction)s::tsquery)"
)
_PASSES = "EXISTS (SELECT FROM gallery_photo AS photo WHERE photo.id = {} AND photo.listed AND {})"


def prepare_transaction(depth: int = DEPTH) -> None:
    """Set the knobs of the ANN scans for the running transaction."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('hnsw.ef_search', %s, true), "
            "set_config('hnsw.iterative_scan', 'relaxed_order', true), "
            "set_config('jit', 'off', true)",
            [str(min(1000, max(40, depth)))],
        )


def run(statements: dict[str, Statement | None], *, depth: int = DEPTH) -> dict[str, list[tuple]]:
    """Send named statements to the server in one go; return the rows of each, none for None.

    depth: how many rows an approximate scan is meant to find.
    """
    rows = {name: [] for name in statements}
    if not any(statements.values()):
        return rows
    connection.ensure_connection()
    with transaction.atomic(), connection.connection.pipeline():
        prepare_transaction(depth)
        cursors = {}
        for name, statement in statements.items():
            if statement:
                cursors[name] = connection.cursor()
                cursors[name].execute(*statement)
        for name, cursor in cursors.items():
            rows[name] = cursor.fetchall()
            cursor.close()
    return rows


def restriction(query: SearchQuery, documents: int) -> Restriction:
    """Return what the phrases, exclusions and filters of a query allow.

    documents: how many are indexed. Costs a query for each filter by name, and in a large gallery
    another one if anything is restricted.
    """
    required = [f"({' | '.join(map(_adjacent, group))})" for group in query.required]
    excluded = [f"!{_adjacent(sequence)}" for sequence in query.excluded]
    allowed = Restriction(
        tsquery=" & ".join((*required, *excluded)) or None, filters=filters.resolve(query.filters)
    )
    if documents <= SMALL_GALLERY:
        return allowed.exactly()
    if allowed.is_open or allowed.filters.is_impossible:
        return allowed
    with connection.cursor() as cursor:
        # As text, and only if they are few: they go back to the server as they came.
        cursor.execute(
            "SELECT CASE WHEN count(*) <= %(few)s THEN coalesce(array_agg(photo_id)::text, '{}') "
            f"END FROM ({allowed.photos} LIMIT %(few)s + 1) AS allowed",
            allowed.parameters | {"few": FEW_PHOTOS},
        )
        photo_ids = cursor.fetchone()[0]
    return allowed if photo_ids is None else replace(allowed.exactly(), photo_ids=photo_ids)


def count_listed(photo_ids: list[UUID]) -> int:
    """Return how many of these photos are listed now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM gallery_photo WHERE listed AND id = ANY(%s)", [photo_ids]
        )
        return cursor.fetchone()[0]


def _adjacent(words: Iterable[tuple[str, ...]]) -> str:
    """Return a tsquery of words that follow each other, each in any of its forms."""
    alternatives = ("(" + " | ".join(quoted(form) for form in forms) + ")" for forms in words)
    return "(" + " <-> ".join(alternatives) + ")"


def rank_by_words(query: SearchQuery, *, depth: int = DEPTH) -> list[UUID]:
    """Rank by BM25. A query word counts once, in the form that a photo holds best."""
    documents = CorpusStatistics.now().documents
    allowed = restriction(query, documents)
    statement = words_statement(query, allowed, documents, depth=depth)
    return [row[0] for row in run({"bm25": statement})["bm25"]]


def words_statement(
    query: SearchQuery, allowed: Restriction, documents: int, *, depth: int = DEPTH
) -> Statement | None:
    """Return the SQL of the BM25 ranking and its parameters; None if no photo has any word.

    documents: how many are indexed.
    """
    groups = _weighted_groups(query, documents)
    known = [(weight, forms) for weight, forms in groups if forms]
    if not known:
        return None
    least_coverage = LEAST_COVERAGE * sum(weight for weight, _ in groups)
    parameters = allowed.parameters | {
        "candidates": " | ".join(quoted(form) for form in _essential(known, least_coverage)),
        "least_coverage": least_coverage,
        "depth": depth,
    }
    word_scores, score, coverage = [], [], []
    for number, (weight, forms) in enumerate(known):
        products = []
        for place, term_id in enumerate(forms.values()):
            parameters[f"form_{number}_{place}"] = f"{{{term_id + 1}:1}}/{SPARSE_DIMENSIONS}"
            products.append(f"-(weights <#> %(form_{number}_{place})s::sparsevec)")
        parameters[f"idf_{number}"] = weight
        word_scores.append(f"greatest({', '.join(products)}) AS word_{number}")
        score.append(f"word_{number} * %(idf_{number})s")
        coverage.append(f"CASE WHEN word_{number} > 0 THEN %(idf_{number})s ELSE 0 END")
    sql = sql_of("bm25").format(
        filtered=allowed.filtered("search_photodocument.photo_id"),
        word_scores=", ".join(word_scores),
        score=" + ".join(score),
        coverage=" + ".join(coverage),
    )
    return sql, parameters


def _essential(groups: list[tuple[float, dict[str, int]]], least_coverage: float) -> list[str]:
    """Return the forms of which a photo must have one, lest it miss the least coverage.

    The commonest words together may not reach it: who has no other is no candidate.
    """
    found, covered = [], 0.0
    for weight, forms in sorted(groups, key=lambda group: group[0]):
        covered += weight
        if covered >= least_coverage:
            found += forms
    return found


def _weighted_groups(query: SearchQuery, documents: int) -> list[tuple[float, dict[str, int]]]:
    """Return (idf, {form: term id}) of the query's words; no form where no photo has the word."""
    texts = {form for forms in query.terms for form in forms}
    found = {
        text: (pk, frequency)
        for pk, text, frequency in Term.objects.filter(
            text__in=texts, document_frequency__gt=0
        ).values_list("pk", "text", "document_frequency")
    }
    groups, unknown = [], 0
    for forms in query.terms:
        known = {form: found[form][0] for form in forms if form in found}
        if known:
            frequency = max(found[form][1] for form in known)
            groups.append((bm25.idf(documents, frequency), known))
        else:
            unknown += 1
    # A word that no photo has says nothing of how telling it is: it weighs as the least telling.
    least = min((weight for weight, _ in groups), default=0.0)
    return groups + unknown * [(least, {})]


def rank_by_vector(
    leg: str,
    space: EmbeddingSpace,
    vector: np.ndarray,
    allowed: Restriction = Restriction(),
    *,
    depth: int = DEPTH,
) -> list[Match]:
    """Rank by nearness of stored vectors to a vector.

    leg: "image" or "text". vector: (dimensions,) float32, L2-normalised.
    """
    statement = dense_statement(leg, space, vector, allowed, depth=depth)
    return [Match(*row) for row in run({leg: statement}, depth=depth)[leg]]


def dense_statement(
    leg: str,
    space: EmbeddingSpace,
    vector: np.ndarray,
    allowed: Restriction = Restriction(),
    *,
    depth: int = DEPTH,
) -> Statement:
    """Return the SQL of a dense ranking and its parameters."""
    table = VECTOR_TABLES[leg]
    sql = sql_of("semantic_restricted" if allowed.leaves_few else "semantic").format(
        table=table,
        space_id=int(space.pk),
        dimensions=int(space.dimensions),
        allowed=allowed.photos,
        condition=allowed.condition(f"{table}.photo_id"),
    )
    literal = "[" + ",".join(f"{value:.6g}" for value in vector) + "]"
    return sql, allowed.parameters | {"vector": literal, "depth": depth}


def rank_by_date(allowed: Restriction, *, depth: int = DEPTH) -> list[UUID]:
    """Rank what is allowed, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql_of("newest").format(allowed=allowed.photos), allowed.parameters | {"depth": depth}
        )
        return [row[0] for row in cursor.fetchall()]
