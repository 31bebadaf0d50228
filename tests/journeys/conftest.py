"""A whole site of its own: the demo command with its web, workers, beat, Postgres and Redis."""

import json
import os
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import psutil
import psycopg
import pytest
from playwright.sync_api import sync_playwright

from config.embedded import Servers
from tests.processes import (
    BASE_DIR,
    free_port,
    make_reachable_folder,
    processes_of,
    wait_until,
)

START_SECONDS = 240
DEMO_PHOTOS = 72


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

    def launch(self) -> None:
        command = [sys.executable, "manage.py", "demo"]
        command += ["--port", str(self.port), "--photos", str(self.photos)]
        self.log = open(self.data_dir / "demo.log", "ab")
        self.process = subprocess.Popen(
            command, cwd=BASE_DIR, env=self.environment, stdout=self.log, stderr=self.log
        )

    def start(self) -> None:
        self.launch()
        wait_until(self.answers, timeout_seconds=START_SECONDS, what="the first page")

    def answers(self) -> bool:
        assert self.process.poll() is None, (self.data_dir / "demo.log").read_text()[-4000:]
        try:
            return httpx.get(f"{self.url}/healthz", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def stop(self) -> None:
        """Press Ctrl-C. Nothing may be left behind."""
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.wait(60)
        self.log.close()
        wait_until(
            lambda: not processes_of(self.data_dir), timeout_seconds=30, what="no process left"
        )

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

    def query(self, statement: str) -> list[tuple]:
        """Run one SQL statement in the site's database."""
        servers = Servers(**json.loads((self.data_dir / "embedded" / "up.json").read_text()))
        with psycopg.connect(servers.database_url, connect_timeout=10) as connection:
            return connection.execute(statement).fetchall()

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

        wait_until(done, timeout_seconds=timeout_seconds, what=f"{photos} photos")

    def get(self, path: str, **kwargs) -> httpx.Response:
        response = httpx.get(self.url + path, timeout=30, **kwargs)
        log = self.data_dir / "demo-processes.log"
        assert response.status_code != 500, log.read_text(errors="replace")[-4000:]
        return response

    def search(self, query: str) -> dict:
        return self.get("/api/v1/search/", params={"q": query}).raise_for_status().json()

    def login(self) -> tuple[str, str]:
        admin = json.loads((self.data_dir / "demo-admin.json").read_text())
        return admin["username"], admin["password"]

    def processes(self, *words: str) -> list[psutil.Process]:
        """Return this site's processes whose command line has all the words; there must be one."""
        found = processes_of(self.data_dir, *words)
        assert found, words
        return found


@pytest.fixture(scope="session")
def make_data_dir():
    """Give folders that the unprivileged server user can reach; gone after the tests."""
    with ExitStack() as folders:
        yield lambda: folders.enter_context(make_reachable_folder())


@pytest.fixture(scope="session", autouse=True)
def demo(make_data_dir):
    """The demo site as `make demo` starts it; it draws its photos while other tests run."""
    one = Site(make_data_dir(), photos=DEMO_PHOTOS)
    try:
        one.launch()
        yield one
    finally:
        one.stop()


@pytest.fixture(scope="session")
def site(demo):
    """The demo site with its photos ready, embedded and indexed."""
    wait_until(demo.answers, timeout_seconds=START_SECONDS, what="the first page")
    demo.wait_until_done(DEMO_PHOTOS, timeout_seconds=300)
    return demo


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
