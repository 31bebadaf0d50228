"""Measure the ingest: photographs as from a camera, from the file to a photo that is found.

    make bench                                     # after the search
    .venv/bin/python -m bench.ingest --photos 30

Everything runs in servers and a database of its own, in a temporary folder, with towers of true
size. Stages are measured in CPU seconds, each by the function that production calls, beside a
pipeline of Pillow alone; then a whole site, as `manage.py demo` starts it, takes photos one by one
on all cores, and many at once on one core.
"""

import argparse
import os
import platform
from pathlib import Path

from bench import servers

PHOTOS, SINGLE = 60, 20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--photos", type=int, default=PHOTOS, help="Taken at once, on one core.")
    parser.add_argument("--single", type=int, default=SINGLE, help="Taken one by one.")
    parser.add_argument("--made", type=Path, help="Keep photographs and models here, or use them.")
    parser.add_argument("--only", choices=("stages", "site"), help="Leave the other half out.")
    parser.add_argument("--ask", action="store_true", help="Wait for Enter before measuring.")
    options = parser.parse_args()
    # As in the processes that are measured.
    folder = servers.begin(OMP_NUM_THREADS="1", VIPS_CONCURRENCY="1")
    from bench import ingest_measures  # needs the settings

    print(f"\nIngest; {platform.machine()}, {os.cpu_count()} cores", flush=True)
    made = options.made or folder / "made"
    ingest_measures.run(
        made, options.photos, single=options.single, only=options.only, ask=options.ask
    )


if __name__ == "__main__":
    main()
