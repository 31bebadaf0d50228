"""What bench.replay measures: sessions of visitors beside an ingest."""

import logging
import random
import re
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from html import unescape
from pathlib import Path
from urllib.parse import urlencode

import httpx
import numpy as np
from django.db import connection
from django.utils import timezone

from bench import site as sites
from bench.measures import row, say
from config import counts
from embeddings.demo_model.draw import DEMO_SEED, draw_photo
from gallery import services
from gallery.importer import Importer
from gallery.models import Photo, Photographer, Tag

VISITORS = 8  # at once, at most
LOOKS = 0.65  # that a visitor looks at one more of the photos found
PAGES_ON = 0.3
GOES_HOME = 0.2
POLL_SECONDS = 0.25
SEED = 5
CARD = re.compile(r'class="frame" href="(/photos/[^"]+)"')
NEXT = re.compile(r'rel="next"[^>]*href="([^"]+)"|href="([^"]+)"[^>]*rel="next"')


def run(folder: Path, photos: int, *, per_minute: int, minutes: float, sessions: float) -> None:
    logging.getLogger("httpx").setLevel(logging.WARNING)
    coming = round(per_minute * minutes)
    say(f"drawing {photos + coming} photographs")
    drawn = _drawn(folder / "drawn", photos + coming)
    owner = services.get_photographer(name="Pictures demo")
    take = partial(_take, owner)
    say("starting the site")
    with sites.running() as site:
        for one in drawn[:photos]:
            take(*one)
        while Photo.objects.exclude(embedded_at=None).exclude(indexed_at=None).count() < photos:
            time.sleep(0.5)
        searches = list(Tag.objects.order_by("name").values_list("name", flat=True))
        say(f"{len(searches)} searches, {per_minute} photos a minute, for {minutes:g} minutes")
        time.sleep(counts.FLUSH_SECONDS + 1)
        before = dict(counts.most(counts.CACHES, 100))
        ingest = threading.Thread(
            target=_ingest, args=(drawn[photos:], take, 60 / per_minute), daemon=True
        )
        ingest.start()
        watch = Watch(site.url)
        watch.start()
        taken = _visits(site.url, searches, minutes * 60, sessions)
        ingest.join()
        waited = watch.stop()
        time.sleep(counts.FLUSH_SECONDS + 1)
        httpx.get(site.url)  # a process sends what it has counted
        httpx.get(site.url)
    after = dict(counts.most(counts.CACHES, 100))
    for layer in ("results", "page"):
        found = {
            kind: after.get(f"{layer} {kind}", 0) - before.get(f"{layer} {kind}", 0)
            for kind in ("hit", "stale", "renewed", "miss")
        }
        rate = 1 - found["miss"] / max(1, sum(found.values()))
        row(f"{layer}: rate of what was not computed", found, f"{rate:.3f}")
    slow = f"{np.median(taken):.0f} / {np.percentile(taken, 95):.0f}"
    row(f"{len(taken)} pages visited, ms, median / p95", slow)
    seen = f"{np.median(waited):.1f} / {max(waited):.1f}"
    row(
        f"{len(waited)} photos: accepted to seen on a kept page, s, median / most",
        seen,
    )


def _drawn(folder: Path, count: int) -> list[tuple[Path, str]]:
    """Return (file, album) of each."""
    folder.mkdir()
    found = []
    with ProcessPoolExecutor() as pool:
        for data, meta in pool.map(partial(draw_photo, seed=DEMO_SEED), range(count)):
            path = folder / meta["file"]
            path.write_bytes(data)
            found.append((path, meta["album"]))
    return found


def _take(owner: Photographer, path: Path, album: str) -> None:
    Importer(owner, album=album).take(path)


def _ingest(drawn: list[tuple[Path, str]], take, every_seconds: float) -> None:
    due = time.monotonic()
    for one in drawn:
        time.sleep(max(0.0, due - time.monotonic()))
        due += every_seconds
        take(*one)
    connection.close()


class Watch(threading.Thread):
    """Look again and again at the newest photos, as a visitor does, until all are seen."""

    def __init__(self, url: str):
        super().__init__(daemon=True)
        self._began = timezone.now()
        self._url, self._seen, self._ended = url, {}, threading.Event()

    def run(self) -> None:
        with httpx.Client(timeout=30) as client:
            while not self._ended.wait(POLL_SECONDS):
                page = client.get(f"{self._url}/photos/").text
                for path in CARD.findall(page):
                    self._seen.setdefault(path.split("/")[2], time.time())

    def stop(self) -> list[float]:
        """Return the seconds from when photos were accepted until they were seen."""
        time.sleep(12)
        self._ended.set()
        self.join()
        came = Photo.objects.filter(published_at__gte=self._began)
        came = came.values_list("public_id", "published_at")
        return [self._seen[one] - accepted.timestamp() for one, accepted in came]


def _visits(url: str, searches: list[str], seconds: float, per_second: float) -> list[float]:
    """Let visitors come at random; return the milliseconds of each page."""
    chance = random.Random(SEED)
    chance.shuffle(searches)
    weights = [1 / rank for rank in range(1, len(searches) + 1)]
    taken: list[float] = []
    with ThreadPoolExecutor(VISITORS) as visitors:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            search = chance.choices(searches, weights)[0]
            visitors.submit(_session, url, search, chance.random(), taken)
            time.sleep(chance.expovariate(per_second))
    return taken


def _session(url: str, search: str, seed: float, taken: list[float]) -> None:
    chance = random.Random(seed)

    def visit(path: str) -> str:
        start = time.perf_counter()
        answer = client.get(url + path)
        taken.append((time.perf_counter() - start) * 1000)
        answer.raise_for_status()
        return answer.text

    with httpx.Client(timeout=30) as client:
        page = visit(f"/search/?{urlencode({'q': search})}")
        for path in _some(CARD.findall(page), chance):
            visit(unescape(path))
        following = NEXT.search(page)
        if following and chance.random() < PAGES_ON:
            address = unescape(following[1] or following[2])
            page = visit(f"/search/{address}" if address.startswith("?") else address)
            for path in _some(CARD.findall(page), chance):
                visit(unescape(path))
        if chance.random() < GOES_HOME:
            visit("/")


def _some(paths: list[str], chance: random.Random) -> list[str]:
    paths = list(dict.fromkeys(paths))
    chance.shuffle(paths)
    count = 0
    while count < len(paths) and chance.random() < LOOKS:
        count += 1
    return paths[:count]
