"""Choose the floor of a space on half of the labelled material, and measure it on the other.

A page is empty when both legs are. So their gates are chosen together, on galleries of several
sizes: those that answer the fewest foreign queries, while few real ones get an empty page, and
neither leg alone leaves many empty. Nothing is ever read off the photos of a site.
Pure functions, but for the encoder.
"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from PIL import Image

from embeddings.encoder import Encoder
from embeddings.levels import HALF, levels, normalised

Floor = dict[str, dict[str, float]]
Scores = dict[tuple[str, float], dict[str, np.ndarray]]  # by leg and share, then by kind
Cases = list[tuple[np.ndarray, np.ndarray]]  # a gallery, and the numbers of what is asked there

LEGS = ("image", "text")
SHARES = (0.0, HALF / 2, HALF)  # of the levels that may be taken off
LARGEST_MISSED = 0.02  # share of real queries that may get an empty page
LARGEST_MISSED_ALONE = 0.05  # share that one leg may leave empty: photos may have no words
STEPS = 26  # gates of the image leg that are tried
GALLERIES = {5: (2, 48), 17: (4, 24), 72: (12, 12)}  # by size: themes in each, and how many
GALLERIES_SEED = 12
ROUNDS = 500  # of the bootstrap
INTERVAL = (2.5, 97.5)  # percentiles: 95 %
CHOSEN_ON, HELD_OUT = 0, 1  # halves


@dataclass(frozen=True)
class Shown:
    """A photo with its text. theme: what it shows; phrase: the meaning that its text repeats."""

    image: Image.Image
    text: str
    theme: str
    phrase: int


@dataclass(frozen=True)
class Asked:
    """A query. meaning: a number, the same in all languages; themes: that answer it."""

    text: str
    meaning: int
    themes: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Material:
    """asked: by kind, "real" queries and those that nothing answers, "off_topic" and "letters"."""

    shown: list[Shown]
    asked: dict[str, list[Asked]]


@dataclass(frozen=True)
class Measure:
    """How often a kind of query got an empty page; low, high: 95 % interval, by meanings.

    size: photos of the galleries.
    """

    kind: str
    size: int
    queries: int
    empty: float
    low: float
    high: float


def calibrate(
    material: Material, encoder: Encoder, captions: np.ndarray, pictures: np.ndarray
) -> tuple[Floor, list[Measure]]:
    """Return the floor, {"image": {"share", "gate", "keep"}, "text": {...}}, and what it is worth.

    captions, pictures: the banks of the space, (n, dimensions) float32. A leg is empty when its
    best s is under gate, else it keeps s >= keep; share: see embeddings.levels.normalised. It is
    chosen on the even meanings and measured on the odd ones. Takes some seconds.
    """
    scores = _scores(material, encoder, captions, pictures)
    floor = choose(material, scores)
    measures = []
    for size in GALLERIES:
        for kind, cases in _cases(material, size, HELD_OUT).items():
            empty = np.all(
                [
                    _best(scores[leg, floor[leg]["share"]], kind, cases) < floor[leg]["gate"]
                    for leg in LEGS
                ],
                axis=0,
            )
            low, high = _interval(empty, _meanings(material, kind, cases))
            measures.append(Measure(kind, size, len(empty), float(empty.mean()), low, high))
    return floor, measures


def choose(material: Material, scores: Scores) -> Floor:
    """Choose shares, gates and keeps on the half that is there for it.

    Every size of gallery and every kind of foreign query counts the same; no size may miss more
    than it may.
    """
    cases = {size: _cases(material, size, CHOSEN_ON) for size in GALLERIES}
    best = {
        key: [
            {kind: _best(by_kind, kind, asked) for kind, asked in some.items()}
            for some in cases.values()
        ]
        for key, by_kind in scores.items()
    }
    found = []
    for image_share, text_share in product(SHARES, SHARES):
        sizes = list(zip(best["image", image_share], best["text", text_share], strict=True))
        for gates in _gates([(image["real"], text["real"]) for image, text in sizes]):
            answered = [
                np.mean((image[kind] >= gates[0]) | (text[kind] >= gates[1]))
                for image, text in sizes
                for kind in image.keys() - {"real"}
            ]
            found.append((float(np.mean(answered)), (image_share, text_share), gates))
    _, shares, gates = min(found)
    return {
        leg: {
            "share": share,
            "gate": round(gate, 4),
            "keep": round(min(_keep(material, scores[leg, share]["real"]), gate), 4),
        }
        for leg, share, gate in zip(LEGS, shares, gates, strict=True)
    }


def _gates(sizes: Sequence[tuple[np.ndarray, np.ndarray]]) -> Iterable[tuple[float, float]]:
    """Return gates of both legs that miss no more of the real queries than they may.

    sizes: best s of the same real queries by image and by text, in galleries of each size.
    """
    highest = min(float(np.quantile(text, LARGEST_MISSED_ALONE)) for _, text in sizes)
    for missed in np.linspace(0, LARGEST_MISSED_ALONE, STEPS):
        gate = min(float(np.quantile(image, missed)) for image, _ in sizes)
        text_gate = highest
        for image, text in sizes:
            lost, allowed = np.sort(text[image < gate]), int(LARGEST_MISSED * len(text))
            if len(lost) > allowed:
                text_gate = min(text_gate, float(lost[allowed]))
        yield gate, text_gate


def _keep(material: Material, real: np.ndarray) -> float:
    """Return the s from which photos are best called close (F1), over all photos."""
    asked = material.asked["real"]
    half = np.array([one.meaning % 2 == CHOSEN_ON for one in asked])
    relevant, scores = _relevant(material)[half], real[half]
    candidates = np.linspace(*np.quantile(scores[relevant], (0, 1)), 200)
    kept = [scores >= one for one in candidates]
    f1 = [2 * (one & relevant).sum() / (one.sum() + relevant.sum()) for one in kept]
    return float(candidates[np.argmax(f1)])


def _scores(
    material: Material, encoder: Encoder, captions: np.ndarray, pictures: np.ndarray
) -> Scores:
    """Return s by leg and share, of each kind of query with every photo, (queries, photos)."""
    queries = {
        kind: encoder.encode_texts([one.text for one in asked])
        for kind, asked in material.asked.items()
    }
    # A photo whose text repeats the query's own phrase would make calibration too easy.
    same = np.equal.outer(
        [one.meaning for one in material.asked["real"]], [one.phrase for one in material.shown]
    )
    found = {}
    for leg, photos, bank in (
        ("image", encoder.encode_images([one.image for one in material.shown]), pictures),
        ("text", encoder.encode_texts([one.text for one in material.shown]), captions),
    ):
        photo_levels = levels(photos, captions)
        for share in SHARES:
            found[leg, share] = {
                kind: normalised(
                    vectors @ photos.T, photo_levels[None], levels(vectors, bank)[:, None], share
                )
                for kind, vectors in queries.items()
            }
            found[leg, share]["real"][same] = -np.inf
    return found


def _relevant(material: Material) -> np.ndarray:
    """Return which photos answer which real queries, (queries, photos)."""
    return np.array(
        [
            [one.theme in query.themes and one.phrase != query.meaning for one in material.shown]
            for query in material.asked["real"]
        ]
    )


def _galleries(shown: Sequence[Shown], size: int) -> list[np.ndarray]:
    """Return the photos of each gallery of a size, by number; each theme has one at least."""
    chance = random.Random(f"{GALLERIES_SEED} {size}")
    by_theme: dict[str, list[int]] = {}
    for number, photo in enumerate(shown):
        by_theme.setdefault(photo.theme, []).append(number)
    count, times = GALLERIES[size]
    found = []
    for _ in range(times):
        photos = [
            chance.sample(by_theme[one], len(by_theme[one]))
            for one in chance.sample(list(by_theme), count)
        ]
        first = [some[0] for some in photos]
        others = [one for some in photos for one in some[1:]]
        found.append(np.array(first + chance.sample(others, size - count)))
    return found


def _cases(material: Material, size: int, half: int) -> dict[str, Cases]:
    """Return what a half asks in each gallery, by kind; "absent": real where nothing answers."""
    numbers = {
        kind: np.array([i for i, one in enumerate(asked) if one.meaning % 2 == half])
        for kind, asked in material.asked.items()
    }
    real, relevant = numbers.pop("real"), _relevant(material)
    about = np.array(
        [[one.theme in query.themes for one in material.shown] for query in material.asked["real"]]
    )
    found = {kind: [] for kind in ("real", "absent", *numbers)}
    for gallery in _galleries(material.shown, size):
        found["real"].append((gallery, real[relevant[real][:, gallery].any(axis=1)]))
        found["absent"].append((gallery, real[~about[real][:, gallery].any(axis=1)]))
        for kind, asked in numbers.items():
            found[kind].append((gallery, asked))
    return found


def _best(by_kind: dict[str, np.ndarray], kind: str, cases: Cases) -> np.ndarray:
    scores = by_kind["real" if kind == "absent" else kind]
    return np.concatenate([scores[asked][:, gallery].max(axis=1) for gallery, asked in cases])


def _meanings(material: Material, kind: str, cases: Cases) -> np.ndarray:
    asked = material.asked["real" if kind == "absent" else kind]
    return np.array([asked[i].meaning for _, numbers in cases for i in numbers])


def _interval(values: np.ndarray, meanings: np.ndarray) -> tuple[float, float]:
    """Return the bootstrap interval of the mean; meanings are drawn, with all their queries."""
    _, group = np.unique(meanings, return_inverse=True)
    sums, counts = np.bincount(group, values), np.bincount(group)
    drawn = np.random.default_rng(0).integers(len(sums), size=(ROUNDS, len(sums)))
    low, high = np.percentile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), INTERVAL)
    return float(low), float(high)
