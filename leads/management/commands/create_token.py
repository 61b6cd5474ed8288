"""manage.py create_token --user E --scope S: a key of the REST API."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.models import ApiToken, User


class Command(BaseCommand):
    help = "Makes a token of the REST API. It acts as its user; the secret is shown once, on the last line."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--user", required=True, help="The person it acts as, by e-mail address.")
        parser.add_argument("--scope", choices=[ApiToken.READ, ApiToken.WRITE], default=ApiToken.READ)
        parser.add_argument("--name", default="", help="What it is for.")
        parser.add_argument("--days", type=int, default=365, help="How long it is valid.")

    def handle(self, *args: Any, **options: Any) -> None:
        user = User.objects.filter(email=options["user"].strip().lower(), is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody signs in as {options['user']}. Create the person first, in the admin.")
        if not 1 <= options["days"] <= ApiToken.MOST_DAYS:
            raise CommandError(f"--days: give 1 to {ApiToken.MOST_DAYS}.")
        token, secret = ApiToken.issue(user, scope=options["scope"], name=options["name"][:100], days=options["days"])
        self.stderr.write(f"{token.get_scope_display()} as {user}, until {token.expires_at:%Y-%m-%d}. Keep it safe:")
        self.stdout.write(secret)
