from django.core.management.base import BaseCommand
from django.db import transaction
from tqdm import tqdm

from gallery.models import Photo
from search.models import PhotoDocument, Term
from search.reconcile import BATCH_SIZE, lock_statistics, reconcile, repin


class Command(BaseCommand):
    help = "Make the word index anew from the photos, as one generation."

    def handle(self, **options):
        with transaction.atomic():
            statistics = lock_statistics()
            PhotoDocument.objects.all().delete()
            Term.objects.update(document_frequency=0)
            statistics.documents = statistics.total_length = 0
            statistics.save()
            ids = list(Photo.objects.listed().order_by("pk").values_list("pk", flat=True))
            with tqdm(total=len(ids), unit="photo", disable=None) as progress:
                for start in range(0, len(ids), BATCH_SIZE):
                    batch = ids[start : start + BATCH_SIZE]
                    reconcile(batch)
                    progress.update(len(batch))
            statistics.refresh_from_db()
            repin(statistics)
        self.stdout.write(f"{len(ids)} photos are indexed.")
