"""Files that arrive in pieces: their batches, how far each is, and where its pieces lie."""

import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0006_aperture_and_focal_indexes"),
    ]

    operations = [
        migrations.CreateModel(
            name="UploadBatch",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "album",
                    models.CharField(
                        blank=True,
                        help_text="Title; an album of yours, or a new one.",
                        max_length=300,
                    ),
                ),
                (
                    "folders_as_albums",
                    models.BooleanField(
                        default=False,
                        help_text="Photos in a folder go into the album that is called like it.",
                    ),
                ),
                ("tags", models.TextField(blank=True, help_text="Separated by commas.")),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("public", "Public"),
                            ("unlisted", "Unlisted: only with the link"),
                            ("private", "Private: only you"),
                        ],
                        default="public",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "owner",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="gallery.photographer",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "path",
                    models.TextField(help_text="As the client says: a text, never used as a path."),
                ),
                (
                    "modified_ms",
                    models.BigIntegerField(help_text="As the client says; Unix time.", null=True),
                ),
                ("size_bytes", models.PositiveBigIntegerField()),
                ("offset_bytes", models.PositiveBigIntegerField(default=0)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("receiving", "Not complete"),
                            ("finishing", "Being taken"),
                            ("taken", "Taken"),
                            ("duplicate", "Already there"),
                            ("refused", "Refused"),
                        ],
                        default="receiving",
                        max_length=10,
                    ),
                ),
                ("reason", models.TextField(blank=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("expires_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                (
                    "photo",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to="gallery.photo",
                    ),
                ),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="uploads",
                        to="gallery.uploadbatch",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="UploadPiece",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("offset_bytes", models.PositiveBigIntegerField()),
                ("name", models.CharField(max_length=200)),
                (
                    "upload",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="pieces",
                        to="gallery.upload",
                    ),
                ),
            ],
            options={
                "ordering": ["offset_bytes"],
            },
        ),
        migrations.AddIndex(
            model_name="uploadbatch",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("created_at"), descending=True),
                name="upload_batch_newest",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "unlisted", "private"])),
                name="upload_batch_visibility_known",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("state", "finishing")),
                name="upload_due_for_finishing",
            ),
        ),
        migrations.AddIndex(
            model_name="upload",
            index=models.Index(models.F("expires_at"), name="upload_expiry"),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("state__in", ["receiving", "finishing", "taken", "duplicate", "refused"])
                ),
                name="upload_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="upload",
            constraint=models.CheckConstraint(
                condition=models.Q(("offset_bytes__lte", models.F("size_bytes"))),
                name="upload_within_its_size",
            ),
        ),
        migrations.AddConstraint(
            model_name="uploadpiece",
            constraint=models.UniqueConstraint(
                fields=("upload", "offset_bytes"), name="upload_piece_once"
            ),
        ),
    ]
