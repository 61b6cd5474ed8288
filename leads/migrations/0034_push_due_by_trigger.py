"""Which links are to be looked at for something to tell the CRM: a row of leads_pushdue, written with the change itself
(docs/decisions/0043-what-is-owed-to-a-crm-is-a-row.md).

Whatever is pushed of a lead has a trigger here: its score, its fields, its company, its owner and who that is there, the
state of its handoff, its nurture lists, and the link itself. Events are not among them: what they change is the score.
"""

from django.db import migrations

DUE = """
CREATE SEQUENCE leads_pushdue_rev;
CREATE FUNCTION leadscore_links_due(ids bigint[]) RETURNS void LANGUAGE sql AS $$
    -- in id order, so that two batches cannot deadlock; links that are gone or speak of nobody owe nothing
    INSERT INTO leads_pushdue AS d (link_id, connection_id, kind, rev)
    SELECT id, connection_id, kind, nextval('leads_pushdue_rev') FROM leads_link
     WHERE id = ANY(ids) AND kind IN ('contacts', 'leads') AND lead_id IS NOT NULL AND gone_at IS NULL ORDER BY id
    ON CONFLICT (link_id) DO UPDATE SET rev = excluded.rev
$$;

CREATE FUNCTION leadscore_push_due(leads bigint[]) RETURNS void LANGUAGE sql AS $$
    SELECT leadscore_links_due(ids) FROM (SELECT array_agg(id) AS ids FROM leads_link WHERE lead_id = ANY(leads)) l
     WHERE ids IS NOT NULL
$$;
"""

STANDING = """
CREATE FUNCTION leads_standing_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM leads_link) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(n.lead_id) INTO due FROM new_rows n JOIN old_rows o USING (lead_id)
     WHERE (n.version, n.fit, n.engagement, n.total, n.grade, n.label, n.points)
           IS DISTINCT FROM (o.version, o.fit, o.engagement, o.total, o.grade, o.label, o.points);
    IF due IS NOT NULL THEN
        PERFORM leadscore_push_due(due);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_standing_pushed AFTER UPDATE ON leads_standing
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT
    EXECUTE FUNCTION leads_standing_pushed();
"""

# The columns are those of SENDABLE in leads/crm/values.py, with custom fields, and the team, which the link follows.
LEAD = """
CREATE FUNCTION leads_lead_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM leads_link) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(n.id) INTO due FROM new_rows n JOIN old_rows o USING (id)
     WHERE (n.team_id, n.owner_id, n.company_id, n.email, n.first_name, n.last_name, n.title, n.phone, n.country,
            n.city, n.website, n.source, n.fields)
           IS DISTINCT FROM (o.team_id, o.owner_id, o.company_id, o.email, o.first_name, o.last_name, o.title, o.phone,
            o.country, o.city, o.website, o.source, o.fields);
    IF due IS NOT NULL THEN
        PERFORM leadscore_push_due(due);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_lead_pushed AFTER UPDATE ON leads_lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_lead_pushed();

CREATE FUNCTION leads_company_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    due bigint[];
BEGIN
    IF NOT EXISTS (SELECT FROM leads_link) THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(l.id) INTO due FROM new_rows n JOIN old_rows o USING (id) JOIN leads_lead l ON l.company_id = n.id
     WHERE (n.name, n.domain, n.website, n.industry, n.employees, n.phone, n.country, n.city)
           IS DISTINCT FROM (o.name, o.domain, o.website, o.industry, o.employees, o.phone, o.country, o.city);
    IF due IS NOT NULL THEN
        PERFORM leadscore_push_due(due);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_company_pushed AFTER UPDATE ON leads_company
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_company_pushed();
"""

SELLING = """
CREATE FUNCTION leads_lead_of_row_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        PERFORM leadscore_push_due(ARRAY[OLD.lead_id]);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        PERFORM leadscore_push_due(ARRAY[NEW.lead_id]);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_handoff_pushed AFTER INSERT OR DELETE OR UPDATE OF state, lead_id, opened_at ON leads_handoff
    FOR EACH ROW EXECUTE FUNCTION leads_lead_of_row_pushed();
CREATE TRIGGER leads_nurturemember_pushed AFTER INSERT OR DELETE OR UPDATE OF lead_id, list_id, left_at
    ON leads_nurturemember FOR EACH ROW EXECUTE FUNCTION leads_lead_of_row_pushed();

CREATE FUNCTION leads_nurturelist_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_push_due(array_agg(lead_id)) FROM leads_nurturemember WHERE list_id = NEW.id AND left_at IS NULL;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_nurturelist_pushed AFTER UPDATE OF name ON leads_nurturelist FOR EACH ROW
    WHEN (OLD.name IS DISTINCT FROM NEW.name) EXECUTE FUNCTION leads_nurturelist_pushed();
"""

LINK = """
CREATE FUNCTION leads_link_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lead_id IS NULL OR NEW.gone_at IS NOT NULL THEN
        DELETE FROM leads_pushdue WHERE link_id = NEW.id;
    ELSE
        PERFORM leadscore_links_due(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;
CREATE FUNCTION leads_link_inserted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_links_due(array_agg(id)) FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_link_inserted AFTER INSERT ON leads_link
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_link_inserted();
CREATE TRIGGER leads_link_moved AFTER UPDATE OF lead_id, gone_at ON leads_link FOR EACH ROW
    WHEN (NEW.kind IN ('contacts', 'leads') AND (OLD.lead_id, OLD.gone_at) IS DISTINCT FROM (NEW.lead_id, NEW.gone_at))
    EXECUTE FUNCTION leads_link_pushed();

-- who a colleague is over there: what is owned by somebody goes there as that user
CREATE FUNCTION leads_owner_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_links_due(array_agg(k.id)) FROM leads_link k JOIN leads_lead l ON l.id = k.lead_id
      WHERE k.connection_id = NEW.connection_id
        AND l.owner_id IN (NEW.user_id, CASE WHEN TG_OP = 'UPDATE' THEN OLD.user_id END);
    RETURN NULL;
END $$;
CREATE TRIGGER leads_owner_made AFTER INSERT ON leads_link FOR EACH ROW
    WHEN (NEW.kind = 'owners' AND NEW.user_id IS NOT NULL) EXECUTE FUNCTION leads_owner_pushed();
CREATE TRIGGER leads_owner_moved AFTER UPDATE OF user_id, gone_at ON leads_link FOR EACH ROW
    WHEN (NEW.kind = 'owners' AND (OLD.user_id, OLD.gone_at) IS DISTINCT FROM (NEW.user_id, NEW.gone_at))
    EXECUTE FUNCTION leads_owner_pushed();
"""

# What was linked before this knew nothing of being due: each is looked at once.
LOOK = "SELECT leadscore_links_due(array_agg(id)) FROM leads_link;"

UNDO = """
DROP TRIGGER leads_standing_pushed ON leads_standing;
DROP TRIGGER leads_lead_pushed ON leads_lead;
DROP TRIGGER leads_company_pushed ON leads_company;
DROP TRIGGER leads_handoff_pushed ON leads_handoff;
DROP TRIGGER leads_nurturemember_pushed ON leads_nurturemember;
DROP TRIGGER leads_nurturelist_pushed ON leads_nurturelist;
DROP TRIGGER leads_link_inserted ON leads_link;
DROP TRIGGER leads_link_moved ON leads_link;
DROP TRIGGER leads_owner_made ON leads_link;
DROP TRIGGER leads_owner_moved ON leads_link;
DROP FUNCTION leads_standing_pushed, leads_lead_pushed, leads_company_pushed, leads_lead_of_row_pushed,
    leads_nurturelist_pushed, leads_link_pushed, leads_link_inserted, leads_owner_pushed,
    leadscore_push_due, leadscore_links_due;
DROP SEQUENCE leads_pushdue_rev;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0033_push_due")]
    operations = [
        migrations.RunSQL(DUE + STANDING + LEAD + SELLING + LINK, UNDO),
        migrations.RunSQL(LOOK, migrations.RunSQL.noop),
    ]
