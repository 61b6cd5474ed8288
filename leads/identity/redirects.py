"""Where a lead is now. A merged lead points to the one it became part of, and that one perhaps to the next.

No circle can come about: a lead is only ever merged into one that is itself not merged, with both locked.
"""

from collections.abc import Iterable

from django.db import connection

from leads.models import Lead

_FOLLOW = """
WITH RECURSIVE way AS (
    SELECT id AS asked, id, merged_into_id FROM leads_lead WHERE id = ANY(%s)
    UNION
    SELECT way.asked, l.id, l.merged_into_id FROM way JOIN leads_lead l ON l.id = way.merged_into_id
)
SELECT asked, id FROM way WHERE merged_into_id IS NULL
"""

_BROUGHT = """
WITH RECURSIVE came AS (
    SELECT id FROM leads_lead WHERE id = %s
    UNION
    SELECT l.id FROM came JOIN leads_lead l ON l.merged_into_id = came.id
)
SELECT id FROM came ORDER BY id
"""


def current_id(lead_id: int) -> int:
    """The lead that this one is part of now: itself, unless it was merged. An unknown id is answered as it is."""
    return current_ids([lead_id]).get(lead_id, lead_id)


def current_ids(lead_ids: Iterable[int]) -> dict[int, int]:
    """{id asked for: id of the lead it is now}, of those that exist. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_FOLLOW, [list(lead_ids)])
        return dict(cursor.fetchall())


def lock_current(lead_ids: Iterable[int]) -> dict[int, Lead]:
    """{id asked for: the lead it is now}, locked in order of id until the end of the transaction.

    A merge, or its undoing, that came first is followed; one that comes later waits. Ids not there are left out.
    """
    asked: set[int] = set(lead_ids)
    held: dict[int, Lead] = {}
    while asked:
        now = current_ids(asked)
        found = Lead.objects.filter(pk__in={*now.values()}).order_by("pk").select_for_update(no_key=True).in_bulk()
        followed = {pk for pk, current in now.items() if pk != current}
        still = current_ids(followed) if followed else {}
        held |= {
            pk: found[to] for pk, to in now.items() if to in found and still.get(pk, pk if pk == to else None) == to
        }
        asked = now.keys() - held.keys()  # merged or parted while we waited for the lock: once more
    return held


def merged_into(lead_id: int) -> list[int]:
    """The lead and all that are part of it, by id."""
    with connection.cursor() as cursor:
        cursor.execute(_BROUGHT, [lead_id])
        return [row[0] for row in cursor.fetchall()]
