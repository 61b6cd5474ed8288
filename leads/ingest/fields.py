"""Custom fields that a file brings along."""

from leads.enums import FieldType, ImportKind
from leads.ingest.kinds import slug_of
from leads.ingest.targets import NEW
from leads.models import Field, Import


def with_new_fields(job: Import) -> dict[str, str]:
    """The mapping without "new.…": the fields are made, or found when a field of that name is there already."""
    of = Field.COMPANY if job.kind == ImportKind.COMPANIES else Field.LEAD
    known = {field.key: field for field in Field.objects.filter(of=of)}
    mapping, used = {}, set[str]()
    for column in job.columns:
        key = job.mapping.get(column)
        if key and key.startswith(NEW):
            name = _free_key(column, used)
            used.add(name)
            if name not in known:
                known[name] = _field(job, of, name, column, key.removeprefix(NEW))
            key = f"fields.{name}"
        if key:
            mapping[column] = key
    return mapping


def _field(job: Import, of: str, key: str, column: str, type_: str) -> Field:
    choices = job.facts.get(column, {}).get("choices", []) if type_ == FieldType.CHOICE else []
    if type_ == FieldType.CHOICE and not choices:
        type_ = FieldType.TEXT
    field = Field(of=of, key=key, label=column[:150], type=type_, choices=choices)
    Field.objects.bulk_create([field], ignore_conflicts=True)
    return field


def _free_key(column: str, used: set[str]) -> str:
    """A key such as total_visits; the second of two columns that would share it gets a number."""
    base = slug_of(column)[:55]
    base = base if base[0].isalpha() else f"f_{base}"
    return next(key for key in (base, *(f"{base}_{number}" for number in range(2, 1000))) if key not in used)
