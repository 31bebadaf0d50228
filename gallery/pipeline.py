"""What a pixel worker does with a photo: metadata, renditions, their place, colours, the bin."""

import logging
from collections.abc import Iterable
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
from gallery.exceptions import DuplicateUpload, UnreadablePicture
from gallery.formats import decoding, open_picture
from gallery.likeness import perceptual_hash
from gallery.models import PerceptualHash, Photo, Renewal, new_key
from gallery.places import town_at
from gallery.querysets import QueueQuerySet
from gallery.signals import announce
from gallery.tags import has_tags, set_tags

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=settings.PIXELS_TIME_LIMIT_SECONDS + 10)
MAX_ATTEMPTS = 4
LOOKS_BATCH = 100  # older photos that a task looks at: well within its time limit
STORAGE_PAUSE = timedelta(seconds=30)  # before a photo whose storage was away is tried again
MOVE_LIMIT = timedelta(minutes=10)  # after that, copies of a move that was cut off are deleted
PAGE_LIFETIME = timedelta(hours=1)  # so long a page may ask for the renditions it was sent with
RENEWALS_BATCH = 1000  # photos that are locked at once
BIN_LIFETIME = timedelta(days=30)
ORIENTATION = 0x0112  # EXIF tag
ROTATED = {5, 6, 7, 8}  # orientations that swap width and height

GAVE_UP = (
    f"Processing stopped {MAX_ATTEMPTS} times without an answer; the picture may be too much for "
    "the worker. Export a smaller one, or retry."
)
ORIGINAL_IS_GONE = "The original is not in storage any more. Upload the picture again."


def process_next() -> bool:
    """Process one photo or renewal that is due; return False when none is."""
    claim = claim_next()
    if claim is None:
        return False
    if claim.attempts > MAX_ATTEMPTS:
        _fail(claim, GAVE_UP)
        return True
    try:
        process(claim)
    except (UnreadablePicture, DuplicateUpload) as error:
        _fail(claim, str(error))
    except FileNotFoundError:
        _fail(claim, ORIGINAL_IS_GONE)
    except files.STORAGE_ERRORS as error:
        logger.warning("%r %s: storage is away: %s", claim, claim.pk, error)
        _postpone(claim)
    return True


def claim_next() -> Photo | Renewal | None:
    """Lease the oldest photo that nobody holds; while no photo is new, a renewal."""
    renewals = Renewal.objects.filter(photo__state__in=[Photo.State.READY, Photo.State.FAILED])
    return _lease(Photo.objects.order_by("created_at")) or _lease(
        renewals.select_related("photo").order_by("-urgent", "pk")
    )


def _lease(rows: QueueQuerySet) -> Photo | Renewal | None:
    with transaction.atomic():
        claim = rows.due_for_pixels().select_for_update(skip_locked=True, of=("self",)).first()
        if claim is None:
            return None
        claim.state = claim.State.PROCESSING
        claim.attempts += 1
        claim.claimed_until = timezone.now() + LEASE
        claim.save(update_fields=["state", "attempts", "claimed_until"])
        return claim


def process(claim: Photo | Renewal) -> None:
    """Make a claimed photo ready, or what a claimed renewal asks for.

    A renewal leaves its photo as it is until one transaction switches to what was made. Texts and
    tags that a person edited stay, which are those that are not what the photo's file said of
    them, empty ones too; the others become what the file says now. What a file does not say that
    replaces another stays as it was.

    Raises UnreadablePicture for pixels that cannot be decoded, DuplicateUpload for a file that
    another photo got meanwhile, FileNotFoundError without an original, another of
    files.STORAGE_ERRORS when storage is away.
    """
    photo, said, fallback = claim, {}, {}
    if isinstance(claim, Renewal):
        photo = claim.photo
        said = _said(photo)
        if claim.original:
            _take_file(photo, claim)
            fallback = said
    with renditions.local_original(photo) as path:
        with decoding(), open_picture(path) as image:
            found = _read_metadata(photo, image)
            size = _upright_size(image)
        says = _texts(found)
        says["place"] = says["place"] or (town_at(*found.position) if found.position else "")
        says = {name: text or fallback.get(name, text) for name, text in says.items()}
        for name, value in _own_texts(photo, said, says).items():
            setattr(photo, name, value)
        made, photo.placeholder, photo.colours, hash_ = renditions.render(
            path, creator=photo.creator, copyright=photo.copyright, licence=photo.licence
        )
    for name in METADATA_FIELDS:
        setattr(photo, name, getattr(found, name))
    photo.metadata = {**photo.metadata, **found.raw, "texts": says}
    photo.width, photo.height = size
    photo.recipe = renditions.RECIPE
    photo.renditions = [one.as_json() for one in made]
    photo.renditions_public = photo.is_public
    # A name of its own for each attempt, and a place in the trash until it is the photo's: what
    # an attempt that dies has stored is never public for a photo that was hidden meanwhile.
    photo.file_key = new_key()
    alias, names = renditions.whereabouts(photo)
    files.trash(alias, names, after=MOVE_LIMIT)
    for name, one in zip(names, made, strict=True):
        storages[alias].save(name, ContentFile(one.data))
    _finish(claim, photo, said, says, hash_)


def _take_file(photo: Photo, renewal: Renewal) -> None:
    """Let a photo, in memory, have the file that is to replace its own."""
    same = Photo.objects.filter(owner=photo.owner_id, content_hash=renewal.content_hash)
    if twin := same.exclude(pk=photo.pk).first():
        raise DuplicateUpload(twin)
    for name in FILE_FIELDS:
        setattr(photo, name, getattr(renewal, name))
    photo.metadata = {}  # a sidecar lay beside the old one


def _upright_size(image: Image.Image) -> tuple[int, int]:
    """Return (width, height) in px as shown; of a TIFF, Pillow says it turned already."""
    turned = image.format != "TIFF" and image.getexif().get(ORIENTATION) in ROTATED
    return image.size[::-1] if turned else image.size


# --- What is the file's own, and what a person's -------------------------------------------
def _read_metadata(photo: Photo, image: Image.Image) -> metadata.Metadata:
    return metadata.read_metadata(image, photo.metadata.get("sidecar", ""))


def _texts(found: metadata.Metadata) -> dict:
    return {name: getattr(found, name) for name in TEXT_FIELDS} | {"tags": found.keywords}


def _said(photo: Photo) -> dict:
    """Return the texts that its file gave to a photo: of one that was never ready, none.

    The file of a photo that was ready before they were kept is read again.
    """
    if photo.state != Photo.State.READY:
        return {}
    if texts := photo.metadata.get("texts"):
        return texts
    try:
        with renditions.local_original(photo) as path, decoding(), open_picture(path) as image:
            return _texts(_read_metadata(photo, image))
    except (UnreadablePicture, FileNotFoundError):
        return {}


def _own_texts(photo: Photo, said: dict, says: dict) -> dict[str, str]:
    """Return the texts of a photo that no person edited, as its file says them now."""
    return {name: says[name] for name in TEXT_FIELDS if getattr(photo, name) == said.get(name, "")}


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
    "rating",
)
FILE_FIELDS = ("original", "original_name", "content_hash", "size_bytes", "media_type")
FINISHED_FIELDS = (
    *FILE_FIELDS,
    *METADATA_FIELDS,
    "metadata",
    "width",
    "height",
    "placeholder",
    "colours",
    "renditions",
    "renditions_public",
    "recipe",
    "file_key",
)
TEXT_FIELDS = ("title", "description", "creator", "copyright", "licence", "place")


def _finish(
    claim: Photo | Renewal, photo: Photo, said: dict, says: dict, hash_: np.ndarray | None
) -> None:
    """Switch the photo to what was made, unless the lease went to another worker meanwhile."""
    with transaction.atomic():
        this = Photo.objects.filter(pk=photo.pk)
        current = this.select_for_update().first()
        if current is None or not _settle(claim):
            return
        this.update(
            state=Photo.State.READY,
            failure="",
            claimed_until=None,
            updated_at=Now(),
            **{name: getattr(photo, name) for name in FINISHED_FIELDS},
            # A person may have written a text while the pixels were made: theirs stays.
            **_own_texts(current, said, says),
        )
        # Pages that were sent while it was ready ask for the old ones still.
        was_shown = current.state == Photo.State.READY
        after = PAGE_LIFETIME if was_shown else timedelta(0)
        files.trash(*renditions.whereabouts(current), after=after, asked_for=was_shown)
        files.keep(*renditions.whereabouts(photo))
        if current.original != photo.original:
            files.trash("originals", [current.original])
        if says["tags"] != said.get("tags", []) and has_tags(photo, said.get("tags", [])):
            set_tags(photo, says["tags"])
        duplicates.store_hash(photo, hash_)
        announce([photo.pk], are_new=not was_shown)
        if current.is_public != photo.renditions_public:  # hidden or published meanwhile
            transaction.on_commit(lambda: place_misplaced(this))


def _settle(claim: Photo | Renewal) -> bool:
    """Tell whether a lease is still ours; a renewal is over by that."""
    claimed = _claimed(claim)
    return bool(claimed.delete()[0]) if isinstance(claim, Renewal) else claimed.exists()


def _claimed(claim: Photo | Renewal) -> QuerySet:
    """Return the claim as a queryset of one, or of none if its lease went to another worker."""
    return type(claim).objects.filter(
        pk=claim.pk, state=claim.State.PROCESSING, attempts=claim.attempts
    )


def _fail(claim: Photo | Renewal, reason: str) -> None:
    _claimed(claim).update(state=claim.State.FAILED, failure=reason, claimed_until=None)


def _postpone(claim: Photo | Renewal) -> None:
    """Give it back without counting the attempt: it is not the picture's fault."""
    _claimed(claim).update(
        state=claim.State.PENDING,
        attempts=F("attempts") - 1,
        claimed_until=Now() + STORAGE_PAUSE,
    )


# --- Renewals ------------------------------------------------------------------------------
def queue_renewals(photos: QuerySet, *, urgent: bool = False) -> int:
    """Have those of these photos that are ready made anew; return how many they are.

    One that is renewed already is so once. Pictures are of the recipe of now; vectors stay, for
    they are of the same file.
    """
    ready = photos.filter(state=Photo.State.READY).order_by("pk")
    pks = list(ready.values_list("pk", flat=True))
    for start in range(0, len(pks), RENEWALS_BATCH):
        with transaction.atomic():
            there = Photo.objects.filter(pk__in=pks[start : start + RENEWALS_BATCH]).locked()
            Renewal.objects.bulk_create(
                [Renewal(photo_id=pk, urgent=urgent) for pk in there.values_list("pk", flat=True)],
                ignore_conflicts=True,
            )
    return len(pks)


def drop_renewals(photos: Iterable[Photo]) -> None:
    """Forget what photos wait for, and the files that were to replace theirs."""
    with transaction.atomic():
        dropped = list(Renewal.objects.filter(photo__in=photos).locked())
        files.trash("originals", [one.original for one in dropped if one.original])
        Renewal.objects.filter(pk__in=[one.pk for one in dropped]).delete()


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
    behind for good. A photo that lost its files is made anew. Of one that is hidden, the files
    that earlier pages may ask for go at once as well.
    """
    photo = Photo.objects.misplaced().filter(pk=photo.pk).first()
    if photo is None:
        return
    old_key = photo.file_key
    old_alias, old_names = renditions.whereabouts(photo)
    photo.file_key, photo.renditions_public = new_key(), photo.listed
    if not photo.listed:
        files.hurry(renditions.folder_prefix(photo))
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
            if unmoved.update(
                renditions=[], file_key=photo.file_key, renditions_public=photo.listed
            ):
                files.trash(old_alias, old_names)
                queue_renewals(Photo.objects.filter(pk=photo.pk), urgent=True)
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
            drop_renewals([photo])
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
