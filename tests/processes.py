"""Other processes, seen from outside: wait for them, list them, give them folders and a trap."""

import http.server
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

BASE_DIR = Path(__file__).resolve().parents[1]


def wait_until(condition, *, timeout_seconds: float, what: str, every_seconds: float = 0.2):
    """Return the first truthy answer of `condition`; fail after the timeout."""
    deadline = time.monotonic() + timeout_seconds
    while time.monotonic() < deadline:
        if answer := condition():
            return answer
        time.sleep(every_seconds)
    raise AssertionError(f"{what}: not within {timeout_seconds} s")


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def processes_of(data_dir: Path, *words: str) -> list[psutil.Process]:
    """Return the living processes of the site in a folder whose command line has all the words."""
    found = []
    for process in psutil.process_iter(["cmdline", "environ", "status"]):
        line = " ".join(process.info["cmdline"] or [])
        ours = (
            (process.info["environ"] or {}).get("DATA_DIR") == str(data_dir)
            or str(data_dir) in line
            or process.pid in _server_pids(data_dir)
        )
        alive = process.info["status"] != psutil.STATUS_ZOMBIE
        if ours and alive and all(word in line for word in words):
            found.append(process)
    return found


def _server_pids(data_dir: Path) -> list[int]:
    """Return the pids of the embedded servers: Redis writes over its own environment."""
    try:
        started = json.loads((data_dir / "embedded" / "pids.json").read_text())
        return [identity["pid"] for identity in started.values() if identity]
    except FileNotFoundError:
        return []


@contextmanager
def make_reachable_folder() -> Iterator[Path]:
    """Give a folder that an unprivileged server user can reach, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="pictures-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def recording_server() -> Iterator[tuple[str, list[str]]]:
    """Give the address of a web server, and the paths that it is asked for."""
    requests = []

    class Recorder(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            requests.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

    server = http.server.HTTPServer(("127.0.0.1", 0), Recorder)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
