"""Tokens of the API, and an index for what became of a photographer's uploads."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0012_photo_alt"),
    ]

    operations = [
        migrations.CreateModel(
            name="ApiToken",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "name",
                    models.CharField(help_text="What uses it, to know it again.", max_length=100),
                ),
                (
                    "scopes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(
                            choices=[
                                (
                                    "photos:read",
                                    "See your photos and albums, also those that are not public",
                                ),
                                ("photos:upload", "Upload photos"),
                                ("photos:edit", "Edit your photos"),
                                ("photos:delete", "Put your photos into the bin, and restore them"),
                                ("albums:edit", "Make, edit and delete your albums"),
                            ]
                        ),
                        help_text="What it lets its bearer do.",
                        size=None,
                    ),
                ),
                (
                    "secret_hash",
                    models.CharField(
                        editable=False, help_text="SHA-256, hex.", max_length=64, unique=True
                    ),
                ),
                (
                    "prefix",
                    models.CharField(
                        editable=False, help_text="How its secret begins.", max_length=20
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("last_used_at", models.DateTimeField(editable=False, null=True)),
                (
                    "expires_at",
                    models.DateTimeField(
                        blank=True, help_text="When it stops working; never when empty.", null=True
                    ),
                ),
                ("revoked_at", models.DateTimeField(editable=False, null=True)),
            ],
            options={
                "verbose_name": "API token",
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("created_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                name="photo_newest_of_owner",
            ),
        ),
        migrations.AddField(
            model_name="apitoken",
            name="owner",
            field=models.ForeignKey(
                editable=False,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="api_tokens",
                to="gallery.photographer",
            ),
        ),
        migrations.AddConstraint(
            model_name="apitoken",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "scopes__contained_by",
                        [
                            "photos:read",
                            "photos:upload",
                            "photos:edit",
                            "photos:delete",
                            "albums:edit",
                        ],
                    )
                ),
                name="api_token_scopes_known",
            ),
        ),
    ]
