"""Renders that nobody trained on, and their vectors."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import islice

import numpy as np
from PIL import Image

from embeddings.demo_model.scenes import SCENES, render
from embeddings.encoder import Encoder

# Training draws from 1,000,000 on, the bank 200,000, calibration 300,000, the model's own
# evaluation 400,000; the demo gallery stays below 100,000.
SCENE_SEEDS, POOL_SEEDS = 500_000, 600_000
SCENE_PICTURE = (640, 427)  # px, as the site encodes
POOL_PICTURE = (120, 90)  # px; enough for a model of 64 px, and four times as fast to draw
POOL_DETAIL = 96  # px, the smallest side drawn
PROCESSES = 2
AT_ONCE = 64  # pictures in memory between drawing and encoding

Job = tuple[str, int]  # scene, number


def scene_vectors(encoder: Encoder, each: int, *, processes: int = PROCESSES) -> np.ndarray:
    """Draw and encode `each` pictures a scene, in the palettes of the demo gallery.

    Returns (scenes, each, dimensions) float32.
    """
    return _vectors(encoder, draw_scene, each, processes)


def pool_vectors(encoder: Encoder, each: int, *, processes: int = PROCESSES) -> np.ndarray:
    """Draw and encode `each` further small pictures a scene, of any palette.

    Returns (scenes, each, dimensions) float32.
    """
    return _vectors(encoder, draw_small, each, processes)


def draw_scene(job: Job) -> Image.Image:
    scene, number = job
    return render(scene, *SCENE_PICTURE, SCENE_SEEDS + number, variant=number)


def draw_small(job: Job) -> Image.Image:
    scene, number = job
    return render(scene, *POOL_PICTURE, POOL_SEEDS + number, smallest_side=POOL_DETAIL)


def _vectors(encoder: Encoder, draw, each: int, processes: int) -> np.ndarray:
    jobs = [(scene, number) for scene in SCENES for number in range(each)]
    drawn = _drawn(draw, jobs, processes)
    encoded = []
    while batch := list(islice(drawn, AT_ONCE)):
        encoded.append(encoder.encode_images(batch))
    return np.vstack(encoded).reshape(len(SCENES), each, -1)


def _drawn(draw, jobs: list[Job], processes: int) -> Iterator[Image.Image]:
    if processes == 1:
        yield from map(draw, jobs)
        return
    # Spawned: this process has loaded torch, and its forked children may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        yield from pool.map(draw, jobs, chunksize=8)
