"""Files that arrive in pieces: each piece is an object in storage, so any process takes the next.

The row in `Upload` says how far a file is. Once its last byte is here it is FINISHING, and whoever
claims it makes it a photo; that may happen twice, because the photo has the upload's id.
"""

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePosixPath
from typing import BinaryIO

from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.db import transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from gallery import files, services
from gallery.exceptions import DuplicateUpload, RefusedUpload, StorageAway, WrongOffset
from gallery.formats import check_size
from gallery.metadata import without_controls
from gallery.models import (
    Photo,
    Photographer,
    Upload,
    UploadBatch,
    UploadPiece,
    Visibility,
    new_key,
)

logger = logging.getLogger(__name__)

State = Upload.State
STORING_LIMIT = timedelta(hours=1)  # longer than storing a piece takes
LEASE = timedelta(minutes=1)  # for taking a file; if it takes longer, another may do it as well
STORAGE_PAUSE = timedelta(seconds=30)
MAX_ATTEMPTS = 4
MAX_PIECES = 2000  # of one file: each is an object and a row
MAX_PATH = 1000

GAVE_UP = f"Taking the file stopped {MAX_ATTEMPTS} times without an answer. Export a smaller one."
PIECE_IS_LOST = "Part of the file is not in storage any more. Upload it again."


def open_upload(
    batch: UploadBatch, *, path: str, size_bytes: int, modified_ms: int | None = None
) -> Upload:
    """Make room for a file that is going to be sent; one that the batch knows goes on.

    Raises RefusedUpload for one that is too large or too much beside what is unfinished.
    """
    check_size(size_bytes)
    path = without_controls(path)[:MAX_PATH]
    with transaction.atomic():
        # One at a time, so that the sums below are true.
        Photographer.objects.select_for_update(no_key=True).get(pk=batch.owner_id)
        if modified_ms is not None:  # else files of one name and size may be different ones
            same = batch.uploads.filter(path=path, size_bytes=size_bytes, modified_ms=modified_ms)
            if known := same.exclude(state=State.REFUSED).first():
                return known
        unfinished = Upload.objects.filter(batch__owner=batch.owner_id, state=State.RECEIVING)
        now = unfinished.aggregate(count=Count("pk"), size=Sum("size_bytes", default=0))
        too_many = now["count"] >= settings.UPLOAD_OPEN_FILES
        if too_many or now["size"] + size_bytes > settings.UPLOAD_OPEN_BYTES:
            raise RefusedUpload(
                f"{now['count']} other files of yours are unfinished, and more are not kept. "
                "Finish or discard them first."
            )
        return Upload.objects.create(
            batch=batch,
            path=path,
            size_bytes=size_bytes,
            modified_ms=modified_ms,
            expires_at=timezone.now() + settings.UPLOAD_LIFETIME,
        )


def add_piece(upload: Upload, offset_bytes: int, piece: BinaryIO, size_bytes: int) -> Upload:
    """Store the bytes of a file from an offset on; return the upload as it stands then.

    Raises WrongOffset when they are not the next ones, Upload.DoesNotExist when it was discarded,
    RefusedUpload for too many pieces, StorageAway.
    """
    if upload.pieces.count() >= MAX_PIECES:
        raise RefusedUpload("The file comes in too many pieces: send larger ones.")
    # A name of its own: of two who send the same bytes, one may have been cut off.
    name = f"uploads/{upload.pk}/{offset_bytes}-{new_key()}"
    files.trash("originals", [name], after=STORING_LIMIT)
    services.store_original(name, File(piece))
    with transaction.atomic():
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        if (upload.state, upload.offset_bytes) != (State.RECEIVING, offset_bytes):
            raise WrongOffset(upload.offset_bytes)
        UploadPiece.objects.create(upload=upload, offset_bytes=offset_bytes, name=name)
        files.keep("originals", [name])
        upload.offset_bytes += size_bytes
        upload.expires_at = timezone.now() + settings.UPLOAD_LIFETIME
        if upload.offset_bytes == upload.size_bytes:
            upload.state = State.FINISHING
        upload.save(update_fields=["offset_bytes", "expires_at", "state"])
    return upload


def discard(uploads: QuerySet[Upload]) -> None:
    """Forget uploads and their bytes; those that are complete are taken all the same."""
    for pk in list(uploads.values_list("pk", flat=True)):
        with transaction.atomic():
            upload = uploads.exclude(state=State.FINISHING).filter(pk=pk)
            for one in upload.select_for_update(of=("self",)):
                _drop_pieces(one)
                one.delete()


def tidy() -> None:
    """Take the uploads that are complete, and forget those that expired."""
    while finish_next():
        pass
    discard(Upload.objects.filter(expires_at__lt=Now()))
    past = timezone.now() - settings.UPLOAD_LIFETIME
    UploadBatch.objects.filter(created_at__lt=past, uploads=None).delete()


# --- A file that is complete becomes a photo -----------------------------------------------
def finish_next(uploads: QuerySet[Upload] | None = None) -> bool:
    """Take one of the complete uploads, or of all; return False when none is due."""
    upload = _claim(Upload.objects.all() if uploads is None else uploads)
    if upload is None:
        return False
    if upload.attempts > MAX_ATTEMPTS:
        _settle(upload, State.REFUSED, GAVE_UP)
        return True
    try:
        _settle(upload, *_take(upload))
    except RefusedUpload as error:
        _settle(upload, State.REFUSED, str(error))
    except FileNotFoundError:
        _settle(upload, State.REFUSED, PIECE_IS_LOST)
    except (StorageAway, *files.STORAGE_ERRORS) as error:
        logger.warning("Upload %s: storage is away: %s", upload.pk, error)
        _postpone(upload)
    return True


def _claim(uploads: QuerySet[Upload]) -> Upload | None:
    """Lease the oldest complete upload that nobody holds."""
    with transaction.atomic():
        free = Q(claimed_until=None) | Q(claimed_until__lt=Now())
        due = uploads.filter(free, state=State.FINISHING).order_by("created_at")
        upload = due.select_for_update(skip_locked=True, of=("self",)).first()
        if upload is None:
            return None
        upload.attempts += 1
        upload.claimed_until = timezone.now() + LEASE
        upload.save(update_fields=["attempts", "claimed_until"])
        return upload


def _take(upload: Upload) -> tuple[str, str, Photo]:
    """Make a photo of an upload; return outcome, reason and photo. Raises as upload_photo does."""
    batch = upload.batch
    try:
        with _whole_file(upload) as file:
            photo = services.upload_photo(
                id=upload.pk,
                owner=batch.owner,
                file=file,
                visibility=batch.visibility,
                tags=batch.tags.split(","),
            )
    except DuplicateUpload as error:
        if error.photo.pk != upload.pk:
            return State.DUPLICATE, str(error), error.photo
        photo = error.photo  # made by an attempt that was cut off
    return State.TAKEN, "", photo


@contextmanager
def _whole_file(upload: Upload) -> Iterator[File]:
    """Put the pieces of an upload together, on disk. Raises FileNotFoundError, STORAGE_ERRORS."""
    with tempfile.TemporaryFile() as whole:
        for name in upload.pieces.values_list("name", flat=True):
            with storages["originals"].open(name) as piece:
                shutil.copyfileobj(piece, whole, settings.FILE_UPLOAD_MAX_MEMORY_SIZE)
        if whole.tell() != upload.size_bytes:
            raise FileNotFoundError(f"{upload.pk} has {whole.tell()} of {upload.size_bytes} bytes")
        whole.flush()  # its size is asked of the system
        yield File(whole, name=PurePosixPath(upload.path).name)


def _settle(upload: Upload, state: str, reason: str, photo: Photo | None = None) -> None:
    """Write down what became of an upload, once, and let go of its pieces."""
    with transaction.atomic():
        still_open = Upload.objects.filter(pk=upload.pk, state=State.FINISHING)
        if not still_open.select_for_update():
            return
        if photo is not None:
            _put_into_album(upload, photo)
        _drop_pieces(upload)
        still_open.update(
            state=state,
            reason=reason,
            photo=photo,
            expires_at=Now() + settings.UPLOAD_LIFETIME,
        )


def _put_into_album(upload: Upload, photo: Photo) -> None:
    # One of a batch at a time: two might make the album twice, or give a place twice.
    batch = UploadBatch.objects.select_for_update().get(pk=upload.batch_id)
    folder = PurePosixPath(upload.path).parent.name if batch.folders_as_albums else ""
    if title := (folder or batch.album)[:300]:
        # The name of what is private is private.
        is_public = batch.visibility == Visibility.PUBLIC
        visibility = Visibility.PUBLIC if is_public else Visibility.PRIVATE
        services.add_to_album(services.get_album(batch.owner, title, visibility), photo)


def _drop_pieces(upload: Upload) -> None:
    files.trash("originals", list(upload.pieces.values_list("name", flat=True)))
    upload.pieces.all().delete()


def _postpone(upload: Upload) -> None:
    """Give the upload back without counting the attempt: it is not the file's fault."""
    Upload.objects.filter(pk=upload.pk, state=State.FINISHING, attempts=upload.attempts).update(
        attempts=upload.attempts - 1, claimed_until=Now() + STORAGE_PAUSE
    )
