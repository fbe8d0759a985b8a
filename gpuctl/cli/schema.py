"""`gpuctl schema NAME`: the JSON Schema of a published document."""

from __future__ import annotations

import json
from difflib import get_close_matches
from typing import Annotated, Any, Final

import typer

from gpuctl.cli.options import command_group, write
from gpuctl.errors import UsageError

app = command_group("Print the JSON Schema of a document.")

_NAMES: Final = {
    "report": "gpuctl.report/v1, of `gpuctl doctor -o json`",
    "facts": "gpuctl.facts/v1, of `gpuctl snapshot show -o json`",
    "snapshot": "gpuctl.snapshot/v1, of the file that `gpuctl snapshot save` writes (gzip)",
}


@app.command()
def schema(name: Annotated[str | None, typer.Argument(metavar="NAME", help="report, facts or snapshot; none lists them.")] = None) -> int:
    """Print the JSON Schema (2020-12) of a document; without a name, which there are."""
    if name is None:
        write("".join(f"{known:<10}{text}\n" for known, text in _NAMES.items()))
        return 0
    wanted = name.removeprefix("gpuctl.").removesuffix("/v1")
    if wanted not in _NAMES:
        near = get_close_matches(wanted, _NAMES, 1)
        raise UsageError(f"no schema is called {name!r}", f"did you mean {near[0]}?" if near else f"there are {', '.join(_NAMES)}")
    found = {"$schema": "https://json-schema.org/draft/2020-12/schema", **_schema(wanted)}
    write(json.dumps(found, indent=2) + "\n")
    return 0


def _schema(name: str) -> dict[str, Any]:
    if name == "report":
        from gpuctl.reports import json_v1  # noqa: PLC0415

        return json_v1.schema()
    if name == "facts":
        from gpuctl.reports.facts_v1 import json_schema  # noqa: PLC0415

        return json_schema()
    from gpuctl.model import codec  # noqa: PLC0415

    return codec.json_schema()
