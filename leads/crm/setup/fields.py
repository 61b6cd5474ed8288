"""The mapping of fields as people set it: one row for each pair, with what the CRM holds there."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from leads.crm.base import Connector
from leads.crm.control import interrupt
from leads.crm.mapping import IMPORT_KINDS, ONLY_COMES, OUR_FIELDS, PEOPLE
from leads.crm.sync.due import mark
from leads.crm.values import SENDABLE
from leads.crm.words import RemoteField
from leads.enums import CrmKind, Flow, Wins
from leads.ingest.targets import KEEP, NEW, targets_of
from leads.models import Connection, Field, FieldMap

INPUT = {"class": "input"}
COLUMNS = {"theirs": "In the CRM", "ours": "Here", "flow": "Way", "wins": "Wins", "remove": "Remove"}
NOT_BY_FIELD = {"lead", "external_id", "lead_id", KEEP}


@dataclass(frozen=True)
class Choice:
    """What a field of theirs may become here. `comes`, `goes`: the ways it can take."""

    key: str
    label: str
    comes: bool
    goes: bool


def kinds_of(kind: type[Connector]) -> list[tuple[str, str]]:
    """(kind, its name) of what fields are mapped for, people first; owners and activities have none."""
    mapped = sorted((each for each in kind.kinds if each in IMPORT_KINDS), key=lambda each: each not in PEOPLE)
    return [(each, str(CrmKind(each).label)) for each in mapped]


def choices_of(kind: str, own: Sequence[Field] | None = None) -> dict[str, Choice]:
    """What of ours there is for this kind of record, by key: facts first, then what scoring and sales know. `own`: the
    custom fields there are, where they are known already.
    """
    found = {}
    for key, target in targets_of(IMPORT_KINDS[kind], Field.objects.all() if own is None else own).items():
        if key not in NOT_BY_FIELD and not key.startswith(NEW):
            goes = kind not in ONLY_COMES and (key in SENDABLE or key.startswith("fields."))
            found[key] = Choice(key, target.label, comes=True, goes=goes)
    if kind in PEOPLE:
        found |= {key: Choice(key, field.label, comes=False, goes=True) for key, field in OUR_FIELDS.items()}
    return found


class Labels:
    """What people call a field of ours or of theirs, for what logs keep by its key. Two queries, where any is asked."""

    def __init__(self, connections: Iterable[int]):
        self._connections = set(connections)

    @cached_property
    def _by_kind(self) -> dict[str, dict[str, str]]:
        own = list(Field.objects.all())
        return {kind: {key: each.label for key, each in choices_of(kind, own).items()} for kind in IMPORT_KINDS}

    @cached_property
    def _theirs(self) -> dict[tuple[int, str, str], str]:
        pairs = FieldMap.objects.filter(connection__in=self._connections)
        return {(each.connection_id, each.kind, each.theirs): each.ours for each in pairs}

    def of(self, connection: int, kind: str, key: str) -> str:
        """The label; the key itself, where it is no field that is known or mapped."""
        ours, labels = self._theirs.get((connection, kind, key), key), self._by_kind.get(kind, {})
        return labels.get(key) or labels.get(ours, key)


class FieldMapForm(forms.Form):
    """One pair. What is empty on their side is no pair."""

    theirs: forms.Field = forms.CharField(max_length=150, required=False, widget=forms.TextInput(INPUT))
    ours = forms.ChoiceField(required=False, widget=forms.Select(INPUT))
    flow = forms.ChoiceField(choices=[("", "As usual"), *Flow.choices], required=False, widget=forms.Select(INPUT))
    wins = forms.ChoiceField(choices=Wins.choices, initial=Wins.LATEST, required=False, widget=forms.Select(INPUT))
    remove = forms.BooleanField(required=False)

    def __init__(self, *args: Any, choices: Mapping[str, Choice], fields: Sequence[RemoteField] = (),
                 mapped: Sequence[str] = (), **options: Any):  # fmt: skip
        """`mapped`: names that are mapped already; those the CRM does not have (yet) can stay."""
        super().__init__(*args, **options)
        self.choices, self.remote = choices, {each.name: each for each in fields}
        self.fields["ours"].choices = [("", "–"), *((each.key, each.label) for each in choices.values())]  # type: ignore[attr-defined]
        if fields:
            chosen = self.initial.get("theirs")
            listed = [(each.name, _named(each, sample=each.name != chosen)) for each in fields]
            lost = [(name, f"{name}, not there yet") for name in mapped if name not in self.remote]
            self.fields["theirs"] = forms.ChoiceField(
                choices=[("", "–"), *lost, *listed], required=False, widget=forms.Select(INPUT)
            )
        for name, words in COLUMNS.items():
            self.fields[name].widget.attrs["aria-label"] = words

    @property
    def is_ours(self) -> bool:
        """Whether it is the pair of something that scoring or sales know, which only goes there."""
        return self.initial.get("ours") in OUR_FIELDS

    @property
    def there(self) -> RemoteField | None:
        """The field of theirs, if the CRM could be asked."""
        return self.remote.get(self.initial.get("theirs", ""))

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        if said.get("remove") or not (said.get("theirs") or said.get("ours")):
            return said
        if not (said.get("theirs") and said.get("ours")):
            raise ValidationError("A pair has a field of theirs and one of ours: choose both, or remove it.")
        choice, flow = self.choices[said["ours"]], said.get("flow") or self._usual(said["ours"])
        remote = self.remote.get(said["theirs"])
        if flow != Flow.PULL and not choice.goes:
            raise ValidationError(f"{choice.label} only comes from the CRM.")
        if flow != Flow.PUSH and not choice.comes:
            raise ValidationError(f"{choice.label} is ours: it only goes to the CRM.")
        if flow != Flow.PULL and remote and not remote.writable:
            raise ValidationError(f"The CRM does not let anybody write {remote.label}.")
        return said | {"flow": flow, "wins": said.get("wins") or Wins.LATEST}

    def _usual(self, ours: str) -> str:
        choice = self.choices[ours]
        return Flow.PULL if not choice.goes else Flow.PUSH if not choice.comes else Flow.BOTH

    @property
    def pair(self) -> dict[str, str] | None:
        said = self.cleaned_data
        kept = not said.get("remove") and said.get("theirs") and said.get("ours")
        return {name: said[name] for name in ("theirs", "ours", "flow", "wins")} if kept else None


def _named(field: RemoteField, *, sample: bool) -> str:
    """ "Job title (jobtitle): CTO", so that also who only knows what is in it finds it."""
    name = field.label if field.label == field.name else f"{field.label} ({field.name})"
    return f"{name}: {field.samples[0][:30]}" if sample and field.samples else name


def double(pairs: Sequence[Mapping[str, str]]) -> str:
    """What of ours is said twice; "" if nothing is."""
    seen: set[str] = set()
    for pair in pairs:
        if pair["ours"] in seen:
            return pair["ours"]
        seen.add(pair["ours"])
    return ""


@transaction.atomic
def replace_pairs(connection: Connection, kind: str, pairs: Sequence[Mapping[str, str]]) -> None:
    """These pairs and no others; every lead is compared anew at the next run."""
    interrupt(connection)  # a run that goes by the old pairs would note that all is said
    connection.field_maps.filter(kind=kind).delete()
    FieldMap.objects.bulk_create([FieldMap(connection=connection, kind=kind, **pair) for pair in pairs])
    mark(connection.links.filter(kind=kind))
    Connection.objects.filter(pk=connection.pk).update(fields_made=False)
