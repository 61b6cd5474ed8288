"""Work in the background. A message only wakes: each task looks for rows that are due."""

from celery import shared_task

from leads.wake import wake
from reports.digest import send_due
from reports.forecast import store
from reports.summaries import count_due


@shared_task(name="reports.send_digests")
def send_digests() -> None:
    """The past week, by mail, to whoever has had their Monday morning."""
    send_due()


@shared_task(name="reports.count_summaries")
def count_summaries() -> None:
    """What changed since the last count, into the figures of the reports."""
    count_due()


@shared_task(name="reports.forecast")
def forecast() -> None:
    """Count what the forecast rests on when it is asked for or old; keep the forecast of months that have begun."""
    store.ask_when_old()
    store.run_asked()
    due = store.record_due()
    if due and store.keep(due[-1]) and len(due) > 1:
        wake(forecast)
