"""Secrets at rest: sealed in their column, bound to their row, shown only by their last four characters.

    class Endpoint(models.Model):
        secret = SealedField()

    put(endpoint, "secret", "whsec_…")   # the row must be saved: what is sealed belongs to its primary key
    read(endpoint, "secret")             # the text; "" where there is none; raises Unreadable
    endpoint.secret.hint                 # "••••ab12", without any key

A sealed text copied into another row or column cannot be read there.
"""

import json
from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.exceptions import ImproperlyConfigured
from django.db import models

from leads.outgoing import keyring

MARK = "sealed1"
SHOWN = 4
LONG_ENOUGH = 16  # of a shorter secret four characters would tell too much


class Unreadable(Exception):
    """The key is lost or another one, or the text was sealed for another row. Somebody has to enter it again."""

    def __init__(self) -> None:
        super().__init__("It cannot be read with the present keys: enter it again.")


class Sealed(str):
    """What stands in the column: a mark, the last characters, and the encrypted text."""

    @property
    def hint(self) -> str:
        """How people see it; empty where there is none."""
        return f"••••{self.split('.')[1]}" if self.startswith(f"{MARK}.") else "••••" if self else ""


class SealedField(models.TextField):
    """A column that holds sealed texts only, or nothing. Written by `put`."""

    def __init__(self, **given: Any):
        options: dict[str, Any] = {"blank": True, "default": "", "editable": False} | given
        super().__init__(**options)

    def from_db_value(self, value: Any, *_: Any) -> Sealed:
        return Sealed(value or "")

    def get_prep_value(self, value: Any) -> str:
        if value and not str(value).startswith(f"{MARK}."):
            raise ValueError(f"{self.name} takes what leads.outgoing.sealing sealed, never the secret itself.")
        return str(value or "")


def put(row: models.Model, name: str, text: str) -> None:
    """Seal the text into that column of the saved row; "" empties it."""
    value = seal(text, _place(row, name)) if text else Sealed()
    setattr(row, name, value)
    type(row)._base_manager.filter(pk=row.pk).update(**{name: value})


def read(row: models.Model, name: str) -> str:
    """The secret of that column; "" where there is none. Raises Unreadable."""
    sealed = getattr(row, name)
    return unseal(sealed, _place(row, name)) if sealed else ""


def is_readable(row: models.Model, name: str) -> bool:
    """Whether `read` would answer. Pages ask it, and say "enter it again" where not."""
    try:
        read(row, name)
    except Unreadable:
        return False
    return True


def seal(text: str, place: str) -> Sealed:
    """The text encrypted with the first key, for that place only."""
    token = keyring.ring().encrypt(json.dumps([place, text]).encode()).decode()
    shown = text[-SHOWN:].replace(".", "") if len(text) >= LONG_ENOUGH else ""
    return Sealed(f"{MARK}.{shown}.{token}")


def unseal(sealed: str, place: str) -> str:
    """What `seal` was given. Raises Unreadable, also where no key can be had."""
    try:
        where, text = json.loads(keyring.ring().decrypt(sealed.rpartition(".")[2].encode()))
    except (InvalidToken, ImproperlyConfigured, ValueError):
        raise Unreadable from None
    if where != place:
        raise Unreadable
    return str(text)


def rows() -> Iterator[tuple[models.Model, str]]:
    """Every sealed value of the installation: the row and the name of its column."""
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, SealedField):
                for row in model._base_manager.exclude(**{field.name: ""}).iterator():
                    yield row, field.name


def seal_again(row: models.Model, name: str) -> bool:
    """Seal with the first key what any key opens. False: unreadable, or changed meanwhile and so sealed anew."""
    before = getattr(row, name)
    try:
        value = seal(read(row, name), _place(row, name))
    except Unreadable:
        return False
    return bool(type(row)._base_manager.filter(pk=row.pk, **{name: before}).update(**{name: value}))


def _place(row: models.Model, name: str) -> str:
    if row.pk is None:
        raise ValueError("Save the row first: a secret is bound to its primary key.")
    return f"{row._meta.label_lower}:{row.pk}:{name}"
