"""`gpuctl snapshot`: what is known of a cluster, as a file that every command reads."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from gpuctl.cli.console import say
from gpuctl.cli.options import (
    As,
    AsGroup,
    AsUid,
    ConfigFile,
    Context,
    Deadline,
    Demo,
    From,
    Kubeconfig,
    Namespace,
    RequestTimeout,
    Verbose,
    command_group,
    write,
)
from gpuctl.cli.reading import collected, configuration, request
from gpuctl.errors import InputError, UsageError

if TYPE_CHECKING:
    from gpuctl.model.snapshot import Snapshot

app = command_group("Save what is known of a cluster to a file, show it, redact it.")

_INTERRUPTED = 130
File = Annotated[str, typer.Argument(metavar="FILE", help="The snapshot file.")]
MapFile = Annotated[str, typer.Option("--map", metavar="FILE", help="The map from aliases to names, as redaction wrote it.")]


@app.command()
def save(
    file: Annotated[str, typer.Argument(metavar="FILE", help="Where to write it, such as cluster.json.gz; readable by you alone.")],
    redact: Annotated[bool, typer.Option("--redact", help="Replace names by aliases and drop raw text and labels.")] = False,
    map_file: Annotated[
        str | None, typer.Option("--map", metavar="FILE", help="With --redact: where to write the map from aliases to names.")
    ] = None,
    from_: From = None,
    demo: Demo = False,
    context: Context = None,
    kubeconfig: Kubeconfig = None,
    namespace: Namespace = None,
    as_user: As = None,
    as_groups: AsGroup = None,
    as_uid: AsUid = None,
    request_timeout: RequestTimeout = None,
    deadline: Deadline = None,
    config_file: ConfigFile = None,
    verbose: Verbose = 0,
) -> int:
    """Read a cluster, or files, and write one snapshot file for `--from`. No secret enters it."""
    from gpuctl import snapshot_file  # noqa: PLC0415

    if map_file is not None and not redact:
        raise UsageError("--map belongs to --redact", "add --redact, or leave out --map")
    config = configuration(config_file)
    snapshot = collected(
        request(
            config,
            from_=from_,
            demo=demo,
            context=context,
            kubeconfig=kubeconfig,
            namespace=namespace if namespace is not None else config.get("namespace"),
            as_user=as_user,
            as_groups=as_groups,
            as_uid=as_uid,
            request_timeout=request_timeout,
            deadline=deadline,
            verbose=verbose,
        )
    )
    if redact:
        _write_redacted(snapshot, file, map_file)
    else:
        snapshot_file.save(snapshot, file)
    say(f"wrote {file} ({Path(file).stat().st_size} bytes)")
    return _INTERRUPTED if snapshot.interrupted else 0


@app.command()
def show(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="The snapshot file, or any other file that --from takes.")] = None,
    from_: From = None,
    demo: Demo = False,
    output: Annotated[Literal["table", "json", "yaml"], typer.Option("--output", "-o", help="Style of the output.")] = "table",
) -> int:
    """Print what a file tells, before any judgement; with -o json as gpuctl.facts/v1."""
    from gpuctl import __version__  # noqa: PLC0415
    from gpuctl.pipeline import Choice, Request, moment  # noqa: PLC0415

    files = (*([file] if file else []), *(from_ or []))
    if not files and not demo:
        raise UsageError("nothing to show", "name a snapshot file")
    snapshot = collected(Request(files=files, demo=demo))
    if output == "table":
        from gpuctl.reports.inventory import render  # noqa: PLC0415

        write(render(snapshot))
        return _INTERRUPTED if snapshot.interrupted else 0
    from gpuctl.reports import facts_v1  # noqa: PLC0415
    from gpuctl.reports.json_v1 import harmless  # noqa: PLC0415
    from gpuctl.reports.render import to_yaml  # noqa: PLC0415

    text = harmless(facts_v1.document(snapshot, moment(snapshot, Choice()), __version__))
    write(text if output == "json" else to_yaml(text))
    return _INTERRUPTED if snapshot.interrupted else 0


@app.command()
def redact(
    file: File,
    to: Annotated[str, typer.Argument(metavar="OUT", help="Where to write the redacted snapshot.")],
    map_file: Annotated[str | None, typer.Option("--map", metavar="FILE", help="Where to write the map from aliases to names.")] = None,
) -> int:
    """Write a redacted copy of a snapshot: aliases for names, no raw text, no labels beyond a list."""
    from gpuctl.model import codec  # noqa: PLC0415

    try:
        raw = Path(file).read_bytes()
    except OSError as error:
        raise InputError(f"{file!r}: {error.strerror}", "name a file that exists and may be read") from error
    _write_redacted(codec.decode(raw), to, map_file)
    return 0


@app.command()
def unredact(
    map_file: MapFile,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Text with aliases, such as saved advice; - reads stdin.")] = "-",
) -> int:
    """Put the real names back into text that a redacted snapshot gave, such as advice."""
    from gpuctl.redact import load_map  # noqa: PLC0415

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file!r}: {error}", "name a text file that exists and may be read") from error
    write(load_map(map_file).restore(text))
    return 0


def _write_redacted(snapshot: Snapshot, file: str, map_file: str | None) -> None:
    from gpuctl import redact as redaction  # noqa: PLC0415
    from gpuctl import snapshot_file  # noqa: PLC0415

    redacted, names = redaction.redact(snapshot)
    if map_file is not None:
        redaction.save_map(names, map_file)
    snapshot_file.save(redacted, file)
    if map_file is None:
        say("no map was kept: names cannot be put back; --map FILE keeps one")
