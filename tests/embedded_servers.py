"""Bring Postgres and Redis of the tests' own before Django's settings are read."""

import atexit
import os
import shutil
import tempfile
import time
from pathlib import Path

STOP_TIMEOUT_SECONDS = 60


def _make_data_dir() -> Path:
    """Make a folder that the unprivileged server user can reach, gone with the test run."""
    path = Path(tempfile.mkdtemp(prefix="pictures-tests-"))
    path.chmod(0o755)
    atexit.register(_remove, path)
    return path


def _remove(path: Path) -> None:
    """Remove the folder once its servers, which this process has let go, have stopped."""
    home = embedded.Home(path)
    deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
    while home.keeper_is_alive() and time.monotonic() < deadline:
        time.sleep(embedded.POLL_SECONDS)
    shutil.rmtree(path, ignore_errors=True)


for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "AWS_STORAGE_BUCKET_NAME"):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = str(_make_data_dir())
os.environ["EMBEDDED_FSYNC"] = "off"
os.environ["EMBEDDING_PROFILE"] = "demo"

from config import embedded  # noqa: E402 (it reads the environment)

embedded.acquire()
