"""Running a command and counting what it cost: CPU seconds, wall seconds, peak memory; medians over rounds."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """What one run cost. `server` is the CPU time that a watched process used meanwhile."""

    cpu_seconds: float
    wall_seconds: float
    peak_bytes: int
    server_cpu_seconds: float = 0.0


def cpu_of(pid: int) -> float:
    """CPU seconds that a running process has used so far (user and system)."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def run(
    command: Sequence[str], env: Mapping[str, str] | None = None, server_pid: int | None = None, allowed: frozenset[int] = frozenset({0})
) -> Cost:
    """Run a command with its output thrown away.

    Raises:
        RuntimeError: it ended with an exit code that is not allowed; the message has the end of its stderr.
    """
    before = cpu_of(server_pid) if server_pid is not None else 0.0
    started = time.monotonic()
    with subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        assert process.stderr is not None
        errors = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.monotonic() - started
    if process.returncode not in allowed:
        raise RuntimeError(f"{command[0]} ended with {process.returncode}: {errors.decode(errors='replace')[-500:]}")
    after = cpu_of(server_pid) if server_pid is not None else 0.0
    return Cost(usage.ru_utime + usage.ru_stime, wall, usage.ru_maxrss * 1024, after - before)


def interleaved(rounds: int, sides: Mapping[str, Callable[[], Cost]]) -> dict[str, Cost]:
    """Median cost of each side; the sides take turns, so that a slow minute of the machine hits all of them."""
    seen: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, side in sides.items():
            seen[name].append(side())
    return {name: median(costs) for name, costs in seen.items()}


def median(costs: Sequence[Cost]) -> Cost:
    """Field-wise medians."""
    return Cost(
        statistics.median(cost.cpu_seconds for cost in costs),
        statistics.median(cost.wall_seconds for cost in costs),
        int(statistics.median(cost.peak_bytes for cost in costs)),
        statistics.median(cost.server_cpu_seconds for cost in costs),
    )


@dataclass(frozen=True)
class Row:
    """One line of the table: what was compared, both figures as text, the ratio, and the bar it is held against."""

    what: str
    ours: str
    theirs: str
    ratio: str
    bar: str

    def __str__(self) -> str:
        return f"| {self.what} | {self.ours} | {self.theirs} | {self.ratio} | {self.bar} |"


HEADER = "| what | gpuctl | other | ratio | bar |\n|---|---|---|---|---|"
