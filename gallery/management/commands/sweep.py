from django.core.management.base import BaseCommand

from gallery import pipeline, tasks, uploads


class Command(BaseCommand):
    help = (
        "Finish what was cut off: publish what is due, take complete uploads, move and delete "
        "files, nudge all queues."
    )

    def handle(self, **options):
        pipeline.publish_due()
        tasks.sweep()
        uploads.tidy()
        pipeline.tidy()
        self.stdout.write("Swept; the workers go on with what is due.")
