"""A careful look into a decoded object of any shape: a wrong type is noted, never raised and never a zero."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from math import isnan
from typing import Any

from gpuctl.model.nodes import Condition
from gpuctl.model.workloads import Owner, Requirement
from gpuctl.parsers.k8s_dialect import Amounts, amounts, scalar
from gpuctl.units import instant


class Doc:
    """A map of a decoded object. `unread` gathers, by path, why a part could not be read; parts share it with their whole.

    Args:
        value: what was decoded; anything but a map counts as empty.
        where: path inside the object, for `unread`.
    """

    __slots__ = ("stamped", "unread", "value", "where")

    def __init__(
        self, value: Any, where: str = "", unread: dict[str, str] | None = None, stamped: Callable[[datetime | None], None] = lambda _: None
    ) -> None:
        self.value: dict[str, Any] = value if isinstance(value, dict) else {}
        self.where = where
        self.unread: dict[str, str] = {} if unread is None else unread
        self.stamped = stamped
        if value is not None and not isinstance(value, dict):
            self._wrong(where, "an object", value)

    def _wrong(self, where: str, wanted: str, value: Any) -> None:
        self.unread[where] = f"{wanted} was expected, found {scalar(value) or type(value).__name__}"[:200]

    def _path(self, path: tuple[str, ...]) -> str:
        return ".".join((self.where, *path) if self.where else path)

    def get(self, *path: str) -> Any:
        """The value at a path; None when it is not there."""
        value: Any = self.value
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value

    def __contains__(self, name: str) -> bool:
        return self.value.get(name) is not None

    def doc(self, *path: str) -> Doc:
        """The map at a path; an empty one when it is not there."""
        return Doc(self.get(*path), self._path(path), self.unread, self.stamped)

    def docs(self, *path: str) -> list[Doc]:
        """The maps in the list at a path."""
        where = self._path(path)
        return [Doc(item, f"{where}[{index}]", self.unread, self.stamped) for index, item in enumerate(self.items(*path))]

    def items(self, *path: str) -> list[Any]:
        """The list at a path; an empty one when it is not there."""
        value = self.get(*path)
        if value is not None and not isinstance(value, list):
            self._wrong(self._path(path), "a list", value)
        return value if isinstance(value, list) else []

    def text(self, *path: str) -> str | None:
        """A text; None when absent or empty."""
        value = self.get(*path)
        found = scalar(value)
        if value is not None and found is None:
            self._wrong(self._path(path), "a text", value)
        return found or None

    def integer(self, *path: str) -> int | None:
        """A whole number, also one written as text; placeholders and the like are unread."""
        value = self.get(*path)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
            return value
        try:
            number = float(value) if isinstance(value, str | float) and len(str(value)) <= 32 else None
        except ValueError:
            number = None
        if number is None or isnan(number) or abs(number) >= 2**53 or number != int(number):
            self._wrong(self._path(path), "a whole number", value)
            return None
        return int(number)

    def amount(self, *path: str) -> float | None:
        """A quantity in base units."""
        found = amounts([("it", self.get(*path))]) if self.get(*path) is not None else None
        if found is not None and found.unread:
            self._wrong(self._path(path), "a quantity", self.get(*path))
        return found.values.get("it") if found is not None else None

    def boolean(self, *path: str) -> bool | None:
        """True or False, also written as text."""
        value = self.get(*path)
        found = {"true": True, "false": False}.get(str(value).lower()) if isinstance(value, bool | str) else None
        if value is not None and found is None:
            self._wrong(self._path(path), "true or false", value)
        return found

    def moment(self, *path: str) -> datetime | None:
        """A time that tells of the past."""
        found = self.any_moment(*path)
        self.stamped(found)
        return found

    def any_moment(self, *path: str) -> datetime | None:
        """A time that may lie ahead."""
        return instant(self.text(*path))

    def texts(self, *path: str) -> dict[str, str]:
        """A map of text to text, sorted."""
        found = self.doc(*path)
        texts = {str(key): scalar(value) for key, value in found.value.items()}
        for key in (key for key, value in texts.items() if value is None and found.value.get(key) is not None):
            self._wrong(self._path((*path, key)), "a text", found.value[key])
        return {key: texts[key] or "" for key in sorted(texts) if texts[key] is not None or found.value.get(key) is None}

    def words(self, *path: str) -> tuple[str, ...]:
        """The texts in the list at a path."""
        return tuple(text for item in self.items(*path) if (text := scalar(item)) is not None)

    def quantities(self, *path: str) -> Amounts:
        """A map of quantities; what is none is noted as unread."""
        found = amounts((str(key), value) for key, value in self.doc(*path).value.items())
        for name in found.unread:
            self._wrong(self._path((*path, name)), "a quantity", self.get(*path, name))
        return found

    def conditions(self, *path: str) -> tuple[Condition, ...]:
        """Conditions; one without a type is left out."""
        return tuple(
            Condition(
                type=item.text("type") or "",
                status=item.text("status") or "Unknown",
                reason=item.text("reason") or "",
                message=item.text("message") or "",
                since=item.moment("lastTransitionTime"),
            )
            for item in self.docs(*(path or ("status", "conditions")))
            if item.text("type")
        )

    def requirements(self, *path: str) -> tuple[Requirement, ...]:
        """Expressions of a selector."""
        return tuple(
            Requirement(key=item.text("key") or "", operator=item.text("operator") or "", values=item.words("values"))
            for item in self.docs(*path)
        )

    @property
    def name(self) -> str | None:
        """metadata.name."""
        return self.text("metadata", "name")

    @property
    def namespace(self) -> str | None:
        """metadata.namespace."""
        return self.text("metadata", "namespace")

    @property
    def created(self) -> datetime | None:
        """metadata.creationTimestamp."""
        return self.moment("metadata", "creationTimestamp")

    @property
    def owner(self) -> Owner | None:
        """The controlling owner."""
        for item in self.docs("metadata", "ownerReferences"):
            kind, name = item.text("kind"), item.text("name")
            if item.boolean("controller") and kind and name:
                return Owner(kind=kind, name=name)
        return None
