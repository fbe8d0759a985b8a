"""Flags that several commands share, and how their texts become values."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

import typer

from gpuctl.errors import UsageError
from gpuctl.reports.text import StyleName

FailOn = Literal["never", "info", "low", "medium", "high", "critical"]

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?")
_FOREVER: Final = 86400.0

From = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        metavar="FILE",
        help="Read a snapshot, kubectl's JSON or YAML, events, nvidia-smi's XML, a folder of these, or - for stdin; repeat for several.",
    ),
]
Demo = Annotated[bool, typer.Option("--demo", help="Read the embedded sample cluster; its findings are no failure.")]
Context = Annotated[str | None, typer.Option("--context", metavar="NAME", help="Context of the kubeconfig to use.")]
Kubeconfig = Annotated[str | None, typer.Option("--kubeconfig", metavar="FILE", help="Path of the kubeconfig file.")]
Namespace = Annotated[
    str | None,
    typer.Option(
        "--namespace", "-n", metavar="NAME", help="Report on this namespace; also where to look when the whole cluster may not be read."
    ),
]
AllNamespaces = Annotated[bool, typer.Option("--all-namespaces", "-A", help="Report on all namespaces, whatever the configuration says.")]
Selector = Annotated[
    str | None, typer.Option("--selector", "-l", metavar="LABELS", help="Report on the nodes with these labels, such as pool=a100,zone!=b.")
]
As = Annotated[str | None, typer.Option("--as", metavar="USER", help="Ask the API as this user.")]
AsGroup = Annotated[
    list[str] | None, typer.Option("--as-group", metavar="GROUP", help="Ask the API as a member of this group; repeat for several.")
]
AsUid = Annotated[str | None, typer.Option("--as-uid", metavar="UID", help="Ask the API with this user id.")]
RequestTimeout = Annotated[
    str | None,
    typer.Option("--request-timeout", metavar="TIME", help="Longest wait for one request, such as 20s or 1m; 0 waits. Default 20s."),
]
Deadline = Annotated[
    str | None,
    typer.Option("--deadline", metavar="TIME", help="Report after this time with what is known by then, such as 60s. Default 60s."),
]
Output = Annotated[StyleName | None, typer.Option("--output", "-o", help="Style of the output.", show_default=False)]
Only = Annotated[
    list[str] | None, typer.Option("--only", metavar="CODE", help="Run this audit alone; repeat, or separate by commas, for several.")
]
Skip = Annotated[
    list[str] | None, typer.Option("--skip", metavar="CODE", help="Leave this audit out; repeat, or separate by commas, for several.")
]
ConfigFile = Annotated[
    str | None, typer.Option("--config", metavar="FILE", help="Read this configuration instead of the gpuctl.toml of this folder.")
]
Verbose = Annotated[
    int,
    typer.Option(
        "--verbose",
        "-v",
        count=True,
        show_default=False,
        help="Show more: every finding, every audit, every request; twice for tracebacks.",
    ),
]


def command_group(text: str) -> typer.Typer:
    """A Typer application as all of ours are: plain help, no completion flags of its own, no handling of exceptions."""
    return typer.Typer(
        help=text,
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def seconds(flag: str, text: str) -> float:
    """A duration such as `90`, `20s`, `1m30s` or `2h`; 0 means as long as it takes.

    Raises:
        UsageError: it is not one.
    """
    match = _DURATION.fullmatch(text.strip())
    if not text.strip() or match is None or not any(match.groups()):
        raise UsageError(f"{flag} {text!r} is not a time", f"write {flag} 20s, {flag} 1m30s or {flag} 2h")
    hours, minutes, rest = (float(group or 0) for group in match.groups())
    return hours * 3600 + minutes * 60 + rest or _FOREVER


def instant(flag: str, text: str) -> datetime:
    """An RFC 3339 time.

    Raises:
        UsageError: it is not one.
    """
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UsageError(f"{flag} {text!r} is not a time", f"write it as {flag} 2026-11-24T09:00:00Z") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def listed(texts: list[str] | None) -> tuple[str, ...]:
    """Values of a flag that repeats and takes commas."""
    return tuple(part.strip() for text in texts or () for part in text.split(",") if part.strip())


def write(text: str) -> None:
    """Data, on stdout."""
    sys.stdout.write(text)
