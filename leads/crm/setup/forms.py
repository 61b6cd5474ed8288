"""What people say of a connection: how to get in, and what it does. Its secrets are shown by their last four only."""

from typing import Any

from django import forms
from django.db import transaction
from django.utils.text import slugify

from leads.access import teams_with
from leads.crm import mapping
from leads.crm.base import Connector
from leads.crm.control import interrupt
from leads.crm.setup.remembered import forget
from leads.crm.words import Setting
from leads.enums import Creates
from leads.models import Connection, Team, User
from leads.outgoing.endpoint_forms import public_address

MOST = 2000  # signs of a setting; a private key is long


class ConnectionForm(forms.Form):
    """A new connection to that CRM, or an old one: then an empty secret stays as it is."""

    name = forms.CharField(max_length=100, help_text="As colleagues will read it: HubSpot, Salesforce Europe.")
    team = forms.ModelChoiceField(Team.objects.none(), empty_label=None, help_text="Whose leads it brings and takes.")
    creates = forms.ChoiceField(
        label="Leads that are made there", choices=Creates.choices, initial=Creates.HANDED_OFF,
        help_text="Whoever is there already is linked, whatever you choose.",
    )  # fmt: skip

    def __init__(self, *args: Any, kind: type[Connector], user: User, connection: Connection | None = None,
                 **options: Any):  # fmt: skip
        self.kind, self.connection = kind, connection
        if connection:
            known = {"name": connection.name, "creates": connection.creates, "base_url": connection.base_url}
            options["initial"] = known | {_key(name): value for name, value in connection.options.items()}
        super().__init__(*args, **options)
        if connection:
            del self.fields["team"]
        else:
            teams = Team.objects.filter(pk__in=teams_with(user, "leads.add_connection"))
            self.fields["team"].queryset = teams  # type: ignore[attr-defined]
            self.fields["name"].initial = kind.name
        self.fields["base_url"] = _address(kind)
        for setting in kind.settings:
            self.fields[_key(setting.name)] = self._field(setting)
        self.order_fields(["name", "team", "base_url", *(_key(each.name) for each in kind.settings), "creates"])

    def clean(self) -> dict[str, Any]:
        said: dict[str, Any] = super().clean() or {}
        team = self.connection.team if self.connection else said.get("team")
        others = Connection.objects.filter(team=team, name=said.get("name", ""))
        if team and (others.exclude(pk=self.connection.pk) if self.connection else others).exists():
            self.add_error("name", "The team has a connection of that name.")
        if self.connection and self._address(said.get("base_url", "")) != self._address(self.connection.base_url):
            self._want_keys(said)
        return said

    def _want_keys(self, said: dict[str, Any]) -> None:
        """Whoever may change the address may not thereby have a key sent there that he does not know."""
        kept = set(self.connection.secrets.values_list("name", flat=True)) if self.connection else set()
        for setting in self.kind.settings:
            if setting.name in kept and not said.get(_key(setting.name)):
                self.add_error(_key(setting.name), "The address is another one: enter this anew, for it goes there.")

    def _address(self, base_url: str) -> str:
        return (base_url or self.kind.base_url).rstrip("/").lower()

    @transaction.atomic
    def save(self, *, by: User) -> Connection:
        """Keep what was said; secrets sealed. A new connection is not on yet and has the mapping it begins with."""
        said = self.cleaned_data
        options = {each.name: said[_key(each.name)] for each in self.kind.settings if not each.secret}
        given = {"name": said["name"], "creates": said["creates"], "base_url": said["base_url"], "options": options}
        secrets = {each.name: text for each in self.kind.settings if each.secret and (text := said[_key(each.name)])}
        if self.connection:
            interrupt(self.connection)
            if secrets or _way_in(**given) != _way_in(self.connection.base_url, self.connection.options):
                self._forget_way_in(self.connection)
            Connection.objects.filter(pk=self.connection.pk).update(**given)
            connection = Connection.objects.get(pk=self.connection.pk)
        else:
            connection = Connection.make(said["team"], crm=self.kind.slug, slug=free_slug(said["name"]), by=by, **given)
            mapping.begin(connection)
        for name, text in secrets.items():
            connection.keep_secret(name, text)
        return connection

    def _forget_way_in(self, connection: Connection) -> None:
        """What was learned by another key or address: it has to be tested, and what the CRM gave us, such as a session,
        was for who and where we were.
        """
        Connection.objects.filter(pk=connection.pk).update(needs_person=False, account_seen="")
        connection.secrets.exclude(name__in=[each.name for each in self.kind.settings]).delete()
        forget(connection)

    def _field(self, setting: Setting) -> forms.Field:
        kept = self.connection.secrets.filter(name=setting.name).first() if self.connection and setting.secret else None
        widget: Any = {"password": forms.PasswordInput, "textarea": forms.Textarea}.get(setting.kind, forms.TextInput)
        text = setting.help + (f" Kept: {kept.hint}. Empty: it stays." if kept else "")
        return forms.CharField(
            label=setting.label, help_text=text.strip(), required=setting.required and not kept, max_length=MOST,
            initial=setting.default or None, widget=widget(attrs={"autocomplete": "off"}),
            validators=[public_address] if setting.kind == "url" else [],
        )  # fmt: skip


def _way_in(base_url: str, options: dict[str, Any], **_: Any) -> Any:
    """What tells one way to get in from another, but for the keys."""
    return base_url, {name: value for name, value in options.items() if value}


def free_slug(name: str) -> str:
    """A slug nobody has: crm, crm-2, …"""
    base = slugify(name)[:40] or "crm"
    taken = set(Connection.objects.filter(slug__startswith=base).values_list("slug", flat=True))
    return next(slug for n in range(1, len(taken) + 2) if (slug := base if n == 1 else f"{base}-{n}") not in taken)


def _key(name: str) -> str:
    """Settings stand beside fields of ours: their names must not meet."""
    return f"setting_{name}"


def _address(kind: type[Connector]) -> forms.CharField:
    text = f"Empty: {kind.base_url}" if kind.base_url else "Where your CRM is: https://crm.example.com"
    return forms.CharField(label="Address", required=not kind.base_url, max_length=300, help_text=text,
                           validators=[public_address])  # fmt: skip
