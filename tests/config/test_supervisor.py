"""The supervisor: what dies is restarted, what ended well is not, nothing is left behind."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from config.supervisor import Program, Supervisor
from tests.processes import BASE_DIR, wait_until

SUPERVISED = """
import sys
from config.supervisor import Program, Supervisor
shell = ["sh", "-c", "sleep 600 & wait"]
once = [sys.executable, "-c", "import sys; print('drawn', flush=True)"]
supervisor = Supervisor([Program("shell", shell), Program("once", once, once=True)], sys.stdout)
supervisor.start()
print("started", flush=True)
supervisor.run()
"""


@pytest.fixture
def supervisor(tmp_path):
    """A supervisor of a shell with a child, and of a program that runs once."""
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-c", SUPERVISED], cwd=BASE_DIR, stdout=log, stderr=log
        )
    process.log = tmp_path / "log"
    wait_until(lambda: len(shells(process)) == 2, timeout_seconds=10, what="the shell's child")
    yield process
    process.kill()
    process.wait()


def shells(supervisor) -> list[psutil.Process]:
    """Return the shell and its child, without the program that runs once."""
    children = psutil.Process(supervisor.pid).children(recursive=True)
    return [one for one in children if name_of(one) in ("sh", "sleep")]


def name_of(process: psutil.Process) -> str:
    try:
        return process.name()
    except psutil.NoSuchProcess:  # it ended meanwhile
        return ""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_programs_and_their_children(supervisor, number):
    running = shells(supervisor)
    supervisor.send_signal(number)
    assert supervisor.wait(20) == 0
    _, alive = psutil.wait_procs(running, 5)
    assert not alive


def test_a_killed_supervisor_takes_its_programs_along(supervisor):
    shell, child = sorted(shells(supervisor), key=lambda one: one.name())
    supervisor.kill()
    psutil.wait_procs([shell], 5)
    child.kill()  # a shell leaves its child alone; our programs do not
    assert not shell.is_running() or shell.status() == psutil.STATUS_ZOMBIE


def test_what_dies_is_started_again_with_nothing_left_of_it(supervisor):
    shell, child = sorted(shells(supervisor), key=lambda one: one.name())
    shell.kill()
    wait_until(
        lambda: (
            {one.pid for one in shells(supervisor)}.isdisjoint({shell.pid, child.pid})
            and len(shells(supervisor)) == 2
        ),
        timeout_seconds=10,
        what="another shell",
    )
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_a_program_that_runs_once_is_not_started_again(supervisor):
    wait_until(lambda: "drawn" in supervisor.log.read_text(), timeout_seconds=10, what="its line")
    shells(supervisor)[0].kill()
    wait_until(
        lambda: "starting it again" in supervisor.log.read_text(),
        timeout_seconds=10,
        what="the other's restart",
    )
    assert supervisor.log.read_text().count("drawn") == 1


def test_number_of_a_program_that_is_over_is_not_signalled_again(monkeypatch):
    """It may be another's by then."""
    program = Program("once", ["true"], once=True)
    supervisor = Supervisor([program], subprocess.DEVNULL)
    supervisor._start(program)
    os.waitid(os.P_PID, program.process.pid, os.WEXITED | os.WNOWAIT)
    signalled = []
    monkeypatch.setattr(os, "killpg", lambda *what: signalled.append(what))
    supervisor.poll()
    assert signalled == [(program.process.pid, signal.SIGKILL)], "children that it left behind"
    supervisor.poll()
    supervisor.stop()
    assert len(signalled) == 1
