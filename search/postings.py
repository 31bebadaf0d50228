"""Postings: by term, the documents that hold it, by number, and how much it weighs in each.

A row keeps those of one term among BLOCK documents in a row, packed, so that one document's change
rewrites little, and a common word is read as fast as memory is. Nothing else changes them than
search.reconcile, in the transaction that writes the documents.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np
from django.db import connection

from search.models import PhotoDocument
from search.sql import sql_of

BLOCK = 4096  # documents; at most 32 KB a row
POSTING = np.dtype([("number", ">i4"), ("weight", ">f4")])  # as int4send and float4send write

Key = tuple[int, int]  # term id, block


def change(old: Iterable[PhotoDocument], new: Iterable[PhotoDocument]) -> None:
    """Take the postings of old documents away and put in those of new ones."""
    changes: dict[Key, dict[int, float]] = defaultdict(dict)
    for documents, stays in ((old, False), (new, True)):
        for one in documents:
            for term_id, weight in zip(one.weights.indices(), one.weights.values(), strict=True):
                changes[term_id, one.number // BLOCK][one.number] = weight if stays else 0.0
    if not changes:
        return
    stored = _stored(changes)
    _store({key: _merged(stored.get(key, b""), weights) for key, weights in changes.items()})


def _merged(packed: bytes, weights: Mapping[int, float]) -> bytes:
    """Return packed postings with some replaced; those of no weight are left out."""
    new = np.array(list(weights.items()), POSTING)
    kept = unpacked(packed)
    kept = kept[~np.isin(kept["number"], new["number"])]
    merged = np.concatenate([kept, new[new["weight"] > 0]])
    # Joined arrays have this machine's byte order.
    return merged[np.argsort(merged["number"])].astype(POSTING).tobytes()


def _stored(keys: Iterable[Key]) -> dict[Key, bytes]:
    terms, blocks = zip(*keys, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT term_id, block, postings FROM search_postingblock "
            "JOIN unnest(%s::bigint[], %s::int[]) AS asked (term_id, block) USING (term_id, block)",
            [list(terms), list(blocks)],
        )
        return {(term_id, block): bytes(packed) for term_id, block, packed in cursor.fetchall()}


def _store(rows: Mapping[Key, bytes]) -> None:
    full = [(*key, packed) for key, packed in rows.items() if packed]
    empty = [key for key, packed in rows.items() if not packed]
    with connection.cursor() as cursor:
        if full:
            cursor.execute(
                """
                INSERT INTO search_postingblock (term_id, block, postings)
                SELECT * FROM unnest(%s::bigint[], %s::int[], %s::bytea[])
                    ON CONFLICT (term_id, block) DO UPDATE SET postings = excluded.postings
                """,
                [list(column) for column in zip(*full, strict=True)],
            )
        if empty:
            cursor.execute(
                "DELETE FROM search_postingblock USING unnest(%s::bigint[], %s::int[]) "
                "AS gone (term_id, block) WHERE search_postingblock.term_id = gone.term_id "
                "AND search_postingblock.block = gone.block",
                [list(column) for column in zip(*empty, strict=True)],
            )


def rebuild() -> None:
    """Make all postings anew from the documents; call it inside a transaction, as the writer."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM search_postingblock")
        cursor.execute(sql_of("rebuild_postings"), {"block": BLOCK})


def unpacked(packed: bytes) -> np.ndarray:
    """Return packed postings as an array of POSTING, ascending by number; nothing is copied."""
    return np.frombuffer(packed, POSTING)
