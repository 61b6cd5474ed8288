"""How many leads a week sales can work."""

from dataclasses import dataclass

from leads.enums import Role
from leads.models import Membership


@dataclass(frozen=True)
class SalesCapacity:
    """`leads` a week that `reps` with a limit can work together; `unlimited` reps gave none. Company-wide."""

    leads: int
    reps: int
    unlimited: int

    @property
    def known(self) -> bool:
        return self.reps > 0 and not self.unlimited


def sales_capacity() -> SalesCapacity:
    """Of the active reps that are given leads: weight 0 is given none. One query."""
    reps = Membership.objects.filter(role=Role.REP, user__is_active=True, weight__gt=0)
    limits = list(reps.values_list("weekly_capacity", flat=True))
    known = [limit for limit in limits if limit is not None]
    return SalesCapacity(sum(known), len(known), len(limits) - len(known))
