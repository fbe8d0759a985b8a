"""How long a test may wait on a machine that has other things to do."""

from __future__ import annotations

import os


def room(seconds: float) -> float:
    """A bound for what takes `seconds` at most on an idle machine: grown by how many programs want each core now."""
    return seconds * (1 + os.getloadavg()[0] / (os.cpu_count() or 1))
