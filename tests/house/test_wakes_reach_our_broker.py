"""Every process that loads Django sends its messages through our Celery app, not through Celery's default one."""

import subprocess
import sys

ASK = "import django; django.setup(); from scoring.tasks import rescore_due; print(rescore_due.app.main)"


def test_a_process_that_only_serves_pages_knows_the_broker() -> None:
    # A process of its own: in this one some other test may have loaded the app.
    done = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["leadscore"], done.stderr
