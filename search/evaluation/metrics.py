"""How good a ranking is, and how well scores tell two kinds of queries apart. Pure functions."""

import math
from collections.abc import Sequence

import numpy as np

BOOTSTRAP_ROUNDS = 1000
INTERVAL = (2.5, 97.5)  # percentiles: 95 %


def ndcg(relevance: Sequence[bool], relevant: int, depth: int) -> float:
    """Return the normalised discounted cumulative gain of the first `depth` results, 0 to 1.

    relevance: of each result, best first. relevant: how many right ones there are in all.
    Raises ValueError if there are none: such a query has no nDCG.
    Source: Järvelin, Kekäläinen, TOIS 2002, with gains of 0 and 1.
    """
    if relevant < 1:
        raise ValueError("nDCG needs at least one relevant photo")
    gain = sum(1 / math.log2(place + 2) for place, hit in enumerate(relevance[:depth]) if hit)
    return gain / sum(1 / math.log2(place + 2) for place in range(min(relevant, depth)))


def recall_at(relevance: Sequence[bool], depth: int) -> float:
    """Return 1.0 if a right photo is among the first `depth` results, else 0.0.

    R@k as papers on CLIP report it.
    """
    return float(any(relevance[:depth]))


def auc(real: np.ndarray, foreign: np.ndarray) -> float:
    """Return the area under the ROC curve: how often a real score is above a foreign one.

    Equal scores count half; .5 is chance. Raises ValueError when one kind is missing.
    """
    real, foreign = np.asarray(real), np.asarray(foreign)
    if not (real.size and foreign.size):
        raise ValueError("an AUC needs scores of both kinds")
    foreign = np.sort(foreign)
    below = np.searchsorted(foreign, real, "left")
    equal = np.searchsorted(foreign, real, "right") - below
    return float((below + equal / 2).mean() / foreign.size)


def auc_interval(real: np.ndarray, foreign: np.ndarray, seed: int = 0) -> tuple[float, float]:
    """Return the bootstrap 95 % interval of auc(); queries of both kinds are drawn anew."""
    chance = np.random.default_rng(seed)
    real, foreign = np.asarray(real), np.asarray(foreign)
    drawn = [
        auc(chance.choice(real, real.size), chance.choice(foreign, foreign.size))
        for _ in range(BOOTSTRAP_ROUNDS)
    ]
    low, high = np.percentile(drawn, INTERVAL)
    return float(low), float(high)


def mean(values: Sequence[float]) -> float:
    """Return the mean; nan of nothing."""
    return float(np.mean(values)) if len(values) else math.nan
