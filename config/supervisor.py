"""Run the site's processes side by side: restart what dies, leave nothing behind."""

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field

from config.embedded import BASE_DIR, end_with_parent

POLL_SECONDS = 0.2
STOP_SECONDS = 15
QUICK_DEATH_SECONDS = 5
MAX_PAUSE_SECONDS = 30


@dataclass
class Program:
    """One command to keep running; one that runs `once` may end well."""

    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    once: bool = False
    process: subprocess.Popen | None = None
    started_at: float = 0.0
    pause_seconds: float = 0.0


class Supervisor:
    """Start programs, restart those that end, stop all on SIGINT, SIGTERM or SIGHUP.

    Each program gets a process group of its own, so that its children end with it.
    """

    def __init__(self, programs: list[Program], log):
        self.programs = programs
        self.log = log
        self.stopping = False

    def start(self) -> None:
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self._ask_to_stop)
        for program in self.programs:
            self._start(program)

    def _ask_to_stop(self, number, frame) -> None:
        self.stopping = True

    def _start(self, program: Program) -> None:
        program.process = subprocess.Popen(
            program.command,
            cwd=BASE_DIR,
            env={**os.environ, **program.environment},
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
            process_group=0,
            preexec_fn=end_with_parent,
        )
        program.started_at = time.monotonic()

    def poll(self) -> None:
        """Restart programs that ended; one that dies at once is given a growing pause."""
        now = time.monotonic()
        for program in self.programs:
            was_running = program.process.returncode is None
            if program.process.poll() is None:
                if now - program.started_at > QUICK_DEATH_SECONDS:
                    program.pause_seconds = 0.0
                continue
            if was_running:  # later its number may be another's
                _signal_group(program.process.pid, signal.SIGKILL)  # children it left behind
            if program.once and program.process.returncode == 0:
                continue
            if now - program.started_at < program.pause_seconds:
                continue
            print(
                f"{program.name} ended ({program.process.returncode}), starting it again",
                file=sys.stderr,
                flush=True,
            )
            program.pause_seconds = min(MAX_PAUSE_SECONDS, 2 * program.pause_seconds + 1)
            self._start(program)

    def run(self, on_poll=lambda: None) -> None:
        """Supervise until a signal asks to stop, then stop everything."""
        try:
            while not self.stopping:
                self.poll()
                on_poll()
                time.sleep(POLL_SECONDS)
        finally:
            self.stop()

    def stop(self) -> None:
        """End all programs and their children; kill what does not end in time."""
        running = [one for one in self.programs if one.process.returncode is None]
        for program in running:
            _signal_group(program.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for program in running:
            try:
                program.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
            _signal_group(program.process.pid, signal.SIGKILL)
            program.process.wait()


def _signal_group(group: int, number: int) -> None:
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        pass
