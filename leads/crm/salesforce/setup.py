"""Making our fields in Salesforce, and looking whether we may do what we shall do."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from leads.crm.salesforce.org import Org
from leads.crm.words import Check, CrmError, OurField
from leads.enums import FieldType

PERMISSIONS = "leadscore"  # the permission set that shows our fields
WRITTEN = ("Contact", "Lead")


def make_fields(org: Org, sobject: str, fields: Sequence[tuple[OurField, str]]) -> None:
    """Make these fields and let the user we sign in as see and write them.

    A field made by API is seen by nobody, not even by who made it, until a permission set or profile names it. Ours is
    the permission set "leadscore": an administrator gives it to whoever shall see the score.
    """
    for field, name in fields:
        body = {"FullName": f"{sobject}.{name}", "Metadata": _metadata(field)}
        try:
            org.tooling("sobjects/CustomField", body)
        except CrmError as error:
            if "DUPLICATE_DEVELOPER_NAME" not in str(error):  # made before, and not seen: it lacks the permission
                raise
    permissions = _permission_set(org)
    seen = [
        {"attributes": {"type": "FieldPermissions"}, "ParentId": permissions, "SobjectType": sobject,
         "Field": f"{sobject}.{name}", "PermissionsRead": True, "PermissionsEdit": True}
        for _, name in fields
    ]  # fmt: skip
    org.rest("composite/sobjects", "POST", json={"allOrNone": False, "records": seen})


def checks(org: Org, sobjects: Sequence[str]) -> list[Check]:
    """The key, each object we read, what we write, and whether fields can be made."""
    found = [_check("Key", lambda: f"Signed in as {org.me().get('preferred_username', 'a user')}.")]
    if not found[0].ok:
        return found
    found += [_check(f"Read {sobject}", partial(_readable, org, sobject)) for sobject in sobjects]
    found.append(_check("Make fields", lambda: _can_make_fields(org)))
    return found


def _check(name: str, look: Callable[[], str]) -> Check:
    try:
        return Check(name, ok=True, words=look())
    except CrmError as error:
        return Check(name, ok=False, words=str(error))


def _readable(org: Org, sobject: str) -> str:
    described = org.rest(f"sobjects/{sobject}/describe")
    if not described.get("queryable"):
        raise CrmError(f"The user may not read {sobject}: give its profile or permission set the right Read.")
    if sobject in WRITTEN and not described.get("updateable"):
        raise CrmError(f"The user may not write {sobject}: give its profile or permission set the right Edit.")
    return f"{len(described['fields'])} fields"


def _can_make_fields(org: Org) -> str:
    user = org.me().get("user_id", "")
    rows = org.query(f"SELECT PermissionsCustomizeApplication FROM PermissionSet WHERE Id IN (SELECT PermissionSetId "
                     f"FROM PermissionSetAssignment WHERE AssigneeId = '{user}')")  # fmt: skip
    if not any(row["PermissionsCustomizeApplication"] for row in rows):
        raise CrmError('The user lacks the right "Customize Application": give it, or make the fields by hand.')
    return "The user may make fields."


def _permission_set(org: Org) -> str:
    """The id of our permission set, made where it is not there and assigned to the user we sign in as."""
    found = org.query(f"SELECT Id FROM PermissionSet WHERE Name = '{PERMISSIONS}'")
    if found:
        return str(found[0]["Id"])
    made = org.rest("sobjects/PermissionSet", "POST", json={"Name": PERMISSIONS, "Label": "Lead score of leadscore"})
    body = {"AssigneeId": org.me()["user_id"], "PermissionSetId": made["id"]}
    org.rest("sobjects/PermissionSetAssignment", "POST", json=body)
    return str(made["id"])


def _metadata(field: OurField) -> dict[str, Any]:
    """What the Tooling API calls the field. Choices are not restricted: a value it does not know is taken as well."""
    common = {"label": field.label[:40], "inlineHelpText": field.help[:510] or None}
    if field.key == "id":
        return common | {"type": "Text", "length": 40, "externalId": True, "unique": True, "caseSensitive": False}
    if field.type == FieldType.NUMBER:
        return common | {"type": "Number", "precision": 9, "scale": 0}
    if field.type == FieldType.DATE:
        return common | {"type": "DateTime"}
    if field.type == FieldType.CHOICE:
        values = [{"fullName": value, "label": label, "default": False} for value, label in field.choices]
        return common | {
            "type": "Picklist",
            "valueSet": {"restricted": False, "valueSetDefinition": {"sorted": False, "value": values}},
        }
    return common | {"type": "Text", "length": 255}
