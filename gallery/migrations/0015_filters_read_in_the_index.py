"""The index of the newest photos holds what filters compare, so that they need not read the table."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0014_index_of_hidden_photos"),
    ]

    operations = [
        migrations.RemoveIndex(model_name="photo", name="photo_listed_newest"),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("published_at").desc(),
                models.F("id").desc(),
                include=(
                    "taken_at",
                    "taken_offset_minutes",
                    "iso",
                    "f_number",
                    "focal_length_mm",
                    "width",
                    "height",
                    "owner",
                    "colours",
                ),
                condition=models.Q(("listed", True)),
                name="photo_listed_newest",
            ),
        ),
    ]
