"""Measure a trained folder on held-out queries: `python -m embeddings.demo_model.evaluate`.

Renders nobody trained on, phrases and templates kept out of training; the measured table
replaces the one in README.md with --write.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from embeddings.banks import make_banks
from embeddings.encoder import Encoder
from embeddings.levels import levels, normalised
from embeddings.torch_encoder import TorchEncoder

from .captions import LANGUAGES, held_out, rows_of
from .distractors import random_letters
from .scenes import SCENES, render
from .stories import stories

HERE = Path(__file__).parent
EVALUATION_SEEDS = 400_000
PICTURE = (640, 427)  # px, as the site encodes
EACH = 3  # pictures a scene
FOREIGN = """
    red ladybird|红色瓢虫|coccinelle rouge|roter Marienkäfer|mariquita roja
    income statement|损益表|compte de résultat|Gewinnrechnung|cuenta de resultados
    violin teacher|小提琴老师|professeur de violon|Geigenlehrer|profesor de violín
    vaccination card|疫苗接种卡|carnet de vaccination|Impfpass|cartilla de vacunación
    roast chicken|烤鸡|poulet rôti|Brathähnchen|pollo asado
    sewing machine|缝纫机|machine à coudre|Nähmaschine|máquina de coser
    giraffe|长颈鹿|girafe|Giraffe|jirafa
    broken laptop screen|笔记本屏幕破裂|écran d'ordinateur cassé|kaputter Bildschirm|pantalla rota
    tennis racket|网球拍|raquette de tennis|Tennisschläger|raqueta de tenis
    old manuscript|古老手稿|vieux manuscrit|alte Handschrift|manuscrito antiguo
"""
BEGIN, END = "<!-- measured -->", "<!-- /measured -->"


@dataclass(frozen=True)
class Gallery:
    """Photos nobody trained on, encoded: EACH of every scene. Vectors are (photos, dim)."""

    labels: np.ndarray
    images: np.ndarray
    texts: np.ndarray


def draw_gallery(encoder: Encoder) -> Gallery:
    pictures = [
        render(scene, *PICTURE, EVALUATION_SEEDS + turn, variant=turn)
        for scene in SCENES
        for turn in range(EACH)
    ]
    texts = [story.text for scene in SCENES for story in stories(scene)]
    return Gallery(
        labels=np.repeat(list(SCENES), EACH),
        images=encoder.encode_images(pictures),
        texts=encoder.encode_texts(texts),
    )


def order(vectors: np.ndarray, photos: np.ndarray) -> np.ndarray:
    """Return photo numbers for each vector, nearest first, (vectors, photos)."""
    return np.argsort(-(vectors @ photos.T), axis=1)


def recall_table(gallery: Gallery, queries: dict[str, list], vectors: dict) -> list[str]:
    rows: dict[str, list[str]] = {}
    for language, asked in queries.items():
        wanted = np.array([query.scene for query in asked])[:, None]
        by_image = gallery.labels[order(vectors[language], gallery.images)] == wanted
        by_text = gallery.labels[order(vectors[language], gallery.texts)] == wanted
        for name, value in (
            ("text to image R@1", by_image[:, 0].mean()),
            ("text to image R@5", by_image[:, :5].any(axis=1).mean()),
            ("text to photo text R@1", by_text[:, 0].mean()),
        ):
            rows.setdefault(name, []).append(f"{value:.3f}")
    return [
        "| | " + " | ".join(LANGUAGES) + " |",
        "|---" * (len(LANGUAGES) + 1) + "|",
        *(f"| {name} | " + " | ".join(values) + " |" for name, values in rows.items()),
    ]


def language_table(gallery: Gallery, queries: dict[str, list], vectors: dict) -> list[str]:
    lines = [
        "| languages | text to text R@1 | Jaccard of the ten nearest images |",
        "|---|---|---|",
    ]
    for one, two in itertools.combinations(LANGUAGES, 2):
        nearest = order(vectors[one], vectors[two])[:, 0]
        same = np.mean(
            [queries[one][i].scene == queries[two][j].scene for i, j in enumerate(nearest)]
        )
        tops = [order(vectors[language], gallery.images)[:, :10] for language in (one, two)]
        shared = [len({*a} & {*b}) / len({*a} | {*b}) for a, b in zip(*tops, strict=True)]
        lines.append(f"| {one}, {two} | {same:.3f} | {np.mean(shared):.3f} |")
    return lines


def floor_table(encoder: Encoder, gallery: Gallery) -> list[str]:
    """Measure how often each leg answers texts that nothing in the gallery shows."""
    banks = make_banks(encoder)
    captions, pictures = banks.captions.astype(np.float32), banks.images.astype(np.float32)
    chance = random.Random(99)
    foreign = {
        "off-topic sentences": [text for row in rows_of(FOREIGN) for text in row],
        "random letters": [random_letters(chance) for _ in range(100)],
    }
    lines = [
        "| should find nothing | image leg empty | text leg empty | both empty |",
        "|---|---|---|---|",
    ]
    for name, texts in foreign.items():
        vectors = encoder.encode_texts(texts)
        empty = []
        for leg, photos, bank in (
            ("image", gallery.images, pictures),
            ("text", gallery.texts, captions),
        ):
            limits = banks.floor[leg]
            scores = normalised(
                vectors @ photos.T, levels(photos, captions)[None], levels(vectors, bank)[:, None],
                limits["share"],
            )  # fmt: skip
            empty.append(scores.max(axis=1) < limits["gate"])
        shares = " | ".join(f"{one.mean():.3f}" for one in (*empty, empty[0] & empty[1]))
        lines.append(f"| {name} ({len(texts)}) | {shares} |")
    return [*lines, "", f"Floor: {banks.floor}"]


def measure(folder: Path, per_language: int = 200) -> str:
    """Evaluate a folder; return a report in Markdown."""
    encoder = TorchEncoder(str(folder), str(folder))
    gallery = draw_gallery(encoder)
    everything = held_out(per_language)
    queries = {
        language: [query for query in everything if query.language == language]
        for language in LANGUAGES
    }
    vectors = {
        language: encoder.encode_texts([query.text for query in asked])
        for language, asked in queries.items()
    }
    tables = (
        recall_table(gallery, queries, vectors),
        language_table(gallery, queries, vectors),
        floor_table(encoder, gallery),
    )
    return "\n\n".join("\n".join(table) for table in tables)


def main(arguments: list[str]) -> None:
    """Print the report; with --write, put it into README.md."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, nargs="?", default=HERE / "model")
    parser.add_argument("--write", action="store_true", help="replace the table in README.md")
    options = parser.parse_args(arguments)
    report = measure(options.folder.resolve())
    print(report)
    if options.write:
        readme = HERE / "README.md"
        before, _, rest = readme.read_text().partition(BEGIN)
        after = rest.partition(END)[2]
        readme.write_text(f"{before}{BEGIN}\n{report}\n{END}{after}")


if __name__ == "__main__":
    main(sys.argv[1:])
