#!/usr/bin/env python
"""The command line. Every command works beside a running `make run`; alone, it brings the embedded servers itself."""

import os
import sys

# These need no database, or (up) start the servers with more words.
WITHOUT_SERVERS = {"up", "help", "version", "check", "collectstatic", "findstatic", "diffsettings", "spectacular"}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "leadscore.settings")
    if sys.version_info < (3, 11):  # noqa: UP036 - an older one is told so here
        sys.exit("leadscore: Python 3.11 or later is needed.")
    try:
        from django.core.exceptions import ImproperlyConfigured
        from django.core.management import execute_from_command_line

        from leadscore.embedded.sharing import servers
    except ImportError as error:
        sys.exit(f"leadscore: this Python has no {error.name}: start with `make run`, then use .venv/bin/python.")
    command = sys.argv[1] if len(sys.argv) > 1 else "help"
    try:
        if command in WITHOUT_SERVERS or command.startswith("-") or "--help" in sys.argv:
            execute_from_command_line(sys.argv)
        else:
            with servers():
                execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(f"leadscore: {error}")


if __name__ == "__main__":
    main()
