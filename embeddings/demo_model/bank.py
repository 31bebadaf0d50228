"""The neutral bank of an embedding space, and what its floor is calibrated on.

The bank is about 300 captions and 300 pictures of everything the small CLIP knows. Everything
here comes from the generator and its captions, disjoint from the held-out queries and from the
demo gallery.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

from PIL import Image

from embeddings.calibration import Asked, Material, Shown

from .captions import CALIBRATION_TEMPLATES, LANGUAGES, phrases, rows_of, templates, words, words_of
from .distractors import CALIBRATION_TOPICS, clutter, random_letters
from .scenes import SCENES, render

BANK_SIZE = 300  # captions, and pictures
BANK_SEEDS = 200_000  # other pictures than those of training, calibration and the demo
BANK_PICTURE = (120, 90)  # px
BANK_DETAIL = 96  # px, the smallest side drawn
CALIBRATION_SEEDS = 300_000
CALIBRATION_PICTURE = (240, 160)  # px
CALIBRATION_EACH = 6  # pictures a scene
MOST_TAGS = 3
RANDOM_TEXTS = 300


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


def calibration() -> Material:
    """Draw and write the calibration material; the same every time, in some ten seconds."""
    chance = random.Random(11)
    meanings = _meanings()
    shown = []
    for scene in SCENES:
        rows = phrases(scene)
        for turn in range(CALIBRATION_EACH):
            told = turn % len(rows)
            image = render(scene, *CALIBRATION_PICTURE, CALIBRATION_SEEDS + turn)
            text = _photo_text(scene, rows[told][0], chance)
            shown.append(Shown(image, text, theme=scene, phrase=meanings[scene, told]))
    return Material(shown, calibration_queries())


def _meanings() -> dict[tuple[str, int], int]:
    """Return the number of each scene's rows of phrases."""
    rows = [(scene, row) for scene in SCENES for row in range(len(phrases(scene)))]
    return {one: number for number, one in enumerate(rows)}


def calibration_queries() -> dict[str, list[Asked]]:
    """Write what calibration asks, by kind; the same every time."""
    chance = random.Random(12)
    frames = templates(CALIBRATION_TEMPLATES)

    def in_all_languages(row: Sequence[str]) -> list[str]:
        return [chance.choice(frames)[i].format(text) for i, text in enumerate(row)]

    meanings = _meanings()
    real = [
        Asked(text, number, frozenset([scene]))
        for (scene, row), number in meanings.items()
        for text in in_all_languages(phrases(scene)[row])
    ]
    real += [
        Asked(text, number, scenes)
        for number, (row, scenes) in enumerate(words(), start=len(meanings))
        for text in row
    ]
    off_topic = [
        Asked(text, number)
        for number, row in enumerate(rows_of(CALIBRATION_TOPICS))
        for text in in_all_languages(row)
    ]
    letters = [Asked(random_letters(chance), number) for number in range(RANDOM_TEXTS)]
    return {"real": real, "off_topic": off_topic, "letters": letters}


def _photo_text(scene: str, phrase: str, chance: random.Random) -> str:
    """Write a title and tags as a photographer may."""
    tags = [row[0] for row, _ in words_of(scene)]
    picked = sorted(chance.sample(tags, min(MOST_TAGS, len(tags))))
    return f"{phrase[0].upper()}{phrase[1:]}. {', '.join(picked)}."
