"""Shrink a stranger's picture in a process of its own, which may fail, hang or grow in peace."""

import io
import resource
import subprocess
import sys
import threading
from pathlib import Path

from gallery.exceptions import Busy, UnreadablePicture

AT_ONCE = 2  # for each web process; each may fill a core and much memory
LIMIT_SECONDS = 10
LIMIT_BYTES = 3 * 2**30  # of address space; most of it is never touched

_free = threading.BoundedSemaphore(AT_ONCE)


def shrunk(path: Path, width: int) -> bytes:
    """Return a picture file as a JPEG at most `width` px wide, upright, in sRGB, without metadata.

    The caller has read its header. Raises UnreadablePicture, or Busy, at once, while AT_ONCE
    others are shrunk.
    """
    if not _free.acquire(blocking=False):
        raise Busy
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gallery.shrink", str(path), str(width)],
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadablePicture(
            "The picture takes too long to read. Try a smaller one, or save it as JPEG first."
        ) from error
    finally:
        _free.release()
    if done.returncode != 0:
        raise UnreadablePicture(
            "The picture is damaged or too much to read. Save it as JPEG and try that."
        )
    return done.stdout


def _main(path: Path, width: int) -> None:
    from PIL import Image

    from gallery.pixels import decode

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS))
    buffer = io.BytesIO()
    Image.fromarray(decode(path, width).numpy()).save(buffer, "JPEG", quality=90)
    sys.stdout.buffer.write(buffer.getvalue())


if __name__ == "__main__":
    _main(Path(sys.argv[1]), int(sys.argv[2]))
