"""Bring Postgres and Redis of the tests' own before Django's settings are read."""

import atexit
import os
import tempfile
from pathlib import Path


def _make_data_dir() -> Path:
    """Make a folder that the unprivileged server user can reach, gone with the test run."""
    path = Path(tempfile.mkdtemp(prefix="pictures-tests-"))
    path.chmod(0o755)
    atexit.register(lambda: embedded.remove_when_stopped(path))
    return path


for name in ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "AWS_STORAGE_BUCKET_NAME"):
    os.environ.pop(name, None)
os.environ["DATA_DIR"] = str(_make_data_dir())
os.environ["EMBEDDED_FSYNC"] = "off"
os.environ["EMBEDDING_PROFILE"] = "demo"

from config import embedded  # noqa: E402 (it reads the environment)

embedded.acquire()
