"""Indexes for two more filters of a search."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("gallery", "0005_colours")]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("f_number"),
                condition=models.Q(("listed", True)),
                name="photo_listed_f_number",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("focal_length_mm"),
                condition=models.Q(("listed", True)),
                name="photo_listed_focal",
            ),
        ),
    ]
