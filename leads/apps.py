from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import segments  # noqa: F401 segments answers who uses what
        from leads.people import sessions
        from leads.seed import seed

        sessions.connect()
        post_migrate.connect(seed, sender=self)
