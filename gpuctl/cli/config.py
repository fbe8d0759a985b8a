"""`gpuctl config`: write, check and print the configuration."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

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
    """Print every setting and threshold in force here: value, whether it is cited or an estimate of ours, who set it, and its source."""
    from gpuctl.knowledge.settings import rows  # noqa: PLC0415
    from gpuctl.reports.text import columns, safe  # noqa: PLC0415
    from gpuctl.units import significant  # noqa: PLC0415

    config = load(os.environ, Path.cwd(), rows(), config_file)
    for note in config.notes:
        say(f"note: {note}")
    table: list[dict[str, Any]] = []
    for name in KEYS:
        setting = config.settings.get(name)
        table.append({"key": name, "value": setting.value if setting else None, "origin": setting.origin if setting else "default"})
    for name, row in sorted(rows().items()):
        override = config.thresholds.get(name)
        table.append(
            {
                "key": f"thresholds.{name}",
                "value": significant(override.value if override else row.value),
                "origin": override.origin if override else "default",
                "unit": row.unit,
                "basis": "yours" if override else row.basis,
                "meaning": row.meaning,
                "source": row.source,
                "date": row.date,
            }
        )
    if output == "json":
        write(json.dumps({row.pop("key"): row for row in table}, indent=2) + "\n")
        return 0
    shown = [
        (
            row["key"],
            "-" if row["value"] is None else safe(json.dumps(row["value"])),
            row.get("unit", ""),
            row.get("basis", ""),
            safe(row["origin"]),
            f"{row['meaning']}; {row['source']} ({row['date']})" if "source" in row else "",
        )
        for row in table
    ]
    write(columns(("KEY", "VALUE", "UNIT", "BASIS", "SET BY", "MEANING AND SOURCE"), shown))
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
