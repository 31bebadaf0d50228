"""What the vectors worker does: load encoders, claim photos that are due, encode queries."""

import logging
from datetime import timedelta
from uuid import UUID

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from embeddings import cache, spaces
from embeddings.encoder import Encoder, ModelUnavailable
from embeddings.models import EmbeddingSpace, EncodingClaim
from embeddings.reconcile import reconcile
from gallery.models import Photo

logger = logging.getLogger(__name__)

BATCH_SIZE = 8
LEASE = timedelta(minutes=2)
MAX_LEASE = timedelta(days=1)

_loaded: dict[int, Encoder] = {}  # by space id, in this process
_heartbeat = cache.Heartbeat()


def encoders() -> dict[EmbeddingSpace, Encoder]:
    """Return the encoders of all spaces that are served or built and whose models can be had.

    A space whose models cannot be had keeps the reason in `failure`; once they can again, the
    photos it missed meanwhile become due.
    """
    spaces.ensure_space()
    found = {}
    for space in spaces.serving_spaces():
        try:
            encoder = _loaded.get(space.pk) or spaces.load_encoder(space)
        except ModelUnavailable as error:
            EmbeddingSpace.objects.filter(pk=space.pk).update(failure=str(error))
            logger.warning("Space %s: %s", space, error)
            continue
        if not space.is_prepared and not spaces.prepare(space, encoder):
            continue  # another worker prepares it; the next nudge looks again
        if space.failure:
            EmbeddingSpace.objects.filter(pk=space.pk).update(failure="")
            spaces.build(space)
        found[space] = _loaded[space.pk] = encoder
    for retired in _loaded.keys() - {space.pk for space in found}:
        del _loaded[retired]
    if found:
        _heartbeat.announce(list(found))
    return found


def encode_due(limit: int = BATCH_SIZE) -> int:
    """Bring the vectors of up to `limit` due photos up to date; return how many were claimed."""
    available = encoders()
    if not available:
        return 0
    photo_ids = claim_due(limit)
    if photo_ids:
        reconcile(photo_ids, available)
    return len(photo_ids)


def due_photos():
    """Return the photos whose vectors may be out of date."""
    return Photo.objects.filter(
        Q(embedded_at=None) | Q(embedded_at__lt=F("changed_at")), state=Photo.State.READY
    )


def claim_due(limit: int) -> list[UUID]:
    """Lease due photos that nobody holds. Each further attempt holds its lease twice as long."""
    due = due_photos().order_by("created_at", "id")
    free = due.exclude(
        pk__in=EncodingClaim.objects.filter(claimed_until__gte=Now()).values("photo_id")
    )
    candidates = list(free.values_list("pk", flat=True)[:limit])
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO embeddings_encodingclaim AS held
                   (photo_id, claimed_until, attempts, failure)
            SELECT id, now() + %(lease)s, 1, ''
              FROM gallery_photo
             WHERE id = ANY(%(ids)s)
             ORDER BY id
                ON CONFLICT (photo_id) DO UPDATE
               SET attempts = held.attempts + 1,
                   claimed_until = now()
                       + least(%(lease)s * power(2, least(held.attempts, 20)), %(max_lease)s)
             WHERE held.claimed_until < now()
            RETURNING photo_id
            """,
            {"ids": candidates, "lease": LEASE, "max_lease": MAX_LEASE},
        )
        return [row[0] for row in cursor.fetchall()]


def encode_query(text: str, space_id: int) -> None:
    """Encode a visitor's query and store it where the web process waits for it."""
    for space, encoder in encoders().items():
        if space.pk == space_id and cache.cached_query_vector(text, space) is None:
            cache.store_query_vector(text, space, encoder.encode_texts([text])[0])
