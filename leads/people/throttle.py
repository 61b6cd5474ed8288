"""How often a password may be tried: by address and sender together, and slowly by address alone.

Each try costs one before the password is looked at; what is right is given back. The pair stops who guesses from one
place; the slower budget of the address stops who guesses from many, and is so wide that nobody shuts out a colleague by
a few wrong tries. Counted in PostgreSQL, where passwords are: without it nobody signs in, so nobody tries uncounted.
"""

import hashlib
import math
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from leads.models import SignInBudget


@dataclass(frozen=True)
class Budget:
    """So many tries at once, then one in so many seconds."""

    name: str
    most: int
    seconds: int


PAIR = Budget("pair", 5, 60)
ADDRESS = Budget("address", 50, 360)

# A leaky bucket in one statement: no row comes back when it is full, and of many at once exactly `most` get through.
_TAKE = """
INSERT INTO leads_signinbudget AS b (key, level, at) VALUES (%(key)s, 1, %(now)s)
ON CONFLICT (key) DO UPDATE
   SET level = greatest(0, b.level - extract(epoch FROM %(now)s - b.at) / %(seconds)s) + 1, at = %(now)s
 WHERE greatest(0, b.level - extract(epoch FROM %(now)s - b.at) / %(seconds)s) + 1 <= %(most)s
RETURNING level
"""


def take(email: str, sender: str) -> int:
    """Count a try. Returns 0 where it may go ahead, else the seconds to wait."""
    if wait := _take(PAIR, f"{_plain(email)}|{sender}"):
        return wait
    return _take(ADDRESS, _plain(email))


def give_back(email: str, sender: str) -> None:
    """The password was right: the pair begins anew, and the address has its one back."""
    SignInBudget.objects.filter(key=_key(PAIR, f"{_plain(email)}|{sender}")).delete()
    for budget in SignInBudget.objects.filter(key=_key(ADDRESS, _plain(email)), level__gte=1):
        SignInBudget.objects.filter(pk=budget.pk, level=budget.level).update(level=budget.level - 1)


def forget_old() -> int:
    """Drop buckets that are empty by now. How many."""
    empty_after = timedelta(seconds=max(budget.most * budget.seconds for budget in (PAIR, ADDRESS)))
    return SignInBudget.objects.filter(at__lt=timezone.now() - empty_after).delete()[0]


def in_words(seconds: int) -> str:
    """45 → "45 seconds", 90 → "2 minutes"."""
    if seconds < 60:
        return f"{seconds} second{'s' if seconds != 1 else ''}"
    minutes = math.ceil(seconds / 60)
    return f"{minutes} minute{'s' if minutes != 1 else ''}"


def _take(budget: Budget, what: str) -> int:
    key, now = _key(budget, what), timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"key": key, "now": now, "seconds": budget.seconds, "most": budget.most})
        if cursor.fetchone():
            return 0
    full = SignInBudget.objects.filter(pk=key).first()
    if full is None:
        return 1
    level = full.level - (now - full.at).total_seconds() / budget.seconds
    return max(1, math.ceil((level + 1 - budget.most) * budget.seconds))


def _plain(email: str) -> str:
    return email.strip().lower()


def _key(budget: Budget, what: str) -> str:
    return hashlib.sha256(f"{budget.name}:{what}".encode()).hexdigest()
