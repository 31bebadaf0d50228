"""What a vectors worker does: load encoders, claim photos that are due, encode queries."""

import io
import logging
import time
from datetime import timedelta
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F, Q
from PIL import Image

from embeddings import cache, spaces, towers
from embeddings.encoder import Encoder, ModelUnavailable
from embeddings.models import EmbeddingSpace
from embeddings.reconcile import reconcile
from embeddings.sql import sql_of
from gallery.files import STORAGE_ERRORS
from gallery.models import Photo

logger = logging.getLogger(__name__)

MOST_PHOTOS = 8  # a batch; encoding is no faster beyond it
BATCH_SECONDS = 0.5  # a visitor's query waits for one batch at most
LEASE = timedelta(seconds=30)  # many times what a batch takes
MAX_LEASE = timedelta(days=1)
# A model that could not be loaded is tried again after so many times as long as the try took:
# asking a hub that does not answer may take a minute, in which no query is encoded.
LOAD_PATIENCE = 10

_loaded: dict[int, Encoder] = {}  # by space id, in this process
_next_try: dict[int, float] = {}  # by space id, time.monotonic()
_next_tower: dict[int, float] = {}  # the same for query towers
_seconds_a_photo = 0.0  # measured on the last batch of this process
_heartbeat = cache.Heartbeat()


def encoders() -> dict[EmbeddingSpace, Encoder]:
    """Return the encoders of all spaces that are served or built and whose models can be had.

    A space whose models cannot be had keeps the reason; once they can again, the photos it
    missed meanwhile become due.
    """
    spaces.ensure_space()
    found = {}
    for space in spaces.serving_spaces():
        try:
            encoder = _encoder(space)
        except (ModelUnavailable, spaces.SpaceError) as error:
            logger.warning("Space %s: %s", space, error)
            spaces.note_failure(space, str(error))
            continue
        if encoder is not None:
            found[space] = _loaded[space.pk] = encoder
    for gone in _loaded.keys() - {space.pk for space in found}:
        del _loaded[gone]
    _heartbeat.announce(list(found))
    return found


def _encoder(space: EmbeddingSpace) -> Encoder | None:
    """Return a space's encoder; None while it is not to be tried, or another worker prepares it.

    Raises ModelUnavailable or SpaceError when it cannot be had.
    """
    started = time.monotonic()
    if started < _next_try.get(space.pk, 0.0):
        return None
    try:
        encoder = _loaded.get(space.pk) or spaces.load_encoder(space)
        if not space.is_prepared and not spaces.prepare(space, encoder):
            return None
    except (ModelUnavailable, spaces.SpaceError):
        ended = time.monotonic()
        _next_try[space.pk] = ended + LOAD_PATIENCE * (ended - started)
        raise
    if space.failure:
        spaces.note_recovery(space)
    return encoder


def load_models() -> None:
    """Load the models where visitors' queries are answered, and say so from now on."""
    _heartbeat.speaks = True
    encoders()


def encode_due(limit: int | None = None) -> int:
    """Bring the vectors of some due photos up to date; return how many were claimed.

    Takes as many as are encoded in BATCH_SECONDS, up to `limit`.
    """
    global _seconds_a_photo
    available = encoders()
    if not available:
        return 0
    for space, encoder in available.items():
        _make_tower(space, encoder)
    fitting = BATCH_SECONDS / _seconds_a_photo if _seconds_a_photo else MOST_PHOTOS
    photo_ids = claim_due(max(1, min(int(fitting), limit or MOST_PHOTOS)))
    if photo_ids:
        started = time.monotonic()
        reconcile(photo_ids, available)
        _seconds_a_photo = (time.monotonic() - started) / len(photo_ids)
    return len(photo_ids)


def _make_tower(space: EmbeddingSpace, encoder: Encoder) -> None:
    """Give a space the query tower it lacks, unless that was refused or another worker is at it."""
    started = time.monotonic()
    if not towers.is_missing(space) or started < _next_tower.get(space.pk, 0.0):
        return
    with spaces.alone(towers.lock_name(space)) as is_alone:
        space.refresh_from_db(fields=["query_towers", "tower_failure"])
        if not is_alone or not towers.is_missing(space):
            return
        try:
            towers.make(space, encoder)
        except STORAGE_ERRORS as error:
            logger.warning("The query tower of %s could not be stored: %s", space, error)
            ended = time.monotonic()
            _next_tower[space.pk] = ended + LOAD_PATIENCE * (ended - started)


def due_photos():
    """Return the photos whose vectors may be out of date."""
    return Photo.objects.filter(
        Q(embedded_at=None) | Q(embedded_at__lt=F("changed_at")), state=Photo.State.READY
    )


def claim_due(limit: int) -> list[UUID]:
    """Lease due photos that nobody holds."""
    parameters = {"lease": LEASE, "max_lease": MAX_LEASE, "limit": limit}
    with transaction.atomic(), connection.cursor() as cursor:
        # One worker after the other, so that no two choose the same photos.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('embeddings.claim_due'))")
        cursor.execute(sql_of("claim_due"), parameters)
        return [row[0] for row in cursor.fetchall()]


def encode_query(text: str, space_id: int) -> None:
    """Encode a visitor's query and store it where the web process waits for it.

    Only with a model that is loaded: the visitor would not wait for another.
    """
    encoder = _loaded.get(space_id)
    space = spaces.serving_space(space_id)
    if encoder and space and cache.cached_query_vector(text, space) is None:
        cache.store_query_vector(text, space, encoder.encode_texts([text])[0])


def encode_picture(digest: str, space_id: int) -> None:
    """Encode a visitor's picture, as encode_query does a text."""
    encoder = _loaded.get(space_id)
    space = spaces.serving_space(space_id)
    data = cache.waiting_picture(digest)
    if encoder and space and data and cache.cached_picture_vector(digest, space) is None:
        with Image.open(io.BytesIO(data), formats=["JPEG"]) as picture:
            vector = encoder.encode_images([picture.convert("RGB")])[0]
        cache.store_picture_vector(digest, space, vector)
