"""Quantities, times and PCI addresses as the field writes them, turned into base units and back."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_SUFFIX = {
    "n": 1e-9, "u": 1e-6, "m": 1e-3, "": 1.0, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18,
    "Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60,
}  # fmt: skip
_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))([eE][+-]?\d+|[KMGTPE]i|[numkMGTPE]|)")
_PCI = re.compile(r"(?:([0-9a-fA-F]{4,8}):)?([0-9a-fA-F]{1,2}):([0-9a-fA-F]{1,2})(?:\.([0-7]))?")
_LONGEST_QUANTITY = 64
_EXACT = 2.0**53


@lru_cache(maxsize=4096)
def quantity(text: str) -> float | None:
    """A Kubernetes quantity (`8`, `7910m`, `192G`, `81559Mi`, `1e3`) in base units; None when it is not one.

    Source: apimachinery's resource.Quantity, https://pkg.go.dev/k8s.io/apimachinery/pkg/api/resource#Quantity
    """
    match = _QUANTITY.fullmatch(text.strip()) if len(text) <= _LONGEST_QUANTITY else None
    if match is None:
        return None
    number, suffix = match.groups()
    if suffix[:1] in {"e", "E"} and len(suffix) > 1:
        value = float(number + suffix)
        return value if abs(value) < float("inf") else None
    return float(number) * _SUFFIX[suffix]


def count(text: str | int | float | None) -> int | None:
    """A number of devices; None when the text is no whole, non-negative number."""
    value = quantity(str(text)) if text is not None else None
    return int(value) if value is not None and value >= 0 and value == int(value) else None


def instant(text: str | None) -> datetime | None:
    """An RFC 3339 time in UTC; None when the text is not one."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def rfc3339(moment: datetime) -> str:
    """The time in UTC with a `Z`, whole seconds unless it has a fraction."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def pci_address(text: str) -> str | None:
    """`dddd:bb:dd.f`, lower case; nvidia-smi's eight-digit domain is shortened where it is zero above four digits."""
    match = _PCI.fullmatch(text.strip())
    if match is None:
        return None
    domain, bus, device, function = match.groups()
    return f"{int(domain or '0', 16):04x}:{int(bus, 16):02x}:{int(device, 16):02x}.{function or '0'}"


def significant(value: float) -> float | int:
    """An int, exact, where nothing stands behind the point; else at most nine significant digits: stable bytes in every output."""
    exact = value if value == int(value) and abs(value) < _EXACT else float(f"{value:.9g}")
    return int(exact) if exact == int(exact) and abs(exact) < _EXACT else exact


def duration(seconds: float) -> str:
    """Two units at most, as a person says it: `45s`, `12m`, `3h20m`, `5d4h`."""
    total = int(max(seconds, 0))
    if total < 60:
        return f"{total}s"
    for big, small, size, part in (("m", "s", 60, 1), ("h", "m", 3600, 60), ("d", "h", 86400, 3600)):
        if total < size * (60 if big == "m" else 24 if big == "h" else 10**9):
            rest = total % size // part
            return f"{total // size}{big}" + (f"{rest}{small}" if rest and total < size * 10 else "")
    return f"{total}s"


def plural(number: float, word: str, many: str | None = None) -> str:
    """`1 node`, `3 nodes`."""
    shown = significant(number)
    return f"{shown} {word if shown == 1 else many or word + 's'}"
