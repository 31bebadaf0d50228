from django.core.management.base import BaseCommand
from tqdm import tqdm

from gallery.models import Photo
from search.models import PhotoDocument
from search.reconcile import BATCH_SIZE, reconcile, recount, repin


class Command(BaseCommand):
    help = "Make the word index anew from the photos, while the site goes on."

    def handle(self, **options):
        # In the order of postings: a batch rewrites few of their rows.
        ids = list(PhotoDocument.objects.order_by("number").values_list("pk", flat=True))
        ids += set(Photo.objects.values_list("pk", flat=True)) - set(ids)
        with tqdm(total=len(ids), unit="photo", disable=None) as progress:
            for start in range(0, len(ids), BATCH_SIZE):
                batch = ids[start : start + BATCH_SIZE]
                reconcile(batch, reweigh=True)
                progress.update(len(batch))
        recount()
        repin()
        self.stdout.write(f"{PhotoDocument.objects.count()} photos are indexed.")
