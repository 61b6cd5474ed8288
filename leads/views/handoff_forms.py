"""What a person fills in when answering a handoff."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from leads import widgets
from leads.days import today
from leads.enums import DealState
from leads.models import Handoff, RejectionReason, User
from leads.selling.handoffs import QUIET_DAYS, colleagues


class NoForm(forms.Form):
    """An act that asks for nothing. Every form here is made for a handoff."""

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)


class AcceptanceForm(NoForm):
    comment = forms.CharField(required=False, max_length=5000, widget=forms.Textarea({"class": "input", "rows": 3}))


class RejectionForm(AcceptanceForm):
    reason = forms.ModelChoiceField(
        RejectionReason.objects.filter(active=True),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose what is wrong.", "invalid_choice": "This reason is no longer in use."},
    )
    misled_by = forms.ChoiceField(required=False, widget=forms.Select({"class": "input"}))

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, handoff=handoff, **kwargs)
        promised = [(reason, f"{reason}, {points:+d}") for reason, points in handoff.reasons]
        self.fields["misled_by"].choices = [("", "None of them"), *promised]  # type: ignore[attr-defined]


class RecyclingForm(AcceptanceForm):
    until = forms.DateField(
        widget=widgets.day(),
        error_messages={"required": "Choose the day on which the lead may come back."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        day = today()
        self.initial.setdefault("until", day + timedelta(days=QUIET_DAYS))
        self.fields["until"].widget.attrs["min"] = str(day + timedelta(days=1))


class AssignmentForm(NoForm):
    to = forms.ModelChoiceField(
        User.objects.none(),
        empty_label=None,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose a colleague.", "invalid_choice": "Choose a colleague of the team."},
    )

    def __init__(self, *args: Any, handoff: Handoff, **kwargs: Any) -> None:
        super().__init__(*args, handoff=handoff, **kwargs)
        self.fields["to"].queryset = colleagues(handoff).exclude(pk=handoff.assignee_id)  # type: ignore[attr-defined]


class SnoozeForm(NoForm):
    until = forms.DateTimeField(
        widget=widgets.moment(),
        input_formats=["%Y-%m-%dT%H:%M"],
        error_messages={"required": "Choose when it comes back."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tomorrow = timezone.localtime() + timedelta(days=1)
        self.initial.setdefault("until", tomorrow.replace(hour=9, minute=0, second=0, microsecond=0))


class NextStepForm(NoForm):
    text = forms.CharField(label="Next step", required=False, max_length=200)
    on = forms.DateField(label="When", required=False, widget=widgets.day())


class ContactForm(NoForm):
    how = forms.ChoiceField(choices=[("call", "Called"), ("email", "Wrote"), ("meeting", "Met")])
    note = forms.CharField(required=False, max_length=500)


class DealForm(NoForm):
    state = forms.ChoiceField(choices=DealState.choices)
    amount = forms.DecimalField(required=False, min_value=0, max_digits=14, decimal_places=2)
    name = forms.CharField(required=False, max_length=200)
    lost_reason = forms.CharField(required=False, max_length=200)
    deal = forms.CharField(required=False, max_length=20)
