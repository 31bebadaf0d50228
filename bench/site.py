"""A whole site under load: `manage.py demo` with models of true size, seen from outside."""

import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import psutil
from django.conf import settings
from django.core.files import File
from django.db.models import F

from bench.measures import processes
from bench.pillow import peak_mb
from config.celery import app
from config.embedded import BASE_DIR, end_with_parent
from embeddings import spaces
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from gallery import services
from gallery.models import Photo, Photographer
from search.models import PhotoDocument

PORT = 8765
POLL_SECONDS = 0.01
SAMPLE_SECONDS = 2.0  # it costs some of what is measured
START_SECONDS = 900
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request
NAMES = {"pixels@": "pixels", "vectors@": "vectors", "index@": "index", "beat": "beat"}


class Site:
    """The processes of a running site."""

    def __init__(self, process: subprocess.Popen):
        self._demo = psutil.Process(process.pid)
        self.url = f"http://127.0.0.1:{PORT}"

    def processes(self) -> Iterator[tuple[str, psutil.Process]]:
        """Yield (name of the program, process) for every process of the site."""
        for one in self._demo.children():
            line = " ".join(one.cmdline())
            name = next((name for word, name in NAMES.items() if word in line), "web")
            for process in (one, *one.children(recursive=True)):
                yield name, process
        for name, server in processes().items():
            for process in (server, *server.children(recursive=True)):
                yield name, process

    def cpu_seconds(self) -> dict[str, float]:
        """Return CPU seconds by program, of processes that ended as well."""
        found: dict[str, float] = defaultdict(float)
        for name, process in self.processes():
            with suppress(psutil.NoSuchProcess):
                found[name] += sum(process.cpu_times()[:4])
        return found

    def pixel_workers(self) -> list[psutil.Process]:
        """Return the processes that take photos; each has one that decodes as its child."""
        workers = [process for name, process in self.processes() if name == "pixels"]
        top = {one.pid for one in workers}
        main = [one for one in workers if one.ppid() not in top]
        return [child for one in main for child in one.children()]

    def share_one_core(self, core: int) -> None:
        """Put every thread of the site, and this process, on one core; one takes the pixels."""
        app.control.pool_shrink(len(self.pixel_workers()) - 1, destination=[_pixels_node()])
        for _, process in (*self.processes(), ("bench", psutil.Process())):
            with suppress(psutil.NoSuchProcess):
                for thread in process.threads():
                    with suppress(ProcessLookupError):
                        os.sched_setaffinity(thread.id, {core})


def _pixels_node() -> str:
    nodes = app.control.ping(timeout=2)
    return next(name for one in nodes for name in one if name.startswith("pixels@"))


@contextmanager
def running() -> Iterator[Site]:
    """Run the site whose database this process uses, until it serves and has its query tower."""
    with (settings.DATA_DIR / "demo.log").open("ab") as log:
        command = [sys.executable, "manage.py", "demo", "--photos", "0", "--port", str(PORT)]
        process = subprocess.Popen(
            command, cwd=BASE_DIR, stdout=log, stderr=log, preexec_fn=end_with_parent
        )
    try:
        site = Site(process)
        deadline = time.monotonic() + START_SECONDS
        while not _is_up(site):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError((settings.DATA_DIR / "demo-processes.log").read_text()[-4000:])
            time.sleep(1)
        yield site
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def _is_up(site: Site) -> bool:
    space = spaces.active_space()
    try:
        serves = httpx.get(f"{site.url}/healthz", timeout=5).status_code == 200
    except httpx.HTTPError:
        return False
    is_prepared = space is not None and space.is_prepared
    return serves and is_prepared and bool(space.query_towers or space.tower_failure)


# --- One by one ------------------------------------------------------------------------------
class Admin:
    """A photographer at the upload form."""

    def __init__(self, site: Site, username: str, password: str):
        self._form = f"{site.url}/admin/gallery/photo/add/"
        self._client = httpx.Client(timeout=30, follow_redirects=True)
        login = f"{site.url}/admin/login/?next=/admin/"
        answer = self._client.get(login)
        self._client.post(
            login, data=self._token(answer) | {"username": username, "password": password}
        ).raise_for_status()

    def _token(self, answer: httpx.Response) -> dict[str, str]:
        found = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', answer.text)
        return {"csrfmiddlewaretoken": found[1]}

    def upload(self, path: Path) -> tuple[float, float]:
        """Upload a file; return when it was sent and when it was accepted, in seconds."""
        fields = self._token(self._client.get(self._form)) | {"visibility": "public"}
        with path.open("rb") as file:
            sent = time.perf_counter()
            answer = self._client.post(
                self._form, data=fields, files={"file": (path.name, file, "image/jpeg")},
                follow_redirects=False,
            )  # fmt: skip
        accepted = time.perf_counter()
        assert answer.status_code == 302, re.findall(r"errorlist.*?</ul>", answer.text, re.S)
        return sent, accepted


def one_by_one(site: Site, login: tuple[str, str], paths: list[Path], space) -> list[dict]:
    """Upload photographs, each when the one before is found and the site idle again.

    Returns seconds for each: "accepted" since it was sent, "shown", "words" and "meaning" since
    it was accepted.
    """
    admin, found = Admin(site, *login), []
    for path in paths:
        known = set(Photo.objects.values_list("pk", flat=True))
        sent, accepted = admin.upload(path)
        photo = Photo.objects.exclude(pk__in=known).get()
        seen = {"accepted": accepted - sent}
        while len(seen) < 4:
            for name, is_there in _searchable(photo, space).items():
                if is_there:
                    seen.setdefault(name, time.perf_counter() - accepted)
            time.sleep(POLL_SECONDS)
        found.append(seen)
        time.sleep(1)
    return found


def _searchable(photo: Photo, space: EmbeddingSpace) -> dict[str, bool]:
    """Tell whether the rows are there that pages and searches read."""
    vectors = [
        kind.objects.filter(photo=photo, space=space, listed=True).exists()
        for kind in (ImageVector, TextVector)
    ]
    return {
        "shown": Photo.objects.listed().filter(pk=photo.pk).exists(),
        "words": PhotoDocument.objects.filter(pk=photo.pk, listed=True).exists(),
        "meaning": all(vectors),
    }


# --- Many at once ----------------------------------------------------------------------------
class Memory(threading.Thread):
    """Watch what a pixel worker has held at most, in MB, with the process that decodes for it."""

    def __init__(self, site: Site):
        super().__init__(daemon=True)
        self._workers, self._ended = site.pixel_workers(), threading.Event()
        self._peaks: dict[int, dict[int, float]] = defaultdict(dict)

    def run(self) -> None:
        while not self._ended.wait(SAMPLE_SECONDS):
            self._look()

    def _look(self) -> None:
        for worker in self._workers:
            with suppress(psutil.NoSuchProcess, FileNotFoundError, StopIteration):
                for one in (worker, *worker.children()):
                    self._peaks[worker.pid][one.pid] = peak_mb(one.pid)

    def stop(self) -> float:
        """Return the peak of the largest worker: its own and that of its largest decoder."""
        self._ended.set()
        self.join()
        self._look()
        return max(
            peaks.pop(worker) + max(peaks.values(), default=0.0)
            for worker, peaks in self._peaks.items()
        )


def many_at_once(site: Site, paths: list[Path], owner: Photographer) -> dict:
    """Import photographs and wait until all are found.

    Returns "seconds" by the clock and "cpu", CPU seconds by program, both for all photos.
    """
    already = Photo.objects.count()
    before, own = site.cpu_seconds(), time.process_time()
    start = time.perf_counter()
    for path in paths:
        with path.open("rb") as file:
            services.upload_photo(owner=owner, file=File(file, path.name))
    accepting = time.process_time() - own
    done = Photo.objects.filter(embedded_at__gte=F("changed_at"), indexed_at__gte=F("changed_at"))
    while done.count() < already + len(paths):
        assert not Photo.objects.filter(state=Photo.State.FAILED).exists()
        time.sleep(0.5)
    seconds = time.perf_counter() - start
    after = site.cpu_seconds()
    cpu = {name: after[name] - before.get(name, 0.0) for name in after}
    return {"seconds": seconds, "cpu": {"accept": accepting} | cpu}
