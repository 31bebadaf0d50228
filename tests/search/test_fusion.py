"""Reciprocal rank fusion against the definition."""

import random

import pytest

from search.fusion import reciprocal_rank_fusion


def brute_force(rankings, weights, k):
    """Apply the definition to every id on its own."""
    ids = {one for ranking in rankings.values() for one in ranking}
    scores = {}
    for one in ids:
        scores[one] = sum(
            weights.get(name, 0.0) / (k + ranking.index(one) + 1)
            for name, ranking in rankings.items()
            if one in ranking
        )
    return sorted(
        ((one, score) for one, score in scores.items() if score), key=lambda x: (-x[1], x[0])
    )


@pytest.mark.parametrize("seed", range(20))
def test_like_brute_force(seed):
    chance = random.Random(seed)
    rankings = {
        name: chance.sample(range(40), chance.randrange(30)) for name in ("bm25", "text", "image")
    }
    weights = {name: chance.choice([0.0, 0.5, 1.0, 2.0]) for name in rankings}
    k = chance.choice([0, 1, 60])
    fused = reciprocal_rank_fusion(rankings, weights, k=k)
    expected = brute_force(rankings, weights, k)
    assert dict(fused) == pytest.approx(dict(expected))
    assert all(left[1] >= right[1] for left, right in zip(fused, fused[1:], strict=False))


def test_ties_go_to_the_smaller_id():
    fused = reciprocal_rank_fusion({"a": [2, 1], "b": [1, 2]}, {"a": 1.0, "b": 1.0}, k=60)
    assert [one for one, _ in fused] == [1, 2]


def test_a_ranking_without_a_weight_counts_nothing():
    assert reciprocal_rank_fusion({"a": [1], "b": [2]}, {"a": 1.0}, k=60) == [(1, 1 / 61)]


def test_negative_k_is_refused():
    with pytest.raises(ValueError, match="k"):
        reciprocal_rank_fusion({}, {}, k=-1)
