"""Postings by term, and the numbers of documents that they name."""

import django.db.models.deletion
from django.db import migrations, models

NUMBER = """
UPDATE search_photodocument AS document SET number = numbered.number
  FROM (SELECT photo_id, row_number() OVER (ORDER BY photo_id) - 1 AS number
          FROM search_photodocument) AS numbered
 WHERE numbered.photo_id = document.photo_id;
UPDATE search_corpusstatistics SET next_number = (SELECT count(*) FROM search_photodocument);
"""

POSTINGS = """
ALTER TABLE search_postingblock ALTER COLUMN postings SET STORAGE EXTERNAL; -- hardly compresses
INSERT INTO search_postingblock (term_id, block, postings)
SELECT split_part(entry, ':', 1)::bigint - 1, number / 4096,
       string_agg(int4send(number) || float4send(split_part(entry, ':', 2)::real), ''
                  ORDER BY number)
  FROM search_photodocument,
       string_to_table(trim('{}' FROM split_part(weights::text, '/', 1)), ',') AS entry
 WHERE entry <> ''
 GROUP BY 1, 2;
"""


class Migration(migrations.Migration):
    dependencies = [("search", "0003_term_is_word")]

    operations = [
        migrations.AddField(
            model_name="corpusstatistics",
            name="next_number",
            field=models.IntegerField(default=0, help_text="Of the next document that is new."),
        ),
        migrations.AddField(
            model_name="photodocument", name="number", field=models.IntegerField(null=True)
        ),
        migrations.RunSQL(NUMBER, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="photodocument",
            name="number",
            field=models.IntegerField(
                help_text="In the postings; kept as long as the document, never given again.",
                unique=True,
            ),
        ),
        migrations.AddIndex(
            model_name="photodocument",
            index=models.Index(
                models.F("photo"),
                condition=models.Q(("listed", True)),
                include=["number"],
                name="document_numbers",
            ),
        ),
        migrations.CreateModel(
            name="PostingBlock",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "term_id",
                        "block",
                        blank=True,
                        editable=False,
                        primary_key=True,
                        serialize=False,
                    ),
                ),
                (
                    "term",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="search.term",
                    ),
                ),
                (
                    "block",
                    models.IntegerField(
                        help_text="Number of the documents / search.postings.BLOCK."
                    ),
                ),
                ("postings", models.BinaryField()),
            ],
        ),
        migrations.RunSQL(POSTINGS, migrations.RunSQL.noop),
    ]
