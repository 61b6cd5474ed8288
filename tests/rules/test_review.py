"""What a published version moves waits for marketing; sales is not flooded."""

import pytest

from leads.models import Crossing, Handoff, Lead, User
from leads.rules import review
from scoring import publishing
from scoring.models import ScoringModel
from tests.rules.watching import HOT, crossings, make_rule, make_segment, run_passes
from tests.sales import make_team, make_user
from tests.scoring.workshop import go_live, make_lead, make_model, record, rescore

pytestmark = pytest.mark.django_db


def generous(model: ScoringModel) -> None:
    """From now on everybody with engagement is Hot."""
    ScoringModel.objects.filter(pk=model.pk).update(labels=dict.fromkeys(model.labels, "hot"))


def reviewed(rule: object = None) -> list[tuple[int, str]]:
    return [(lead, state) for lead, _, state in crossings(rule)]  # type: ignore[arg-type]


def test_a_published_version_opens_no_handoff_and_asks_marketing(mara: User) -> None:
    model = make_model()
    go_live(model)
    lead = make_lead(make_team())
    rescore()
    generous(model)
    go_live(model)
    rescore()
    assert Handoff.objects.count() == 0
    assert reviewed() == [(lead.pk, "review")]
    waiting = Crossing.objects.get()
    assert (waiting.label_before != "hot", waiting.label) == (True, "hot")
    assert review.approve(review.open_to(mara), by=mara) == 1
    assert [(handoff.lead_id, handoff.opened_by) for handoff in Handoff.objects.all()] == [(lead.pk, mara)]
    assert review.approve(review.open_to(mara), by=mara) == 0


def test_rolled_back_there_is_nothing_to_review() -> None:
    model = make_model()
    first = go_live(model)
    lead = make_lead(make_team())
    rescore()
    generous(model)
    go_live(model)
    rescore()
    publication = publishing.rollback(first, by=None)
    while publishing.run(publication):
        pass
    rescore()
    assert reviewed() == [(lead.pk, "withdrawn")]


def test_what_rules_of_scoring_bring_into_a_segment_waits_too(mara: User) -> None:
    model = make_model()
    go_live(model)
    lead, active = make_lead(make_team()), make_lead(make_team())
    rescore()
    rule = make_rule(make_segment(condition=HOT), actions={"hand_off": True, "tag": "fresh"})
    generous(model)
    go_live(model)
    record(active, "page_viewed")  # counted before the pass has come by: it waits as well
    rescore()
    run_passes()
    rescore()
    assert sorted(reviewed(rule)) == [(lead.pk, "review"), (active.pk, "review")]
    assert Handoff.objects.count() == 0
    review.dismiss(review.open_to(mara).filter(lead=active), by=mara)
    review.approve(review.open_to(mara).filter(rule=rule), by=mara)
    assert sorted(reviewed(rule)) == [(lead.pk, "done"), (active.pk, "dismissed")]
    assert [handoff.lead_id for handoff in Handoff.objects.all()] == [lead.pk]
    assert dict(Lead.objects.values_list("pk", "tags")) == {lead.pk: ["fresh"], active.pk: []}


def test_what_a_lead_does_is_acted_on_at_once() -> None:
    """Negative control: the same label by activity needs no review."""
    model = make_model()
    generous(model)
    go_live(model)
    rule = make_rule(make_segment(condition=HOT), actions={"tag": "fresh"})
    lead = make_lead(make_team())
    rescore()
    assert (reviewed(rule), reviewed()) == ([(lead.pk, "done")], [])
    assert Handoff.objects.count() == 1


def test_only_whose_leads_one_hands_off(mara: User) -> None:
    model = make_model()
    go_live(model)
    make_lead(make_team("APAC"))
    rescore()
    generous(model)
    go_live(model)
    rescore()
    assert Crossing.objects.review().count() == 1
    assert review.open_to(mara).count() == 0
    assert review.open_to(make_user("Kim", make_team("APAC"))).count() == 0
