"""A person may set the label of a lead for a while. What they set is a fact: it makes the lead due, and stays."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TRIGGERS = """
CREATE FUNCTION scoring_override_due() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_mark_due(ARRAY[NEW.lead_id], 'override');
    RETURN NULL;
END $$;
CREATE TRIGGER scoring_override_due AFTER INSERT OR UPDATE OF ended_at ON scoring_override FOR EACH ROW
    EXECUTE FUNCTION scoring_override_due();

CREATE FUNCTION scoring_override_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'what a person set is never rewritten: end it, or set another label';
END $$;
CREATE TRIGGER scoring_override_kept BEFORE UPDATE ON scoring_override FOR EACH ROW
    WHEN ((OLD.label, OLD.reason, OLD.until, OLD.made_at) IS DISTINCT FROM
          (NEW.label, NEW.reason, NEW.until, NEW.made_at)
          OR OLD.ended_at IS NOT NULL AND OLD.ended_at IS DISTINCT FROM NEW.ended_at)
    EXECUTE FUNCTION scoring_override_kept();
"""

UNDO = """
DROP TRIGGER scoring_override_due ON scoring_override;
DROP TRIGGER scoring_override_kept ON scoring_override;
DROP FUNCTION scoring_override_due, scoring_override_kept;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0007_automatic_label"),
        ("scoring", "0004_unchecked"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="entry",
            name="automatic_label",
            field=models.CharField(
                choices=[
                    ("hot", "Hot"),
                    ("warm", "Warm"),
                    ("cool", "Cool"),
                    ("cold", "Cold"),
                    ("disqualified", "Disqualified"),
                ],
                max_length=12,
                null=True,
            ),
        ),
        migrations.CreateModel(
            name="Override",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
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
                ("reason", models.CharField(max_length=300)),
                ("until", models.DateField(help_text="The last day on which it holds.")),
                ("made_at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "ended_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="overrides", to="leads.lead"
                    ),
                ),
            ],
            options={
                "ordering": ["-made_at"],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)), fields=("lead",), name="one_override_of_a_lead"
                    )
                ],
            },
        ),
        migrations.RunSQL(TRIGGERS, UNDO),
    ]
