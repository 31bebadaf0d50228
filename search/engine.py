"""Search, similar photos and random photos: rankings in, photos out."""

import hashlib
import random
from dataclasses import dataclass, replace
from itertools import compress
from uuid import UUID

import numpy as np
from django.db import connection
from django.db.models.expressions import RawSQL

from embeddings import spaces
from embeddings.cache import query_vector
from embeddings.levels import HALF, normalised
from embeddings.models import RRF_K, EmbeddingSpace
from gallery.models import Photo
from search import cache, corrections, floor, retrievers, vocabulary
from search.fusion import reciprocal_rank_fusion
from search.index_state import Index
from search.models import CorpusStatistics
from search.query import SearchQuery, parse
from search.results import ID_BYTES, Results, parts
from search.retrievers import DEPTH, DenseRanking
from search.sql import sql_of

PAGE_SIZE = 24
NEAREST = 5  # shown apart, in one row, when nothing is close
SIMILAR_DEPTH = 100
SIMILAR_WEIGHTS = {"image": 1.0, "text": 0.5}
RANDOM_WINDOWS = 600
WINDOWS_A_PHOTO = 20  # about one photo lies in each: enough of them do
MOST_FEATURED = 500  # the newest of them, where a few are drawn
LEGS = ("text", "image")
BROWSING_DEPTH = 1000  # photos of a query that has filters only
SORTS = RELEVANCE, NEWEST, OLDEST = ("relevance", "newest", "oldest")
WORDS_ONLY = {"bm25": 1.0}


@dataclass(frozen=True)
class SearchPage:
    """One page of results.

    photos carry their `hit`; nearest is set when nothing is close. snapshot: names the list that
    was paged, for the links to its other pages. ids: of that whole list, packed; length: how long
    it is; count leaves out what was hidden since. problems: sentences about filters that could
    not be used. is_stale: it may lack what was added, for as long as the list is made anew.
    """

    query: SearchQuery
    photos: list[Photo]
    count: int
    page: int
    page_size: int
    semantic: bool
    nearest: list[Photo]
    sort: str = RELEVANCE
    snapshot: str = ""
    ids: bytes = b""
    problems: tuple[str, ...] = ()
    corrected: SearchQuery | None = None
    is_stale: bool = False

    @property
    def length(self) -> int:
        return len(self.ids) // ID_BYTES

    @property
    def has_next(self) -> bool:
        return self.page * self.page_size < self.length

    @property
    def has_previous(self) -> bool:
        return self.page > 1

    @property
    def next_number(self) -> int:
        return self.page + 1

    @property
    def previous_number(self) -> int:
        return self.page - 1


def search(
    query: SearchQuery,
    *,
    page: int = 1,
    sort: str = RELEVANCE,
    snapshot: str = "",
    exact: bool = False,
) -> SearchPage:
    """Rank listed photos for a query; page from 1, sort one of SORTS.

    Words that no photo has are corrected, unless the query is to be taken exactly.
    snapshot: of the page that linked here. While its list is kept, this page is cut from the
    same one: photos that come meanwhile shift nothing. What is hidden or edited ends it.
    Without a query vector (no model, no worker, no Redis) the words alone rank.
    """
    if query.is_empty:
        return SearchPage(query, [], 0, 1, PAGE_SIZE, True, [], sort)
    index = Index()
    meant = None if exact else _meant(query, index)
    used = meant or query
    asked = (index.generation, *used.asked(sort))
    found = cache.kept_results(asked, snapshot) if snapshot else None
    if found is not None:
        answer = cache.Answer(snapshot, found)
    else:
        answer = _computed(used, sort, asked, index)
        found = answer.found
    by_id = {hit.photo_id: hit for hit in found.hits((page - 1) * PAGE_SIZE, page * PAGE_SIZE)}
    photos = photos_in_order(list(by_id))
    for photo in photos:
        photo.hit = by_id[photo.pk]
    return SearchPage(
        query=query,
        photos=photos,
        # Not even their number may tell of photos that were hidden since.
        count=len(found) if answer.is_new else retrievers.count_listed(found.ids),
        page=page,
        page_size=PAGE_SIZE,
        semantic=not used.semantic or _has_vector(answer.snapshot),
        nearest=photos_in_order(list(found.nearest)),
        sort=sort,
        snapshot=answer.snapshot,
        ids=found.ids,
        problems=found.problems,
        corrected=meant,
        is_stale=answer.is_stale,
    )


def kept(query: SearchQuery, *, sort: str, snapshot: str) -> Results | None:
    """Return the list that a page of this snapshot was cut from, else the query's last one.

    query: as it was used, corrections included. None: neither is kept.
    """
    asked = (Index().generation, *query.asked(sort))
    found = cache.kept_results(asked, snapshot)
    return cache.latest_results(asked) if found is None else found


def _meant(query: SearchQuery, index: Index) -> SearchQuery | None:
    """Return the query with its misspelt words corrected, or None.

    Looked for once a state, and as often as the words that are known are looked at.
    """
    if not corrections.suspects(query):
        return None

    def look_up() -> str:
        found = corrections.corrected(query)
        return found.text if found else ""

    asked = hashlib.sha256(query.text.encode()).hexdigest()
    key = f"meant:{index.generation}:{index.state.of_words()}:{asked}"
    meant = cache.once(key, look_up, vocabulary.REFRESH_SECONDS)
    return parse(meant) if meant else None


def _computed(query: SearchQuery, sort: str, asked: tuple, index: Index) -> cache.Answer:
    state, space = index.state, index.space
    vector = query_vector(query.semantic, space) if space and query.semantic else None
    if vector is None:
        state = state.of_words()
    if query.filters or sort != RELEVANCE:  # what these read is not in the indexes
        state = replace(state, additions=index.additions)

    def compute() -> Results:
        return _fused(query, sort, space, vector, state.documents)

    def concerned(found: Results, added: list[UUID]) -> bool:
        return _may_join(query, found, space, vector, added)

    return cache.results(asked, state, compute, concerned)


def _has_vector(snapshot: str) -> bool:
    return ".v" in snapshot


def _may_join(
    query: SearchQuery,
    found: Results,
    space: EmbeddingSpace | None,
    vector: np.ndarray | None,
    added: list[UUID],
) -> bool:
    """Tell whether photos that were added may belong to a list that was made before them.

    In doubt they do: one word is enough, and what else the query demands is not looked at.
    Where nothing is close, that goes for the nearest as well.
    """
    legs = LEGS if vector is not None else ()
    nearest = [one.bytes for one in found.nearest] if legs and not found.ids else []
    if legs and not found.ids and len(nearest) < NEAREST:
        return True
    new = {one.bytes for one in added}.difference(nearest)
    rankings = {name: parts(found.rankings.get(name, b"")) for name in ("bm25", *legs)}
    words = retrievers.any_word_statement(query, new.difference(rankings["bm25"]))
    statements = {"bm25": words}
    for leg in legs:
        # The last one shows whether others come before it.
        last = nearest[-1:] or rankings[leg][DEPTH - 1 :]
        among = [*new.difference(rankings[leg]), *last]
        statements[leg] = retrievers.among_statement(leg, space, vector, among)
    rows = retrievers.run(statements)
    dense = {leg: DenseRanking.of(rows[leg][0]) for leg in legs}
    return (
        bool(rows["bm25"])
        or (bool(nearest) and dense["image"].photo_ids[:1] != nearest[-1:])
        or any(_joins(leg, space, vector, rankings[leg], one) for leg, one in dense.items())
    )


def _joins(
    leg: str, space: EmbeddingSpace, vector: np.ndarray, ranking: list[bytes], new: DenseRanking
) -> bool:
    """Tell whether a ranking that was cut before has a place for one of these.

    new: photos that it lacks, and its last one if it is full.
    """
    if not len(new):
        return False
    if len(ranking) == DEPTH:
        return new.photo_ids[0] != ranking[-1]
    limits = space.floor.get(leg)
    if not limits:
        return True
    limit = limits["keep" if ranking else "gate"]
    return bool(np.any(floor_scores(leg, space, vector, new) >= limit))


def _fused(
    query: SearchQuery,
    sort: str,
    space: EmbeddingSpace | None,
    vector: np.ndarray | None,
    documents: int,
) -> Results:
    """Return all results, and what is nearest when there are none."""
    nearest = ()
    allowed = retrievers.stated(query)
    problems = allowed.filters.problems
    if allowed.filters.is_impossible:
        return Results(problems=problems)
    if not query.semantic:
        newest = retrievers.rank_by_date(allowed, depth=BROWSING_DEPTH)
        scored = _sorted([(photo_id.bytes, 0.0) for photo_id in newest], sort)
        return Results.of(scored, {}, problems=problems)
    vectors = dict.fromkeys(LEGS, vector) if vector is not None else {}
    words, dense = retrievers.rank(query, allowed, space, vectors, documents)
    close = {leg: _close(leg, space, vector, ranking) for leg, ranking in dense.items()}
    rankings = {"bm25": words} | close
    if "image" in dense:
        nearest = tuple(UUID(bytes=one) for one in dense["image"].photo_ids[:NEAREST])
    if vector is None:
        scored = reciprocal_rank_fusion(rankings, WORDS_ONLY, k=RRF_K)
    else:
        scored = reciprocal_rank_fusion(rankings, space.weights, k=space.k)
    nearest = () if scored else nearest
    return Results.of(_sorted(scored, sort), rankings, nearest=nearest, problems=problems)


def _sorted(scored: list[tuple[bytes, float]], sort: str) -> list[tuple[bytes, float]]:
    """Put [(id, score)] in the order of publication, or leave it as it is."""
    if sort == RELEVANCE:
        return scored
    sign = "-" if sort == NEWEST else ""
    scores = dict(scored)
    photos = Photo.objects.filter(pk__in=[UUID(bytes=one) for one in scores])
    ids = photos.order_by(f"{sign}published_at", f"{sign}id").values_list("pk", flat=True)
    return [(one.bytes, scores[one.bytes]) for one in ids]


def _close(
    leg: str, space: EmbeddingSpace, vector: np.ndarray, ranking: DenseRanking
) -> list[bytes]:
    """Cut a dense ranking at the space's floor; the order stays by cosine."""
    limits = space.floor.get(leg)
    if not limits:
        return ranking.photo_ids
    scores = floor_scores(leg, space, vector, ranking)
    close = floor.kept(scores, gate=limits["gate"], keep=limits["keep"])
    return list(compress(ranking.photo_ids, close))


def floor_scores(
    leg: str, space: EmbeddingSpace, vector: np.ndarray, ranking: DenseRanking
) -> np.ndarray:
    """Return s of each photo of a dense ranking, which the space's floor is compared with."""
    query_level = spaces.query_level(space, vector, leg)
    # Floors that were calibrated before a share was chosen have none.
    share = space.floor.get(leg, {}).get("share", HALF)
    return normalised(ranking.cosines, ranking.levels, query_level, share)


def similar(photo: Photo, limit: int = PAGE_SIZE) -> list[Photo]:
    """Return listed photos near a photo's stored vectors, itself and its duplicates left out.

    The whole list is kept for those who go through it: see kept_similar().
    """
    space, vectors = spaces.active_space_and_vectors(photo)
    if space is None or not space.is_prepared:
        return []
    found = _nearest(space, vectors)
    cache.keep_similar(photo.public_id, found)
    others = photos_in_order(found[: limit + NEAREST])
    return [one for one in others if one.content_hash != photo.content_hash][:limit]


def kept_similar(public_id: str) -> list[UUID] | None:
    """Return what similar() found near a photo last, itself included; None if it is gone."""
    return cache.kept_similar(public_id)


def similar_to_picture(
    space: EmbeddingSpace, vector: np.ndarray, limit: int = PAGE_SIZE
) -> list[Photo]:
    """Return the listed photos nearest to a picture's vector, (dimensions,) float32."""
    return photos_in_order(_nearest(space, {"image": vector})[:limit])


def _nearest(space: EmbeddingSpace, vectors: dict[str, np.ndarray]) -> list[UUID]:
    found = retrievers.rank_by_vectors(space, vectors, depth=SIMILAR_DEPTH)
    rankings = {leg: ranking.photo_ids for leg, ranking in found.items()}
    scored = reciprocal_rank_fusion(rankings, SIMILAR_WEIGHTS, k=space.k)
    return [UUID(bytes=one) for one, _ in scored[:SIMILAR_DEPTH]]


def random_ids(limit: int) -> list[UUID]:
    """Return ids of listed photos, each as likely as any other, in random order."""
    documents = CorpusStatistics.objects.values_list("documents", flat=True).first() or 0
    if documents <= RANDOM_WINDOWS:
        ids = list(Photo.objects.listed().values_list("pk", flat=True)[: 2 * RANDOM_WINDOWS])
    else:
        width = 1 / documents
        starts = [random.uniform(-width, 1) for _ in range(RANDOM_WINDOWS)]
        with connection.cursor() as cursor:
            cursor.execute(sql_of("random_photos"), {"starts": starts, "width": width})
            ids = [row[0] for row in cursor.fetchall()]
    return random.sample(ids, min(limit, len(ids)))


def changing_photos(seed: str, limit: int) -> list[Photo]:
    """Return listed photos that stay the same for a seed, in one query.

    Up to half of them are featured, if there are any, each of these as likely as any other; so are
    the others among all that are listed.
    """
    chance = random.Random(seed)
    places = [chance.random() for _ in range(WINDOWS_A_PHOTO * limit)]
    parameters = [MOST_FEATURED, places, seed, limit // 2, limit]
    chosen = RawSQL(sql_of("changing_photos"), parameters)
    photos = list(Photo.objects.listed().for_cards().filter(pk__in=chosen))
    return sorted(photos, key=lambda one: hashlib.sha256(f"{seed} {one.pk}".encode()).digest())


def photos_in_order(ids: list[UUID]) -> list[Photo]:
    """Return the photos of these ids that are listed now, in this order."""
    photos = Photo.objects.listed().for_cards().in_bulk(ids) if ids else {}
    return [photos[one] for one in ids if one in photos]
