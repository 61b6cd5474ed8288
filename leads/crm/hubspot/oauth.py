"""The access of an OAuth app of HubSpot, which lasts half an hour."""

from leads.crm.http import Http
from leads.crm.hubspot.words import words
from leads.crm.words import Access, CrmError, Denied


def renewed(access: Access) -> dict[str, str]:
    """The headers of the next half hour. A refresh token that HubSpot gives in place of ours is kept. Raises Denied
    where it wants the app authorised once more.
    """
    fields = {
        "grant_type": "refresh_token", "client_id": str(access.options.get("client_id", "")),
        "client_secret": access.secrets.get("client_secret", ""), "refresh_token": access.secrets["refresh_token"],
    }  # fmt: skip
    door = Http(access.base_url, {}, words, hidden=access.secrets.values())
    try:
        answer = door.form("POST", "/oauth/v1/token", fields)
    except CrmError as error:
        if not error.permanent:
            raise
        raise Denied(f"HubSpot does not renew our access: {error}. Authorise the app once more and enter its new "
                     "refresh token.") from None  # fmt: skip
    if answer["refresh_token"] != fields["refresh_token"]:
        access.remember("refresh_token", answer["refresh_token"])
    return {"Authorization": f"Bearer {answer['access_token']}"}
