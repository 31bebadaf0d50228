"""The process that runs the embedded servers for all others: see config.embedded."""

import fcntl
import json
import os
import random
import secrets
import shutil
import signal
import subprocess
import time
from dataclasses import asdict
from pathlib import Path

import psycopg

from config.embedded import (
    DATA_DIR,
    FSYNC,
    POLL_SECONDS,
    SHARED_BUFFERS,
    START_TIMEOUT_SECONDS,
    STOP_TIMEOUT_SECONDS,
    Home,
    Servers,
    end_with_parent,
    port_is_free,
)

# Below those that systems give to clients: none takes one before a server listens there.
PORTS = range(20_000, 32_000)
MOST_PORTS = 100  # that are tried


def _free_port(preferred: int | None, *taken: int) -> int:
    ports = [preferred] if preferred else []
    ports += random.sample(PORTS, MOST_PORTS)
    return next(port for port in ports if port not in taken and port_is_free(port))


class Keeper:
    """Run both servers until nobody uses them. One a site, in a session of its own."""

    def __init__(self, home: Home):
        self.home = home
        self.processes: dict[str, subprocess.Popen] = {}

    def run(self) -> None:
        self.home.prepare()
        with open(self.home.control / "keeper.lock", "a") as file:
            if not self._is_the_only_one(file):
                return
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

    def _is_the_only_one(self, lock) -> bool:
        """Take the keepers' lock, unless another keeper has it; who looks for one has it shared."""
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            except BlockingIOError:
                if self.home.keeper_is_alive():
                    return False
                time.sleep(POLL_SECONDS / 4)

    def _choose_addresses(self) -> Servers:
        path = self.home.control / "servers.json"
        known = json.loads(path.read_text()) if path.exists() else {}
        postgres_port = _free_port(known.get("postgres_port"))
        servers = Servers(
            postgres_port=postgres_port,
            postgres_password=known.get("postgres_password") or secrets.token_urlsafe(24),
            redis_port=_free_port(known.get("redis_port"), postgres_port),
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
                "shared_buffers": SHARED_BUFFERS,
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
