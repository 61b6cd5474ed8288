"""The benchmarks fill a database past the models: a column that is added must not break them unseen."""

import pytest
from django.db import connection

from bench.database import fill
from leads.models import Event, Lead, Standing


def indexes() -> list[tuple[str, str]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE tablename LIKE 'leads_%' ORDER BY 1")
        return cursor.fetchall()


@pytest.mark.django_db(transaction=True)
def test_a_database_is_filled_and_left_as_it_was() -> None:
    before = indexes()
    fill(200, events_per_lead=3)
    assert (Lead.objects.count(), Standing.objects.due().count(), Event.objects.count()) == (200, 200, 600)
    assert indexes() == before
    lead = Lead.objects.earliest("pk")
    Lead.objects.create(team=lead.team)  # triggers are back
    assert Standing.objects.count() == 201
