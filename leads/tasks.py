"""Work in the background. A message only wakes: each task looks for rows that are due."""

from time import monotonic

from celery import shared_task

from leads.crm.sync import runner
from leads.identity import finding
from leads.ingest import job, retention
from leads.ingest.tracking.stream import prune
from leads.outgoing import delivery
from leads.people import throttle
from leads.quality import check, problems, summary
from leads.rules import acting, passes
from leads.selling import escalation, nurture
from leads.selling.waiting import assign_waiting
from leads.wake import wake

# Well under the time limit of a task; the next run finds the rest.
SECONDS = 60


@shared_task(name="leads.run_imports")
def run_imports() -> None:
    """Files that wait, or whose worker died. A long one is taken in slices, so that no task is long."""
    if job.run_due() and job.is_waiting():
        wake(run_imports)


@shared_task(name="leads.forget_files")
def forget_files() -> None:
    """Files that were imported long ago."""
    while retention.forget_files():
        pass


@shared_task(name="leads.prune_tracking")
def prune_tracking() -> None:
    """The event debugger's stream, and visitors who never said who they are."""
    prune()


@shared_task(name="leads.deliver")
def deliver() -> None:
    """Bring out what the outbox has: mails, webhooks, messages to Slack."""
    if delivery.deliver_due() and delivery.is_due():
        wake(deliver)


@shared_task(name="leads.prune_outbox")
def prune_outbox() -> None:
    """What was delivered long ago."""
    delivery.prune()


@shared_task(name="leads.check_quality")
def check_quality() -> None:
    """Facts that quality has not looked at yet: robots, contradictions."""
    until = monotonic() + SECONDS
    while check.check_page():
        if monotonic() > until:
            wake(check_quality)
            return


@shared_task(name="leads.count_quality")
def count_quality() -> None:
    """What time alone makes wrong, and the figures of the data quality page."""
    problems.sweep()
    summary.count_due()


@shared_task(name="leads.follow_up")
def follow_up() -> None:
    """Reminders, escalations and what follows when a promise is due; and who gets what waited for room."""
    escalation.run_due()
    assign_waiting()


@shared_task(name="leads.fill_nurture")
def fill_nurture() -> None:
    """Onto nurture lists comes who belongs there by label or segment."""
    nurture.fill()


@shared_task(name="leads.run_rules")
def run_rules() -> None:
    """Ask all leads for the rules that are due for it, and do what crossings call for."""
    left = passes.run_due(SECONDS)
    acting.act()
    if left:
        wake(run_rules)


@shared_task(name="leads.find_duplicates")
def find_duplicates() -> None:
    """Leads that are new or known by something else than before are compared; teams' rules merge what is sure."""
    until = monotonic() + SECONDS
    while finding.check_due() and monotonic() < until:
        pass
    finding.merge_sure()


@shared_task(name="leads.run_syncs")
def run_syncs() -> None:
    """CRMs that are due: what changed there and what changed here."""
    if runner.run_due() and runner.is_due():
        wake(run_syncs)


@shared_task(name="leads.prune_syncs")
def prune_syncs() -> None:
    """What webhooks told of and what was synced long ago."""
    runner.prune()


@shared_task(name="leads.forget_tries")
def forget_tries() -> None:
    """How often somebody tried to sign in, once it no longer counts."""
    throttle.forget_old()
