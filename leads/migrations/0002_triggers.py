"""What the database itself sees to (docs/decisions/0013-the-database-marks-a-lead-due.md):

1. every lead has a standing; 2. a fact makes its leads due in the transaction that wrote it; 3. a changed field of a
lead or company leaves a row in leads_change; 4. the standing's copies of team, owner and stage stay true; 5. an event
is never rewritten.

Who changed a field and where the value came from is told by leads.history.attributed() through settings that live as
long as the transaction.
"""

from django.db import migrations

MARK_DUE = """
CREATE FUNCTION leadscore_mark_due(ids bigint[], cause text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- in id order, so that two batches cannot deadlock
    PERFORM 1 FROM leads_standing WHERE lead_id = ANY(ids) ORDER BY lead_id FOR NO KEY UPDATE;
    UPDATE leads_standing
       SET facts_rev = facts_rev + 1,
           due_cause = CASE WHEN scored_rev < facts_rev AND due_cause = 'correction' THEN due_cause ELSE cause END
     WHERE lead_id = ANY(ids);
END $$;
"""

CHANGES = """
CREATE FUNCTION leadscore_changed_fields(old jsonb, new jsonb)
RETURNS TABLE (field text, before jsonb, after jsonb) LANGUAGE sql IMMUTABLE AS $$
    SELECT key, old -> key, new -> key
      FROM jsonb_object_keys(new - 'fields' - 'search') AS key
     WHERE old -> key IS DISTINCT FROM new -> key
    UNION ALL
    SELECT 'fields.' || key, old -> 'fields' -> key, new -> 'fields' -> key
      FROM (SELECT jsonb_object_keys(old -> 'fields') UNION SELECT jsonb_object_keys(new -> 'fields')) AS keys(key)
     WHERE old -> 'fields' -> key IS DISTINCT FROM new -> 'fields' -> key
$$;

CREATE FUNCTION leadscore_now_held() RETURNS timestamptz LANGUAGE sql STABLE AS $$
    SELECT coalesce(nullif(current_setting('leadscore.held_at', true), '')::timestamptz, now())
$$;
CREATE FUNCTION leadscore_by() RETURNS bigint LANGUAGE sql STABLE AS $$
    SELECT nullif(current_setting('leadscore.by', true), '')::bigint
$$;
CREATE FUNCTION leadscore_origin() RETURNS text LANGUAGE sql STABLE AS $$
    SELECT coalesce(current_setting('leadscore.origin', true), '')
$$;
"""

LEAD = """
CREATE FUNCTION leads_lead_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_standing (lead_id, team_id, owner_id, stage, grade, label, seq, points, facts_rev,
                                scored_rev, due_cause)
    SELECT id, team_id, owner_id, stage, '', '', 0, '{}', 1, 0, 'activity' FROM new_rows ORDER BY id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_inserted AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_inserted();

CREATE FUNCTION leads_lead_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    WITH changed AS (
        SELECT n.id, c.* FROM new_rows n JOIN old_rows o USING (id)
        CROSS JOIN LATERAL leadscore_changed_fields(to_jsonb(o), to_jsonb(n)) c
        WHERE n IS DISTINCT FROM o
    ), kept AS (
        INSERT INTO leads_change (lead_id, field, old, new, held_at, learned_at, by_id, origin)
        SELECT id, field, before, after, leadscore_now_held(), now(), leadscore_by(), leadscore_origin() FROM changed
    )
    -- what sales does to a lead is not a fact about it: these three are not scored
    SELECT array_agg(DISTINCT id) INTO due FROM changed WHERE field NOT IN ('owner_id', 'stage', 'resting_until');

    UPDATE leads_standing s SET team_id = n.team_id, owner_id = n.owner_id, stage = n.stage
      FROM new_rows n
     WHERE s.lead_id = n.id
       AND (s.team_id, s.owner_id, s.stage) IS DISTINCT FROM (n.team_id, n.owner_id, n.stage);
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'correction');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_updated AFTER UPDATE ON leads_lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_updated();
"""

COMPANY = """
CREATE FUNCTION leads_company_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    WITH changed AS (
        SELECT n.id, c.* FROM new_rows n JOIN old_rows o USING (id)
        CROSS JOIN LATERAL leadscore_changed_fields(to_jsonb(o), to_jsonb(n)) c
        WHERE n IS DISTINCT FROM o
    ), kept AS (
        INSERT INTO leads_change (company_id, field, old, new, held_at, learned_at, by_id, origin)
        SELECT id, field, before, after, leadscore_now_held(), now(), leadscore_by(), leadscore_origin() FROM changed
    )
    SELECT array_agg(l.id) INTO due FROM leads_lead l WHERE l.company_id IN (SELECT id FROM changed);
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'correction');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_company_updated AFTER UPDATE ON leads_company
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_company_updated();
"""

EVENT = """
CREATE FUNCTION leads_event_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT lead_id) INTO due FROM new_rows;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'activity');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_event_inserted AFTER INSERT ON leads_event
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_event_inserted();

CREATE FUNCTION leads_event_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    IF EXISTS (SELECT 1 FROM new_rows n FULL JOIN old_rows o USING (id)
                WHERE (n.kind_id, n.source_id, n.message_id, n.occurred_at, n.properties)
                      IS DISTINCT FROM (o.kind_id, o.source_id, o.message_id, o.occurred_at, o.properties)) THEN
        RAISE EXCEPTION 'an event is never rewritten: record a new one, or quarantine it';
    END IF;
    SELECT array_agg(DISTINCT lead_id) INTO due
      FROM (SELECT lead_id FROM new_rows UNION ALL SELECT lead_id FROM old_rows) touched;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'correction');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_event_updated AFTER UPDATE ON leads_event
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_event_updated();

CREATE FUNCTION leads_event_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT lead_id) INTO due FROM old_rows;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'correction');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_event_deleted AFTER DELETE ON leads_event
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_event_deleted();
"""

UNDO = """
DROP TRIGGER leads_lead_inserted ON leads_lead;
DROP TRIGGER leads_lead_updated ON leads_lead;
DROP TRIGGER leads_company_updated ON leads_company;
DROP TRIGGER leads_event_inserted ON leads_event;
DROP TRIGGER leads_event_updated ON leads_event;
DROP TRIGGER leads_event_deleted ON leads_event;
DROP FUNCTION leads_lead_inserted, leads_lead_updated, leads_company_updated, leads_event_inserted,
    leads_event_updated, leads_event_deleted, leadscore_mark_due, leadscore_changed_fields, leadscore_now_held,
    leadscore_by, leadscore_origin;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0001_initial")]
    operations = [migrations.RunSQL(MARK_DUE + CHANGES + LEAD + COMPANY + EVENT, UNDO)]
