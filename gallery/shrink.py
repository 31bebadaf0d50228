"""Shrink a stranger's picture in a process of its own, which may fail, hang or grow in peace."""

import io
import resource
import subprocess
import sys
from pathlib import Path

from gallery.exceptions import UnreadablePicture

SHRUNK_WIDTH = 640  # px, as the pictures that are embedded
LIMIT_SECONDS = 10
LIMIT_BYTES = 3 * 2**30  # of address space; most of it is never touched


def shrunk(path: Path) -> bytes:
    """Return a picture file as a small JPEG, upright and in sRGB, without any metadata.

    The caller has read its header. Raises UnreadablePicture.
    """
    try:
        done = subprocess.run(
            [sys.executable, "-m", "gallery.shrink", str(path)],
            cwd=Path(__file__).resolve().parent.parent,
            capture_output=True,
            timeout=LIMIT_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise UnreadablePicture(
            "The picture takes too long to read. Try a smaller one, or save it as JPEG first."
        ) from error
    if done.returncode != 0:
        raise UnreadablePicture(
            "The picture is damaged or too much to read. Save it as JPEG and try that."
        )
    return done.stdout


def _main(path: Path) -> None:
    from PIL import Image

    from gallery.pixels import decode

    resource.setrlimit(resource.RLIMIT_AS, (LIMIT_BYTES, LIMIT_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT_SECONDS, LIMIT_SECONDS))
    buffer = io.BytesIO()
    Image.fromarray(decode(path, SHRUNK_WIDTH).numpy()).save(buffer, "JPEG", quality=90)
    sys.stdout.buffer.write(buffer.getvalue())


if __name__ == "__main__":
    _main(Path(sys.argv[1]))
