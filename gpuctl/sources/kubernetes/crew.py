"""The threads that read: few, daemons all, and none that the main thread has to wait for."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from gpuctl.sources.kubernetes.access import CONNECTIONS
from gpuctl.sources.kubernetes.client import Client
from gpuctl.sources.kubernetes.lists import Ask, Outcome, RawPage, walk

_GLANCE_SECONDS: Final = 0.1
T = TypeVar("T")


@dataclass(order=True)
class _Job:
    rank: tuple[int, int]
    work: Callable[[], None] = field(compare=False)


class Crew:
    """Reads lists in the background and hands pages to the caller's thread, which alone parses."""

    def __init__(self, client: Client, fallback: str | None) -> None:
        self._client = client
        self._fallback = fallback
        self._jobs: queue.PriorityQueue[_Job] = queue.PriorityQueue()
        self._results: queue.SimpleQueue[tuple[RawPage | Outcome, threading.Semaphore | None]] = queue.SimpleQueue()
        self._serial = itertools.count()
        self._open: dict[int, Ask] = {}
        for number in range(CONNECTIONS):
            threading.Thread(target=self._serve, name=f"kubernetes-{number}", daemon=True).start()

    def _serve(self) -> None:
        while True:
            self._jobs.get().work()

    def call(self, work: Callable[[], T], patience_seconds: float = float("inf")) -> T | None:
        """Do it in the background and wait; None when the user stopped the run, or deadline or patience ended first."""
        answer: queue.SimpleQueue[tuple[T | None, BaseException | None]] = queue.SimpleQueue()

        def run() -> None:
            try:
                answer.put((work(), None))
            except BaseException as error:
                answer.put((None, error))

        self._jobs.put(_Job((0, next(self._serial)), run))
        end = time.monotonic() + patience_seconds
        while not self.over() and time.monotonic() < end:
            try:
                value, error = answer.get(timeout=_GLANCE_SECONDS)
            except queue.Empty:
                continue
            if error is not None:
                raise error
            return value
        return None

    def ask(self, ask: Ask, urgency: int) -> None:
        """Have a list read; lower urgency comes first."""
        serial = next(self._serial)
        self._open[serial] = ask
        slot = threading.Semaphore(1)

        def emit(page: RawPage) -> None:
            # The next page may be fetched while one is parsed, and no more: pages of pods are large.
            slot.acquire()
            self._results.put((page, slot))

        def run() -> None:
            try:
                outcome = walk(self._client, ask, emit, self._fallback)
            except Exception as error:
                outcome = Outcome(ask, reason=f"reading failed: {type(error).__name__}: {error}")
            outcome.serial = serial
            self._results.put((outcome, None))

        self._jobs.put(_Job((urgency, serial), run))

    def over(self) -> bool:
        """Whether the user stopped the run or the deadline has passed."""
        options = self._client.options
        return options.stop.is_set() or (options.deadline is not None and time.monotonic() >= options.deadline)

    def results(self) -> Iterator[RawPage | Outcome]:
        """Pages and outcomes as they come, until every list is done or the run is over. More may be asked for meanwhile."""
        while self._open:
            try:
                found, slot = self._results.get(timeout=_GLANCE_SECONDS)
            except queue.Empty:
                if self.over():
                    return
                continue
            if isinstance(found, Outcome):
                self._open.pop(found.serial, None)
            yield found
            if slot is not None:
                slot.release()
            if self._client.options.stop.is_set():
                return

    def unfinished(self) -> list[Ask]:
        """Lists that were asked for and have not ended."""
        return list(self._open.values())
