"""What a body holds → messages: who, what, when. A message that cannot be taken carries its reason."""

import json
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from leads.ingest import safe
from leads.ingest.normalise import addresses
from leads.ingest.people import Touch, touch_of
from leads.ingest.tracking.body import MOST_BYTES, BodyError
from leads.ingest.tracking.clock import EARLIEST, happened_at
from leads.ingest.tracking.names import describes_sender, kind_of

TYPES = ("track", "identify", "page", "screen", "group", "alias")
MOST_MESSAGES = 2_500
MOST_MESSAGE_BYTES = 32 * 1024
# Only text with one of these needs a closer look: NUL, or a number that may be too large.
SUSPECT = re.compile(r"\\u0000|\d{19}")
FEW_BRACKETS = safe.DEEPEST
PAGE = ("url", "path", "referrer", "title", "search")
CAMPAIGN = {"source": "utm_source", "medium": "utm_medium", "name": "utm_campaign", "term": "utm_term",
            "content": "utm_content", "id": "utm_id"}  # fmt: skip
LONGEST_AGENT = 300
_AS_TEXT = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode


@dataclass(slots=True)
class Message:
    """One call of the protocol. `reason` says why it cannot be taken; then nothing else of it counts.

    `kind` is the event's name or kind ("" when the call is no event), `traits` what is said of the person, `group` of
    the company, `text` the whole as it came.
    """

    type: str = ""
    name: str = ""
    text: str = ""
    reason: str = ""
    message_id: str = ""
    occurred_at: datetime = EARLIEST
    user_id: str = ""
    anonymous_id: str = ""
    previous_id: str = ""
    group_id: str = ""
    email: str = ""
    kind: str = ""
    properties: dict[str, Any] = field(default_factory=dict)
    traits: dict[str, Any] = field(default_factory=dict)
    group: dict[str, Any] = field(default_factory=dict)

    @property
    def identified(self) -> bool:
        return bool(self.user_id or self.email)

    @property
    def touch(self) -> Touch:
        """Channel and campaign of an event: at first touch they become those of the lead."""
        return touch_of(self.properties)


def messages_of(payload: Any, call: str, received_at: datetime) -> list[Message]:
    """The messages of a body sent to /v1/<call>. Raises BodyError when it is not what the protocol sends."""
    if not isinstance(payload, dict):
        raise BodyError('Expected an object such as {"batch": [...]}.')
    if call not in ("batch", "import"):
        return [_message(payload, call, payload.get("sentAt"), received_at)]
    batch = payload.get("batch")
    if not isinstance(batch, list):
        raise BodyError("batch: expected a list of messages.")
    if len(batch) > MOST_MESSAGES:
        raise BodyError(f"batch: more than {MOST_MESSAGES:,} messages. Send fewer at once.")
    shared = payload.get("context")
    for each in batch:
        if isinstance(shared, dict) and isinstance(each, dict) and "context" not in each:
            each["context"] = shared
    sent = None if call == "import" else payload.get("sentAt")  # history is told by its own clock
    return [_message(each, "", sent if call == "import" else _sent(each, sent), received_at) for each in batch]


def _sent(event: Any, sent: Any) -> Any:
    return sent if sent is not None or not isinstance(event, dict) else _get(event, "sentAt")


def _message(event: Any, call: str, sent: Any, received_at: datetime) -> Message:
    message = Message(type=call or "?")
    try:
        message.text = _checked_text(event)
        _read(message, event, call, sent, received_at)
    except (ValueError, RecursionError) as wrong:
        message.reason = str(wrong)[:500]
        message.text = message.text or _harmless(event)
    return message


def _checked_text(event: Any) -> str:
    """The message as text; raises ValueError when it is too large or holds what the database cannot."""
    if not isinstance(event, dict):
        raise ValueError('Expected an object such as {"type": "track", "event": "Signed Up", "userId": "7"}.')
    try:
        text = _AS_TEXT(event)
        size = len(text.encode())
    except ValueError:
        safe.storable(event, "message")
        raise
    if size > MOST_MESSAGE_BYTES:
        raise ValueError(f"The message is larger than {MOST_MESSAGE_BYTES // 1024} KB. Send less of it.")
    if SUSPECT.search(text) or text.count("{") + text.count("[") > FEW_BRACKETS:
        safe.storable(event, "message")
    return text


def _harmless(event: Any) -> str:
    """Something to show of a message that is broken."""
    return repr(event)[: MOST_BYTES // 100].encode("ascii", "backslashreplace").decode()


def _read(message: Message, event: dict[str, Any], call: str, sent: Any, received_at: datetime) -> None:
    kind = call or _get(event, "type") or event.get("action")
    if kind not in TYPES:
        raise ValueError(f"type: expected one of {', '.join(TYPES)}.")
    context = _object(event, "context")
    message.type = kind
    message.message_id = _id(event, "messageId", 150) or uuid.uuid4().hex
    message.user_id, message.anonymous_id = _id(event, "userId"), _id(event, "anonymousId")
    message.group_id = _id(event, "groupId") or _id(context, "groupId")
    original = _get(event, "originalTimestamp")
    message.occurred_at = happened_at(original if original is not None else _get(event, "timestamp"), sent, received_at)
    _READERS[kind](message, event, context)
    message.email = next(_addresses(message), "")


def _track(message: Message, event: dict[str, Any], context: dict[str, Any]) -> None:
    message.name = _name(event, "event")
    if not message.name:
        raise ValueError("event: missing. Say what happened, such as Signed Up.")
    message.kind = kind_of(message.name)
    message.properties = dict(_object(event, "properties"))
    own = message.properties if describes_sender(message.kind) else {}
    message.traits = {**{k: v for k, v in own.items() if _says_who(k)}, **_object(context, "traits")}
    _surroundings(message, context)


def _page(message: Message, event: dict[str, Any], context: dict[str, Any]) -> None:
    message.name = _name(event, "name")
    message.kind = "page_viewed" if message.type == "page" else "screen_viewed"
    message.properties = dict(_object(event, "properties"))
    for key in ("name", "category"):
        if event.get(key) and isinstance(event[key], str):
            message.properties.setdefault(key, event[key])
    message.traits = dict(_object(context, "traits"))
    _surroundings(message, context)


def _identify(message: Message, event: dict[str, Any], context: dict[str, Any]) -> None:
    message.traits = {**_object(context, "traits"), **_object(event, "traits")}
    _whose(message)


def _group(message: Message, event: dict[str, Any], context: dict[str, Any]) -> None:
    message.group = dict(_object(event, "traits"))
    message.traits = dict(_object(context, "traits"))
    if not message.group_id:
        raise ValueError("groupId: missing. Say which company.")
    message.name = message.group_id[:150]


def _alias(message: Message, event: dict[str, Any], context: dict[str, Any]) -> None:
    message.previous_id = _id(event, "previousId") or message.anonymous_id
    if not (message.previous_id and message.user_id):
        raise ValueError("Say both: userId, and the previousId by which this person was known.")
    message.name = message.previous_id[:150]


_READERS = {"track": _track, "identify": _identify, "page": _page, "screen": _page, "group": _group, "alias": _alias}
_NOT_TRAITS = {"type", "name", "url", "path", "title", "referrer", "source", "id", "category", "label", "value"}


def _says_who(key: str) -> bool:
    """Names that mean the form or page in an event, and the person in traits, are left to the event."""
    return key.lower() not in _NOT_TRAITS


def _whose(message: Message) -> None:
    if not (message.user_id or message.anonymous_id or any(True for _ in _addresses(message))):
        raise ValueError("Who is it? Send userId, anonymousId or an e-mail address in traits.")


def _addresses(message: Message) -> Iterator[str]:
    """E-mail addresses that name the person: of the traits, else an id that is one."""
    for said in (message.traits.get("email"), message.user_id, message.previous_id):
        if isinstance(said, str) and "@" in said:
            try:
                yield addresses.email(said)
            except ValueError:
                continue


def _surroundings(message: Message, context: dict[str, Any]) -> None:
    """Page, campaign, company and browser of an event become properties, where it has none of that name."""
    properties, page, campaign = message.properties, context.get("page"), context.get("campaign")
    if isinstance(page, dict):
        names = PAGE if message.type == "page" else PAGE[:3]
        properties.update({k: page[k] for k in names if page.get(k) and k not in properties})
    if isinstance(campaign, dict):
        properties.update(
            {utm: campaign[k] for k, utm in CAMPAIGN.items() if campaign.get(k) and utm not in properties}
        )
    if message.group_id:
        properties.setdefault("group_id", message.group_id)
    agent = context.get("userAgent") or context.get("user_agent")
    if isinstance(agent, str):
        properties.setdefault("user_agent", agent[:LONGEST_AGENT])


def _get(event: dict[str, Any], name: str) -> Any:
    """Also by the name with _ between words, as some senders write it."""
    value = event.get(name)
    return value if value is not None else event.get(_with_bars(name))


@cache
def _with_bars(name: str) -> str:
    return re.sub(r"([A-Z])", r"_\1", name).lower()


def _id(event: dict[str, Any], name: str, longest: int = 200) -> str:
    value = _get(event, name)
    if value is None:
        return ""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    return safe.text(value, longest, name)


def _name(event: dict[str, Any], key: str) -> str:
    value = event.get(key)
    return "" if value is None else safe.text(value, 150, key)


def _object(event: dict[str, Any], name: str) -> dict[str, Any]:
    value = event.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise ValueError(f"{name}: expected an object.")
    return value
