"""Query towers: what web processes encode is what the model encodes, and nobody waits for one."""

import multiprocessing
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings
from django.core.cache import cache as redis
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management import CommandError, call_command

from config import health
from embeddings import cache, checks, pipeline, spaces, towers
from embeddings.models import EmbeddingSpace
from embeddings.onnx_encoder import GRAPH, OnnxEncoder
from embeddings.torch_encoder import TorchEncoder
from gallery.models import FileTrash
from search.evaluation import overlap
from search.management.commands import query_precision
from tests.embeddings.conftest import CountingEncoder, a_space
from tests.embeddings.test_encoder import siglip_folder, text_tower  # noqa: F401 (a fixture)
from tests.processes import BASE_DIR, wait_until

TEXTS = [
    *towers.SAMPLES,
    "a",
    "",
    "SNOWY MOUNTAIN, snowy mountain",
    "\x00\u200b\ufffd",
    "👩‍🚀" * 300,
    "red lake " * 500,
]


@pytest.fixture(autouse=True)
def local_towers(tmp_path, settings, monkeypatch):
    """Give this test a machine that has no tower yet."""
    settings.DATA_DIR = tmp_path / "web"
    monkeypatch.setattr(towers, "_loaded", None)
    monkeypatch.setattr(towers, "_next_try", {})
    monkeypatch.setattr(pipeline, "_next_tower", {})


@pytest.fixture
def built(space, small_clip):
    """The active space of the small CLIP with banks to rank, and its tower in storage."""
    captions = small_clip.encode_texts([f"{number} boats" for number in range(100)])
    space.caption_bank = space.image_bank = captions.astype(np.float16).tobytes()
    space.save()
    towers.make(space, small_clip)
    assert space.query_tower and not space.tower_failure
    return space


def loaded(space) -> OnnxEncoder:
    """Return the space's tower once this process has loaded it beside its requests."""
    return wait_until(
        lambda: towers.encoder_of(space), timeout_seconds=30, what="the tower is loaded"
    )


def idle() -> bool:
    return not towers._loading.locked()


@pytest.mark.parametrize("model", ["small CLIP", "SigLIP", "multilingual"])
def test_a_tower_encodes_as_its_model_does(model, small_clip, siglip_folder, tmp_path):  # noqa: F811
    if model == "small CLIP":
        encoder = small_clip
    elif model == "SigLIP":
        encoder = TorchEncoder(siglip_folder, siglip_folder)
    else:
        image_model = settings.EMBEDDING_PROFILES["demo"]["image_model"]
        encoder = TorchEncoder(image_model, text_tower(tmp_path, 128))
    encoder.export_text_tower(["red", "lake"], tmp_path)
    tower = OnnxEncoder(tmp_path)
    own = np.stack([tower.encode_text(text) for text in TEXTS])
    np.testing.assert_allclose(own, encoder.encode_texts(TEXTS), atol=1e-5)
    assert own.dtype == np.float32
    assert tower.fidelity() > 0.9999


def test_the_worker_makes_the_tower_of_a_space_that_lacks_it(space, small_clip, monkeypatch):
    monkeypatch.setattr(pipeline, "_loaded", {space.pk: small_clip})
    pipeline.encode_due()
    space.refresh_from_db()
    tower = space.query_tower
    assert storages["originals"].exists(tower["name"])
    assert not storages["renditions"].exists(tower["name"]), "nobody may have it"
    pipeline.encode_due()
    space.refresh_from_db()
    assert space.query_tower == tower, "and makes it once"


def test_a_query_is_encoded_here_once_the_tower_is_loaded(built, worker, small_clip):
    assert cache.query_vector("Snowy  mountain", built) is not None
    assert worker.texts == ["snowy mountain"], "nobody waited for the tower"
    redis.delete(cache._alive_key(built))
    assert health.model() == health.DEGRADED
    loaded(built)
    assert health.model() == health.OK, "and no worker is needed any more"
    vector = cache.query_vector("a red lighthouse", built)
    np.testing.assert_allclose(vector, small_clip.encode_texts(["a red lighthouse"])[0], atol=1e-5)
    assert worker.texts == ["snowy mountain"]
    assert cache.query_vector("   ", built) is None


def test_one_process_encodes_the_same_query_once(built, monkeypatch):
    tower, texts = loaded(built), []
    encode = tower.encode_text

    def slowly(text):
        texts.append(text)
        threading.Event().wait(0.1)
        return encode(text)

    monkeypatch.setattr(tower, "encode_text", slowly)
    threads = [threading.Thread(target=cache.query_vector, args=["lake", built]) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert texts == ["lake"]


@pytest.mark.parametrize("damage", ["missing", "other bytes", "cut off"])
def test_a_tower_that_is_damaged_or_lost_leaves_the_worker(built, worker, damage, caplog):
    storage, name = storages["originals"], built.query_tower["name"]
    with storage.open(name) as file:
        data = file.read()
    if damage == "missing":
        storage.delete(name)
    else:
        spoilt = data[: len(data) // 2] if damage == "cut off" else data[:-1] + b"x"
        storage.save(name, ContentFile(spoilt))
    assert towers.encoder_of(built) is None
    wait_until(idle, timeout_seconds=30, what="the attempt")
    assert towers.encoder_of(built) is None and idle(), "it is not tried all the time"
    assert "The worker is asked" in caplog.text
    assert cache.query_vector("mountain", built) is not None
    assert worker.texts == ["mountain"]


def test_a_tower_that_got_damaged_on_this_machine_is_downloaded_anew(built, monkeypatch):
    folder = towers.fetch(built.query_tower)
    (folder / GRAPH).write_bytes(b"no graph")
    assert towers.encoder_of(built) is None
    wait_until(idle, timeout_seconds=30, what="the attempt")
    monkeypatch.setattr(towers, "_next_try", {})
    assert loaded(built)


def test_weights_of_another_model_are_not_used(built, other_folder, tmp_path):
    """As after a mix-up that no checksum tells: the samples do."""
    folder = towers.fetch(built.query_tower)
    (tmp_path / "other").mkdir()
    other = TorchEncoder(other_folder, other_folder)
    other.export_text_tower(list(towers.SAMPLES), tmp_path / "other")
    (tmp_path / "other" / "samples.npz").replace(folder / "samples.npz")
    assert towers.encoder_of(built) is None
    wait_until(idle, timeout_seconds=30, what="the attempt")
    assert towers._loaded is None


def test_what_storage_lost_is_made_anew_when_asked(built, small_clip, monkeypatch):
    storages["originals"].delete(built.query_tower["name"])
    monkeypatch.setattr(pipeline, "_loaded", {built.pk: small_clip})
    call_command("embedding_space", "build", built.pk)
    pipeline.encode_due()
    built.refresh_from_db()
    assert storages["originals"].exists(built.query_tower["name"])


class Killed(CountingEncoder):
    def export_text_tower(self, samples, folder):
        raise SystemExit("as if for want of memory")


def test_an_export_that_kills_the_worker_kills_it_once(space, small_clip, monkeypatch):
    monkeypatch.setattr(pipeline, "_loaded", {space.pk: Killed(small_clip)})
    with pytest.raises(SystemExit):
        pipeline.encode_due()
    pipeline.encode_due()
    space.refresh_from_db()
    assert any("want of memory" in notice for notice in checks.notices())
    call_command("embedding_space", "build", space.pk)
    monkeypatch.setattr(pipeline, "_loaded", {space.pk: small_clip})
    pipeline.encode_due()
    space.refresh_from_db()
    assert space.query_tower and not space.tower_failure


class Unfaithful(CountingEncoder):
    def export_text_tower(self, samples, folder):
        self.encoder.export_text_tower(samples, folder)
        with np.load(folder / "samples.npz") as stored:
            noise = np.random.default_rng(0).normal(0, 0.01, stored["vectors"].shape)
            np.savez(
                folder / "samples.npz", texts=stored["texts"], vectors=stored["vectors"] + noise
            )


class Unwilling(CountingEncoder):
    def export_text_tower(self, samples, folder):
        raise RuntimeError("an operator is missing")


@pytest.mark.parametrize(
    ("kind", "reason"), [(Unfaithful, "the cosine is"), (Unwilling, "an operator is missing")]
)
def test_model_that_cannot_be_exported_is_named_and_the_worker_serves(
    space, small_clip, monkeypatch, worker, kind, reason
):
    monkeypatch.setattr(pipeline, "_loaded", {space.pk: kind(small_clip)})
    pipeline.encode_due()
    space.refresh_from_db()
    assert reason in space.tower_failure and space.query_tower is None
    assert any(reason in notice for notice in checks.notices())
    assert checks.who_encodes_queries(space) == "the vectors worker"
    assert cache.query_vector("mountain", space) is not None


def test_storage_that_is_away_is_no_refusal(space, small_clip, monkeypatch):
    def away(*arguments, **options):
        raise OSError("away")

    monkeypatch.setattr(pipeline, "_loaded", {space.pk: small_clip})
    with monkeypatch.context() as patch:
        patch.setattr(storages["originals"], "save", away)
        pipeline.encode_due()
    space.refresh_from_db()
    assert not space.query_towers and not space.tower_failure
    pipeline._next_tower.clear()
    pipeline.encode_due()
    space.refresh_from_db()
    assert space.query_tower


@pytest.mark.django_db(transaction=True)
def test_a_space_that_is_activated_brings_its_own_tower(built, other_folder):
    first = loaded(built)
    encoder = TorchEncoder(other_folder, other_folder)
    models = {"image_model": other_folder, "text_model": other_folder}
    other = a_space(encoder, name="other", state="building", **models)
    towers.make(other, encoder)
    spaces.activate(other)
    second = loaded(spaces.active_space())
    assert second is not first
    np.testing.assert_allclose(
        cache.query_vector("mountain", other), encoder.encode_texts(["mountain"])[0], atol=1e-5
    )
    assert {path.name for path in (settings.DATA_DIR / "query-towers").iterdir()} >= {
        built.query_tower["sha256"],
        other.query_tower["sha256"],
    }


@pytest.mark.django_db(transaction=True)
def test_a_retired_space_leaves_no_tower(built, other_folder):
    name, folder = built.query_tower["name"], towers.fetch(built.query_tower)
    EmbeddingSpace.objects.update(state="building")
    spaces.retire(built)
    assert FileTrash.objects.filter(storage="originals", name=name).exists()
    encoder = TorchEncoder(other_folder, other_folder)
    other = a_space(encoder, image_model=other_folder, text_model=other_folder)
    towers.make(other, encoder)
    assert loaded(other) and not folder.exists()


def _fetch_in(folder: Path, tower: dict) -> None:
    settings.DATA_DIR = folder
    assert (towers.fetch(tower) / GRAPH).is_file()


@pytest.mark.django_db(transaction=True)
def test_processes_that_download_at_once_download_once(built, tmp_path, monkeypatch):
    downloads = tmp_path / "downloads"
    download = towers._download

    def counted(tower, scratch):
        with downloads.open("a") as file:
            file.write("x")
        return download(tower, scratch)

    monkeypatch.setattr(towers, "_download", counted)
    monkeypatch.setattr(towers, "_forget_others", lambda home: None)  # needs a connection each
    forking = multiprocessing.get_context("fork")
    processes = [
        forking.Process(target=_fetch_in, args=[tmp_path / "web", built.query_tower])
        for _ in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join(30)
    assert [process.exitcode for process in processes] == [0] * 4
    assert downloads.read_text() == "x"


# As gunicorn does: load and encode, fork, encode in children, in threads of theirs as well.
FORKING = """
import os, sys, threading
from pathlib import Path
import numpy as np
from embeddings.onnx_encoder import OnnxEncoder

encoder = OnnxEncoder(Path(sys.argv[1]))
expected = encoder.encode_text("a red lighthouse")
children = []
for _ in range(2):
    if not (child := os.fork()):
        found = [encoder.encode_text("a red lighthouse")]
        again = lambda: found.append(encoder.encode_text("a red lighthouse"))
        thread = threading.Thread(target=again)
        thread.start()
        thread.join(10)
        os._exit(0 if len(found) == 2 and np.allclose(found, expected) else 1)
    children.append(child)
statuses = [os.waitpid(child, 0)[1] for child in children]
assert statuses == [0, 0], statuses
loaded = {"torch", "transformers", "sentence_transformers", "onnx"} & set(sys.modules)
assert not loaded, loaded
"""


def test_a_tower_works_in_forked_processes_without_torch(built):
    folder = towers.fetch(built.query_tower)
    done = subprocess.run(
        [sys.executable, "-c", FORKING, str(folder)],
        cwd=BASE_DIR, env=os.environ, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


@pytest.mark.django_db(transaction=True)
def test_a_process_that_forks_loads_only_what_is_there(built):
    towers.warm()
    assert towers._loaded is None, "nobody waits for a storage"
    towers.fetch(built.query_tower)
    towers.warm()
    assert towers._loaded[0] == built.query_tower["sha256"] and idle()


def test_int8_is_switched_on_where_it_finds_the_same(built, worker, monkeypatch, capsys):
    exact = loaded(built).encode_text("a red lighthouse at dusk")
    cache.query_vector("a red lighthouse at dusk", built)
    call_command("query_precision", "int8")
    built.refresh_from_db()
    assert built.query_precision == "int8" and "image ranking" in capsys.readouterr().out
    assert cache.cached_query_vector("a red lighthouse at dusk", built) is None
    loaded(built)
    rounded = cache.query_vector("a red lighthouse at dusk", built)
    assert rounded @ exact > 0.99 and not np.array_equal(rounded, exact)
    call_command("query_precision", "fp32")
    built.refresh_from_db()
    np.testing.assert_array_equal(
        cache.cached_query_vector("a red lighthouse at dusk", built), exact
    )
    assert worker.texts == []


def test_int8_that_finds_something_else_is_refused(built, monkeypatch):
    monkeypatch.setattr(query_precision, "LEAST_OVERLAP", 1.01)
    with pytest.raises(CommandError, match="below 1"):
        call_command("query_precision", "int8")
    built.refresh_from_db()
    assert built.query_precision == "fp32" and "int8" not in built.query_towers


def test_overlap_tells_the_same_from_something_else(built):
    encode = loaded(built).encode_text
    assert overlap.top_overlap(built, encode, encode) == {"image": 1.0, "text": 1.0}
    opposite = overlap.top_overlap(built, encode, lambda text: -encode(text))
    assert max(opposite.values()) < 0.1
