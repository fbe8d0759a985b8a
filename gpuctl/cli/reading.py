"""From flags and configuration to a snapshot: what `doctor` and `snapshot` have in common."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gpuctl.cli.console import Interrupted, Progress, interruptible, say
from gpuctl.cli.options import seconds
from gpuctl.config import Config, load

if TYPE_CHECKING:
    from gpuctl.model.snapshot import Snapshot
    from gpuctl.pipeline import Request

T = TypeVar("T")

_REQUEST_TIMEOUT = "20s"
_DEADLINE = "60s"


def configuration(named: str | None) -> Config:
    """The configuration in force here; what was left unread is said."""
    from gpuctl.knowledge.settings import rows  # noqa: PLC0415

    config = load(os.environ, Path.cwd(), rows(), named)
    for note in config.notes:
        say(f"note: {note}")
    return config


def request(
    config: Config,
    *,
    from_: list[str] | None,
    demo: bool,
    context: str | None,
    kubeconfig: str | None,
    namespace: str | None,
    as_user: str | None,
    as_groups: list[str] | None,
    as_uid: str | None,
    request_timeout: str | None,
    deadline: str | None,
    verbose: int,
) -> Request:
    """What to read. A cluster that only the configuration names is read when the user named no other source."""
    from gpuctl.pipeline import Request  # noqa: PLC0415

    elsewhere = bool(from_ or demo)
    return Request(
        files=tuple(from_ or ()),
        demo=demo,
        kubeconfig=kubeconfig or (None if elsewhere else config.get("kubeconfig")),
        context=context or (None if elsewhere else config.get("context")),
        namespace=namespace,
        impersonate_user=as_user,
        impersonate_groups=tuple(as_groups or ()),
        impersonate_uid=as_uid,
        request_timeout_seconds=seconds("--request-timeout", request_timeout or config.get("request_timeout", _REQUEST_TIMEOUT)),
        deadline_seconds=seconds("--deadline", deadline or config.get("deadline", _DEADLINE)),
        stop=threading.Event(),
        announce=say,
        verbose=say if verbose else _unsaid,
    )


def _unsaid(_: str) -> None:
    """Say nothing."""


def collected(wanted: Request) -> Snapshot:
    """The snapshot, with progress on stderr; on Ctrl-C, what is known so far."""
    from dataclasses import replace  # noqa: PLC0415

    from gpuctl.model.snapshot import Snapshot, SourceState  # noqa: PLC0415
    from gpuctl.pipeline import collect  # noqa: PLC0415

    progress = Progress("reading")
    try:
        return interruptible(lambda: collect(replace(wanted, progress=progress)), wanted.stop)
    except Interrupted:
        sources = [SourceState(kind="file", name=name, state="failed", reason="interrupted") for name in wanted.files]
        if wanted.asks_cluster:
            sources.append(SourceState(kind="kubernetes", name=wanted.context or "current context", state="failed", reason="interrupted"))
        return Snapshot(
            complete=False, interrupted=True, sources=tuple(sources), unknown=dict.fromkeys(Snapshot.__struct_fields__, "interrupted")
        )
    finally:
        progress.close()


def within_grace(work: Callable[[], T], otherwise: Callable[[], T]) -> T:
    """The result of `work` if it comes within a moment, else of `otherwise`: after Ctrl-C nobody waits for long."""
    results: list[T] = []

    def target() -> None:
        with suppress(Exception):  # what is left of an interrupted reading may be too little to work on
            results.append(work())

    thread = threading.Thread(target=target, daemon=True, name="last-look")
    thread.start()
    thread.join(0.5)
    return results[0] if results else otherwise()
