"""How far the outbox is behind: what waits, for how long, and what was given up."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min
from django.utils import timezone

from leads.keyset import capped_count
from leads.models import Effect, Lane

LATE = timedelta(minutes=10)


@dataclass(frozen=True)
class Backlog:
    """`waiting` and `dead`: 10,001 stands for more. `oldest`: since when the first one not yet tried is due."""

    waiting: int
    dead: int
    oldest: datetime | None
    resting: list[Lane]

    @property
    def late(self) -> bool:
        """Something was not even tried for ten minutes, and no lane of it rests: the workers are behind or gone."""
        return self.oldest is not None and timezone.now() - self.oldest > LATE

    @property
    def lag(self) -> int:
        """Seconds that the oldest waits."""
        return round((timezone.now() - self.oldest).total_seconds()) if self.oldest else 0


def backlog() -> Backlog:
    """A few small queries over partial indexes."""
    now = timezone.now()
    resting = list(Lane.objects.filter(failures__gt=0).order_by("-failures", "name")[:20])
    due = Effect.objects.waiting().filter(due_at__lte=now).exclude(lane__in=Lane.objects.filter(failures__gt=0))
    return Backlog(
        waiting=capped_count(Effect.objects.waiting()),
        dead=capped_count(Effect.objects.dead()),
        oldest=due.aggregate(oldest=Min("due_at"))["oldest"],
        resting=resting,
    )
