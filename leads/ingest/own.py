"""Our own export of leads, read again: which columns it has, and the id by which a row is the lead it came from."""

import re
from collections.abc import Sequence
from typing import Any

from django.utils.crypto import constant_time_compare, salted_hmac

ID = "leadscore_id"
# What the columns of an export become when it is imported; the others were worked out by leadscore, and are no news.
COLUMNS = {
    ID: "lead", "email": "email", "first_name": "first_name", "last_name": "last_name", "title": "title",
    "company": "company.name", "domain": "company.domain", "phone": "phone", "country": "country", "city": "city",
    "website": "website", "source": "source", "campaign": "campaign", "owner_email": "owner",
}  # fmt: skip
MARK = re.compile(r"([1-9]\d{0,18})-([0-9a-f]{12})")
# The numbers and dates of an export are written in one way, whatever the values look like.
AS_WRITTEN = {"decimal": ".", "order": "dmy"}


def mark_of(pk: int) -> str:
    """The id of a lead for an export: only this installation makes them, so another's export hits nobody by chance."""
    return f"{pk}-{_sign(pk)}"


def lead_of(mark: str) -> int:
    """The lead's id. Raises ValueError when the mark is not of this installation."""
    found = MARK.fullmatch(mark.strip())
    if not found or not constant_time_compare(found[2], _sign(int(found[1]))):
        raise ValueError("Not an id of this installation: the row is found by its e-mail address.")
    return int(found[1])


def is_own(columns: Sequence[str]) -> bool:
    return ID in columns and "email" in columns


def mapping(columns: Sequence[str], targets: Any) -> dict[str, str]:
    """{column: key of its target, or "" for: worked out, do not import}."""
    return {column: key if (key := COLUMNS.get(column, column)) in targets else "" for column in columns}


def _sign(pk: int) -> str:
    return salted_hmac("leads.ingest.own", str(pk)).hexdigest()[:12]
