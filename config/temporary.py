"""Sites that live in a temporary folder: of the tests, the evaluation and the bench.

Nothing here reads the environment: it is changed before config.embedded and the settings read it.
"""

import tempfile
from collections.abc import MutableMapping
from pathlib import Path

OF_A_SITE = ("DATABASE_URL", "REDIS_URL", "STORAGE_URL", "AWS_STORAGE_BUCKET_NAME")


def make_folder(prefix: str) -> Path:
    """Make a folder that the unprivileged user of the embedded servers can go through.

    config.embedded.remove_when_stopped takes it away.
    """
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    folder.chmod(0o755)
    return folder


def point_at(folder: Path, environ: MutableMapping[str, str]) -> None:
    """Make an environment that of a site in a folder: embedded servers, the small CLIP."""
    for name in OF_A_SITE:
        environ.pop(name, None)
    environ["DATA_DIR"] = str(folder)
    environ["EMBEDDED_FSYNC"] = "off"
    environ["EMBEDDING_PROFILE"] = "demo"
