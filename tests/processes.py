"""Other processes, seen from outside: wait for them, list them, give them folders and a line."""

import http.server
import json
import shutil
import socket
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
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


class Line:
    """A line to a local server that can be cut and mended; counts the bytes that go up."""

    def __init__(self, port: int):
        self.upstream = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.bytes_up = 0
        self.is_cut = False
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._actions: list[tuple[int, Callable[[], None]]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def at(self, bytes_up: int, action: Callable[[], None]) -> None:
        """Do something once that many bytes went up, before the next one does."""
        self._actions.append((bytes_up, action))

    def cut(self) -> None:
        self.is_cut = True
        for one in list(self._open):
            self._hang_up(one)

    def mend(self) -> None:
        self.is_cut = False

    def close(self) -> None:
        self.listener.close()
        self.cut()

    def _hang_up(self, one: socket.socket) -> None:
        self._open.discard(one)
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
        one.close()

    def _accept(self) -> None:
        while True:
            try:
                below, _ = self.listener.accept()
            except OSError:  # closed
                return
            try:
                if self.is_cut:
                    raise ConnectionRefusedError
                above = socket.create_connection(self.upstream)
            except OSError:
                below.close()
                continue
            self._open |= {below, above}
            for pair in ((below, above), (above, below)):
                threading.Thread(target=self._pass_on, args=(*pair, below), daemon=True).start()

    def _pass_on(self, source, target, below) -> None:
        with suppress(OSError):
            while data := source.recv(2**16):
                if source is below:
                    self._count(len(data))
                target.sendall(data)
        self._hang_up(source)
        self._hang_up(target)

    def _count(self, size: int) -> None:
        with self._lock:
            self.bytes_up += size
            for due in [one for one in self._actions if one[0] <= self.bytes_up]:
                self._actions.remove(due)
                due[1]()
