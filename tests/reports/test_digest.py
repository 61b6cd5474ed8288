"""The week by mail: the figures by hand, each person once, on Monday morning where they are."""

import email
import email.policy
import re
from datetime import UTC, date, datetime, timedelta
from io import BytesIO, StringIO
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image, ImageColor

from leads.charts.picture import COLOURS
from leads.enums import DealState, Label, Role, SourceKind
from leads.models import Deal, Effect, Handoff, Source, User
from leads.outgoing import delivery
from leads.selling.handoffs import accept, open_handoffs, reject
from reports.digest import digest_of, send_due
from reports.models import Digest
from reports.queries.week import team_week
from reports.tasks import send_digests
from tests.leads.api import Caller
from tests.sales import hand_off, make_lead, make_team, make_user, reason, score
from tests.threads import at_once

MONDAY = datetime(2026, 3, 9, 8, 30, tzinfo=UTC)  # 08:30 in UTC, 09:30 in Madrid, 03:30 in New York
WEDNESDAY_BEFORE = datetime(2026, 3, 4, 10, 0, tzinfo=UTC)


def person(name, team, zone="UTC", **extra):
    user = make_user(name, team, time_zone=zone, **extra)
    User.objects.filter(pk=user.pk).update(created_at=datetime(2026, 1, 1, tzinfo=UTC))
    return User.objects.get(pk=user.pk)


def a_week(team, rep):
    """Two Hots, one accepted, one rejected; a deal won with a lead that was Cold; one that waits."""
    with time_machine.travel(WEDNESDAY_BEFORE):
        accept(hand_off(team), by=rep)
        reject(hand_off(team), by=rep, reason=reason())
        cold = score(make_lead(team), label=Label.COLD, grade="D4", points=(1, 1, 0))
        accept(open_handoffs([cold.pk])[0], by=rep)
        hand_off(team)
        source = Source.objects.named(team, "CRM", SourceKind.CRM)
        for name, lead in (("Pilot", cold), ("Other", score(make_lead(team)))):
            Deal.objects.create(
                team=team, lead=lead, source=source, external_id=name, name=name, state=DealState.WON, amount=5000,
                closed_at=WEDNESDAY_BEFORE,
            )  # fmt: skip
    return cold


@pytest.mark.django_db
def test_the_figures_of_a_week():
    team = make_team()
    rep = person("Kim", team)
    cold = a_week(team, rep)
    person("Ben", make_team("APAC"))
    with time_machine.travel(MONDAY):
        [shown] = digest_of(rep)["teams"]
        assert digest_of(User.objects.get(name="Ben"))["teams"] == []
    figures = dict(shown["figures"])
    assert figures["Handed off"] == "4"
    assert figures["Accepted"] == "2 of 3 answered yes or no; the week before 0 of 0"
    assert figures["Late now"] == "1 of 1 that wait"
    assert shown["past"][-2]["day"] == "23 Feb"
    assert shown["past"][-1] == {
        "day": "2 Mar", "handed_off": 4, "accepted": 2, "rejected": 1, "yes": 10, "other": 10,
    }, "half of the longest bar was accepted"  # fmt: skip
    assert shown["picture"]["words"].endswith("23 Feb: 0. 2 Mar: 4, Accepted 2, Rejected 1, Open or put off 1.")
    assert shown["reasons"] == [["No budget", "1 of 1 rejections"]]
    assert shown["hots"] == "1 of 2 Hot leads answered"
    assert [one["said"] for one in shown["rejected_hots"]] == ["30 at handoff; No budget"]
    assert shown["colds"] == "1 of 2 deals won"
    assert shown["won_colds"] == [{"lead": str(cold), "url": f"/leads/{cold.pk}/", "said": "Pilot, € 5,000"}]


@pytest.mark.django_db
def test_a_week_in_which_the_clocks_change_begins_and_ends_at_midnight():
    team, madrid = make_team(), ZoneInfo("Europe/Madrid")
    for day, hour in ((30, 0), (29, 23)):  # the clocks were put forward on the 29th
        Handoff.objects.filter(pk=hand_off(team).pk).update(opened_at=datetime(2026, 3, day, hour, 30, tzinfo=madrid))
    week = team_week(team, datetime(2026, 3, 30, tzinfo=madrid))
    assert (week.handed_off, [past.handed_off for past in week.past[-3:]]) == (1, [0, 1, 1])


@pytest.mark.django_db
def test_a_week_is_not_kept_for_people_whose_clocks_change_on_other_days():
    team, known = make_team(), {}
    Handoff.objects.filter(pk=hand_off(team).pk).update(opened_at=datetime(2026, 3, 22, 22, 30, tzinfo=UTC))
    told = []
    for zone in ("Europe/Madrid", "Africa/Johannesburg"):  # both two hours ahead since the 29th, until then one of them
        [week] = digest_of(person(zone, team, zone), date(2026, 4, 13), known)["teams"]
        told.append([past["day"] for past in week["past"] if past["handed_off"]])
    assert told == [["16 Mar"], ["23 Mar"]]


@pytest.mark.django_db
def test_of_the_won_colds_the_largest_are_told():
    team = make_team()
    source = Source.objects.named(team, "CRM", SourceKind.CRM)
    for number, amount in enumerate((None, 10, 30, 20)):
        lead = score(make_lead(team), label=Label.COLD, grade="D4", points=(1, 1, 0))
        Deal.objects.create(team=team, lead=lead, source=source, external_id=f"{number}", name="Deal", amount=amount,
                            state=DealState.WON, closed_at=WEDNESDAY_BEFORE)  # fmt: skip
    with CaptureQueriesContext(connection) as made:
        week = team_week(team, datetime(2026, 3, 2, tzinfo=UTC))
    assert [one.said for one in week.won_colds] == ["Deal, € 30", "Deal, € 20", "Deal, € 10"]
    assert len(made) <= 10


@pytest.mark.django_db
def test_on_monday_morning_where_they_are():
    team = make_team()
    here, there = person("Ada", team, "Europe/Madrid"), person("Noa", team, "America/New_York")
    a_week(team, here)
    for moment, got in (
        (MONDAY - timedelta(hours=2), []),  # 07:30 in Madrid
        (MONDAY, [here]),
        (MONDAY + timedelta(hours=5), [here, there]),
        (MONDAY + timedelta(days=3), [here, there]),
    ):
        with time_machine.travel(moment):
            send_digests()
        assert list(User.objects.filter(digests__isnull=False).order_by("pk")) == got
    delivery.deliver_due()
    assert sorted(message.to[0] for message in mail.outbox) == sorted([here.email, there.email])
    assert " 2 Mar ##########---------- 4, 2 accepted, 1 rejected" in mail.outbox[0].body
    assert mail.outbox[0].subject == "Your week of handoffs, 2 March to 8 March 2026"


def sent_to(user):
    """The mail as it went out, parsed again."""
    [message] = [message for message in mail.outbox if message.to == [user.email]]
    return email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)


@pytest.mark.django_db
def test_the_mail_shows_the_weeks_as_a_picture_of_each_team():
    emea, apac = make_team(), make_team("APAC")
    rep = person("Kim", emea)
    rep.memberships.create(team=apac, role=Role.REP)
    a_week(emea, rep), a_week(apac, rep)
    with time_machine.travel(MONDAY):
        send_digests()
    delivery.deliver_due()
    whole = sent_to(rep)
    assert [part.get_content_type() for part in whole.walk()] == [
        "multipart/related", "multipart/alternative", "text/plain", "text/html", "image/png", "image/png",
    ]  # fmt: skip
    page = whole.get_body(("html",)).get_content()
    asked = re.findall(r'<img src="cid:([^"]+)" width="460" height="210" alt="([^"]+)"', page)
    pictures = {part["Content-ID"].strip("<>"): part for part in whole.walk() if part.get_content_type() == "image/png"}
    assert [name for name, _ in asked] == list(pictures) == ["handoffs-apac@leadscore", "handoffs-emea@leadscore"]
    assert asked[1][1] == (
        "Handoffs of EMEA in eight weeks, and what sales answered. 12 Jan: 0. 19 Jan: 0. 26 Jan: 0. 2 Feb: 0. "
        "9 Feb: 0. 16 Feb: 0. 23 Feb: 0. 2 Mar: 4, Accepted 2, Rejected 1, Open or put off 1."
    )
    for name, part in pictures.items():
        assert (part.get_content_disposition(), part.get_filename()) == ("inline", f"{name.partition('@')[0]}.png")
        drawn = Image.open(BytesIO(part.get_content())).convert("RGB")
        assert drawn.size == (920, 420)
        colours = {colour: count for count, colour in drawn.getcolors(100_000)}
        accepted, rejected, other = (colours[ImageColor.getrgb(COLOURS[tone])] for tone in ("", "wrong", "before"))
        assert (round(accepted / rejected, 1), round(rejected / other, 1)) == (2.0, 1.0)
        written = drawn.crop((160, 385, 910, 420)).getcolors(100_000)
        assert len(written) > 20, "the days are written below the columns, whatever fonts the machine has"
    assert "2 Mar ##########---------- 4, 2 accepted, 1 rejected" in whole.get_body(("plain",)).get_content()


@pytest.mark.django_db
def test_a_late_start_sends_it_once_even_when_the_outbox_forgot():
    team = make_team()
    rep = person("Kim", team)
    a_week(team, rep)
    with time_machine.travel(MONDAY + timedelta(days=3)):
        assert send_due() == 1
        Effect.objects.all().delete()
        assert send_due() == 0
        Digest.objects.all().delete()  # negative control: it is the row that holds it
        assert send_due() == 1


@pytest.mark.django_db
def test_who_does_not_want_it_or_was_not_here_gets_none():
    team = make_team()
    away, unwilling = person("Gus", team, is_active=False), person("Una", team)
    a_week(team, person("Kim", team))
    client = Client()
    client.force_login(unwilling)
    assert client.post("/profile/", {"time_zone": "UTC"}).status_code == 302
    new = make_user("Neo", team)
    User.objects.filter(pk=new.pk).update(created_at=MONDAY + timedelta(hours=1), time_zone="UTC")
    with time_machine.travel(MONDAY + timedelta(hours=2)):
        assert send_due() == 1
    assert not Digest.objects.filter(user__in=[away, unwilling, new]).exists()


@pytest.mark.django_db(transaction=True)
def test_two_beats_at_once_send_one():
    team = make_team()
    a_week(team, person("Kim", team))
    with time_machine.travel(MONDAY):
        at_once(lambda _: send_due(), range(4))
    assert (Digest.objects.count(), Effect.objects.filter(key__startswith="digest:").count()) == (1, 1)


@pytest.mark.django_db
def test_page_program_and_command_say_the_same():
    team = make_team()
    rep = person("Kim", team, role=Role.REP)
    a_week(team, rep)
    client, out = Client(), StringIO()
    client.force_login(rep)
    with time_machine.travel(MONDAY):
        page = client.get("/reports/digest/").content.decode()
        answer = Caller(rep).get("reports/digest").json()
        call_command("digest", preview=rep.email, stdout=out)
        assert answer == digest_of(rep)
    for words in ("2 of 3 answered yes or no", "Rejected Hots: 1 of 2 Hot leads answered", "Pilot, € 5,000"):
        assert (words in page, words in out.getvalue()) == (True, True)
    assert Digest.objects.count() == 0
