"""Thresholds and weights that judgements use, each with its basis; users override them in gpuctl.toml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from gpuctl.knowledge.catalogue import Row, load


class SettingRow(Row, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A number, its unit, what it means, and whether it is cited or an estimate."""

    name: str
    value: float
    unit: str
    basis: Literal["cited", "estimate"]
    meaning: str


@cache
def rows() -> dict[str, SettingRow]:
    """All settings by name."""
    return {row.name: row for row in load("settings", SettingRow).rows}


@dataclass(frozen=True)
class Settings:
    """Defaults with the user's overrides on top."""

    overrides: Mapping[str, float] = field(default_factory=dict)

    def __getitem__(self, name: str) -> float:
        return self.overrides[name] if name in self.overrides else rows()[name].value

    def is_estimate(self, name: str) -> bool:
        """Whether the value in force is our estimate; one that the user set is not."""
        return name not in self.overrides and rows()[name].basis == "estimate"
