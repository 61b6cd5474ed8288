"""The database that the workers of a run copy theirs from, so that the migrations run once.

`python -m tests.template NAME` makes it, while the workers are still collecting.
"""

import gc
import os
import subprocess
import sys

import psycopg

NAME = f"template_of_tests_{os.getpid()}"
VARIABLE = "TEST_TEMPLATE"  # its name; tests/settings.py reads it


def begin() -> subprocess.Popen[bytes]:
    """Begin to make it. Workers that are started from now on copy it; they may when the process has ended well."""
    making = subprocess.Popen([sys.executable, "-m", "tests.template", NAME])
    os.environ[VARIABLE] = NAME
    return making


def drop(making: subprocess.Popen[bytes]) -> None:
    """When it has ended, also where no test came so far: what is only being made would stay behind."""
    making.wait()
    from django.db import connection  # settings are read when the servers run

    there = connection.get_connection_params() | {"dbname": "postgres"}
    with psycopg.connect(**there, autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")


def make(name: str) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    import django
    from django.db import connection

    django.setup()
    gc.disable()  # migrating makes and forgets thousands of models: looking for them takes a quarter of the time
    connection.settings_dict["TEST"]["NAME"] = name
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    connection.close()


if __name__ == "__main__":
    make(sys.argv[1])
