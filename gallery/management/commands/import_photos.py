import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery import services
from gallery.importer import Importer, find_pictures, read_sidecar

FOLDERS = "folders"  # --album without a title


class Command(BaseCommand):
    help = "Import files and folders as public photos. Safe to stop and to start again."

    def add_arguments(self, parser):
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH")
        parser.add_argument("--owner", default="", help="Photographer's name.")
        parser.add_argument(
            "--album",
            nargs="?",
            const=FOLDERS,
            default="",
            metavar="TITLE",
            help="Put all into this album; without a title, each folder becomes an album.",
        )
        parser.add_argument("--sidecar", type=Path, help="JSON with titles, descriptions, tags.")
        parser.add_argument(
            "--show-location",
            action="store_true",
            default=None,
            help="Show where they were taken, also if the owner does not for new photos.",
        )
        parser.add_argument("--report", type=Path, help="Write what became of each file as JSON.")

    def handle(self, *, paths, owner, album, sidecar, show_location, report, **options):
        if missing := [str(path) for path in paths if not path.exists()]:
            raise CommandError(f"There is no {', '.join(missing)}.")
        try:
            texts = read_sidecar(sidecar) if sidecar else {}
        except ValueError as error:
            raise CommandError(str(error)) from error
        importer = Importer(
            owner=self._owner(owner),
            album="" if album is FOLDERS else album,
            folders_as_albums=album is FOLDERS,
            sidecar=texts,
            location_shown=show_location,
        )
        outcomes = []
        with tqdm(list(find_pictures(paths)), unit="photo", disable=None) as progress:
            for path in progress:
                outcome = importer.take(path)
                outcomes.append(outcome)
                if outcome.outcome == "refused":
                    progress.write(f"{outcome.file}: {outcome.reason}")
        if report:
            report.write_text(
                json.dumps([asdict(outcome) for outcome in outcomes], ensure_ascii=False, indent=1)
            )
        counts = Counter(outcome.outcome for outcome in outcomes)
        self.stdout.write(
            f"{counts['taken']} taken, {counts['duplicate']} already there, "
            f"{counts['refused']} refused"
        )

    def _owner(self, name: str):
        if name:
            return services.get_photographer(name=name)
        superuser = get_user_model().objects.filter(is_superuser=True).order_by("pk").first()
        return services.get_photographer(superuser, name="" if superuser else "Owner")
