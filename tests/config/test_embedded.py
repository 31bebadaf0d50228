"""Postgres and Redis out of the wheels: shared, restarted, and stopped with their last user."""

import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import psycopg
import pytest
import redis

from config import embedded
from tests.processes import BASE_DIR, make_reachable_folder, processes_of, wait_until

# Says where the servers are, then uses them until it is ended.
USER = (
    "import sys, time; from config import embedded; embedded.acquire(); "
    "print(embedded.database_url(), embedded.redis_url(), flush=True); time.sleep(600)"
)


class User:
    """A process that uses the embedded servers of a folder."""

    def __init__(self, data_dir: Path):
        environment = {**os.environ, "DATA_DIR": str(data_dir), "EMBEDDED_FSYNC": "off"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", USER],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.database_url, self.redis_url = self.process.stdout.readline().split()

    def both_answer(self) -> bool:
        try:
            with psycopg.connect(self.database_url, connect_timeout=2) as connection:
                connection.execute("SELECT 1")
            return redis.Redis.from_url(self.redis_url, socket_timeout=2).ping()
        except (psycopg.OperationalError, redis.RedisError):
            return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture(scope="module")
def data_dir():
    with make_reachable_folder() as folder:
        yield folder
        wait_until(lambda: not processes_of(folder), timeout_seconds=30, what="an empty folder")


@pytest.fixture
def user(data_dir):
    one = User(data_dir)
    yield one
    one.kill()


def test_two_processes_share_one_pair_until_the_last_is_killed(data_dir):
    first, second = User(data_dir), User(data_dir)
    assert (first.database_url, first.redis_url) == (second.database_url, second.redis_url)
    first.kill()
    time.sleep(3 * embedded.POLL_SECONDS)
    assert second.both_answer()
    second.kill()
    wait_until(lambda: not processes_of(data_dir), timeout_seconds=30, what="all servers stopped")


@pytest.mark.parametrize("words", [["postgres", "-D"], ["redis-server"], ["config.keeper"]])
def test_what_is_killed_comes_back_while_somebody_uses_it(data_dir, user, words):
    killed = processes_of(data_dir, *words)
    assert killed
    for process in killed:
        process.kill()
    psutil.wait_procs(killed, 10)
    wait_until(user.both_answer, timeout_seconds=60, what=f"{words} again")


def test_second_keeper_leaves_the_servers_to_the_first(data_dir, user):
    environment = {**os.environ, "DATA_DIR": str(data_dir), "EMBEDDED_FSYNC": "off"}
    command = [sys.executable, "-m", "config.keeper"]
    assert subprocess.run(command, cwd=BASE_DIR, env=environment, timeout=30).returncode == 0
    assert user.both_answer()


def test_killing_the_keeper_and_its_last_user_leaves_nothing(data_dir):
    user = User(data_dir)
    keeper = processes_of(data_dir, "config.keeper")[0]
    os.kill(keeper.pid, signal.SIGSTOP)  # so that it cannot stop the servers by itself
    user.kill()
    keeper.kill()
    wait_until(lambda: not processes_of(data_dir), timeout_seconds=30, what="all servers stopped")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to give up rights")
def test_closed_folders_are_never_opened_up(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    home = embedded.Home(closed / "data")
    assert not home.cluster.is_relative_to(tmp_path)
    assert closed.stat().st_mode & 0o777 == 0o700


@contextmanager
def forked_child():
    """A child that was forked, as web servers do, and has open what is open now."""
    child = os.fork()
    if child == 0:
        signal.pause()
    try:
        yield
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def take_lock(path: Path) -> None:
    """Take a lock that nobody may hold; raises BlockingIOError."""
    with open(path) as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def test_lock_ends_with_its_block_although_a_forked_child_has_it_open(tmp_path):
    home = embedded.Home(tmp_path)
    with ExitStack() as children:
        with home.locked("start.lock"):
            children.enter_context(forked_child())
        take_lock(home.control / "start.lock")


def test_looking_for_the_keeper_leaves_its_lock_free_although_a_child_is_forked_meanwhile(
    tmp_path, monkeypatch
):
    home = embedded.Home(tmp_path)
    with ExitStack() as children:
        lock = fcntl.flock

        def lock_and_fork(file, operation):
            lock(file, operation)
            if operation & fcntl.LOCK_SH:
                children.enter_context(forked_child())

        monkeypatch.setattr(fcntl, "flock", lock_and_fork)
        assert not home.keeper_is_alive()
        take_lock(home.control / "keeper.lock")


def test_port_in_use_is_not_free():
    port = int(embedded.database_url().rpartition(":")[2].partition("/")[0])
    assert not embedded.port_is_free(port)
