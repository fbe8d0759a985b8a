"""What a command costs before it does anything: against a bare interpreter and against `clush --help`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.bench.measure import Cost, Row, interleaved, run

_BIN = Path(sys.executable).parent
_ROUNDS = 21


def _cost(*command: str) -> Callable[[], Cost]:
    return lambda: run(command)


def rows() -> Iterator[Row]:
    """CPU milliseconds, medians of interleaved runs of the installed program."""
    gpuctl = str(_BIN / "gpuctl")
    sides = {
        "bare": _cost(sys.executable, "-c", "pass"),
        "--version": _cost(gpuctl, "--version"),
        "--help": _cost(gpuctl, "--help"),
        "clush": _cost(str(_BIN / "clush"), "--help"),
        "explain": _cost(gpuctl, "explain", "mig-config-stuck"),
        "audits": _cost(gpuctl, "audits", "-o", "json"),
    }
    costs = interleaved(_ROUNDS, sides)
    for name, other, bar in (
        ("--version", "bare", "<= 1.3x"),
        ("--help", "clush", "<= 0.75x, or the next line"),
        ("--help", "bare", "<= 6x"),
        ("explain", "bare", "<= 8x"),
        ("audits", "bare", "<= 8x"),
    ):
        ours, theirs = costs[name].cpu_seconds, costs[other].cpu_seconds
        label = "`python3 -c pass`" if other == "bare" else "`clush --help`"
        yield Row(f"`gpuctl {name}`", f"{ours * 1e3:.0f} ms", f"{label} {theirs * 1e3:.0f} ms", f"{ours / theirs:.2f}x", bar)
