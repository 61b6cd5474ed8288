"""A publication may end without a switch, and the order of versions is frozen with them."""

from django.db import migrations, models

POSITIONS = """
UPDATE scoring_version v SET position = m.position FROM scoring_scoringmodel m WHERE m.id = v.model_id;

DROP TRIGGER scoring_version_frozen ON scoring_version;
CREATE TRIGGER scoring_version_frozen BEFORE UPDATE ON scoring_version FOR EACH ROW
    WHEN ((OLD.model_id, OLD.number, OLD.position, OLD.definition, OLD.published_at)
          IS DISTINCT FROM (NEW.model_id, NEW.number, NEW.position, NEW.definition, NEW.published_at))
    EXECUTE FUNCTION scoring_version_frozen();
"""


class Migration(migrations.Migration):
    dependencies = [
        ("scoring", "0002_frozen"),
    ]

    operations = [
        migrations.AddField(
            model_name="publication",
            name="abandoned",
            field=models.BooleanField(default=False, help_text="It ended without a switch."),
        ),
        migrations.AddField(
            model_name="publication",
            name="problem",
            field=models.TextField(blank=True, help_text="Why the version could not be scored."),
        ),
        migrations.AddField(
            model_name="version",
            name="position",
            field=models.PositiveSmallIntegerField(
                default=0, help_text="The model's when it was published: of two live versions the smaller decides."
            ),
        ),
        migrations.AlterField(
            model_name="version",
            name="state",
            field=models.CharField(
                choices=[
                    ("scoring", "Being scored"),
                    ("live", "Live"),
                    ("retired", "Retired"),
                    ("abandoned", "Never live"),
                ],
                default="scoring",
                max_length=10,
            ),
        ),
        migrations.RunSQL(POSITIONS, migrations.RunSQL.noop),
    ]
