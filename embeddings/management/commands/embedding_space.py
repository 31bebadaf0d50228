from django.core.management.base import BaseCommand, CommandError

from embeddings import spaces, tasks, towers
from embeddings.checks import who_encodes_queries
from embeddings.models import EmbeddingSpace
from gallery.nudge import nudge


class Command(BaseCommand):
    help = "List, create, build, activate or retire embedding spaces."

    def add_arguments(self, parser):
        actions = parser.add_subparsers(dest="action", required=True)
        actions.add_parser("list", help="Show all spaces and how complete they are.")
        create = actions.add_parser("create", help="Create a space from a profile or folder.")
        create.add_argument("profile")
        create.add_argument("--name", default="")
        for action, text in (
            ("build", "Let the vectors queue fill the space while the old one serves."),
            ("activate", "Let a complete space serve. Roll back by activating the old one."),
            ("retire", "Drop a space's vectors and indexes."),
        ):
            actions.add_parser(action, help=text).add_argument("space", type=int)

    def handle(self, *, action, **options):
        try:
            getattr(self, action)(**options)
        except spaces.SpaceError as error:
            raise CommandError(str(error)) from error

    def list(self, **options):
        for space in EmbeddingSpace.objects.order_by("pk"):
            missing = spaces.missing_photos(space).count()
            self.stdout.write(
                f"{space.pk}  {space.name}  {space.state}  {space.dimensions or '?'} dimensions  "
                f"{missing} photos missing  queries: {who_encodes_queries(space)}  "
                f"{space.failure} {space.tower_failure}".rstrip()
            )

    def create(self, *, profile, name, **options):
        space = spaces.create_space(profile, name=name)
        self.stdout.write(f"Created space {space.pk}. Next: embedding_space build {space.pk}")

    def build(self, *, space, **options):
        space = self._space(space)
        towers.forget_lost(space)
        count = spaces.build(space)
        nudge(tasks.encode_vectors)
        self.stdout.write(f"{count} photos are due in the vectors queue.")

    def activate(self, *, space, **options):
        spaces.activate(self._space(space))
        self.stdout.write(f"Space {space} serves now.")

    def retire(self, *, space, **options):
        spaces.retire(self._space(space))
        self.stdout.write(f"Space {space} is retired; its vectors are gone.")

    def _space(self, pk: int) -> EmbeddingSpace:
        try:
            return EmbeddingSpace.objects.get(pk=pk)
        except EmbeddingSpace.DoesNotExist as error:
            raise CommandError(f"There is no space {pk}: see embedding_space list.") from error
