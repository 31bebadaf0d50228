"""Keep a document's `listed` the photo's, at once; reconcile removes the document later."""

from django.db import migrations

FOLLOW_LISTED = """
CREATE FUNCTION search_follow_listed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_photodocument SET listed = NEW.listed WHERE photo_id = NEW.id;
    RETURN NULL;
END $$;
CREATE TRIGGER search_follow_listed AFTER UPDATE ON gallery_photo
    FOR EACH ROW WHEN (OLD.listed IS DISTINCT FROM NEW.listed)
    EXECUTE FUNCTION search_follow_listed();
"""

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
    dependencies = [("search", "0001_word_index")]

    operations = [
        migrations.RunSQL(
            FOLLOW_LISTED,
            "DROP TRIGGER search_follow_listed ON gallery_photo; "
            "DROP FUNCTION search_follow_listed();",
        ),
        migrations.RunSQL(
            UNLIST_DELETED,
            "DROP TRIGGER search_unlist_deleted ON gallery_photo; "
            "DROP FUNCTION search_unlist_deleted();",
        ),
    ]
