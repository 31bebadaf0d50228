"""What bench.search measures: our own search whole and in parts, then the peers beside it."""

import json
import sys
import time
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import psutil
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from bench import load
from bench.synthetic import Question, World
from config import embedded
from embeddings import spaces
from embeddings.cache import store_query_vector
from embeddings.models import EmbeddingSpace, ImageVector
from gallery.models import Photo
from search import engine, reconcile, retrievers
from search.models import CorpusStatistics
from search.query import parse
from search.restrictions import Restriction, stated
from search.results import parts

QUESTIONS = 200
FILTERED = 50  # of them
SHOWN = engine.PAGE_SIZE
LEGS = ("bm25", *engine.LEGS)
LAST_PAGE = 20
INSERTS = 50
CORE = 0
# The rarest first, and one that keeps half of the gallery.
FILTERS = (
    "album:album-3 iso:>3200",
    "camera:m50 year:2010..2020",
    "year:2015..2019 f:2.8",
    "date:<2017-07",
    "colour:teal",
    "tag:chew",  # the commonest
)


def say(what: str) -> None:
    print(f"{time.strftime('%H:%M:%S')}  {what}", file=sys.stderr, flush=True)


def row(name: str, *values) -> None:
    print("| " + " | ".join([name, *map(str, values)]) + " |", flush=True)


def processes() -> dict[str, psutil.Process]:
    """Return this gallery's servers by name."""
    pids = json.loads((embedded.Home(settings.DATA_DIR).control / "pids.json").read_text())
    return {name: psutil.Process(one["pid"]) for name, one in pids.items()}


def share_one_core() -> None:
    servers = processes().values()
    for one in (psutil.Process(), *servers, *(c for s in servers for c in s.children())):
        one.cpu_affinity([CORE])
    connection.close()  # the next one is served by a process that inherits the core


def server_memory_mb() -> float:
    """Return what the processes of Postgres hold, shared memory counted once."""
    server = processes()["postgres"]
    held = (one.memory_full_info().pss for one in (server, *server.children(recursive=True)))
    return sum(held) / 1e6


def timed(call: Callable, arguments: Iterable, before: Callable = int) -> tuple[list, str]:
    """Return what calls gave, and "median / p95" of their milliseconds.

    before: what is done before each call, and not timed.
    """
    given, taken = [], []
    for one in arguments:
        before()
        start = time.perf_counter()
        given.append(call(one))
        taken.append((time.perf_counter() - start) * 1000)
    return given, f"{np.median(taken):.1f} / {np.percentile(taken, 95):.1f}"


def agreement(found: Sequence[Sequence], exact: Sequence[Sequence], depth: int = SHOWN) -> float:
    """Return the mean share of the exact first `depth` that was found among as many."""
    shares = [
        len(set(one[:depth]) & set(right[:depth])) / len(right[:depth])
        for one, right in zip(found, exact, strict=True)
        if right
    ]
    return float(np.mean(shares))


def ensure_gallery(count: int) -> None:
    """Fill the database, unless it was kept from another run."""
    if not Photo.objects.exists():
        start = time.perf_counter()
        space = load.load(count, report=say)
        say(f"loaded in {time.perf_counter() - start:.0f} s")
        for name, seconds in load.build_indexes(space, "3GB").items():
            row(f"index of {name} built, s, 2 cores", round(seconds))


def questions_asked(count: int) -> list[Question]:
    """Return questions whose vectors are in the cache."""
    questions = World().questions(count, seed=7)
    space = spaces.active_space()
    for one in questions:
        store_query_vector(parse(one.text).semantic, space, one.vector)
    return questions


def run(count: int, *, with_peers: bool) -> None:
    ensure_gallery(count)
    space = spaces.active_space()
    questions = questions_asked(QUESTIONS)
    share_one_core()
    for one in questions:  # warm
        engine.search(parse(one.text))
    whole_search(space, questions)
    each_ranking(space, questions)
    filtered(space, questions[:FILTERED])
    pages(questions)
    inserts(space)
    sizes()
    if with_peers:
        from bench import peers  # its libraries are not needed otherwise

        peers.run(count, questions, space)


def forget_results() -> None:
    cache.delete_pattern("results:*")


def whole_search(space: EmbeddingSpace, questions: Sequence[Question]) -> None:
    forget_results()
    _, taken = timed(lambda one: engine.search(parse(one.text), exact=True), questions)
    row("page 1 of a new query, ms", taken)
    forget_results()
    _, taken = timed(lambda one: engine.search(parse(one.text)), questions)
    row("the same, spelling corrected, ms", taken)
    _, taken = timed(lambda one: engine.search(parse(one.text)), questions)
    row("page 1 of a query asked before, ms", taken)
    found, taken = timed(lambda one: parts(fused(one, space).ids), questions)
    row(f"three rankings of {retrievers.DEPTH}, floor and fusion alone, ms", taken)
    exact = exactly(lambda: [parts(fused(one, space).ids) for one in questions])
    row(f"agreement with exact lists, first {SHOWN}", f"{agreement(found, exact):.4f}")
    row("photos found, median", int(np.median([len(one) for one in exact])))


def exactly(compute: Callable):
    """Return what a computation gives when galleries of any size are scanned exactly."""
    kept = retrievers.SMALL_GALLERY, retrievers.FEW_PHOTOS
    retrievers.SMALL_GALLERY = retrievers.FEW_PHOTOS = 10**9
    try:
        return compute()
    finally:
        retrievers.SMALL_GALLERY, retrievers.FEW_PHOTOS = kept


def fused(one: Question, space: EmbeddingSpace):
    documents = CorpusStatistics.now().documents
    return engine._fused(parse(one.text), engine.RELEVANCE, space, one.vector, documents)


def ranked(leg: str, one: Question, space: EmbeddingSpace, *, exact: bool = False) -> list:
    """Return one ranking."""
    query = parse(one.text)
    if leg == "bm25":
        return retrievers.rank_by_words(query)
    return retrievers.rank_by_vector(leg, space, one.vector, exactly=exact).photo_ids


def each_ranking(space: EmbeddingSpace, questions: Sequence[Question]) -> None:
    for leg in LEGS:
        found, taken = timed(lambda one, leg=leg: ranked(leg, one, space), questions)
        if leg == "bm25":
            row("ranking bm25 alone (exact), ms", taken)
            continue
        exact = [ranked(leg, one, space, exact=True) for one in questions]
        close = f"{agreement(found, exact, 10):.3f} / {agreement(found, exact, 200):.3f}"
        row(f"ranking {leg} alone, ms; recall@10 / @200", f"{taken}; {close}")


def filtered(space: EmbeddingSpace, questions: Sequence[Question]) -> None:
    for text in FILTERS:
        asked = [Question(f"{one.text} {text}", one.vector) for one in questions]
        forget_results()
        pages, taken = timed(lambda one: engine.search(parse(one.text), exact=True), asked)
        exact = exactly(lambda asked=asked: [fused(one, space) for one in asked])
        full = np.mean(
            [
                len(page.photos) == min(SHOWN, len(every))
                for page, every in zip(pages, exact, strict=True)
            ]
        )
        near = [nearest(one, space) for one in asked]
        nearer = exactly(lambda asked=asked: [nearest(one, space) for one in asked])
        recalls = [
            agreement([one[leg] for one in near], [one[leg] for one in nearer], 10)
            for leg in engine.LEGS
        ]
        kept = photos_in(stated(parse(text)))
        row(
            f"filter {text} keeps {kept:,}, ms; recall@10 text, image; full pages",
            f"{taken}; {recalls[0]:.3f}, {recalls[1]:.3f}; {full:.2f}",
        )


def nearest(one: Question, space: EmbeddingSpace) -> dict[str, list[bytes]]:
    """Return the rankings by vectors of a query with its filters."""
    query, documents = parse(one.text), CorpusStatistics.now().documents
    vectors = dict.fromkeys(engine.LEGS, one.vector)
    _, dense = retrievers.rank(query, stated(query), space, vectors, documents)
    return {leg: ranking.photo_ids for leg, ranking in dense.items()}


def photos_in(allowed: Restriction) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM ({allowed.photos}) AS kept", allowed.parameters)
        return cursor.fetchone()[0]


def pages(questions: Sequence[Question]) -> None:
    first = [engine.search(parse(one.text)) for one in questions]
    for number in (1, LAST_PAGE):
        _, taken = timed(
            lambda page, number=number: engine.search(
                page.query, page=number, snapshot=page.snapshot
            ),
            first,
        )
        row(f"page {number} of a kept list, ms", taken)


def inserts(space: EmbeddingSpace) -> None:
    """Add photos as the workers do, one at a time, words and vectors, and take them out again."""
    world = World()
    chunk = world.chunk(2_000_000, INSERTS)
    kept = list(Photo.objects.order_by("pk")[:INSERTS])
    titles = {photo.pk: photo.title for photo in kept}
    for photo, entry in zip(kept, chunk.entries, strict=True):
        Photo.objects.filter(pk=photo.pk).update(title=entry.title)
    _, taken = timed(lambda photo: reconcile.reconcile([photo.pk]), kept)
    row("one photo's words indexed anew, ms", taken)
    _, taken = timed(
        lambda pair: ImageVector.objects.filter(space=space, photo=pair[0]).update(vector=pair[1]),
        list(zip(kept, chunk.image_vectors, strict=True)),
    )
    row("one photo's vector put into the index, ms", taken)
    for pk, title in titles.items():
        Photo.objects.filter(pk=pk).update(title=title)
    reconcile.reconcile(titles)


def sizes() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size(oid)) / 1e6 FROM pg_class WHERE relkind = 'r' "
            "AND relnamespace = 'public'::regnamespace"
        )
        row("all tables and indexes, MB", round(cursor.fetchone()[0]))
        cursor.execute(
            "SELECT relname, pg_table_size(oid) / 1e6 FROM pg_class "
            "WHERE relname IN ('document_tokens', 'search_postingblock') "
            "OR relname LIKE '%%_hnsw' ORDER BY relname"
        )
        for name, size in cursor.fetchall():
            row(f"index {name}, MB", round(size))
    row("Postgres, all processes, MB", round(server_memory_mb()))
    row("this process, MB", round(psutil.Process().memory_info().rss / 1e6))
