"""Merge rankings by rank."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

Id = TypeVar("Id")


def reciprocal_rank_fusion(
    rankings: Mapping[str, Sequence[Id]], weights: Mapping[str, float], *, k: int
) -> list[tuple[Id, float]]:
    """Merge named rankings of distinct ids into one, best first.

    Returns [(id, score)]; score = sum of weight / (k + rank), rank from 1; higher is better.
    Ties go to the smaller id, so pages are stable. A ranking without a weight counts nothing.
    Raises ValueError if k < 0.
    Source: Cormack, Clarke, Buettcher, SIGIR 2009 (there k = 60 and equal weights).
    """
    if k < 0:
        raise ValueError("k must not be negative")
    scores: dict[Id, float] = {}
    for name, ranking in rankings.items():
        ranking_weight = weights.get(name, 0.0)
        if ranking_weight <= 0:
            continue
        for rank, one in enumerate(ranking, start=1):
            scores[one] = scores.get(one, 0.0) + ranking_weight / (k + rank)
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))
