"""`gpuctl audits`: which audits there are, read from their pages alone."""

from __future__ import annotations

import json
from typing import Annotated, Literal

import typer

from gpuctl.audits.pages import codes, describe
from gpuctl.cli.options import command_group, write
from gpuctl.reports.text import columns

app = command_group("List the audits.")


@app.command()
def audits(
    output: Annotated[Literal["table", "wide", "json", "name"], typer.Option("--output", "-o", help="Style of the output.")] = "table",
) -> int:
    """List every audit: code, family, severities, what it judges, which facts it needs, and what it reports."""
    if output == "name":
        write("".join(f"{code}\n" for code in codes()))
        return 0
    rows = [describe(code) for code in codes()]
    if output == "json":
        write(json.dumps({"schema": "gpuctl.audits/v1", "audits": [row._asdict() for row in rows]}, indent=2) + "\n")
        return 0
    header = ("CODE", "FAMILY", "SEVERITY", "SUBJECT", *(("NEEDS",) if output == "wide" else ()), "SUMMARY")
    table = [
        (row.code, row.family, ",".join(row.severity), row.subject, *((",".join(row.needs),) if output == "wide" else ()), row.summary)
        for row in rows
    ]
    write(columns(header, table))
    return 0
