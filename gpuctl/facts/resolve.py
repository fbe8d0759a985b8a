"""Typed injection: a fact is a class, and one function, its provider, makes it.

A provider is declared in the module of its fact with `@provides`; its parameters are the view, a subject, or other facts,
each known by its type. What it cannot know it returns as `Unknown`; what it knows only in part, as `Partial`.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, Generic, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from gpuctl.facts.view import View
from gpuctl.model.known import Unknown

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")
Plan = Literal["view", "subject", "each", "once"]
"""How a fact is had for a kind of subject: the view, the subject itself, made for each subject, made once."""


@dataclass(frozen=True)
class Partial(Generic[T]):
    """A fact with gaps: what is known may be judged, but finding nothing in it proves nothing."""

    value: T
    gap: Unknown


@dataclass(frozen=True)
class _Provider:
    function: Callable[..., Any]
    parameters: tuple[type, ...]


_PROVIDERS: dict[type, _Provider] = {}


def _makes(function: Callable[..., Any]) -> type:
    """The fact that a provider makes: its return annotation without Unknown and Partial."""
    wanted = get_type_hints(function)["return"]
    options = get_args(wanted) if get_origin(wanted) in {Union, UnionType} else (wanted,)
    made = [option for option in options if option is not Unknown and get_origin(option) is not Partial]
    if len(made) != 1 or not inspect.isclass(made[0]):
        raise TypeError(f"{function.__qualname__} must return one fact type, perhaps with Unknown or Partial, not {wanted}")
    fact: type = made[0]
    return fact


def parameter_types(function: Callable[..., Any]) -> tuple[type, ...]:
    """The types of a function's parameters, in order."""
    hints = get_type_hints(function)
    return tuple(hints[name] for name in inspect.signature(function).parameters)


def provides(function: F) -> F:
    """Declare the provider of the fact that its return annotation names.

    Raises:
        TypeError: the annotation names no single fact, or the fact has a provider already.
    """
    fact = _makes(function)
    if fact in _PROVIDERS:
        raise TypeError(f"{fact.__name__} has two providers: {_PROVIDERS[fact].function.__qualname__} and {function.__qualname__}")
    _PROVIDERS[fact] = _Provider(function, parameter_types(function))
    return function


def opened(values: list[Any]) -> tuple[list[Any] | None, Unknown | None]:
    """The bare values of facts with the first gap in partial ones; no values, and why, when one of them is unknown."""
    gap = None
    for place, value in enumerate(values):
        kind = type(value)
        if kind is Unknown:
            return None, value
        if kind is Partial:
            gap = gap or value.gap
            values[place] = value.value
    return values, gap


class Resolver:
    """Makes facts on demand for one view, each once for each subject that it depends on."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._made: dict[tuple[type, int], Any] = {}
        self._scoped: dict[tuple[type, type], bool] = {}
        self._plans: dict[tuple[type, type], Plan] = {}

    def get(self, wanted: type, subject: Any) -> Any:
        """The fact, or `Unknown`, or `Partial` (also when only something it was made from is partial).

        Raises:
            TypeError: nothing provides the fact, which is a bug in the audit that asks for it.
        """
        kind = (wanted, type(subject))
        plan = self._plans.get(kind)
        if plan is None:
            plan = self._plans[kind] = self._plan(*kind)
        if plan == "view":
            return self.view
        if plan == "subject":
            return subject
        key = (wanted, id(subject) if plan == "each" else 0)
        made = self._made.get(key)
        if made is None:
            made = self._made[key] = self._make(wanted, subject)
        return made

    def _plan(self, wanted: type, subject_type: type) -> Plan:
        if wanted is View:
            return "view"
        if issubclass(subject_type, wanted):
            return "subject"
        return "each" if self._is_scoped(wanted, subject_type) else "once"

    def _make(self, wanted: type, subject: Any) -> Any:
        provider = _PROVIDERS.get(wanted)
        if provider is None:
            raise TypeError(f"nothing provides {wanted.__name__} for a {type(subject).__name__}")
        values, gap = opened([self.get(parameter, subject) for parameter in provider.parameters])
        if isinstance(gap, Unknown) and values is None:
            return gap
        made = provider.function(*(values or ()))
        return Partial(made, gap) if gap is not None and not isinstance(made, Unknown | Partial) else made

    def _is_scoped(self, wanted: type, subject_type: type) -> bool:
        """Whether the fact depends on the subject; if not, it is made once for the whole view."""
        key = (wanted, subject_type)
        if key not in self._scoped:
            provider = _PROVIDERS.get(wanted)
            self._scoped[key] = provider is None or any(
                parameter is not View and (issubclass(subject_type, parameter) or self._is_scoped(parameter, subject_type))
                for parameter in provider.parameters
            )
        return self._scoped[key]
