"""Work in the background, as in leads/tasks.py: a message only wakes, and each task looks for rows that are due."""

from time import monotonic

from celery import shared_task

from leads.wake import wake
from scoring import health, likelihood, pipeline, publishing, scheduling
from scoring.control.draw import draw_due
from scoring.experiments import guards, looks
from scoring.learning import job as learning
from scoring.models import Publication
from scoring.preview import job
from scoring.suggestions import counting

# Well under the time limit of a task; what is left is still due and the next run finds it.
SECONDS = 60


@shared_task(name="scoring.rescore_due")
def rescore_due() -> None:
    until = monotonic() + SECONDS
    while pipeline.rescore_due():
        if monotonic() > until:
            wake(rescore_due)
            return


@shared_task(name="scoring.check_health")
def check_health() -> None:
    health.refresh_due()


@shared_task(name="scoring.publish_scheduled")
def publish_scheduled() -> None:
    if scheduling.publish_scheduled():
        wake(run_publications)


@shared_task(name="scoring.watch_experiments")
def watch_experiments() -> None:
    looks.take_due()
    guards.watch_due()


@shared_task(name="scoring.draw_control")
def draw_control() -> None:
    draw_due()


@shared_task(name="scoring.run_publications")
def run_publications() -> None:
    until = monotonic() + SECONDS
    for publication in Publication.objects.filter(finished_at__isnull=True):
        while publishing.run(publication):
            if monotonic() > until:
                wake(run_publications)
                return
        wake(check_health)


@shared_task(name="scoring.run_previews")
def run_previews() -> None:
    until = monotonic() + SECONDS
    for preview in job.waiting():
        if job.run(preview, lambda: monotonic() > until):
            wake(run_previews)
            return


@shared_task(name="scoring.run_learnings")
def run_learnings() -> None:
    """One at a time: it takes a minute or two, and the next run finds what waits."""
    learning.ask_due()
    if waiting := learning.waiting().first():
        learning.run(waiting)


@shared_task(name="scoring.calibrate")
def calibrate() -> None:
    likelihood.calibrate_due()


@shared_task(name="scoring.count_suggestions")
def count_suggestions() -> None:
    counting.count_due()
