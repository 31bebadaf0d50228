"""Follow tags a statement at a time, so that its photos can be locked in the order of ids."""

from importlib import import_module

from django.db import migrations

ROW_BY_ROW = import_module("gallery.migrations.0002_listed_and_changed_triggers").FOLLOW_TAGS
DROP_ROW_BY_ROW = """
DROP TRIGGER gallery_follow_tags ON gallery_photo_tags;
DROP TRIGGER gallery_follow_tag_name ON gallery_tag;
DROP FUNCTION gallery_follow_tags();
DROP FUNCTION gallery_follow_tag_name();
"""

FOLLOW_TAGS = """
CREATE FUNCTION gallery_count_as_changed(photo_ids uuid[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- A statement of its own: an UPDATE locks in the order in which it finds rows.
    PERFORM FROM gallery_photo WHERE id = ANY (photo_ids) ORDER BY id FOR NO KEY UPDATE;
    UPDATE gallery_photo SET changed_at = clock_timestamp() WHERE id = ANY (photo_ids);
END $$;

CREATE FUNCTION gallery_follow_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gallery_count_as_changed(ARRAY(SELECT photo_id FROM changed));
    RETURN NULL;
END $$;
CREATE TRIGGER gallery_follow_tags_added AFTER INSERT ON gallery_photo_tags
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_tags();
CREATE TRIGGER gallery_follow_tags_removed AFTER DELETE ON gallery_photo_tags
    REFERENCING OLD TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_tags();

CREATE FUNCTION gallery_follow_tag_names() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM gallery_count_as_changed(ARRAY(
        SELECT photo_id
          FROM gallery_photo_tags
          JOIN after ON after.id = tag_id
          JOIN before ON before.id = tag_id
         WHERE after.name <> before.name));
    RETURN NULL;
END $$;
CREATE TRIGGER gallery_follow_tag_names AFTER UPDATE ON gallery_tag
    REFERENCING OLD TABLE AS before NEW TABLE AS after
    FOR EACH STATEMENT EXECUTE FUNCTION gallery_follow_tag_names();
"""
DROP_FOLLOW_TAGS = """
DROP TRIGGER gallery_follow_tags_added ON gallery_photo_tags;
DROP TRIGGER gallery_follow_tags_removed ON gallery_photo_tags;
DROP TRIGGER gallery_follow_tag_names ON gallery_tag;
DROP FUNCTION gallery_follow_tags();
DROP FUNCTION gallery_follow_tag_names();
DROP FUNCTION gallery_count_as_changed(uuid[]);
"""


class Migration(migrations.Migration):
    dependencies = [("gallery", "0002_listed_and_changed_triggers")]

    operations = [
        migrations.RunSQL(DROP_ROW_BY_ROW, ROW_BY_ROW),
        migrations.RunSQL(FOLLOW_TAGS, DROP_FOLLOW_TAGS),
    ]
