"""Choose the fusion of a space on one half of the labelled queries, judge it on the other."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from search.evaluation import material
from search.evaluation.gallery import LEGS
from search.evaluation.metrics import mean, ndcg
from search.evaluation.studies import NDCG_DEPTH, Answer, Figures, relevance
from search.fusion import reciprocal_rank_fusion

WORDS_WEIGHT = 1.0  # only ratios matter
DENSE_WEIGHTS = tuple(step / 10 for step in range(1, 10))
# Two dense rankings that agree must not outvote the words: to the small CLIP photographs are noise.
MOST_OF_BOTH = 0.9
CHOICES_OF_K = (1, 5, 10, 20, 40, 60, 100)
TIE = 1e-9


@dataclass(frozen=True)
class Fusion:
    """Weights of the rankings, and k, of reciprocal rank fusion."""

    weights: dict[str, float]
    k: int


def grid() -> list[Fusion]:
    return [
        Fusion({"bm25": WORDS_WEIGHT, "text": text, "image": image}, k)
        for text, image, k in itertools.product(DENSE_WEIGHTS, DENSE_WEIGHTS, CHOICES_OF_K)
        if text + image <= MOST_OF_BOTH + TIE
    ]


def quality(fusion: Fusion, answered: Sequence[Answer], labels: dict[UUID, str]) -> float:
    """Return the mean nDCG of the fused rankings."""
    present = list(labels.values())
    gains = []
    for one in answered:
        rankings = {leg: one.rankings[leg] for leg in LEGS}
        scored = reciprocal_rank_fusion(rankings, fusion.weights, k=fusion.k)
        fused = [photo_id for photo_id, _ in scored]
        wanted = one.query.scene
        gains.append(
            ndcg(relevance(fused[:NDCG_DEPTH], labels, wanted), present.count(wanted), NDCG_DEPTH)
        )
    return mean(gains)


def tune(
    answered: Sequence[Answer], labels: dict[UUID, str], shipped: Fusion
) -> tuple[Fusion, Figures]:
    """Return the fusion that is best on the first half, and what it is worth on the other.

    A tie goes to the shipped fusion, then to the first of the grid.
    """
    numbers = material.first_half()
    first = [one for one in answered if one.query.number in numbers]
    second = [one for one in answered if one.query.number not in numbers]
    best, best_quality = shipped, quality(shipped, first, labels)
    for fusion in grid():
        found = quality(fusion, first, labels)
        if found > best_quality + TIE:
            best, best_quality = fusion, found
    return best, {
        "tuning/shipped/first": quality(shipped, first, labels),
        "tuning/shipped/second": quality(shipped, second, labels),
        "tuning/chosen/first": best_quality,
        "tuning/chosen/second": quality(best, second, labels),
        "tuning/queries": float(len(second)),
    }
