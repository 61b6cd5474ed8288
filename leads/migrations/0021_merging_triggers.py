"""What the database sees to about merged leads (docs/decisions/0028-merged-leads-keep-their-row.md):

1. no event lands on a lead that was merged while it was on its way: the writer is told to try again, and then finds the
   survivor; 2. a lead that is new, or known by something else than before, is due to be compared with others.
"""

from django.db import migrations

EVENT = """
CREATE OR REPLACE FUNCTION leads_event_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT lead_id) INTO due FROM new_rows;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'activity');
        -- a lead without a standing is one that was merged: leads/retry.py tries again, and follows it
        IF (SELECT count(*) FROM leads_standing WHERE lead_id = ANY(due)) < cardinality(due) THEN
            RAISE EXCEPTION 'the lead was merged into another a moment ago' USING ERRCODE = '40001';
        END IF;
    END IF;
    RETURN NULL;
END $$;
"""

EVENT_BEFORE = """
CREATE OR REPLACE FUNCTION leads_event_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT lead_id) INTO due FROM new_rows;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'activity');
    END IF;
    RETURN NULL;
END $$;
"""

LIKENESS = """
CREATE FUNCTION leadscore_compare(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    INSERT INTO leads_likeness AS l (lead_id, rev, checked) SELECT id, 1, 0 FROM unnest(ids) AS id ORDER BY id
    ON CONFLICT (lead_id) DO UPDATE SET rev = l.rev + 1
$$;

CREATE FUNCTION leads_lead_alike_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_compare(ids) FROM (SELECT array_agg(id) AS ids FROM new_rows) n WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_alike_inserted AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_alike_inserted();

CREATE FUNCTION leads_lead_alike_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_compare(ids) FROM (
        SELECT array_agg(n.id) AS ids FROM new_rows n JOIN old_rows o USING (id)
         WHERE (n.team_id, n.email, n.phone, n.first_name, n.last_name, n.company_id, n.merged_into_id) IS DISTINCT FROM
               (o.team_id, o.email, o.phone, o.first_name, o.last_name, o.company_id, o.merged_into_id)) changed
     WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_alike_updated AFTER UPDATE ON leads_lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_alike_updated();

CREATE FUNCTION leads_identity_alike_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_compare(ids)
       FROM (SELECT array_agg(DISTINCT lead_id) AS ids FROM new_rows WHERE kind = 'external') n WHERE ids IS NOT NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_identity_alike_inserted AFTER INSERT ON leads_leadidentity
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_identity_alike_inserted();

INSERT INTO leads_likeness (lead_id, rev, checked) SELECT id, 1, 0 FROM leads_lead;
"""

UNDO = """
DROP TRIGGER leads_lead_alike_inserted ON leads_lead;
DROP TRIGGER leads_lead_alike_updated ON leads_lead;
DROP TRIGGER leads_identity_alike_inserted ON leads_leadidentity;
DROP FUNCTION leads_lead_alike_inserted, leads_lead_alike_updated, leads_identity_alike_inserted, leadscore_compare;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0020_merging")]
    operations = [migrations.RunSQL(EVENT, EVENT_BEFORE), migrations.RunSQL(LIKENESS, UNDO)]
