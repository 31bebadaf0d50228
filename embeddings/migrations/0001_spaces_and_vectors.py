import django.db.models.deletion
import pgvector.django
import pgvector.django.halfvec
from django.db import migrations, models

import embeddings.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("gallery", "0001_tables"),
    ]

    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name="EncodingClaim",
            fields=[
                (
                    "photo",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="gallery.photo",
                    ),
                ),
                ("claimed_until", models.DateTimeField()),
                ("attempts", models.PositiveSmallIntegerField(default=1)),
                ("failure", models.TextField(blank=True)),
            ],
        ),
        migrations.CreateModel(
            name="EmbeddingSpace",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=100)),
                ("image_model", models.CharField(max_length=500)),
                ("text_model", models.CharField(max_length=500)),
                (
                    "dimensions",
                    models.PositiveSmallIntegerField(
                        help_text="Known once the model was loaded for the first time.", null=True
                    ),
                ),
                (
                    "revision",
                    models.CharField(
                        blank=True, help_text="Fingerprint of the models' answers.", max_length=64
                    ),
                ),
                (
                    "weights",
                    models.JSONField(
                        default=embeddings.models.equal_weights,
                        help_text="Weight of each ranking in the fusion.",
                    ),
                ),
                ("k", models.PositiveSmallIntegerField(default=60)),
                (
                    "floor",
                    models.JSONField(
                        default=dict,
                        help_text='{"image": {"gate", "keep"}, "text": {...}}: see search.floor.',
                    ),
                ),
                (
                    "caption_bank",
                    models.BinaryField(default=bytes, help_text="(n, dimensions) float16"),
                ),
                (
                    "image_bank",
                    models.BinaryField(default=bytes, help_text="(n, dimensions) float16"),
                ),
                (
                    "probe",
                    models.BinaryField(
                        default=bytes,
                        help_text="(2, dimensions) float16: see embeddings.banks.probe.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("building", "Building"),
                            ("active", "Active"),
                            ("retired", "Retired"),
                        ],
                        default="building",
                        max_length=10,
                    ),
                ),
                (
                    "failure",
                    models.TextField(
                        blank=True, help_text="Why the models cannot be had; empty if fine."
                    ),
                ),
                (
                    "failed_at",
                    models.DateTimeField(help_text="Since when they cannot be had.", null=True),
                ),
                (
                    "generation",
                    models.IntegerField(default=0, help_text="Moves whenever vectors change."),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "active")),
                        fields=("state",),
                        name="one_active_space",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("state__in", ["building", "active", "retired"])),
                        name="space_state_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ImageVector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("vector", pgvector.django.halfvec.HalfVectorField()),
                (
                    "input_hash",
                    models.CharField(help_text="SHA-256 of what was encoded.", max_length=64),
                ),
                (
                    "level",
                    models.FloatField(
                        help_text="Mean + deviation of its cosine over the caption bank."
                    ),
                ),
                (
                    "listed",
                    models.BooleanField(help_text="Copy of the photo's, kept true by a trigger."),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="embeddings.embeddingspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "photo"), name="one_image_vector_a_photo"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="TextVector",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("vector", pgvector.django.halfvec.HalfVectorField()),
                (
                    "input_hash",
                    models.CharField(help_text="SHA-256 of what was encoded.", max_length=64),
                ),
                (
                    "level",
                    models.FloatField(
                        help_text="Mean + deviation of its cosine over the caption bank."
                    ),
                ),
                (
                    "listed",
                    models.BooleanField(help_text="Copy of the photo's, kept true by a trigger."),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
                (
                    "space",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="embeddings.embeddingspace",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("space", "photo"), name="one_text_vector_a_photo"
                    )
                ],
            },
        ),
    ]
