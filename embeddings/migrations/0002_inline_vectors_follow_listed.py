"""Keep vectors inline in their rows, and their `listed` the photo's."""

from django.db import migrations

TABLES = ("embeddings_imagevector", "embeddings_textvector")

# A vector moved out to TOAST scans five times slower.
INLINE = ";".join(f"ALTER TABLE {table} ALTER vector SET STORAGE PLAIN" for table in TABLES)

FOLLOW_LISTED = """
CREATE FUNCTION embeddings_follow_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE embeddings_imagevector SET listed = NEW.listed WHERE photo_id = NEW.id;
    UPDATE embeddings_textvector SET listed = NEW.listed WHERE photo_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER embeddings_follow_listed AFTER UPDATE ON gallery_photo
    FOR EACH ROW WHEN (OLD.listed IS DISTINCT FROM NEW.listed)
    EXECUTE FUNCTION embeddings_follow_listed();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("embeddings", "0001_spaces_and_vectors"),
        ("gallery", "0002_listed_and_changed_triggers"),
    ]

    operations = [
        migrations.RunSQL(INLINE, migrations.RunSQL.noop),
        migrations.RunSQL(
            FOLLOW_LISTED,
            "DROP TRIGGER embeddings_follow_listed ON gallery_photo; "
            "DROP FUNCTION embeddings_follow_listed();",
        ),
    ]
