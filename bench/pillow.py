"""What a careful pipeline of Pillow alone takes for the same renditions. Imports no Django."""

import io
import os
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms, ImageOps

Recipe = tuple[int, str, dict]  # width in px, format, options of the encoder


def measure(paths: list[Path], recipes: list[Recipe], *, stepwise: bool) -> tuple[float, float]:
    """Make the same renditions as others do; return (mean CPU seconds, peak MB of the process).

    stepwise: each from the one before, else each from the original. In the numbers of the file,
    not in linear light.
    """
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        return pool.submit(_measured, paths, recipes, stepwise).result()


def peak_mb(pid: int) -> float:
    """Return what a process has held at most since it was started, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1000 for line in lines if line.startswith("VmHWM"))


def _measured(paths: list[Path], recipes: list[Recipe], stepwise: bool) -> tuple[float, float]:
    seconds = []
    for path in paths:
        start = time.process_time()
        _render(path, recipes, stepwise)
        seconds.append(time.process_time() - start)
    return float(np.mean(seconds[1:])), peak_mb(os.getpid())


def _render(path: Path, recipes: list[Recipe], stepwise: bool) -> list[bytes]:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
    with Image.open(path) as opened:
        image = ImageOps.exif_transpose(opened)
        profile = ImageCms.ImageCmsProfile(io.BytesIO(opened.info["icc_profile"]))
    if not stepwise:  # else once it is small
        image = ImageCms.profileToProfile(image, profile, srgb, outputMode="RGB")
    made, small = [], image
    for number, (width, format, options) in enumerate(recipes):
        size = width, round(width * image.height / image.width)
        if small.size != size:
            small = (small if stepwise else image).resize(size, Image.Resampling.LANCZOS)
            if stepwise and number == 0:
                small = ImageCms.profileToProfile(small, profile, srgb, outputMode="RGB")
        buffer = io.BytesIO()
        small.save(buffer, format.upper(), icc_profile=srgb.tobytes(), **options)
        made.append(buffer.getvalue())
    return made
