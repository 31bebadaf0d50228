"""An index of photos that are not listed, from which albums are counted."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0013_api_tokens"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("id"), condition=models.Q(("listed", False)), name="photo_not_listed"
            ),
        ),
    ]
