import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from config import embedded, temporary
from embeddings import spaces
from search.evaluation import limits, report, run

PAGE = "docs/search-quality.md"
CHOSEN = "chosen.json"  # in the temporary folder, from one process to the other


class Command(BaseCommand):
    help = "Measure the search on a database of its own, and write what was found."

    def add_arguments(self, parser):
        parser.add_argument("--full", action="store_true", help="Also galleries of 10,000.")
        parser.add_argument("--tune", action="store_true", help="Choose the fusion's weights.")
        parser.add_argument(
            "--apply", action="store_true", help="With --tune: store them in this site's space."
        )
        parser.add_argument("--photos", type=Path, help="Folder with photos.json.")
        parser.add_argument("--output", type=Path, default=settings.BASE_DIR / PAGE)
        parser.add_argument(
            "--here", action="store_true", help="Use this process's database; it must be empty."
        )

    def handle(self, *, here, apply, **options):
        if apply and not options["tune"]:
            raise CommandError("--apply stores what --tune chose: give both.")
        if here:
            self.measure(**options)
            return
        # Stopped from outside, it still stops the other process and removes the folder.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
        with _temporary_folder() as folder:
            done = subprocess.run(
                [sys.executable, "manage.py", "evaluate_search", "--here", *_arguments(**options)],
                cwd=settings.BASE_DIR,
                env=_environment(folder),
                preexec_fn=embedded.end_with_parent,
            )
            if apply and (folder / CHOSEN).exists():
                self.apply(json.loads((folder / CHOSEN).read_text()))
        if done.returncode:
            sys.exit(done.returncode)

    def measure(self, *, full, tune, photos, output, **options):
        found = run.evaluate(full=full, tune=tune, photos=photos, report=self.say)
        given = "".join(
            f" {name}"
            for name, is_given in (("--full", full), ("--tune", tune), ("--photos …", photos))
            if is_given
        )
        output.write_text(report.write(found, options=given))
        self.stdout.write(f"Written: {output}")
        if found.chosen:
            self.stdout.write(f"Chosen: {found.chosen}")
            (settings.DATA_DIR / CHOSEN).write_text(json.dumps(asdict(found.chosen)))
        if missed := limits.missed(found.figures):
            raise CommandError("Worse than it was:\n  " + "\n  ".join(missed))

    def apply(self, fusion: dict) -> None:
        """Store a fusion in the space that serves this site."""
        space = spaces.active_space()
        if space is None or not run.is_demo(space):
            raise CommandError("The weights are the small CLIP's; this site is served by another.")
        space.weights, space.k = fusion["weights"], fusion["k"]
        space.save(update_fields=["weights", "k"])
        self.stdout.write(f"Stored in space {space.pk}.")

    def say(self, what: str) -> None:
        self.stderr.write(f"{time.strftime('%H:%M:%S')}  {what}")


def _arguments(
    *, full: bool, tune: bool, photos: Path | None, output: Path, **options
) -> list[str]:
    flags = [name for name, is_given in (("--full", full), ("--tune", tune)) if is_given]
    folder = ["--photos", str(photos.resolve())] if photos else []
    return [*flags, *folder, "--output", str(output.resolve())]


@contextmanager
def _temporary_folder():
    """Make a folder for embedded servers; remove it once they have stopped."""
    folder = temporary.make_folder("pictures-evaluation-")
    try:
        yield folder
    finally:
        embedded.remove_when_stopped(folder)


def _environment(folder: Path) -> dict[str, str]:
    environ = dict(os.environ)
    environ.pop("SEARCH_LANGUAGES", None)  # all that the labelled queries are in
    temporary.point_at(folder, environ)
    return environ
