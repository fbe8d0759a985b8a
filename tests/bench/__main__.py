"""`make bench [PART=startup|tables|reading|judging]`: measure and print the tables of docs/benchmarks.md."""

from __future__ import annotations

import platform
import sys

from tests.bench import judging, reading, startup, tables
from tests.bench.measure import HEADER

_PARTS = {"startup": startup.rows, "tables": tables.rows, "reading": reading.rows, "judging": judging.rows}


def main() -> None:
    """Run the named parts, or all."""
    print(f"{platform.python_version()} on {platform.machine()}, {platform.system()} {platform.release()}\n")
    for part in sys.argv[1:] or list(_PARTS):
        print(f"## {part}\n\n{HEADER}", flush=True)
        for row in _PARTS[part]():
            print(row, flush=True)
        print()


if __name__ == "__main__":
    main()
