"""How many leads a rep is given: share, most in a week, working hours."""

from typing import Any

from django.db import transaction

from leads.models import Membership
from leads.retry import retried

SAID = ("weight", "weekly_capacity", "week")


@retried
def set_capacity(member: Membership, **values: Any) -> None:
    """Set some of SAID. Turns that are being counted meanwhile keep their count: only what was said is written."""
    said = {name: values[name] for name in SAID if name in values}
    with transaction.atomic():
        row = Membership.objects.filter(pk=member.pk)
        row.hold()
        row.update(**said)
    for name, value in said.items():
        setattr(member, name, value)
