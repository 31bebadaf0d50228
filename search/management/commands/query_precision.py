import tempfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError

from embeddings import spaces, towers
from embeddings.models import EmbeddingSpace
from embeddings.onnx_encoder import OnnxEncoder
from embeddings.onnx_graph import quantise
from search.evaluation.overlap import TOP, top_overlap

LEAST_OVERLAP = 0.95


class Command(BaseCommand):
    help = (
        "Choose how web processes encode queries: int8 is faster and smaller, if it finds the same."
    )

    def add_arguments(self, parser):
        parser.add_argument("precision", choices=EmbeddingSpace.Precision.values)

    def handle(self, *, precision, **options):
        space = spaces.active_space()
        if space is None or towers.FP32 not in space.query_towers:
            raise CommandError(
                "The space that serves has no query tower yet: the vectors worker makes it, see "
                "embedding_space list."
            )
        if precision == towers.INT8:
            with spaces.alone(towers.lock_name(space)) as is_alone:
                if not is_alone:
                    raise CommandError("The vectors worker is at it: try again in a minute.")
                self.make_int8(space)
        towers.choose(space, precision)
        self.stdout.write(f"Queries are encoded in {precision} from now on.")

    def make_int8(self, space: EmbeddingSpace) -> None:
        """Publish the int8 tower. Raises CommandError unless it finds what fp32 finds."""
        exact = towers.fetch(space.query_towers[towers.FP32])
        with tempfile.TemporaryDirectory(prefix="pictures-tower-") as scratch:
            folder = Path(scratch)
            quantise(exact, folder)
            overlap = top_overlap(
                space, OnnxEncoder(exact).encode_text, OnnxEncoder(folder).encode_text
            )
            for leg, share in overlap.items():
                self.stdout.write(f"{share:.3f} of the top {TOP} of the {leg} ranking stay in int8")
            if min(overlap.values()) < LEAST_OVERLAP:
                raise CommandError(f"That is below {LEAST_OVERLAP}: nothing was changed.")
            towers.publish(space, towers.INT8, folder)
