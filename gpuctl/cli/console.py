"""The terminal: colour and width, progress on stderr, and work that Ctrl-C can leave behind."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import TextIO, TypeVar

from gpuctl.reports.text import Style, safe

T = TypeVar("T")

QUIET_SECONDS = 1.0
"""Nothing is said of what takes less."""
GRACE_SECONDS = 0.7
"""After Ctrl-C, how long the work may take to hand over what it has."""


class Interrupted(Exception):
    """Ctrl-C, and the work handed over nothing in time."""


def style(verbose: int = 0, stream: TextIO | None = None, environment: Mapping[str, str] = os.environ) -> Style:
    """How to write on stdout."""
    out = stream or sys.stdout
    return Style(width=shutil.get_terminal_size((80, 24)).columns, color=wants_color(out, environment), verbose=verbose)


def wants_color(stream: TextIO, environment: Mapping[str, str]) -> bool:
    """NO_COLOR (https://no-color.org) wins over FORCE_COLOR; without either, colour is for terminals that know it."""
    if environment.get("NO_COLOR"):
        return False
    if environment.get("FORCE_COLOR", "") not in {"", "0"}:
        return True
    return stream.isatty() and environment.get("TERM", "") not in {"", "dumb"}


def say(text: str) -> None:
    """A line of talk, on stderr."""
    print(safe(text, 2000), file=sys.stderr, flush=True)


class Progress:
    """Counts of what was done, once it takes more than a second: one line rewritten on a terminal, else a line every 5 s."""

    def __init__(self, doing: str, stream: TextIO | None = None) -> None:
        self._doing = doing
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._counts: dict[str, int] = {}
        self._start = time.monotonic()
        self._next = self._start + QUIET_SECONDS
        self._shown = 0
        self._lock = threading.Lock()

    def __call__(self, what: str, count: int) -> None:
        """`count` of `what` were done so far."""
        with self._lock:
            self._counts[what] = count
            now = time.monotonic()
            if now < self._next:
                return
            self._next = now + (0.1 if self._live else 5.0)
            parts = [f"{safe(name, 40)} {number}" for name, number in self._counts.items() if number]
            line = f"{self._doing}, {now - self._start:.0f} s: {', '.join(parts) or 'nothing yet'}"
            if self._live:
                line = line[: max(shutil.get_terminal_size((80, 24)).columns - 1, 20)]
                self._stream.write("\r" + line.ljust(self._shown))
                self._shown = len(line)
            else:
                self._stream.write(line + "\n")
            self._stream.flush()

    def close(self) -> None:
        """Take the line off the terminal."""
        with self._lock:
            self._next = float("inf")
            if self._shown:
                self._stream.write("\r" + " " * self._shown + "\r")
                self._stream.flush()
                self._shown = 0


def interruptible(work: Callable[[], T], stop: threading.Event) -> T:
    """The result of `work`, done in a daemon thread. On Ctrl-C `stop` is set and the work may hand over what it has for a moment.

    Raises:
        Interrupted: it did not. A second Ctrl-C raises KeyboardInterrupt at once.
    """
    results: list[T] = []
    errors: list[BaseException] = []
    done = threading.Event()  # not join: on Python 3.11 a thread whose join is interrupted counts as ended although it runs

    def target() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed to the thread that waits
            errors.append(error)
        finally:
            done.set()

    threading.Thread(target=target, daemon=True, name="work").start()
    try:
        while not done.wait(0.2):
            pass
    except KeyboardInterrupt:
        stop.set()
        done.wait(GRACE_SECONDS)
    if errors:
        if stop.is_set():
            raise Interrupted from errors[0]
        raise errors[0]
    if not results:
        raise Interrupted
    return results[0]
