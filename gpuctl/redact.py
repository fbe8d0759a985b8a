"""Snapshots that may leave the house: names become aliases, free text keeps only known words, unknown labels go.

Every field of text has a policy (`POLICIES`), and a field without one is an error: nothing is kept because it was forgotten.
Equal originals get equal aliases everywhere, numbered in sorted order, so audits see the same cluster under other names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args, get_type_hints

import msgspec
from msgspec import Struct, structs

from gpuctl.errors import InputError
from gpuctl.model.snapshot import Snapshot
from gpuctl.redact_policy import (
    ALIAS_KINDS,
    APP_LABELS,
    DROP,
    LABELS,
    POLICIES,
    TEXT,
    WIDTHS,
    WORD,
    is_known_word,
    is_label_kept,
    public_role,
)
from gpuctl.snapshot_file import write_private

_TOKEN = re.compile(r"[A-Za-z0-9_./-]+")
_PATH = re.compile(r"[a-z][a-z0-9_]{0,40}(?:\.[a-z0-9_]{1,40}){0,6}")
_SCHEMA: Final = "gpuctl.redaction/v1"


class RedactionMap(Struct, frozen=True, kw_only=True):
    """Original by alias. Keep it apart from the redacted snapshot: it undoes it."""

    schema: str = _SCHEMA
    originals: dict[str, str] = {}

    def restore(self, text: str) -> str:
        """The text with every alias replaced by what it stands for; longest first, whole words only."""
        if not self.originals:
            return text
        names = sorted(self.originals, key=lambda alias: (-len(alias), alias))
        pattern = re.compile(r"(?<![\w-])(?:" + "|".join(map(re.escape, names)) + r")(?![\w-])")
        return pattern.sub(lambda match: self.originals[match[0]], text)


def save_map(redaction: RedactionMap, path: str | Path) -> None:
    """Write the map as JSON, mode 0600."""
    write_private(msgspec.json.encode(redaction, order="deterministic") + b"\n", path)


def load_map(path: str | Path) -> RedactionMap:
    """Read a map.

    Raises:
        InputError: missing, or not a map of this version.
    """
    try:
        redaction = msgspec.json.decode(Path(path).read_bytes(), type=RedactionMap)
    except OSError as error:
        raise InputError(f"cannot read {str(path)!a}: {error.strerror}", "check the name") from error
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise InputError(f"{str(path)!a} is not a redaction map: {error}", "give the map that `gpuctl snapshot redact` wrote") from error
    if redaction.schema != _SCHEMA:
        raise InputError(f"{str(path)!a} is not a redaction map of this version", "give the map that `gpuctl snapshot redact` wrote")
    return redaction


def redact(snapshot: Snapshot) -> tuple[Snapshot, RedactionMap]:
    """The snapshot without names and free text, and the map that restores the names in what is printed from it."""
    names = _Names()
    walker = _Walker(names)
    names.used_keys = set(_used_label_keys(snapshot))
    walker.walk(snapshot)  # the first walk collects names
    names.number()
    redacted = structs.replace(walker.walk(snapshot), redacted=True)
    return redacted, RedactionMap(originals=dict(sorted((alias, original) for original, alias in names.aliases.items())))


class _Names:
    """Aliases by original. Until they are numbered, asking for one only notes it."""

    def __init__(self) -> None:
        self.kinds: dict[str, str] = {}
        self.aliases: dict[str, str] = {}
        self.used_keys: set[str] = set()

    def alias(self, original: str, kind: str) -> str:
        if not original:
            return original
        if not self.aliases:
            other = self.kinds.get(original)
            if other is None or ALIAS_KINDS.index(kind) < ALIAS_KINDS.index(other):
                self.kinds[original] = kind
            return original
        return self.aliases.get(original, "redacted")

    def composite(self, original: str, kind: str) -> str:
        """`namespace/name` keeps its parts apart."""
        if original.count("/") != 1 or kind == "image":
            return self.alias(original, kind)
        namespace, name = original.split("/")
        return f"{self.alias(namespace, 'namespace')}/{self.alias(name, kind)}"

    def word(self, value: str, kind: str = "word") -> str:
        return value if is_known_word(value) else self.alias(value, kind)

    def text(self, value: str) -> str:
        """Free text by its known words, numbers and aliases."""
        if not self.aliases:
            return value
        return _TOKEN.sub(lambda match: self._token(match[0]), value.encode("ascii", "replace").decode().replace("\x1b", " "))

    def _token(self, token: str) -> str:
        core = token.rstrip(".-/")
        tail = token[len(core) :]
        if is_known_word(core) or is_known_word(core.lower()):
            return token
        return self.aliases.get(core, "redacted") + tail

    def number(self) -> None:
        counts = dict.fromkeys(ALIAS_KINDS, 0)
        for original in sorted(self.kinds):
            kind = self.kinds[original]
            counts[kind] += 1
            number = f"{counts[kind]:0{WIDTHS.get(kind, 3)}}"
            role = public_role(original, kind)
            self.aliases[original] = f"{role}-{number}" if role else f"{kind}-{number}"


def _used_label_keys(snapshot: Snapshot) -> Iterator[str]:
    """Label keys that some selector names: they keep deciding, under an alias."""
    placements = [*(pod.placement for pod in snapshot.pods or ()), *(workload.placement for workload in snapshot.workloads or ())]
    for placement in placements:
        if placement is not None:
            yield from placement.node_selector
            yield from (requirement.key for term in placement.terms or () for requirement in term)
    for budget in snapshot.budgets or ():
        yield from budget.match_labels or ()
        yield from (requirement.key for requirement in budget.match_expressions)
    for pool in snapshot.inference_pools or ():
        yield from pool.match_labels
    for driver in snapshot.nvidia_drivers or ():
        yield from driver.node_selector
    for item in snapshot.resource_slices or ():
        yield from (requirement.key for term in item.node_terms or () for requirement in term)


class _Walker:
    def __init__(self, names: _Names) -> None:
        self.names = names

    def walk(self, item: Any) -> Any:
        changes = {}
        for name, policy in _plan(type(item)):  # type: ignore[arg-type]
            value = getattr(item, name)
            if value is None or value == "":
                continue
            made = self._value(value, policy)
            if made is not value:
                changes[name] = made
        return structs.replace(item, **changes) if changes else item

    def _value(self, value: Any, policy: str) -> Any:
        if isinstance(value, str):
            return self._string(value, policy)
        if isinstance(value, Struct):
            return self.walk(value)
        if isinstance(value, tuple):
            return tuple(self._value(part, policy) for part in value) if policy != DROP else ()
        if isinstance(value, dict):
            return self._map(value, policy)
        return value

    def _string(self, value: str, policy: str) -> str | None:
        if policy == DROP:
            return None
        if policy == TEXT:
            return self.names.text(value)
        if policy == WORD:
            return self.names.word(value)
        return self.names.composite(value, policy)

    def _map(self, value: dict[str, Any], policy: str) -> dict[str, Any]:
        if policy == DROP:
            return {}
        if policy == LABELS:
            return dict(sorted(self._labels(value)))
        if policy == TEXT:  # `unknown`: our own paths with reasons
            return {key: self.names.text(text) for key, text in value.items() if _PATH.fullmatch(key)}
        return {self.names.word(key): self._value(part, policy) for key, part in value.items()}

    def _labels(self, value: dict[str, str]) -> Iterator[tuple[str, str]]:
        for key, text in value.items():
            if key in APP_LABELS and public_role(text, "workload"):
                yield key, self.names.alias(text, "workload")
            elif is_label_kept(key):
                yield key, self.names.word(text, "value")
            elif key in self.names.used_keys:
                yield self.names.alias(key, "label"), self.names.word(text, "value")


class PolicyMissing(LookupError):
    """A field of text that no policy covers."""


@cache
def _plan(struct: Any) -> tuple[tuple[str, str], ...]:
    """Fields of a Struct that hold text or other Structs, with their policies."""
    hints = get_type_hints(struct)
    plan = []
    for info in structs.fields(struct):
        kinds = set(_leaves(hints[info.name]))
        policy = POLICIES.get(f"{struct.__name__}.{info.name}", POLICIES.get(info.name))
        if str in kinds and policy is None:
            raise PolicyMissing(f"{struct.__name__}.{info.name}")
        if str in kinds or any(issubclass(kind, Struct) for kind in kinds):
            plan.append((info.name, policy or WORD))
    return tuple(plan)


def _leaves(hint: Any) -> Iterator[type]:
    if isinstance(hint, type) and not get_args(hint):
        yield hint
    for arg in get_args(hint):
        if isinstance(arg, str):
            continue  # the values of a Literal are ours
        yield from _leaves(arg)
