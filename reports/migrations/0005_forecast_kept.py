"""A forecast kept for a month is never changed: the record would be worth nothing."""

from django.db import migrations

KEEP = """
CREATE FUNCTION reports_forecast_kept() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a forecast that was kept for a month is not changed';
END $$;
CREATE TRIGGER reports_forecast_kept BEFORE UPDATE ON reports_teamforecast FOR EACH ROW
    WHEN (OLD.month IS NOT NULL) EXECUTE FUNCTION reports_forecast_kept();
"""

UNDO = """
DROP TRIGGER reports_forecast_kept ON reports_teamforecast;
DROP FUNCTION reports_forecast_kept;
"""


class Migration(migrations.Migration):
    dependencies = [("reports", "0004_forecast")]
    operations = [migrations.RunSQL(KEEP, UNDO)]
