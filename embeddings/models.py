"""Embedding spaces, the vectors of photos in them, and the claims of workers."""

import numpy as np
from django.db import models
from django.db.models import Q
from pgvector.django import HalfVectorField

RRF_K = 60  # Cormack, Clarke, Buettcher, SIGIR 2009


def equal_weights() -> dict[str, float]:
    return {"bm25": 1.0, "text": 1.0, "image": 1.0}


class EmbeddingSpace(models.Model):
    """A pair of models that share one vector geometry. Vectors of two spaces never mix."""

    class State(models.TextChoices):
        BUILDING = "building"
        ACTIVE = "active"
        RETIRED = "retired"

    class Precision(models.TextChoices):
        FP32 = "fp32"
        INT8 = "int8"

    name = models.CharField(max_length=100)
    image_model = models.CharField(max_length=500)
    text_model = models.CharField(max_length=500)
    dimensions = models.PositiveSmallIntegerField(
        null=True, help_text="Known once the model was loaded for the first time."
    )
    revision = models.CharField(
        max_length=64, blank=True, help_text="Fingerprint of the models' answers."
    )
    weights = models.JSONField(
        default=equal_weights, help_text="Weight of each ranking in the fusion."
    )
    k = models.PositiveSmallIntegerField(default=RRF_K)
    floor = models.JSONField(
        default=dict, help_text='{"image": {"gate", "keep"}, "text": {...}}: see search.floor.'
    )
    caption_bank = models.BinaryField(default=bytes, help_text="(n, dimensions) float16")
    image_bank = models.BinaryField(default=bytes, help_text="(n, dimensions) float16")
    probe = models.BinaryField(
        default=bytes, help_text="(2, dimensions) float16: see embeddings.banks.probe."
    )
    state = models.CharField(max_length=10, choices=State, default=State.BUILDING)
    failure = models.TextField(blank=True, help_text="Why the models cannot be had; empty if fine.")
    failed_at = models.DateTimeField(null=True, help_text="Since when they cannot be had.")
    query_towers = models.JSONField(
        default=dict,
        help_text='{"fp32": {"name", "sha256", "revision"}, …}: see embeddings.towers.',
    )
    query_precision = models.CharField(
        max_length=4, choices=Precision, default=Precision.FP32, help_text="Of the tower in use."
    )
    tower_failure = models.TextField(
        blank=True, help_text="Why web processes cannot encode its queries; empty if fine."
    )
    generation = models.IntegerField(default=0, help_text="Moves whenever vectors change.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="active"), name="one_active_space"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["building", "active", "retired"]), name="space_state_known"
            ),
        ]

    def __str__(self):
        return f"{self.name} ({self.state})"

    @property
    def is_prepared(self) -> bool:
        """Tell whether the models were loaded once and the banks are encoded."""
        return bool(self.dimensions and self.revision)

    @property
    def query_tower(self) -> dict[str, str] | None:
        """Return what web processes encode queries with, see embeddings.towers; None without."""
        tower = self.query_towers.get(self.query_precision)
        return tower if tower and tower["revision"] == self.revision else None

    def bank(self, kind: str) -> np.ndarray:
        """Return the bank of "captions" or "images": (n, dimensions) float32, L2-normalised."""
        stored = self.caption_bank if kind == "captions" else self.image_bank
        flat = np.frombuffer(bytes(stored), dtype=np.float16)
        return flat.astype(np.float32).reshape(-1, self.dimensions)


class PhotoVector(models.Model):
    """One vector of one photo in one space; slim on purpose, it is scanned."""

    space = models.ForeignKey(EmbeddingSpace, on_delete=models.CASCADE, related_name="+")
    photo = models.ForeignKey("gallery.Photo", on_delete=models.CASCADE, related_name="+")
    vector = HalfVectorField()
    input_hash = models.CharField(max_length=64, help_text="SHA-256 of what was encoded.")
    level = models.FloatField(help_text="Mean + deviation of its cosine over the caption bank.")
    listed = models.BooleanField(help_text="Copy of the photo's, kept true by a trigger.")

    class Meta:
        abstract = True


class ImageVector(PhotoVector):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "photo"], name="one_image_vector_a_photo")
        ]


class TextVector(PhotoVector):
    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["space", "photo"], name="one_text_vector_a_photo")
        ]


class EncodingClaim(models.Model):
    """A worker's lease on one photo's vectors. The row goes when the vectors are stored."""

    photo = models.OneToOneField(
        "gallery.Photo", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    claimed_until = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=1)
    failure = models.TextField(blank=True)
