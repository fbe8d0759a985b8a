"""What the caller decides about reading a cluster."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True)
class Options:
    """How to read one cluster.

    `kubeconfig`, `context`: as kubectl's flags; None: its defaults. `namespace`: where to look when the whole cluster may not be
    read; None: the namespace of the context.
    `deadline`: `time.monotonic()` by which reading ends. `stop`: set by Ctrl-C; reading then returns within a second what it
    has. `announce` gets the one line that tells whom gpuctl is about to ask and as whom; `verbose` gets lines about each request.
    """

    kubeconfig: str | None = None
    context: str | None = None
    namespace: str | None = None
    impersonate_user: str | None = None
    impersonate_groups: tuple[str, ...] = ()
    impersonate_uid: str | None = None
    request_timeout_seconds: float = 20.0
    deadline: float | None = None
    stop: threading.Event = field(default_factory=threading.Event)
    announce: Callable[[str], None] = _silent
    verbose: Callable[[str], None] = _silent
