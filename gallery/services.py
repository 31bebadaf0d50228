"""What a person asks of the gallery: upload, edit, hide, delete, bring back, retry."""

import hashlib
import logging
import unicodedata
from collections.abc import Iterable
from pathlib import PurePath
from uuid import uuid4

from django.core.files.storage import storages
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.text import slugify

from gallery import pipeline, tasks
from gallery.exceptions import DuplicateUpload
from gallery.files import STORAGE_ERRORS, empty_trash, make_durable
from gallery.formats import read_header
from gallery.models import Album, AlbumPhoto, Photo, Photographer, Visibility, new_share_token
from gallery.nudge import nudge
from gallery.signals import announce
from gallery.tags import set_tags

logger = logging.getLogger(__name__)

HASH_CHUNK_BYTES = 2**20


def upload_photo(
    *,
    owner: Photographer,
    file,
    visibility: str = "public",
    title: str = "",
    description: str = "",
    tags: Iterable[str] = (),
    creator: str = "",
) -> Photo:
    """Take a file as a new photo. Once this returns (and commits), it cannot get lost.

    file: an open Django File. Texts given here go before those in the file.
    Raises RefusedUpload for a file that is not taken, DuplicateUpload for one that is there.
    """
    header = read_header(file, file.size)
    content_hash = _hash(file)
    if twin := Photo.objects.filter(owner=owner, content_hash=content_hash).first():
        raise DuplicateUpload(twin)
    original = f"originals/{uuid4()}.{header.extension}"
    storage = storages["originals"]
    storage.save(original, file)
    try:
        make_durable(storage, original)
        with transaction.atomic():
            photo = Photo.objects.create(
                owner=owner,
                original_name=_name_as_text(file.name),
                original=original,
                content_hash=content_hash,
                size_bytes=file.size,
                media_type=header.media_type,
                visibility=visibility,
                title=title[:300],
                description=description,
                creator=creator[:300],
            )
            set_tags(photo, tags)
            transaction.on_commit(lambda: nudge(tasks.process_pixels))
    except BaseException as error:
        storage.delete(original)
        twin = Photo.objects.filter(owner=owner, content_hash=content_hash).first()
        if isinstance(error, IntegrityError) and twin:
            raise DuplicateUpload(twin) from error
        raise
    return photo


def _hash(file) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks(HASH_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _name_as_text(name: str | None) -> str:
    """Return a client's file name as text that is never used as a path."""
    text = unicodedata.normalize("NFC", PurePath(name or "").name).replace("\x00", "")
    return text.encode("utf-8", "replace").decode()[:500]


def get_photographer(user=None, *, name: str = "") -> Photographer:
    """Return a user's photographer, or the one of that name, made when it is new."""
    if user is not None and (known := Photographer.objects.filter(user=user).first()):
        return known
    if user is None and (known := Photographer.objects.filter(name=name).first()):
        return known
    name = name or user.get_full_name() or "Photographer"
    slug = free_slug(Photographer, name)
    return Photographer.objects.create(user=user, name=name, slug=slug)


def free_slug(model, text: str) -> str:
    """Return a slug made of a text that no row of the model has yet."""
    base = slugify(text, allow_unicode=True)[:180] or "untitled"
    taken = set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def get_album(owner: Photographer, title: str) -> Album:
    """Return the owner's album of that title, made when it is new."""
    album = Album.objects.filter(owner=owner, title=title).first()
    return album or Album.objects.create(owner=owner, title=title, slug=free_slug(Album, title))


def add_to_album(album: Album, photo: Photo) -> None:
    """Put a photo at the end of an album; a photo that is in it stays where it is."""
    last = album.entries.order_by("-position").values_list("position", flat=True).first()
    AlbumPhoto.objects.get_or_create(
        album=album, photo=photo, defaults={"position": 0 if last is None else last + 1}
    )


def set_visibility(photo: Photo, visibility: str) -> None:
    """Make a photo public, unlisted or private. Leaving public moves its files at once."""
    _change(photo, visibility=visibility)


def bin_photo(photo: Photo) -> None:
    """Put a photo into the bin: gone for everyone, and nothing is deleted yet."""
    _change(photo, binned_at=Now())


def restore_photo(photo: Photo) -> None:
    _change(photo, binned_at=None)


def retry_photo(photo: Photo) -> None:
    """Send a failed photo through the pixels queue again."""
    Photo.objects.filter(pk=photo.pk, state=Photo.State.FAILED).update(
        state=Photo.State.PENDING, failure="", attempts=0, claimed_until=None
    )
    transaction.on_commit(lambda: nudge(tasks.process_pixels))


def photo_edited(photo: Photo) -> None:
    """Call after a form saved a photo: files go where they belong, upper apps follow.

    A link that was shared before a photo became private never works again.
    """
    Photo.objects.filter(pk=photo.pk, visibility=Visibility.PRIVATE).update(
        share_token=new_share_token()
    )
    announce([photo.pk])
    transaction.on_commit(lambda: _place(photo))


def _change(photo: Photo, **changes) -> None:
    Photo.objects.filter(pk=photo.pk).update(**changes)
    photo_edited(photo)


def _place(photo: Photo) -> None:
    """Move the photo's files now; what does not succeed here is the queue's to finish."""
    try:
        pipeline.place_renditions(photo)
        empty_trash()
    except STORAGE_ERRORS as error:
        logger.warning("Photo %s: files not moved yet: %s", photo.public_id, error)
    photo.refresh_from_db()
    nudge(tasks.process_pixels)
