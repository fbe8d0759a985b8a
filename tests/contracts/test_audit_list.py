"""The index of the audits: the command that lists them, and the README that names it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gpuctl.audits.runner import audits
from gpuctl.cli.main import run

ROOT = Path(__file__).resolve().parents[2]


def test_the_list_of_audits_and_the_readme_lead_to_every_page(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["audits", "-o", "name"]) == 0
    assert capsys.readouterr().out.split() == sorted(audit.code for audit in audits())
    readme = (ROOT / "README.md").read_text("utf-8")
    assert re.search(r"^gpuctl audits\b", readme, re.MULTILINE)
    assert re.search(r"^gpuctl explain [a-z-]+", readme, re.MULTILINE)
