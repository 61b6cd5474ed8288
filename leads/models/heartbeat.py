"""Signs of life of the processes that no page talks to."""

from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """When a process of the installation (worker, beat) was last known to be alive."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at:%Y-%m-%d %H:%M:%S}"

    @staticmethod
    def note(**moments: datetime) -> None:
        """Keep one moment per name: `Heartbeat.note(worker=now)`."""
        beats = [Heartbeat(name=name, at=at) for name, at in moments.items()]
        Heartbeat.objects.bulk_create(beats, update_conflicts=True, unique_fields=["name"], update_fields=["at"])
