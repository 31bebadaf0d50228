"""The colours of a photo, an index for their filter, and one of photos that have none yet."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0004_filter_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="photo",
            name="colours",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                editable=False,
                help_text="Those that cover enough of it; null until they are named.",
                null=True,
                size=None,
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("id"),
                condition=models.Q(("colours", None), ("state", "ready")),
                name="photo_without_colours",
            ),
        ),
        migrations.AddIndex(
            model_name="photo",
            index=django.contrib.postgres.indexes.GinIndex(
                condition=models.Q(("listed", True)),
                fastupdate=False,
                fields=["colours"],
                name="photo_listed_colours",
            ),
        ),
    ]
