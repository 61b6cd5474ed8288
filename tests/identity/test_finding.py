"""Duplicates are found as leads come and change, by team, with evidence a person can read."""

from typing import Any

import pytest

from bench.duplicates import accuracy, store
from bench.generated_leads import made
from leads.enums import PairState
from leads.identity import finding, merge, unmerge
from leads.identity.evidence import compare
from leads.identity.keys import Person, keys_of, variant
from leads.identity.names import alike
from leads.identity.pairs import dismiss
from leads.models import Company, DuplicatePair, Lead, Likeness, Merge, MergeRule
from tests.sales import make_lead, make_team, make_user

pytestmark = pytest.mark.django_db


def find() -> None:
    while finding.check_due():
        pass


def twins(team: Any) -> tuple[Lead, Lead]:
    """The same person with a slip in the name and the same phone."""
    company = Company.objects.create(team=team, name="Northwind", domain="northwind.example")
    both = [
        make_lead(team, first_name="Robert", last_name=name, phone="+4989123456", company=company, email=email)
        for name, email in (("Hartmann", "robert@northwind.example"), ("Hartman", ""))
    ]
    return both[0], both[1]


def test_names() -> None:
    for names, least, most in (
        (("Ana", "Núñez", "ana", "Nunez"), 1.0, 1.0),
        (("Robert", "Miller", "Bob", "Miller"), 0.96, 0.96),
        (("Ana", "Ruiz", "Ruiz", "Ana"), 0.98, 0.98),
        (("Robert", "Hartmann", "Robert", "Hartman"), 0.95, 1.0),
        (("Ana", "Ruiz", "Omar", "Ruiz"), 0.0, 0.6),
        (("Ana", "", "Ana", ""), 0.0, 0.0),
    ):
        assert least <= alike(*names) <= most, names


def test_addresses_are_compared_without_what_servers_ignore() -> None:
    assert variant("ana.ruiz+news@googlemail.com") == variant("anaruiz@gmail.com") == "anaruiz@gmail.com"
    assert variant("ana@x.example") != variant("ana@y.example")


def test_a_task_is_not_a_person() -> None:
    info = Person(1, 1, "info@northwind.example", "", "", "", "", "", "", None, "")
    assert keys_of(info) == set()


def test_the_evidence_can_be_read() -> None:
    one = Person(1, 1, "bob@x.example", "+4989123456", "Robert", "Miller", "", "", "", 5, "Northwind")
    two = Person(2, 1, "", "+4989123456", "Bob", "Miller", "", "", "", 5, "Northwind")
    found = compare(one, two, {})
    assert [text for text, _ in found.reasons] == [
        "the same company, Northwind", "the same phone +4989123456", "names 96 % alike"
    ]  # fmt: skip
    assert found.confidence == 96


def test_a_switchboard_says_little_and_other_names_speak_against_it() -> None:
    one = Person(1, 1, "", "+4989123456", "Ana", "Ruiz", "", "", "", 5, "Northwind")
    two = Person(2, 1, "", "+4989123456", "Omar", "Keller", "", "", "", 5, "Northwind")
    assert compare(one, two, {"p:989123456": 30}).confidence < 10
    assert compare(one, two, {}).confidence < finding.SHOWN_FROM


def test_what_was_decided_is_remembered_and_a_lead_is_checked_when_it_changes() -> None:
    team = make_team()
    one, two = twins(team)
    find()
    pair = DuplicatePair.objects.get()
    assert (pair.low, pair.high, pair.state) == (one, two, PairState.OPEN)
    dismiss(pair, by=make_user("Mia", team))
    Lead.objects.filter(pk=two.pk).update(last_name="Hartmannn")
    assert list(Likeness.objects.filter(checked__lt=2, rev__gt=1).values_list("lead", flat=True)) == [two.pk]
    find()
    assert DuplicatePair.objects.get().state == PairState.DIFFERENT


def test_pairs_that_are_no_longer_alike_go_and_return() -> None:
    one, _ = twins(make_team())
    find()
    Lead.objects.filter(pk=one.pk).update(first_name="Olga", last_name="Weiss", phone="", email="")
    find()
    assert DuplicatePair.objects.get().state == PairState.GONE
    Lead.objects.filter(pk=one.pk).update(first_name="Robert", last_name="Hartmann", phone="+4989123456")
    find()
    assert DuplicatePair.objects.get().state == PairState.OPEN


def test_leads_of_two_teams_are_never_compared() -> None:
    for name in ("EMEA", "APAC"):
        make_lead(
            make_team(name), first_name="Robert", last_name="Hartmann", email="bob@x.example", phone="+4989123456"
        )
    find()
    assert not DuplicatePair.objects.exists()


def test_a_key_of_too_many_brings_nobody_together() -> None:
    team = make_team()
    Lead.objects.bulk_create(Lead(team=team, phone="+4989123456") for _ in range(finding.BLOCK + 1))
    find()
    assert not DuplicatePair.objects.exists()
    assert finding.too_common([team.pk]) == 1


def test_a_team_may_let_sure_pairs_merge_by_themselves_and_never_twice() -> None:
    team = make_team()
    twins(team)
    find()
    assert finding.merge_sure() == 0  # no rule: never
    MergeRule.objects.create(team=team, automatic_from=90)
    assert finding.merge_sure() == 1
    assert Lead.objects.count() == 1
    unmerge(Merge.objects.get(), by=None)
    find()
    assert (finding.merge_sure(), Lead.objects.count()) == (0, 2)


def test_a_merged_lead_is_nobodys_duplicate() -> None:
    team = make_team()
    one, two = twins(team)
    third = make_lead(team, first_name="Robert", last_name="Hartmann", phone="+4989123456", company=one.company)
    find()
    assert DuplicatePair.objects.filter(state=PairState.OPEN).count() == 3
    merge(one, two, by=None)
    find()
    left = DuplicatePair.objects.get(state=PairState.OPEN)
    assert (left.low, left.high) == (one, third)


def test_precision_and_recall() -> None:
    world = made(2000)
    ids = store(world, make_team())
    find()
    figures = accuracy(world, ids)
    assert figures["recall_shown"] >= 85
    assert figures["precision_shown"] >= 90
    assert figures["precision_sure"] >= 97
