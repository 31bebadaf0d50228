import uuid

import django.db.models.deletion
import django.db.models.functions.datetime
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import gallery.models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Album",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("title", models.CharField(max_length=300)),
                ("slug", models.SlugField(allow_unicode=True, max_length=200, unique=True)),
                ("description", models.TextField(blank=True)),
                (
                    "visibility",
                    models.CharField(
                        choices=[
                            ("public", "Public"),
                            ("private", "Private: only you"),
                        ],
                        default="public",
                        max_length=10,
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                (
                    "public_id",
                    models.CharField(
                        default=gallery.models.new_key, editable=False, max_length=16, unique=True
                    ),
                ),
                (
                    "file_key",
                    models.CharField(
                        default=gallery.models.new_key,
                        editable=False,
                        help_text="In the names of its renditions; changes when they leave public.",
                        max_length=16,
                    ),
                ),
                (
                    "share_token",
                    models.CharField(
                        default=gallery.models.new_share_token,
                        editable=False,
                        max_length=32,
                        unique=True,
                    ),
                ),
                ("title", models.CharField(blank=True, max_length=300)),
                ("description", models.TextField(blank=True)),
                (
                    "original_name",
                    models.TextField(blank=True, editable=False, help_text="Never shown publicly."),
                ),
                (
                    "original",
                    models.CharField(
                        editable=False, help_text="Key in the storage of originals.", max_length=200
                    ),
                ),
                (
                    "content_hash",
                    models.CharField(editable=False, help_text="SHA-256, hex.", max_length=64),
                ),
                (
                    "width",
                    models.PositiveIntegerField(
                        editable=False, help_text="Upright, px.", null=True
                    ),
                ),
                (
                    "height",
                    models.PositiveIntegerField(
                        editable=False, help_text="Upright, px.", null=True
                    ),
                ),
                ("size_bytes", models.PositiveBigIntegerField(editable=False)),
                ("media_type", models.CharField(editable=False, max_length=50)),
                ("taken_at", models.DateTimeField(blank=True, null=True)),
                ("taken_offset_minutes", models.SmallIntegerField(blank=True, null=True)),
                ("camera", models.CharField(blank=True, max_length=200)),
                ("lens", models.CharField(blank=True, max_length=200)),
                ("focal_length_mm", models.FloatField(blank=True, null=True)),
                ("f_number", models.FloatField(blank=True, null=True)),
                ("exposure_seconds", models.FloatField(blank=True, null=True)),
                ("iso", models.PositiveIntegerField(blank=True, null=True)),
                ("latitude", models.FloatField(blank=True, null=True)),
                ("longitude", models.FloatField(blank=True, null=True)),
                ("place", models.CharField(blank=True, max_length=300)),
                ("copyright", models.CharField(blank=True, max_length=500)),
                ("creator", models.CharField(blank=True, max_length=300)),
                (
                    "metadata",
                    models.JSONField(
                        default=dict, editable=False, help_text="All that the file said."
                    ),
                ),
                (
                    "placeholder",
                    models.TextField(blank=True, editable=False, help_text="WebP data URI, 16 px."),
                ),
                (
                    "renditions",
                    models.JSONField(
                        default=list,
                        editable=False,
                        help_text='Those that exist: [{"width", "height", "format", "size_bytes"}].',
                    ),
                ),
                (
                    "renditions_public",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="In which storage the renditions are now.",
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("pending", "Waiting"),
                            ("processing", "Being processed"),
                            ("ready", "Ready"),
                            ("failed", "Failed"),
                        ],
                        default="pending",
                        editable=False,
                        max_length=10,
                    ),
                ),
                ("failure", models.TextField(blank=True, editable=False)),
                ("claimed_until", models.DateTimeField(editable=False, null=True)),
                ("attempts", models.PositiveSmallIntegerField(default=0, editable=False)),
                ("embedded_at", models.DateTimeField(editable=False, null=True)),
                ("indexed_at", models.DateTimeField(editable=False, null=True)),
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
                ("featured", models.BooleanField(default=False)),
                ("published_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("binned_at", models.DateTimeField(editable=False, null=True)),
                (
                    "listed",
                    models.BooleanField(
                        default=False,
                        editable=False,
                        help_text="Kept true by a trigger; code never sets it.",
                    ),
                ),
                (
                    "changed_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        editable=False,
                        help_text="Kept by a trigger; what upper apps follow.",
                    ),
                ),
                (
                    "random_key",
                    models.FloatField(default=gallery.models.new_random_key, editable=False),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True)),
                ("updated_at", models.DateTimeField(auto_now=True)),
            ],
            options={
                "ordering": ["-created_at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="Tag",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(allow_unicode=True, max_length=200, unique=True)),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.CreateModel(
            name="AlbumPhoto",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("position", models.PositiveIntegerField(default=0)),
                (
                    "album",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="gallery.album",
                    ),
                ),
                (
                    "photo",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="album_entries",
                        to="gallery.photo",
                    ),
                ),
            ],
            options={
                "ordering": ["position", "id"],
            },
        ),
        migrations.AddField(
            model_name="album",
            name="cover",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="gallery.photo",
            ),
        ),
        migrations.AddField(
            model_name="album",
            name="photos",
            field=models.ManyToManyField(
                related_name="albums", through="gallery.AlbumPhoto", to="gallery.photo"
            ),
        ),
        migrations.CreateModel(
            name="Photographer",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("name", models.CharField(max_length=200)),
                ("slug", models.SlugField(allow_unicode=True, max_length=200, unique=True)),
                ("bio", models.TextField(blank=True)),
                (
                    "user",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="photographer",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.AddField(
            model_name="photo",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="photos",
                to="gallery.photographer",
            ),
        ),
        migrations.AddField(
            model_name="album",
            name="owner",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="albums",
                to="gallery.photographer",
            ),
        ),
        migrations.CreateModel(
            name="FileTrash",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("storage", models.CharField(help_text="Alias in STORAGES.", max_length=50)),
                ("name", models.CharField(max_length=200)),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="Later for copies that a move may still need.",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("storage", "name"), name="trash_named_once")
                ],
            },
        ),
        migrations.AddField(
            model_name="photo",
            name="tags",
            field=models.ManyToManyField(blank=True, related_name="photos", to="gallery.tag"),
        ),
        migrations.AddIndex(
            model_name="albumphoto",
            index=models.Index(
                models.F("album"), models.F("position"), models.F("id"), name="album_in_order"
            ),
        ),
        migrations.AddConstraint(
            model_name="albumphoto",
            constraint=models.UniqueConstraint(
                fields=("album", "photo"), name="photo_once_in_album"
            ),
        ),
        migrations.AddConstraint(
            model_name="album",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "private"])),
                name="album_visibility_known",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("listed", True)),
                name="photo_listed_newest",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.OrderBy(models.F("published_at"), descending=True),
                models.OrderBy(models.F("id"), descending=True),
                condition=models.Q(("featured", True), ("listed", True)),
                name="photo_listed_featured",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("random_key"),
                condition=models.Q(("listed", True)),
                name="photo_listed_random",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("binned_at"),
                condition=models.Q(("binned_at", None), _negated=True),
                name="photo_binned",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at"),
                condition=models.Q(("state__in", ["pending", "processing"])),
                name="photo_due_for_pixels",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("id"),
                condition=models.Q(
                    ("state", "ready"),
                    models.Q(("listed", models.F("renditions_public")), _negated=True),
                ),
                name="photo_renditions_misplaced",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(
                    ("embedded_at", None),
                    ("embedded_at__lt", models.F("changed_at")),
                    _connector="OR",
                ),
                name="photo_due_for_vectors",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at"),
                models.F("id"),
                condition=models.Q(
                    ("indexed_at", None),
                    ("indexed_at__lt", models.F("changed_at")),
                    _connector="OR",
                ),
                name="photo_due_for_words",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("owner"),
                models.OrderBy(models.F("published_at"), descending=True),
                condition=models.Q(("listed", True)),
                name="photo_listed_of_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.UniqueConstraint(
                fields=("owner", "content_hash"), name="same_file_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["pending", "processing", "ready", "failed"])),
                name="photo_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(("visibility__in", ["public", "unlisted", "private"])),
                name="photo_visibility_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    models.Q(("height__gt", 0), ("width__gt", 0)),
                    _connector="OR",
                ),
                name="ready_photo_has_size",
            ),
        ),
        migrations.AddConstraint(
            model_name="photo",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("failure", ""), _negated=True),
                    _connector="OR",
                ),
                name="failed_photo_says_why",
            ),
        ),
    ]
