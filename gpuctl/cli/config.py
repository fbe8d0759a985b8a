"""`gpuctl config`: write, check and print the configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Literal

import typer

from gpuctl.cli.console import say
from gpuctl.cli.options import ConfigFile, command_group, write
from gpuctl.config import KEYS, load, parse
from gpuctl.errors import UsageError

app = command_group("Write, check or print the configuration.")


@app.command()
def init(
    file: Annotated[str | None, typer.Argument(metavar="FILE", help="Where to write it; none prints it.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over an existing file.")] = False,
) -> int:
    """Print, or write, a configuration with every key and threshold as a comment, ready to edit."""
    text = _template()
    if file is None:
        write(text)
        return 0
    path = Path(file)
    if path.exists() and not force:
        raise UsageError(f"{file!r} exists already", "name another file, or give --force to write over it")
    try:
        path.write_text(text, "utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {file!r}: {error.strerror}", "name a file in a folder that you may write") from error
    say(f"wrote {file}")
    return 0


@app.command()
def validate(
    files: Annotated[
        list[str] | None, typer.Argument(metavar="FILE...", help="Files to check; none checks those that a run here would read.")
    ] = None,
) -> int:
    """Check configuration files; exit 2 at the first mistake, which is named with the nearest right key."""
    from gpuctl.knowledge.settings import rows  # noqa: PLC0415

    if files:
        for file in files:
            parse(Path(file), Path(file).name != "gpuctl.toml", rows())
            write(f"{file}: fine\n")
        return 0
    config = load(os.environ, Path.cwd(), rows())
    for note in config.notes:
        say(f"note: {note}")
    write("".join(f"{file}: fine\n" for file in config.files) or "no configuration file here; the defaults count\n")
    return 0


@app.command("print")
def print_(
    config_file: ConfigFile = None,
    output: Annotated[Literal["table", "json"], typer.Option("--output", "-o", help="Style of the output.")] = "table",
) -> int:
    """Print every setting and threshold in force here, and where each was set."""
    from gpuctl.knowledge.settings import rows  # noqa: PLC0415
    from gpuctl.reports.text import columns, safe  # noqa: PLC0415
    from gpuctl.units import significant  # noqa: PLC0415

    config = load(os.environ, Path.cwd(), rows(), config_file)
    for note in config.notes:
        say(f"note: {note}")
    table: list[tuple[str, object, str]] = []
    for name in KEYS:
        setting = config.settings.get(name)
        table.append((name, setting.value if setting else None, setting.origin if setting else "default"))
    for name, row in sorted(rows().items()):
        override = config.thresholds.get(name)
        value = significant(override.value if override else row.value)
        table.append((f"thresholds.{name}", value, override.origin if override else f"default ({row.basis})"))
    if output == "json":
        write(json.dumps({name: {"value": value, "origin": origin} for name, value, origin in table}, indent=2) + "\n")
    else:
        shown = [(name, "-" if value is None else safe(json.dumps(value)), safe(origin)) for name, value, origin in table]
        write(columns(("KEY", "VALUE", "SET BY"), shown))
    return 0


def _template() -> str:
    from gpuctl.knowledge.settings import rows  # noqa: PLC0415
    from gpuctl.units import significant  # noqa: PLC0415

    samples = {str: '""', bool: "false", list: "[]"}
    lines = ["# Configuration of gpuctl. Flags and GPUCTL_ variables win over it.", ""]
    for name, (kind, meaning) in KEYS.items():
        lines += [f"# {meaning}", f"# {name} = {samples[kind]}"]
    lines += ["", "[thresholds]"]
    for name, row in sorted(rows().items()):
        lines += [f"# {row.meaning} ({row.unit}; {row.basis})", f"# {name} = {significant(row.value)}"]
    return "\n".join(lines) + "\n"
