"""What a colleague is called goes to the CRM as the owner of their leads: a new name is owed there
(docs/decisions/0043-what-is-owed-to-a-crm-is-a-row.md).
"""

from django.db import migrations

NAMES = """
CREATE FUNCTION leads_user_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM leadscore_push_due(array_agg(id)) FROM leads_lead WHERE owner_id = NEW.id;
    RETURN NULL;
END $$;
-- the address stands in for a name that is empty
CREATE TRIGGER leads_user_pushed AFTER UPDATE OF name, email ON leads_user FOR EACH ROW
    WHEN ((OLD.name, OLD.email) IS DISTINCT FROM (NEW.name, NEW.email)) EXECUTE FUNCTION leads_user_pushed();
"""
UNDO = "DROP TRIGGER leads_user_pushed ON leads_user; DROP FUNCTION leads_user_pushed;"


class Migration(migrations.Migration):
    dependencies = [("leads", "0034_push_due_by_trigger")]
    operations = [migrations.RunSQL(NAMES, UNDO)]
