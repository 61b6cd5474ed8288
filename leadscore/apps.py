from django.apps import AppConfig


class LeadscoreConfig(AppConfig):
    name = "leadscore"

    def ready(self) -> None:
        import leadscore.celery  # noqa: F401 whoever writes facts, in a web process too, sends wake-ups by our broker
