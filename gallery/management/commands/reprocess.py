from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from gallery import pipeline, services
from gallery.models import Photo, Renewal
from gallery.renditions import RECIPE


class Command(BaseCommand):
    help = (
        "Make the pictures of photos anew, after a change of recipe; the old ones serve until "
        "then. Works beside the workers. Safe to stop: they go on."
    )

    def add_arguments(self, parser):
        parser.add_argument("photos", nargs="*", metavar="PUBLIC_ID")
        parser.add_argument("--all", action="store_true", help="Of all photos.")
        parser.add_argument(
            "--stale", action="store_true", help="Of those that were made by another recipe."
        )

    def handle(self, *, photos, all, stale, **options):
        if (bool(photos), all, stale).count(True) != 1:
            raise CommandError("Say which: some PUBLIC_IDs, --stale or --all.")
        chosen = Photo.objects.filter(state=Photo.State.READY)
        if stale:
            chosen = chosen.exclude(recipe=RECIPE)
        if photos:
            chosen = chosen.filter(public_id__in=photos)
            known = set(chosen.values_list("public_id", flat=True))
            if unknown := [one for one in photos if one not in known]:
                raise CommandError(f"No photo that is ready is called {', '.join(unknown)}.")
        total = services.reprocess(chosen)
        renewals = Renewal.objects.filter(original="")
        waiting = renewals.exclude(state=Renewal.State.FAILED)
        with tqdm(total=total, unit="photo", disable=None) as progress:
            while pipeline.process_next():
                progress.update(total - waiting.count() - progress.n)
        failed = renewals.filter(state=Renewal.State.FAILED).select_related("photo")
        for renewal in failed:
            self.stdout.write(f"{renewal.photo.public_id}: {renewal.failure}")
        left = waiting.count()
        made = max(0, total - len(failed) - left)
        self.stdout.write(f"{made} made anew, {len(failed)} failed, {left} left to the workers")
