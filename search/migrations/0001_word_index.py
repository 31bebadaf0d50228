import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
import pgvector.django
import pgvector.django.sparsevec
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("gallery", "0002_listed_and_changed_triggers"),
    ]

    operations = [
        pgvector.django.VectorExtension(),
        migrations.CreateModel(
            name="CorpusStatistics",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("documents", models.IntegerField(default=0)),
                ("total_length", models.FloatField(default=0)),
                (
                    "average_length",
                    models.FloatField(
                        help_text="Pinned: every stored weight was made with it. Two of them never mix."
                    ),
                ),
                (
                    "generation",
                    models.IntegerField(
                        default=0, help_text="Moves with every change of the index."
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("pk", 1)), name="one_row_of_statistics"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PhotoDocument",
            fields=[
                (
                    "photo",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="gallery.photo",
                    ),
                ),
                (
                    "tsv",
                    django.contrib.postgres.search.SearchVectorField(
                        help_text="Our own tokens with positions; never to_tsvector."
                    ),
                ),
                (
                    "weights",
                    pgvector.django.sparsevec.SparseVectorField(
                        dimensions=100000000, help_text="BM25 weight of each term id, without idf."
                    ),
                ),
                ("length", models.FloatField(help_text="Tokens, weighted by field.")),
                ("language", models.CharField(max_length=2)),
                (
                    "input_hash",
                    models.CharField(help_text="SHA-256 of the analysed text.", max_length=64),
                ),
                (
                    "listed",
                    models.BooleanField(help_text="Copy of the photo's, kept true by a trigger."),
                ),
            ],
            options={
                "indexes": [
                    django.contrib.postgres.indexes.GinIndex(
                        fields=["tsv"], name="document_tokens"
                    ),
                    models.Index(
                        models.F("photo"),
                        condition=models.Q(("listed", False)),
                        name="document_unlisted",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Term",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("text", models.CharField(max_length=100, unique=True)),
                ("document_frequency", models.IntegerField(default=0)),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("document_frequency__gte", 0)),
                        name="document_frequency_not_negative",
                    )
                ],
            },
        ),
    ]
