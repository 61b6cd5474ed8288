"""The queue as people use it: with plain forms, with htmx, and who may."""

import re
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.template import engines
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from leads.enums import HandoffState, Role, Stage
from leads.models import Feedback, Handoff, Lead
from leads.selling.handoffs import accept, reject
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score

HTMX = {"HX-Request": "true"}


@pytest.fixture
def kim(team, client):
    user = make_user("Kim", team)
    client.force_login(user)
    return user


def sign_in(client, team, role, name="Mia"):
    user = make_user(name, team, role)
    client.force_login(user)
    return user


def address(handoff, noun=""):
    return f"/handoffs/{handoff.pk}/{noun}/".replace("//", "/")


def said(answer):
    return [str(message) for message in get_messages(answer.wsgi_request)]


def due(handoff, **delta):
    Handoff.objects.filter(pk=handoff.pk).update(due_at=timezone.now() + timedelta(**delta))


def queries(client, url):
    with CaptureQueriesContext(connection) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_the_queue_is_grouped_by_the_clock(client, team, kim):
    late, later = hand_off(team), hand_off(team)
    due(late, hours=-1)
    due(later, days=3)
    page = client.get("/handoffs/")
    assert [(head["name"], head["number"], rows) for head, rows in page.context["groups"]] == [
        ("Late", 1, [late]),
        ("Fast track", 1, [later]),
    ]
    assert "2 wait for you, 2 for the team." in page.text


def test_a_row_shows_the_promise_and_what_came_since(client, team, kim):
    handoff = hand_off(team)
    score(handoff.lead, points=(25, 15, -3))
    page = client.get("/handoffs/").text
    assert "At handoff 30 · A2, +7 since" in page
    assert "Asked for pricing" in page
    assert "round robin, 1st of 1" in page


def test_a_lead_that_was_not_scored(client, team, kim):
    accept_me = make_lead(team)
    sign_in(client, team, Role.MARKETING)
    client.post(f"/leads/{accept_me.pk}/handoff/")
    page = client.get("/handoffs/?tab=team").text
    assert "Not scored at handoff" in page
    assert "Handed off by Mia" in page


@pytest.mark.parametrize(("role", "tab"), [(Role.REP, "mine"), (Role.MANAGER, "team"), (Role.MARKETING, "team")])
def test_everybody_begins_where_their_work_is(client, team, role, tab):
    sign_in(client, team, role)
    assert client.get("/handoffs/").context["tab"] == tab


def test_the_tabs_count(client, team, kim):
    lee = make_user("Lee", team)
    mine, hers, accepted, rejected, resting = [hand_off(team) for _ in range(5)]
    Handoff.objects.filter(pk=mine.pk).update(assignee=kim)
    Handoff.objects.filter(pk=hers.pk).update(assignee=lee)
    accept(accepted, by=kim)
    reject(rejected, by=kim, reason=reason())
    client.post(address(resting, "recycling"), {"until": "2999-01-01"})
    tabs = client.get("/handoffs/").context["tabs"]
    assert [(name, count) for name, _, count in tabs] == [
        ("mine", 1),
        ("team", 2),
        ("snoozed", 0),
        ("accepted", 1),
        ("rejected", 1),
        ("resting", 1),
    ]
    for name, handoff in (("accepted", accepted), ("rejected", rejected), ("resting", resting)):
        assert client.get(f"/handoffs/?tab={name}").context["page"].rows == [handoff]


def test_a_tab_nobody_made_and_a_cursor_of_another_list(client, team, kim):
    assert client.get("/handoffs/?tab=lost").status_code == 404
    assert "This is its beginning." in client.get("/handoffs/?tab=team&cursor=nonsense").content.decode()


@pytest.mark.parametrize("tab", ["mine", "team", "accepted", "rejected", "resting"])
def test_an_empty_tab_says_what_comes_here(client, team, kim, tab):
    assert 'class="empty"' in client.get(f"/handoffs/?tab={tab}").text


def test_a_long_queue_has_pages(client, team, kim, monkeypatch):
    monkeypatch.setattr("leads.selling.queue.PAGE", 2)
    rows = [hand_off(team) for _ in range(3)]
    for number, handoff in enumerate(rows):
        due(handoff, hours=number + 1)
    first = client.get("/handoffs/")
    assert first.context["page"].rows == rows[:2]
    further = first.context["page"].next
    assert f'href="?cursor={further}"' in first.text
    assert client.get("/handoffs/", {"cursor": further}).context["page"].rows == rows[2:]


@pytest.mark.parametrize("tab", ["mine", "team", "accepted", "rejected", "resting"])
@pytest.mark.parametrize("role", [Role.REP, Role.MANAGER])
def test_the_queue_costs_the_same_for_three_rows_as_for_one(client, team, role, tab):
    kim = sign_in(client, team, role, "Kim")

    def fill():
        for verb in ("open", "acceptance", "rejection", "recycling"):
            handoff = hand_off(team, owner=kim)
            Handoff.objects.filter(pk=handoff.pk).update(assignee=kim)
            if verb != "open":
                client.post(address(handoff, verb), {"reason": "no_budget", "until": "2999-01-01", "comment": "So"})

    fill()
    one = queries(client, f"/handoffs/?tab={tab}")
    fill()
    fill()
    assert queries(client, f"/handoffs/?tab={tab}") == one


def test_accepting_in_one_click(client, team, kim):
    handoff = hand_off(team)
    answer = client.post(address(handoff, "acceptance"))
    assert answer.headers["Location"] == "/handoffs/"
    assert said(answer) == [f"{handoff.lead} is yours."]
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.ACCEPTED


def test_with_htmx_the_row_is_swapped(client, team, kim):
    handoff = hand_off(team)
    answer = client.post(address(handoff, "acceptance"), headers=HTMX)
    assert (answer.status_code, answer["HX-Retarget"]) == (200, f"#handoff-{handoff.pk}")
    assert f'<li class="handoff" id="handoff-{handoff.pk}"' in answer.text
    assert f"{handoff.lead} is yours." in answer.text
    assert "<html" not in answer.text


def test_an_answer_counts_the_groups_of_the_queue_anew(client, team, kim):
    first, _second = hand_off(team), hand_off(team)
    asked = HTMX | {"HX-Current-URL": "http://testserver/handoffs/"}
    answer = client.post(address(first, "acceptance"), headers=asked)
    heads = re.findall(r'id="group-([a-z-]+)"[^>]*>(\d+)<', answer.text)
    assert heads == [("late", "0"), ("fast-track", "1"), ("due-today", "0"), ("later", "0")]
    assert "1 waits for you, 1 for the team." in answer.text
    shown = re.findall(r'id="group-([a-z-]+)"( hidden)?', client.get("/handoffs/").text)
    assert sorted(shown) == [("due-today", " hidden"), ("fast-track", ""), ("late", " hidden"), ("later", " hidden")]


def test_who_comes_second_sees_who_and_when(client, team, kim):
    handoff = hand_off(team)
    accept(Handoff.objects.get(pk=handoff.pk), by=make_user("Lee", team))
    answer = client.post(address(handoff, "acceptance"))
    assert answer.status_code == 302
    assert said(answer)[0].startswith("Already accepted by Lee on ")
    answer = client.post(address(handoff, "rejection"), {"reason": "no_budget"}, headers=HTMX)
    assert answer.status_code == 409
    assert "Already accepted by Lee on " in answer.text
    assert Feedback.objects.count() == 1


def test_rejecting_has_a_page_of_its_own(client, team, kim):
    handoff = hand_off(team)
    page = client.get(address(handoff, "rejection") + "?next=/leads/")
    assert "<html" in page.text
    assert page.text.count('name="reason"') == 10
    assert "Asked for pricing, +18" in page.text
    answer = client.post(
        address(handoff, "rejection"),
        {"reason": "no_budget", "misled_by": "Asked for pricing", "comment": "Freeze", "next": "/leads/"},
    )
    assert answer.headers["Location"] == "/leads/"
    feedback = Feedback.objects.get()
    assert (feedback.reason_id, feedback.misled_by, feedback.comment) == ("no_budget", "Asked for pricing", "Freeze")
    page = client.get("/handoffs/?tab=rejected").text
    assert "No budget" in page
    assert "Freeze" in page


def test_for_a_dialog_only_the_form_comes(client, team, kim):
    page = client.get(address(hand_off(team), "rejection"), headers=HTMX).text
    assert "<html" not in page
    assert page.count("<form") == 1


@pytest.mark.parametrize(
    ("noun", "values", "says"),
    [
        ("rejection", {}, "Choose what is wrong."),
        ("rejection", {"reason": "luck"}, "This reason is no longer in use."),
        ("rejection", {"reason": "no_budget", "misled_by": "Something else"}, "Select a valid choice."),
        ("recycling", {}, "Choose the day on which the lead may come back."),
        ("recycling", {"until": "2020-01-01"}, "Choose a day after today."),
        ("assignment", {}, "Choose a colleague."),
        ("assignment", {"to": "0"}, "Choose a colleague of the team."),
    ],
)
@pytest.mark.parametrize("headers", [{}, HTMX])
def test_what_is_missing_is_said(client, team, kim, noun, values, says, headers):
    handoff = hand_off(team)
    answer = client.post(address(handoff, noun), values, headers=headers)
    assert answer.status_code == 422
    assert says in answer.text
    handoff.refresh_from_db()
    assert handoff.state == HandoffState.OPEN


def test_recycling_and_passing_on(client, team, kim):
    first, second = hand_off(team), hand_off(team)
    lee = make_user("Lee", team)
    client.post(address(first, "recycling"), {"until": "2999-01-01", "comment": "After the fair"})
    client.post(address(second, "assignment"), {"to": lee.pk})
    first.lead.refresh_from_db()
    second.refresh_from_db()
    assert (first.lead.stage, str(first.lead.resting_until)) == (Stage.RESTING, "2999-01-01")
    assert (second.assignee, second.state) == (lee, HandoffState.OPEN)


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_nobody_is_sent_elsewhere(client, team, kim, next_):
    answer = client.post(address(hand_off(team), "acceptance"), {"next": next_})
    assert answer.headers["Location"] == "/handoffs/"


NOUNS = ["acceptance", "rejection", "recycling", "assignment"]


@pytest.mark.parametrize("noun", NOUNS)
def test_marketing_reads_and_does_not_decide(client, team, noun):
    handoff = hand_off(team)
    sign_in(client, team, Role.MARKETING)
    assert client.post(address(handoff, noun)).status_code == 403
    page = client.get("/handoffs/").text
    assert str(handoff.lead) in page
    assert "Accept</button>" not in page


@pytest.mark.parametrize("noun", ["", *NOUNS])
def test_handoffs_of_other_teams_are_not_there(client, team, kim, noun):
    handoff = hand_off(make_team("APAC"))
    method = client.post if noun else client.get
    assert method(address(handoff, noun)).status_code == 404
    assert str(handoff.lead) not in client.get("/handoffs/?tab=team").text


@pytest.mark.parametrize("noun", ["", *NOUNS])
def test_strangers_sign_in_first(client, team, noun):
    handoff = hand_off(team)
    assert client.post(address(handoff, noun)).headers["Location"].startswith("/login/")


def test_one_handoff_has_an_address(client, team, kim):
    handoff = hand_off(team)
    assert "round robin, 1st of 1" in client.get(address(handoff)).text
    reject(handoff, by=kim, reason=reason(), comment="Freeze")
    assert "Freeze" in client.get(address(handoff)).text


def test_marketing_hands_off_by_hand_and_in_bulk(client, team):
    kim = make_user("Kim", team)
    sign_in(client, team, Role.MARKETING)
    one, two, taken = make_lead(team), make_lead(team), make_lead(team, stage=Stage.CUSTOMER)
    far = make_lead(make_team("APAC"))
    answer = client.post(f"/leads/{one.pk}/handoff/", {"next": f"/leads/{one.pk}/"})
    assert (said(answer), answer.headers["Location"]) == ([f"{one} is handed off to {kim}."], f"/leads/{one.pk}/")
    answer = client.post("/handoffs/", {"lead": [one.pk, two.pk, taken.pk, far.pk, "x"]})
    assert said(answer)[-1] == (
        "1 lead handed off. 3 left out: sales has them, they rest, or they wait for an answer already."
    )
    assert set(Handoff.objects.values_list("lead", flat=True)) == {one.pk, two.pk}


def test_a_taken_lead_is_not_handed_off_by_hand(client, team):
    sign_in(client, team, Role.MANAGER)
    lead = make_lead(team, stage=Stage.CUSTOMER)
    assert "is not handed off" in said(client.post(f"/leads/{lead.pk}/handoff/"))[0]


def test_reps_do_not_hand_off(client, team, kim):
    lead = make_lead(team)
    assert client.post(f"/leads/{lead.pk}/handoff/").status_code == 403
    assert client.post("/handoffs/", {"lead": [lead.pk]}).status_code == 403
    assert not Handoff.objects.exists()


def test_what_marketing_sees(client, team):
    kim = make_user("Kim", team)
    late, rejected = hand_off(team), hand_off(team)
    due(late, hours=-1)
    reject(rejected, by=kim, reason=reason(), comment="Freeze until February", misled_by="VP or C-level")
    accept(hand_off(team), by=kim)
    sign_in(client, team, Role.MARKETING)
    page = client.get("/handoffs/")
    week = page.context["week"]
    assert (week.handed_off, week.accepted, week.decided, week.accepted_share) == (3, 1, 2, None)
    assert (week.late, week.late_count) == ([late], 1)
    assert [answer.comment for answer in week.answers] == ["Freeze until February"]
    assert 'Misled by: <a href="/scoring/feedback/#h-criteria">VP or C-level</a>' in page.text


def test_reps_do_not_see_what_marketing_sees(client, team, kim):
    assert "week" not in client.get("/handoffs/").context


def cards(rf, lead, user):
    request = rf.get("/")
    request.user = user
    template = """{% load handoffs %}{% handoff_of lead as work %}
        {% include "leads/_decision.html" %}{% include "leads/_feedback.html" %}"""
    return engines["django"].from_string(template).render({"lead": lead}, request)


def test_the_cards_of_the_lead_page(rf, team, kim):
    lead = score(make_lead(team))
    mia = make_user("Mia", team, Role.MARKETING)
    assert "Hand off to sales" in cards(rf, lead, mia)
    assert "Hand off to sales" not in cards(rf, lead, kim)
    handoff = hand_off(team)
    assert "Your decision" in cards(rf, handoff.lead, kim)
    assert "Accept</button>" not in cards(rf, handoff.lead, mia)
    reject(handoff, by=kim, reason=reason(), comment="Freeze")
    page = cards(rf, Lead.objects.get(pk=handoff.lead_id), mia)
    assert "Not handed off again before" in page
    assert "Freeze" in page
    assert "Hand off to sales" not in page
