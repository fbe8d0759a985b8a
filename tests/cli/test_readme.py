"""The README is true: its commands parse, its excerpt is what the demo prints, and links of all pages lead somewhere."""

from __future__ import annotations

import os
import re
import shlex
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer

from gpuctl.cli.main import run

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = sorted([README, ROOT / "CHANGELOG.md", *(ROOT / "docs").glob("**/*.md"), *(ROOT / "gpuctl" / "audits").glob("*/*.md")])
EXCERPT = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
END = "\n\n 2. ["
"""The excerpt ends before the second item."""
COLUMNS = 110


def blocks() -> list[str]:
    return re.findall(r"^```\w*\n(.*?)^```", README.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [line.strip() for block in blocks() for line in block.split("\n") if line.strip().startswith("gpuctl ")]


@pytest.mark.parametrize("line", commands())
def test_it_parses(line: str) -> None:
    words = shlex.split(line, comments=True)
    words = words[: next((place for place, word in enumerate(words) if word in {">", "|", "<"}), len(words))]
    assert not {"...", "[", "]"} & set(words)
    name, *arguments = words[1:]
    command: Any = typer.main.get_command(import_module(f"gpuctl.cli.{name}").app)
    if hasattr(command, "commands"):
        command = command.commands[arguments.pop(0)]
    assert command.make_context(name, arguments) is not None


def test_there_are_some() -> None:
    assert len(commands()) >= 5


def test_the_excerpt_is_what_the_demo_prints(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", str(COLUMNS))
    assert run(["doctor", "--demo"]) == 0
    first = capsys.readouterr().out.partition(END)[0] + "\n"
    text = README.read_text("utf-8")
    if os.environ.get("UPDATE_GOLDEN"):
        README.write_text(EXCERPT.sub(lambda _: f"```text\n{first}```", text, count=1), "utf-8")
        text = README.read_text("utf-8")
    assert EXCERPT.search(text).group(1) == first, "run again with UPDATE_GOLDEN=1 when the change is wanted"  # type: ignore[union-attr]


def test_the_first_screen_says_how_to_start() -> None:
    first = README.read_text("utf-8").split("\n")[:16]
    assert [line.split("#")[0].strip() for line in first if line.startswith(("make ", "pipx "))] == [
        "make demo",
        "make test",
        "pipx install gpuctl-diagnostics",
    ]


def test_targets_of_make_that_are_named_exist() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z]+)", README.read_text("utf-8"))) | set(
        re.findall(r"^make ([a-z]+)", README.read_text("utf-8"), re.M)
    )
    assert named >= {"demo", "test"}
    assert named <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text("utf-8"), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if target.startswith(("https://", "http://")):
            assert re.fullmatch(r"https?://[A-Za-z0-9.-]+(/[^\s<>\"]*)?", target), target
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.is_relative_to(ROOT), target
        assert linked.exists(), target
        if anchor:
            titles = re.findall(r"^#+ (.*)$", linked.read_text("utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}, target
