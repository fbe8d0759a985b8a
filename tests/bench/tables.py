"""Printing a long table: gpuctl's own column printer against a rich table of the same rows."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.table import Table

from gpuctl.reports.text import columns
from tests.bench.measure import Cost, Row, interleaved

_ROWS = [(f"node-{number:04d}", "NVIDIA-H100-80GB-HBM3", "8", "True", f"10.1.{number // 250}.{number % 250}") for number in range(5000)]
_TITLES = ("NAME", "PRODUCT", "GPUS", "READY", "ADDRESS")
_ROUNDS = 5


def _ours() -> str:
    return columns(_TITLES, _ROWS)


def _theirs() -> str:
    table = Table(*_TITLES)
    for row in _ROWS:
        table.add_row(*row)
    console = Console(file=io.StringIO(), width=160)
    console.print(table)
    return console.file.getvalue()  # type: ignore[attr-defined]


def _cost(function: Callable[[], str]) -> Callable[[], Cost]:
    def measured() -> Cost:
        cpu, wall = time.process_time(), time.monotonic()
        function()
        return Cost(time.process_time() - cpu, time.monotonic() - wall, 0)

    return measured


def rows() -> Iterator[Row]:
    """CPU seconds for 5,000 rows of five columns."""
    costs = interleaved(_ROUNDS, {"ours": _cost(_ours), "rich": _cost(_theirs)})
    ours, theirs = costs["ours"].cpu_seconds, costs["rich"].cpu_seconds
    yield Row("a table of 5,000 rows", f"{ours * 1e3:.1f} ms", f"rich {theirs * 1e3:.0f} ms", f"{theirs / ours:.0f}x", ">= 100x")
