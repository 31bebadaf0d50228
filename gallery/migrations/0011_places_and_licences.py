"""Places are shown only where their photographer says so; licence and rating get columns.

No place that is stored so far is shown. Writes every photo anew once, and nobody reads meanwhile.
"""

from django.db import migrations, models

FOLLOW_PHOTO = """
CREATE OR REPLACE FUNCTION gallery_follow_photo() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.listed := NEW.visibility = 'public' AND NEW.state = 'ready'
        AND NEW.binned_at IS NULL AND NEW.published_at <= clock_timestamp();
    IF TG_OP = 'INSERT'
       OR (NEW.title, NEW.description, {new}, NEW.camera, NEW.lens, NEW.creator, NEW.state,
           NEW.content_hash, NEW.visibility, NEW.binned_at, NEW.listed, NEW.taken_at)
          IS DISTINCT FROM
          (OLD.title, OLD.description, {old}, OLD.camera, OLD.lens, OLD.creator, OLD.state,
           OLD.content_hash, OLD.visibility, OLD.binned_at, OLD.listed, OLD.taken_at)
    THEN
        NEW.changed_at := clock_timestamp();
    END IF;
    RETURN NEW;
END $$;
"""

# NEW.public_place is generated only after this trigger.
SHOWN = "CASE WHEN {0}.location_shown THEN {0}.place ELSE '' END"

# Those with a place lose its words: upper apps follow what changed.
FILL = """
UPDATE gallery_photo
   SET licence = left(coalesce(metadata ->> 'licence', ''), 500),
       rating = CASE WHEN metadata ->> 'rating' ~ '^(-1|[0-5])$'
                     THEN (metadata ->> 'rating')::smallint END,
       changed_at = CASE WHEN place <> '' THEN clock_timestamp() ELSE changed_at END
 WHERE place <> '' OR metadata ->> 'licence' <> '' OR metadata ->> 'rating' <> '';
"""


class Migration(migrations.Migration):
    dependencies = [
        ("gallery", "0010_renewals"),
    ]

    operations = [
        migrations.AddField(
            model_name="photographer",
            name="shows_location",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="The name of the place, on its page and in search; coordinates never. Each photo can say otherwise.",
                verbose_name="show where new photos were taken",
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="licence",
            field=models.CharField(
                blank=True, default="", help_text="An address or a text.", max_length=500
            ),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name="photo",
            name="rating",
            field=models.SmallIntegerField(
                choices=[
                    (-1, "Rejected"),
                    (0, "No stars"),
                    (1, "★"),
                    (2, "★★"),
                    (3, "★★★"),
                    (4, "★★★★"),
                    (5, "★★★★★"),
                ],
                editable=False,
                help_text="From the file; never public.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="location_shown",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="Else nobody but you reads it, and no search finds the photo by it. Coordinates are never shown.",
                verbose_name="show the place",
            ),
        ),
        migrations.AlterField(
            model_name="photo",
            name="place",
            field=models.CharField(
                blank=True,
                help_text="From the file, or the town at its coordinates.",
                max_length=300,
            ),
        ),
        migrations.AddField(
            model_name="photo",
            name="public_place",
            field=models.GeneratedField(
                db_persist=True,
                expression=models.Case(
                    models.When(location_shown=True, then="place"), default=models.Value("")
                ),
                help_text="What everybody but its photographer may read instead of place.",
                output_field=models.CharField(max_length=300),
            ),
        ),
        migrations.RemoveIndex(model_name="photo", name="photo_listed_place"),
        migrations.AddIndex(
            model_name="photo",
            index=models.Index(
                models.F("public_place"),
                condition=models.Q(("listed", True)),
                name="photo_listed_public_place",
            ),
        ),
        migrations.RunSQL(
            FOLLOW_PHOTO.format(new=SHOWN.format("NEW"), old="OLD.public_place"),
            FOLLOW_PHOTO.format(new="NEW.place", old="OLD.place"),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
    ]
