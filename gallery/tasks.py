"""Celery shells of the pixels queue, and the sweep."""

from celery import shared_task
from django.conf import settings

from gallery import pipeline
from gallery.nudge import nudge

UPPER_QUEUES = ("embeddings.encode_vectors", "search.index_documents")


@shared_task(name="gallery.process_pixels", time_limit=settings.PIXELS_TIME_LIMIT_SECONDS)
def process_pixels():
    """Process one photo and nudge again; when none is due, move and delete stale files."""
    if pipeline.process_next():
        nudge(process_pixels)
    else:
        pipeline.tidy()


@shared_task(name="gallery.sweep")
def sweep():
    """Find what lost its nudge: publish what is due, and nudge every queue."""
    pipeline.publish_due()
    nudge(process_pixels)
    for name in UPPER_QUEUES:
        nudge(name)
