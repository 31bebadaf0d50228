from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("embeddings", "0002_inline_vectors_follow_listed"),
    ]

    operations = [
        migrations.AddField(
            model_name="embeddingspace",
            name="query_precision",
            field=models.CharField(
                choices=[("fp32", "Fp32"), ("int8", "Int8")],
                default="fp32",
                help_text="Of the tower in use.",
                max_length=4,
            ),
        ),
        migrations.AddField(
            model_name="embeddingspace",
            name="query_towers",
            field=models.JSONField(
                default=dict,
                help_text='{"fp32": {"name", "sha256", "revision"}, …}: see embeddings.towers.',
            ),
        ),
        migrations.AddField(
            model_name="embeddingspace",
            name="tower_failure",
            field=models.TextField(
                blank=True, help_text="Why web processes cannot encode its queries; empty if fine."
            ),
        ),
    ]
