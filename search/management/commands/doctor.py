from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_redis import get_redis_connection

from embeddings import checks as embeddings_checks
from embeddings.pipeline import due_photos as due_for_vectors
from embeddings.spaces import active_space
from gallery.models import Photo
from search.reconcile import due_photos as due_for_words

STORAGE_ALIASES = ("originals", "renditions", "private_renditions")
PROBE = "doctor-probe.txt"


class Command(BaseCommand):
    help = "Check everything the site stands on, and say what to do about what is wrong."

    def handle(self, **options):
        sections = {
            "Database": self.database,
            "Redis": self.redis,
            "Storage": self.storage,
            "Model": self.model,
            "Queues": self.queues,
        }
        failed = False
        for name, check in sections.items():
            try:
                problems = check()
            except Exception as error:  # whatever breaks here is the finding
                problems = [f"{type(error).__name__}: {error}"]
            failed |= bool(problems)
            self.stdout.write(f"{name}: {'ok' if not problems else ''}".rstrip())
            for problem in problems:
                self.stdout.write(f"  - {problem}")
        for notice in embeddings_checks.notices():
            self.stdout.write(f"Note: {notice}")
        if failed:
            raise CommandError("Not everything is well: see above.")

    def database(self) -> list[str]:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return [f"{len(missing)} migrations are missing: run `manage.py migrate`."]
        with connection.cursor() as cursor:
            cursor.execute("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
            version = tuple(int(part) for part in cursor.fetchone()[0].split("."))
        return [] if version >= (0, 8) else ["pgvector 0.8 or newer is needed: update it."]

    def redis(self) -> list[str]:
        policy = get_redis_connection("default").config_get("maxmemory-policy")
        if policy.get("maxmemory-policy") != "volatile-lru":
            return ["Redis should run with maxmemory-policy volatile-lru: the broker shares it."]
        return []

    def storage(self) -> list[str]:
        problems = []
        for alias in STORAGE_ALIASES:
            storage = storages[alias]
            try:
                name = storage.save(PROBE, ContentFile(b"ok"))
                storage.delete(name)
            except Exception as error:  # each storage library raises its own
                problems.append(f"The storage “{alias}” cannot be written: {error}")
        return problems

    def model(self) -> list[str]:
        if space := active_space():
            encoder = embeddings_checks.who_encodes_queries(space)
            self.stdout.write(f"  Queries are encoded by {encoder}")
        return embeddings_checks.problems()

    def queues(self) -> list[str]:
        failed = Photo.objects.filter(state=Photo.State.FAILED, binned_at=None).count()
        waiting = {
            "pixels": Photo.objects.filter(state=Photo.State.PENDING).count(),
            "vectors": due_for_vectors().count(),
            "index": due_for_words().count(),
        }
        for queue, count in waiting.items():
            self.stdout.write(f"  {count} photos wait in the {queue} queue")
        return [f"{failed} photos failed: see why in the admin, and retry."] if failed else []
