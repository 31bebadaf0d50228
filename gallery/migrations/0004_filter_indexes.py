"""Indexes for the filters of a search."""

import django.db.models.expressions
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0003_follow_tags_in_order"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("camera"), condition=models.Q(("listed", True)), name="photo_listed_camera"
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("lens"), condition=models.Q(("listed", True)), name="photo_listed_lens"
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("place"), condition=models.Q(("listed", True)), name="photo_listed_place"
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("iso"), condition=models.Q(("listed", True)), name="photo_listed_iso"
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                django.db.models.expressions.RawSQL(
                    "(taken_at AT TIME ZONE 'UTC' + coalesce(taken_offset_minutes, 0) * interval '1 minute')",
                    [],
                ),
                condition=models.Q(("listed", True)),
                name="photo_listed_taken",
            ),
        ),
        # The planner takes no statistics from an index of listed photos only.
        migrations.RunSQL(
            "CREATE STATISTICS photo_taken_by_local_clock ON (taken_at AT TIME ZONE 'UTC' "
            "+ coalesce(taken_offset_minutes, 0) * interval '1 minute') FROM gallery_photo",
            "DROP STATISTICS photo_taken_by_local_clock",
        ),
    ]
