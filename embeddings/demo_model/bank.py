"""The neutral bank and the floor of an embedding space.

The bank is about 300 captions and 300 pictures of everything the small CLIP knows. The level
A of a vector is its mean + deviation of cosines over a bank; the floor keeps a photo when
s = cosine - (A_photo + A_query) / 2 is high enough. Everything here comes from the generator
and its captions, disjoint from the held-out queries and from the demo gallery.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

import numpy as np
from PIL import Image

from embeddings.encoder import Encoder
from embeddings.levels import half_normalised, levels

from .captions import CALIBRATION_TEMPLATES, LANGUAGES, phrases, rows_of, templates, words
from .distractors import CALIBRATION_TOPICS, clutter, random_letters
from .scenes import SCENES, render
from .stories import stories

BANK_SIZE = 300  # captions, and pictures
BANK_SEEDS = 200_000  # other pictures than those of training, calibration and the demo
BANK_PICTURE = (120, 90)  # px
BANK_DETAIL = 96  # px, the smallest side drawn
CALIBRATION_SEEDS = 300_000
CALIBRATION_PICTURE = (240, 160)  # px
CALIBRATION_EACH = 3  # pictures a scene, as in the demo gallery
RANDOM_TEXTS = 120
MISSED_COST = 4.0  # a real query left empty costs so many times a foreign query answered
LARGEST_MISSED = 0.02  # share of real calibration queries that may be left empty


@dataclass(frozen=True)
class Calibration:
    """Labelled material: photos with a text, queries, and queries that should find nothing."""

    images: list[Image.Image]
    photo_texts: list[str]
    photo_scenes: list[str]
    queries: list[str]
    query_scenes: list[frozenset[str]]
    foreign: list[str]


def bank_captions() -> list[str]:
    """Return BANK_SIZE neutral captions in all languages, all scenes alike."""
    captions = []
    scenes = list(SCENES)
    each = BANK_SIZE // len(scenes)
    for number, scene in enumerate(scenes):
        rows = phrases(scene)
        for turn in range(each):
            row = rows[turn % len(rows)]
            captions.append(row[(turn + turn // len(rows) + number) % len(LANGUAGES)])
    rest = random.Random(3).sample(words(), BANK_SIZE - len(captions))
    captions += [row[i % len(LANGUAGES)] for i, (row, _) in enumerate(rest)]
    return captions


def bank_images() -> list[Image.Image]:
    """Draw BANK_SIZE small neutral pictures, all scenes alike; takes a few seconds."""
    scenes = list(SCENES)
    each = BANK_SIZE // len(scenes)
    pictures = [
        render(scene, *BANK_PICTURE, BANK_SEEDS + turn, smallest_side=BANK_DETAIL)
        for scene in scenes
        for turn in range(each)
    ]
    pictures += [clutter(*BANK_PICTURE, BANK_SEEDS + i) for i in range(BANK_SIZE - len(pictures))]
    return pictures


def calibration() -> Calibration:
    """Draw and write the calibration material; the same every time."""
    chance = random.Random(11)
    frames = templates(CALIBRATION_TEMPLATES)
    images, photo_texts, photo_scenes, queries, query_scenes = [], [], [], [], []
    for scene in SCENES:
        for turn in range(CALIBRATION_EACH):
            images.append(render(scene, *CALIBRATION_PICTURE, CALIBRATION_SEEDS + turn))
            photo_texts.append(stories(scene)[turn % len(stories(scene))].text)
            photo_scenes.append(scene)
        for row in phrases(scene):
            for i in range(len(LANGUAGES)):
                queries.append(chance.choice(frames)[i].format(row[i]))
                query_scenes.append(frozenset([scene]))
    for row, scenes in words():
        queries += list(row)
        query_scenes += [scenes] * len(row)
    foreign = [text for row in rows_of(CALIBRATION_TOPICS) for text in row]
    foreign += [random_letters(chance) for _ in range(RANDOM_TEXTS)]
    return Calibration(images, photo_texts, photo_scenes, queries, query_scenes, foreign)


def floor_scores(
    queries: np.ndarray, photos: np.ndarray, photo_levels: np.ndarray, query_bank: np.ndarray
) -> np.ndarray:
    """Return s of every query with every photo, (queries, photos)."""
    query_levels = levels(queries, query_bank)
    return half_normalised(queries @ photos.T, photo_levels[None, :], query_levels[:, None])


def calibrate_floor(
    encoder: Encoder, captions: np.ndarray, pictures: np.ndarray
) -> dict[str, dict[str, float]]:
    """Measure the thresholds of a space: {"image": {"gate", "keep"}, "text": {...}}.

    captions, pictures: the vectors of bank_captions() and bank_images() in the space. A leg is
    empty when its best s is under gate, else it keeps s >= keep. Takes some seconds.
    """
    material = calibration()
    queries = encoder.encode_texts(material.queries)
    foreign = encoder.encode_texts(material.foreign)
    relevant = np.array(
        [[scene in scenes for scene in material.photo_scenes] for scenes in material.query_scenes]
    )
    floor = {}
    for leg, photos, query_bank in (
        ("image", encoder.encode_images(material.images), pictures),
        ("text", encoder.encode_texts(material.photo_texts), captions),
    ):
        photo_levels = levels(photos, captions)
        real = floor_scores(queries, photos, photo_levels, query_bank)
        strange = floor_scores(foreign, photos, photo_levels, query_bank)
        floor[leg] = thresholds(real, relevant, strange)
    return floor


def thresholds(real: np.ndarray, relevant: np.ndarray, foreign: np.ndarray) -> dict[str, float]:
    """Choose gate and keep from scores.

    real: (queries, photos) s, relevant: the same shape, True where the photo answers;
    foreign: (queries, photos) s of queries that no photo answers. A real query is also asked
    without its photos, as an absent theme.
    """
    best = np.where(relevant, real, -np.inf).max(axis=1)
    strange = foreign.max(axis=1)
    absent = np.where(relevant, -np.inf, real).max(axis=1)
    candidates = np.linspace(min(best.min(), strange.min()), best.max(), 400)
    missed = (best[None, :] < candidates[:, None]).mean(axis=1)
    answered = (
        (strange[None, :] >= candidates[:, None]).mean(axis=1)
        + (absent[None, :] >= candidates[:, None]).mean(axis=1)
    ) / 2
    gate = middle_of_best(candidates, MISSED_COST * missed + answered)
    gate = min(gate, float(np.quantile(best, LARGEST_MISSED)))
    kept = real[None] >= candidates[:, None, None]
    hits = (kept & relevant).sum(axis=(1, 2))
    f1 = 2 * hits / (kept.sum(axis=(1, 2)) + relevant.sum())
    keep = min(middle_of_best(candidates, -f1), gate)
    return {"gate": round(gate, 4), "keep": round(keep, 4)}


def middle_of_best(candidates: np.ndarray, costs: np.ndarray, slack: float = 0.003) -> float:
    """Return the middle of the candidates that cost least, give or take `slack`."""
    return float(np.median(candidates[costs <= costs.min() + slack]))
