import json
import os
import secrets
import sys
import time
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

from config.embedded import port_is_free
from config.supervisor import Program, Supervisor
from gallery import services
from gallery.models import Photo
from search.demo_profile import choose_profile

DEMO_PHOTOS = 72
REPORT_SECONDS = 2


class Command(BaseCommand):
    help = "Run the whole site here: web, workers and beat, with a gallery of drawn photos."

    def add_arguments(self, parser):
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--photos", type=int, default=DEMO_PHOTOS, help="Demo photos to draw.")

    def handle(self, *, port, photos, **options):
        if not settings.IS_EMBEDDED:
            raise CommandError("The demo runs on its embedded servers: unset DATABASE_URL.")
        if not port_is_free(port):
            raise CommandError(f"Port {port} is in use. Take another: PORT={port + 1} make demo")
        self.profile = choose_profile()
        self.login = self._admin()
        self.wanted, self.reported, self.next_report = photos, None, 0.0
        log_path = settings.DATA_DIR / "demo-processes.log"
        with log_path.open("ab") as log:
            supervisor = Supervisor(self._programs(port) + self._drawing(photos), log)
            supervisor.start()
            self._greet(port, log_path)
            supervisor.run(self._report)
        self.stdout.write("Stopped.")

    def _admin(self) -> dict[str, str]:
        """Create the admin once; the password is kept beside the data."""
        path = settings.DATA_DIR / "demo-admin.json"
        if path.exists():
            login = json.loads(path.read_text())
        else:
            login = {"username": "admin", "password": secrets.token_urlsafe(9)}
            with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w") as file:
                json.dump(login, file)
        users = get_user_model().objects
        if not users.filter(username=login["username"]).exists():
            user = users.create_superuser(login["username"], "", login["password"])
            services.get_photographer(user, name="Pictures demo")
        return login

    def _programs(self, port: int) -> list[Program]:
        celery = [sys.executable, "-m", "celery", "-A", "config.celery"]
        worker = [*celery, "worker", "--without-gossip", "--without-mingle", "-l", "warning"]
        quiet = {"EMBEDDING_PROFILE": self.profile}
        web = [sys.executable, "-m", "gunicorn", "config.wsgi", "-b", f"127.0.0.1:{port}"]
        return [
            Program("web", [*web, "--workers", "2"], quiet),
            Program(
                "pixels",
                [*worker, "-Q", "pixels", "-P", "prefork", "-c", "2", "-n", "pixels@%h"],
                quiet | {"VIPS_CONCURRENCY": "1"},
            ),
            Program(
                "vectors",
                [*worker, "-Q", "queries,vectors", "-P", "solo", "-n", "vectors@%h"],
                quiet | {"OMP_NUM_THREADS": "1"},
            ),
            Program("index", [*worker, "-Q", "index", "-P", "solo", "-n", "index@%h"], quiet),
            Program("beat", [*celery, "beat", "-l", "warning"], quiet),
        ]

    def _drawing(self, photos: int) -> list[Program]:
        """Draw the demo photos beside the running site, unless they are there."""
        if not photos or (settings.DATA_DIR / "demo-photos.done").exists():
            return []
        command = [sys.executable, "manage.py", "draw_demo", "--photos", str(photos)]
        return [Program("drawing", command, once=True)]

    def _greet(self, port: int, log_path: Path) -> None:
        if self.profile == "demo":
            self.stdout.write(
                "The CLIP model cannot be had here, so the small demo model is used instead: it "
                "knows the drawn scenes; real photographs are found by their words only."
            )
        self.stdout.write(
            f"\n  Gallery  http://127.0.0.1:{port}/\n"
            f"  Admin    http://127.0.0.1:{port}/admin/   "
            f"{self.login['username']} / {self.login['password']}\n"
            f"  Log      {log_path}\n  Ctrl-C stops everything.\n"
        )
        self.stdout.flush()

    def _report(self) -> None:
        """Say how many photos are ready, whenever that changes."""
        if not self.wanted or time.monotonic() < self.next_report:
            return
        self.next_report = time.monotonic() + REPORT_SECONDS
        try:
            photos = Photo.objects.all()
            ready = photos.filter(state=Photo.State.READY).count()
            embedded = photos.exclude(embedded_at=None).count()
        except OperationalError:
            connection.close()  # the database is coming back
            return
        state = (ready, embedded)
        if state != self.reported:
            self.reported = state
            total = max(ready, self.wanted)
            self.stdout.write(f"{ready} of {total} photos ready, {embedded} embedded")
            self.stdout.flush()
        if min(ready, embedded) >= self.wanted:
            self.stdout.write("All photos are ready.")
            self.stdout.flush()
            self.wanted = 0
