from django.db import migrations


class Migration(migrations.Migration):
    """Versions that were only frozen for an experiment never were live: nobody can roll back to them."""

    dependencies = [("scoring", "0015_hot_entries")]

    operations = [
        migrations.RunSQL(
            """
            UPDATE scoring_version SET state = 'abandoned' WHERE state = 'retired' AND NOT EXISTS (
                SELECT FROM scoring_publication AS p WHERE p.version_id = scoring_version.id AND NOT p.abandoned)
            """,
            migrations.RunSQL.noop,
        )
    ]
