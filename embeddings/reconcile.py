"""Compare the vectors that photos should have with those stored, and write the difference."""

import hashlib
import logging
from collections.abc import Iterable
from uuid import UUID

import numpy as np
from django.db import transaction
from django.db.models import F, Model
from django.db.models.functions import Now

from embeddings import spaces
from embeddings.encoder import Encoder
from embeddings.levels import levels
from embeddings.look_alikes import suspect_look_alikes
from embeddings.models import EmbeddingSpace, EncodingClaim, ImageVector, TextVector
from embeddings.texts import photo_text
from gallery import services
from gallery.cache import forget_pages, note_indexed
from gallery.files import STORAGE_ERRORS
from gallery.models import Photo
from gallery.renditions import open_pixels

logger = logging.getLogger(__name__)

PIXELS_WIDTH = 640  # enough for any tower, 6 ms to preprocess; the original takes 550


def reconcile(photo_ids: Iterable[UUID], encoders: dict[EmbeddingSpace, Encoder]) -> None:
    """Bring the vectors of these photos up to date in every space given.

    Encodes only what changed since it was stored. A photo that was edited meanwhile stays due,
    and all do while a space that could be served is not among those given; one whose pixels
    cannot be read keeps its reason on its claim. Such are tried again when their claim ends.
    """
    photos = list(Photo.objects.filter(pk__in=photo_ids).prefetch_related("tags").order_by("pk"))
    for space, encoder in encoders.items():
        caption_bank = spaces.bank(space, "captions")
        _update(space, ImageVector, encoder.encode_images, caption_bank, photos, _pixels)
        _update(space, TextVector, encoder.encode_texts, caption_bank, photos, _text)
        if space.state == EmbeddingSpace.State.ACTIVE:
            suspect_look_alikes(photos, space)
    if any(one.is_prepared and not one.failure for one in _spaces_beside(encoders)):
        return
    for photo in photos:
        Photo.objects.filter(pk=photo.pk, changed_at=photo.changed_at).exclude(
            pk__in=EncodingClaim.objects.exclude(failure="").values("photo_id")
        ).update(embedded_at=Now())
    EncodingClaim.objects.filter(photo__in=photos, failure="").delete()


def _spaces_beside(encoders: dict[EmbeddingSpace, Encoder]) -> list[EmbeddingSpace]:
    return [space for space in spaces.serving_spaces() if space not in encoders]


def _pixels(photo: Photo):
    """Return (hash of the pixels' source, function that opens them)."""
    return photo.content_hash, lambda: open_pixels(photo, PIXELS_WIDTH)


def _text(photo: Photo):
    """Return (hash of the text, function that returns it); None without a text."""
    text = photo_text(photo)
    return (hashlib.sha256(text.encode()).hexdigest(), lambda: text) if text else None


def _update(
    space: EmbeddingSpace, model: type[Model], encode, caption_bank: np.ndarray, photos, read
) -> None:
    """Encode and upsert one kind of vector for those photos whose input changed."""
    stored = dict(
        model.objects.filter(space=space, photo__in=photos).values_list("photo_id", "input_hash")
    )
    wanted, inputs, gone = [], [], []
    for photo in photos:
        source = read(photo)
        if source is None:
            gone.append(photo.pk)
        elif stored.get(photo.pk) != source[0]:
            try:
                inputs.append(source[1]())
            except (*STORAGE_ERRORS, ValueError) as error:
                logger.warning("Photo %s cannot be encoded: %s", photo.public_id, error)
                EncodingClaim.objects.filter(photo=photo).update(
                    failure=f"Its pixels could not be read: {error}"
                )
                if isinstance(error, FileNotFoundError):
                    services.process_again(photo)
                continue
            wanted.append((photo, source[0]))
    vectors = encode(inputs) if inputs else np.empty((0, space.dimensions), np.float32)
    photo_levels = levels(vectors, caption_bank)
    places = {photo.pk: photo.public_place for photo, _ in wanted}
    with transaction.atomic():
        # The lock keeps `listed` true: nobody hides the photo between this read and our commit.
        # Whose place was hidden while we encoded stays as it is, without a vector of it.
        listed = {
            now.pk: now.listed
            for now in Photo.objects.filter(pk__in=[photo.pk for photo, _ in wanted])
            .only("listed", "public_place")
            .locked()
            if now.public_place == places[now.pk]
        }
        removed, _ = model.objects.filter(space=space, photo__in=gone).delete()
        # Asked again: another worker may have been quicker.
        replaces = model.objects.filter(space=space, photo__in=listed).exists()
        model.objects.bulk_create(
            [
                model(
                    space=space,
                    photo=photo,
                    vector=vector,
                    input_hash=input_hash,
                    level=float(level),
                    listed=listed[photo.pk],
                )
                for (photo, input_hash), vector, level in zip(
                    wanted, vectors, photo_levels, strict=True
                )
                if photo.pk in listed
            ],
            update_conflicts=True,
            unique_fields=["space", "photo"],
            update_fields=["vector", "input_hash", "level", "listed"],
        )
        if listed or removed:
            this = EmbeddingSpace.objects.filter(pk=space.pk)
            this.update(generation=F("generation") + 1)
            if replaces or removed:
                forget_pages()
            else:
                generation = this.values_list("generation", flat=True).get()
                note_indexed(f"vectors {space.pk}", generation, listed)
