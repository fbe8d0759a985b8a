"""GPU instance profiles of MIG, found by the product and by what an instance has."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Final

from gpuctl.knowledge.catalogue import Row, load

MEMORY_TOLERANCE: Final = 0.02
"""An instance's memory moves by up to 2 % between drivers and ECC modes (catalogue's own figures for the same profile)."""
_GIGABYTES = re.compile(r"\.([1-9][0-9]*)gb")
ENGINES: Final = ("copy_engines", "decoders", "encoders", "jpeg_engines", "ofa_engines")


class MigProfileRow(Row, frozen=True, kw_only=True):
    """One profile on one product; None and empty: not published."""

    products: tuple[str, ...]
    profile: str
    compute_slices: int
    memory_slices: int
    multiprocessors: int | None
    memory_mib: tuple[int, ...]
    copy_engines: int | None
    decoders: int | None
    encoders: int | None
    jpeg_engines: int | None
    ofa_engines: int | None


@cache
def of_product(product: str) -> tuple[MigProfileRow, ...]:
    """Profiles of a product by its exact name; empty for a product that is not in the catalogue."""
    return tuple(row for row in load("mig_profiles", MigProfileRow).rows if product in row.products)


def identify(product: str, memory_mib: float, engines: Mapping[str, int], multiprocessors: int) -> MigProfileRow | None:
    """The only profile of a product that a GPU instance can be; None when several could be, or none.

    Args:
        product: as the driver names it.
        memory_mib: of the instance.
        engines: numbers by the names of `ENGINES`; one that is missing is not compared.
        multiprocessors: of all its compute instances together: the profile has at least as many.
    """
    found = [row for row in of_product(product) if _fits(row, memory_mib, engines, multiprocessors)]
    return found[0] if len(found) == 1 else None


def _memory_fits(row: MigProfileRow, memory_mib: float) -> bool:
    """By the published figures; without any, by the gigabytes of the name, of which an instance has at least half and not half more."""
    if row.memory_mib:
        return any(abs(memory_mib - known) <= known * MEMORY_TOLERANCE for known in row.memory_mib)
    named = _GIGABYTES.search(row.profile)
    return named is None or 0.5 <= memory_mib / (int(named[1]) * 1024) <= 1.5


def _fits(row: MigProfileRow, memory_mib: float, engines: Mapping[str, int], multiprocessors: int) -> bool:
    if not _memory_fits(row, memory_mib):
        return False
    if row.multiprocessors is not None and multiprocessors > row.multiprocessors:
        return False
    published = ((getattr(row, name), engines.get(name)) for name in ENGINES)
    return all(number is None or seen is None or number == seen for number, seen in published)
