"""The first admin of a new installation: through a one-time link, or on the command line."""

from django.core import signing
from django.db import connection, transaction

from leads.enums import Role
from leads.models import Membership, Team, User

SALT = "leads.setup"
LINK_SECONDS = 24 * 3600
SETUP_LOCK = 4_201_001  # any number nobody else uses


class AlreadySetUp(Exception):
    """Somebody can sign in already: the link is dead."""


def link_token() -> str:
    """A token for the setup page, good for a day and only until the first person exists."""
    return signing.dumps("first admin", salt=SALT)


def is_open(token: str) -> bool:
    """Whether the link still makes the first admin."""
    try:
        signing.loads(token, salt=SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return False
    return not User.objects.exists()


@transaction.atomic
def make_first_admin(*, email: str, name: str, password: str, team: str, slug: str) -> User:
    """The first person, admin of the first team. Of two at the same moment one gets AlreadySetUp."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [SETUP_LOCK])
    if User.objects.exists():
        raise AlreadySetUp
    user = User.objects.create_superuser(email, password, name=name)
    first = Team.objects.create(name=team, slug=slug)
    Membership.objects.create(user=user, team=first, role=Role.ADMIN)
    return user


@transaction.atomic
def admin_with_password(*, email: str, password: str) -> tuple[User, bool]:
    """An active admin with this password, made when there is none: also the way back in when a password is lost."""
    user = User.objects.filter(email=email.strip().lower()).first()
    created = user is None
    user = user or User(email=email.strip().lower(), name=email.split("@")[0])
    user.is_active = user.is_superuser = True
    user.set_password(password)
    user.save()
    return user, created
