"""What a person asks of the gallery: upload, replace, edit, hide, delete, bring back, retry."""

import hashlib
import logging
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import PurePath
from uuid import UUID, uuid4

from django.core.files.storage import storages
from django.db import IntegrityError, connection, transaction
from django.db.models import CharField, Func, Q, QuerySet
from django.db.models.functions import Now
from django.utils.text import slugify

from gallery import files, pipeline
from gallery.cache import forget_pages
from gallery.exceptions import DuplicateUpload, RefusedUpload, StorageAway
from gallery.formats import Header, read_header
from gallery.metadata import without_controls
from gallery.models import Album, AlbumPhoto, Photo, Photographer, Renewal, Visibility
from gallery.nudge import ENOUGH, nudge
from gallery.querysets import seen_by
from gallery.renditions import RECIPES
from gallery.signals import announce
from gallery.tags import set_tags

logger = logging.getLogger(__name__)

HASH_CHUNK_BYTES = 2**20
UPLOAD_LIMIT = timedelta(days=1)  # longer than storing an original takes by any line
# By name: the module of the tasks stands above this one.
PROCESS_PIXELS = "gallery.process_pixels"
TIDY_FILES = "gallery.tidy_files"
MOVED_AT_ONCE = 3  # photos whose files are moved while their photographer waits


def upload_photo(
    *,
    owner: Photographer,
    file,
    visibility: str = "public",
    title: str = "",
    description: str = "",
    tags: Iterable[str] = (),
    creator: str = "",
    id: UUID | None = None,
    sidecar: str = "",
    location_shown: bool | None = None,
    album: Album | None = None,
) -> Photo:
    """Take a file as a new photo. Once this returns (and commits), it cannot get lost.

    file: an open Django File. Texts given here go before those in the file.
    id: the photo's, for callers who have to know it again.
    sidecar: an XMP packet that goes before the metadata in the file.
    location_shown: as the photographer has it for new photos, unless it is said.
    Raises RefusedUpload for a file that is not taken, DuplicateUpload for one that is there,
    StorageAway when it cannot be stored.
    """
    header = read_header(file, file.size)
    content_hash = _hash(file)
    if twin := Photo.objects.filter(owner=owner, content_hash=content_hash).first():
        return _bring_back(twin, file)
    try:
        with _stored(file, header) as original:
            photo = Photo.objects.create(
                id=id or uuid4(),
                owner=owner,
                **_about(file, header, content_hash),
                original=original,
                visibility=visibility,
                title=without_controls(title)[:300],
                description=without_controls(description),
                creator=without_controls(creator)[:300],
                location_shown=owner.shows_location if location_shown is None else location_shown,
                metadata={"sidecar": without_controls(sidecar)} if sidecar else {},
            )
            set_tags(photo, tags)
            if album:
                add_to_album(album, photo)
    except IntegrityError as error:
        if twin := Photo.objects.filter(owner=owner, content_hash=content_hash).first():
            raise DuplicateUpload(twin) from error
        raise
    transaction.on_commit(lambda: nudge(PROCESS_PIXELS))
    return photo


def replace_file(photo: Photo, file) -> None:
    """Have a photo get another file; until the pixels queue has read it, the old one serves.

    Page, albums, links and what a person edited stay; all else is of the new file, see
    pipeline.process. Of two replacements that wait the later one counts. A file that cannot be
    read changes nothing: the photo's renewal says why, retry_photos tries it again and
    keep_file gives it up.

    Raises RefusedUpload for a file that is not taken, or that the photo has; DuplicateUpload for
    one that another photo of its owner has; StorageAway; Photo.DoesNotExist.
    """
    header = read_header(file, file.size)
    content_hash = _hash(file)
    if twin := Photo.objects.filter(owner=photo.owner_id, content_hash=content_hash).first():
        if twin.pk != photo.pk:
            raise DuplicateUpload(twin)
        try:
            _bring_back(twin, file)
        except DuplicateUpload as error:
            raise RefusedUpload("The photo has this very file already.") from error
        return
    with _stored(file, header) as original:
        photo = Photo.objects.select_for_update().get(pk=photo.pk)  # one at a time
        pipeline.drop_renewals([photo])
        Renewal.objects.create(
            photo=photo, **_about(file, header, content_hash), original=original, urgent=True
        )
    transaction.on_commit(lambda: nudge(PROCESS_PIXELS))


def keep_file(photos: Iterable[Photo]) -> None:
    """Give up what photos wait for: they stay as they are."""
    pipeline.drop_renewals(photos)


def _about(file, header: Header, content_hash: str) -> dict:
    return {
        "original_name": _name_as_text(file.name),
        "content_hash": content_hash,
        "size_bytes": file.size,
        "media_type": header.media_type,
    }


@contextmanager
def _stored(file, header: Header) -> Iterator[str]:
    """Store a file as an original; give its name to the transaction that makes it needed."""
    original = f"originals/{uuid4()}.{header.extension}"
    # In the trash until it is needed: whatever dies in between, no file is left behind.
    files.trash("originals", [original], after=UPLOAD_LIMIT)
    store_original(original, file)
    try:
        with transaction.atomic():
            yield original
            files.keep("originals", [original])
    except BaseException:
        if connection.in_atomic_block:
            # Only a savepoint ended, so no row needs the file, and the caller's rollback may take
            # it out of the trash. Of a commit that failed, nobody knows whether it was heard.
            files.delete("originals", original)
        raise


def store_original(original: str, file) -> None:
    """Put a file into the storage of originals, for good. Raises StorageAway."""
    storage = storages["originals"]
    try:
        storage.save(original, file)
        files.make_durable(storage, original)
    except files.STORAGE_ERRORS as error:
        logger.warning("An upload could not be stored: %s", error)
        raise StorageAway from error


def _bring_back(twin: Photo, file) -> Photo:
    """Give a photo whose original was lost the same file again.

    Raises DuplicateUpload when nothing was lost, StorageAway.
    """
    failed = Q(state=Photo.State.FAILED) | Q(renewal__state=Renewal.State.FAILED)
    has_failed = Photo.objects.filter(failed, pk=twin.pk).exists()
    try:
        is_lost = has_failed and not storages["originals"].exists(twin.original)
    except files.STORAGE_ERRORS as error:
        raise StorageAway from error
    if not is_lost:
        raise DuplicateUpload(twin)
    store_original(twin.original, file)
    retry_photos([twin])
    return twin


def _hash(file) -> str:
    digest = hashlib.sha256()
    for chunk in file.chunks(HASH_CHUNK_BYTES):
        digest.update(chunk)
    file.seek(0)
    return digest.hexdigest()


def _name_as_text(name: str | None) -> str:
    """Return a client's file name as text that is never used as a path."""
    text = without_controls(unicodedata.normalize("NFC", PurePath(name or "").name))
    return text.encode("utf-8", "replace").decode()[:500]


def get_photographer(user=None, *, name: str = "") -> Photographer:
    """Return a user's photographer, or the one of that name, made when it is new."""
    known = {"name": name} if user is None else {"user": user}
    name = name or user.get_full_name() or "Photographer"
    return _get_or_create(Photographer.objects.filter(**known), name, user=user, name=name)


def get_album(owner: Photographer, title: str, visibility: str = Visibility.PUBLIC) -> Album:
    """Return the owner's album of that title, made with that visibility when it is new."""
    known = Album.objects.filter(owner=owner, title=title)
    with transaction.atomic():
        # One at a time: an import and an upload may both be the first to name it.
        Photographer.objects.select_for_update(no_key=True).get(pk=owner.pk)
        return _get_or_create(known, title, owner=owner, title=title, visibility=visibility)


def _get_or_create(known: QuerySet, text: str, **fields):
    """Return the first of these rows, or create one with a slug made of a text."""
    while (row := known.first()) is None:
        slug = free_slug(known.model, text)
        try:
            with transaction.atomic():
                return known.model.objects.create(slug=slug, **fields)
        except IntegrityError:
            # Somebody else was faster: with this row, or with another that got the slug.
            if not known.exists() and not known.model.objects.filter(slug=slug).exists():
                raise
    return row


def free_slug(model, text: str) -> str:
    """Return a slug made of a text that no row of the model has yet."""
    base = slugify(text, allow_unicode=True)[:180] or "untitled"
    taken = set(model.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    slug, number = base, 2
    while slug in taken:
        slug, number = f"{base}-{number}", number + 1
    return slug


def create_album(owner: Photographer, title: str, **fields) -> Album:
    """Make a new album, also when the owner has one of that title."""
    return _get_or_create(Album.objects.none(), title, owner=owner, title=title, **fields)


def edit_album(album: Album, **changes) -> None:
    """Change what an album says, its cover, or who sees it."""
    for name, value in changes.items():
        setattr(album, name, value)
    album.save(update_fields=changes)


def add_to_album(album: Album, photo: Photo) -> None:
    """Put a photo at the end of an album; a photo that is in it stays where it is."""
    with transaction.atomic():
        _lock_album(album)
        last = album.entries.order_by("-position").values_list("position", flat=True).first()
        AlbumPhoto.objects.get_or_create(
            album=album, photo=photo, defaults={"position": 0 if last is None else last + 1}
        )


def set_album_photos(album: Album, photos: list[Photo]) -> None:
    """Make these the photos of an album, in this order.

    Those that its owner does not see, in the bin for one, keep a place behind them.
    """
    with transaction.atomic():
        _lock_album(album)
        hidden = album.entries.exclude(seen_by(album.owner_id, "photo__"))
        unseen = hidden.values_list("photo", flat=True)
        ordered = list(dict.fromkeys([*(photo.pk for photo in photos), *unseen]))
        album.entries.exclude(photo__in=ordered).delete()
        AlbumPhoto.objects.bulk_create(
            [
                AlbumPhoto(album=album, photo_id=pk, position=position)
                for position, pk in enumerate(ordered)
            ],
            update_conflicts=True,
            unique_fields=["album", "photo"],
            update_fields=["position"],
        )
        forget_pages()


def _lock_album(album: Album) -> None:
    """Let one at a time give places in an album."""
    Album.objects.select_for_update(no_key=True).get(pk=album.pk)


class _RandomToken(Func):
    """A share token of its own for each row: 122 random bits, from the database."""

    template = "replace(gen_random_uuid()::text, '-', '')"
    output_field = CharField()


def edit_photo(photo: Photo, *, tags: Iterable[str] | None = None, **changes) -> None:
    """Change what a photo says and who sees it. tags: their names; None leaves them."""
    with transaction.atomic():
        _change([photo], updated_at=Now(), **changes)
        if tags is not None:
            set_tags(photo, tags)


def set_visibility(photos: Iterable[Photo], visibility: str) -> None:
    """Make photos public, unlisted or private. Those that leave public are hidden at once."""
    _change(photos, visibility=visibility)


def show_location(photos: Iterable[Photo], *, shown: bool) -> None:
    """Show the place of photos, or hide it: from pages, search and its suggestions at once."""
    _change(photos, location_shown=shown)


def bin_photos(photos: Iterable[Photo]) -> None:
    """Put photos into the bin: gone for everyone, and nothing is deleted yet."""
    _change(photos, binned_at=Now())


def restore_photos(photos: Iterable[Photo]) -> None:
    _change(photos, binned_at=None)


def keep_one(kept: Photo, other: Photo, *, takes_over: bool) -> bool:
    """Put the other of two alike photos into the bin, unless either is there meanwhile.

    takes_over: the one that stays gets its tags, its places in albums, and the texts that it lacks.
    The other keeps all of them, for when it is restored.
    """
    with transaction.atomic():
        both = Photo.objects.filter(pk__in=[kept.pk, other.pk], binned_at=None)
        locked = {photo.pk: photo for photo in both.locked()}
        if len(locked) < 2:
            return False
        kept, other = locked[kept.pk], locked[other.pk]
        if takes_over:
            _take_over(kept, other)
        bin_photos([other])
        photos_edited([kept.pk])
    return True


def _take_over(kept: Photo, other: Photo) -> None:
    lacking = [name for name in pipeline.TEXT_FIELDS if not getattr(kept, name)]
    for name in lacking:
        setattr(kept, name, getattr(other, name))
    kept.save(update_fields=[*lacking, "updated_at"])
    kept.tags.add(*other.tags.all())
    AlbumPhoto.objects.bulk_create(
        [
            AlbumPhoto(album_id=entry.album_id, photo=kept, position=entry.position)
            for entry in other.album_entries.all()
        ],
        ignore_conflicts=True,
    )
    Album.objects.filter(cover=other).update(cover=kept)


def retry_photos(photos: Iterable[Photo]) -> None:
    """Send those photos that failed, or whose renewal did, through the pixels queue again."""
    ids = [one.pk for one in photos]
    again = {"state": "pending", "failure": "", "attempts": 0, "claimed_until": None}
    with transaction.atomic():
        Photo.objects.filter(pk__in=ids, state=Photo.State.FAILED).update_locked(**again)
        Renewal.objects.filter(photo__in=ids, state=Renewal.State.FAILED).update_locked(**again)
    transaction.on_commit(lambda: nudge(PROCESS_PIXELS))


def reprocess(photos: QuerySet[Photo]) -> int:
    """Have the pictures of ready photos made anew, as recipes and readers are now.

    The old ones serve until then. Returns how many photos that are.
    """
    count = pipeline.queue_renewals(photos)
    retry_photos(Photo.objects.filter(pk__in=photos.values("pk"), renewal__state="failed"))
    for _ in range(min(count, ENOUGH)):  # so many workers begin at once
        transaction.on_commit(lambda: nudge(PROCESS_PIXELS))
    return count


def process_again(photo: Photo) -> None:
    """Have the pictures of a photo that lost one of them made anew, if nobody did since."""
    this = Photo.objects.filter(pk=photo.pk, file_key=photo.file_key)
    if pipeline.queue_renewals(this, urgent=True):
        transaction.on_commit(lambda: nudge(PROCESS_PIXELS))


def photos_edited(ids: list[UUID]) -> None:
    """Call after photos were changed: files go where they belong, upper apps follow.

    A link that was shared before a photo became private never works again.
    """
    Photo.objects.filter(pk__in=ids, visibility=Visibility.PRIVATE).update(
        share_token=_RandomToken()
    )
    announce(ids)
    transaction.on_commit(lambda: _place(ids))


def _change(photos: Iterable[Photo], **changes) -> None:
    ids = [photo.pk for photo in photos]
    with transaction.atomic():
        Photo.objects.filter(pk__in=ids).update_locked(**changes)
        photos_edited(ids)


def _place(ids: list[UUID]) -> None:
    """Move the files of a few photos now; many, and what does not succeed, are the queue's."""
    if len(ids) <= MOVED_AT_ONCE:
        pipeline.place_misplaced(Photo.objects.filter(pk__in=ids))
        files.empty_trash(most=MOVED_AT_ONCE * len(RECIPES))
    nudge(TIDY_FILES)
