"""Runs gpuctl in this process as a shell would: own streams, no variable of the developer, no configuration."""

from __future__ import annotations

import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

from gpuctl.cli.main import run


@dataclass(frozen=True)
class Answer:
    """What a command left: exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def report(self) -> dict[str, Any]:
        """The document on stdout."""
        document: dict[str, Any] = json.loads(self.out)
        return document


def gpuctl(*arguments: str | Path) -> Answer:
    """One command line."""
    out, err = io.StringIO(), io.StringIO()
    environment = {"PATH": os.environ["PATH"], "HOME": "/nonexistent", "COLUMNS": "160"}
    with patch.dict(os.environ, environment, clear=True), redirect_stdout(out), redirect_stderr(err):
        code = run([str(argument) for argument in arguments])
    return Answer(code, out.getvalue(), err.getvalue())


def doctor(*arguments: str | Path) -> Answer:
    """`gpuctl doctor -o json` with more arguments; anything but a report with one of its exit codes fails the test."""
    answer = gpuctl("doctor", "-o", "json", *arguments)
    assert answer.code in {0, 1, 2, 3}, answer.err
    return answer


def printed_rules(namespace: str | None = None) -> list[dict[str, Any]]:
    """The rules that `gpuctl rbac` prints."""
    answer = gpuctl("rbac", "-o", "json", *(("--namespace", namespace) if namespace else ()))
    rules: list[dict[str, Any]] = answer.report["rules"]
    return rules
