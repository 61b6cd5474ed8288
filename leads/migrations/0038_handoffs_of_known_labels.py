"""A handoff has one of the labels and states there are: reports keep both by their place among these."""

from django.db import migrations, models

STATES = ["open", "accepted", "rejected", "recycled", "expired", "merged"]
LABELS = ["", "hot", "warm", "cool", "cold", "disqualified"]


class Migration(migrations.Migration):
    dependencies = [("leads", "0037_push_due_of_the_last_record")]

    operations = [
        migrations.AddConstraint(
            "handoff",
            models.CheckConstraint(condition=models.Q(state__in=STATES), name="handoff_has_a_known_state"),
        ),
        migrations.AddConstraint(
            "handoff",
            models.CheckConstraint(condition=models.Q(label__in=LABELS), name="handoff_has_a_known_label"),
        ),
    ]
