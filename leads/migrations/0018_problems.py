"""The list of what is wrong, decisions about it, and the figures of each day."""

from typing import Any

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

from leads.freemail import ROLES, disposable_mail

# What an address says of its owner has two more kinds; scores that ask for it are counted again.
DUE = """
UPDATE leads_standing SET facts_rev = facts_rev + 1, due_cause = 'rules' WHERE lead_id IN (
    SELECT id FROM leads_lead WHERE split_part(email, '@', 1) = ANY(%s) OR split_part(email, '@', 2) = ANY(%s))
"""


def make_due(apps: Any, editor: Any) -> None:
    with editor.connection.cursor() as cursor:
        cursor.execute(DUE, [list(ROLES), list(disposable_mail())])
        # What is checked at the end of the transaction is checked now: the indexes that follow need it.
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0017_claims"),
    ]

    operations = [
        migrations.CreateModel(
            name="Cleanup",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("act", models.CharField(choices=[("apply", "Put right"), ("dismiss", "Dismissed")], max_length=8)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phone_country", "Phone of another country"),
                            ("email_company", "E-mail of another company"),
                            ("title", "Job title contradicts itself"),
                            ("title_reading", "Job title reads otherwise"),
                            ("country", "Country is no country code"),
                            ("industry", "Industry under another name"),
                            ("deal_dates", "Deal closed before it was opened"),
                            ("bounced", "E-mail does not arrive"),
                            ("stale", "Nothing heard for a year"),
                        ],
                        max_length=20,
                    ),
                ),
                ("value", models.CharField(blank=True, max_length=200)),
                ("count", models.IntegerField(default=0)),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("undone_at", models.DateTimeField(null=True)),
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
                    "team",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="cleanups", to="leads.team"
                    ),
                ),
                (
                    "undone_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-pk"],
            },
        ),
        migrations.CreateModel(
            name="Problem",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("phone_country", "Phone of another country"),
                            ("email_company", "E-mail of another company"),
                            ("title", "Job title contradicts itself"),
                            ("title_reading", "Job title reads otherwise"),
                            ("country", "Country is no country code"),
                            ("industry", "Industry under another name"),
                            ("deal_dates", "Deal closed before it was opened"),
                            ("bounced", "E-mail does not arrive"),
                            ("stale", "Nothing heard for a year"),
                        ],
                        max_length=20,
                    ),
                ),
                ("value", models.CharField(max_length=200)),
                ("suggestion", models.JSONField(blank=True, default=dict)),
                ("before", models.JSONField(blank=True, default=dict)),
                ("found_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "cleanup",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="problems",
                        to="leads.cleanup",
                    ),
                ),
                (
                    "company",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="leads.company",
                    ),
                ),
                (
                    "deal",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="problems", to="leads.deal"
                    ),
                ),
                (
                    "lead",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="problems", to="leads.lead"
                    ),
                ),
                (
                    "team",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="problems",
                        to="leads.team",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(
                        models.F("team"),
                        models.F("kind"),
                        models.F("value"),
                        models.F("id"),
                        condition=models.Q(("cleanup", None)),
                        name="problem_open",
                    )
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("lead", "kind"), name="problem_of_lead"),
                    models.UniqueConstraint(fields=("company", "kind"), name="problem_of_company"),
                    models.UniqueConstraint(fields=("deal", "kind"), name="problem_of_deal"),
                ],
            },
        ),
        migrations.CreateModel(
            name="QualityDay",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField()),
                ("source", models.CharField(blank=True, help_text="Empty: all leads of the team.", max_length=100)),
                ("leads", models.IntegerField(default=0)),
                ("known", models.JSONField(default=dict)),
                ("problems", models.JSONField(default=dict)),
                ("quarantined", models.IntegerField(default=0)),
                ("counted_at", models.DateTimeField(default=django.utils.timezone.now)),
                (
                    "team",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name="+", to="leads.team"),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("team", "day", "source"), name="quality_day")],
            },
        ),
        migrations.RunPython(make_due, migrations.RunPython.noop),
    ]
