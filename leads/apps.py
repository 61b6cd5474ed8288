from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import segments, sessions  # noqa: F401 segments answers who uses what
        from leads.seed import seed

        sessions.connect()
        post_migrate.connect(seed, sender=self)
