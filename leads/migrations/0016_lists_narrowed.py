"""Lists narrowed to what is rare are found in an index. Three indexes that others contain are gone."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0015_undo_of_imports"),
    ]

    operations = [
        migrations.AlterField(
            model_name="lead",
            name="company",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="leads",
                to="leads.company",
            ),
        ),
        migrations.AlterField(
            model_name="lead",
            name="owner",
            field=models.ForeignKey(
                blank=True,
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="owned_leads",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AlterField(
            model_name="lead",
            name="team",
            field=models.ForeignKey(
                db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name="leads", to="leads.team"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(
                fields=["team", "country", "source", "stage"], include=("id",), name="lead_team_country"
            ),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["team", "source", "stage"], include=("id",), name="lead_team_source"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["team", "stage"], include=("id",), name="lead_team_stage"),
        ),
        migrations.AddIndex(
            model_name="lead",
            index=models.Index(fields=["owner", "team", "stage"], include=("id",), name="lead_owner"),
        ),
        migrations.AddIndex(
            model_name="standing",
            index=models.Index(fields=["team", "grade"], name="standing_team_grade"),
        ),
    ]
