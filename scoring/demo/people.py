"""Who works at Tessera Automation, and with what one signs in to the demo."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password

from leads.enums import Role
from leads.models import Membership, Team, User

PASSWORD = "quiet-river-42"  # of every demo login: a demo holds nothing that is worth protecting
HOME = "Europe/Berlin"  # where Tessera has its headquarters
TEAMS = {"emea": "EMEA", "americas": "Americas", "apac": "APAC"}


@dataclass(frozen=True)
class Login:
    role: str
    email: str
    password: str

    def __str__(self) -> str:
        return f"{self.role:<10} {self.email:<24} {self.password}"


LOGINS = [Login(role, f"{role}@demo.example", PASSWORD) for role in Role.values]

REP = "rep@demo.example"

# e-mail, name, role, teams. Only the four of LOGINS can sign in; the others are colleagues.
STAFF = [
    ("marketing@demo.example", "Dana Ilic", Role.MARKETING, list(TEAMS)),
    (REP, "Kim Moss", Role.REP, ["emea"]),
    ("manager@demo.example", "Helen Brandt", Role.MANAGER, list(TEAMS)),
    ("admin@demo.example", "Alex Novak", Role.ADMIN, list(TEAMS)),
    ("rafael.ortiz@demo.example", "Rafael Ortiz", Role.REP, ["emea"]),
    ("aino.salo@demo.example", "Aino Salo", Role.REP, ["emea"]),
    ("grace.holloway@demo.example", "Grace Holloway", Role.REP, ["americas"]),
    ("mateo.vargas@demo.example", "Mateo Vargas", Role.REP, ["americas"]),
    ("yuki.tan@demo.example", "Yuki Tan", Role.REP, ["apac"]),
    ("arjun.mehta@demo.example", "Arjun Mehta", Role.REP, ["apac"]),
]


def hire() -> dict[str, Team]:
    """Make the teams and their people, or find them; the teams by region."""
    teams = {slug: Team.objects.get_or_create(slug=slug, defaults={"name": name})[0] for slug, name in TEAMS.items()}
    logins = {login.email for login in LOGINS}
    secret = make_password(PASSWORD)  # once: hashing is slow on purpose
    for email, name, role, regions in STAFF:
        password = secret if email in logins else make_password(None)
        zone = HOME if len(regions) > 1 else ""  # who is in one team has the time of that team
        defaults = {"name": name, "password": password, "is_superuser": role == Role.ADMIN, "time_zone": zone}
        user, _ = User.objects.get_or_create(email=email, defaults=defaults)
        for region in regions:
            Membership.objects.get_or_create(user=user, team=teams[region], defaults={"role": role})
    return teams


def marketer() -> User:
    return User.objects.get(email="marketing@demo.example")


def manager() -> User:
    return User.objects.get(email="manager@demo.example")


def reps() -> dict[str, list[User]]:
    """The reps of each region, in the order in which they joined."""
    members = Membership.objects.filter(role=Role.REP, team__slug__in=TEAMS).select_related("user", "team")
    by_region: dict[str, list[User]] = {}
    for member in members.order_by("pk"):
        by_region.setdefault(member.team.slug, []).append(member.user)
    return by_region


def lines() -> list[str]:
    """One line for each demo login: role, e-mail, password."""
    return [str(login) for login in LOGINS]


def present() -> bool:
    """Whether the demo logins exist here: what `manage.py up` prints them by."""
    return User.objects.filter(email__in=[login.email for login in LOGINS]).exists()
