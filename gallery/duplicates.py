"""Photos of one owner that show the same, found in the background. Nothing is merged here.

Hashes find candidates, and upper apps may suspect others; the pixels of the smallest renditions
decide. What is due is rows: hashes to search for, pairs to compare.
"""

import logging
from collections.abc import Iterable
from uuid import UUID

import numpy as np
from django.db import connection, transaction
from django.db.models import Q
from django.db.models.functions import Now
from pgvector.django import MaxInnerProduct
from PIL import UnidentifiedImageError

from gallery import files, likeness, renditions
from gallery.models import DuplicatePair, PerceptualHash, Photo

logger = logging.getLogger(__name__)

CANDIDATES = 12  # of either orientation, whose pixels are looked at
LEAST_COSINE = 0.6  # of hashes; crops of 90% reach 0.8, and 0.5 where the corner was all
BATCH = 50  # hashes or pairs of one task: well within its time limit


def store_hash(photo: Photo, hash_: np.ndarray | None) -> None:
    """Store how a ready photo looks, None if it has no shape; call it inside a transaction.

    What was known of another file that the photo had goes.
    """
    known = PerceptualHash.objects.filter(photo=photo)
    if known.exclude(input_hash=photo.content_hash).exists():
        pairs_of(photo).delete()
    if hash_ is None:
        known.delete()
        return
    PerceptualHash.objects.update_or_create(
        photo=photo,
        defaults={
            "owner_id": photo.owner_id,
            "hash": hash_,
            "input_hash": photo.content_hash,
            "is_searched": False,
        },
    )


def pairs_of(photo: Photo):
    return DuplicatePair.objects.filter(Q(first=photo) | Q(second=photo))


def suspect(photo: Photo, others: Iterable[UUID]) -> None:
    """Have a photo compared with others of its owner; pairs that are known stay as they are."""
    DuplicatePair.objects.bulk_create(
        [
            DuplicatePair(
                owner_id=photo.owner_id,
                first_id=min(photo.pk, other),
                second_id=max(photo.pk, other),
            )
            for other in sorted(others)
        ],
        ignore_conflicts=True,
    )


def find_due(limit: int = BATCH) -> int:
    """Search for what looks like some photos, or compare some pairs; return how many."""
    return _search_due(limit) or _compare_due(limit)


def _search_due(limit: int) -> int:
    due = PerceptualHash.objects.filter(is_searched=False).exclude(hash=None)
    searched = 0
    for pk in list(due.values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            hashed = due.filter(pk=pk).select_for_update(skip_locked=True, of=("self",))
            hashed = hashed.select_related("photo").first()
            if hashed is None:  # another worker has it
                continue
            suspect(hashed.photo, _look_alikes(hashed))
            searched += due.filter(pk=pk).update(is_searched=True)
    return searched


def _look_alikes(hashed: PerceptualHash) -> set[UUID]:
    """Return the nearest photos of the same owner, as they are and in a mirror."""
    own = np.asarray(hashed.hash, np.float32)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL hnsw.iterative_scan = strict_order")
    return {
        pk
        for wanted in (own, likeness.mirrored(own))
        for pk, opposite in nearest(hashed, wanted)
        if -opposite >= LEAST_COSINE
    }


def nearest(hashed: PerceptualHash, wanted: np.ndarray):
    """Return [(id, - cosine)] of the owner's other photos whose hashes are nearest to one."""
    others = PerceptualHash.objects.filter(owner_id=hashed.owner_id).exclude(hash=None)
    others = others.exclude(pk=hashed.pk).annotate(opposite=MaxInnerProduct("hash", wanted))
    return others.order_by("opposite").values_list("pk", "opposite")[:CANDIDATES]


def _compare_due(limit: int) -> int:
    ready = Photo.State.READY
    due = DuplicatePair.objects.filter(
        compared_at=None, dismissed_at=None, first__state=ready, second__state=ready
    )
    compared = 0
    for pk in list(due.order_by("pk").values_list("pk", flat=True)[:limit]):
        with transaction.atomic():
            pair = due.filter(pk=pk).select_for_update(skip_locked=True, of=("self",))
            pair = pair.select_related("first", "second").first()
            if pair is None:  # another worker has it
                continue
            try:
                _compare(pair)
            except (FileNotFoundError, UnidentifiedImageError):
                pair.delete()  # found again once the rendition is
            except files.STORAGE_ERRORS as error:
                logger.warning("Pair %s: storage is away: %s", pair.pk, error)
                continue
            compared += 1
    return compared


def _compare(pair: DuplicatePair) -> None:
    """Keep a pair whose photos show the same, with what was measured; delete another."""
    seen = likeness.compare(*(renditions.open_pixels(one, 0) for one in (pair.first, pair.second)))
    if not seen.is_same:
        pair.delete()
        return
    pair.compared_at = Now()
    pair.detail, pair.share, pair.is_mirrored = seen.detail, seen.share, seen.is_mirrored
    pair.save(update_fields=["compared_at", "detail", "share", "is_mirrored"])


def rebuild() -> None:
    """Have everything found anew; what a person dismissed stays dismissed."""
    DuplicatePair.objects.filter(dismissed_at=None).delete()
    with connection.cursor() as cursor:
        cursor.execute(_QUEUE_ALL)


_QUEUE_ALL = """
INSERT INTO gallery_perceptualhash (photo_id, owner_id, input_hash, is_searched)
SELECT id, owner_id, content_hash, false FROM gallery_photo WHERE state = 'ready'
    ON CONFLICT (photo_id) DO UPDATE SET hash = NULL, is_searched = false
"""
