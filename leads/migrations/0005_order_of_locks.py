"""Two things the triggers of 0002 did not see to.

1. Many leads updated in one statement lock their standings in order of id, as everybody else does: without it two who
   write the same leads wait for each other. 2. When a kind of event begins or ceases to count as activity of the lead,
   the leads that have such events are due.
"""

from django.db import migrations

ORDER = """
CREATE OR REPLACE FUNCTION leads_lead_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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

    PERFORM 1 FROM leads_standing s JOIN new_rows n ON s.lead_id = n.id
      WHERE s.lead_id = ANY(due) OR (s.team_id, s.owner_id, s.stage) IS DISTINCT FROM (n.team_id, n.owner_id, n.stage)
      ORDER BY s.lead_id FOR NO KEY UPDATE OF s;
    UPDATE leads_standing s SET team_id = n.team_id, owner_id = n.owner_id, stage = n.stage
      FROM new_rows n
     WHERE s.lead_id = n.id
       AND (s.team_id, s.owner_id, s.stage) IS DISTINCT FROM (n.team_id, n.owner_id, n.stage);
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'correction');
    END IF;
    RETURN NULL;
END $$;
"""

KINDS = """
CREATE FUNCTION leads_eventkind_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    SELECT array_agg(DISTINCT lead_id) INTO due FROM leads_event WHERE kind_id = NEW.id;
    IF due IS NOT NULL THEN
        PERFORM leadscore_mark_due(due, 'rules');
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_eventkind_updated AFTER UPDATE ON leads_eventkind FOR EACH ROW
    WHEN (OLD.by_lead IS DISTINCT FROM NEW.by_lead) EXECUTE FUNCTION leads_eventkind_updated();
"""

UNDO = "DROP TRIGGER leads_eventkind_updated ON leads_eventkind; DROP FUNCTION leads_eventkind_updated;"


class Migration(migrations.Migration):
    dependencies = [("leads", "0004_import_progress")]
    operations = [migrations.RunSQL(ORDER, migrations.RunSQL.noop), migrations.RunSQL(KINDS, UNDO)]
