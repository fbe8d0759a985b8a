"""From arguments to an exit code: finds the command, runs it, and says what went wrong in two lines."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import PurePath
from typing import Any

from gpuctl.cli.table import COMMANDS, usage

INTERRUPTED = 130
INTERNAL_ERROR = 4
WRONG_USE = 2


def run(arguments: Sequence[str], program_path: str = "gpuctl") -> int:
    """Run one command line (without the program's own name) and return the contract's exit code."""
    program = "kubectl gpuctl" if PurePath(program_path).name.startswith("kubectl-") else "gpuctl"
    for stream in (sys.stdout, sys.stderr):
        with suppress(AttributeError, ValueError):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr]  # same bytes in every locale
    try:
        code = _dispatch(list(arguments), program)
        sys.stdout.flush()
    except BrokenPipeError:
        return _silence()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    return code


def _silence() -> int:
    """The reader went away, as `head` does: not our failure, and nobody is left to tell."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def _dispatch(arguments: list[str], program: str) -> int:
    if not arguments or arguments[0] in {"-h", "--help", "help"}:
        if arguments[1:2] and arguments[1] in COMMANDS:
            return _dispatch([arguments[1], "--help"], program)
        sys.stdout.write(usage(program))
        return 0
    if arguments[0] in {"-V", "--version"}:
        from gpuctl import __version__  # noqa: PLC0415

        print("gpuctl", __version__)
        return 0
    name = arguments[0]
    if name not in COMMANDS:
        return _unknown_command(name, program)
    from importlib import import_module  # noqa: PLC0415

    return _call(import_module(f"gpuctl.cli.{name}").app, arguments[1:], f"{program} {name}")


def _unknown_command(name: str, program: str) -> int:
    from difflib import get_close_matches  # noqa: PLC0415

    what = "option" if name.startswith("-") else "command"
    known = ("--version", "--help") if what == "option" else tuple(COMMANDS)
    near = get_close_matches(name, known, 1)
    if near:
        hint = f"did you mean `{program} {near[0]}`?"
    elif what == "option":
        hint = f"options stand after the command: `{program} doctor {name}`"
    else:
        hint = f"`{program} --help` lists the commands"
    return _say("usage", f"no {what} is called {name!r}", hint, WRONG_USE)


def _call(app: Any, arguments: list[str], program: str) -> int:
    import typer  # noqa: PLC0415
    from typer.exceptions import TyperException  # noqa: PLC0415

    from gpuctl.errors import GpuctlError  # noqa: PLC0415

    try:
        result = typer.main.get_command(app).main(arguments, prog_name=program, standalone_mode=False)
        return result if isinstance(result, int) else 0
    except GpuctlError as error:
        return _say(error.stage, error.message, error.hint, error.exit_code)
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":
            print(error.format_message())
            return WRONG_USE
        return _say("usage", error.format_message().rstrip("."), _usage_hint(error, program), WRONG_USE)
    except SystemExit as error:  # typer ends the process with 1 when the reader goes away while a command writes
        if isinstance(error.__context__, BrokenPipeError):
            raise error.__context__ from None
        raise
    except (BrokenPipeError, KeyboardInterrupt):
        raise
    except typer.Abort as error:
        raise KeyboardInterrupt from error
    except Exception as error:  # whatever is left is a bug of ours, and the user gets a message instead of a traceback
        return _internal(error, arguments)


def _usage_hint(error: Any, program: str) -> str:
    """The nearest right flag, subcommand or choice, else where the help is."""
    from difflib import get_close_matches  # noqa: PLC0415

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else program
    wrong = getattr(error, "option_name", None)
    if wrong is not None and context is not None:
        known = [name for parameter in context.command.params for name in parameter.opts if name.startswith("--")]
        if near := get_close_matches(wrong, known, 1):
            return f"did you mean {near[0]}?"
    choices = getattr(getattr(getattr(error, "param", None), "type", None), "choices", None)
    words = error.message.split("'")
    if choices and len(words) > 1 and (near := get_close_matches(words[1], list(choices), 1)):
        return f"did you mean {near[0]}?"
    commands = getattr(getattr(context, "command", None), "commands", None)
    if commands and len(words) > 1 and (near := get_close_matches(words[1], list(commands), 1)):
        return f"did you mean `{path} {near[0]}`?"
    return f"`{path} --help` says what may stand there"


def _internal(error: Exception, arguments: Sequence[str]) -> int:
    import traceback  # noqa: PLC0415

    if any(item.startswith("-vv") for item in arguments) or arguments.count("-v") > 1:
        traceback.print_exception(error)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{PurePath(frame.filename).name}:{frame.lineno}"
    return _say("internal", f"{type(error).__name__}: {error} ({where})", "this is a bug of gpuctl; -vv shows all of it", INTERNAL_ERROR)


def _say(stage: str, message: str, hint: str, code: int) -> int:
    from gpuctl.reports.text import safe  # noqa: PLC0415

    print(f"error[{stage}]: {safe(message, 2000)}", file=sys.stderr)
    if hint:
        print(f"hint: {safe(hint, 2000)}", file=sys.stderr)
    return code
