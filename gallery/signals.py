"""The one thing gallery announces."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

# Sent after commit with `ids`, the photos that changed. Receivers only nudge their queue.
photo_changed = Signal()


def announce(ids: Iterable[UUID]) -> None:
    """Send photo_changed once the running transaction is committed."""
    changed = list(ids)
    transaction.on_commit(lambda: photo_changed.send(sender=None, ids=changed))
