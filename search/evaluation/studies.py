"""What is measured. Every study returns figures by name, such as "scenes/fused/en/nDCG@10"."""

import json
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import numpy as np
from PIL import Image

from embeddings.demo_model.captions import LANGUAGES, Query
from embeddings.demo_model.scenes import SCENES
from embeddings.reconcile import PIXELS_WIDTH
from search.evaluation import material
from search.evaluation.gallery import (
    DENSE_LEGS,
    FUSED,
    LEGS,
    Exhibit,
    Gallery,
    Nearest,
    Visitor,
    exhibit,
)
from search.evaluation.metrics import auc, auc_interval, mean, ndcg, recall_at

Figures = dict[str, float]

ALL = "all"  # languages
RANKINGS = (*LEGS, FUSED)
NDCG_DEPTH = 10
RECALL_DEPTHS = (1, 5, 10)
PICTURES_A_SCENE = 3  # as in the demo gallery
MISSPELT_DEPTH = 5
ASKED_EACH = 10  # queries about a theme of a gallery, of all languages alike
MISSED = 0.03  # share of real queries that a leg may leave empty, where foreign ones are compared
ABSENT_EACH = 3  # themes a gallery does not show that are asked for
THEMES_SEED = 505
# Galleries by size: shares of their themes in percent, and how many such galleries. Each time
# the themes move on; together they fill the wall.
MIXES = {
    5: [((60, 30), 24)],
    17: [((60, 30, 10), 24)],
    200: [((60, 30, *[1] * 10), 8), ((30, *[10] * 7), 8)],
}
FULL_MIXES = {10_000: [((60, 30, *[1] * 9, *[0.1] * 10), 2), ((30, *[10] * 7), 1)]}


@dataclass(frozen=True)
class Answer:
    """What the engine found for a labelled query."""

    query: Query
    rankings: dict[str, list[UUID]]


def hang_scenes(gallery: Gallery, vectors: np.ndarray) -> None:
    """Hang every picture of every scene, with the words of the demo gallery."""
    gallery.hang([exhibit(scene, i, vectors) for scene in SCENES for i in range(vectors.shape[1])])


def answers(visitor: Visitor, queries: Sequence[Query]) -> list[Answer]:
    visitor.prepare(query.text for query in queries)
    return [Answer(query, visitor.rankings(query.text)) for query in queries]


def relevance(ranking: Iterable[UUID], labels: dict[UUID, str], wanted: str) -> list[bool]:
    return [labels[photo_id] == wanted for photo_id in ranking]


def scenes(answered: Sequence[Answer], labels: dict[UUID, str]) -> Figures:
    """Measure how well each ranking, cut by the floor as the engine cuts it, finds the scene."""
    figures = {}
    present = list(labels.values())
    for name in RANKINGS:
        for language in (*LANGUAGES, ALL):
            found = [
                (
                    relevance(one.rankings[name], labels, one.query.scene),
                    present.count(one.query.scene),
                )
                for one in answered
                if language in (one.query.language, ALL)
            ]
            place = f"scenes/{name}/{language}"
            figures[f"{place}/nDCG@{NDCG_DEPTH}"] = mean(
                [ndcg(hits, relevant, NDCG_DEPTH) for hits, relevant in found]
            )
            for depth in RECALL_DEPTHS:
                figures[f"{place}/R@{depth}"] = mean([recall_at(hits, depth) for hits, _ in found])
            figures[f"{place}/empty"] = mean([not hits for hits, _ in found])
    return figures


def foreign(visitor: Visitor, kinds: dict[str, list[str]]) -> Figures:
    """Measure how often texts that nothing in the gallery shows get an empty page, by kind."""
    figures = {}
    for kind, texts in kinds.items():
        visitor.prepare(texts)
        found = [visitor.rankings(text) for text in texts]
        figures[f"foreign/{kind}/queries"] = len(texts)
        for name in RANKINGS:
            figures[f"foreign/{kind}/{name}/empty"] = mean([not one[name] for one in found])
    return figures


def floor_roc(visitor: Visitor, queries: Sequence[Query], kinds: dict[str, list[str]]) -> Figures:
    """Measure how well the best s of a gallery, or the best cosine, tells real from foreign.

    queries: none that tuning may look at. Of the foreign texts every other one is taken.
    """
    real = [visitor.nearest(query.text) for query in queries]
    figures = {"roc/real/queries": float(len(real))}
    for kind, texts in kinds.items():
        strange = [visitor.nearest(text) for text in texts[1::2]]
        figures[f"roc/{kind}/queries"] = len(strange)
        for leg in DENSE_LEGS:
            for measure in ("score", "cosine"):
                kept = [_values([one[leg] for one in side], measure) for side in (real, strange)]
                place = f"roc/{kind}/{leg}/{measure}"
                low, high = auc_interval(*kept)
                cut = np.quantile(kept[0], MISSED)
                figures |= {
                    place: auc(*kept),
                    f"{place}/low": low,
                    f"{place}/high": high,
                    f"{place}/empty": float((kept[1] < cut).mean()),
                }
    return figures


def _values(nearest: Iterable[Nearest], measure: str) -> np.ndarray:
    return np.array([getattr(one, measure) for one in nearest])


def misspellings(visitor: Visitor, labels: dict[UUID, str]) -> Figures:
    """Measure how often a query with one random edit finds its scene, beside the same unedited."""
    pairs = material.misspelt()
    visitor.prepare(text for _, text in pairs)
    found = {
        "edited": [(query, visitor.rankings(text)) for query, text in pairs],
        "intact": [(query, visitor.rankings(query.text)) for query, _ in pairs],
    }
    figures = {"misspelt/queries": float(len(pairs))}
    for kind, asked in found.items():
        for name in RANKINGS:
            figures[f"misspelt/{kind}/{name}/R@{MISSPELT_DEPTH}"] = mean(
                [
                    recall_at(relevance(one[name], labels, query.scene), MISSPELT_DEPTH)
                    for query, one in asked
                ]
            )
    return figures


def photographs(gallery: Gallery, visitor: Visitor, folder: Path) -> Figures:
    """Measure how often a caption finds its photograph; the gallery is replaced by the folder's.

    folder: pictures, and photos.json: [{"file", "title", "description", "tags", "captions": {
    language: text}}].
    """
    described = json.loads((folder / "photos.json").read_text())
    pictures = [_opened(folder / one["file"]) for one in described]
    gallery.hang(
        [
            Exhibit(one["file"], vector, one["title"], one["description"], tuple(one["tags"]))
            for one, vector in zip(described, gallery.encoder.encode_images(pictures), strict=True)
        ]
    )
    figures = {"photographs/photos": float(len(described))}
    languages = described[0]["captions"]
    visitor.prepare(text for one in described for text in one["captions"].values())
    for language in languages:
        found = [(one["file"], visitor.rankings(one["captions"][language])) for one in described]
        for name in ("bm25", FUSED):
            hits = [relevance(one[name], gallery.labels, file) for file, one in found]
            for depth in RECALL_DEPTHS[:2]:
                place = f"photographs/{name}/{language}/R@{depth}"
                figures[place] = mean([recall_at(one, depth) for one in hits])
    return figures


def _opened(path: Path) -> Image.Image:
    with Image.open(path) as picture:
        picture = picture.convert("RGB")
        picture.thumbnail((PIXELS_WIDTH, PIXELS_WIDTH))
        return picture


@dataclass(frozen=True)
class Mixture:
    """A gallery of a size. shares: theme -> percent; absent: themes to ask for in vain."""

    size: int
    shares: dict[str, float]
    absent: list[str]

    @property
    def photos(self) -> list[tuple[str, int]]:
        """Return (theme, number) of every photo, in a mixed order: an index is built by it."""
        # Half a photo is one: 30 % of five are two.
        counts = {theme: int(self.size * share / 100 + 0.5) for theme, share in self.shares.items()}
        photos = [(theme, number) for theme, count in counts.items() for number in range(count)]
        random.Random(THEMES_SEED).shuffle(photos)
        return photos


def mixtures(size: int, mixes: Sequence[tuple[Sequence[float], int]]) -> list[Mixture]:
    """Return galleries of one size; their themes take turns."""
    found = []
    themes = list(SCENES)
    random.Random(THEMES_SEED).shuffle(themes)
    for shares, count in mixes:
        for turn in range(count):
            start = turn * len(themes) // count
            turned = themes[start:] + themes[:start]
            shown = dict(zip(turned, shares, strict=False))
            found.append(Mixture(size, shown, turned[len(shown) :][:ABSENT_EACH]))
    return found


@dataclass(frozen=True)
class Outcome:
    """One query asked in one gallery. share: of its theme in percent, 0 when absent."""

    share: float
    is_empty: bool
    image_is_empty: bool
    dense_is_empty: bool
    nearest: Nearest


def themes(
    gallery: Gallery,
    visitor: Visitor,
    vectors: np.ndarray,
    mixes: dict[int, list],
    report: Callable[[str], None],
) -> Figures:
    """Measure emptiness by the size of a gallery and the share of a theme in it.

    vectors: (scenes, pictures, dimensions); a theme that needs more begins anew.
    """
    by_scene = {scene: [] for scene in SCENES}
    for query in material.real_queries():
        by_scene[query.scene].append(query)
    chance = random.Random(THEMES_SEED)
    figures, everything = {}, []
    for size, kinds in mixes.items():
        outcomes = []
        for mixture in mixtures(size, kinds):
            gallery.hang([exhibit(theme, i, vectors) for theme, i in mixture.photos])
            for theme, share in (mixture.shares | dict.fromkeys(mixture.absent, 0.0)).items():
                for query in _some(by_scene[theme], chance):
                    outcomes.append(_outcome(visitor, query, share))
        report(f"galleries of {size}: {len(outcomes)} queries")
        figures |= _by_share(size, outcomes) | _absent(size, outcomes)
        everything += [one for one in outcomes if one.share]
    figures["themes/queries"] = len(everything)
    figures["themes/fused/empty"] = mean([one.is_empty for one in everything])
    figures["themes/image/empty"] = mean([one.image_is_empty for one in everything])
    return figures


def _some(queries: Sequence[Query], chance: random.Random) -> list[Query]:
    """Draw ASKED_EACH of a theme's queries, of all languages alike."""
    each = ASKED_EACH // len(LANGUAGES)
    return [
        query
        for language in LANGUAGES
        for query in chance.sample([one for one in queries if one.language == language], each)
    ]


def _outcome(visitor: Visitor, query: Query, share: float) -> Outcome:
    is_empty = {leg: visitor.finds_nothing(query.text, leg) for leg in (FUSED, *DENSE_LEGS)}
    return Outcome(
        share=share,
        is_empty=is_empty[FUSED],
        image_is_empty=is_empty["image"],
        dense_is_empty=all(is_empty[leg] for leg in DENSE_LEGS),
        nearest=visitor.nearest(query.text)["image"],
    )


def _by_share(size: int, outcomes: Sequence[Outcome]) -> Figures:
    figures = {}
    for share in sorted({one.share for one in outcomes if one.share}):
        asked = [one for one in outcomes if one.share == share]
        place = f"themes/{size}/{share:g}"
        figures[f"{place}/queries"] = len(asked)
        figures[f"{place}/fused/empty"] = mean([one.is_empty for one in asked])
        figures[f"{place}/image/empty"] = mean([one.image_is_empty for one in asked])
    return figures


def _absent(size: int, outcomes: Sequence[Outcome]) -> Figures:
    """Measure absent themes, beside plain cosine cut where it leaves as many real queries empty."""
    real = [one for one in outcomes if one.share]
    absent = [one for one in outcomes if not one.share]
    missed = mean([one.dense_is_empty for one in real])
    cosines, foreign_cosines = (
        _values([one.nearest for one in side], "cosine") for side in (real, absent)
    )
    cut = np.quantile(cosines, missed)
    place = f"absent/{size}"
    return {
        f"{place}/queries": len(absent),
        f"{place}/real_empty": missed,
        f"{place}/fused/empty": mean([one.is_empty for one in absent]),
        f"{place}/dense/empty": mean([one.dense_is_empty for one in absent]),
        f"{place}/cosine/empty": float((foreign_cosines < cut).mean()),
        f"{place}/cosine/auc": auc(cosines, foreign_cosines),
    }
