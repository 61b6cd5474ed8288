"""What a person says of a rule: when, for whom, and what shall happen."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from leads.access import teams_with
from leads.conditions.formfields import ConditionFormField, WidgetOverStanding
from leads.enums import Role
from leads.models import Connection, Endpoint, NurtureList, Rule, Segment, Team, User
from leads.rules import editing
from leads.rules.actions import endpoints_of
from leads.rules.actions.changing import LONGEST_TAG

WHEN = ("name", "direction", "segment", "stays", "team", "quiet_days")
ACTIONS = ("hand_off", "owner", "people", "mail", "slack", "webhook", "tag", "untag", "nurture", "assign", "crm_push")
WHOLE = ("hand_off", "slack", "webhook", "tag", "untag", "nurture", "assign", "crm_push")
PERSONAL = ("mail",)
WHO = "Choose a segment, or build a condition."


class RuleForm(forms.ModelForm):
    """Each kind of action has its field; what is empty is not done. Somebody's own rule tells them only."""

    hand_off = forms.BooleanField(label="Hand off to sales", required=False)
    owner = forms.BooleanField(label="Tell the owner of the lead", required=False)
    people = forms.ModelMultipleChoiceField(
        User.objects.none(), label="Tell these people", required=False,
        widget=forms.CheckboxSelectMultiple, help_text="In the app. Each hears of leads of their own teams only.",
    )  # fmt: skip
    mail = forms.BooleanField(label="Tell them by e-mail too", required=False)
    slack = forms.ModelChoiceField(
        Endpoint.objects.none(), label="Post to Slack", required=False, empty_label="Nowhere"
    )
    webhook = forms.ModelChoiceField(
        Endpoint.objects.none(), label="Call a webhook", required=False, empty_label="None"
    )
    tag = forms.CharField(label="Add the tag", required=False, max_length=LONGEST_TAG)
    untag = forms.CharField(label="Take away the tag", required=False, max_length=LONGEST_TAG)
    crm_push = forms.BooleanField(label="Push to the CRM", required=False)
    nurture = forms.ModelChoiceField(
        NurtureList.objects.none(), label="Put on a nurture list", required=False, empty_label="None"
    )
    condition = ConditionFormField(
        label="Who is inside", required=False, widget=WidgetOverStanding,
        help_text="It becomes a segment with the name of the rule, for lists and other rules too.",
    )  # fmt: skip
    assign = forms.ModelChoiceField(User.objects.none(), label="Make owner", required=False, empty_label="Nobody")
    also_inside = forms.BooleanField(
        label="Also for those inside now", required=False,
        help_text="They wait on the review list, and nothing happens before you approve.",
    )  # fmt: skip

    class Meta:
        model = Rule
        fields = ("name", "direction", "segment", "stays", "team", "quiet_days", "active")

    def __init__(self, *args: Any, user: User, **options: Any):
        super().__init__(*args, **options)
        self.user, self.personal = user, self.instance.person_id is not None
        self._offer(user)
        self._fill()
        for name in self._withheld():
            del self.fields[name]
        if self.personal:
            self.fields["mail"].label = "Tell me by e-mail too"
        if "condition" in self.fields:
            self.fields["segment"].required = False
            self.fields["condition"].widget.is_required = True  # for the builder: nothing asked is not every lead
        self.fields["name"].widget.attrs["placeholder"] = "Hot with a phone number"

    def _withheld(self) -> list[str]:
        """Somebody's own rule tells them, of what happens from now on; who makes no segments builds no conditions."""
        if self.personal:
            return ["team", "also_inside", "condition", *(set(ACTIONS) - set(PERSONAL))]
        nothing = [] if self.user.has_perm("leads.add_segment") else ["condition"]
        connected = Connection.objects.visible_to(self.user).exists() or "crm_push" in self.instance.actions
        return nothing if connected else [*nothing, "crm_push"]

    def _offer(self, user: User) -> None:
        """Only what the person may choose. What is chosen already stays on offer."""
        fields: Any = self.fields
        for name in ("segment", "stays"):
            fields[name].queryset = Segment.objects.visible_to(user)
        fields["segment"].empty_label, fields["stays"].empty_label = "Choose a segment", "The same segment"
        fields["team"].queryset = Team.objects.filter(pk__in=teams_with(user, "leads.change_rule"))
        fields["team"].empty_label = "All teams"
        colleagues = User.objects.visible_to(user).filter(is_active=True)
        chosen = self.instance.actions.get("tell", {}).get("people", [])
        fields["people"].queryset = User.objects.filter(Q(pk__in=colleagues.values("pk")) | Q(pk__in=chosen))
        working = colleagues.filter(memberships__role__in=(Role.REP, Role.MANAGER)).distinct()
        fields["assign"].queryset = working
        lists = NurtureList.objects.filter(team__in=teams_with(user, "leads.change_rule"))
        fields["nurture"].queryset = lists.select_related("team")
        fields["nurture"].label_from_instance = lambda each: f"{each}, {each.team}"
        for kind in ("slack", "webhook"):
            fields[kind].queryset = endpoints_of(user).filter(kind=kind)

    def _fill(self) -> None:
        known = self.instance.actions
        self.initial |= {name: known[name] for name in WHOLE if name in known} | known.get("tell", {})

    def clean_tag(self) -> str:
        return self.cleaned_data["tag"].strip().lower()

    def clean_untag(self) -> str:
        return self.cleaned_data["untag"].strip().lower()

    def clean(self) -> dict[str, Any]:
        said = super().clean() or {}
        self.instance.actions = self._actions(said)
        chosen, built = said.get("segment"), said.get("condition")
        if "condition" in self.fields and not self.errors:
            if not (chosen or built):
                self.add_error("segment", WHO)
            elif built and chosen and "segment" in self.changed_data:
                self.add_error("segment", "Either choose a segment or build a condition.")
        return said

    def _actions(self, said: dict[str, Any]) -> dict[str, Any]:
        if self.personal:
            return {"tell": {"mail": said["mail"]}}
        found = {name: said[name] for name in WHOLE if said.get(name)}
        found = {name: value.pk if hasattr(value, "pk") else value for name, value in found.items()}
        people = sorted(person.pk for person in said.get("people") or [])
        if people or said.get("owner"):
            found["tell"] = {"owner": bool(said["owner"]), "people": people, "mail": bool(said["mail"])}
        return found

    def kept(self) -> Rule | None:
        """The rule as it is kept; None where something stands against it, which the form then says."""
        try:
            also, built = self.cleaned_data.get("also_inside", False), self.cleaned_data.get("condition")
            return editing.save(self.save(commit=False), also_inside=also, condition=built or None)
        except ValidationError as error:
            for name, said in error.message_dict.items():
                self.add_error(name if name in self.fields else None, said)
            return None

    @property
    def when(self) -> list[Any]:
        return [self[name] for name in WHEN if name in self.fields]

    @property
    def then(self) -> list[Any]:
        return [self[name] for name in ACTIONS if name in self.fields]
