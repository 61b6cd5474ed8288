"""Whether every secret is sealed, and can be read."""

import json
from collections import Counter
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import models

from leads.outgoing import keyring, sealing

STATES = ("current", "older_key", "unreadable", "plaintext")


class Command(BaseCommand):
    help = "Count the secrets sealed with the current key, with an older one, unreadable, and not sealed at all."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        found = [(state_of(row, name), row, name) for row, name in sealing.rows()]
        counts = Counter(state for state, _, _ in found)
        result = {state: counts[state] for state in STATES}
        if options["json"]:
            self.stdout.write(json.dumps(result))
        else:
            self.stdout.write(", ".join(f"{count} {state.replace('_', ' ')}" for state, count in result.items()))
            for state, row, name in found:
                if state in ("unreadable", "plaintext"):
                    self.stdout.write(f"{state}: {name} of {row._meta.verbose_name} {row.pk}")
        if result["plaintext"] or result["unreadable"]:
            raise CommandError("Not every secret is sealed and readable.")


def state_of(row: models.Model, name: str) -> str:
    """One of STATES."""
    sealed = getattr(row, name)
    if not sealed.startswith(f"{sealing.MARK}."):
        return "plaintext"
    if not sealing.is_readable(row, name):
        return "unreadable"
    try:
        Fernet(keyring.keys()[0]).decrypt(sealed.rpartition(".")[2].encode())
    except (InvalidToken, ImproperlyConfigured):
        return "older_key"
    return "current"
