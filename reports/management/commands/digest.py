"""The week by mail: what somebody would get, or all that is due now."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.models import User
from leads.outgoing.mailing import compose
from reports.digest import digest_of, send_due


class Command(BaseCommand):
    help = "Mail the past week to everybody for whom it is time, as the timetable does. With --preview, show one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--preview", metavar="EMAIL", help="show what this person would get; nothing is sent")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["preview"] is None:
            self.stdout.write(f"{send_due()} mails written")
            return
        user = User.objects.filter(email=options["preview"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with {options['preview']} may sign in.")
        mail = compose("digest", digest_of(user), to=user.email)  # the pictures are not printed
        self.stdout.write(f"To: {user.email}\nSubject: {mail.subject}\n\n{mail.body}")
