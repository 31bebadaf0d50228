"""Let a document outlive its photo until reconcile has taken it out of the statistics."""

import django.db.models.deletion
from django.db import migrations, models

UNLIST_DELETED = """
CREATE FUNCTION search_unlist_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_photodocument SET listed = FALSE WHERE photo_id = OLD.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_unlist_deleted AFTER DELETE ON gallery_photo
    FOR EACH ROW EXECUTE FUNCTION search_unlist_deleted();
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0002_follow_listed")]

    operations = [
        migrations.AlterField(
            model_name="photodocument",
            name="photo",
            field=models.OneToOneField(
                db_constraint=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                primary_key=True,
                related_name="+",
                serialize=False,
                to="gallery.photo",
            ),
        ),
        migrations.AddIndex(
            model_name="photodocument",
            index=models.Index(
                models.F("photo"), condition=models.Q(("listed", False)), name="document_unlisted"
            ),
        ),
        migrations.RunSQL(
            UNLIST_DELETED,
            "DROP TRIGGER search_unlist_deleted ON gallery_photo; "
            "DROP FUNCTION search_unlist_deleted();",
        ),
    ]
