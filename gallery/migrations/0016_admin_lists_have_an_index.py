"""What the admin lists and counts is read in an index."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0015_filters_read_in_the_index"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("created_at").desc(),
                models.F("id").desc(),
                include=("state",),
                condition=models.Q(("binned_at", None)),
                name="photo_newest_created",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("updated_at").desc(),
                condition=models.Q(("state", "failed")),
                name="photo_failed",
            ),
        ),
    ]
