"""The one thing gallery announces, and what makes its kept pages stale."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction
from django.dispatch import Signal

from gallery import cache

# Sent after commit with `ids`, the photos that changed. Receivers only nudge their queue.
photo_changed = Signal()


def announce(ids: Iterable[UUID], *, are_new: bool = False) -> None:
    """Send photo_changed once the running transaction is committed.

    are_new: nothing that pages show already has changed.
    """
    changed = list(ids)
    if are_new:
        cache.note_additions()
    else:
        cache.forget_pages()
    transaction.on_commit(lambda: photo_changed.send(sender=None, ids=changed))


def row_saved(sender, created: bool = False, **kwargs) -> None:
    """Receive post_save and post_delete of what pages show beside photos."""
    if created:
        cache.note_additions()
    else:
        cache.forget_pages()
