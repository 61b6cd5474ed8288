"""Forms for people. Each is written through a verb of leads/editing.py."""

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from leads import customfields, widgets
from leads.access import teams_with
from leads.enums import FieldType
from leads.ingest.normalise import addresses
from leads.ingest.normalise.countries import country
from leads.ingest.normalise.phones import phone
from leads.models import Change, Company, Field, Lead, Team, User

CUSTOM = "custom-"


class LeadForm(forms.ModelForm):
    """What a lead is, custom fields included.

    The form says up to which change its reader has `seen` the lead. Where somebody else changed a field since, and this
    form changes it too, the form is refused and says who changed what; all other fields keep their newer value.
    """

    # so the label of each field need not say it
    all_optional = True

    country = forms.CharField(max_length=100, required=False, help_text="The name, or two letters.")
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False, min_value=0)
    company_name = forms.CharField(label="Company", max_length=200, required=False)

    class Meta:
        model = Lead
        fields = ("first_name", "last_name", "email", "title", "phone", "country", "city", "website", "source",
                  "campaign", "owner")  # fmt: skip

    def __init__(self, data: Any = None, *, user: User, lead: Lead | None = None):
        self.later = _changes_since(lead, data.get("seen", "")) if lead and data is not None else {}
        super().__init__(data, instance=lead, initial=_as_seen(lead, self.later))
        self.custom = {f"{CUSTOM}{field.key}": field for field in Field.objects.filter(of=Field.LEAD)}
        for name, field in self.custom.items():
            self.fields[name] = _form_field(field)
            self.initial[name] = _shown(field, self.initial.get(name))
        owner: Any = self.fields["owner"]
        owner.queryset = User.objects.visible_to(user).filter(is_active=True).order_by("name")
        owner.empty_label = "Nobody"

    def clean_email(self) -> str:
        return _read(addresses.email, self.cleaned_data["email"])

    def clean_country(self) -> str:
        return _read(country, self.cleaned_data["country"])

    def clean_phone(self) -> str:
        return _read(phone, self.cleaned_data["phone"])

    def clean(self) -> None:
        super().clean()
        self._check_later()
        self._check_custom()
        self._check_owner()

    def values(self) -> dict[str, Any]:
        """The fields this form changes, as leads/editing.py takes them."""
        changed = {name: self.cleaned_data[name] for name in self.changed_data if name in LeadForm.Meta.fields}
        return changed | ({"fields": self.kept} if self.kept else {})

    def company(self) -> dict[str, str] | None:
        """The employer to find or make; {}: none any more; None: as it is."""
        if "company_name" not in self.changed_data:
            return None
        name = self.cleaned_data["company_name"].strip()
        return {"name": name} if name else {}

    def of_team(self) -> Team | None:
        return self.instance.team

    def _check_later(self) -> None:
        lost = [name for name in self.changed_data if name in self.later]
        for name in lost:
            self.add_error(name, _said(self.later[name]))
        if lost:  # now they have seen it
            self.data = {**{name: self.data[name] for name in self.data}, "seen": last_change(self.instance)}

    def _check_custom(self) -> None:
        changed = [name for name in self.changed_data if name in self.custom]
        self.kept: dict[str, Any] = {}
        try:
            self.kept = customfields.checked(
                Field.LEAD, {name.removeprefix(CUSTOM): self.cleaned_data.get(name) for name in changed}
            )
        except ValidationError as error:
            for key, why in error.message_dict.items():
                self.add_error(f"{CUSTOM}{key}", why)

    def _check_owner(self) -> None:
        owner, team = self.cleaned_data.get("owner"), self.of_team()
        if owner and team and "owner" in self.changed_data and not owner.memberships.filter(team=team).exists():
            self.add_error("owner", f"{owner} is not in {team}. Choose somebody who is.")


def _read(reader: Callable[[str], str], text: str) -> str:
    """The one spelling we keep."""
    try:
        return reader(text) if text else ""
    except ValueError as error:
        raise ValidationError(str(error)) from None


class NewLeadForm(LeadForm):
    """A lead by hand. The team is asked for where the person may add leads to several."""

    team = forms.ModelChoiceField(Team.objects.none(), label="Team", required=False)

    def __init__(self, data: Any = None, *, user: User):
        super().__init__(data, user=user)
        field: Any = self.fields["team"]
        field.queryset = Team.objects.filter(pk__in=teams_with(user, "leads.add_lead"))
        self.teams = list(field.queryset)
        if len(self.teams) == 1:
            del self.fields["team"]
        else:
            field.required = True
        del self.fields["seen"]

    def of_team(self) -> Team | None:
        return self.teams[0] if len(self.teams) == 1 else self.cleaned_data.get("team")

    def clean(self) -> None:
        super().clean()
        if not any(self.cleaned_data.get(name) for name in ("email", "first_name", "last_name", "phone")):
            raise ValidationError("Write a name, an e-mail address or a phone number.")


def last_change(lead: Lead) -> int:
    """What a reader of the lead has seen."""
    return Change.objects.filter(lead=lead).order_by("-pk").values_list("pk", flat=True).first() or 0


def _changes_since(lead: Lead, seen: str) -> dict[str, Change]:
    """The first later change of each field of the form: its old value is what the reader saw."""
    if not (seen.isascii() and seen.isdecimal()) or len(seen) > 18:
        return {}
    first: dict[str, Change] = {}
    for change in Change.objects.filter(lead=lead, pk__gt=int(seen)).select_related("by").order_by("pk"):
        first.setdefault(_form_name(change.field), change)
    return first


def _form_name(column: str) -> str:
    names = {"owner_id": "owner", "company_id": "company_name"}
    return names.get(column) or (
        f"{CUSTOM}{column.removeprefix('fields.')}" if column.startswith("fields.") else column
    )


def _as_seen(lead: Lead | None, later: dict[str, Change]) -> dict[str, Any]:
    """The values the reader was shown: those of now, with later changes undone."""
    if lead is None:
        return {}
    custom = {f"{CUSTOM}{key}": value for key, value in lead.fields.items()}
    shown = {**custom, "company_name": str(lead.company or ""), "seen": last_change(lead)}
    for name, change in later.items():
        shown[name] = _company_name(change.old) if name == "company_name" else change.old
    return shown


def _company_name(pk: Any) -> str:
    return str(Company.objects.filter(pk=pk).first() or "")


def _said(change: Change) -> str:
    """Who changed what, and what to do: "Kim Moss changed this meanwhile: COO → CEO, at 10:40. Save again to …"."""
    who = str(change.by or change.origin or "Somebody")
    old, new = (_names(change.field, value) for value in (change.old, change.new))
    at = timezone.localtime(change.learned_at)
    return f"{who} changed this meanwhile: {old} → {new}, at {at:%H:%M}. Save again to put yours in its place."


def _names(column: str, value: Any) -> str:
    if value in (None, ""):
        return "nothing"
    if column == "owner_id":
        return str(User.objects.filter(pk=value).first() or "nobody")
    return _company_name(value) if column == "company_id" else str(value)


def _shown(field: Field, value: Any) -> Any:
    """A kept value as the form shows it, so that leaving it alone is no change."""
    if field.type == FieldType.DATE and value:
        return date.fromisoformat(str(value)[:10])
    if isinstance(value, bool):
        return "true" if value else "false"
    return ", ".join(map(str, value)) if isinstance(value, list) else value


def _form_field(field: Field) -> forms.Field:
    common: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": False}
    choices = [("", "Unknown"), *((str(choice), str(choice)) for choice in field.choices)]
    match field.type:
        case FieldType.NUMBER:
            return forms.FloatField(**common)
        case FieldType.DATE:
            return forms.DateField(widget=widgets.day(), **common)
        case FieldType.BOOLEAN:
            yes_no = [("", "Unknown"), ("true", "Yes"), ("false", "No")]
            return forms.ChoiceField(choices=yes_no, **common)
        case FieldType.CHOICE if field.choices:
            return forms.ChoiceField(choices=choices, **common)
        case FieldType.LIST:
            return forms.CharField(max_length=1000, **{**common, "help_text": field.help or "Separate by commas."})
    return forms.CharField(max_length=customfields.LONGEST, **common)
