"""Keep `listed` and `changed_at` true in the database, whatever writes to it."""

from django.db import migrations

FOLLOW_PHOTO = """
CREATE FUNCTION gallery_follow_photo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.listed := NEW.visibility = 'public' AND NEW.state = 'ready'
        AND NEW.binned_at IS NULL AND NEW.published_at <= clock_timestamp();
    IF TG_OP = 'INSERT'
       OR (NEW.title, NEW.description, NEW.place, NEW.camera, NEW.lens, NEW.creator, NEW.state,
           NEW.content_hash, NEW.visibility, NEW.binned_at, NEW.listed, NEW.taken_at)
          IS DISTINCT FROM
          (OLD.title, OLD.description, OLD.place, OLD.camera, OLD.lens, OLD.creator, OLD.state,
           OLD.content_hash, OLD.visibility, OLD.binned_at, OLD.listed, OLD.taken_at)
    THEN
        NEW.changed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER gallery_follow_photo BEFORE INSERT OR UPDATE ON gallery_photo
    FOR EACH ROW EXECUTE FUNCTION gallery_follow_photo();
"""

FOLLOW_TAGS = """
CREATE FUNCTION gallery_follow_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE gallery_photo SET changed_at = clock_timestamp()
     WHERE id = CASE TG_OP WHEN 'DELETE' THEN OLD.photo_id ELSE NEW.photo_id END;
    RETURN NULL;
END $$;
CREATE TRIGGER gallery_follow_tags AFTER INSERT OR DELETE ON gallery_photo_tags
    FOR EACH ROW EXECUTE FUNCTION gallery_follow_tags();

CREATE FUNCTION gallery_follow_tag_name() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Locked in the order of ids, as all who lock many photos do.
    UPDATE gallery_photo SET changed_at = clock_timestamp()
     WHERE id IN (SELECT id FROM gallery_photo
                   WHERE id IN (SELECT photo_id FROM gallery_photo_tags WHERE tag_id = NEW.id)
                   ORDER BY id FOR NO KEY UPDATE);
    RETURN NULL;
END $$;
CREATE TRIGGER gallery_follow_tag_name AFTER UPDATE OF name ON gallery_tag
    FOR EACH ROW EXECUTE FUNCTION gallery_follow_tag_name();
"""


class Migration(migrations.Migration):
    dependencies = [("gallery", "0001_tables")]

    operations = [
        migrations.RunSQL(
            FOLLOW_PHOTO,
            "DROP TRIGGER gallery_follow_photo ON gallery_photo; "
            "DROP FUNCTION gallery_follow_photo();",
        ),
        migrations.RunSQL(
            FOLLOW_TAGS,
            "DROP TRIGGER gallery_follow_tags ON gallery_photo_tags; "
            "DROP TRIGGER gallery_follow_tag_name ON gallery_tag; "
            "DROP FUNCTION gallery_follow_tags(); DROP FUNCTION gallery_follow_tag_name();",
        ),
    ]
