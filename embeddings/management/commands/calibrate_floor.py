from django.core.management.base import BaseCommand, CommandError

from embeddings import spaces
from embeddings.calibration import Measure
from embeddings.encoder import ModelUnavailable
from embeddings.models import EmbeddingSpace

KINDS = {
    "real": "real queries: wrongly empty",
    "absent": "themes that are not there: empty",
    "off_topic": "off-topic texts: empty",
    "letters": "random letters: empty",
}


class Command(BaseCommand):
    help = (
        "Calibrate the relevance floor of a space, on drawn scenes and captions that ship with "
        "Pictures, and show what it is worth on the half of them that it was not chosen on."
    )

    def add_arguments(self, parser):
        parser.add_argument("--space", metavar="NAME", help="By default the one that serves.")

    def handle(self, *, space, **options):
        space = self._space(space)
        try:
            measures = spaces.calibrate_floor(space, spaces.load_encoder(space))
        except (ModelUnavailable, spaces.SpaceError) as error:
            raise CommandError(str(error)) from error
        for measure in measures:
            self.stdout.write(_line(measure))
        for leg, limits in space.floor.items():
            values = "  ".join(f"{name} {value:g}" for name, value in limits.items())
            self.stdout.write(f"{leg}: {values}")
        self.stdout.write(self.style.SUCCESS(f"Stored in space {space.pk}, {space.name}."))

    def _space(self, name: str | None) -> EmbeddingSpace:
        if name is None:
            space = spaces.active_space()
            if space is None:
                raise CommandError("No space serves yet: see embedding_space list.")
            return space
        found = EmbeddingSpace.objects.filter(name=name).order_by("-pk")
        if len(found) != 1:
            count = len(found) or "no"
            raise CommandError(
                f"There are {count} spaces of the name {name}: see embedding_space list."
            )
        return found[0]


def _line(one: Measure) -> str:
    return (
        f"{one.size:4} photos  {KINDS[one.kind]:33} {one.empty:.3f} "
        f"[{one.low:.3f}, {one.high:.3f}]  {one.queries} asked"
    )
