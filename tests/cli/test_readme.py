"""Every gpuctl line in the README's code blocks parses as written."""

from __future__ import annotations

import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]


def commands() -> list[str]:
    blocks = re.findall(r"^```\w*\n(.*?)^```", (ROOT / "README.md").read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return [line.strip() for block in blocks for line in block.split("\n") if line.strip().startswith("gpuctl ")]


@pytest.mark.parametrize("line", commands())
def test_it_parses(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((place for place, word in enumerate(words) if word in {">", "|", "<"}), len(words))]
    name, *arguments = words[1:]
    command: Any = typer.main.get_command(import_module(f"gpuctl.cli.{name}").app)
    if hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    assert command.make_context(name, arguments) is not None


def test_there_are_some() -> None:
    assert len(commands()) >= 5
