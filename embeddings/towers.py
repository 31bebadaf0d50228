"""Query towers: made by the vectors worker, kept in storage, loaded by web processes.

With the tower of the space that serves, a web process encodes a query itself, without torch and
in milliseconds; without one, the vectors worker is asked (`embeddings.cache`). A tower is proven
twice: by the worker against its model on all samples, and where it is loaded on some of them.
"""

import fcntl
import hashlib
import logging
import shutil
import tarfile
import tempfile
import threading
import time
from pathlib import Path

from django.conf import settings
from django.core.files import File
from django.core.files.storage import storages
from django.db import DatabaseError, connection, transaction

from embeddings import spaces
from embeddings.encoder import Encoder
from embeddings.models import EmbeddingSpace
from embeddings.onnx_encoder import FILES, OnnxEncoder
from gallery.files import STORAGE_ERRORS, keep, make_durable, trash

FP32, INT8 = EmbeddingSpace.Precision.FP32, EmbeddingSpace.Precision.INT8
STORAGE = "originals"  # nothing in it is public
# Cosine to the model's own vectors. What int8 is worth, its search results say.
LEAST_FIDELITY = {FP32: 0.9999, INT8: 0.9}
SAMPLES_AT_LOADING = 4  # they also warm it up
RETRY_SECONDS = 600.0  # a tower that cannot be loaded is downloaded anew, by each process
ARCHIVE = "tower.tar"
UNFINISHED = (
    "Its export has begun. If this stays, the worker was stopped meanwhile, perhaps for want of "
    "memory: `manage.py embedding_space build` tries again."
)
CHUNK_BYTES = 2**20

SAMPLES = (
    "",
    "lake",
    "雪山",
    "Red lighthouse at dusk",
    "Straße im Nebel, größer als 35 mm",
    "une barque sur le lac à l'aube",
    "¿Dónde está la playa con palmeras?",
    "夕阳下海边的小船和远处的灯塔",
    "старый мост над рекой",
    "قارب صغير على البحيرة",
    "桜の下を歩く人々",
    "X100V f/2.8 1/250 ISO 800",
    "🌅 sunrise!!! #beach @home",
    "naïve café — “quoted” … ＦＵＬＬ ｗｉｄｔｈ",
    "http://example.com/a.jpg",
    "zzxqv qwrtp",
    "A wooden rowing boat is tied to a jetty, its reflection broken by the first wind of an autumn "
    "morning, while mist still hangs between the pines on the far shore.",
    "a very long text about the sea and the mountains behind it " * 40,
)

logger = logging.getLogger(__name__)


class TowerDamaged(Exception):
    """A tower is not what was stored, or does not do what its model did."""


def is_missing(space: EmbeddingSpace) -> bool:
    """Tell whether the space's tower is still to be made."""
    return FP32 not in space.query_towers and not space.tower_failure


def lock_name(space: EmbeddingSpace) -> str:
    """Return what whoever changes the space's towers holds: see embeddings.spaces.alone."""
    return f"embeddings.tower.{space.pk}"


def make(space: EmbeddingSpace, encoder: Encoder) -> None:
    """Export and publish the space's tower, or keep why that cannot be. Takes up to a minute.

    Raises one of STORAGE_ERRORS when it cannot be stored now.
    """
    _note(space, UNFINISHED)  # a worker that is killed here is not killed again each minute
    with tempfile.TemporaryDirectory(prefix="pictures-tower-") as scratch:
        folder = Path(scratch)
        try:
            encoder.export_text_tower(list(SAMPLES), folder)
            publish(space, FP32, folder)
        except STORAGE_ERRORS:
            _note(space, "")
            raise
        except Exception as error:  # exporters fail in ways of their own
            logger.warning("Space %s gets no query tower: %s", space, error)
            _note(space, f"{type(error).__name__}: {error}")


def _note(space: EmbeddingSpace, failure: str) -> None:
    space.tower_failure = failure
    space.save(update_fields=["tower_failure"])


def _prove(encoder: OnnxEncoder, precision: str, samples: int | None = None) -> None:
    fidelity = encoder.fidelity(samples)
    if not fidelity >= LEAST_FIDELITY[precision]:  # nor NaN
        raise TowerDamaged(
            f"Its vectors differ from the model's: the cosine is {fidelity:.5f}, and "
            f"{LEAST_FIDELITY[precision]} is needed."
        )


def publish(space: EmbeddingSpace, precision: str, folder: Path) -> None:
    """Store a tower, and name it in the space; what it replaces goes.

    Raises TowerDamaged when it is no good, or one of STORAGE_ERRORS.
    """
    _prove(OnnxEncoder(folder), precision)
    archive = folder / ARCHIVE
    with tarfile.open(archive, "w") as tar:
        for name in FILES:
            tar.add(folder / name, name, filter=_without_traces)
    with archive.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = f"query-towers/{space.pk}/{digest}.tar"
        storages[STORAGE].save(name, File(file))
    make_durable(storages[STORAGE], name)
    with transaction.atomic():
        stored = EmbeddingSpace.objects.select_for_update().get(pk=space.pk)
        old = stored.query_towers.get(precision)
        if old and old["name"] != name:
            trash(STORAGE, [old["name"]])
        keep(STORAGE, [name])
        stored.query_towers[precision] = {
            "name": name,
            "sha256": digest,
            "revision": stored.revision,
        }
        stored.tower_failure = ""
        stored.save(update_fields=["query_towers", "tower_failure"])
    space.refresh_from_db(fields=["query_towers", "tower_failure"])


def _without_traces(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Drop what differs between two times and machines: the hash is the content's."""
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = 0o644
    return entry


def choose(space: EmbeddingSpace, precision: str) -> None:
    """Let queries be encoded in another precision from now on."""
    space.query_precision = precision
    space.save(update_fields=["query_precision"])


def forget_lost(space: EmbeddingSpace) -> None:
    """Let the worker try again what failed, and make anew what storage has lost."""
    kept = {
        precision: tower
        for precision, tower in space.query_towers.items()
        if storages[STORAGE].exists(tower["name"])
    }
    space.query_towers, space.tower_failure = kept, ""
    space.save(update_fields=["query_towers", "tower_failure"])


def fetch(tower: dict[str, str]) -> Path:
    """Return the tower's folder on this machine; it is downloaded once, whoever asks.

    Raises TowerDamaged, or one of STORAGE_ERRORS.
    """
    folder = local_folder(tower)
    if folder.is_dir():
        return folder
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(folder.parent / "lock", "a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.is_dir():
            _forget_others(folder.parent)
            with tempfile.TemporaryDirectory(prefix="new-", dir=folder.parent) as scratch:
                _download(tower, Path(scratch)).rename(folder)
    return folder


def local_folder(tower: dict[str, str]) -> Path:
    return settings.DATA_DIR / "query-towers" / tower["sha256"]


def _download(tower: dict[str, str], scratch: Path) -> Path:
    digest = hashlib.sha256()
    archive, folder = scratch / ARCHIVE, scratch / "tower"
    with storages[STORAGE].open(tower["name"]) as source, archive.open("wb") as target:
        for chunk in source.chunks(CHUNK_BYTES):
            digest.update(chunk)
            target.write(chunk)
    if digest.hexdigest() != tower["sha256"]:
        raise TowerDamaged(f"{tower['name']} in storage is not what was stored there.")
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")
    return folder


def _forget_others(home: Path) -> None:
    """Remove towers that no space names any more, and what a killed process left.

    A process that still maps one keeps its pages.
    """
    found = [path for path in home.iterdir() if path.is_dir()]
    known = {
        tower["sha256"]
        for towers in EmbeddingSpace.objects.values_list("query_towers", flat=True)
        for tower in towers.values()
    }
    for path in found:
        if path.name not in known:
            shutil.rmtree(path, ignore_errors=True)


# --- The tower of this process ---------------------------------------------------------------
_loaded: tuple[str, OnnxEncoder] | None = None  # and its sha256
_loading = threading.Lock()
_next_try: dict[str, float] = {}  # by sha256, time.monotonic()


def encoder_of(space: EmbeddingSpace) -> OnnxEncoder | None:
    """Return the space's tower if this process has loaded it, else begin to; never wait."""
    tower = space.query_tower
    if tower is None:
        return None
    if _loaded and _loaded[0] == tower["sha256"]:
        return _loaded[1]
    is_due = time.monotonic() >= _next_try.get(tower["sha256"], 0.0)
    if is_due and _loading.acquire(blocking=False):
        threading.Thread(
            target=_load_and_release, args=[space, tower], daemon=True, name="query-tower"
        ).start()
    return None


def _load_and_release(space: EmbeddingSpace, tower: dict[str, str]) -> None:
    try:
        _load(space, tower)
    finally:
        connection.close()  # of this thread; Django closes those of requests only
        _loading.release()


def _load(space: EmbeddingSpace, tower: dict[str, str]) -> None:
    global _loaded
    folder = None
    try:
        folder = fetch(tower)
        encoder = OnnxEncoder(folder)
        _prove(encoder, space.query_precision, SAMPLES_AT_LOADING)
    except Exception as error:  # storage, disk, archive and onnxruntime have errors of their own
        logger.warning("The worker is asked: the query tower of %s fails: %s", space, error)
        _next_try[tower["sha256"]] = time.monotonic() + RETRY_SECONDS
        if folder:
            shutil.rmtree(folder, ignore_errors=True)
        return
    _loaded = (tower["sha256"], encoder)
    logger.info("Queries of space %s are encoded here, in %s.", space, space.query_precision)


def warm() -> None:
    """Load the tower that serves, if this machine has it, before this process forks.

    Nobody waits here for a storage: a tower that is not here yet is loaded beside the requests.
    """
    try:
        space = spaces.active_space()
    except DatabaseError as error:
        logger.warning("The query tower is not loaded yet: %s", error)
        return
    finally:
        connection.close()  # children must not share it
    if space and space.query_tower and local_folder(space.query_tower).is_dir():
        _load(space, space.query_tower)


def start_loading() -> None:
    """Begin to load the tower that serves, unless this process has it."""
    threading.Thread(target=_start_loading, daemon=True, name="query-tower-start").start()


def _start_loading() -> None:
    try:
        if space := spaces.active_space():
            encoder_of(space)
    except DatabaseError as error:
        logger.warning("The query tower is not loaded yet: %s", error)
    finally:
        connection.close()
