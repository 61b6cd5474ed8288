from django.core.validators import RegexValidator
from django.db import models

from leads.enums import FieldType


class Field(models.Model):
    """A custom field of leads or companies. Its key is fixed, so renaming the label breaks no criterion."""

    LEAD, COMPANY = "lead", "company"

    of = models.CharField(max_length=10, choices=[(LEAD, "Lead"), (COMPANY, "Company")], default=LEAD)
    key = models.CharField(
        max_length=60,
        validators=[RegexValidator(r"^[a-z][a-z0-9_]*$", "Use small letters, digits and _, starting with a letter.")],
    )
    label = models.CharField(max_length=150)
    type = models.CharField(max_length=10, choices=FieldType, default=FieldType.TEXT)
    choices = models.JSONField(default=list, blank=True, help_text="The allowed values of a choice or list.")
    help = models.CharField(max_length=250, blank=True)
    precedence = models.JSONField(
        "which source wins", default=list, blank=True,
        help_text="Strongest first: kind:crm or source:hubspot. Empty: the latest word counts (docs/fields.md).",
    )  # fmt: skip

    class Meta:
        ordering = ["label"]
        constraints = [models.UniqueConstraint(fields=["of", "key"], name="field_key")]

    def __str__(self) -> str:
        return self.label

    @property
    def term(self) -> str:
        """What conditions call it."""
        return f"{'company.' if self.of == self.COMPANY else ''}custom.{self.key}"


class Claim(models.Model):
    """What a source last said of a field that has an order of sources; what wins stands on the row itself.

    `origin` is "crm:hubspot", "manual:by-hand"; empty: what stood there before the field had an order.
    `value` None: the field was emptied.
    """

    stays_when_merged = True  # see leads/identity/belongings.py

    field = models.ForeignKey(Field, models.CASCADE, related_name="claims", db_index=False)
    lead = models.ForeignKey("leads.Lead", models.CASCADE, null=True, related_name="claims")
    company = models.ForeignKey("leads.Company", models.CASCADE, null=True, related_name="claims")
    origin = models.CharField(max_length=70, blank=True)
    value = models.JSONField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["field", "lead", "origin"], name="claim_of_lead"),
            models.UniqueConstraint(fields=["field", "company", "origin"], name="claim_of_company"),
        ]

    def __str__(self) -> str:
        return f"{self.origin or 'before'}: {self.value}"
