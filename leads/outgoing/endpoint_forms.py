"""What people say of an endpoint: where it is, and what it wants to hear of."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from leads import widgets
from leads.access import teams_with
from leads.models import Effect, Endpoint, Team, User
from leads.models.outbox import EffectQuerySet
from leads.outgoing import sealing
from leads.outgoing.addresses import Refused, target_of
from leads.outgoing.endpoints import TYPES
from leads.outgoing.webhooks import new_secret


def public_address(url: str) -> None:
    """Raises ValidationError, with what to write instead, for an address that we do not speak to."""
    try:
        target_of(url)
    except Refused as refused:
        raise ValidationError(str(refused)) from None


def make_endpoint(endpoint: Endpoint, url: str, *, by: User) -> str:
    """Keep a new endpoint. A webhook's new secret, to be shown this once; that of Slack is its address."""
    with transaction.atomic():
        endpoint.created_by = by
        endpoint.url = "" if endpoint.kind == Endpoint.SLACK else url
        endpoint.save()
        return change_secret(endpoint, url)


def change_secret(endpoint: Endpoint, url: str = "") -> str:
    """A new signing secret, told this once; a Slack channel gets a new address instead."""
    if endpoint.kind == Endpoint.WEBHOOK:
        return new_secret(endpoint)
    sealing.put(endpoint, "secret", url)
    return ""


class EndpointForm(forms.ModelForm):
    address = forms.CharField(
        max_length=500,
        validators=[public_address],
        help_text="Begins with https://. Of Slack: the address of the incoming webhook.",
    )
    types = forms.MultipleChoiceField(
        label="Wants to hear of", required=False, choices=list(TYPES.items()), widget=forms.CheckboxSelectMultiple,
        help_text="None ticked: everything, also what is added later.",
    )  # fmt: skip

    class Meta:
        model = Endpoint
        fields = ("name", "team", "kind", "address", "types")

    def __init__(self, *args: Any, user: User, **options: Any):
        super().__init__(*args, **options)
        teams = Team.objects.filter(pk__in=teams_with(user, "leads.add_endpoint"))
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        self.fields["team"].empty_label = None  # type: ignore[attr-defined]
        self.fields["name"].help_text = "As people will read it: CRM bridge, #hot-leads."


class SlackForm(forms.Form):
    """A new address of the channel."""

    address = forms.CharField(max_length=500, validators=[public_address], help_text="Replaces the present one.")


class ReplayForm(forms.Form):
    """Which deliveries to send once more."""

    since = forms.DateTimeField(label="From", widget=widgets.moment())
    until = forms.DateTimeField(label="To", required=False, widget=widgets.moment(), help_text="Empty: now.")
    all = forms.BooleanField(label="Those that arrived too", required=False)

    def chosen(self, effects: EffectQuerySet) -> EffectQuerySet:
        said = self.cleaned_data
        rows = effects if said["all"] else effects.filter(state=Effect.DEAD)
        rows = rows.filter(created_at__gte=said["since"])
        return rows.filter(created_at__lte=said["until"]) if said["until"] else rows
