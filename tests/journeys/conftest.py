"""A whole site of its own: the demo command with its web, workers, beat, Postgres and Redis."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx
import psutil
import pytest
from playwright.sync_api import sync_playwright

BASE_DIR = Path(__file__).resolve().parents[2]
START_SECONDS = 240
DEMO_PHOTOS = 72


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_until(condition, *, timeout_seconds: float, what: str, every_seconds: float = 0.3):
    """Return the first truthy answer of `condition`; fail after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(every_seconds)
    raise AssertionError(f"{what}: not within {timeout_seconds} s")


class Site:
    """A running site, driven from outside like a user would."""

    def __init__(self, data_dir: Path, *, photos: int, **environment: str):
        self.data_dir = data_dir
        self.photos = photos
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATA_DIR": str(data_dir),
            "EMBEDDING_PROFILE": "demo",
            "EMBEDDED_FSYNC": "off",
            **environment,
        }
        for name in ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE"):
            self.environment.pop(name, None)
        self.process = None

    def start(self) -> None:
        command = [sys.executable, "manage.py", "demo"]
        command += ["--port", str(self.port), "--photos", str(self.photos)]
        self.log = open(self.data_dir / "demo.log", "ab")
        self.process = subprocess.Popen(
            command, cwd=BASE_DIR, env=self.environment, stdout=self.log, stderr=self.log
        )
        wait_until(self.answers, timeout_seconds=START_SECONDS, what="the first page")

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.data_dir / "demo.log").read_text()[-4000:]
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self.log.close()

    def manage(self, *arguments: str, check: bool = True) -> str:
        """Run a management command beside the running site; return what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=BASE_DIR,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert not check or done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def query(self, statement: str) -> list[list]:
        """Run one SQL statement in the site's database."""
        code = (
            "import json; from django.db import connection; c = connection.cursor(); "
            f"c.execute({statement!r}); print(json.dumps(c.fetchall(), default=str))"
        )
        return json.loads(self.manage("shell", "-v", "0", "-c", code).strip().splitlines()[-1])

    def counts(self) -> dict[str, int]:
        row = self.query(
            "SELECT count(*), count(*) FILTER (WHERE state = 'ready'), count(embedded_at), "
            "count(indexed_at), count(*) FILTER (WHERE state = 'failed') FROM gallery_photo"
        )[0]
        return dict(zip(("all", "ready", "embedded", "indexed", "failed"), row, strict=True))

    def wait_until_done(self, photos: int, timeout_seconds: float) -> None:
        """Wait until that many photos are ready, embedded and indexed."""

        def done():
            counts = self.counts()
            return all(counts[name] == photos for name in ("all", "ready", "embedded", "indexed"))

        wait_until(done, timeout_seconds=timeout_seconds, what=f"{photos} photos", every_seconds=2)

    def get(self, path: str, **kwargs) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30, **kwargs)

    def search(self, query: str) -> dict:
        return self.get("/api/v1/search/", params={"q": query}).raise_for_status().json()

    def login(self) -> tuple[str, str]:
        admin = json.loads((self.data_dir / "demo-admin.json").read_text())
        return admin["username"], admin["password"]

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return this site's processes whose command line has all the words."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            line = " ".join(process.info["cmdline"] or [])
            ours = (process.info["environ"] or {}).get("DATA_DIR") == str(self.data_dir)
            if (ours or str(self.data_dir) in line) and all(word in line for word in words):
                found.append(process)
        return found


@pytest.fixture(scope="session")
def make_data_dir():
    """Give folders that the unprivileged server user can reach; gone after the tests."""
    folders = []

    def make() -> Path:
        folder = Path(tempfile.mkdtemp(prefix="pictures-site-"))
        folder.chmod(0o755)
        folders.append(folder)
        return folder

    yield make
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def site(make_data_dir):
    """The demo site as `make demo` starts it, its photos ready, embedded and indexed."""
    one = Site(make_data_dir(), photos=DEMO_PHOTOS)
    try:
        one.start()
        one.wait_until_done(DEMO_PHOTOS, timeout_seconds=300)
        yield one
    finally:
        one.stop()


@pytest.fixture
def page():
    """A new page of a headless Chromium with an empty profile."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=os.environ.get("PICTURES_BROWSER", "/usr/bin/chromium"),
            args=[
                *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
                *("--no-first-run", "--disable-background-networking"),
                *("--disable-component-update", "--disable-sync"),
            ],
        )
        yield browser.new_context().new_page()
        browser.close()
