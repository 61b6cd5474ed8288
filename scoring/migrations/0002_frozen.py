"""Published is frozen, and the past is not rewritten: the database refuses both."""

from django.db import migrations

FREEZE = """
CREATE FUNCTION scoring_version_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a published version is frozen: publish a new one';
END $$;
CREATE TRIGGER scoring_version_frozen BEFORE UPDATE ON scoring_version FOR EACH ROW
    WHEN ((OLD.model_id, OLD.number, OLD.definition, OLD.published_at)
          IS DISTINCT FROM (NEW.model_id, NEW.number, NEW.definition, NEW.published_at))
    EXECUTE FUNCTION scoring_version_frozen();

CREATE FUNCTION scoring_entry_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the history of a standing is append-only';
END $$;
CREATE TRIGGER scoring_entry_kept BEFORE UPDATE ON scoring_entry FOR EACH ROW EXECUTE FUNCTION scoring_entry_kept();
"""

UNDO = """
DROP TRIGGER scoring_version_frozen ON scoring_version;
DROP TRIGGER scoring_entry_kept ON scoring_entry;
DROP FUNCTION scoring_version_frozen, scoring_entry_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("scoring", "0001_initial")]
    operations = [migrations.RunSQL(FREEZE, UNDO)]
