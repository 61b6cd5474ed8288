"""Any past standing, counted again from the facts as they were."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from leads.history import as_of_sql
from scoring.engine.evaluate import Result, compiled_for
from scoring.models import Version


def replay(version: Version, lead_ids: Sequence[int], as_of: datetime, *, as_known: bool = False) -> list[Result]:
    """Where the leads stood at that moment by this version: the engine's own SQL over fields and events as of then.

    `as_known` counts only what had been learned by then, so late arrivals and later corrections are left out.
    Leads that did not exist yet are left out of the result.
    """
    compiled = compiled_for((version.pk,))
    past, params = as_of_sql(lead_ids, as_of, as_known=as_known)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH {past} SELECT * FROM ({compiled.sql}) AS r", [*params, *compiled.bound(lead_ids, as_of)])
        return [Result(*row) for row in cursor.fetchall()]
