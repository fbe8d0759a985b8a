"""YAML read as data: the core schema alone, no tags, no objects, and no growth by aliases beyond a bound.

Built on libyaml's events, so nesting and size are checked while reading. Only `true`, `false`, `null`, `~` and numbers are more
than text (as YAML 1.2 has it): `on`, `22:22` and dates stay what they are. A key given twice keeps its last value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from gpuctl.errors import InputError

MAX_WEIGHT: Final = 3_000_000
"""Most values of one document with every alias written out; 32 characters of text count as one value."""
MAX_DEPTH: Final = 100
"""Deepest nesting; Kubernetes objects stay below 30."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INT = re.compile(r"[-+]?[0-9]{1,18}")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]{1,30}|[0-9]{1,30}(?:\.[0-9]{0,30})?)(?:[eE][-+]?[0-9]{1,3})?")
_CONSTANTS: dict[str, Any] = {
    "": None, "~": None, "null": None, "Null": None, "NULL": None,
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip
_BREAK = re.compile(r"^---(?:[ \t].*)?$", re.MULTILINE)


@dataclass(frozen=True)
class Broken:
    """A document that is no YAML, and why; `start` is its first line that says something."""

    reason: str
    start: str


class TooMuch(InputError):
    """Nested too deep or growing too large."""


def documents(text: str) -> Iterator[Any]:
    """Every document of a text; one that does not parse comes as `Broken`, and the next ones are read all the same.

    Raises:
        TooMuch: beyond MAX_WEIGHT or MAX_DEPTH.
    """
    for part in _BREAK.split(text):
        if not part.strip():
            continue
        try:
            yield _Builder().build(part)
        except yaml.YAMLError as error:
            yield Broken(_explain(error), part.strip().split("\n", 1)[0][:80])


def _explain(error: yaml.YAMLError) -> str:
    problem = getattr(error, "problem", None) or getattr(error, "reason", None) or "not YAML"
    mark = getattr(error, "problem_mark", None)
    return f"{problem}, line {mark.line + 1}" if mark is not None else str(problem)


class _Builder:
    """Values of one document from events, without recursion. A stack entry is [container, pending key, weight, anchor]."""

    def __init__(self) -> None:
        self.stack: list[list[Any]] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.result: Any = None
        self.weight = 0

    def build(self, text: str) -> Any:
        for event in yaml.parse(text, Loader=_LOADER):
            if isinstance(event, yaml.ScalarEvent):
                value = _scalar(event)
                self._add(value, 1 + len(event.value) // 32, event.anchor)
            elif isinstance(event, yaml.AliasEvent):
                if event.anchor not in self.anchors:
                    raise yaml.YAMLError(f"alias {event.anchor} without its anchor")
                self._add(*self.anchors[event.anchor], None)
            elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                if len(self.stack) >= MAX_DEPTH:
                    raise TooMuch(f"YAML nested deeper than {MAX_DEPTH}", "give the objects as kubectl prints them")
                self.stack.append([{} if isinstance(event, yaml.MappingStartEvent) else [], _NO_KEY, 1, event.anchor])
            elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                container, _, weight, anchor = self.stack.pop()
                self._add(container, weight, anchor, counted=True)
        return self.result

    def _add(self, value: Any, weight: int, anchor: str | None, *, counted: bool = False) -> None:
        self.weight += 1 if counted else weight
        if self.weight > MAX_WEIGHT:
            raise TooMuch(f"YAML of more than {MAX_WEIGHT} values (aliases written out)", "give the objects as JSON, or in several files")
        if anchor is not None:
            self.anchors[anchor] = (value, weight)
        if not self.stack:
            self.result = value
            return
        top = self.stack[-1]
        top[2] += weight
        container = top[0]
        if isinstance(container, list):
            container.append(value)
        elif top[1] is _NO_KEY:
            top[1] = _key(value)
        else:
            if top[1] == "<<":
                _merge(container, value)
            else:
                container[top[1]] = value
            top[1] = _NO_KEY


_NO_KEY: Final = object()


def _merge(container: dict[Any, Any], value: Any) -> None:
    for source in value if isinstance(value, list) else [value]:
        if isinstance(source, dict):
            for key, item in source.items():
                container.setdefault(key, item)


def _key(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        raise yaml.YAMLError("a map or list as key")
    return str(value)


def _scalar(event: Any) -> Any:
    text: str = event.value
    if not event.implicit[0] or event.tag not in {None, "!"}:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if _INT.fullmatch(text):
        return int(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    return text
