"""Delete at once the text vector of a photo whose place is shown no more; reconcile makes it anew."""

from django.db import migrations

WITHDRAW_PLACE = """
CREATE FUNCTION embeddings_withdraw_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM embeddings_textvector WHERE photo_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER embeddings_withdraw_place AFTER UPDATE ON gallery_photo
    FOR EACH ROW WHEN (OLD.public_place <> '' AND NEW.public_place <> OLD.public_place)
    EXECUTE FUNCTION embeddings_withdraw_place();
"""

# gallery has hidden the places of all photos; it asks for new vectors.
WITHDRAW_ALL = """
DELETE FROM embeddings_textvector
 WHERE photo_id IN (SELECT id FROM gallery_photo WHERE place <> '' AND NOT location_shown);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("embeddings", "0003_query_towers"),
        ("gallery", "0011_places_and_licences"),
    ]

    operations = [
        migrations.RunSQL(
            WITHDRAW_PLACE,
            "DROP TRIGGER embeddings_withdraw_place ON gallery_photo; "
            "DROP FUNCTION embeddings_withdraw_place();",
        ),
        migrations.RunSQL(WITHDRAW_ALL, migrations.RunSQL.noop),
    ]
