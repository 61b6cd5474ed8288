"""A connection as commands name it."""

from django.core.management.base import CommandError

from leads.models import Connection


def connection_named(name: str) -> Connection:
    """By slug, else by number. Raises CommandError with those there are."""
    found = Connection.objects.filter(slug=name).first()
    if found is None and name.isdecimal():
        found = Connection.objects.filter(pk=int(name[:18])).first()
    if found is None:
        there = ", ".join(Connection.objects.values_list("slug", flat=True)) or "none yet"
        raise CommandError(f"No connection {name!r}. There are: {there}.")
    return found
