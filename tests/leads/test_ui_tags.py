"""How values look on pages: leads/templatetags/ui.py."""

from datetime import UTC, date, datetime
from decimal import Decimal
from types import SimpleNamespace

import pytest
import time_machine
from django import forms
from django.template import Context, Template

from leads.enums import Label, Stage
from leads.selling.sla import Clock
from leads.templatetags import ui

NOW = datetime(2026, 11, 18, 10, 40, tzinfo=UTC)


def shown(source: str, **context: object) -> str:
    return Template(source).render(Context(context)).strip()


@pytest.mark.parametrize(
    ("value", "text"), [(3862, "3,862"), (0, "0"), (-5, "−5"), (None, "–"), ("", "–"), (1234.5, "1,234.5")]
)
def test_number(value, text):
    assert ui.number(value) == text


@pytest.mark.parametrize(("count", "text"), [(9999, "9,999"), (10_000, "10,000"), (10_001, "10,000+")])
def test_a_count_that_was_cut_off(count, text):
    assert ui.upto(count) == text


@pytest.mark.parametrize(("value", "text"), [(8, "+8"), (-5, "−5"), (0, "0"), (1234, "+1,234"), (None, "–")])
def test_signed(value, text):
    assert ui.signed(value) == text


@pytest.mark.parametrize(
    ("share", "text"), [(0.195, "20%"), (0.004, "0.4%"), (0, "0%"), (1, "100%"), (0.1, "10%"), (None, "–")]
)
def test_percent(share, text):
    assert ui.percent(share) == text


@pytest.mark.parametrize(
    ("gap", "text"),
    [(0.062, "+6.2 pts"), (-0.0316, "−3.2 pts"), (0.0, "0.0 pts"), (-0.0004, "0.0 pts"), (None, "–")],
)  # fmt: skip
def test_points(gap, text):
    assert ui.points(gap) == text


def test_percent_with_digits():
    assert ui.percent(0.195, 1) == "19.5%"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (14_200, "€ 14.2 k"),
        (Decimal("980"), "€ 980"),
        (1_377_400, "€ 1,377.4 k"),
        (54_300_000, "€ 54.3 M"),
        (0, "€ 0"),
        (None, "–"),
    ],
)
def test_money(value, text):
    assert ui.money(value) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 18, 9, 38, tzinfo=UTC), "today, 09:38"),
        (datetime(2026, 11, 17, 18, 20, tzinfo=UTC), "17 Nov, 18:20"),
        (datetime(2025, 8, 3, 10, 12, tzinfo=UTC), "3 Aug 2025"),
        (None, "–"),
    ],
)
def test_when(moment, text):
    with time_machine.travel(NOW, tick=False):
        assert ui.when(moment) == text


def test_when_speaks_of_the_installations_own_day(settings):
    settings.TIME_ZONE = "Asia/Tokyo"
    with time_machine.travel(NOW, tick=False):
        assert ui.when(datetime(2026, 11, 17, 23, 0, tzinfo=UTC)) == "today, 08:00"


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (date(2026, 11, 17), "17 Nov"),
        (datetime(2025, 8, 3, 10, tzinfo=UTC), "3 Aug 2025"),
        (None, "–"),
    ],
)
def test_day(moment, text):
    with time_machine.travel(NOW, tick=False):
        assert ui.day(moment) == text


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (datetime(2026, 11, 18, 10, 39, 30, tzinfo=UTC), "just now"),
        (datetime(2026, 11, 18, 10, 20, tzinfo=UTC), "20 min ago"),
        (datetime(2026, 11, 18, 7, 40, tzinfo=UTC), "3 h ago"),
        (datetime(2026, 11, 17, 9, 0, tzinfo=UTC), "yesterday"),
        (datetime(2026, 11, 12, 9, 0, tzinfo=UTC), "6 days ago"),
        (datetime(2026, 8, 3, 9, 0, tzinfo=UTC), "3 Aug"),
        (None, "–"),
    ],
)
def test_ago(moment, text):
    with time_machine.travel(NOW, tick=False):
        assert ui.ago(moment) == text


def test_a_day_of_25_hours(settings):
    settings.TIME_ZONE = "Europe/Berlin"
    with time_machine.travel("2026-10-25T22:50Z", tick=False):
        assert ui.ago(datetime(2026, 10, 24, 22, 10, tzinfo=UTC)) == "24 h ago"


@pytest.mark.parametrize(("name", "text"), [("Ana Maria Ruiz", "AR"), ("Ana", "A"), ("", "?"), ("élise brun", "ÉB")])
def test_initials(name, text):
    assert ui.initials(name) == text


@pytest.mark.parametrize(
    ("label", "word", "temperature"),
    [
        (Label.HOT, "Hot", "hot"),
        (Label.COLD, "Cold", "cold"),
        (Label.DISQUALIFIED, "Disqualified", "cold"),
        ("", "Not scored", "cold"),
        ("tepid", "Not scored", "cold"),
    ],
)
def test_labels(label, word, temperature):
    assert (ui.label_word(label), ui.temperature(label)) == (word, temperature)


@pytest.mark.parametrize(
    ("standing", "text"),
    [
        ({"grade": "A1", "label": "hot", "version": 7}, '<span class="grade hot"><b>A1</b>Hot</span>'),
        ({"grade": "D1", "label": "disqualified", "version": 7}, '<span class="badge line">Disqualified</span>'),
        ({"grade": "", "label": "", "version": None}, '<span class="badge line">Not scored</span>'),
        (
            {"grade": "", "label": "", "version": None, "as_of": NOW},
            '<span class="badge line" title="No model is for this lead">Excluded</span>',
        ),
    ],
)
def test_grade_tells_apart_what_has_no_grade(standing, text):
    assert shown("{% grade standing %}", standing=SimpleNamespace(**standing)) == text


@pytest.mark.parametrize(
    ("total", "words", "filled"),
    [(86, "Score 86 of 100", 'stroke-dasharray="86 100"'), (0, "Score 0 of 100", ""), (None, "Not scored", "")],
)
def test_dial(total, words, filled):
    drawn = shown("{% dial total 'hot' %}", total=total)
    assert f'aria-label="{words}"' in drawn
    assert filled in drawn
    assert drawn.count("<circle") == (2 if filled else 1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (16, '<span class="delta up">+16</span>'),
        (-2, '<span class="delta down">−2</span>'),
        (0, '<span class="delta ">0</span>'),
        (None, '<span class="delta ">–</span>'),
    ],
)
def test_delta(value, text):
    assert shown("{% delta value %}", value=value) == text


@pytest.mark.parametrize(
    ("value", "of", "width"), [(44, 50, 88.0), (80, 50, 100.0), (-3, 50, 0.0), (None, 50, 0.0), (3, 0, 0.0)]
)
def test_bar_never_leaves_its_track(value, of, width):
    assert ui.bar(value, of)["width"] == width


@pytest.mark.parametrize("stage", Stage.values)
def test_every_stage_has_a_badge(stage):
    assert Stage(stage).label in shown("{% stage stage %}", stage=stage)


def test_sla():
    drawn = shown("{% sla clock %}", clock=Clock("soon", "2 h 20 min left", 42))
    assert 'class="sla soon"' in drawn
    assert "2 h 20 min left" in drawn


@pytest.mark.parametrize(
    ("scores", "points"),
    [
        ([40, 60, 50], "2.0,19.0 33.0,3.0 64.0,11.0"),
        ([7, 7], "2.0,19.0 64.0,19.0"),
        ([7], "2.0,19.0"),
    ],
)
def test_spark_spans_its_box(scores, points):
    assert ui.spark(scores)["points"] == points


class Form(forms.Form):
    name = forms.CharField(help_text="As on the door.")
    kind = forms.ChoiceField(choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect)
    tags = forms.MultipleChoiceField(choices=[("x", "X")], widget=forms.CheckboxSelectMultiple, required=False)
    agreed = forms.BooleanField(required=False)


def test_a_field_names_its_help_and_its_error():
    drawn = shown("{% field form.name %}", form=Form({}))
    assert 'aria-describedby="id_name_helptext id_name_error"' in drawn
    assert 'id="id_name_helptext"' in drawn
    assert 'id="id_name_error"' in drawn
    assert 'aria-invalid="true"' in drawn


def test_choices_are_a_group_with_a_name():
    form = Form()
    for name in ("kind", "tags"):
        drawn = shown(f"{{% field form.{name} %}}", form=form)
        assert drawn.startswith("<fieldset")
        assert "<legend" in drawn
    assert "Optional" in shown("{% field form.tags %}", form=form)


def test_one_box_stands_before_its_words():
    assert '<label class="check">' in shown("{% field form.agreed %}", form=Form())


def test_drawing_a_field_twice_changes_nothing():
    form = Form()
    assert shown("{% field form.name %}", form=form) == shown("{% field form.name %}", form=form)


def test_a_value_is_escaped():
    assert "&lt;b&gt;" in shown('{% include "ui/note.html" with text=text %}', text="<b>")
