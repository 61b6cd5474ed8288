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

    class Meta:
        ordering = ["label"]
        constraints = [models.UniqueConstraint(fields=["of", "key"], name="field_key")]

    def __str__(self) -> str:
        return self.label
