"""Celery shells of the queues of queries and vectors."""

from celery import shared_task

from embeddings import pipeline
from gallery.nudge import nudge


@shared_task(name="embeddings.load_models")
def load_models():
    """Be ready for visitors' queries."""
    pipeline.load_models()


@shared_task(name="embeddings.encode_query")
def encode_query(text, space_id):
    """Encode a visitor's query."""
    pipeline.encode_query(text, space_id)


@shared_task(name="embeddings.encode_picture")
def encode_picture(digest, space_id):
    """Encode a visitor's picture."""
    pipeline.encode_picture(digest, space_id)


@shared_task(name="embeddings.encode_vectors")
def encode_vectors():
    """Encode one batch and nudge again, so that queries of visitors come in between."""
    if pipeline.encode_due():
        nudge(encode_vectors)
