from django.apps import AppConfig


class LeadscoreConfig(AppConfig):
    name = "leadscore"

    def ready(self) -> None:
        # Whoever wakes a worker must know our broker: without our app, Celery would look for one of its own.
        from leadscore import celery  # noqa: F401
