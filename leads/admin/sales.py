"""How the sales side of a team works: its calendar, what it promises, and how many leads each rep gets."""

from datetime import date
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.admin import TabularInline
from unfold.decorators import action
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from leads.admin.base import VisibleAdmin
from leads.models import Calendar, Capacity, Promise, RoutingRule
from leads.selling import worktime
from leads.selling.calendars import public_holidays
from leads.selling.capacity import set_capacity
from leads.selling.promises import recount

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


class WeekField(forms.CharField):
    """Opening hours as people write them: one line for each weekday, "09:00-18:00" or "closed"."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 7})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        days = zip(DAYS, value, strict=True)
        return "\n".join(f"{day} {'-'.join(hours) if hours else 'closed'}" for day, hours in days)

    def clean(self, value: Any) -> Any:
        lines = [line.split() for line in str(super().clean(value)).splitlines() if line.strip()]
        if not lines and not self.required:
            return None
        if [line[0] for line in lines] != list(DAYS) or any(len(line) != 2 for line in lines):
            raise ValidationError(f"Seven lines, as in {DAYS[0]} 09:00-18:00 or {DAYS[6]} closed.")
        week = [None if hours == "closed" else hours.split("-") for _, hours in lines]
        try:
            worktime.read_hours(week)
        except ValueError:
            raise ValidationError("Write the hours of a day as 09:00-18:00, or closed.") from None
        return week


class HolidaysField(forms.CharField):
    """Days as lines: "2026-12-25 Christmas Day"."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 12})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(f"{day} {name}" for day, name in sorted(value.items())) if isinstance(value, dict) else value

    def clean(self, value: Any) -> Any:
        days: dict[str, str] = {}
        for number, line in enumerate(str(super().clean(value)).splitlines(), 1):
            day, _, name = line.strip().partition(" ")
            try:
                days |= {date.fromisoformat(day).isoformat(): name.strip()[:100]} if day else {}
            except ValueError:
                raise ValidationError(f"Line {number}: write a day and its name, as in 2026-12-25 Christmas.") from None
        return days


class CalendarForm(forms.ModelForm):
    week = WeekField(label="Opening hours", initial=worktime.USUAL)
    holidays = HolidaysField(required=False, help_text="One a line. Clocks stand still on them.")
    public_holidays_of = forms.CharField(
        required=False, max_length=10, widget=UnfoldAdminTextInputWidget,
        help_text="Take over the public holidays of a country (DE) or a part of it (US-CA), this year and the next two."
    )  # fmt: skip

    class Meta:
        model = Calendar
        fields = ("team", "time_zone", "week", "holidays")

    def clean_public_holidays_of(self) -> str:
        code = str(self.cleaned_data["public_holidays_of"]).strip().upper()
        if code:
            self.days = public_holidays(code)
        return code

    def save(self, commit: bool = True) -> Any:
        if code := self.cleaned_data["public_holidays_of"]:
            self.instance.country = code
            self.instance.holidays = self.cleaned_data["holidays"] | self.days
        return super().save(commit)


class PromiseInline(TabularInline):
    """Promises for labels; whatever is not here is promised as usual: Hot 4, Warm 9, others 18 working hours."""

    model = Promise
    extra = 0


@admin.register(Calendar)
class CalendarAdmin(VisibleAdmin):
    """When a team works and what it promises. A change holds for what is handed off from then on."""

    list_display = ("team", "hours", "time_zone", "country")
    list_select_related = ("team",)
    readonly_fields = ("country",)
    fields = ("team", "time_zone", "week", "holidays", "public_holidays_of", "country")
    form = CalendarForm
    inlines = (PromiseInline,)
    actions_detail = ("recount_promises",)

    @admin.display(description="Opening hours")
    def hours(self, calendar: Calendar) -> str:
        return str(calendar.work)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*self.readonly_fields, "team") if obj else self.readonly_fields

    @action(description="Count open promises anew", url_path="recount", permissions=["change_calendar"])
    def recount_promises(self, request: HttpRequest, object_id: str) -> HttpResponse:
        calendar = self.found(request, object_id)
        if self.has_change_permission(request, calendar):
            number = recount(calendar.team)
            messages.success(request, f"{number} open handoffs have the promise of this calendar now.")
        return redirect("admin:leads_calendar_change", object_id)

    def has_change_calendar_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return self.has_change_permission(request, self.get_object(request, object_id) if object_id else None)


class CapacityForm(forms.ModelForm):
    week = WeekField(
        label="Working hours", required=False,
        help_text="Only where they differ from the team's. Outside them others come first.",
    )  # fmt: skip

    class Meta:
        model = Capacity
        fields = ("weight", "weekly_capacity", "week")


@admin.register(Capacity)
class CapacityAdmin(VisibleAdmin):
    """The reps of a team: the share of new leads each gets, how many a week at most, and when they work."""

    list_display = ("user", "team", "weight", "weekly_capacity", "assigned")
    list_select_related = ("user", "team")
    list_filter = ("team",)
    readonly_fields = ("user", "team", "assigned")
    fields = ("user", "team", "weight", "weekly_capacity", "week", "assigned")
    form = CapacityForm

    def save_model(self, request: HttpRequest, obj: Capacity, form: Any, change: bool) -> None:
        set_capacity(obj, **form.cleaned_data)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(role="rep").order_by("team__name", "user__name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(RoutingRule)
class RoutingRuleAdmin(VisibleAdmin):
    """To which team leads go when they are handed off. The first rule that matches decides."""

    list_display = ("name", "position", "of", "team", "active")
    list_select_related = ("of", "team")
    fields = ("name", "position", "of", "condition", "team", "active")
    ordering = ("position", "pk")
