"""Pages by position: every row once, in order, in both directions."""

from base64 import urlsafe_b64encode
from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from leads.keyset import BadCursor, capped_count, page_of
from leads.models import Company, Standing, Team
from tests.sales import make_lead, make_team


class Pages(TestCase):
    @settings(max_examples=25)
    @given(totals=st.lists(st.none() | st.integers(-2, 2), max_size=9), size=st.integers(1, 4), down=st.booleans())
    def test_walking_there_and_back_meets_every_row_once_in_order(
        self, totals: list[int | None], size: int, down: bool
    ) -> None:
        team = make_team()
        for total in totals:
            Standing.objects.filter(lead=make_lead(team)).update(total=total)
        order = "-total" if down else "total"
        sign = -1 if down else 1
        expected = sorted(
            Standing.objects.all(), key=lambda s: (s.total is None, sign * (s.total or 0), sign * s.pk)
        )  # fmt: skip
        there, cursor, last = [], "", ""
        while True:
            page = page_of(Standing.objects.all(), order=order, size=size, cursor=cursor)
            there += page.rows
            if not page.next:
                break
            cursor, last = page.next, page.next
        assert there == expected
        back, cursor = [], page.previous if last else ""
        while cursor:
            page = page_of(Standing.objects.all(), order=order, size=size, cursor=cursor)
            back = [*page.rows, *back]
            cursor = page.previous
        assert back == expected[: len(back)]
        assert len(back) + (len(expected) - 1) % size + 1 >= len(expected) or not last


@pytest.mark.django_db
def test_moments_keep_their_microseconds_and_text_its_order() -> None:
    team, now = make_team(), timezone.now()
    for i, name in enumerate(["b", "a", "ä", "B", ""]):
        Company.objects.create(team=team, name=name, created_at=now + timedelta(microseconds=i))
    for order in ("created_at", "-created_at", "name", "-name", "-id"):
        rows, cursor = [], ""
        while True:
            page = page_of(Company.objects.all(), order=order, size=1, cursor=cursor)
            rows += page.rows
            cursor = page.next
            if not cursor:
                break
        assert len({row.pk for row in rows}) == 5


@pytest.mark.django_db
@pytest.mark.parametrize("cursor", ["x", "!!", "bnVsbA", "W10", "WzAsMSwyLDNd", "WzAsIngiLDFd", "WzAsMSwieCJd", "é"])
def test_what_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadCursor):
        page_of(Standing.objects.all(), order="-total", size=2, cursor=cursor)


@pytest.mark.django_db
@pytest.mark.parametrize("place", ['[0,"\\u0000",1]', '[0,"a",Infinity]', '[0,"a",1e30]'])
def test_a_cursor_that_no_database_takes_is_refused(place: str) -> None:
    with pytest.raises(BadCursor):
        page_of(Company.objects.all(), order="name", size=2, cursor=urlsafe_b64encode(place.encode()).decode())


@pytest.mark.django_db
def test_a_count_goes_one_beyond_its_cap() -> None:
    for name in "abc":
        Team.objects.create(name=name, slug=name)
    assert [capped_count(Team.objects.all(), cap) for cap in (1, 2, 3)] == [2, 3, 3]
