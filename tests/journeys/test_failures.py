"""What happens when parts of a whole site die, hang or are missing."""

import signal
import subprocess
import sys
import time

import pytest
from PIL import Image

from tests.journeys.conftest import BASE_DIR, Site, wait_until

PHOTOS = 24


@pytest.fixture
def pictures(tmp_path):
    """A folder of PHOTOS different small JPEG files."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number in range(PHOTOS):
        colour = (number * 9, 255 - number * 7, (number * 53) % 256)
        Image.effect_noise((800, 600), 40 + number).convert("RGB").point(
            lambda value, shift=colour[0]: (value + shift) % 256
        ).save(folder / f"picture-{number}.jpg", quality=90)
    return folder


@pytest.fixture
def empty_site(make_data_dir):
    site = Site(make_data_dir(), photos=0)
    try:
        site.start()
        yield site
    finally:
        site.stop()


def test_import_survives_kill_of_every_part(empty_site, pictures):
    site = empty_site
    importer = subprocess.Popen(
        [sys.executable, "manage.py", "import_photos", str(pictures)],
        cwd=BASE_DIR,
        env=site.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: site.counts()["all"] >= 3, timeout_seconds=60, what="the import")
    for words in (["pixels"], ["vectors"], ["gunicorn"], ["redis-server"], ["postgres", "-D"]):
        for process in site.processes(*words):
            process.send_signal(signal.SIGKILL)
        time.sleep(1)
    importer.wait(120)
    wait_until(site.answers, timeout_seconds=60, what="the site after the kills")
    wait_until(
        lambda: (
            subprocess.run(
                [sys.executable, "manage.py", "import_photos", str(pictures)],
                cwd=BASE_DIR,
                env=site.environment,
            ).returncode
            == 0
        ),
        timeout_seconds=120,
        what="the second import",
    )
    site.manage("sweep")
    site.wait_until_done(PHOTOS, timeout_seconds=400)
    assert site.query("SELECT count(DISTINCT content_hash) FROM gallery_photo") == [[PHOTOS]]


def timed(site, path: str) -> float:
    started = time.perf_counter()
    assert site.get(path).status_code == 200
    return time.perf_counter() - started


def test_redis_hung_then_killed_pages_and_word_search_answer_within_a_second(site):
    word = site.search("mountain")["results"][0]["title"].split()[0]
    for process in site.processes("redis-server"):
        process.send_signal(signal.SIGSTOP)
    try:
        for path in ("/", "/photos/", f"/search/?q={word}", "/discover/"):
            assert timed(site, path) < 1
        assert site.search(word)["results"]
    finally:
        for process in site.processes("redis-server"):
            process.send_signal(signal.SIGKILL)
    assert timed(site, "/") < 1
    assert timed(site, f"/search/?q={word}") < 1


def test_missing_model_leaves_word_search_and_is_named(make_data_dir, tmp_path, pictures):
    site = Site(make_data_dir(), photos=0, EMBEDDING_PROFILE=str(tmp_path / "no-such-model"))
    try:
        site.start()
        site.manage("import_photos", str(pictures / "picture-1.jpg"))
        wait_until(lambda: site.counts()["indexed"] == 1, timeout_seconds=90, what="the word index")
        assert [hit["title"] for hit in site.search("picture")["results"]]
        wait_until(
            lambda: "no-such-model" in site.manage("doctor", check=False),
            timeout_seconds=60,
            what="doctor naming the model",
        )
    finally:
        site.stop()
