"""Who bought before they were a lead says nothing of how long leads take."""

from django.db import migrations

LEFT_OUT = "UPDATE reports_fact SET took = NULL WHERE took < 0"


class Migration(migrations.Migration):
    dependencies = [("reports", "0009_tallies_by_what")]

    operations = [migrations.RunSQL(LEFT_OUT, migrations.RunSQL.noop)]
