"""Embedding spaces through their life: create, prepare, build, activate, retire."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce, Now

from embeddings.banks import calibrated_floor, make_banks, probe, probe_fits, shipped_banks
from embeddings.calibration import Measure
from embeddings.encoder import Encoder, ModelUnavailable
from embeddings.levels import levels
from embeddings.models import EmbeddingSpace, ImageVector, TextVector
from gallery.cache import forget_pages
from gallery.files import trash
from gallery.models import Photo

HNSW_M = 16
HNSW_EF_CONSTRUCTION = 128
MAX_DIMENSIONS = 4000  # of a halfvec under an HNSW index
PHOTOS_AT_ONCE = 1000  # a transaction
NAMED_PHOTOS = 5

# To the small CLIP photographs are noise: words lead, its two rankings together stay below one.
DEMO_WEIGHTS = {"bm25": 1.0, "text": 0.1, "image": 0.8}


class SpaceError(Exception):
    """A step in a space's life that cannot be taken now. The message says what to do first."""


def _without_banks():
    return EmbeddingSpace.objects.defer("caption_bank", "image_bank", "probe")


def active_space(**others) -> EmbeddingSpace | None:
    """Return the space that serves, without its banks; None before the first one is ready.

    others: expressions to read with it.
    """
    active = _without_banks().filter(state=EmbeddingSpace.State.ACTIVE)
    return active.annotate(**others).first()


def active_space_and_vectors(
    photo: Photo,
) -> tuple[EmbeddingSpace | None, dict[str, np.ndarray]]:
    """Return the space that serves, and a photo's vectors in it, those it has; in one query.

    The vectors' keys are "image" and "text"; each is (dimensions,) float32, L2-normalised.
    """
    stored = {
        f"{leg}_vector": Subquery(
            model.objects.filter(space=OuterRef("pk"), photo=photo).values("vector")
        )
        for leg, model in (("image", ImageVector), ("text", TextVector))
    }
    space = active_space(**stored)
    vectors = {leg: getattr(space, f"{leg}_vector", None) for leg in ("image", "text")}
    return space, {
        leg: np.asarray(one, dtype=np.float32) for leg, one in vectors.items() if one is not None
    }


def serving_spaces() -> list[EmbeddingSpace]:
    """Return the spaces whose vectors are kept, the active one and those being built.

    Without their banks: see bank().
    """
    return list(_without_banks().exclude(state=EmbeddingSpace.State.RETIRED).order_by("id"))


def serving_space(pk: int) -> EmbeddingSpace | None:
    """Return one of serving_spaces(), or None."""
    return _without_banks().exclude(state=EmbeddingSpace.State.RETIRED).filter(pk=pk).first()


def profile_models(profile: str) -> dict[str, str]:
    """Return the models of a profile: a name in EMBEDDING_PROFILES, a model name or a folder."""
    return settings.EMBEDDING_PROFILES.get(profile, {"image_model": profile, "text_model": profile})


def create_space(profile: str, *, name: str = "") -> EmbeddingSpace:
    """Create a space in state building; nothing is loaded yet."""
    weights = {"weights": DEMO_WEIGHTS} if profile == "demo" else {}
    return EmbeddingSpace.objects.create(name=name or profile, **profile_models(profile), **weights)


def ensure_space() -> None:
    """Create and activate the configured space in a database that has none yet."""
    if EmbeddingSpace.objects.exists():
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('embeddings.ensure_space'))")
        if not EmbeddingSpace.objects.exists():
            space = create_space(settings.EMBEDDING_PROFILE)
            EmbeddingSpace.objects.filter(pk=space.pk).update(state=EmbeddingSpace.State.ACTIVE)


def load_encoder(space: EmbeddingSpace) -> Encoder:
    """Load the space's encoder into this process. Takes seconds and hundreds of megabytes.

    Raises ModelUnavailable when its models cannot be had, or are not those that encoded the
    vectors already stored.
    """
    # torch must stay out of every process but those that call this.
    from embeddings.torch_encoder import TorchEncoder

    encoder = TorchEncoder(space.image_model, space.text_model)
    if space.is_prepared and not probe_fits(encoder, space.probe):
        raise ModelUnavailable(
            f"The model at {space.image_model} is not the one that encoded this space. Put that "
            "one back, or create a new space for it: `manage.py embedding_space create`."
        )
    return encoder


def note_failure(space: EmbeddingSpace, reason: str) -> None:
    """Keep why the space's models cannot be had, and since when."""
    EmbeddingSpace.objects.filter(pk=space.pk).update(
        failure=reason, failed_at=Coalesce("failed_at", Now())
    )


def note_recovery(space: EmbeddingSpace) -> None:
    """Make the photos due that the space missed while its models could not be had."""
    missed = Q(pk__in=missing_photos(space).values("pk"))
    if space.failed_at:
        missed |= Q(changed_at__gte=space.failed_at, state=Photo.State.READY)
    _make_due(Photo.objects.filter(missed))
    EmbeddingSpace.objects.filter(pk=space.pk).update(failure="", failed_at=None)


def prepare(space: EmbeddingSpace, encoder: Encoder) -> bool:
    """Give a new space its banks and its floor, create its indexes, and begin to build it.

    Returns False when another worker is at it.
    """
    with alone(f"embeddings.prepare.{space.pk}") as is_alone:
        if not is_alone:
            return False
        space.refresh_from_db()
        if not space.is_prepared:
            _prepare(space, encoder)
            build(space)
        return True


@contextmanager
def alone(name: str) -> Iterator[bool]:
    """Hold an advisory lock, or say that another process does.

    Nobody waits for it: a waiting session would hold up CREATE INDEX CONCURRENTLY for good.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtext(%s))", [name])
        is_alone = cursor.fetchone()[0]
        try:
            yield is_alone
        finally:
            if is_alone:
                cursor.execute("SELECT pg_advisory_unlock(hashtext(%s))", [name])


def _prepare(space: EmbeddingSpace, encoder: Encoder) -> None:
    banks = shipped_banks(Path(space.image_model), encoder) or make_banks(encoder)
    space.dimensions = encoder.dimensions
    space.caption_bank = banks.captions.tobytes()
    space.image_bank = banks.images.tobytes()
    space.floor = banks.floor
    space.probe = probe(encoder).tobytes()
    space.revision = hashlib.sha256(space.caption_bank + space.image_bank).hexdigest()[:16]
    create_indexes(space)
    space.save(
        update_fields=["dimensions", "caption_bank", "image_bank", "floor", "probe", "revision"]
    )


def calibrate_floor(space: EmbeddingSpace, encoder: Encoder) -> list[Measure]:
    """Calibrate the floor of a prepared space anew and store it; return what it is worth.

    Raises SpaceError when the space is not prepared.
    """
    if not space.is_prepared:
        raise SpaceError("It is calibrated when it is built: `manage.py embedding_space build`.")
    banks = (bank(space, kind) for kind in ("captions", "images"))
    space.floor, measures = calibrated_floor(encoder, *banks)
    # Kept results were cut by the old floor.
    EmbeddingSpace.objects.filter(pk=space.pk).update(
        floor=space.floor, generation=F("generation") + 1
    )
    forget_pages()
    return measures


def query_level(space: EmbeddingSpace, vector: np.ndarray, leg: str) -> float:
    """Return the query's level for the floor of a leg, "image" or "text".

    vector: (dimensions,) float32, L2-normalised.
    """
    return float(
        levels(vector[None, :], bank(space, "images" if leg == "image" else "captions"))[0]
    )


def bank(space: EmbeddingSpace, kind: str) -> np.ndarray:
    """Return a space's bank of "captions" or "images"; it is read once a process."""
    return _bank(space.pk, space.revision, kind)


@lru_cache(maxsize=8)
def _bank(space_id: int, revision: str, kind: str) -> np.ndarray:
    return EmbeddingSpace.objects.get(pk=space_id, revision=revision).bank(kind)


def index_name(space: EmbeddingSpace, model) -> str:
    return f"{model._meta.db_table}_space_{space.pk}_hnsw"


def create_indexes(space: EmbeddingSpace) -> None:
    """Create the space's partial HNSW indexes, without blocking writers where possible."""
    if not 0 < space.dimensions <= MAX_DIMENSIONS:
        raise SpaceError(
            f"Its vectors have {space.dimensions} dimensions, and an index takes 1 to "
            f"{MAX_DIMENSIONS}. Choose another model."
        )
    concurrently = "" if connection.in_atomic_block else "CONCURRENTLY"
    for model in (ImageVector, TextVector):
        with connection.cursor() as cursor:
            name = index_name(space, model)
            cursor.execute(
                "SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND NOT indisvalid", [name]
            )
            if cursor.fetchone() is not None:  # left by a build that was cut off
                cursor.execute(f"DROP INDEX {concurrently} {name}")
            cursor.execute(
                f"CREATE INDEX {concurrently} IF NOT EXISTS {name} "
                f"ON {model._meta.db_table} "
                f"USING hnsw ((vector::halfvec({space.dimensions:d})) halfvec_ip_ops) "
                f"WITH (m = {HNSW_M}, ef_construction = {HNSW_EF_CONSTRUCTION}) "
                f"WHERE space_id = {space.pk:d} AND listed"
            )


def missing_photos(space: EmbeddingSpace):
    """Return the ready photos that have no image vector in the space."""
    stored = ImageVector.objects.filter(space=space, photo=OuterRef("pk"))
    return Photo.objects.filter(~Exists(stored), state=Photo.State.READY, binned_at=None)


def build(space: EmbeddingSpace) -> int:
    """Make every photo that the space lacks due for the vectors queue; return their number.

    They count as changed: a worker that encodes one at this moment, without the space, then
    leaves it due.
    """
    if space.state == EmbeddingSpace.State.RETIRED:
        EmbeddingSpace.objects.filter(pk=space.pk).update(state=EmbeddingSpace.State.BUILDING)
    return _make_due(missing_photos(space))


def _make_due(photos) -> int:
    """Count photos as changed, some at a time; return how many there were."""
    ids = list(photos.order_by("pk").values_list("pk", flat=True))
    for start in range(0, len(ids), PHOTOS_AT_ONCE):
        batch = Photo.objects.filter(pk__in=ids[start : start + PHOTOS_AT_ONCE])
        with transaction.atomic():
            batch.update_locked(changed_at=Now())
    return len(ids)


def activate(space: EmbeddingSpace) -> None:
    """Let the space serve, in one UPDATE; the one that served goes on being built.

    Raises SpaceError unless the space is complete.
    """
    if not space.is_prepared:
        raise SpaceError("The space is not built yet: `manage.py embedding_space build` first.")
    missing = missing_photos(space)
    if count := missing.count():
        names = ", ".join(missing.values_list("public_id", flat=True)[:NAMED_PHOTOS])
        raise SpaceError(
            f"{count} photos have no vector in this space yet, among them {names}. Let the "
            "vectors queue finish (`manage.py embedding_space build` starts it)."
        )
    create_indexes(space)  # those of a space that was retired are gone
    states = EmbeddingSpace.State
    with transaction.atomic():
        # The unique index is checked row by row: the old one steps down first.
        EmbeddingSpace.objects.filter(Q(state=states.ACTIVE) & ~Q(pk=space.pk)).update(
            state=states.BUILDING
        )
        EmbeddingSpace.objects.filter(pk=space.pk).update(state=states.ACTIVE)
        forget_pages()


def retire(space: EmbeddingSpace) -> None:
    """Stop keeping the space: drop its vectors, indexes and query towers.

    The space that serves cannot go. Done in small steps that hold up no search, and can be
    taken up again where they were cut off.
    """
    retired = (
        EmbeddingSpace.objects.filter(pk=space.pk)
        .exclude(state=EmbeddingSpace.State.ACTIVE)
        .update(state=EmbeddingSpace.State.RETIRED)
    )
    if not retired:
        raise SpaceError("Only a space that does not serve can be retired.")
    for model in (ImageVector, TextVector):
        vectors = model.objects.filter(space=space)
        while batch := list(vectors.values_list("pk", flat=True)[:PHOTOS_AT_ONCE]):
            vectors.filter(pk__in=batch).delete()
        with connection.cursor() as cursor:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index_name(space, model)}")
    with transaction.atomic():
        towers = EmbeddingSpace.objects.select_for_update().get(pk=space.pk).query_towers
        trash("originals", [tower["name"] for tower in towers.values()])
        EmbeddingSpace.objects.filter(pk=space.pk).update(query_towers={})
