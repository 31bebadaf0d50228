"""Decode pictures in a process of its own, which may fail, hang or grow in peace."""

import contextlib
import json
import math
import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
from django.conf import settings
from django.utils.translation import gettext_noop as _

from gallery.exceptions import RefusedUpload, UnreadablePicture

LIMITS = ("MAX_UPLOAD_MB", "MAX_MEGAPIXELS", "MAX_METADATA_MB", "DECODE_MEMORY_MB")


class Decoder:
    """A process that decodes one picture after the other; started when needed. For one thread.

    seconds: how long it may take over a picture.
    """

    def __init__(self, seconds: float):
        self.seconds = seconds
        self._process = None

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.close()

    def decode(self, path: Path, width: int) -> np.ndarray:
        """Return (height, width, 3) uint16, linear light: see pixels.decode.

        Raises UnreadablePicture with a sentence; for what is over a limit as well.
        """
        if self._process and self._process.poll() is not None:
            self.close()  # it died while nobody needed it
        process = self._process = self._process or self._start()
        answer = b""
        with contextlib.suppress(BrokenPipeError):
            process.stdin.write(json.dumps([str(path), width, self.seconds]).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
        if answer:
            said = json.loads(answer)
            data = process.stdout.read(said["bytes"])
            if said["has_grown"]:
                self.close()
            if said["error"]:
                raise UnreadablePicture(said["error"], **said["values"])
            if len(data) == said["bytes"]:
                return np.frombuffer(data, np.uint16).reshape(said["shape"])
        ended = process.wait()
        self.close()
        if ended == -signal.SIGALRM:
            raise UnreadablePicture(
                _(
                    "The picture takes too long to read: more than %(seconds)s seconds. "
                    "Export a smaller one, or save it as JPEG first."
                ),
                seconds=f"{self.seconds:g}",
            )
        raise UnreadablePicture(
            _(
                "The picture is damaged, or takes more memory to read than there is. "
                "Export a smaller one, or save it as JPEG first."
            )
        )

    def _start(self) -> subprocess.Popen:
        limits = {name: getattr(settings, name) for name in LIMITS}
        return subprocess.Popen(
            [sys.executable, "-m", "gallery.decoder", json.dumps(limits)],
            cwd=Path(__file__).resolve().parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=os.environ | {"VIPS_CONCURRENCY": "1", "OPENBLAS_NUM_THREADS": "1"},
        )

    def close(self) -> None:
        """End the process; the next picture starts another."""
        if process := self._process:
            self._process = None
            process.kill()
            process.wait()
            process.stdout.close()
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()


def _resident_bytes() -> float:
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()
    except OSError:  # another system: nobody knows
        return math.inf


def _main() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for its parent, who closes stdin
    settings.configure(**json.loads(sys.argv[1]))
    from gallery.formats import decoding
    from gallery.pixels import decode

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a decoder prints is no answer
    most = settings.DECODE_MEMORY_MB * 2**20
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for line in sys.stdin.buffer:
        path, width, seconds = json.loads(line)
        signal.setitimer(signal.ITIMER_REAL, seconds)  # nothing catches it: it ends the process
        shape, data, problem, values = (), b"", "", {}
        try:
            with decoding():
                pixels = decode(Path(path), width).numpy()
            shape, data = pixels.shape, pixels.tobytes()
        except (RefusedUpload, UnreadablePicture) as error:
            problem, values = error.message, error.values  # its parent speaks to people
        signal.setitimer(signal.ITIMER_REAL, 0)
        # What a large picture took is never all given back.
        has_grown = _resident_bytes() > most / 2
        said = {"shape": shape, "bytes": len(data), "has_grown": has_grown}
        said |= {"error": problem, "values": values}
        answers.write(json.dumps(said).encode() + b"\n" + data)
        answers.flush()


if __name__ == "__main__":
    _main()
