"""Ctrl-C while work goes on in the background."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from gpuctl.cli.console import Interrupted, interruptible


def interrupt_soon() -> None:
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()


def test_work_hands_over_what_it_has_after_ctrl_c() -> None:
    stop = threading.Event()

    def work() -> str:
        stop.wait(5)
        time.sleep(0.2)
        return "so far"

    interrupt_soon()
    assert interruptible(work, stop) == "so far"


def test_work_that_does_not_stop_is_left_behind() -> None:
    free = threading.Event()
    interrupt_soon()
    start = time.monotonic()
    with pytest.raises(Interrupted):
        interruptible(lambda: free.wait(10), threading.Event())
    assert time.monotonic() - start < 2
    free.set()
