"""The commands: name, module, and what each does in one line. The module is imported when its command is called, not before."""

from __future__ import annotations

from typing import Final

COMMANDS: Final[dict[str, str]] = {
    "doctor": "Diagnose a cluster: what is broken, ranked by what fixing it wins.",
    "snapshot": "Save what is known of a cluster to a file, show it, redact it.",
    "explain": "Say what a finding's code means and how to fix it.",
    "audits": "List the audits.",
    "rbac": "Print the RBAC rules that reading a cluster needs.",
    "schema": "Print the JSON Schema of a document.",
    "config": "Write, check or print the configuration.",
}

ALL_OPTIONS: Final[dict[str, str]] = {
    "-V, --version": "Print the version.",
    "-h, --help": "Print this help; after a command, the help of that command.",
}


def usage(program: str) -> str:
    """The help of the program as a whole."""
    width = max(map(len, (*COMMANDS, *ALL_OPTIONS)))
    commands = "\n".join(f"  {name:<{width}}  {text}" for name, text in COMMANDS.items())
    options = "\n".join(f"  {name:<{width}}  {text}" for name, text in ALL_OPTIONS.items())
    return (
        f"Usage: {program} COMMAND [OPTIONS] [ARGS]\n\n"
        "  Diagnose GPU clusters. Reads, and never changes anything.\n\n"
        f"Commands:\n{commands}\n\nOptions:\n{options}\n\n"
        f"Start with `{program} doctor`, or see it on a sample: `{program} doctor --demo`.\n"
    )
