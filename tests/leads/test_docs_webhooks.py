"""docs/alerts-and-webhooks.md: both examples check what we send, and refuse what was changed."""

import re
from pathlib import Path

import pytest

from leads.models import Endpoint
from leads.outgoing import delivery
from leads.outgoing.endpoints import tell
from leads.outgoing.webhooks import new_secret
from tests.receiver import receiver
from tests.sales import make_team

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "alerts-and-webhooks.md"
EXAMPLES = re.findall(r"```python\n(.+?)```", PAGE.read_text(), re.DOTALL)


def test_there_are_two():
    assert len(EXAMPLES) == 2


@pytest.mark.parametrize("example", EXAMPLES)
def test_the_example_works(example, settings):
    space: dict = {}
    exec(example, space)
    with receiver() as there:
        settings.OUTBOUND_ALLOWLIST = [there.host]
        endpoint = Endpoint.objects.create(team=make_team(), name="Ours", url=there.url)
        secrets = [new_secret(endpoint), new_secret(Endpoint.objects.get())]
        tell(endpoint, type="lead.entered", data={"lead": 7}, text="Hot", url="", key="c")
        delivery.deliver_due()
        ((headers, body),) = there.seen
    for secret in secrets:
        assert space["receive"](secret, headers, body)["data"] == {"lead": 7}
    with pytest.raises(Exception, match="(?i)sign"):
        space["receive"](secrets[0], headers, body.replace(b"7", b"8"))
    with pytest.raises(Exception, match="(?i)sign"):
        space["receive"]("whsec_" + "A" * 44, headers, body)
