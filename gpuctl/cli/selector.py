"""Label selectors as kubectl takes them.

Grammar: https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#label-selectors (2026-11-24), and `>` and `<`
of k8s.io/apimachinery/pkg/labels.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from gpuctl.errors import UsageError

_KEY = r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?/)?[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?"
_VALUE = r"(?:[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)?"
_SPACE = r"[ \t]*"
_REQUIREMENT = re.compile(
    rf"{_SPACE}(?:"
    rf"(?P<absent>!){_SPACE}(?P<lacks>{_KEY})"
    rf"|(?P<key>{_KEY})(?:"
    rf"{_SPACE}(?P<op>==|=|!=|<|>){_SPACE}(?P<value>{_VALUE})"
    rf"|[ \t]+(?P<set>in|notin){_SPACE}\({_SPACE}(?P<values>{_VALUE}(?:{_SPACE},{_SPACE}{_VALUE})*){_SPACE}\)"
    rf")?){_SPACE}(?P<end>,|$)"
)
_LONGEST = 16384


class Requirement(NamedTuple):
    """One term: `op` is exists, absent, in, notin, < or >."""

    key: str
    op: str
    values: frozenset[str] = frozenset()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether these labels meet it. As in Kubernetes, `!=` and `notin` hold where the key is missing."""
        value = labels.get(self.key)
        match self.op:
            case "exists":
                return value is not None
            case "absent":
                return value is None
            case "in":
                return value in self.values
            case "notin":
                return value not in self.values
        if value is None or re.fullmatch(r"-?[0-9]{1,18}", value) is None:
            return False
        bound = int(next(iter(self.values)))
        return int(value) > bound if self.op == ">" else int(value) < bound


def parse(text: str) -> tuple[Requirement, ...]:
    """The terms of a selector, all of which must hold; an empty one has none.

    Raises:
        UsageError: it cannot be read; the message shows where.
    """
    found: list[Requirement] = []
    place = 0
    while text.strip():
        match = _REQUIREMENT.match(text, place) if len(text) <= _LONGEST else None
        if match is None:
            raise UsageError(
                f"-l {text!r} cannot be read from {text[place : place + 40]!r} on",
                "write key=value, key!=value, key, !key, 'key in (a,b)' or 'key notin (a,b)', separated by commas",
            )
        found.append(_requirement(match))
        if not match["end"]:
            break
        place = match.end()
    return tuple(found)


def _requirement(match: re.Match[str]) -> Requirement:
    if match["absent"]:
        return Requirement(match["lacks"], "absent")
    if match["set"]:
        return Requirement(match["key"], match["set"], frozenset(value.strip() for value in match["values"].split(",")))
    if match["op"] is None:
        return Requirement(match["key"], "exists")
    value = match["value"]
    if match["op"] in {"<", ">"}:
        if re.fullmatch(r"[0-9]{1,18}", value) is None:
            raise UsageError(f"-l: {match['key']} {match['op']} {value!r} compares with no whole number", "write such as key>3")
        return Requirement(match["key"], match["op"], frozenset({value}))
    return Requirement(match["key"], "notin" if match["op"] == "!=" else "in", frozenset({value}))
