"""Reads over many photos, chainable."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

# What cards, feeds and pagers read; what else there is costs milliseconds a page.
CARD_FIELDS = (
    *("public_id", "file_key", "share_token", "content_hash", "visibility", "listed"),
    *("title", "description", "alt", "creator", "width", "height", "published_at", "updated_at"),
    *("placeholder", "renditions", "renditions_public", "owner__name", "owner__slug"),
)


def seen_by(owner, prefix: str = "") -> Q:
    """Return the condition of `PhotoQuerySet.seen_by`, for photos or for rows that lead to one."""
    listed = Q(**{f"{prefix}listed": True})
    if owner is None:
        return listed
    return listed | Q(**{f"{prefix}owner": owner, f"{prefix}binned_at": None})


class QueueQuerySet(models.QuerySet):
    """Rows that workers claim and people change."""

    def due_for_pixels(self):
        """Keep what a pixel worker may claim: new, or left behind by a worker that died."""
        return self.filter(
            Q(state="pending") | Q(state="processing", claimed_until__lt=Now()),
        ).filter(Q(claimed_until=None) | Q(claimed_until__lt=Now()))

    def locked(self):
        """Lock these rows until the transaction ends, in the order of ids, and return them.

        Everybody who changes many rows locks them first, so that nobody waits in a circle.
        """
        return self.select_for_update(no_key=True, of=("self",)).order_by("pk")

    def update_locked(self, **changes) -> int:
        """Lock these rows as locked() does, then update them; call it inside a transaction."""
        list(self.locked().values_list("pk"))
        return self.update(**changes)


class PhotoQuerySet(QueueQuerySet):
    def listed(self):
        """Keep what anyone may find: public, ready, not in the bin, published."""
        return self.filter(listed=True)

    def visible_to(self, user):
        """Keep what this user may open: listed photos, and their own; superusers open all."""
        if user is None or not user.is_authenticated:
            return self.listed()
        if user.is_superuser:
            return self.filter(binned_at=None)
        return self.filter(Q(listed=True) | Q(owner__user=user, binned_at=None))

    def seen_by(self, owner):
        """Keep what a photographer's token may read: listed photos, and their own. None: listed."""
        return self.filter(seen_by(owner))

    def newest(self):
        return self.order_by("-published_at", "-id")

    def for_cards(self):
        """Load what a card on a page shows, and its photographer, in one query."""
        return self.select_related("owner").only(*CARD_FIELDS)

    def for_page(self):
        """Load what the API says of one photo, with its photographer and tags."""
        return self.select_related("owner").prefetch_related("tags").defer("metadata")

    def without_colours(self):
        """Keep ready photos whose colours are not known: they are older than the names."""
        return self.filter(state="ready", colours=None)

    def misplaced(self):
        """Keep ready photos whose renditions are not in the storage they belong in."""
        return self.filter(state="ready").exclude(listed=F("renditions_public"))
