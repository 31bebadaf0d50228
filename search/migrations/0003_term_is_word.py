"""Tell words that somebody wrote from stems; documents are due to be indexed anew, with marks."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0002_listed_and_changed_triggers"),
        ("search", "0002_follow_listed"),
    ]

    operations = [
        migrations.AddField(
            model_name="term",
            name="is_word",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Somebody wrote it; it is not only a stem or a part of words. True stays true until rebuild_search.",
            ),
        ),
        # The index queue fills the new column: documents of the earlier analysis are written anew.
        migrations.RunSQL(
            "UPDATE gallery_photo SET indexed_at = NULL WHERE indexed_at IS NOT NULL",
            migrations.RunSQL.noop,
        ),
    ]
