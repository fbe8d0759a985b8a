"""Strings from outside in POSIX shell commands: always single quotes, and no command at all where a name cannot be shown."""

from __future__ import annotations


class CannotPrint(Exception):  # a signal between the recipes and the step that explains it, never seen by users
    """A name would not be the same on the screen and in the shell, or would mean something else to kubectl."""


def quote(text: str) -> str:
    """The text as one shell word in single quotes.

    Raises:
        CannotPrint: it is empty, or holds control characters, line ends, right-to-left marks or anything else that a terminal
            does not show as it is: a pasted command could then do other than it seems to.
    """
    if not text:
        raise CannotPrint("a name is empty")
    if not text.isprintable():
        raise CannotPrint("a name holds characters that a terminal does not show as they are")
    return "'" + text.replace("'", "'\\''") + "'"


def operands(names: tuple[str, ...]) -> str:
    """Names as the last words of a command; `--` before them where one could be taken for a flag."""
    quoted = " ".join(quote(name) for name in names)
    return f"-- {quoted}" if any(name.startswith("-") for name in names) else quoted


def label_operands(names: tuple[str, ...], change: str) -> str:
    """Names, then the change of a label or taint (`key=value`, `key-`).

    Raises:
        CannotPrint: a name would itself be read as a change.
    """
    if any("=" in name or name.endswith("-") for name in names):
        raise CannotPrint("a name would be read by kubectl as a change of a label")
    if change.startswith("-"):
        raise CannotPrint("a key begins with a dash")
    return f"{operands(names)} {quote(change)}"
