"""The description of the API can be made, by nobody in particular and without a doubt."""

from django.core.management import call_command


def test_the_schema_is_made_without_a_warning(tmp_path):
    schema = tmp_path / "schema.yml"
    call_command("spectacular", "--fail-on-warn", "--validate", "--file", str(schema))
    assert "/api/v1/leads/{id}" in schema.read_text()
