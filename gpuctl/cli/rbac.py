"""`gpuctl rbac`: the rights that reading a cluster needs."""

from __future__ import annotations

import json
import re
from typing import Annotated, Final, Literal

import typer

from gpuctl.cli.options import command_group, write
from gpuctl.errors import UsageError

app = command_group("Print the RBAC rules that reading a cluster needs.")

_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
"""Of a namespace, and here of a role too, so that the commands in the comments can be pasted as they are."""


@app.command()
def rbac(
    namespace: Annotated[
        str | None, typer.Option("--namespace", "-n", metavar="NAME", help="Print a Role for this namespace instead of a ClusterRole.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="Name of the role.")] = "gpuctl-reader",
    output: Annotated[Literal["yaml", "json"], typer.Option("--output", "-o", help="Style of the output.")] = "yaml",
) -> int:
    """Print a ClusterRole (or, with --namespace, a Role) to review and to apply with kubectl. Bind it to whoever runs gpuctl."""
    from gpuctl.pipeline import rbac as role_for  # noqa: PLC0415

    for flag, text in (("--namespace", namespace), ("--name", name)):
        if text is not None and _NAME.fullmatch(text) is None:
            raise UsageError(f"{flag} {text!r} is not a name that Kubernetes accepts", "use lower-case letters, digits and dashes")
    role, commented = role_for(namespace, name)
    write(json.dumps(role, indent=2) + "\n" if output == "json" else commented)
    return 0
