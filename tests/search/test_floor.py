"""Where results stop."""

import pytest

from search import floor


def test_half_of_both_levels_is_taken_off():
    assert floor.above(0.5, 0.2, 0.4) == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([], []),
        ([0.39, 0.35], [False, False]),  # nothing reaches the gate
        ([0.40, 0.35, 0.29], [True, True, False]),
        ([0.31, 0.45], [True, True]),  # the best need not be the first by cosine
    ],
)
def test_gate_opens_and_keep_cuts(scores, expected):
    assert floor.kept(scores, gate=0.4, keep=0.3) == expected
