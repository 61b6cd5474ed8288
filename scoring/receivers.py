from typing import Any

from django.dispatch import receiver

from leads.signals import leads_due
from leads.wake import wake


@receiver(leads_due, dispatch_uid="scoring.wake_the_scorer")
def wake_the_scorer(**_: Any) -> None:
    from scoring.tasks import rescore_due

    wake(rescore_due)
