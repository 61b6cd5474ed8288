"""Form fields of a model's bands, so that nobody has to write a list or a table as text."""

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
)

from leads.enums import Label
from scoring.models.scoring_model import GRADES, validate_labels, validate_thresholds

HANDED_OFF = [(label.value, label.label) for label in (Label.HOT, Label.WARM, Label.COOL, Label.COLD)]


class ThresholdsWidget(forms.MultiWidget):
    """Three numbers side by side, each with the grade it begins."""

    def __init__(self, grades: str):
        super().__init__([UnfoldAdminIntegerFieldWidget() for _ in grades])
        self.grades = grades

    def decompress(self, value: Any) -> list[Any]:
        return list(value or []) or [None] * len(self.grades)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        numbers = value if isinstance(value, list) else self.decompress(value)
        cells = [
            (grade, self.widgets[i].render(f"{name}_{i}", numbers[i], {"aria-label": f"Least for {grade}", "min": 0}))
            for i, grade in enumerate(self.grades)
        ]
        return render_to_string("scoring/admin/thresholds.html", {"cells": cells})

    def id_for_label(self, id_: str) -> str:
        return ""


class ThresholdsField(forms.MultiValueField):
    """[38, 25, 13] as three numbers. `grades` are the grades they begin: "ABC" or "123"."""

    def __init__(self, grades: str, **extra: Any):
        numbers = [forms.IntegerField(min_value=0, max_value=1000) for _ in grades]
        super().__init__(fields=numbers, widget=ThresholdsWidget(grades), validators=[validate_thresholds], **extra)

    def compress(self, data_list: list[int]) -> list[int]:
        return data_list


class LabelsWidget(forms.Widget):
    """The grid of grades, a choice in each cell."""

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        chosen = value if isinstance(value, dict) else {}
        rows = [GRADES[i : i + 4] for i in range(0, len(GRADES), 4)]
        return {"rows": [[(grade, self._cell(name, grade, chosen.get(grade))) for grade in row] for row in rows]}

    def _cell(self, name: str, grade: str, value: str | None) -> str:
        select = UnfoldAdminSelectWidget({"aria-label": f"Label of {grade}"}, choices=HANDED_OFF)
        return select.render(f"{name}_{grade}", value)

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return render_to_string("scoring/admin/labels.html", self.get_context(name, value, attrs))

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        return {grade: data.get(f"{name}_{grade}", "") for grade in GRADES}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return not any(f"{name}_{grade}" in data for grade in GRADES)

    def id_for_label(self, id_: str) -> str:
        return ""


class LabelsField(forms.Field):
    widget = LabelsWidget
    default_validators = [validate_labels]


class HandoffLabelsField(forms.MultipleChoiceField):
    widget = UnfoldAdminCheckboxSelectMultipleWidget

    def __init__(self, **extra: Any):
        super().__init__(choices=HANDED_OFF, required=False, **extra)
