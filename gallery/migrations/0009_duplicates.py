"""How photos look, and pairs that look alike; older photos are to be looked at."""

import django.db.models.deletion
import pgvector.django
import pgvector.django.halfvec
import pgvector.django.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0008_site_and_pages"),
    ]

    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name="DuplicatePair",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "compared_at",
                    models.DateTimeField(help_text="Null while it is only suspected.", null=True),
                ),
                (
                    "detail",
                    models.FloatField(
                        help_text="Correlation of fine detail; 1 is the same.", null=True
                    ),
                ),
                (
                    "share",
                    models.FloatField(
                        help_text="Of the area of one that the other shows.", null=True
                    ),
                ),
                ("is_mirrored", models.BooleanField(default=False)),
                (
                    "dismissed_at",
                    models.DateTimeField(help_text="When a person said: not the same.", null=True),
                ),
                (
                    "first",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photographer",
                    ),
                ),
                (
                    "second",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("id"),
                        condition=models.Q(("compared_at", None), ("dismissed_at", None)),
                        name="pair_due_for_look",
                    ),
                    models.Index(
                        models.F("owner"),
                        models.OrderBy(models.F("compared_at"), descending=True),
                        models.OrderBy(models.F("id"), descending=True),
                        condition=models.Q(
                            models.Q(("compared_at", None), _negated=True), ("dismissed_at", None)
                        ),
                        name="pair_waiting",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("first", "second"), name="duplicate_pair_once"),
                    models.CheckConstraint(
                        condition=models.Q(("first__lt", models.F("second"))),
                        name="duplicate_pair_in_order",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="PerceptualHash",
            fields=[
                (
                    "photo",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="perceptual_hash",
                        serialize=False,
                        to="gallery.photo",
                    ),
                ),
                (
                    "hash",
                    pgvector.django.halfvec.HalfVectorField(
                        dimensions=63,
                        help_text="Null until taken: see gallery.likeness.",
                        null=True,
                    ),
                ),
                (
                    "input_hash",
                    models.CharField(
                        help_text="SHA-256 of the file that was hashed.", max_length=64
                    ),
                ),
                (
                    "is_searched",
                    models.BooleanField(
                        default=False, help_text="Photos that look like it are known."
                    ),
                ),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="gallery.photographer",
                    ),
                ),
            ],
            options={
                "indexes": [
                    pgvector.django.indexes.HnswIndex(
                        fields=["hash"], name="hash_hnsw", opclasses=["halfvec_ip_ops"]
                    ),
                    models.Index(
                        models.F("photo"), condition=models.Q(("hash", None)), name="hash_untaken"
                    ),
                    models.Index(
                        models.F("photo"),
                        condition=models.Q(("is_searched", False)),
                        name="hash_due_for_search",
                    ),
                ],
            },
        ),
        migrations.RunSQL(
            "INSERT INTO gallery_perceptualhash (photo_id, owner_id, input_hash, is_searched) "
            "SELECT id, owner_id, content_hash, false FROM gallery_photo WHERE state = 'ready'",
            migrations.RunSQL.noop,
        ),
    ]
