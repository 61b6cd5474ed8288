"""A label set by hand: over the score's, with a reason, for a while; and everything else stays as it was."""

from datetime import date, timedelta
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import DatabaseError, transaction
from django.test import Client
from django.utils import timezone

from leads.enums import Role
from leads.models import Handoff, Lead, Standing
from scoring.engine import evaluate
from scoring.models import Entry, Override, ScoringModel
from scoring.overrides import LONGEST, override_of, set_label, withdraw
from scoring.verify import verify_scores
from tests.leads.api import Caller
from tests.sales import make_team, make_user
from tests.scoring.workshop import go_live, make_lead, make_model, record, rescore, reworded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def lead() -> Lead:
    """B4 Cool, 35 points. Hot and Warm are handed to sales."""
    found, model = make_lead(make_team()), make_model()
    model.handoff_labels = ["hot", "warm"]
    model.save()
    go_live(model)
    return found


def standing(lead: Lead) -> Standing:
    return Standing.objects.get(pk=lead.pk)


def days(number: int) -> date:
    return timezone.localdate() + timedelta(days=number)


def hold(lead: Lead, label: str = "hot", until: date | None = None, **extra: Any) -> Override:
    given = {"label": label, "reason": "Met the board", "until": until or days(7), "by": None} | extra
    made = set_label(standing(lead), **given)
    rescore()
    return made


def causes(lead: Lead) -> list[tuple[str, str, str | None]]:
    rows = Entry.objects.filter(lead=lead).order_by("seq")
    return [(row.cause, row.label, row.automatic_label) for row in rows][1:]


def later(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """The one clock of scoring, some days on."""
    honest = evaluate.database_clock

    def clock() -> Any:
        return honest() + timedelta(days=number)

    for module in ("scoring.pipeline", "scoring.verify", "scoring.overrides"):
        monkeypatch.setattr(f"{module}.database_clock", clock)


def holds() -> bool:
    found = verify_scores()
    return found.holds and found.checked > 0 and not found.due


def test_the_label_is_the_persons_and_the_score_stays(lead: Lead) -> None:
    before = standing(lead)
    hold(lead)
    after = standing(lead)
    assert (after.label, after.automatic_label) == ("hot", "cool")
    assert (after.total, after.grade, after.points) == (before.total, before.grade, before.points)
    assert sum(after.points) == after.total
    assert causes(lead) == [("override", "hot", "cool")]
    assert holds()


def test_what_happens_meanwhile_is_counted_beneath_it(lead: Lead) -> None:
    hold(lead, "cold")
    record(lead, "page_viewed", url="/pricing")
    rescore()
    assert (standing(lead).label, standing(lead).automatic_label, standing(lead).total) == ("cold", "cool", 43)
    assert causes(lead)[-1] == ("activity", "cold", "cool")
    assert holds()


def test_it_ends_by_itself_after_its_last_day(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(lead, until=days(3))
    end = standing(lead).due_at
    assert end is not None and timezone.localtime(end).date() == days(4)
    later(monkeypatch, 3)
    rescore()
    assert standing(lead).label == "hot" and holds()
    later(monkeypatch, 4)
    assert standing(lead).due_at == end
    rescore()
    assert (standing(lead).label, standing(lead).automatic_label, standing(lead).due_at) == ("cool", None, None)
    assert causes(lead) == [("override", "hot", "cool"), ("override", "cool", None)]
    assert holds()


def test_the_points_that_fade_under_it_are_due_in_time(lead: Lead) -> None:
    record(lead, "webinar_attended")
    rescore()
    fades = standing(lead).due_at
    hold(lead, until=days(300))
    assert fades is not None and standing(lead).due_at == fades


def test_the_last_word_counts_and_each_is_kept(lead: Lead) -> None:
    hold(lead, "hot")
    hold(lead, "warm", reason="Not the board after all")
    assert standing(lead).label == "warm"
    assert [(row.label, row.ended_at is None) for row in Override.objects.all()] == [("warm", True), ("hot", False)]
    assert withdraw(standing(lead), by=None) and not withdraw(standing(lead), by=None)
    rescore()
    assert (standing(lead).label, override_of(lead.pk)) == ("cool", None)
    assert [cause for cause, *_ in causes(lead)] == ["override"] * 3
    assert holds()


def test_the_same_label_is_kept_from_changing(lead: Lead) -> None:
    hold(lead, "cool")
    assert causes(lead) == [("override", "cool", "cool")]
    Lead.objects.filter(pk=lead.pk).update(title="Clerk")
    rescore()
    assert (standing(lead).label, standing(lead).automatic_label) == ("cool", "cold")


def test_a_label_of_handing_off_hands_off(lead: Lead) -> None:
    hold(lead, "hot")
    assert Handoff.objects.get(lead=lead).label == "hot"


def test_a_label_set_low_keeps_a_warm_lead_from_sales(lead: Lead, monkeypatch: pytest.MonkeyPatch) -> None:
    hold(lead, "cold", until=days(3))
    for day in range(3):
        record(lead, "webinar_attended", url=str(day))
    record(lead, "page_viewed", url="/pricing")
    rescore()
    assert (standing(lead).automatic_label, Handoff.objects.count()) == ("warm", 0)
    later(monkeypatch, 4)
    rescore()
    assert (standing(lead).label, Handoff.objects.count()) == ("warm", 1)


def test_publishing_leaves_it_in_place(lead: Lead) -> None:
    hold(lead)
    go_live(reworded(ScoringModel.objects.get()))
    assert (standing(lead).label, standing(lead).automatic_label) == ("hot", "cool")
    assert causes(lead)[-1] == ("rules", "hot", "cool")
    assert holds()


def test_what_was_said_is_never_rewritten(lead: Lead) -> None:
    made = hold(lead)
    for change in ({"reason": "Other"}, {"until": days(9)}, {"label": "warm"}):
        with pytest.raises(DatabaseError, match="never rewritten"), transaction.atomic():
            Override.objects.filter(pk=made.pk).update(**change)


@pytest.mark.parametrize(
    ("wrong", "field"), [({"until": days(-1)}, "until"), ({"until": days(400)}, "until"), ({"reason": " "}, "reason"),
                         ({"label": "boiling"}, "label")]
)  # fmt: skip
def test_what_cannot_be_set_is_said_by_field(lead: Lead, wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refusal:
        hold(lead, **wrong)
    assert list(refusal.value.message_dict) == [field]


def test_a_lead_without_a_score_has_no_label_to_set() -> None:
    with pytest.raises(ValidationError):
        hold(make_lead(make_team()))


def test_replay_tells_what_was_shown_and_what_was_counted(lead: Lead) -> None:
    hold(lead)
    out = StringIO()
    call_command("replay", str(lead.pk), "--as-of", timezone.now().isoformat(), "--json", stdout=out)
    assert '"label": "hot", "automatic_label": "cool"' in out.getvalue()


# --- Pages and API ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "status"), [(Role.MARKETING, 200), (Role.MANAGER, 200), (Role.REP, 403)])
def test_marketing_and_managers_may(client: Client, lead: Lead, role: str, status: int) -> None:
    client.force_login(make_user("Mo", lead.team, role))
    assert client.get(f"/scoring/leads/{lead.pk}/override/").status_code == status
    assert (b"Set the label by hand" in client.get(f"/scoring/leads/{lead.pk}/standing/").content) == (status == 200)


def test_leads_of_other_teams_are_not_there(client: Client, lead: Lead) -> None:
    client.force_login(make_user("Mo", make_team("APAC"), Role.MARKETING))
    assert client.get(f"/scoring/leads/{lead.pk}/override/").status_code == 404
    assert client.post(f"/scoring/leads/{lead.pk}/override/withdrawal").status_code == 404


def test_from_the_form_to_the_list_and_back(client: Client, lead: Lead) -> None:
    client.force_login(make_user("Mara", lead.team, Role.MARKETING))
    page = f"/scoring/leads/{lead.pk}/override/"
    given = {"label": "hot", "until": str(days(5)), "reason": ""}
    assert client.post(page, given).status_code == 422
    assert client.post(page, given | {"reason": "Met the board"}).status_code == 302
    rescore()
    for address in ("/leads/", f"/leads/{lead.pk}/"):
        assert b"by hand" in client.get(address).content
    why = client.get(f"/scoring/leads/{lead.pk}/standing/").content.decode()
    assert "Met the board" in why and "by Mara" in why and "By its score this lead is Cool" in why
    history = f"/scoring/leads/{lead.pk}/history/"
    assert "Label set to Hot by hand, by its score Cool" in client.get(history).content.decode()
    assert "End it now" in client.get(page).content.decode()
    assert client.post(f"{page}withdrawal").status_code == 302
    rescore()
    assert b"by hand<" not in client.get("/leads/").content
    assert "Label no longer set by hand: Cool" in client.get(history).content.decode()


def test_the_form_offers_days_of_the_installation(client: Client, lead: Lead) -> None:
    mara = make_user("Mara", lead.team, Role.MARKETING, time_zone="America/Los_Angeles")
    page, last = f"/scoring/leads/{lead.pk}/override/", date(2026, 12, 31)
    with time_machine.travel(f"{last}T03:00Z"):  # still the thirtieth for Mara
        client.force_login(mara)
        offered = client.get(page).context["form"].fields["until"].widget.attrs
        assert (offered["min"], offered["max"]) == (str(last), str(last + timedelta(days=LONGEST)))
        given = {"label": "hot", "reason": "Met the board"}
        assert client.post(page, given | {"until": str(last - timedelta(days=1))}).status_code == 422
        assert client.post(page, given | {"until": offered["min"]}).status_code == 302


def test_by_program(lead: Lead) -> None:
    marketer, rep = (Caller(make_user(role, lead.team, role)) for role in (Role.MARKETING, Role.REP))
    path, given = f"leads/{lead.pk}/override", {"label": "hot", "reason": "Met the board", "until": str(days(5))}
    assert marketer.get(path).status_code == 404
    assert rep.post(path, given).status_code == 403
    assert marketer.post(path, given | {"until": str(days(-1))}).json()["fields"].keys() == {"until"}
    assert marketer.post(path, given).status_code == 201
    rescore()
    body = rep.get(f"leads/{lead.pk}/standing").json()
    assert (body["label"], body["automatic_label"], sum(line["points"] for line in body["lines"])) == (
        "hot",
        "cool",
        35,
    )
    assert rep.get(f"leads/{lead.pk}").json()["standing"]["automatic_label"] == "cool"
    assert {key: rep.get(path).json()[key] for key in given} == given
    assert marketer.client.delete(f"/api/v1/{path}").status_code == 204
    assert marketer.client.delete(f"/api/v1/{path}").status_code == 404
