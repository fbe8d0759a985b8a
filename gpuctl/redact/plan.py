"""Walking a snapshot by plans that are compiled once for each type: first all texts are gathered, each distinct one once, then
every object is rebuilt from a table of results."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from operator import attrgetter, is_
from typing import Any, Final, cast, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct, structs

from gpuctl.model.workloads import Placement
from gpuctl.redact.policy import BESIDE, DROP, MAPS, POLICIES, PolicyMissing, leaves, policy_of

Gather = Callable[[Any], None]
Rewrite = Callable[[Any], Any]
_Step = tuple[str, tuple[str, ...] | None, Gather, Rewrite]

_REPEATED: Final = frozenset({Placement})
"""Types with many equal objects: handled once by value."""
_HELD: Final = "redacted"
"""Stands in for labels that all went: that a node has labels tells that its discovery was read."""


class Walker:
    """Gathers the texts of a snapshot by policy, and rebuilds it once `results` has an entry for each of them."""

    def __init__(self) -> None:
        self.found: dict[str, set[Any]] = defaultdict(set)
        self.results: dict[str, dict[Any, Any]] = defaultdict(dict)
        self._plans: dict[type[Struct], tuple[Gather, Rewrite]] = {}

    def gather(self, item: Struct) -> None:
        """Note every text of the object."""
        self._plan(type(item))[0](item)

    def rewrite(self, item: Struct) -> Any:
        """The object with all results put in; the same object where nothing changes."""
        return self._plan(type(item))[1](item)

    def _plan(self, struct: type[Struct]) -> tuple[Gather, Rewrite]:
        if struct not in self._plans:
            # types that hold themselves meet this first, and look up the finished plan when they run
            self._plans[struct] = (self.gather, self.rewrite)
            made = _plain(self._steps(struct))
            self._plans[struct] = _by_value(*made) if struct in _REPEATED else made
        return self._plans[struct]

    def _steps(self, struct: type[Struct]) -> list[_Step]:
        hints = get_type_hints(struct)
        steps: list[_Step] = []
        for info in structs.fields(struct):
            name, hint = info.name, hints[info.name]
            kinds = [kind for kind in leaves(hint) if kind is str or issubclass(kind, Struct)]
            if not kinds:
                continue
            beside = policy_of(struct, name, BESIDE)
            if beside is not None:
                steps.append((name, beside[1], *self._beside(beside[0], get_origin(hint) is tuple)))
                continue
            steps.append((name, None, *self._value(struct, name, hint, _default(info))))
        return steps

    def _value(self, owner: type[Struct], name: str, hint: Any, default: Any) -> tuple[Gather, Rewrite]:
        if policy_of(owner, name, POLICIES) == DROP:
            return _nothing, lambda _: default
        origin = get_origin(hint)
        args = [arg for arg in get_args(hint) if arg is not type(None)]
        if origin is dict:
            return self._map(owner, name, args)
        if origin is tuple:
            return _each(*self._value(owner, name, args[0], default))
        if origin is not None and len(args) == 1:
            return self._value(owner, name, args[0], default)
        if isinstance(hint, type) and issubclass(hint, Struct):
            return self._plan(hint)
        if args and dict in {get_origin(arg) for arg in args}:
            raise PolicyMissing(f"{owner.__name__}.{name}")
        policy = policy_of(owner, name, POLICIES)
        if policy is None:
            raise PolicyMissing(f"{owner.__name__}.{name}")
        return self._text(policy)

    def _text(self, policy: str) -> tuple[Gather, Rewrite]:
        return self.found[policy].add, self.results[policy].__getitem__

    def _beside(self, policy: str, many: bool) -> tuple[Gather, Rewrite]:
        add, get = self._text(policy)

        def gather(parts: tuple[Any, ...]) -> None:
            beside, value = parts[:-1], parts[-1]
            for text in value if many else (value,):
                add((*beside, text))

        def rewrite(parts: tuple[Any, ...]) -> Any:
            beside, value = parts[:-1], parts[-1]
            return tuple([get((*beside, text)) for text in value]) if many else get((*beside, value))

        return gather, rewrite

    def _map(self, owner: type[Struct], name: str, args: list[Any]) -> tuple[Gather, Rewrite]:
        policies = policy_of(owner, name, MAPS)
        if policies is None:
            raise PolicyMissing(f"{owner.__name__}.{name}")
        keys, values = policies
        if values == "pair":
            return self._pairs(keys)
        add_key, get_key = self._text(keys)
        if values is None:

            def gather(value: dict[str, Any]) -> None:
                self.found[keys].update(value)

            return gather, lambda value: {get_key(key): amount for key, amount in value.items()}
        add_value, get_value = self._text(values)
        inner = get_origin(args[1]) is dict

        def gather_both(value: dict[str, Any]) -> None:
            for key, text in value.items():
                add_key(key)
                for part in text if inner else (text,):
                    add_value(part)

        def rewrite_both(value: dict[str, Any]) -> dict[str, Any]:
            if inner:
                return {get_key(key): {get_value(part): amount for part, amount in amounts.items()} for key, amounts in value.items()}
            return {get_key(key): get_value(text) for key, text in value.items()}

        return gather_both, rewrite_both

    def _pairs(self, policy: str) -> tuple[Gather, Rewrite]:
        found = self.found[policy]
        get = self.results[policy].__getitem__
        hold = policy == "label"

        def gather(value: dict[str, Any]) -> None:
            found.update(value.items())

        def rewrite(value: dict[str, Any]) -> dict[str, Any]:
            made = dict([pair for pair in map(get, value.items()) if pair is not None])
            return made if made or not hold else {_HELD: "true"}

        return gather, rewrite


def _plain(steps: list[_Step]) -> tuple[Gather, Rewrite]:
    """One object: all its fields are read in one call; most are empty, or stay as they are."""
    alone = [(name, note, make) for name, read, note, make in steps if read is None]
    beside = [(name, attrgetter(*read, name), note, make) for name, read, note, make in steps if read is not None]
    names = [name for name, _, _ in alone]
    notes, makes = [note for _, note, _ in alone], [(name, make) for name, _, make in alone]
    fields = _reader(names)

    def gather(item: Any) -> None:
        for note, value in zip(notes, fields(item), strict=True):
            if value:
                note(value)
        for name, read, note, _ in beside:
            if getattr(item, name):
                note(read(item))

    def rewrite(item: Any) -> Any:
        changes = {}
        for (name, make), before in zip(makes, fields(item), strict=True):
            if before:
                made = make(before)
                if made is not before and made != before:
                    changes[name] = made
        for name, read, _, make in beside:
            if getattr(item, name):
                changes[name] = make(read(item))
        return structs.replace(item, **changes) if changes else item

    return gather, rewrite


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    """The fields of an object as a tuple; attrgetter gives one value bare."""
    if not names:
        return lambda _: ()
    read = attrgetter(*names)
    return (lambda item: (read(item),)) if len(names) == 1 else read


def _each(gather: Gather, rewrite: Rewrite) -> tuple[Gather, Rewrite]:
    def gather_all(value: tuple[Any, ...]) -> None:
        for part in value:
            gather(part)

    def rewrite_all(value: tuple[Any, ...]) -> tuple[Any, ...]:
        made = tuple([rewrite(part) for part in value])
        return value if all(map(is_, made, value)) else made

    return gather_all, rewrite_all


def _by_value(gather: Gather, rewrite: Rewrite) -> tuple[Gather, Rewrite]:
    """The same, but equal objects are handled once."""
    encode = msgspec.json.Encoder().encode
    seen: set[bytes] = set()
    made: dict[bytes, Any] = {}

    def gather_once(item: Any) -> None:
        key = encode(item)
        if key not in seen:
            seen.add(key)
            gather(item)

    def rewrite_once(item: Any) -> Any:
        key = encode(item)
        found = made.get(key)
        if found is None:
            found = made[key] = rewrite(item)
        return found

    return gather_once, rewrite_once


def _nothing(_: Any) -> None:
    """Gather nothing."""


def _default(info: structs.FieldInfo) -> Any:
    if info.default is not msgspec.NODEFAULT:
        return info.default
    factory = cast("Any", info.default_factory)
    return None if factory is msgspec.NODEFAULT else factory()
