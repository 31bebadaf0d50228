"""What bench.ingest measures: stages, then a whole site; draws and makes what they need first."""

import json
import sys
import time
from functools import partial
from pathlib import Path
from unittest.mock import patch

import numpy as np
from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import connection

from bench import clip, photographs, pillow, query_tower, stages
from bench import site as sites
from bench.measures import row, say
from bench.synthetic import World
from embeddings import towers
from embeddings.banks import Banks, save_banks
from embeddings.demo_model import bank
from embeddings.models import EmbeddingSpace
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.onnx_graph import quantise
from embeddings.spaces import prepare
from embeddings.texts import photo_text
from embeddings.torch_encoder import TorchEncoder
from gallery import services
from gallery.models import Photo, Photographer
from gallery.renditions import RECIPES, open_pixels

STAGE_PHOTOS = 1 + 6  # of each size; the first one warms
PILLOW_PHOTOS = 1 + 3
WARM = 2  # photographs that the two pixel workers start with
WHOLE = 24  # megapixels of what a whole site takes
WORDS_KNOWN = 20_000  # that the text tower has a token for
BANK = 40  # captions, and as many pictures: with random weights there is nothing to calibrate
CORE = 0
FLOOR = {leg: {"share": 0.0, "gate": 0.1, "keep": 0.1} for leg in ("image", "text")}


def run(made: Path, count: int, *, single: int, only: str | None, ask: bool) -> None:
    made.mkdir(parents=True, exist_ok=True)
    world = World()
    entries = iter(world.chunk(0, 1000).entries)
    image_model, text_model = _models(made, world.words[:WORDS_KNOWN])
    drawn = {size: _drawn(made, size, STAGE_PHOTOS, entries) for size in photographs.SIZES}
    whole = _drawn(made, WHOLE, WARM + single + count, entries, "whole")
    space = EmbeddingSpace.objects.create(
        name="bench",
        image_model=str(image_model),
        text_model=str(text_model),
        state=EmbeddingSpace.State.ACTIVE,
    )
    login = _login()
    owner = services.get_photographer(get_user_model().objects.get())
    if only != "site":
        say("loading the towers")
        encoder = TorchEncoder(space.image_model, space.text_model)
        _banks(encoder, image_model)
        prepare(space, encoder)
        exported = _exported(made, encoder)
        _quiet(ask)
        _stages(drawn, owner, space, encoder)
        _towers(encoder, exported)
    if only != "stages":
        say("starting the site")
        with sites.running() as site:
            _quiet(ask)
            sites.one_by_one(site, login, whole[:WARM], space)
            _single(sites.one_by_one(site, login, whole[WARM : WARM + single], space))
            site.share_one_core(CORE)
            connection.close()  # the next one is served by a process that inherits the core
            memory = sites.Memory(site)
            memory.start()
            found = sites.many_at_once(site, whole[WARM + single :], owner)
            _sustained(found, count, memory.stop())


def _quiet(ask: bool) -> None:
    say("measuring")
    if ask:
        sys.stdin.readline()


# --- What is measured with -------------------------------------------------------------------
def _drawn(made: Path, size: int, count: int, entries, name: str = "stages") -> list[Path]:
    folder = made / f"{name}-{size}"
    wanted = [next(entries) for _ in range(count)]
    if not folder.exists():
        say(f"drawing {count} photographs of {size} megapixels")
        folder.mkdir()
        photographs.save(folder, size, wanted)
    return sorted(folder.iterdir())[:count]


def _models(made: Path, known: list[str]) -> tuple[Path, Path]:
    image, text = made / "image", made / "text"
    if not image.exists():
        say("making models")
        image.mkdir()
        clip.save_image_model(image)
        text.mkdir()
        query_tower.save_model(text, known)
    return image, text / "torch"


def _banks(encoder: TorchEncoder, folder: Path) -> None:
    """Ship banks with the model, so that no process calibrates a floor for minutes."""
    if not (folder / "banks.npz").exists():
        say("making banks")
        captions = encoder.encode_texts(bank.bank_captions()[:BANK]).astype(np.float16)
        images = encoder.encode_images(bank.bank_images()[:BANK]).astype(np.float16)
        save_banks(Banks(captions, images, FLOOR), folder)


def _exported(made: Path, encoder: TorchEncoder) -> dict[str, tuple]:
    """Return (image file, text tower) by precision."""
    folders = {"fp32": made / "text-fp32", "int8": made / "text-int8"}
    if not folders["int8"].exists():
        say("exporting towers")
        for folder in folders.values():
            folder.mkdir()
        encoder.export_text_tower(list(towers.SAMPLES), folders["fp32"])
        quantise(folders["fp32"], folders["int8"])
        clip.export_image_tower(encoder._image_model, made)
    return {name: (made / f"image-{name}.onnx", folder) for name, folder in folders.items()}


def _login() -> tuple[str, str]:
    """Make the admin that the demo would make."""
    user = get_user_model().objects.create_superuser("admin", "", "bench-password")
    services.get_photographer(user, name="Bench")
    path = settings.DATA_DIR / "demo-admin.json"
    path.write_text(json.dumps({"username": "admin", "password": "bench-password"}))
    return "admin", "bench-password"


# --- Reports ---------------------------------------------------------------------------------
def _stages(drawn: dict[int, list[Path]], owner: Photographer, space, encoder) -> None:
    found, bytes_, files = {}, {}, {}
    for size, paths in drawn.items():
        found[size], bytes_[size] = stages.ingest(paths, owner, space, encoder)
        files[size] = np.mean([path.stat().st_size for path in paths])
        say(f"{size} megapixels: {sum(found[size].values()):.2f} s")
    recipes = [(one.width, one.format, one.options) for one in RECIPES]
    beside = {
        stepwise: {
            size: pillow.measure(paths[:PILLOW_PHOTOS], recipes, stepwise=stepwise)
            for size, paths in drawn.items()
        }
        for stepwise in (False, True)
    }
    _table("CPU ms a photo", *(f"{size} MP, {files[size] / 1e6:.1f} MB" for size in drawn))
    for name in found[WHOLE]:
        row(name, *(round(1000 * one[name]) for one in found.values()))
    pixels = {size: _of_pixels(one) for size, one in found.items()}
    row("**from decoding to the last rendition**", *(round(1000 * one) for one in pixels.values()))
    for stepwise, name in ((False, "each from the original"), (True, "stepwise")):
        taken = beside[stepwise]
        row(
            f"Pillow alone, {name}; times ours; peak MB",
            *(f"{1000 * s:.0f}; {s / pixels[size]:.2f}; {mb:.0f}"
              for size, (s, mb) in taken.items()),
        )  # fmt: skip
    row("**all**", *(round(1000 * sum(one.values())) for one in found.values()))
    row("photos a minute a core", *(round(60 / sum(one.values())) for one in found.values()))
    row("renditions stored, kB", *(round(one / 1000) for one in bytes_.values()))


def _of_pixels(found: dict[str, float]) -> float:
    formats = ("decode", "further", "webp", "avif", "jpeg")
    return sum(seconds for name, seconds in found.items() if name.startswith(formats))


def _towers(encoder: TorchEncoder, exported: dict[str, tuple]) -> None:
    photos = list(Photo.objects.prefetch_related("tags")[:16])
    images = [open_pixels(photo, 640) for photo in photos]
    texts = [photo_text(photo) for photo in photos]
    ways = {
        "torch, float32": (partial(_in_float32, encoder), encoder.encode_texts),
        "torch, as it is used here": (encoder.encode_images, encoder.encode_texts),
    }
    for name, (image, text) in exported.items():
        tower = OnnxEncoder(text)
        ways[f"ONNX, {name}"] = (
            clip.onnx_images(encoder._image_model, image),
            lambda texts, tower=tower: np.stack([tower.encode_text(one) for one in texts]),
        )
    _table(
        "CPU ms", "image, one", "image, of a batch of 8", "photo text",
        "least cosine to torch, image", "text",
    )  # fmt: skip
    for name, (encode_images, encode_texts) in ways.items():
        encode_images(images[:1])
        alone, seconds = _each(encode_images, [[one] for one in images])
        _, batch = _each(encode_images, [images[:8], images[8:]])
        words, text_seconds = _each(encode_texts, [[one] for one in texts])
        if name == "torch, float32":
            right = alone, words
        row(
            name, *(f"{1000 * one:.0f}" for one in (seconds, batch / 8, text_seconds)),
            *(f"{(a * b).sum(1).min():.5f}" for a, b in zip((alone, words), right, strict=True)),
        )  # fmt: skip


def _in_float32(encoder: TorchEncoder, images: list) -> np.ndarray:
    with patch.object(encoder, "_in_bfloat16", False):
        return encoder.encode_images(images)


def _each(encode, inputs: list) -> tuple[np.ndarray, float]:
    """Return all vectors and the median CPU seconds of a call."""
    vectors, seconds = [], []
    for one in inputs:
        start = time.process_time()
        vectors.append(encode(one))
        seconds.append(time.process_time() - start)
    return np.concatenate(vectors), float(np.median(seconds))


def _single(found: list[dict]) -> None:
    _table("one upload, idle site, all cores: seconds", "median", "p95", "longest")
    named = {
        "sent to accepted": [one["accepted"] for one in found],
        "accepted to shown": [one["shown"] for one in found],
        "accepted to found by words": [one["words"] for one in found],
        "accepted to found by meaning": [one["meaning"] for one in found],
        "**accepted to found by both**": [max(one["words"], one["meaning"]) for one in found],
    }
    for name, taken in named.items():
        row(
            name,
            *(f"{one:.2f}" for one in (np.median(taken), np.percentile(taken, 95), max(taken))),
        )


def _sustained(found: dict, count: int, peak: float) -> None:
    _table(f"{count} photos of {WHOLE} MP at once, one core, one pixel worker", "")
    row("photos a minute, by the clock", f"{60 * count / found['seconds']:.1f}")
    total = sum(found["cpu"].values())
    row("photos a minute of CPU time, all processes", f"{60 * count / total:.1f}")
    for name, seconds in sorted(found["cpu"].items(), key=lambda one: -one[1]):
        row(f"CPU ms a photo: {name}", round(1000 * seconds / count))
    row("pixel worker and its decoder, peak MB", round(peak))


def _table(*columns: str) -> None:
    print()
    row(*columns)
    row(*("---" for _ in columns))
