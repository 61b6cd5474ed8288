"""The model field that keeps a condition as JSON."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from leads.conditions.grammar import ConditionError, parse


def validate_condition(value: Any) -> None:
    """ValidationError with the place of the mistake, for people who edit in the admin."""
    from leads.conditions.vocabulary import Vocabulary  # needs the models, which need this field

    try:
        Vocabulary.load().check(parse(value))
    except ConditionError as error:
        raise ValidationError(str(error)) from error


class ConditionField(models.JSONField):
    default_validators = [validate_condition]
