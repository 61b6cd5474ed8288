"""The label a person set, put over the one that follows from the score. Points and grade are never touched."""

from django.conf import settings


def shown(rows: str, *others: str) -> str:
    """SQL that reads rows of COLUMNS and `as_of` as they are shown, and carries `others` along.

    Where a person's label holds at `as_of`, it is the label, and the one of the score is `automatic_label`, else NULL.
    The row is due when it ends at the latest. A lead outside every audience has no label to put another one over.
    """
    end = _end()
    kept = ", ".join(f"n.{name}" for name in ("lead_id", "version", "fit", "engagement", "total", "grade", "points"))
    carried = "".join(f", n.{name}" for name in ("as_of", *others))
    return (
        f"SELECT {kept}, COALESCE(v.label, n.label) AS label,"
        f" CASE WHEN v.label IS NOT NULL THEN n.label END AS automatic_label,"
        f" LEAST(n.due_at, {end}) AS due_at{carried} FROM {rows} n LEFT JOIN scoring_override v"
        f" ON v.lead_id = n.lead_id AND v.ended_at IS NULL AND n.as_of < {end} AND n.version IS NOT NULL"
    )


def _end() -> str:
    """The first moment after its last day, in the installation's zone."""
    zone = settings.TIME_ZONE.replace("'", "''")
    return f"timezone('{zone}', (v.until + 1)::timestamp)"
