"""What bench.serving measures: requests a second, and many visitors who ask the same at once."""

import logging
import os
import re
import shutil
import ssl
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

import httpx
import psutil
from django.conf import settings
from django.core.cache import cache

from bench import measures
from bench.measures import row
from config import counts
from config.embedded import BASE_DIR, end_with_parent

PORT = 8766
CONNECTIONS = 16  # that wrk keeps open
ROUNDS = 3  # in turn, of which the medians are reported
VISITORS = 200
START_SECONDS = 60
logging.getLogger("httpx").setLevel(logging.WARNING)  # it tells of every request


@dataclass(frozen=True)
class Load:
    """What wrk asks again and again. bare: the file whose bytes the bare view answers instead."""

    name: str
    path: str
    bare: str
    headers: tuple[str, ...] = ()
    kept_pages: bool = True


def run(count: int, seconds: int) -> None:
    if not shutil.which("wrk"):
        sys.exit("wrk is not here: install it, for example by apt install wrk.")
    measures.ensure_gallery(count)
    questions = measures.questions_asked(2)
    found = f"/search/?{urlencode({'q': questions[0].text})}"
    by_api = f"/api/v1{found}"
    bodies = settings.DATA_DIR / "bench-bodies"
    bodies.mkdir(exist_ok=True)
    with served() as url:
        tags = {}
        for name, path in (("home", "/"), ("search", found), ("api", by_api)):
            answer = asked(url + path)
            (bodies / name).write_bytes(answer.raw)
            tags[name] = answer.etag
    has_tag = (f"If-None-Match: {tags['home']}",)
    loads = [
        Load("home, kept page", "/", "home"),
        Load("home, kept page, 304", "/", "home", has_tag),
        Load("search, kept page", found, "search"),
        Load("search, kept list, page made anew", found, "search", kept_pages=False),
        Load("search of the API, kept list", by_api, "api"),
    ]
    print(
        f"one gunicorn worker, gthread, 8 threads, a core of its own; wrk: "
        f"{CONNECTIONS} connections, {ROUNDS} times {seconds} s each"
    )
    row("what", "gzipped, KB", "requests/s", "of the bare view", "p99, ms", "p99 of the bare view")
    row("---", "---", "---", "---", "---", "---")
    for load in loads:
        measure(load, bodies, seconds)
    same_question_at_once(f"/search/?{urlencode({'q': questions[1].text})}")


def measure(load: Load, bodies: Path, seconds: int) -> None:
    rounds = []
    for _ in range(ROUNDS):
        with served(bare=bodies) as url:
            bare = wrk(f"{url}/{load.bare}/", seconds)
        with served(kept_pages=load.kept_pages) as url:
            asked(url + load.path)
            rounds.append((*wrk(url + load.path, seconds, load.headers), *bare))
    rate, late, _, bare_late = (median(each) for each in zip(*rounds, strict=True))
    share = median(one[0] / one[2] for one in rounds)
    size = f"{(bodies / load.bare).stat().st_size / 1000:.1f}"
    row(load.name, size, round(rate), f"{share:.2f}", f"{late:.1f}", f"{bare_late:.1f}")


@contextmanager
def served(*, bare: Path | None = None, kept_pages: bool = True):
    """Serve the site, or the bare view, by one worker on a core of its own; yield its address."""
    command = [sys.executable, "-m", "gunicorn", "bench.served", "-b", f"127.0.0.1:{PORT}"]
    command += ["--workers", "1", "--log-level", "error"]
    environment = os.environ | ({"BENCH_BARE": str(bare)} if bare else {})
    environment |= {} if kept_pages else {"PAGE_TTL_SECONDS": "0"}
    process = subprocess.Popen(command, cwd=BASE_DIR, env=environment, preexec_fn=end_with_parent)
    try:
        url = f"http://127.0.0.1:{PORT}"
        deadline = time.monotonic() + START_SECONDS
        while not _answers(url):
            if time.monotonic() > deadline or process.poll() is not None:
                raise RuntimeError("The web process did not start.")
            time.sleep(0.2)
        share_cores(psutil.Process(process.pid))
        yield url
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        httpx.get(url)
        return True
    return False


def share_cores(web: psutil.Process) -> None:
    """Give the web processes a core, and all others the rest."""
    rest = sorted(set(range(os.cpu_count())) - {measures.CORE})
    servers = measures.processes().values()
    for one in (psutil.Process(), *servers, *(c for s in servers for c in s.children())):
        with suppress(psutil.NoSuchProcess):
            one.cpu_affinity(rest)
    for one in (web, *web.children(recursive=True)):
        for thread in one.threads():
            os.sched_setaffinity(thread.id, {measures.CORE})


@dataclass(frozen=True)
class Answer:
    raw: bytes
    etag: str


def asked(address: str) -> Answer:
    """Ask as browsers do; the body as it came."""
    with httpx.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.status_code == 200 and answer.headers["content-encoding"] == "gzip", address
    return Answer(raw, answer.headers.get("etag", ""))


def wrk(address: str, seconds: int, headers: tuple[str, ...] = ()) -> tuple[float, float]:
    """Return requests a second, and the 99th percentile of their milliseconds."""
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    for header in ("Accept-Encoding: gzip", *headers):
        command += ["-H", header]
    said = subprocess.run([*command, address], capture_output=True, text=True, check=True).stdout
    assert "Non-2xx" not in said and "Socket errors" not in said, said
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])
    late, unit = re.search(r"99%\s+([\d.]+)(us|ms|s)", said).groups()
    return rate, float(late) * {"us": 0.001, "ms": 1, "s": 1000}[unit]


def same_question_at_once(path: str) -> None:
    """Let visitors ask what nobody asked before, all at once."""
    ready, taken = threading.Barrier(VISITORS + 1), []
    context = ssl.create_default_context()  # each would make one, for seconds in all

    def visit() -> None:
        with httpx.Client(timeout=60, verify=context) as client:
            ready.wait()
            start = time.perf_counter()
            client.get(url + path).raise_for_status()
            taken.append((time.perf_counter() - start) * 1000)

    with served() as url:
        measures.forget_results()
        cache.delete_pattern("page:*")
        before = dict(counts.most(counts.CACHES, 100))
        visitors = [threading.Thread(target=visit) for _ in range(VISITORS)]
        for one in visitors:
            one.start()
        ready.wait()
        for one in visitors:
            one.join()
        time.sleep(counts.FLUSH_SECONDS + 1)
        asked(url + path)  # sends what the process has counted
    after = dict(counts.most(counts.CACHES, 100))
    computed = {
        name: after.get(name, 0) - before.get(name, 0) for name in ("page miss", "results miss")
    }
    row(
        f"{VISITORS} ask the same at once: answered, pages made, lists computed; last answer, ms",
        f"{len(taken)}, {computed['page miss']}, {computed['results miss']}; {max(taken):.0f}",
    )
