"""A rescore writes less: what is kept beside standings until a switch is not logged and has one index, and the history
is found by its date without an entry in an index for each line."""

import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.db import migrations, models

BESIDE = {"on_delete": django.db.models.deletion.CASCADE, "db_constraint": False, "db_index": False}


class Migration(migrations.Migration):
    dependencies = [("scoring", "0006_other_scores")]

    operations = [
        # Rows of a publication that runs at this moment are scored again before its switch.
        migrations.DeleteModel("PublicationScore"),
        migrations.CreateModel(
            name="PublicationScore",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "publication", "lead", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("publication", models.ForeignKey(related_name="scores", to="scoring.publication", **BESIDE)),
                ("lead", models.ForeignKey(related_name="+", to="leads.lead", **BESIDE)),
                ("rev", models.BigIntegerField()),
                ("as_of", models.DateTimeField()),
                ("version", models.IntegerField(null=True)),
                ("fit", models.SmallIntegerField(null=True)),
                ("engagement", models.SmallIntegerField(null=True)),
                ("total", models.SmallIntegerField(null=True)),
                ("grade", models.CharField(blank=True, max_length=2)),
                ("label", models.CharField(blank=True, max_length=12)),
                (
                    "points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), default=list, size=None
                    ),
                ),
                ("due_at", models.DateTimeField(null=True)),
            ],
        ),
        migrations.RunSQL("ALTER TABLE scoring_publicationscore SET UNLOGGED", migrations.RunSQL.noop),
        migrations.RunSQL(
            "ALTER TABLE scoring_publicationother SET UNLOGGED", "ALTER TABLE scoring_publicationother SET LOGGED"
        ),
        migrations.RemoveIndex("entry", "entry_recorded"),
        migrations.AddIndex(
            "entry",
            django.contrib.postgres.indexes.BrinIndex(
                fields=["recorded_at"], name="entry_recorded", autosummarize=True
            ),
        ),
    ]
