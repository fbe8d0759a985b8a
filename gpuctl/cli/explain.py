"""`gpuctl explain CODE`: the page of an audit."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Annotated

import typer

from gpuctl.audits.pages import codes
from gpuctl.cli.options import command_group, write
from gpuctl.errors import UsageError

app = command_group("Say what a finding's code means and how to fix it.")


@app.command()
def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="Code of an audit, as `gpuctl audits` lists it, or id of a finding.")],
) -> int:
    """Print the page of an audit: what it is, why it matters, how to fix it, what that risks, and when it is wrong."""
    known = codes()
    wanted = code.strip().lower().replace("_", "-")
    if wanted not in known:
        head, _, tail = wanted.rpartition("-")
        if head in known and len(tail) == 12:  # a finding's id: its code and twelve hex digits
            wanted = head
    if wanted not in known:
        near = get_close_matches(wanted, known, 1)
        hint = f"did you mean `gpuctl explain {near[0]}`?" if near else "`gpuctl audits` lists the codes"
        raise UsageError(f"no audit is called {code!r}", hint)
    write(known[wanted][1].read_text("utf-8"))
    return 0
