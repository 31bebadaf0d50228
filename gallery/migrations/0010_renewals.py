"""What photos wait for that are there, the recipe of their pictures, earlier ones in the trash."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0009_duplicates"),
    ]

    operations = [
        migrations.CreateModel(
            name="Renewal",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("original_name", models.TextField(blank=True)),
                ("original", models.CharField(blank=True, max_length=200)),
                ("content_hash", models.CharField(blank=True, max_length=64)),
                ("size_bytes", models.PositiveBigIntegerField(null=True)),
                ("media_type", models.CharField(blank=True, max_length=50)),
                ("urgent", models.BooleanField(default=False, help_text="Somebody waits for it.")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("processing", "Being processed"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        max_length=10,
                    ),
                ),
                ("failure", models.TextField(blank=True)),
                ("claimed_until", models.DateTimeField(null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.AddField(
            model_name="filetrash",
            name="asked_for",
            field=models.BooleanField(
                default=False, help_text="Not being made: pages that were sent may ask for it."
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="recipe",
            field=models.CharField(
                blank=True,
                db_default="",
                editable=False,
                help_text="By which the renditions were made, see renditions.RECIPE; empty if unknown.",
                max_length=16,
            ),
        ),
        migrations.AddIndex(
            model_name="filetrash",
            index=models.Index(
                condition=models.Q(("asked_for", True)),
                fields=["name"],
                name="trash_asked_for",
                opclasses=["varchar_pattern_ops"],
            ),
        ),
        migrations.AddField(
            model_name="renewal",
            name="photo",
            field=models.OneToOneField(
                on_delete=django.db.models.deletion.CASCADE,
                related_name="renewal",
                to="gallery.photo",
            ),
        ),
        migrations.AddIndex(
            model_name="renewal",
            index=models.Index(
                models.OrderBy(models.F("urgent"), descending=True),
                models.F("id"),
                condition=models.Q(("state__in", ["pending", "processing"])),
                name="renewal_due_for_pixels",
            ),
        ),
        migrations.AddConstraint(
            model_name="renewal",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "processing", "failed"])),
                name="renewal_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="renewal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("failure", ""), _negated=True),
                    _connector="OR",
                ),
                name="failed_renewal_says_why",
            ),
        ),
    ]
