"""The timetable and the tasks know each other."""

from leadscore.celery import app


def test_every_job_of_the_timetable_is_a_task():
    app.loader.import_default_modules()
    jobs = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert jobs - set(app.tasks) == set()


def test_tasks_have_names_of_their_own():
    """A name like scoring.rescore_due stays when the function moves; a dotted path would not."""
    app.loader.import_default_modules()
    names = [name for name in app.tasks if not name.startswith("celery.")]
    assert [name for name in names if name.count(".") != 1] == []
