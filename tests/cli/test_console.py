"""Ctrl-C while work goes on in the background."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from gpuctl.cli import console
from gpuctl.cli.console import Interrupted, interruptible
from tests.patience import room


def interrupt_soon() -> None:
    """Called by the work itself: Ctrl-C comes once somebody waits for it."""
    threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_work_hands_over_what_it_has_after_ctrl_c(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "GRACE_SECONDS", 60)
    stop = threading.Event()

    def work() -> str:
        interrupt_soon()
        stop.wait(60)
        time.sleep(0.2)
        return "so far"

    assert interruptible(work, stop) == "so far"


def test_work_that_does_not_stop_is_left_behind() -> None:
    free = threading.Event()

    def work() -> None:
        interrupt_soon()
        free.wait(60)

    start = time.monotonic()
    with pytest.raises(Interrupted):
        interruptible(work, threading.Event())
    assert time.monotonic() - start < room(2)
    free.set()
