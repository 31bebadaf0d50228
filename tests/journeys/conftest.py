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

from config.embedded import Servers
from tests.browser import chromium
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
        said = (self.data_dir / "demo-processes.log").read_text(errors="replace")
        assert "terminate called" not in said, "a process did not end, but was aborted"

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


@pytest.fixture(scope="module")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture
def page(browser):
    """A new page of a browser that knows nothing yet."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


MAKE_PAGES = r"""
import json
from gallery.models import Page, Photo, Site
Site.objects.update_or_create(pk=1, defaults={
    "name": "Fog & Works", "line": "Light on water",
    "about": "We *walk* a lot.\n\n## Where\n\n- [Here](/photos/)", "contact": "Write to us.",
})
Page.objects.get_or_create(slug="prints", defaults={"title": "Prints", "body": "On **paper**."})
shared = Photo.objects.filter(listed=True).order_by("title", "pk").last()
Photo.objects.filter(pk=shared.pk).update(visibility="unlisted")
shown = Photo.objects.filter(listed=True).order_by("title", "pk").first()
print(json.dumps({"photo": shown.public_id, "share": shared.share_token,
    "album": shown.albums.first().slug, "photographer": shown.owner.slug}))
"""
TAKE_PAGES_AWAY = """
from gallery.models import Page, Photo, Site
Site.objects.all().delete()
Page.objects.all().delete()
Photo.objects.filter(visibility="unlisted").update(visibility="public")
"""


@pytest.fixture(scope="module")
def every_page(site) -> dict[str, str]:
    """Every kind of page for visitors, by name; the site has texts of its own while they are used.

    Paths are those of the default language.
    """
    made = json.loads(site.manage("shell", "-v", "0", "-c", MAKE_PAGES).splitlines()[-1])
    yield {
        "home": "/",
        "photos": "/photos/",
        "photo": f"/photos/{made['photo']}/",
        "similar": f"/photos/{made['photo']}/similar/",
        "search": "/search/",
        "results": "/search/?q=mountain",
        "results with filters": "/search/?q=sea+colour%3Ablue+iso%3A%3E50",
        "problem in a filter": "/search/?q=sea+iso%3Awarm",
        "corrected": "/search/?q=ligthouse",
        "no results": "/search/?q=sea+iso%3A%3E9999999",
        "nothing close": "/search/?q=qwrtzpx",
        "by image": "/search/by-image/",
        "discover": "/discover/",
        "what is remembered": "/taste/",
        "albums": "/albums/",
        "album": f"/albums/{made['album']}/",
        "photographer": f"/by/{made['photographer']}/",
        "about": "/about/",
        "own page": "/pages/prints/",
        "share": f"/share/{made['share']}/",
        "missing": "/nowhere/",
    }
    site.manage("shell", "-v", "0", "-c", TAKE_PAGES_AWAY)
