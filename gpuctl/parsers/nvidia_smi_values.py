"""Grammar of nvidia-smi's values: numbers with units, flags, and the words that stand where there is no value.

What is no value becomes a reason; each of nvidia-smi's words has its own. Words: NVML's error strings (nvmlErrorString) as
`nvidia-smi -q` prints them, https://docs.nvidia.com/deploy/nvml-api/ (2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Final, TypeVar

from gpuctl.parsers.nvidia_smi_tree import CUT, Element

LOST: Final = "GPU is lost"
"""Beginning of the reason of each fact of a GPU that left the bus or no longer answers."""
RESET: Final = "GPU requires reset"
NOT_APPLICABLE: Final = "not applicable to this GPU, its mode or its driver (nvidia-smi prints N/A)"
NOT_SUPPORTED: Final = "not supported by this GPU or its driver (nvidia-smi prints Not Supported)"
UNKNOWN_ERROR: Final = "the driver failed to read it (nvidia-smi prints Unknown Error)"
ERROR: Final = "the sensor could not be read (nvidia-smi prints ERR!)"
DEPRECATED: Final = "this driver no longer tells it (nvidia-smi prints that it has been deprecated)"
NO_PERMISSION: Final = "nvidia-smi ran without the permission to read it"
ABSENT: Final = "this output of nvidia-smi does not have it"
NAMELESS: Final = "nvidia-smi's output does not name its host"
UNLISTED: Final = "nvidia-smi -q does not list profiles"
UNNAMED: Final = "nvidia-smi's XML does not name profiles, and more than one or none of this product's fits"
UNPLACED: Final = "nvidia-smi's XML does not tell placements"
UNNUMBERED: Final = "the file does not list all GPUs of its host"
WINDOWS: Final = "a Windows driver serves it"

MIB: Final = 2**20
MEGAHERTZ: Final = 1e6

_WORDS: Final = {
    "n/a": NOT_APPLICABLE,
    "not supported": NOT_SUPPORTED,
    "not available": NOT_APPLICABLE,
    "unknown error": UNKNOWN_ERROR,
    "err!": ERROR,
    "error": ERROR,
    "gpu is lost": LOST,
    "gpu requires reset": RESET,
    "requested functionality has been deprecated": DEPRECATED,
    "insufficient permissions": NO_PERMISSION,
    "insufficient permission": NO_PERMISSION,
    "no permission": NO_PERMISSION,
    "not found": "nvidia-smi did not find it",
    "timeout": "the driver did not answer in time (nvidia-smi prints Timeout)",
    "function not found": "the driver's library is older than nvidia-smi (it prints Function Not Found)",
    "": "nvidia-smi prints nothing for it",
    "unknown": "nvidia-smi prints Unknown for it",
}
REASONS: Final = (
    *dict.fromkeys(_WORDS.values()),
    *(ABSENT, NAMELESS, UNLISTED, UNNAMED, UNPLACED, UNNUMBERED, WINDOWS, CUT),
)
"""All that are not made of the file's own words."""
_MOST_WHOLE: Final = 10**18
_NUMBER = re.compile(r"(-?[0-9]{1,18}(?:\.[0-9]{1,9})?)\s*([A-Za-z%/()]{0,12})")
_FLAGS = {"yes": True, "enabled": True, "active": True, "true": True, "no": False, "disabled": False, "not active": False, "false": False}

T = TypeVar("T")


def reason(text: str) -> str | None:
    """Why a text is no value; None when it may be one."""
    bare = text.strip()
    if bare[:1] == "[" and bare[-1:] == "]":
        bare = bare[1:-1].strip()
    return _WORDS.get(bare.lower())


def number(text: str, *units: str) -> float | None:
    """A number with one of the units (`""`: none); None when it is not one."""
    match = _NUMBER.fullmatch(text.strip())
    return float(match[1]) if match is not None and match[2] in units else None


def whole(text: str) -> int | None:
    """A whole number that is not negative, with nothing behind it but `x` or `bank(s)`."""
    value = number(text, "", "x", "bank(s)")
    return int(value) if value is not None and value >= 0 and value == int(value) and value < _MOST_WHOLE else None


def mebibytes(text: str) -> int | None:
    """`40960 MiB` in bytes; old drivers print MB and mean the same."""
    value = number(text, "MiB", "MB")
    return int(value * MIB) if value is not None and 0 <= value < _MOST_WHOLE / MIB else None


def celsius(text: str) -> float | None:
    """`36 C`; margins below a limit are negative."""
    return number(text, "C")


def watts(text: str) -> float | None:
    """`66.92 W`."""
    return number(text, "W")


def hertz(text: str) -> float | None:
    """`1410 MHz` in Hz."""
    value = number(text, "MHz")
    return None if value is None else value * MEGAHERTZ


def share(text: str) -> float | None:
    """`37 %` as 0.37."""
    value = number(text, "%")
    return None if value is None else value / 100


def flag(text: str) -> bool | None:
    """`Enabled`, `Yes`, `Not Active` and their like."""
    return _FLAGS.get(text.strip().lower())


def plain(text: str) -> str | None:
    """Any text that is not empty."""
    return text or None


class Reading:
    """Facts read out of one element, with a reason for each that is not known."""

    def __init__(self, element: Element) -> None:
        self.element = element
        self.unknown: dict[str, str] = {}

    def take(self, fact: str, parse: Callable[[str], T | None], *paths: str) -> T | None:
        """The first value among the paths; else the reason goes under `fact`: what was printed rather than that nothing was."""
        missing = None
        for path in paths:
            found = self.element.find(path)
            if found is None or found.children:
                continue
            why = reason(found.text)
            if why is None:
                value = parse(found.text)
                if value is not None:
                    return value
                why = f"not understood: {found.text[:40]!a}"
            missing = missing or why
        self.unknown[fact] = missing or self.why_absent(paths)
        return None

    def why_absent(self, paths: Iterable[str]) -> str:
        """Of a value that is not there: a bare word of its group, a cut, or that this output does not have it."""
        for path in paths:
            parts = path.split("/")
            for end in range(len(parts) - 1, 0, -1):
                group = self.element.find("/".join(parts[:end]))
                if group is not None:
                    if not group.children and group.text and (said := reason(group.text)) is not None:
                        return said
                    break
        return next((why for path in paths if (why := self.element.why_missing(path)) is not None), ABSENT)

    def table(self, fact: str, parse: Callable[[str], T | None], rows: Mapping[str, tuple[str, ...]]) -> dict[str, T]:
        """Values by key, each from the first of its paths that has one. One reason stands for all where they share it; a key that
        this output does not have is passed over where it has others."""
        found: dict[str, T] = {}
        reasons: dict[str, str] = {}
        inner = Reading(self.element)
        for key, paths in rows.items():
            value = inner.take(key, parse, *paths)
            if value is not None:
                found[key] = value
            else:
                reasons[key] = inner.unknown[key]
        told = {key: why for key, why in reasons.items() if why != ABSENT}
        if not found and len(set(reasons.values())) == 1:
            self.unknown[fact] = next(iter(reasons.values()))
        elif not found and len(set(told.values())) == 1:
            self.unknown[fact] = next(iter(told.values()))
        else:
            self.unknown.update({f"{fact}.{key}": why for key, why in told.items()})
        return found
