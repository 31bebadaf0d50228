"""Fusion and floor against what their definitions say."""

import random

import numpy as np
import pytest

from search.floor import kept
from search.fusion import reciprocal_rank_fusion


def brute_force(rankings, weights, k):
    ids = {one for ranking in rankings.values() for one in ranking}
    scores = {
        one: sum(
            weights[name] / (k + ranking.index(one) + 1)
            for name, ranking in rankings.items()
            if one in ranking
        )
        for one in ids
    }
    return sorted(scores.items(), key=lambda item: (-item[1], item[0]))


def test_fusion_equals_brute_force_on_random_rankings():
    chance = random.Random(5)
    for _ in range(200):
        rankings = {
            name: chance.sample(range(40), chance.randint(0, 30)) for name in ("a", "b", "c")
        }
        weights = {name: chance.choice([0.3, 0.5, 1.0]) for name in rankings}
        k = chance.choice([0, 10, 60])
        fused = reciprocal_rank_fusion(rankings, weights, k=k)
        slow = brute_force(rankings, weights, k)
        assert [one for one, _ in fused] == [one for one, _ in slow]
        assert [score for _, score in fused] == pytest.approx([score for _, score in slow])


def test_ties_go_to_the_smaller_id_and_weightless_rankings_count_nothing():
    assert reciprocal_rank_fusion({"a": [2], "b": [1], "c": [9]}, {"a": 1, "b": 1}, k=60) == [
        (1, 1 / 61),
        (2, 1 / 61),
    ]


def test_negative_k_is_refused():
    with pytest.raises(ValueError, match="k must not be negative"):
        reciprocal_rank_fusion({}, {}, k=-1)


def test_gate_closes_the_ranking_and_keep_cuts_it():
    for scores, close in (
        ([0.5, 0.3, 0.1], [True, True, False]),
        ([0.39, 0.3], [False, False]),
        ([], []),
    ):
        assert kept(np.array(scores), gate=0.4, keep=0.2).tolist() == close
