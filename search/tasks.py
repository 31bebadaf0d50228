"""Celery shell of the index queue."""

from celery import shared_task

from search.reconcile import index_due


@shared_task(name="search.index_documents")
def index_documents():
    """Index until nothing is due."""
    while index_due():
        pass
