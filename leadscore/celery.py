"""The Celery app and the whole timetable.

A message only wakes a worker: every job below is a query for rows that are due, so a lost message, a second
scheduler or none at all delays work and never loses or doubles it.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadscore.settings")

app = Celery("leadscore")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

# Seconds between runs. Nothing runs "at :00": periods are counted from the start of the scheduler.
app.conf.beat_schedule = {
    "heartbeat": {"task": "leads.heartbeat", "schedule": 15.0},
    "rescore-due": {"task": "scoring.rescore_due", "schedule": 5.0},
    "run-imports": {"task": "leads.run_imports", "schedule": 20.0},
    "expire-handoffs": {"task": "leads.expire_handoffs", "schedule": 300.0},
}
