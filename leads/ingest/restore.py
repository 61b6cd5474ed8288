"""Fields get the values they had before some changes, where nobody has changed them since."""

import json
from collections.abc import Sequence
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection, models

from leads.models import Change

CUSTOM = "fields."
UNIQUE = {"lead": "email", "company": "domain"}


class Restoring:
    """Rows of a model on their way back through `changes` (the latest first). `kept`: (row, its name, field, why)."""

    def __init__(self, model: type[models.Model], key: str, changes: Sequence[Change]):
        self.kept: list[tuple[int, str, str, str]] = []
        self._model, self._key = model, key
        self._rows = self._locked({getattr(change, f"{key}_id") for change in changes})
        self._before: dict[tuple[int, str], Any] = {}
        for change in changes:
            self._undo(change)

    def write(self) -> int:
        """Put the values on the rows that can take them. How many fields."""
        self._without_missing_relatives()
        self._without_taken_keys()
        if self._before:
            self._update()
        return len(self._before)

    def _locked(self, rows: set[int]) -> dict[int, dict[str, Any]]:
        table = self._model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT id, to_jsonb(t)::text FROM {table} t WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE",
                [sorted(rows)],
            )
            return {pk: json.loads(text) for pk, text in cursor.fetchall()}

    def _undo(self, change: Change) -> None:
        pk, field = getattr(change, f"{self._key}_id"), change.field
        if pk not in self._rows:
            return
        now = self._before[pk, field] if (pk, field) in self._before else self._now(pk, field)
        if now == change.new:
            self._before[pk, field] = change.old
        elif now != change.old:
            self._keep(pk, field, "It was changed since.")

    def _now(self, pk: int, field: str) -> Any:
        row = self._rows[pk]
        return row["fields"].get(field.removeprefix(CUSTOM)) if field.startswith(CUSTOM) else row.get(field)

    def _keep(self, pk: int, field: str, why: str) -> None:
        row = self._rows[pk]
        name = row.get("name") or f"{row.get('first_name', '')} {row.get('last_name', '')}".strip() or row.get("email")
        self.kept.append((pk, str(name or pk)[:200], field, why))

    def _without_missing_relatives(self) -> None:
        """A company, colleague or lead that is not there any more cannot be put back."""
        for field in self._model._meta.concrete_fields:
            if not field.is_relation:
                continue
            wanted = {value for (_, name), value in self._before.items() if name == field.attname and value}
            there = set(
                field.related_model._base_manager.filter(pk__in=wanted).values_list("pk", flat=True)  # type: ignore[union-attr]
            )
            for (pk, name), value in list(self._before.items()):
                if name == field.attname and value and value not in there:
                    self._drop(pk, name, f"Its {field.verbose_name} of before is gone.")

    def _without_taken_keys(self) -> None:
        """An address or domain that another row has by now stays there."""
        name = UNIQUE.get(self._key)
        wanted = {value for (_, field), value in self._before.items() if field == name and value}
        if not wanted:
            return
        holders = self._model._default_manager.filter(**{f"{name}__in": wanted})
        taken = {(team, said): pk for pk, team, said in holders.values_list("pk", "team_id", str(name))}
        for (pk, field), value in list(self._before.items()):
            if field == name and taken.get((self._rows[pk]["team_id"], value), pk) != pk:
                self._drop(pk, field, f"Another {self._key} has the {name} of before by now.")

    def _drop(self, pk: int, field: str, why: str) -> None:
        del self._before[pk, field]
        self._keep(pk, field, why)

    def _update(self) -> None:
        values: dict[int, dict[str, Any]] = {}
        for (pk, field), value in self._before.items():
            row = values.setdefault(pk, {})
            if field.startswith(CUSTOM):
                custom = row.setdefault("fields", dict(self._rows[pk]["fields"]))
                custom.pop(field.removeprefix(CUSTOM), None)
                if value is not None:
                    custom[field.removeprefix(CUSTOM)] = value
            else:
                row[field] = value
        columns = sorted({column for row in values.values() for column in row})
        table = self._model._meta.db_table
        with connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} t SET {', '.join(f'{column} = r.{column}' for column in columns)}"
                " FROM jsonb_to_recordset(%s::jsonb) AS v(id bigint, said jsonb)"
                f" JOIN {table} o ON o.id = v.id, LATERAL jsonb_populate_record(o, v.said) r WHERE t.id = v.id",
                [json.dumps([{"id": pk, "said": row} for pk, row in values.items()], cls=DjangoJSONEncoder)],
            )
