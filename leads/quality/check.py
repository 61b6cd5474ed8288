"""Looking at what is new: a page of unchecked facts at a time."""

from django.db import transaction

from leads.models import Unchecked
from leads.quality.problems import look
from leads.quality.quarantine import judge
from leads.retry import retried

PAGE = 500


@retried
@transaction.atomic
def check_page(size: int = PAGE) -> int:
    """Look at the oldest unchecked facts that nobody else looks at. Returns how many there were."""
    rows = list(Unchecked.objects.select_for_update(skip_locked=True).order_by("pk")[:size])
    since: dict[int, int] = {}
    look({row.lead for row in rows if row.lead}, {row.company for row in rows if row.company})
    for row in rows:
        if row.lead is not None and row.since is not None:
            since[row.lead] = min(row.since, since.get(row.lead, row.since))
    judge(since)
    Unchecked.objects.filter(pk__in=[row.pk for row in rows]).delete()
    return len(rows)
