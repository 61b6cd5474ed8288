"""An address such as no-reply@ is one of an office; scores that ask for the kind of an address are counted again.

No lead did anything for it: who comes to a label that is handed off waits in the review, as after another version.
"""

from django.db import migrations

DUE = """
UPDATE leads_standing
   SET facts_rev = facts_rev + 1, due_cause = CASE WHEN scored_rev < facts_rev THEN due_cause ELSE 'rules' END
 WHERE lead_id IN (
    SELECT id FROM leads_lead WHERE lower(split_part(email, '@', 1)) IN ('no-reply', 'no-', 'reply'))
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0038_handoffs_of_known_labels")]
    operations = [migrations.RunSQL(DUE, migrations.RunSQL.noop)]
