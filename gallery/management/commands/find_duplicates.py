from django.core.management.base import BaseCommand

from gallery import duplicates
from gallery.nudge import nudge


class Command(BaseCommand):
    help = "Look for photos that show the same anew, in the background."

    def handle(self, **options):
        duplicates.rebuild()
        nudge("gallery.process_pixels")
        self.stdout.write("All photos are looked at again by the pixels worker.")
