"""The Celery app and the whole timetable.

A message only wakes a worker: every job below is a query for rows that are due, so a lost message, a second
scheduler or none at all delays work and never loses or doubles it.
"""

import os
import time
import warnings
from contextlib import suppress

from celery import Celery, signals
from celery.beat import BeatLazyFunc
from kombu.entity import Queue
from kombu.exceptions import OperationalError

from leadscore.processes import die_with_parent

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadscore.settings")

# Celery's five lines about running as root; `manage.py up` says it in one.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")

app = Celery("leadscore")
app.set_default()  # else only the thread that imported this would send to our broker
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Heartbeats have their own queue, so that a long line of work is not taken for a dead worker (leadscore/health.py).
app.conf.task_queues = [Queue("celery"), Queue("heartbeat")]
app.conf.task_routes = {"leadscore.heartbeat": {"queue": "heartbeat"}}

# Seconds between runs. Nothing runs "at :00": periods are counted from the start of the scheduler.
app.conf.beat_schedule = {
    "heartbeat": {"task": "leadscore.heartbeat", "schedule": 15.0, "args": [BeatLazyFunc(time.time)]},
    "rescore-due": {"task": "scoring.rescore_due", "schedule": 5.0},
    "run-publications": {"task": "scoring.run_publications", "schedule": 11.0},
    "check-health": {"task": "scoring.check_health", "schedule": 127.0},
    "watch-experiments": {"task": "scoring.watch_experiments", "schedule": 173.0},
    "draw-control": {"task": "scoring.draw_control", "schedule": 311.0},
    "publish-scheduled": {"task": "scoring.publish_scheduled", "schedule": 31.0},
    "run-learnings": {"task": "scoring.run_learnings", "schedule": 17.0},
    "count-suggestions": {"task": "scoring.count_suggestions", "schedule": 67.0},
    "calibrate": {"task": "scoring.calibrate", "schedule": 61.0},
    "run-previews": {"task": "scoring.run_previews", "schedule": 13.0},
    "run-imports": {"task": "leads.run_imports", "schedule": 20.0},
    "run-rules": {"task": "leads.run_rules", "schedule": 7.0},
    "deliver": {"task": "leads.deliver", "schedule": 5.0},
    "prune-outbox": {"task": "leads.prune_outbox", "schedule": 3607.0},
    "check-quality": {"task": "leads.check_quality", "schedule": 7.0},
    "fill-nurture": {"task": "leads.fill_nurture", "schedule": 307.0},
    "follow-up": {"task": "leads.follow_up", "schedule": 29.0},
    "forget-tries": {"task": "leads.forget_tries", "schedule": 3613.0},
    "forget-files": {"task": "leads.forget_files", "schedule": 3607.0},
    "count-quality": {"task": "leads.count_quality", "schedule": 293.0},
    "find-duplicates": {"task": "leads.find_duplicates", "schedule": 9.0},
    "count-summaries": {"task": "reports.count_summaries", "schedule": 31.0},
    "forecast": {"task": "reports.forecast", "schedule": 61.0},
    "send-digests": {"task": "reports.send_digests", "schedule": 311.0},
    "run-syncs": {"task": "leads.run_syncs", "schedule": 10.0},
    "prune-syncs": {"task": "leads.prune_syncs", "schedule": 3623.0},
    "prune-tracking": {"task": "leads.prune_tracking", "schedule": 61.0},
}


# What the pages of a new installation wait for.
AT_ONCE = ("reports.count_summaries", "scoring.check_health", "reports.forecast")


@signals.beat_init.connect
def first_of_all(**_: object) -> None:
    """Without this these would come after a whole period, and a new installation look unwell or empty until then."""
    with suppress(OperationalError):
        app.send_task("leadscore.heartbeat", args=[time.time()])
        for name in AT_ONCE:
            app.send_task(name, ignore_result=True)


@signals.worker_process_init.connect
def end_with_the_worker(**_: object) -> None:
    die_with_parent()
