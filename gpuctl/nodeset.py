"""Names that differ only in one number, folded: `gpu[001-004,009]`. Pure text; reading such sets is ClusterShell's business."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

_NUMBER = re.compile(r"[0-9]{1,18}")


def fold(names: Iterable[str]) -> str:
    """Names in the order of their text and numbers, those of one pattern folded over the last number that differs, joined by commas.

    Zero padding is kept: `gpu9,gpu10` gives `gpu[9-10]`, `gpu09,gpu10` gives `gpu[09-10]`. The same set gives the same text.
    """
    rest = sorted(set(names), key=natural)
    spots = max((len(_NUMBER.findall(name)) for name in rest), default=0)
    folded: list[tuple[str, str]] = []
    for spot in range(1, spots + 1):
        groups: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name in rest:
            matches = list(_NUMBER.finditer(name))
            if len(matches) >= spot:
                match = matches[-spot]
                groups[name[: match.start()], name[match.end() :]].append(match.group())
        taken: set[str] = set()
        for (head, tail), numbers in groups.items():
            members = [head + number + tail for number in numbers]
            if len(members) > 1 and not taken & set(members):
                taken |= set(members)
                folded.append((min(members, key=natural), f"{head}[{_ranges(numbers)}]{tail}"))
        rest = [name for name in rest if name not in taken]
    folded += [(name, name) for name in rest]
    return ",".join(text for _, text in sorted(folded, key=lambda pair: natural(pair[0])))


def natural(name: str) -> tuple[tuple[str | int, ...], str]:
    """A sort key under which gpu9 comes before gpu10."""
    parts = re.split(r"([0-9]{1,18})", name)
    return tuple(int(part) if place % 2 else part for place, part in enumerate(parts)), name


def _ranges(numbers: list[str]) -> str:
    """Numbers as ranges; those of another width start a range of their own unless neither is padded."""
    ordered = sorted(set(numbers), key=lambda text: (int(text), len(text)))
    ranges: list[tuple[str, str]] = []
    for number in ordered:
        if ranges and _follows(ranges[-1][1], number):
            ranges[-1] = (ranges[-1][0], number)
        else:
            ranges.append((number, number))
    return ",".join(first if first == last else f"{first}-{last}" for first, last in ranges)


def _follows(before: str, number: str) -> bool:
    unpadded = not before.startswith("0") and not number.startswith("0")
    return int(number) == int(before) + 1 and (len(before) == len(number) or unpadded or (before == "0" and not number.startswith("0")))
