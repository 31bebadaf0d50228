"""Measure a trained folder on held-out queries: `python -m embeddings.demo_model.evaluate`.

Renders nobody trained on, phrases and templates kept out of training; the measured table
replaces the one in README.md with --write.
"""

from __future__ import annotations

import argparse
import itertools
import random
import sys
from pathlib import Path

import numpy as np

from embeddings.torch_encoder import TorchEncoder

from .bank import bank_captions, bank_images, calibrate_floor, floor_scores, levels
from .captions import LANGUAGES, held_out, rows_of
from .distractors import random_letters
from .scenes import SCENES, render
from .stories import stories

HERE = Path(__file__).parent
EVALUATION_SEEDS = 400_000
PICTURE = (640, 427)  # px, as the site encodes
EACH = 3  # pictures a scene
SITE_WEIGHTS = {"text": 0.45, "image": 0.5}  # of the two dense rankings
RRF_K = 60
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


def ranking(scores: np.ndarray) -> list[int]:
    """Return photo numbers, best first, without those at -inf."""
    return [int(i) for i in np.argsort(-scores, kind="stable") if np.isfinite(scores[i])]


def through_floor(cosines: np.ndarray, s: np.ndarray, floor: dict[str, float]) -> np.ndarray:
    """Return cosines with what the floor removes at -inf, (queries, photos)."""
    kept = (s >= floor["keep"]) & (s.max(axis=1, keepdims=True) >= floor["gate"])
    return np.where(kept, cosines, -np.inf)


def fused(legs: list[tuple[float, list[int]]]) -> list[int]:
    """Merge rankings by weighted RRF."""
    score: dict[int, float] = {}
    for weight, photos in legs:
        for rank, photo in enumerate(photos, start=1):
            score[photo] = score.get(photo, 0.0) + weight / (RRF_K + rank)
    return sorted(score, key=lambda photo: (-score[photo], photo))


def jaccard(first: list[int], second: list[int]) -> float:
    """Return the overlap of two sets of photos; two empty ones agree."""
    either = set(first) | set(second)
    return len(set(first) & set(second)) / len(either) if either else 1.0


def measure(folder: Path, per_language: int = 200) -> str:
    """Evaluate a folder; return a report in Markdown."""
    encoder = TorchEncoder(str(folder), str(folder))
    labels = np.repeat(list(SCENES), EACH)
    images = encoder.encode_images(
        [
            render(scene, *PICTURE, EVALUATION_SEEDS + turn, variant=turn)
            for scene in SCENES
            for turn in range(EACH)
        ]
    )
    texts = encoder.encode_texts([story.text for scene in SCENES for story in stories(scene)])
    captions = encoder.encode_texts(bank_captions())
    pictures = encoder.encode_images(bank_images())
    floor = calibrate_floor(encoder)
    photo_levels = {"image": levels(images, captions), "text": levels(texts, captions)}

    def legs(vectors: np.ndarray) -> dict[str, np.ndarray]:
        kept = {}
        for leg, photos, bank in (("image", images, pictures), ("text", texts, captions)):
            s = floor_scores(vectors, photos, levels(vectors, bank), photo_levels[leg])
            kept[leg] = through_floor(vectors @ photos.T, s, floor[leg])
        return kept

    queries = held_out(per_language)
    vectors, results = {}, {}
    lines = ["| | " + " | ".join(LANGUAGES) + " |", "|---" * (len(LANGUAGES) + 1) + "|"]
    rows: dict[str, list[str]] = {}
    for language in LANGUAGES:
        asked = [query for query in queries if query.language == language]
        wanted = np.array([query.scene for query in asked])[:, None]
        vectors[language] = encoder.encode_texts([query.text for query in asked])
        plain = labels[np.argsort(-(vectors[language] @ images.T), axis=1)] == wanted
        by_text = labels[np.argsort(-(vectors[language] @ texts.T), axis=1)] == wanted
        kept = legs(vectors[language])
        results[language] = [
            fused([(SITE_WEIGHTS[leg], ranking(kept[leg][i])) for leg in kept])
            for i in range(len(asked))
        ]
        hits = [
            any(labels[p] == query.scene for p in found[:5])
            for query, found in zip(asked, results[language], strict=True)
        ]
        empty = [not found for found in results[language]]
        sizes = [len(found) for found in results[language]]
        for name, value in (
            ("text to image R@1", plain[:, 0].mean()),
            ("text to image R@5", plain[:, :5].any(axis=1).mean()),
            ("text to photo text R@1", by_text[:, 0].mean()),
            ("both legs with floor, hit@5", np.mean(hits)),
            ("both legs with floor, wrongly empty", np.mean(empty)),
            ("photos found, median (3 are right)", np.median(sizes)),
        ):
            rows.setdefault(name, []).append(f"{value:.3f}")
    lines += [f"| {name} | " + " | ".join(values) + " |" for name, values in rows.items()]
    lines += [
        "",
        "| languages | text to text R@1 | Jaccard of top 10, image cosine only | "
        "Jaccard of top 10, both legs with floor |",
        "|---|---|---|---|",
    ]
    meanings = {
        language: [(q.scene) for q in queries if q.language == language] for language in LANGUAGES
    }
    for one, two in itertools.combinations(LANGUAGES, 2):
        nearest = np.argmax(vectors[one] @ vectors[two].T, axis=1)
        same = np.mean([meanings[one][i] == meanings[two][j] for i, j in enumerate(nearest)])
        tops = [np.argsort(-(vectors[lang] @ images.T), axis=1)[:, :10] for lang in (one, two)]
        plain = np.mean([jaccard(list(a), list(b)) for a, b in zip(*tops, strict=True)])
        both = np.mean(
            [jaccard(a[:10], b[:10]) for a, b in zip(results[one], results[two], strict=True)]
        )
        lines.append(f"| {one}, {two} | {same:.3f} | {plain:.3f} | {both:.3f} |")
    chance = random.Random(99)
    foreign = {
        "off-topic sentences": [text for row in rows_of(FOREIGN) for text in row],
        "random letters": [random_letters(chance) for _ in range(100)],
    }
    lines += [
        "",
        "| should find nothing | image leg empty | text leg empty | both empty |",
        "|---|---|---|---|",
    ]
    for name, strange in foreign.items():
        kept = legs(encoder.encode_texts(strange))
        nothing = {leg: ~np.isfinite(kept[leg]).any(axis=1) for leg in kept}
        both = nothing["image"] & nothing["text"]
        lines.append(
            f"| {name} ({len(strange)}) | {nothing['image'].mean():.3f} | "
            f"{nothing['text'].mean():.3f} | {both.mean():.3f} |"
        )
    lines += ["", f"Floor: {floor}"]
    return "\n".join(lines)


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
