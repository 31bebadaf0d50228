"""Servers and settings of a benchmark's own, in a temporary folder or one that is kept."""

import argparse
import atexit
import os
import platform
from pathlib import Path

from config import temporary


def options(doc: str) -> argparse.ArgumentParser:
    """Return a parser of what all benchmarks of a gallery take."""
    parser = argparse.ArgumentParser(description=doc.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="Keep the gallery here, or use the one kept.")
    parser.add_argument("--shared-buffers", default="2GB", help="Of Postgres; 2GB by default.")
    return parser


def start(chosen: argparse.Namespace) -> None:
    """Start the servers of a gallery; nothing that needs the settings is imported before."""
    begin(chosen.data, EMBEDDED_SHARED_BUFFERS=chosen.shared_buffers)
    print(f"{chosen.photos:,} photos; {platform.machine()}, shared_buffers {chosen.shared_buffers}")


def begin(kept: Path | None = None, **environment: str) -> Path:
    """Start servers in a folder that is kept, or in a temporary one, and set Django up.

    Returns the folder.
    """
    folder = kept or temporary.make_folder("pictures-bench-")
    folder.mkdir(parents=True, exist_ok=True)
    temporary.point_at(folder, os.environ)
    os.environ |= {"DJANGO_SETTINGS_MODULE": "config.settings"} | environment
    from config import embedded  # it reads the environment

    if not kept:  # registered first, done last: when the servers are let go
        atexit.register(embedded.remove_when_stopped, folder)
    embedded.acquire()
    embedded.migrate()
    import django

    django.setup()
    return folder
