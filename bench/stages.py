"""CPU seconds of the ingest by stage, each where production calls it."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from unittest.mock import patch

import psutil
from django.core.files import File

from embeddings import reconcile as vectors
from embeddings.encoder import Encoder
from embeddings.models import EmbeddingSpace
from gallery import metadata, pipeline, renditions, services
from gallery.models import Photographer
from search.reconcile import index_due


class Stopwatch:
    """Add up CPU seconds by stage, of this process and of the one that decodes.

    Of stages within others only the inner ones' time counts for them.
    """

    def __init__(self):
        self.seconds: dict[str, float] = defaultdict(float)
        self._inner = [0.0]

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        self._inner.append(0.0)
        start = _cpu_seconds()
        try:
            yield
        finally:
            taken = _cpu_seconds() - start
            self.seconds[name] += taken - self._inner.pop()
            self._inner[-1] += taken

    def watch(self, owner, function: str, name: str | Callable[..., str]):
        """Return a patch under which calls of a function count as a stage."""
        original = getattr(owner, function)

        def watched(*args, **kwargs):
            with self.stage(name if isinstance(name, str) else name(*args)):
                return original(*args, **kwargs)

        return patch.object(owner, function, watched)


def _cpu_seconds() -> float:
    decoding = renditions.decoder._process
    spent = psutil.Process(decoding.pid).cpu_times()[:2] if decoding else (0.0,)
    return time.process_time() + sum(spent)


def ingest(
    paths: list[Path], owner: Photographer, space: EmbeddingSpace, encoder: Encoder
) -> tuple[dict[str, float], int]:
    """Take photographs through the whole ingest, here; return mean CPU seconds by stage, and
    the bytes that a photo's renditions take on average.
    """
    warm, *measured = paths
    _one(warm, owner, space, encoder, Stopwatch())
    stopwatch, stored = Stopwatch(), 0
    for path in measured:
        photo = _one(path, owner, space, encoder, stopwatch)
        stored += sum(one["size_bytes"] for one in photo.renditions)
    return (
        {name: seconds / len(measured) for name, seconds in stopwatch.seconds.items()},
        stored // len(measured),
    )


def _one(path: Path, owner, space, encoder, stopwatch: Stopwatch):
    def encoding(image, recipe, about) -> str:
        return f"{recipe.format} {recipe.width}"

    watch = stopwatch.watch
    with ExitStack() as stack:
        for one in (
            watch(services, "read_header", "header"),
            watch(services, "_hash", "hash"),
            watch(services, "store_original", "store"),
            watch(metadata, "read_metadata", "metadata"),
            watch(renditions.decoder, "decode", "decode, to linear light, first shrink"),
            watch(renditions, "fit", "further shrinking"),
            watch(renditions, "_encode", encoding),
            watch(renditions, "_placeholder", "placeholder"),
            watch(renditions, "dominant_colours", "colours"),
            watch(vectors, "open_pixels", "vectors: read 640 px"),
            watch(encoder, "encode_images", "vectors: image tower"),
            watch(encoder, "encode_texts", "vectors: text tower"),
        ):
            stack.enter_context(one)
        with stopwatch.stage("rows and nudge"), path.open("rb") as file:
            photo = services.upload_photo(owner=owner, file=File(file, path.name))
        with stopwatch.stage("rows and files of the pixels"):
            assert pipeline.process_next()
        with stopwatch.stage("words index"):
            assert index_due() == 1
        with stopwatch.stage("vectors: rows"):
            vectors.reconcile([photo.pk], {space: encoder})
    photo.refresh_from_db()
    assert photo.embedded_at and photo.indexed_at, photo.failure
    return photo
