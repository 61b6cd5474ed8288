"""What sales said, who reached out, and what the control sample leaves out are noted too, as 0003 does for the rest.

All handoffs are counted once, and all leads, for the tallies of all sources together. Until that is done there are no
figures; the pages say how far it is.
"""

from django.db import migrations

NOTED = """
CREATE FUNCTION reports_feedback_touched() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO reports_change (lead_id)
        SELECT DISTINCT h.lead_id FROM new_rows n JOIN leads_handoff h ON h.id = n.handoff_id;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO reports_change (lead_id)
        SELECT DISTINCT h.lead_id FROM old_rows o JOIN leads_handoff h ON h.id = o.handoff_id;
    END IF;
    RETURN NULL;
END $$;

-- who reaches out to a lead does so by one of these; most events are of other kinds, most leads not with sales
CREATE FUNCTION reports_leads_reached(leads bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO reports_change (lead_id)
    SELECT lead FROM unnest(leads) AS lead WHERE EXISTS (SELECT FROM leads_handoff WHERE lead_id = lead)
$$;
CREATE FUNCTION reports_touches() RETURNS smallint[] LANGUAGE sql STABLE AS $$
    SELECT array_agg(id) FROM leads_eventkind
     WHERE slug IN ('call_held', 'call_attempted', 'meeting_held', 'meeting_planned', 'email_sent')
$$;
CREATE FUNCTION reports_event_touched() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    touches smallint[] := reports_touches();
    reached bigint[];
BEGIN
    IF TG_OP <> 'DELETE' THEN
        SELECT array_agg(DISTINCT lead_id) INTO reached FROM new_rows WHERE kind_id = ANY(touches);
        PERFORM reports_leads_reached(reached) WHERE reached IS NOT NULL;
    END IF;
    IF TG_OP <> 'INSERT' THEN
        SELECT array_agg(DISTINCT lead_id) INTO reached FROM old_rows WHERE kind_id = ANY(touches);
        PERFORM reports_leads_reached(reached) WHERE reached IS NOT NULL;
    END IF;
    RETURN NULL;
END $$;
"""

NEW, OLD = "NEW TABLE AS new_rows", "OLD TABLE AS old_rows"
EVENTS = (("INSERT", "inserted", NEW), ("UPDATE", "updated", f"{OLD} {NEW}"), ("DELETE", "deleted", OLD))
WATCHED = [
    (table, function, *event)
    for table, function, events in (
        ("leads_feedback", "reports_feedback_touched", EVENTS),
        ("leads_event", "reports_event_touched", EVENTS),
        ("scoring_controlcase", "reports_work_touched", EVENTS[1:]),
    )
    for event in events
]
TRIGGERS = "".join(
    f"CREATE TRIGGER {table}_reported_{name} AFTER {event} ON {table} REFERENCING {rows}"
    f" FOR EACH STATEMENT EXECUTE FUNCTION {function}();\n"
    for table, function, event, name, rows in WATCHED
)
GONE = "".join(f"DROP TRIGGER {table}_reported_{name} ON {table};\n" for table, _, _, name, _ in WATCHED)
UNDO = f"""{GONE}
DROP FUNCTION reports_feedback_touched, reports_event_touched, reports_leads_reached, reports_touches;
DELETE FROM reports_tally WHERE of LIKE 'all:%%';
"""
ANEW = "UPDATE reports_counting SET as_of = NULL, anew_lead = 0, anew_month = NULL"


class Migration(migrations.Migration):
    dependencies = [("reports", "0011_handoffs_as_columns"), ("scoring", "0016_never_live")]

    operations = [migrations.RunSQL(NOTED + TRIGGERS, UNDO), migrations.RunSQL(ANEW, migrations.RunSQL.noop)]
