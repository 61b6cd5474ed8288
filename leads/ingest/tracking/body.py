"""The body of a request → what it says. Bounded in size, depth and time, whatever was sent."""

import json
import re
import zlib
from typing import Any, Protocol

MOST_BYTES = 500 * 1024
CHUNK = 64 * 1024
DEEPEST = 100  # far beyond what is taken of a message, and far below what the JSON reader can follow
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]', re.DOTALL)
DIGITS = 19  # a whole number with more does not fit the database


class Stream(Protocol):
    def read(self, size: int, /) -> bytes: ...


class BodyError(ValueError):
    """The body cannot be read at all."""


class TooLargeError(BodyError):
    """The body is larger than the protocol allows, as it came or unpacked."""

    def __init__(self) -> None:
        super().__init__(f"The body is larger than {MOST_BYTES // 1024} KB, unpacked. Send fewer messages at once.")


def read_body(stream: Stream, encoding: str = "") -> Any:
    """The JSON of a body, packed with gzip or not. Raises BodyError with what to do.

    Never holds more than 500 KB unpacked. What one message cannot hold (broken text, numbers beyond measure, thousands
    of levels) is left in a form that its own check refuses, so that it does not cost the other messages of the batch.
    """
    raw = stream.read(MOST_BYTES + 1)
    if len(raw) > MOST_BYTES:
        raise TooLargeError
    match encoding.strip().lower():
        case "" | "identity":
            return read_json(raw)
        case "gzip" | "x-gzip":
            return read_json(_inflated(raw, zlib.MAX_WBITS | 16))
        case "deflate":
            return read_json(_inflated(raw, zlib.MAX_WBITS))
    raise BodyError(f"Content-Encoding {encoding[:40]!r} is not understood. Send gzip, or nothing of the kind.")


def _inflated(raw: bytes, window: int) -> bytes:
    unpack = zlib.decompressobj(window)
    parts: list[bytes] = []
    size = 0
    try:
        while raw and not unpack.eof:
            parts.append(unpack.decompress(raw, CHUNK))
            size += len(parts[-1])
            raw = unpack.unconsumed_tail
            if size > MOST_BYTES:
                raise TooLargeError
    except zlib.error:
        raise BodyError("The body says it is packed, and cannot be unpacked.") from None
    if not unpack.eof:
        raise BodyError("The packed body ends too early.")
    return b"".join(parts)


def read_json(raw: bytes) -> Any:
    """The JSON of some bytes, with what one message cannot hold left in a form that its own check refuses."""
    text = raw.decode(json.detect_encoding(raw), "surrogateescape" if _is_utf8(raw) else "replace")
    try:
        return _load(text)
    except RecursionError:
        return _load_shallow(text)
    except ValueError as wrong:
        raise BodyError(f"The body is not JSON: {wrong}") from None


def _load_shallow(text: str) -> Any:
    try:
        return _load(_without_depths(text))
    except (ValueError, RecursionError) as wrong:
        raise BodyError(f"The body is not JSON: {wrong}") from None


def _is_utf8(raw: bytes) -> bool:
    return json.detect_encoding(raw).startswith("utf-8")


def _load(text: str) -> Any:
    return json.loads(text, parse_int=_whole)


def _whole(digits: str) -> int:
    return int(digits) if len(digits) <= DIGITS else 2**64


def _without_depths(text: str) -> str:
    """The text without what lies deeper than DEEPEST levels; still as deep as that, so that its message is refused."""
    kept, depth, start = [], 0, 0
    for token in TOKEN.finditer(text):
        match token[0]:
            case "[" | "{":
                depth += 1
                if depth == DEEPEST + 1:
                    kept.append(text[start : token.start()])
            case "]" | "}":
                if depth == DEEPEST + 1:
                    kept.append("0")
                    start = token.end()
                depth -= 1
    return "".join([*kept, text[start:]]) if depth == 0 else text
