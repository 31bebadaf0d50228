"""Withdraw at once the document of a photo whose place is shown no more; reconcile writes it anew."""

from importlib import import_module

from django.db import migrations

FOLLOW_LISTED = import_module("search.migrations.0002_follow_listed").FOLLOW_LISTED
FOLLOW_LISTED = FOLLOW_LISTED.partition("CREATE TRIGGER")[0].replace("CREATE", "CREATE OR REPLACE")

# A document that was withdrawn is listed again by nobody but reconcile.
FOLLOW_LISTED_UNLESS_WITHDRAWN = FOLLOW_LISTED.replace(
    "listed = NEW.listed", "listed = NEW.listed AND input_hash <> ''"
)

WITHDRAW_PLACE = """
CREATE FUNCTION search_withdraw_place() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE search_photodocument SET listed = FALSE, input_hash = '' WHERE photo_id = NEW.id;
    RETURN NULL;
END $$;
-- Named to come after search_follow_listed.
CREATE TRIGGER search_withdraw_place AFTER UPDATE ON gallery_photo
    FOR EACH ROW WHEN (OLD.public_place <> '' AND NEW.public_place <> OLD.public_place)
    EXECUTE FUNCTION search_withdraw_place();
"""

# gallery has hidden the places of all photos; it asks for new documents.
WITHDRAW_ALL = """
UPDATE search_photodocument SET listed = FALSE, input_hash = ''
 WHERE photo_id IN (SELECT id FROM gallery_photo WHERE place <> '' AND NOT location_shown);
"""


class Migration(migrations.Migration):
    dependencies = [
        ("search", "0004_postings"),
        ("gallery", "0011_places_and_licences"),
    ]

    operations = [
        migrations.RunSQL(FOLLOW_LISTED_UNLESS_WITHDRAWN, FOLLOW_LISTED),
        migrations.RunSQL(
            WITHDRAW_PLACE,
            "DROP TRIGGER search_withdraw_place ON gallery_photo; "
            "DROP FUNCTION search_withdraw_place();",
        ),
        migrations.RunSQL(WITHDRAW_ALL, migrations.RunSQL.noop),
    ]
