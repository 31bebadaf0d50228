from django.core.management.base import BaseCommand

from gallery import pipeline, tasks


class Command(BaseCommand):
    help = "Finish what was cut off: publish what is due, move and delete files, nudge all queues."

    def handle(self, **options):
        pipeline.publish_due()
        tasks.sweep()
        pipeline.tidy()
        self.stdout.write("Swept; the workers go on with what is due.")
