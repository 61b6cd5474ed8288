"""How this company publishes: the one row that says so."""

from typing import Any

from django.utils import timezone

from scoring.models import PublishingPolicy


def set_policy(*, four_eyes: bool, by: Any) -> PublishingPolicy:
    """Whether a second person must approve a draft; who decided that and when is kept."""
    values = {"four_eyes": four_eyes, "changed_at": timezone.now(), "changed_by": by}
    return PublishingPolicy.objects.update_or_create(pk=1, defaults=values)[0]
