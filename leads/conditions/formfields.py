"""The model field that keeps a condition as JSON, and the form field that asks for one."""

import json
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.forms.widgets import Script
from django.template.loader import render_to_string
from django.urls import reverse

from leads.conditions.grammar import ConditionError, parse


def validate_condition(value: Any) -> None:
    """ValidationError with the place of the mistake, for people who edit in the admin."""
    _validate(value, scoring=True)


def validate_over_standing(value: Any) -> None:
    """The same for conditions that may also ask what follows from the score: segments."""
    _validate(value, scoring=False)


def _validate(value: Any, *, scoring: bool) -> None:
    from leads.conditions.vocabulary import Vocabulary  # needs the models, which need this field

    try:
        Vocabulary.load().check(parse(value), scoring=scoring)
    except ConditionError as error:
        params = {"path": ".".join(error.path), "reason": error.message}
        raise ValidationError(str(error), code="condition", params=params) from error


class ConditionWidget(forms.Textarea):
    """The condition as JSON; with JavaScript a builder in its place (static/js/condition/).

    Sentence, count of leads and mistakes come from scoring's addresses, which the page asks by name.
    """

    template_name = "leads/conditions/builder.html"
    over_standing = False

    class Media:
        css: ClassVar = {"all": ["css/condition-builder.css"]}
        js = [Script("js/condition/builder.js", type="module")]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        context["widget"]["attrs"] |= {"rows": 8, "spellcheck": "false", "autocomplete": "off"}
        asked = "?over=standing" if self.over_standing else ""
        return context | {
            "vocabulary": reverse("scoring:vocabulary") + asked, "check": reverse("scoring:condition-check") + asked,
            "required": self.is_required,
        }  # fmt: skip

    def use_required_attribute(self, initial: Any) -> bool:
        return False  # the textarea is hidden behind the builder: a browser could not say what is missing

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> str:
        return render_to_string(template_name, context)  # from the project's templates, unlike Django's own widgets


class WidgetOverStanding(ConditionWidget):
    over_standing = True


class ConditionFormField(forms.JSONField):
    widget = ConditionWidget
    default_error_messages = {
        "required": "Add at least one test: what must be known of the lead, or what it did.",
        "invalid": 'This is not JSON: an example is {"field": "title", "op": "contains", "value": "VP"}.',
    }

    def prepare_value(self, value: Any) -> Any:
        """Readable in the textarea, which is empty where nothing is asked."""
        if value is None:
            return ""
        prepared = super().prepare_value(value)
        if isinstance(value, str):
            return prepared
        return json.dumps(value, indent=2, ensure_ascii=False)


class ConditionField(models.JSONField):
    default_validators = [validate_condition]
    widget = ConditionWidget

    def formfield(self, **kwargs: Any) -> Any:
        # The admin's table of widgets knows this as a plain JSON field: a condition is always asked for by its builder.
        return super().formfield(**{**kwargs, "form_class": ConditionFormField, "widget": self.widget})


class SegmentConditionField(ConditionField):
    """May also ask what follows from the score: label, grade, stage."""

    default_validators = [validate_over_standing]
    widget = WidgetOverStanding
