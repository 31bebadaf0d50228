"""What a pixel worker does with a photo: metadata, renditions, their place, colours, the bin."""

import logging
from datetime import timedelta

import numpy as np
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from PIL import Image, UnidentifiedImageError

from gallery import duplicates, files, metadata, renditions
from gallery.colours import dominant_colours
from gallery.exceptions import UnreadablePicture
from gallery.formats import decoding, open_picture
from gallery.likeness import perceptual_hash
from gallery.models import PerceptualHash, Photo, new_key
from gallery.signals import announce
from gallery.tags import set_tags

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.PIXELS_TIME_LIMIT_SECONDS + 10)
MAX_ATTEMPTS = 4
LOOKS_BATCH = 100  # older photos that a task looks at: well within its time limit
STORAGE_PAUSE = timedelta(seconds=30)  # before a photo whose storage was away is tried again
MOVE_LIMIT = timedelta(minutes=10)  # after that, copies of a move that was cut off are deleted
BIN_LIFETIME = timedelta(days=30)
ORIENTATION = 0x0112  # EXIF tag
ROTATED = {5, 6, 7, 8}  # orientations that swap width and height

GAVE_UP = (
    f"Processing stopped {MAX_ATTEMPTS} times without an answer; the picture may be too much for "
    "the worker. Export a smaller one, or retry."
)
ORIGINAL_IS_GONE = "The original is not in storage any more. Upload the picture again."


def process_next() -> bool:
    """Process one photo that is due; return False when none is."""
    photo = claim_next()
    if photo is None:
        return False
    if photo.attempts > MAX_ATTEMPTS:
        _fail(photo, GAVE_UP)
        return True
    try:
        process(photo)
    except UnreadablePicture as error:
        _fail(photo, str(error))
    except FileNotFoundError:
        _fail(photo, ORIGINAL_IS_GONE)
    except files.STORAGE_ERRORS as error:
        logger.warning("Photo %s: storage is away: %s", photo.public_id, error)
        _postpone(photo)
    return True


def claim_next() -> Photo | None:
    """Lease the oldest photo that nobody holds."""
    with transaction.atomic():
        due = Photo.objects.due_for_pixels().order_by("created_at")
        photo = due.select_for_update(skip_locked=True).first()
        if photo is None:
            return None
        photo.state = Photo.State.PROCESSING
        photo.attempts += 1
        photo.claimed_until = timezone.now() + LEASE
        photo.save(update_fields=["state", "attempts", "claimed_until", "updated_at"])
        return photo


def process(photo: Photo) -> None:
    """Make a claimed photo ready.

    Raises UnreadablePicture for pixels that cannot be decoded, FileNotFoundError without an
    original, another of files.STORAGE_ERRORS when storage is away.
    """
    with renditions.local_original(photo) as path:
        with decoding(), open_picture(path) as image:
            sidecar = photo.metadata.get("sidecar", "")
            found = metadata.read_metadata(image, sidecar)
            size = _upright_size(image)
        _fill_in(photo, found)
        made, photo.placeholder, photo.colours, hash_ = renditions.render(
            path, creator=photo.creator, copyright=photo.copyright, licence=found.licence
        )
    photo.width, photo.height = size
    photo.renditions = [one.as_json() for one in made]
    photo.renditions_public = photo.is_public
    # A name of its own for each attempt, and a place in the trash until it is the photo's: what
    # an attempt that dies has stored is never public for a photo that was hidden meanwhile.
    photo.file_key = new_key()
    alias = renditions.storage_alias(photo.renditions_public)
    names = renditions.stored_names(photo)
    files.trash(alias, names, after=MOVE_LIMIT)
    for name, one in zip(names, made, strict=True):
        storages[alias].save(name, ContentFile(one.data))
    _finish(photo, found, hash_)


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (width, height) in px as shown; of a TIFF, Pillow says it turned already."""
    turned = image.format != "TIFF" and image.getexif().get(ORIENTATION) in ROTATED
    return image.size[::-1] if turned else image.size


def _fill_in(photo: Photo, found: metadata.Metadata) -> None:
    """Take over what the file says, except where a person said something else."""
    for name in ("title", "description", "creator", "copyright", "place"):
        if not getattr(photo, name):
            setattr(photo, name, getattr(found, name))
    for name in METADATA_FIELDS:
        setattr(photo, name, getattr(found, name))
    photo.metadata = {**photo.metadata, **found.raw}


METADATA_FIELDS = (
    "taken_at",
    "taken_offset_minutes",
    "camera",
    "lens",
    "focal_length_mm",
    "f_number",
    "exposure_seconds",
    "iso",
    "latitude",
    "longitude",
)
FINISHED_FIELDS = (
    *METADATA_FIELDS,
    "metadata",
    "width",
    "height",
    "placeholder",
    "colours",
    "renditions",
    "renditions_public",
    "file_key",
)
TEXT_FIELDS = ("title", "description", "creator", "copyright", "place")


def _finish(photo: Photo, found: metadata.Metadata, hash_: np.ndarray | None) -> None:
    """Set the photo ready, unless its lease went to another worker meanwhile."""
    with transaction.atomic():
        claimed = _claimed(photo)
        current = claimed.select_for_update().first()
        if current is None:
            return
        # A person may have written a text while the pixels were made: theirs stays.
        texts = {name: getattr(photo, name) for name in TEXT_FIELDS if not getattr(current, name)}
        claimed.update(
            state=Photo.State.READY,
            failure="",
            claimed_until=None,
            updated_at=Now(),
            **{name: getattr(photo, name) for name in FINISHED_FIELDS},
            **texts,
        )
        files.trash(*renditions.whereabouts(current))
        files.keep(*renditions.whereabouts(photo))
        if found.keywords and not photo.tags.exists():
            set_tags(photo, found.keywords)
        duplicates.store_hash(photo, hash_)
        announce([photo.pk], are_new=True)


def _claimed(photo: Photo):
    """Return the photo as a queryset of one, or of none if its lease went to another worker."""
    return Photo.objects.filter(pk=photo.pk, state=Photo.State.PROCESSING, attempts=photo.attempts)


def _fail(photo: Photo, reason: str) -> None:
    _claimed(photo).update(
        state=Photo.State.FAILED, failure=reason, claimed_until=None, updated_at=Now()
    )


def _postpone(photo: Photo) -> None:
    """Give the photo back without counting the attempt: it is not the picture's fault."""
    _claimed(photo).update(
        state=Photo.State.PENDING,
        attempts=F("attempts") - 1,
        claimed_until=Now() + STORAGE_PAUSE,
    )


# --- Where renditions belong ---------------------------------------------------------------
def place_misplaced(photos: QuerySet | None = None) -> None:
    """Move the renditions of those photos, or of all, that were hidden or published."""
    photos = Photo.objects.all() if photos is None else photos
    for photo in photos.misplaced().order_by("pk").iterator(chunk_size=100):
        try:
            place_renditions(photo)
        except files.STORAGE_ERRORS as error:
            logger.warning("Photo %s: files not moved yet: %s", photo.public_id, error)


def place_renditions(photo: Photo) -> None:
    """Move a photo's renditions between public and private storage, under a new name.

    The copies are in the trash, due later, before they are made; one transaction switches to
    them, takes them out and puts the old files in. Whatever dies in between, no file is left
    behind for good. A photo that lost its files is made anew.
    """
    photo = Photo.objects.misplaced().filter(pk=photo.pk).first()
    if photo is None:
        return
    old_key = photo.file_key
    old_alias, old_names = renditions.whereabouts(photo)
    photo.file_key, photo.renditions_public = new_key(), photo.listed
    new_alias, new_names = renditions.whereabouts(photo)
    files.trash(new_alias, new_names, after=MOVE_LIMIT)
    unmoved = Photo.objects.filter(pk=photo.pk, file_key=old_key, listed=photo.listed)
    try:
        for old_name, new_name in zip(old_names, new_names, strict=True):
            with storages[old_alias].open(old_name) as file:
                storages[new_alias].save(new_name, ContentFile(file.read()))
    except FileNotFoundError as error:
        logger.warning("Photo %s lost a rendition, making it anew: %s", photo.public_id, error)
        with transaction.atomic():
            if unmoved.update(state=Photo.State.PENDING, file_key=photo.file_key, attempts=0):
                files.trash(old_alias, old_names)
                files.keep(new_alias, new_names)
        return
    with transaction.atomic():
        if unmoved.update(file_key=photo.file_key, renditions_public=photo.listed):
            files.trash(old_alias, old_names)
            files.keep(new_alias, new_names)


def look_at_older(limit: int = LOOKS_BATCH) -> int:
    """Name the colours and take the hashes of up to `limit` photos that were ready before.

    Returns of how many. A photo whose rendition is lost has neither until it is made anew.
    """
    uncoloured = Photo.objects.without_colours().values_list("pk")
    unhashed = PerceptualHash.objects.filter(hash=None).values_list("photo_id")
    ready = Photo.objects.filter(state=Photo.State.READY)
    looked_at = 0
    for (pk,) in list(uncoloured.union(unhashed).order_by("pk")[:limit]):
        with transaction.atomic():
            photo = ready.filter(pk=pk).select_for_update(no_key=True, skip_locked=True).first()
            if photo is None:  # another worker has it
                continue
            try:
                pixels = renditions.open_pixels(photo, 0)
                colours, hash_ = dominant_colours(pixels), perceptual_hash(pixels)
            except (FileNotFoundError, UnidentifiedImageError):
                colours, hash_ = [], None
            except files.STORAGE_ERRORS as error:
                logger.warning("Photo %s: storage is away: %s", photo.public_id, error)
                continue
            Photo.objects.filter(pk=pk, colours=None).update(colours=colours)
            duplicates.store_hash(photo, hash_)
            looked_at += 1
    return looked_at


def empty_bin() -> None:
    """Delete the photos that lay in the bin for BIN_LIFETIME; their files go into the trash."""
    expired = Photo.objects.filter(binned_at__lt=timezone.now() - BIN_LIFETIME)
    for pk in list(expired.values_list("pk", flat=True)):
        with transaction.atomic():
            photo = expired.select_for_update().filter(pk=pk).first()
            if photo is None:  # restored meanwhile
                continue
            files.trash(*renditions.whereabouts(photo))
            files.trash("originals", [photo.original])
            photo.delete()
            announce([pk])


def tidy() -> None:
    """Move misplaced renditions and delete what has to go. What storage refuses waits."""
    place_misplaced()
    empty_bin()
    files.empty_trash()


def publish_due() -> None:
    """Let the trigger look again at photos whose time of publication has come."""
    come = Photo.objects.filter(
        listed=False,
        state=Photo.State.READY,
        visibility="public",
        binned_at=None,
        published_at__lte=Now(),
    )
    with transaction.atomic():
        ids = list(come.locked().values_list("pk", flat=True))
        if ids:
            Photo.objects.filter(pk__in=ids).update(updated_at=Now())
            announce(ids, are_new=True)
