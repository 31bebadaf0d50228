"""Celery shells of the pixels queue, of stale files, and the sweep."""

from celery import shared_task
from django.conf import settings

from gallery import cache, duplicates, middleware, pipeline, uploads
from gallery.nudge import nudge


@shared_task(name="gallery.process_pixels", time_limit=settings.PIXELS_TIME_LIMIT_SECONDS)
def process_pixels():
    """Process a photo, or look at older ones, or for duplicates; again until none is due."""
    if pipeline.process_next() or pipeline.look_at_older() or duplicates.find_due():
        nudge(process_pixels)


@shared_task(name="gallery.tidy_files")
def tidy_files():
    """Move and delete stale files."""
    pipeline.tidy()


@shared_task(name="gallery.finish_uploads")
def finish_uploads():
    """Take the uploads that were cut off after their last byte, and drop those that expired."""
    uploads.tidy()


@shared_task(name="gallery.publish_due")
def publish_due():
    """Show the photos whose time has come."""
    pipeline.publish_due()


@shared_task(name="gallery.refresh_pages")
def refresh_pages():
    """Render the home page before its kept copy expires, and say what Redis has not heard."""
    cache.say_again()
    middleware.refresh_warm_pages()


@shared_task(name="gallery.sweep")
def sweep():
    """Nudge every queue, for what lost its nudge."""
    for name in settings.NUDGED_EACH_MINUTE:
        nudge(name)
