"""The database notes which leads a report has to count again (docs/decisions/0033-figures-are-counted-beforehand.md).

Every statement that touches what reports are made of appends the leads concerned: no lock, no conflict, no waiting. All
leads that are here already are due once.
"""

from django.db import migrations

CHANGES = """
CREATE FUNCTION reports_lead_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO reports_change (lead_id) SELECT id FROM new_rows;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO reports_change (lead_id) SELECT id FROM old_rows;
    ELSE
        INSERT INTO reports_change (lead_id) SELECT n.id FROM new_rows n JOIN old_rows o USING (id)
         WHERE (n.team_id, n.source, n.created_at, n.merged_into_id)
               IS DISTINCT FROM (o.team_id, o.source, o.created_at, o.merged_into_id);
    END IF;
    RETURN NULL;
END $$;

-- handoffs, deals and moves: whatever happened to one, its lead is counted again
CREATE FUNCTION reports_work_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO reports_change (lead_id) SELECT DISTINCT lead_id FROM new_rows WHERE lead_id IS NOT NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO reports_change (lead_id) SELECT DISTINCT lead_id FROM old_rows WHERE lead_id IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
"""

NEW, OLD = "NEW TABLE AS new_rows", "OLD TABLE AS old_rows"
EVENTS = (("INSERT", "inserted", NEW), ("UPDATE", "updated", f"{OLD} {NEW}"), ("DELETE", "deleted", OLD))
WATCHED = [
    (table, function, event, name, rows)
    for table, function, events in (
        ("leads_lead", "reports_lead_touched", EVENTS),
        ("leads_handoff", "reports_work_touched", EVENTS),
        ("leads_deal", "reports_work_touched", EVENTS),
        ("scoring_move", "reports_work_touched", EVENTS[:1]),
    )
    for event, name, rows in events
]

TRIGGERS = "".join(
    f"CREATE TRIGGER {table}_reported_{name} AFTER {event} ON {table} REFERENCING {rows}"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
    for table, function, event, name, rows in WATCHED
)
GONE = "".join(f"DROP TRIGGER {table}_reported_{name} ON {table};\n" for table, _, _, name, _ in WATCHED)
UNDO = f"{GONE} DROP FUNCTION reports_lead_touched, reports_work_touched;"

START = """
INSERT INTO reports_change (lead_id) SELECT id FROM leads_lead WHERE merged_into_id IS NULL;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("reports", "0002_summaries"), ("leads", "0024_reading_workbooks"), ("scoring", "0010_health"),
    ]  # fmt: skip
    operations = [migrations.RunSQL(CHANGES + TRIGGERS, UNDO), migrations.RunSQL(START, migrations.RunSQL.noop)]
