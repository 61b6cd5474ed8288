"""Handoffs of before get what the ledger gave when they were opened: the last entry that shows the score promised."""

from django.db import migrations

# The score and the handoff are written one after the other, so no later entry can be the one that was shown. The sum
# on the left is on purpose: asked of the column alone, the planner reads the BRIN index of all entries for each lead.
FILL = """
UPDATE leads_handoff h SET points = (
    SELECT e.points FROM scoring_entry e
     WHERE e.lead_id = h.lead_id AND e.version_id = h.version AND e.fit = h.fit AND e.total = h.total
       AND e.recorded_at - interval '1 day' < h.opened_at
     ORDER BY e.seq DESC LIMIT 1)
 WHERE h.version IS NOT NULL AND h.points IS NULL
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0010_health"), ("leads", "0026_what_was_promised")]

    operations = [migrations.RunSQL(FILL, migrations.RunSQL.noop)]
