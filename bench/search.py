"""Measure the search on a synthetic gallery, beside peers, on one core; print a report.

    make bench ARGS="--photos 100000"

Everything runs in servers and a database of its own, in a temporary folder. Gallery and indexes
are made on all cores; then servers, peers and this process share one.
"""

import argparse
import atexit
import os
import platform
from pathlib import Path

from config import temporary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=100_000)
    parser.add_argument("--data", type=Path, help="Keep the gallery here, or use the one kept.")
    parser.add_argument("--shared-buffers", default="2GB", help="Of Postgres; 2GB by default.")
    parser.add_argument("--without-peers", action="store_true")
    options = parser.parse_args()
    folder = options.data or temporary.make_folder("pictures-bench-")
    folder.mkdir(parents=True, exist_ok=True)
    temporary.point_at(folder, os.environ)
    os.environ["EMBEDDED_SHARED_BUFFERS"] = options.shared_buffers
    os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
    from config import embedded  # it reads the environment

    if not options.data:  # registered first, done last: when the servers are let go
        atexit.register(embedded.remove_when_stopped, folder)
    embedded.acquire()
    embedded.migrate()
    import django

    django.setup()
    from bench import measures  # needs the settings

    print(
        f"{options.photos:,} photos; {platform.machine()}, shared_buffers {options.shared_buffers}"
    )
    measures.run(options.photos, with_peers=not options.without_peers)


if __name__ == "__main__":
    main()
