"""Criteria in the admin: a condition, what it is worth, and in which group."""

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import Max, QuerySet
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.html import format_html
from unfold.decorators import action

from leads.admin.base import ask
from leads.conditions import ConditionError, parse
from leads.conditions.vocabulary import Vocabulary
from leads.enums import Axis
from scoring.admin.recording import RecordedAdmin
from scoring.engine.definition import driver
from scoring.models import Counting, Criterion, Group, ScoringModel
from scoring.sentences import condition_sentence, worth

FADING = (Counting.HALF_LIFE, Counting.LINEAR)


class CriterionForm(forms.ModelForm):
    """What publishing would refuse is refused here, beside the field that has to change."""

    class Meta:
        help_texts: ClassVar = {"active": "Off: kept in the draft, but not published."}

    def __init__(self, *args: Any, **extra: Any):
        super().__init__(*args, **extra)
        group = self.fields.get("group")
        if isinstance(group, forms.ModelChoiceField):
            group.choices = grouped(_groups(self.instance, self.initial))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        counting, points, most = data.get("counting"), data.get("points"), data.get("at_most")
        if counting in FADING and not data.get("days"):
            self.add_error("days", "Say the half-life, or after how many days nothing is left.")
        if counting not in (None, Counting.ONCE) and data.get("condition") is not None:
            self._check_driver(data["condition"])
        if most is not None and points is not None and counting != Counting.ONCE and abs(most) < abs(points):
            self.add_error("at_most", f"One event alone gives {points}: the most cannot be less.")
        elif most and points and (most > 0) != (points > 0):
            self.add_error("at_most", "Give it the same sign as the points.")
        return data

    def _check_driver(self, condition: Any) -> None:
        try:
            driver(parse(condition))
        except ConditionError as error:
            self.add_error("counting", f"{error}."[:1].upper() + f"{error}."[1:])


def _groups(criterion: Criterion, initial: Mapping[str, Any]) -> QuerySet[Group]:
    """The groups a criterion may stand in: those of its model; of every model for a new one."""
    groups = Group.objects.select_related("model").order_by("model__position", "model__name", "position", "pk")
    model = criterion.model_id or initial.get("model")
    return groups.filter(model=model) if str(model or "").isdecimal() else groups


def grouped(groups: QuerySet[Group]) -> list[Any]:
    """Choices by model and axis."""
    sections: dict[str, list[tuple[int, str]]] = {}
    for group in groups:
        sections.setdefault(f"{group.model}, {Axis(group.axis).label.lower()}", []).append((group.pk, group.name))
    return [("", "Choose a group"), *sections.items()]


@admin.register(Criterion)
class CriterionAdmin(RecordedAdmin):
    form = CriterionForm
    list_display = ("name", "sentence", "worth", "group", "model", "active")
    list_filter = ("model", "active")
    list_select_related = ("group", "model")
    search_fields = ("name",)
    ordering = ("model__position", "model__name", "group__position", "group_id", "position", "pk")
    actions = ("switch_off", "switch_on", "copy")
    actions_detail = ("copy_one",)
    warn_unsaved_form = True
    fieldsets = (
        (None, {"fields": ("name", "group", "condition")}),
        ("What it is worth", {"fields": (("points", "counting"), ("days", "at_most"), ("disqualifies", "active"))}),
    )

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """With the way to what tells how many points a source or a campaign deserves."""
        (_, what), (title, worth_) = super().get_fieldsets(request, obj)
        if not request.user.has_perm("reports.view_report"):
            return (None, what), (title, worth_)
        line = format_html(
            'For where a lead comes from: <a class="text-primary-600" href="{}">what sources and campaigns brought</a>',
            reverse("report-sources"),
        )
        return (None, what), (title, {**worth_, "description": line})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Criterion]:
        self.vocabulary = Vocabulary.load()  # for the sentences of this list
        return super().get_queryset(request)

    @admin.display(description="Condition")
    def sentence(self, criterion: Criterion) -> str:
        return condition_sentence(criterion.condition, self.vocabulary)

    @admin.display(description="Points", ordering="points")
    def worth(self, criterion: Criterion) -> str:
        return worth(criterion)

    def save_model(self, request: HttpRequest, obj: Criterion, form: Any, change: bool) -> None:
        obj.model = obj.group.model
        if not change:
            obj.position = 1 + (obj.group.criteria.aggregate(last=Max("position"))["last"] or 0)
        super().save_model(request, obj, form, change)

    def models_of(self, rows: Iterable[Criterion]) -> list[ScoringModel]:
        return list({row.group.model for row in rows})

    def response_post_save_add(self, request: HttpRequest, obj: Criterion) -> Any:
        return redirect("admin:scoring_scoringmodel_change", obj.model_id)

    response_post_save_change = response_post_save_add

    @admin.action(description="Switch off: kept, but not published", permissions=["change"])
    def switch_off(self, request: HttpRequest, queryset: QuerySet[Criterion]) -> None:
        with self.recorded(request, queryset):
            messages.success(request, f"{queryset.update(active=False)} switched off in the draft.")

    @admin.action(description="Switch on", permissions=["change"])
    def switch_on(self, request: HttpRequest, queryset: QuerySet[Criterion]) -> None:
        with self.recorded(request, queryset):
            messages.success(request, f"{queryset.update(active=True)} switched on in the draft.")

    @admin.action(description="Copy, switched off", permissions=["add"])
    def copy(self, request: HttpRequest, queryset: QuerySet[Criterion]) -> None:
        with self.recorded(request, queryset):
            copies = [copied(criterion) for criterion in queryset]
        messages.success(request, f"{len(copies)} copied. Copies are switched off until you switch them on.")

    @action(description="Copy", permissions=["copy_one"], url_path="copy")
    def copy_one(self, request: HttpRequest, object_id: str) -> Any:
        criterion = self.get_object(request, object_id)
        if criterion is None:
            raise Http404
        if request.method != "POST":
            return ask(request, f"Copy {criterion}", "The copy is switched off until you switch it on.", "Copy it")
        with self.recorded(request, [criterion]):
            made = copied(criterion)
        messages.success(request, "This is the copy. It is switched off until you switch it on.")
        return redirect(reverse("admin:scoring_criterion_change", args=[made.pk]))

    def has_copy_one_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_add_permission(request)


def copied(criterion: Criterion) -> Criterion:
    """A copy of the criterion right after it, switched off so that nothing counts twice."""
    return Criterion.objects.create(
        model_id=criterion.model_id, group_id=criterion.group_id, name=f"{criterion.name[:112]} (copy)",
        condition=criterion.condition, points=criterion.points, counting=criterion.counting, days=criterion.days,
        at_most=criterion.at_most, disqualifies=criterion.disqualifies, active=False, position=criterion.position,
    )  # fmt: skip
