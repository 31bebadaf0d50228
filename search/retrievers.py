"""Three rankings of listed photos: BM25 over words, and two of nearest vectors.

Each returns distinct photos, best first. Ids come from SQL that knows visibility and restrictions.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db import connection

from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from search import bm25, filters, postings
from search.documents import quoted
from search.filters import Resolved
from search.models import CorpusStatistics
from search.query import SearchQuery
from search.results import id_array, parts
from search.sql import sql_of

Statement = tuple[str, dict]  # SQL and its parameters

# Candidates of an HNSW scan for each row that it is to find, in a gallery of up to USUAL_GALLERY:
# the first 24 agree with exact ones by .99 there, with 1 by .98; at a million photos 1, 2 and 3 of
# them give .88, .94 and .95 (measured).
CANDIDATES = 1.4
USUAL_GALLERY = 100_000
MOST_CANDIDATES = 1000  # that pgvector takes
DEEPER = 4  # times as many documents are looked at where some of them may not be allowed
MOST_POSTINGS = 4_000_000  # of a query that are read, 32 MB, those of the rarest words first
DEPTH = 200  # fixes 97 % of the first 24 of the fused list (measured)
# A photo that matches less than this share of the query's idf mass matched by accident.
LEAST_COVERAGE = 0.3
SMALL_GALLERY = 2_000  # photos; an exact scan of all takes 1.3 ms (measured)
# Up to here a restriction is scanned exactly, if the planner expects no more than SURELY_MANY times
# as many: quicker, and loses no photo.
FEW_PHOTOS = 10_000
SURELY_MANY = 1.2
VECTOR_TABLES = {"image": ImageVector._meta.db_table, "text": TextVector._meta.db_table}


@dataclass(frozen=True)
class DenseRanking:
    """Photos by nearness of their vectors, the nearest first.

    photo_ids: ID_BYTES each. cosines, levels: (n,) float32.
    """

    photo_ids: list[bytes]
    cosines: np.ndarray
    levels: np.ndarray

    @classmethod
    def of(cls, rows: list[tuple]) -> "DenseRanking":
        """Unpack what dense_statement() returns."""
        photo_ids, cosines, levels = (column or b"" for column in rows[0])
        return cls(parts(photo_ids), *(np.frombuffer(one, ">f4") for one in (cosines, levels)))

    def __len__(self) -> int:
        return len(self.photo_ids)


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
        return not self.tsquery and not self.filters.sql and self.photo_ids is None

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
        return f"SELECT photo.id AS photo_id FROM gallery_photo AS photo WHERE {self.of_photo}"

    @property
    def of_photo(self) -> str:
        """SQL condition that the row called `photo` is allowed."""
        return f"photo.listed AND {self.filters.sql or 'TRUE'} AND {self._worded('photo.id')}"

    def among(self, photo_id: str) -> str:
        """SQL condition that the photo of this id is one of the few that are allowed."""
        if self.is_open:
            return "TRUE"
        if self.photo_ids is not None:
            return f"{photo_id} = ANY(%(photo_ids)s::uuid[])"
        return f"{photo_id} IN ({self.photos})"

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


def candidates_of(depth: int, documents: int) -> int:
    """Return how many candidates an HNSW scan keeps (ef_search) to find `depth` of so many."""
    growth = max(1.0, documents / USUAL_GALLERY) ** (1 / 6)
    return min(MOST_CANDIDATES, round(CANDIDATES * depth * growth))


def run(statements: dict[str, Statement | None]) -> dict[str, list[tuple]]:
    """Send named statements to the server in one go; return the rows of each, none for None."""
    rows = {name: [] for name in statements}
    if not any(statements.values()):
        return rows
    connection.ensure_connection()
    with connection.connection.pipeline():
        cursors = {}
        for name, statement in statements.items():
            if statement:
                cursors[name] = connection.cursor()
                cursors[name].execute(*statement)
        for name, cursor in cursors.items():
            rows[name] = cursor.fetchall()
            cursor.close()
    return rows


def stated(query: SearchQuery) -> Restriction:
    """Return what the phrases, exclusions and filters of a query say; see filters.resolve()."""
    required = [f"({' | '.join(map(_adjacent, group))})" for group in query.required]
    excluded = [f"!{_adjacent(sequence)}" for sequence in query.excluded]
    return Restriction(
        tsquery=" & ".join((*required, *excluded)) or None, filters=filters.resolve(query.filters)
    )


def restriction(query: SearchQuery, documents: int) -> Restriction:
    """Return what a query allows, for rankings that go on from it.

    documents: how many are indexed. In a large gallery it costs up to two queries more than
    stated() if anything is restricted.
    """
    allowed = stated(query)
    if documents <= SMALL_GALLERY:
        return allowed.exactly()
    if allowed.is_open or allowed.filters.is_impossible:
        return allowed
    with connection.cursor() as cursor:
        # Many are not looked up in vain. Where the planner is wrong, all is found by another way.
        cursor.execute(f"EXPLAIN (FORMAT JSON) {allowed.photos}", allowed.parameters)
        if cursor.fetchone()[0][0]["Plan"]["Plan Rows"] > SURELY_MANY * FEW_PHOTOS:
            return allowed
        # As text, and only if they are few: they go back to the server as they came.
        cursor.execute(
            "SELECT CASE WHEN count(*) <= %(few)s THEN coalesce(array_agg(photo_id)::text, '{}') "
            f"END FROM ({allowed.photos} LIMIT %(few)s + 1) AS allowed",
            allowed.parameters | {"few": FEW_PHOTOS},
        )
        photo_ids = cursor.fetchone()[0]
    return allowed if photo_ids is None else replace(allowed.exactly(), photo_ids=photo_ids)


def these(photo_ids: Iterable[bytes]) -> Restriction:
    """Return a restriction to photos of these ids, ID_BYTES each."""
    return Restriction(leaves_few=True, photo_ids=id_array(b"".join(photo_ids)))


def any_word_statement(query: SearchQuery, photo_ids: Iterable[bytes]) -> Statement | None:
    """Return SQL with a row for each of these photos that has one of the query's words."""
    forms = [quoted(form) for forms in query.terms for form in forms]
    sql = (
        "SELECT FROM search_photodocument WHERE listed AND photo_id = ANY(%(photo_ids)s::uuid[]) "
        "AND tsv @@ %(any)s::tsquery"
    )
    parameters = {"photo_ids": id_array(b"".join(photo_ids)), "any": " | ".join(forms)}
    return (sql, parameters) if forms else None


def count_listed(photo_ids: bytes) -> int:
    """Return how many of these photos are listed now; ids are packed, ID_BYTES each."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM gallery_photo WHERE listed AND id = ANY(%s::uuid[])",
            [id_array(photo_ids)],
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
    rows = run(words_statements(query, allowed))
    found = ranked_words(query, rows, allowed, documents, depth=depth)
    return [UUID(bytes=one) for one in found]


def words_statements(query: SearchQuery, allowed: Restriction) -> dict[str, Statement | None]:
    """Return the SQL that ranked_words() needs the rows of."""
    forms = [form for forms in query.terms for form in forms]
    parameters = {"forms": forms, "most": MOST_POSTINGS}
    has_few = forms and allowed.leaves_few and not allowed.is_open
    return {
        "postings": (sql_of("postings"), parameters) if forms else None,
        "allowed": _allowed_documents(allowed) if has_few else None,
    }


def _allowed_documents(allowed: Restriction) -> Statement:
    sql = sql_of("allowed_documents").format(allowed=allowed.among("photo_id"))
    return sql, allowed.parameters


def ranked_words(
    query: SearchQuery,
    rows: Mapping[str, list[tuple]],
    allowed: Restriction,
    documents: int,
    *,
    depth: int = DEPTH,
) -> list[bytes]:
    """Rank photos by BM25, exactly; of equals the higher document number goes first.

    rows: of words_statements(). documents: how many are indexed. Returns ids, ID_BYTES each. Costs
    a query, and two more if few of the best are allowed.
    """
    numbers, scores = word_scores(query, rows["postings"], documents)
    if rows["allowed"]:
        numbers, scores = _among(rows["allowed"], numbers, scores)
        allowed = Restriction()
    condition = "TRUE" if allowed.is_open else allowed.condition("indexed.photo_id")
    wanted = depth if allowed.is_open else DEEPER * depth
    found = _photos_of(_best(numbers, scores, wanted), condition, allowed, depth)
    if len(found) < depth < len(numbers):
        # Those that are allowed lie deep: look them all up.
        rows = run({"allowed": _allowed_documents(allowed)})
        best = _best(*_among(rows["allowed"], numbers, scores), depth)
        found = _photos_of(best, condition, allowed, depth)
    return found


def _among(
    rows: list[tuple], numbers: np.ndarray, scores: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Keep what is among the documents of allowed_documents.sql."""
    kept = np.isin(numbers, np.frombuffer(rows[0][0] or b"", ">i4"))
    return numbers[kept], scores[kept]


def word_scores(
    query: SearchQuery, rows: list[tuple], documents: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of all documents that match, and their scores; rows: of postings.sql."""
    groups = _weighted_groups(query, rows, documents)
    least_coverage = LEAST_COVERAGE * sum(weight for weight, _ in groups)
    return bm25.scores([group for group in groups if group[1]], least_coverage)


def _best(numbers: np.ndarray, scores: np.ndarray, count: int) -> np.ndarray:
    """Return the numbers of the best `count` documents, best first."""
    if len(numbers) > count:
        kept = scores >= np.partition(scores, -count)[-count]  # with all that tie with the last
        numbers, scores = numbers[kept], scores[kept]
    return numbers[np.lexsort((-numbers, -scores))[:count]]


def _photos_of(
    numbers: np.ndarray, condition: str, allowed: Restriction, depth: int
) -> list[bytes]:
    """Return the ids of the first of these documents that are listed and meet the condition."""
    if not len(numbers):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            sql_of("documents").format(condition=condition),
            allowed.parameters | {"numbers": numbers.tolist(), "depth": depth},
        )
        return parts(bytes(cursor.fetchone()[0] or b""))


def _weighted_groups(query: SearchQuery, rows: list[tuple], documents: int) -> list[tuple]:
    """Return (idf, postings of each form) of the query's words; none where no photo has the word.

    rows: of postings.sql. A word whose postings were too many to read counts as a stop word.
    """
    found = {text: (frequency, packed) for text, frequency, packed in rows}
    groups, unknown = [], 0
    for forms in query.terms:
        known = [found[form] for form in forms if form in found]
        read = [postings.unpacked(packed) for _, packed in known if packed is not None]
        if read:
            idf = bm25.idf(documents, max(frequency for frequency, _ in known))
            groups.append((idf, read))
        elif not known:
            unknown += 1
    # A word that no photo has says nothing of how telling it is: it weighs as the least telling.
    least = min((weight for weight, _ in groups), default=0.0)
    return groups + unknown * [(least, [])]


def rank_by_vector(
    leg: str,
    space: EmbeddingSpace,
    vector: np.ndarray,
    allowed: Restriction = Restriction(),
    *,
    depth: int = DEPTH,
) -> DenseRanking:
    """Rank by nearness of stored vectors to a vector.

    leg: "image" or "text". vector: (dimensions,) float32, L2-normalised.
    """
    statement = dense_statement(leg, space, vector, allowed, depth=depth)
    return DenseRanking.of(run({leg: statement})[leg])


def dense_statement(
    leg: str,
    space: EmbeddingSpace,
    vector: np.ndarray,
    allowed: Restriction = Restriction(),
    *,
    depth: int = DEPTH,
    documents: int = 0,
) -> Statement:
    """Return the SQL of a dense ranking and its parameters; documents: how many are indexed."""
    table = VECTOR_TABLES[leg]
    sql = sql_of("semantic_restricted" if allowed.leaves_few else "semantic").format(
        table=table,
        space_id=int(space.pk),
        dimensions=int(space.dimensions),
        allowed=allowed.among(f"{table}.photo_id"),
        condition=allowed.condition(f"{table}.photo_id"),
    )
    literal = _literal(vector.astype(np.float32).tobytes())
    knobs = {"depth": depth, "candidates": candidates_of(depth, documents)}
    return sql, allowed.parameters | knobs | {"vector": literal}


def neighbours(
    space: EmbeddingSpace, photo_ids: Iterable[UUID], depth: int
) -> dict[UUID, list[bytes]]:
    """Return the nearest pictures of each photo that has a vector, itself included; one query."""
    sql = sql_of("neighbours").format(space_id=int(space.pk), dimensions=int(space.dimensions))
    knobs = {"depth": depth, "candidates": candidates_of(depth, 0)}
    with connection.cursor() as cursor:
        cursor.execute(sql, knobs | {"photo_ids": list(photo_ids)})
        return {photo_id: parts(bytes(near)) for photo_id, near in cursor.fetchall()}


@lru_cache(maxsize=8)  # every leg asks with the same vector
def _literal(vector: bytes) -> str:
    return "[" + ",".join(f"{value:.6g}" for value in np.frombuffer(vector, np.float32)) + "]"


def rank_by_date(allowed: Restriction, *, depth: int = DEPTH) -> list[UUID]:
    """Rank what a stated restriction allows, the newest first."""
    with connection.cursor() as cursor:
        cursor.execute(
            sql_of("newest").format(allowed=allowed.of_photo),
            allowed.parameters | {"depth": depth},
        )
        return [row[0] for row in cursor.fetchall()]
