"""BM25 as Robertson and Zaragoza define it (The Probabilistic Relevance Framework, 2009).

Stored: a term's weight in a document without idf, made with the pinned average length.
At query time: idf from the document frequencies of the moment. Pure functions.
"""

import math
from collections.abc import Sequence

import numpy as np

K1 = 1.2
B = 0.75
GRAIN = 1.0  # every field weight is a multiple of it, and so is every term frequency
# How much one occurrence counts, by field.
FIELD_WEIGHTS = {"title": 3.0, "tags": 2.0, "place": 2.0, "description": 1.0, "camera": 1.0}


def weight(term_frequency: float, length: float, average_length: float) -> float:
    """Return tf (k1 + 1) / (tf + k1 (1 - b + b length / average_length))."""
    norm = K1 * (1 - B + B * length / average_length)
    return term_frequency * (K1 + 1) / (term_frequency + norm)


def term_frequency(weight: float, length: float, average_length: float) -> float:
    """Return the term frequency that `weight` made a weight of, to the nearest GRAIN.

    A weight is kept in single precision, which tells frequencies up to some hundreds apart;
    beyond, all of them weigh the same.
    """
    norm = K1 * (1 - B + B * length / average_length)
    frequency = weight * norm / max(K1 + 1 - weight, 1e-9)
    return max(GRAIN, round(frequency / GRAIN) * GRAIN)


def idf(documents: int, document_frequency: int) -> float:
    """Return ln(1 + (N - df + 0.5) / (df + 0.5)): never negative (Lucene's form)."""
    document_frequency = min(document_frequency, documents)
    return math.log(1 + (documents - document_frequency + 0.5) / (document_frequency + 0.5))


def scores(
    groups: Sequence[tuple[float, Sequence[np.ndarray]]], least_coverage: float
) -> tuple[np.ndarray, np.ndarray]:
    """Score all documents that cover enough of the query: term at a time, exact.

    groups: of each query word its idf and the postings of its forms, arrays with the fields number,
    ascending, and weight. least_coverage: sum of the idf of words that a document must have, above
    0. Returns (numbers, scores), ascending by number: the sum over words of idf times the best
    form's weight.
    """
    size = 1 + max((int(one["number"][-1]) for _, forms in groups for one in forms), default=-1)
    total, covered, best = np.zeros(size), np.zeros(size), np.zeros(size)
    for idf_of_word, forms in groups:
        held_by = [postings["number"].astype(np.int64) for postings in forms]
        for numbers, postings in zip(held_by, forms, strict=True):
            best[numbers] = np.maximum(best[numbers], postings["weight"])
        for numbers in held_by:
            held = best[numbers]
            total[numbers] += idf_of_word * held
            covered[numbers] += idf_of_word * (held > 0)
            best[numbers] = 0  # another form's documents count once
    found = np.flatnonzero(covered >= least_coverage)
    return found, total[found]
