"""The first admin from a script, or the way back in when a password is lost."""

import sys
from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from leads.models import User
from leads.people.setup import admin_with_password


class Command(BaseCommand):
    help = "Make an admin, or give an existing person a new password and admin rights."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--password-stdin", action="store_true", required=True, help="read it from standard input")

    def handle(self, *, email: str, **options: Any) -> None:
        password = sys.stdin.readline().rstrip("\r\n")
        try:
            validate_email(email)
            validate_password(password, User(email=email))
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from None
        user, created = admin_with_password(email=email, password=password)
        done = "is the new admin" if created else "is an admin with a new password"
        self.stdout.write(f"{user.email} {done}.")
