"""How much of what a query finds stays the same when its vector comes from another tower."""

from collections.abc import Callable, Iterator

import numpy as np

from embeddings import spaces
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from search.evaluation import material

TOP = 10
MOST_VECTORS = 20_000  # of a leg; more need more memory than they tell
LEGS = {"image": (ImageVector, "images"), "text": (TextVector, "captions")}

Encode = Callable[[str], np.ndarray]


def top_overlap(space: EmbeddingSpace, encode: Encode, other: Encode) -> dict[str, float]:
    """Return, of each dense leg, the mean share of a query's TOP that both encoders find.

    Asks the evaluation's queries of the vectors that the space has: those of photos, and the
    model's own of neutral pictures and captions.
    """
    texts = [query.text for query in material.real_queries()]
    queries = [np.stack([one(text) for text in texts]) for one in (encode, other)]
    return {leg: _overlap(*queries, vectors) for leg, vectors in _vectors(space)}


def _vectors(space: EmbeddingSpace) -> Iterator[tuple[str, np.ndarray]]:
    for leg, (model, kind) in LEGS.items():
        rows = model.objects.filter(space=space, listed=True).order_by("photo_id")
        stored = [row.to_numpy() for row in rows.values_list("vector", flat=True)[:MOST_VECTORS]]
        # Twins would change places without any difference to see.
        yield leg, np.unique(np.vstack([*stored, spaces.bank(space, kind)]), axis=0)


def _overlap(queries: np.ndarray, others: np.ndarray, vectors: np.ndarray) -> float:
    """queries, others: (n, dim), of the same texts; vectors: (m, dim), m > TOP."""
    shared = [
        len(set(_top(vectors @ one)) & set(_top(vectors @ other))) / TOP
        for one, other in zip(queries, others, strict=True)
    ]
    return float(np.mean(shared))


def _top(cosines: np.ndarray) -> np.ndarray:
    return np.argpartition(-cosines, TOP)[:TOP]
