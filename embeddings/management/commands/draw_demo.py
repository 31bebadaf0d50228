import tempfile
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand
from tqdm import tqdm

from config.embedded import end_with_parent
from embeddings.demo_model.draw import DEMO_SEED, draw_photo
from gallery import services
from gallery.importer import Importer

PROCESSES = 2


class Command(BaseCommand):
    help = "Draw the demo photos and import them, each as soon as it is drawn."

    def add_arguments(self, parser):
        parser.add_argument("--photos", type=int, required=True)

    def handle(self, *, photos, **options):
        owner = services.get_photographer(name="Pictures demo")
        owner.shows_location = True
        owner.save(update_fields=["shows_location"])
        draw = partial(draw_photo, seed=DEMO_SEED)
        with (
            ProcessPoolExecutor(PROCESSES, initializer=end_with_parent) as pool,
            tempfile.TemporaryDirectory() as folder,
        ):
            for data, meta in tqdm(pool.map(draw, range(photos)), total=photos, disable=None):
                path = Path(folder) / meta["file"]
                path.write_bytes(data)
                Importer(owner, album=meta["album"]).take(path)
                path.unlink()
        (settings.DATA_DIR / "demo-photos.done").touch()
        self.stdout.write(f"{photos} demo photos are drawn and imported.")
