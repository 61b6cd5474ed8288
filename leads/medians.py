"""The median, as the database counts it."""

from django.db.models import Aggregate, FloatField


class Median(Aggregate):
    """The median as PostgreSQL computes it: the mean of the middle two of an even number."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()
    allow_distinct = False
