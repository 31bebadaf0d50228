"""What others do with the same photos, words and vectors: pictures and BM25, fused by rank.

Each in this process, on the core that our own search uses. All rank to the same depth and fuse by
reciprocal rank; exact rankings by numpy and bm25s are what everybody is compared with.
"""

import tempfile
import time
from collections.abc import Callable, Sequence

import bm25s
import faiss
import lancedb
import numpy as np
import psutil
import pyarrow as pa
from lancedb.rerankers import RRFReranker

from bench import load, measures
from bench.measures import SHOWN, agreement, row, timed
from bench.synthetic import DIMENSIONS, Question
from embeddings.models import RRF_K, EmbeddingSpace
from search import engine
from search.analysis import fold
from search.documents import fields_of
from search.fusion import reciprocal_rank_fusion
from search.results import parts
from search.retrievers import DEPTH

EF_CONSTRUCTION, M = 128, 16
EF_SEARCH = DEPTH
WEIGHTS = {"bm25": 1.0, "image": 1.0}


def tokens(text: str) -> list[str]:
    return fold(text).split()


def fuse(words: Sequence[int], pictures: Sequence[int]) -> list[int]:
    scored = reciprocal_rank_fusion({"bm25": words, "image": pictures}, WEIGHTS, k=RRF_K)
    return [one for one, _ in scored[:SHOWN]]


def run(count: int, questions: Sequence[Question], space: EmbeddingSpace) -> None:
    texts, vectors = [], np.empty((count, DIMENSIONS), np.float32)
    for first, chunk, _ in load.chunks(count, 1):
        texts += [" ".join(fields_of(entry, entry.tags).values()) for entry in chunk.entries]
        vectors[first : first + len(chunk.entries)] = chunk.image_vectors
    start, held = time.perf_counter(), _resident_mb()
    words = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    words.index([tokens(text) for text in texts], show_progress=False)
    words_built, words_held = time.perf_counter() - start, _resident_mb() - held

    def by_words(one: Question) -> list[int]:
        asked = [token for token in tokens(one.text) if token in words.vocab_dict]
        if not asked:
            return []
        ids, scores = words.retrieve([asked], k=min(DEPTH, count), show_progress=False)
        return [int(i) for i, score in zip(ids[0], scores[0], strict=True) if score > 0]

    def exact(one: Question) -> list[int]:
        cosines = vectors @ one.vector
        nearest = np.argpartition(-cosines, DEPTH)[:DEPTH]
        return fuse(by_words(one), nearest[np.argsort(-cosines[nearest])].tolist())

    right, taken = timed(exact, questions)
    vectors_mb = vectors.nbytes / 1e6
    print("\n| two rankings, fused, first 24 | ms | agreement | memory, MB | built, s |")
    print("| --- | --- | --- | --- | --- |")
    row(
        "numpy brute force + bm25s (exact)",
        taken,
        "1",
        round(vectors_mb + words_held),
        round(words_built),
    )
    ours(space, questions)
    with_faiss(vectors, by_words, questions, right, words_built, words_held)
    with_lance(texts, vectors, questions, right)


def _resident_mb() -> float:
    return psutil.Process().memory_info().rss / 1e6


def ours(space: EmbeddingSpace, questions: Sequence[Question]) -> None:
    """Our search with the leg of texts off, measured against our own exact lists."""
    legs, engine.LEGS = engine.LEGS, ("image",)
    try:
        for one in questions:
            measures.fused(one, space)
        found, taken = timed(lambda one: parts(measures.fused(one, space).ids)[:SHOWN], questions)
        right = measures.exactly(
            lambda: [parts(measures.fused(one, space).ids)[:SHOWN] for one in questions]
        )
    finally:
        engine.LEGS = legs
    row("Pictures", taken, f"{agreement(found, right):.3f}", "see above", "see above")


def with_faiss(
    vectors: np.ndarray,
    by_words: Callable,
    questions: Sequence[Question],
    right: list[list[int]],
    words_built: float,
    words_held: float,
) -> None:
    faiss.omp_set_num_threads(1)
    start, held = time.perf_counter(), _resident_mb()
    index = faiss.IndexHNSWFlat(DIMENSIONS, M, faiss.METRIC_INNER_PRODUCT)
    index.hnsw.efConstruction, index.hnsw.efSearch = EF_CONSTRUCTION, EF_SEARCH
    index.add(vectors)
    built, held = time.perf_counter() - start, _resident_mb() - held

    def ask(one: Question) -> list[int]:
        _, ids = index.search(one.vector[None, :], DEPTH)
        return fuse(by_words(one), ids[0].tolist())

    found, taken = timed(ask, questions)
    row(
        "faiss HNSW + bm25s", taken, f"{agreement(found, right):.3f}",
        round(held + words_held), round(built + words_built),
    )  # fmt: skip


def with_lance(texts, vectors, questions: Sequence[Question], right: list[list[int]]) -> None:
    """LanceDB's hybrid search as its documentation sets it up: HNSW_SQ, ef from 1.5 k.

    Words are neither stemmed nor left out, as in the exact lists. ef has to reach k times refine.
    """
    held = _resident_mb()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        schema = pa.schema(
            [
                ("id", pa.int32()),
                ("text", pa.string()),
                ("vector", pa.list_(pa.float32(), DIMENSIONS)),
            ]
        )
        table = lancedb.connect(folder).create_table("photos", schema=schema)
        for first in range(0, len(texts), load.CHUNK):
            stop = min(first + load.CHUNK, len(texts))
            flat = pa.array(vectors[first:stop].ravel())
            table.add(
                pa.table(
                    {
                        "id": pa.array(range(first, stop), pa.int32()),
                        "text": texts[first:stop],
                        "vector": pa.FixedSizeListArray.from_arrays(flat, DIMENSIONS),
                    },
                    schema=schema,
                )
            )
        table.create_fts_index("text", stem=False, remove_stop_words=False, ascii_folding=True)
        table.create_index(
            metric="dot", vector_column_name="vector", index_type="IVF_HNSW_SQ",
            num_partitions=1, m=M, ef_construction=EF_CONSTRUCTION,
        )  # fmt: skip
        built = time.perf_counter() - start
        reranker = RRFReranker(K=RRF_K)

        def ask(one: Question, ef: int, refine: int) -> list[int]:
            query = table.search(query_type="hybrid").vector(one.vector).text(one.text)
            query = query.ef(ef).refine_factor(refine).limit(DEPTH).select(["id"])
            return query.rerank(reranker).to_arrow()["id"].to_pylist()[:SHOWN]

        for ef, refine in ((300, 1), (600, 1), (600, 2)):
            for one in questions[:20]:
                ask(one, ef, refine)
            found, taken = timed(lambda one, ef=ef, refine=refine: ask(one, ef, refine), questions)
            row(
                f"LanceDB hybrid, ef {ef}, refine {refine}", taken,
                f"{agreement(found, right):.3f}", round(_resident_mb() - held), round(built),
            )  # fmt: skip
