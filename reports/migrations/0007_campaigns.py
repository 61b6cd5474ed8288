from django.db import migrations, models

TOUCHED = """
CREATE OR REPLACE FUNCTION reports_lead_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO reports_change (lead_id) SELECT id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO reports_change (lead_id) SELECT id FROM old_rows;
    ELSE
        INSERT INTO reports_change (lead_id) SELECT n.id FROM new_rows n JOIN old_rows o USING (id)
         WHERE ({new}) IS DISTINCT FROM ({old});
    END IF;
    RETURN NULL;
END $$;
"""
BEFORE = ("team_id", "source", "created_at", "merged_into_id")


def touched(*columns: str) -> str:
    """The lead is counted again when one of these changes."""
    new, old = (", ".join(f"{row}.{column}" for column in columns) for row in "no")
    return TOUCHED.replace("{new}", new).replace("{old}", old)


class Migration(migrations.Migration):
    dependencies = [("leads", "0031_campaign"), ("reports", "0006_chosen_by_lot")]

    operations = [
        migrations.AddField("fact", "campaign", models.CharField(max_length=100, default="", db_default="")),
        migrations.RunSQL(touched(*BEFORE, "campaign"), touched(*BEFORE)),
        migrations.AlterModelOptions("sourcecost", {"ordering": ["-month", "source", "campaign"]}),
        migrations.RemoveConstraint("sourcecost", "one_cost_a_month"),
        migrations.AddField(
            "sourcecost",
            "campaign",
            models.CharField(max_length=100, blank=True, default="", db_default="", help_text="As leads have it."),
        ),
        migrations.AddConstraint(
            "sourcecost",
            models.UniqueConstraint(fields=["team", "source", "campaign", "month"], name="one_cost_a_month"),
        ),
    ]
