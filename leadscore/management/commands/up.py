"""Everything in one process tree: `make run` calls this."""

import os
import signal
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from leadscore import startup
from leadscore.processes import die_with_parent
from leadscore.supervisor import Supervisor, say, wait_until_well

WELL_SECONDS = 60


class Command(BaseCommand):
    help = "Start the database, the broker, web, worker and beat, and keep them running until Ctrl-C."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--with-parent", action="store_true", help="stop when the starting process ends (make run)")

    def handle(self, *, with_parent: bool, **options: Any) -> None:
        if with_parent:
            die_with_parent(signal.SIGTERM)
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.default_int_handler)
        host, port = startup.address()
        url = startup.public_url(host, port)
        with startup.only_one(settings.DATA_DIR, url), startup.listen(host, port) as listener:
            supervisor = Supervisor(settings.DATA_DIR)
            if os.geteuid() == 0:
                say("up", "running as root; on a server, use an ordinary user")
            try:
                supervisor.start_servers()
                startup.prepare(supervisor)
                supervisor.serve(listener)
                states = wait_until_well(supervisor, (host, port), startup.named_host(), seconds=WELL_SECONDS)
                self.greet(url, states)
                while True:
                    supervisor.turn()
            except KeyboardInterrupt:
                self.stdout.write("leadscore is stopping")
            finally:
                supervisor.stop()

    def greet(self, url: str, states: dict[str, str]) -> None:
        unwell = [part for part, state in states.items() if state != "ok"]
        if unwell or not states:
            self.stdout.write(f"leadscore is not well yet: {', '.join(unwell) or 'the web server does not answer'}")
        for line in startup.greeting(url):
            self.stdout.write(line)
        self.stdout.flush()
