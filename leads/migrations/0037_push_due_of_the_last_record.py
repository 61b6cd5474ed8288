"""Of a lead with several records in the CRM one is sent the address: when a record is gone, or is another lead's, those
that are left are looked at again (docs/decisions/0043-what-is-owed-to-a-crm-is-a-row.md).
"""

from django.db import migrations

LINK = """
CREATE OR REPLACE FUNCTION leads_link_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lead_id IS NULL OR NEW.gone_at IS NOT NULL THEN
        DELETE FROM leads_pushdue WHERE link_id = NEW.id;
    END IF;
    PERFORM leadscore_push_due(ARRAY[OLD.lead_id, NEW.lead_id]);
    RETURN NULL;
END $$;
"""
BEFORE = """
CREATE OR REPLACE FUNCTION leads_link_pushed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.lead_id IS NULL OR NEW.gone_at IS NOT NULL THEN
        DELETE FROM leads_pushdue WHERE link_id = NEW.id;
    ELSE
        PERFORM leadscore_links_due(ARRAY[NEW.id]);
    END IF;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("leads", "0036_left_out")]
    operations = [migrations.RunSQL(LINK, BEFORE)]
