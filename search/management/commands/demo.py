import json
import os
import secrets
import subprocess
import sys
import time
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, connection

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
        call_command("migrate", verbosity=0)
        self.profile = choose_profile()
        self.login = self._admin()
        log_path = settings.DATA_DIR / "demo-processes.log"
        with log_path.open("ab") as log:
            supervisor = Supervisor(self._programs(port), log)
            drawing = self._start_drawing(photos, log)
            supervisor.start()
            self._greet(port, log_path)
            self.drawing, self.reported, self.next_report = drawing, None, 0.0
            self.wanted = photos
            supervisor.run(self._report)
            if drawing and drawing.poll() is None:
                drawing.terminate()
                drawing.wait()
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
            Program("web", [*web, "--workers", "2", "--threads", "4"], quiet),
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

    def _start_drawing(self, photos: int, log) -> subprocess.Popen | None:
        """Draw the demo photos beside the running site, unless they are there."""
        done = settings.DATA_DIR / "demo-photos.done"
        if not photos or done.exists():
            return None
        command = [sys.executable, "manage.py", "draw_demo", "--photos", str(photos)]
        return subprocess.Popen(
            command, cwd=settings.BASE_DIR, stdin=subprocess.DEVNULL, stdout=log, stderr=log
        )

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
            self.stdout.write(f"{ready} of {self.wanted} photos ready, {embedded} embedded")
            self.stdout.flush()
        if min(ready, embedded) >= self.wanted:
            self.stdout.write("All photos are ready.")
            self.stdout.flush()
            self.wanted = 0
