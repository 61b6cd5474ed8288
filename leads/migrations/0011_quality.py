"""What quality has to look at is written with the fact, by triggers, so that no way in can forget it."""

import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

UNCHECKED = """
CREATE FUNCTION leads_unchecked_events() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_unchecked (lead, since) SELECT lead_id, min(day) FROM new_rows GROUP BY lead_id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_events AFTER INSERT ON leads_event
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_events();

CREATE FUNCTION leads_unchecked_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_unchecked (lead, since)
    SELECT n.lead_id, min(n.day) FROM new_rows n JOIN old_rows o USING (id)
     WHERE n.lead_id <> o.lead_id GROUP BY n.lead_id;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_moved AFTER UPDATE ON leads_event
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_moved();

CREATE FUNCTION leads_unchecked_leads() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_unchecked (lead) SELECT id FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_leads AFTER INSERT ON leads_lead
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_leads();

CREATE FUNCTION leads_unchecked_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_unchecked (lead)
    SELECT n.id FROM new_rows n JOIN old_rows o USING (id)
     WHERE (n.email, n.title, n.seniority, n.department, n.phone, n.country, n.company_id)
           IS DISTINCT FROM (o.email, o.title, o.seniority, o.department, o.phone, o.country, o.company_id);
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_changed AFTER UPDATE ON leads_lead
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_changed();

CREATE FUNCTION leads_unchecked_companies() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO leads_unchecked (company) SELECT id FROM new_rows;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_companies AFTER INSERT ON leads_company
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_companies();

CREATE FUNCTION leads_unchecked_employers() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    WITH changed AS (
        SELECT n.id, n.domain IS DISTINCT FROM o.domain AS moved FROM new_rows n JOIN old_rows o USING (id)
         WHERE (n.domain, n.country, n.industry) IS DISTINCT FROM (o.domain, o.country, o.industry)
    )
    INSERT INTO leads_unchecked (company, lead)
    SELECT id, NULL FROM changed
    UNION ALL
    SELECT NULL, l.id FROM leads_lead l JOIN changed c ON c.id = l.company_id AND c.moved;
    RETURN NULL;
END $$;
CREATE TRIGGER leads_unchecked_employers AFTER UPDATE ON leads_company
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows
    FOR EACH STATEMENT EXECUTE FUNCTION leads_unchecked_employers();

INSERT INTO leads_unchecked (lead, since)
SELECT l.id, (SELECT min(day) FROM leads_event e WHERE e.lead_id = l.id) FROM leads_lead l ORDER BY l.id;
INSERT INTO leads_unchecked (company) SELECT id FROM leads_company ORDER BY id;
"""

UNDO = """
DROP TRIGGER leads_unchecked_events ON leads_event;
DROP TRIGGER leads_unchecked_moved ON leads_event;
DROP TRIGGER leads_unchecked_leads ON leads_lead;
DROP TRIGGER leads_unchecked_changed ON leads_lead;
DROP TRIGGER leads_unchecked_companies ON leads_company;
DROP TRIGGER leads_unchecked_employers ON leads_company;
DROP FUNCTION leads_unchecked_events, leads_unchecked_moved, leads_unchecked_leads, leads_unchecked_changed,
    leads_unchecked_companies, leads_unchecked_employers;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("leads", "0010_outbox"),
    ]

    operations = [
        migrations.CreateModel(
            name="Unchecked",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("lead", models.BigIntegerField(null=True)),
                ("company", models.BigIntegerField(null=True)),
                ("since", models.IntegerField(null=True)),
            ],
            options={
                "verbose_name_plural": "unchecked",
            },
        ),
        migrations.CreateModel(
            name="Quarantine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "rule",
                    models.CharField(
                        choices=[
                            ("trap", "Opened a link that people do not see"),
                            ("agent", "A known robot or mail scanner"),
                            ("burst", "Many links within seconds"),
                            ("instant", "Clicked at the moment of delivery, nothing followed"),
                            ("hand", "Taken out by hand"),
                        ],
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=django.utils.timezone.now)),
                ("released_at", models.DateTimeField(null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "event",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="quarantines", to="leads.event"
                    ),
                ),
                (
                    "released_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("released_at", None)), fields=("event",), name="one_quarantine_at_a_time"
                    )
                ],
            },
        ),
        migrations.RunSQL(UNCHECKED, UNDO),
    ]
