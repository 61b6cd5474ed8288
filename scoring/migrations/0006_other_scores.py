"""Where several models are live, the scores of those that do not decide the standing are kept beside it."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# Without a row-by-row check, what a worker wrote while the lead was being deleted would stay behind.
SWEEP = """
CREATE OR REPLACE FUNCTION scoring_lead_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM scoring_entry WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_move WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_score WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_publicationscore WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_publicationother WHERE lead_id IN (SELECT id FROM old_rows);
    RETURN NULL;
END $$;
"""
UNDO = """
CREATE OR REPLACE FUNCTION scoring_lead_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM scoring_entry WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_move WHERE lead_id IN (SELECT id FROM old_rows);
    DELETE FROM scoring_publicationscore WHERE lead_id IN (SELECT id FROM old_rows);
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0007_automatic_label"),
        ("scoring", "0005_overrides"),
    ]

    operations = [
        migrations.CreateModel(
            name="PublicationOther",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateTimeField()),
                ("fit", models.SmallIntegerField()),
                ("engagement", models.SmallIntegerField()),
                ("total", models.SmallIntegerField()),
                ("grade", models.CharField(max_length=2)),
                (
                    "label",
                    models.CharField(
                        choices=[
                            ("hot", "Hot"),
                            ("warm", "Warm"),
                            ("cool", "Cool"),
                            ("cold", "Cold"),
                            ("disqualified", "Disqualified"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), default=list, size=None
                    ),
                ),
                ("version", models.IntegerField()),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="leads.lead",
                    ),
                ),
                (
                    "publication",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="others",
                        to="scoring.publication",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("publication", "lead", "version"), name="one_other_score")
                ],
            },
        ),
        migrations.CreateModel(
            name="Score",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("as_of", models.DateTimeField()),
                ("fit", models.SmallIntegerField()),
                ("engagement", models.SmallIntegerField()),
                ("total", models.SmallIntegerField()),
                ("grade", models.CharField(max_length=2)),
                (
                    "label",
                    models.CharField(
                        choices=[
                            ("hot", "Hot"),
                            ("warm", "Warm"),
                            ("cool", "Cool"),
                            ("cold", "Cold"),
                            ("disqualified", "Disqualified"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "points",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.SmallIntegerField(), default=list, size=None
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="scores",
                        to="leads.lead",
                    ),
                ),
                (
                    "model",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="scoring.scoringmodel",
                    ),
                ),
                (
                    "version",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="scoring.version",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("lead", "model"), name="one_score_of_a_model")],
            },
        ),
        migrations.RunSQL(SWEEP, UNDO),
    ]
