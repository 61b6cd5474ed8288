"""A new encryption key, and every secret sealed with it."""

import json
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser

from leads.outgoing import keyring, sealing
from leads.outgoing.sealing import Sealed


class Command(BaseCommand):
    help = "Make a new encryption key and seal every secret with it. Old keys still open what they sealed."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--keep", action="store_true", help="no new key: seal with the first there is")
        parser.add_argument("--forget", action="store_true", help="then drop the old keys, if all could be sealed anew")
        parser.add_argument("--json", action="store_true", help="one JSON object")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if not options["keep"]:
                keyring.add()
            sealed, unreadable = _seal_all_again()
            forgotten = keyring.forget_old() if options["forget"] and not unreadable else 0
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from None
        result = {"sealed": sealed, "unreadable": unreadable, "forgotten": forgotten}
        lines = f"{sealed} sealed anew, {unreadable} unreadable, {forgotten} old keys dropped"
        self.stdout.write(json.dumps(result) if options["json"] else lines)
        if unreadable:
            raise CommandError("Some secrets cannot be read: encryption_audit lists them; enter them again.")


def _seal_all_again() -> tuple[int, int]:
    sealed = unreadable = 0
    for row, name in sealing.rows():
        if sealing.seal_again(row, name):
            sealed += 1
            continue
        now = type(row)._base_manager.filter(pk=row.pk).values_list(name, flat=True).first()
        unreadable += isinstance(now, Sealed) and now == getattr(row, name)
    return sealed, unreadable
