from django.apps import AppConfig
from django.db.models.signals import post_migrate


class LeadsConfig(AppConfig):
    name = "leads"

    def ready(self) -> None:
        from leads import segments  # noqa: F401 answers who uses what
        from leads.seed import seed

        post_migrate.connect(seed, sender=self)
