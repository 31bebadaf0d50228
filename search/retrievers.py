"""Three rankings of listed photos: BM25 over words, and two of nearest vectors.

Each returns distinct photos, best first. Ids come from SQL that knows visibility and restrictions.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import numpy as np
from django.db import connection

from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from search import bm25, postings
from search.documents import quoted
from search.models import CorpusStatistics
from search.query import SearchQuery
from search.restrictions import EVERYTHING, Restriction, stated
from search.results import ID_BYTES, id_array, parts
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
FEW_PHOTOS = 15_000
SURELY_MANY = 1.2
ALLOWED = "allowed"
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
    def of(cls, columns: Iterable[bytes | None]) -> "DenseRanking":
        """Unpack the columns of semantic.sql."""
        photo_ids, cosines, levels = (column or b"" for column in columns)
        return cls(parts(photo_ids), *(np.frombuffer(one, ">f4") for one in (cosines, levels)))

    def __len__(self) -> int:
        return len(self.photo_ids)


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


def rank(
    query: SearchQuery,
    allowed: Restriction,
    space: EmbeddingSpace | None,
    vectors: Mapping[str, np.ndarray],
    documents: int,
    *,
    depth: int = DEPTH,
) -> tuple[list[bytes], dict[str, DenseRanking]]:
    """Rank photos by words and by nearness to the vectors; return both.

    Words rank by BM25, exactly: a query word counts once, in the form that a photo holds best; of
    equals the higher document number goes first. Ids are of ID_BYTES each.
    vectors: of legs, (dimensions,) float32, L2-normalised. documents: how many are indexed.
    Costs up to three queries, another if an approximate scan gave up early, and in a large gallery
    up to three more if something is restricted.
    """
    is_small = documents <= SMALL_GALLERY
    are_few = not allowed.is_open and (is_small or _expects_few(allowed))
    is_exact = are_few or is_small
    nearest = nearest_statement(space, vectors, allowed, depth=depth, documents=documents)
    if are_few:
        dense = few_statement(space, vectors, allowed, most=FEW_PHOTOS, depth=depth)
    elif is_small:
        dense = exact_statement(space, vectors, allowed, depth=depth)
    else:
        dense = nearest
    rows = run({"postings": postings_statement(query), "dense": dense})
    found = _by_name(rows["dense"])
    if are_few and ALLOWED not in found:  # they are many, whatever was expected
        are_few = is_exact = False
        found = _by_name(run({"dense": nearest})["dense"])
    numbers, scores = word_scores(query, rows["postings"], documents)
    if are_few:
        words = _best_of_these(found["documents"], numbers, scores, depth)
    else:
        words = _best_words(numbers, scores, allowed, depth)
    rankings = {leg: DenseRanking.of(found[leg]) for leg in vectors}
    if not is_exact:
        short = {leg: vectors[leg] for leg, one in rankings.items() if len(one) < depth}
        # An approximate scan may give up before it has met enough photos that are allowed.
        rankings |= rank_by_vectors(space, short, allowed, depth=depth, exactly=True)
    return words, rankings


def _expects_few(allowed: Restriction) -> bool:
    """Tell whether the planner expects few photos: many are not looked up in vain."""
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (FORMAT JSON) {allowed.photos}", allowed.parameters)
        expected = cursor.fetchone()[0][0]["Plan"]["Plan Rows"]
    return expected <= SURELY_MANY * FEW_PHOTOS


def _by_name(rows: Iterable[tuple]) -> dict[str, list]:
    return {name: columns for name, *columns in rows}


def rank_by_words(query: SearchQuery, *, depth: int = DEPTH) -> list[UUID]:
    """Rank by words alone: see rank()."""
    documents = CorpusStatistics.now().documents
    words, _ = rank(query, stated(query), None, {}, documents, depth=depth)
    return [UUID(bytes=one) for one in words]


def postings_statement(query: SearchQuery) -> Statement | None:
    """Return the SQL of what word_scores() reads."""
    forms = [form for forms in query.terms for form in forms]
    return (sql_of("postings"), {"forms": forms, "most": MOST_POSTINGS}) if forms else None


def _best_of_these(
    documents: Sequence[bytes | None], numbers: np.ndarray, scores: np.ndarray, depth: int
) -> list[bytes]:
    """Return the photos of the best among some documents: the columns of allowed_documents.sql."""
    packed, photo_ids, *_ = documents
    these = np.frombuffer(packed or b"", ">i4").astype(np.int32)
    kept = np.isin(numbers, these)
    best = _best(numbers[kept], scores[kept], depth)
    order = np.argsort(these)
    places = order[np.searchsorted(these, best, sorter=order)].tolist()
    return [photo_ids[ID_BYTES * at : ID_BYTES * (at + 1)] for at in places]


def _best_words(
    numbers: np.ndarray, scores: np.ndarray, allowed: Restriction, depth: int
) -> list[bytes]:
    """Return the photos of the best documents that are allowed, and listed still."""
    wanted = depth if allowed.is_open else DEEPER * depth
    found = _photos_of(_best(numbers, scores, wanted), allowed, depth)
    if len(found) == depth or len(numbers) <= wanted:
        return found
    # They lie deep: look them all up.
    sql = sql_of("allowed_documents").format(allowed=allowed.among("photo_id"))
    documents = run({"all": (sql, allowed.parameters)})["all"][0]
    return _best_of_these(documents, numbers, scores, depth)


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


def _photos_of(numbers: np.ndarray, allowed: Restriction, depth: int) -> list[bytes]:
    """Return the ids of the first of these documents that are allowed, and listed."""
    if not len(numbers):
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            sql_of("documents").format(condition=allowed.condition("indexed.photo_id")),
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


def nearest_statement(
    space: EmbeddingSpace,
    vectors: Mapping[str, np.ndarray],
    allowed: Restriction = EVERYTHING,
    *,
    depth: int = DEPTH,
    documents: int = 0,
) -> Statement | None:
    """Return the SQL of approximate rankings, a row a leg: its name, and what DenseRanking takes.

    vectors: of legs, (dimensions,) float32, L2-normalised. documents: how many are indexed.
    """
    sql = {
        leg: _dense(
            "semantic", leg, space, condition=allowed.condition(f"{VECTOR_TABLES[leg]}.photo_id")
        )
        for leg in vectors
    }
    knobs = {"depth": depth, "candidates": candidates_of(depth, documents)}
    return (_in_one(sql), allowed.parameters | knobs | _bound(vectors)) if vectors else None


def exact_statement(
    space: EmbeddingSpace | None,
    vectors: Mapping[str, np.ndarray],
    allowed: Restriction = EVERYTHING,
    *,
    depth: int = DEPTH,
) -> Statement | None:
    """Return the SQL of exact rankings, with the rows of nearest_statement()."""
    among = allowed.among("photo_id")
    sql = {leg: _dense("semantic_restricted", leg, space, allowed=among) for leg in vectors}
    parameters = allowed.parameters | {"depth": depth}
    return (_in_one(sql), parameters | _bound(vectors)) if vectors else None


def few_statement(
    space: EmbeddingSpace | None,
    vectors: Mapping[str, np.ndarray],
    allowed: Restriction,
    *,
    most: int,
    depth: int = DEPTH,
) -> Statement:
    """Return the SQL of exact rankings of no more than `most` photos, looked up once for all.

    Beside the rows of exact_statement() it has one called ALLOWED, unless they are more: then all
    others are empty; and one called `documents` with the columns of allowed_documents.sql.
    """
    among = "photo_id = ANY((SELECT photo_ids FROM allowed)::uuid[])"
    found = sql_of("allowed").format(photos=allowed.photos)
    sql = {
        ALLOWED: "SELECT NULL::bytea, NULL::bytea, NULL::bytea FROM allowed",
        "documents": sql_of("allowed_documents").format(allowed=among),
    } | {leg: _dense("semantic_restricted", leg, space, allowed=among) for leg in vectors}
    parameters = allowed.parameters | {"depth": depth, "most": most} | _bound(vectors)
    return f"WITH allowed AS MATERIALIZED ({found}) {_in_one(sql)}", parameters


def among_statement(
    leg: str, space: EmbeddingSpace, vector: np.ndarray, photo_ids: Iterable[bytes]
) -> Statement:
    """Return the SQL of an exact ranking among photos of these ids; columns for DenseRanking."""
    among = "photo_id = ANY(%(photo_ids)s::uuid[])"
    parameters = {"photo_ids": id_array(b"".join(photo_ids)), "depth": DEPTH}
    sql = _dense("semantic_restricted", leg, space, allowed=among)
    return sql, parameters | _bound({leg: vector})


def _dense(name: str, leg: str, space: EmbeddingSpace, **formatted: str) -> str:
    return sql_of(name).format(
        table=VECTOR_TABLES[leg],
        space_id=int(space.pk),
        dimensions=int(space.dimensions),
        vector=f"%({leg})s",
        **formatted,
    )


def _bound(vectors: Mapping[str, np.ndarray]) -> dict[str, str]:
    return {leg: _literal(one.astype(np.float32).tobytes()) for leg, one in vectors.items()}


def _in_one(named: Mapping[str, str]) -> str:
    """Return one statement of several that have the same columns, and their names before them."""
    each = (f"SELECT '{name}', part.* FROM ({sql}) AS part" for name, sql in named.items())
    return " UNION ALL ".join(each)


def rank_by_vectors(
    space: EmbeddingSpace,
    vectors: Mapping[str, np.ndarray],
    allowed: Restriction = EVERYTHING,
    *,
    depth: int = DEPTH,
    exactly: bool = False,
) -> dict[str, DenseRanking]:
    """Rank by nearness of stored vectors to a vector of each leg, in one query.

    Exactly, or as approximate scans find. vectors: of legs, (dimensions,) float32, L2-normalised.
    """
    make = exact_statement if exactly else nearest_statement
    rows = run({"dense": make(space, vectors, allowed, depth=depth)})["dense"]
    return {leg: DenseRanking.of(columns) for leg, columns in _by_name(rows).items()}


def rank_by_vector(
    leg: str,
    space: EmbeddingSpace,
    vector: np.ndarray,
    allowed: Restriction = EVERYTHING,
    *,
    exactly: bool = False,
) -> DenseRanking:
    """Return one ranking of rank_by_vectors()."""
    return rank_by_vectors(space, {leg: vector}, allowed, exactly=exactly)[leg]


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
