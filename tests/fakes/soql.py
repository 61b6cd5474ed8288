"""As much of Salesforce's query language as its fake needs: conditions with AND and OR, IN, comparisons."""

import re
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Mapping[str, Any]], bool]
QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<sobject>\w+)(?: WHERE (?P<where>.+?))?"
    r"(?: ORDER BY (?P<order>\w+)(?P<down> DESC)?)?(?: LIMIT (?P<limit>\d+))?"
)
WORDS = re.compile(r"'(?:[^'\\]|\\.)*'|>=|<=|!=|[=<>(),]|[^\s=<>!(),']+")
TOLD = {"null": None, "true": True, "false": False}


def parsed(soql: str) -> dict[str, Any]:
    """The parts of a query; "test" says whether a record belongs to it. Raises ValueError for what is no query."""
    outer = re.sub(r"\(SELECT ContactId FROM OpportunityContactRoles\)", "OpportunityContactRoles", soql)
    match = QUERY.fullmatch(outer)
    if not match:
        raise ValueError(soql)
    parts: dict[str, Any] = match.groupdict()
    parts["fields"] = [name.strip() for name in parts["fields"].split(",")]
    parts["test"] = _Conditions(WORDS.findall(parts["where"])).any() if parts["where"] else lambda record: True
    return parts


class _Conditions:
    def __init__(self, words: list[str]):
        self.words = words

    def any(self) -> Test:
        tests = [self.all()]
        while self.words and self.words[0] == "OR":
            self.words.pop(0)
            tests.append(self.all())
        return lambda record: any(test(record) for test in tests)

    def all(self) -> Test:
        tests = [self.one()]
        while self.words and self.words[0] == "AND":
            self.words.pop(0)
            tests.append(self.one())
        return lambda record: all(test(record) for test in tests)

    def one(self) -> Test:
        word = self.words.pop(0)
        if word == "(":
            inside = self.any()
            self.words.pop(0)
            return inside
        operator = self.words.pop(0)
        if operator == "IN":
            self.words.pop(0)
            found = set()
            while (each := self.words.pop(0)) != ")":
                found.add(str(_value(each)).lower()) if each != "," else None
            return lambda record: str(record.get(word)).lower() in found
        value = _value(self.words.pop(0))
        compare: dict[str, Callable[[Any], bool]] = {
            "=": lambda had: had == value, "!=": lambda had: had != value, ">": lambda had: had > value,
            ">=": lambda had: had >= value, "<=": lambda had: had <= value,
        }  # fmt: skip
        return lambda record: compare[operator](record.get(word)) if operator[0] in "=!" or record.get(word) else False


def _value(word: str) -> Any:
    if word.startswith("'"):
        return re.sub(r"\\(.)", r"\1", word[1:-1])
    return TOLD.get(word, word)
