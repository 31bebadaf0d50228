"""What the figures must not fall below, and what they should reach.

LIMITS are the measured quality less a margin: a miss is a step back, and fails the run. BARS are
what the search is meant to do; a bar that is not met yet is written down as such, never lowered.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

from embeddings.demo_model.captions import LANGUAGES
from search.evaluation.studies import Figures

LEAST_LIMITS = {
    "scenes/fused/all/nDCG@10": 0.97,
    "scenes/fused/en/nDCG@10": 0.975,
    "scenes/fused/zh/nDCG@10": 0.965,
    "scenes/fused/fr/nDCG@10": 0.98,
    "scenes/fused/de/nDCG@10": 0.96,
    "scenes/fused/es/nDCG@10": 0.96,
    "scenes/bm25/en/nDCG@10": 0.84,
    "scenes/text/all/nDCG@10": 0.965,
    "scenes/image/all/nDCG@10": 0.96,
    "foreign/letters/fused/empty": 0.985,
    "foreign/off_topic/fused/empty": 0.92,
    "roc/letters/text/score": 0.99,
    "roc/letters/image/score": 0.99,
    "roc/off_topic/text/score": 0.985,
    "roc/off_topic/image/score": 0.96,
    "absent/200/fused/empty": 0.84,
    "absent/200/dense/empty": 0.91,
    "misspelt/edited/fused/R@5": 0.96,
}
MOST_LIMITS = {
    "themes/fused/empty": 0.02,  # with galleries of 10,000
    "themes/image/empty": 0.03,
}


@dataclass(frozen=True)
class Bar:
    """An aim. value: of the figures; it should be at least, or at most, aim."""

    name: str
    value: Callable[[Figures], float]
    aim: float
    at_most: bool = False

    def is_met(self, figures: Figures) -> bool:
        value = self.value(figures)
        return value <= self.aim if self.at_most else value >= self.aim


def _fused_to_best_leg(figures: Figures) -> float:
    legs = (figures[f"scenes/{leg}/all/nDCG@10"] for leg in ("bm25", "text", "image"))
    return figures["scenes/fused/all/nDCG@10"] / max(legs)


def _worst_language(figures: Figures) -> float:
    values = {one: figures[f"scenes/fused/{one}/nDCG@10"] for one in LANGUAGES}
    return min(values.values()) / values["en"]


BARS = (
    Bar("random letters: empty page", lambda one: one["foreign/letters/fused/empty"], 0.97),
    Bar("off-topic sentences: empty page", lambda one: one["foreign/off_topic/fused/empty"], 0.93),
    Bar(
        "real queries of all galleries: wrongly empty",
        lambda one: one["themes/fused/empty"],
        0.03,
        at_most=True,
    ),
    Bar("nDCG@10, fused to best leg", _fused_to_best_leg, 1.0),
    Bar("nDCG@10, worst language to English", _worst_language, 0.95),
)


def missed(figures: Figures) -> list[str]:
    """Return a sentence for each limit that is missed; what was not measured is not judged."""
    found = []
    for limits, is_missed, word in (
        (LEAST_LIMITS, lambda value, limit: value < limit, "below"),
        (MOST_LIMITS, lambda value, limit: value > limit, "above"),
    ):
        for name, limit in limits.items():
            value = figures.get(name)
            if value is not None and (math.isnan(value) or is_missed(value, limit)):
                found.append(f"{name} is {value:.3f}, {word} the limit of {limit}")
    return found
