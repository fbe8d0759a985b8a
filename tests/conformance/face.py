"""What a user sees of a file: the facts document and the report, by the commands that print them."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpuctl.cli.main import run

SAMPLES = Path(__file__).resolve().parents[2] / ".." / "shared" / "samples"


@dataclass(frozen=True)
class Seen:
    """Both documents of the same files."""

    facts: dict[str, Any]
    report: dict[str, Any]

    @property
    def node(self) -> dict[str, Any]:
        """The only node."""
        (found,) = self.facts["nodes"]
        return found  # type: ignore[no-any-return]

    @property
    def codes(self) -> list[str]:
        """Codes of the findings, sorted."""
        return sorted(item["code"] for item in self.report["findings"])

    def said(self, code: str) -> list[str]:
        """Messages and evidence of the findings of one code."""
        return [
            " | ".join((item["message"], *(part["observed"] for part in item["evidence"])))
            for item in self.report["findings"]
            if item["code"] == code
        ]


def document(*arguments: str) -> tuple[int, dict[str, Any]]:
    """Exit code and the JSON that a command printed."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([*arguments, "-o", "json"])
    assert code != 4, err.getvalue()
    assert out.getvalue(), err.getvalue()
    return code, json.loads(out.getvalue())


def look(*files: Path | str, now: str | None = None) -> Seen:
    """Both documents, once it is sure that nothing crashed and no number was invented."""
    sources = [part for file in files for part in ("--from", str(file))]
    code, facts = document("snapshot", "show", *sources)
    assert code == 0
    code, report = document("doctor", *sources, *(("--now", now) if now else ()))
    assert code in {0, 1, 3}
    assert not [item for item in report["outcomes"] if item["crashed"]]
    for item in report["outcomes"]:
        assert item["subjects"] == item["found"] + item["clean"] + item["not_assessed"] + item["crashed"]
    no_invented_number(facts)
    summary = report["summary"]
    assert all(summary["unknown"][key] for key, value in summary.items() if value is None)
    return Seen(facts, report)


def no_invented_number(value: Any) -> None:
    """Nothing is both unknown and filled in: null with a reason, or a value without one."""
    if isinstance(value, dict):
        for name in value.get("unknown") or ():
            if name in value and name not in _KNOWN_IN_PART:
                assert value[name] in (None, []) or isinstance(value[name], dict), (name, value[name])
                assert value[name] != 0 or value[name] is None, name
        for part in value.values():
            no_invented_number(part)
    elif isinstance(value, list):
        for part in value:
            no_invented_number(part)


_KNOWN_IN_PART: Iterable[str] = frozenset({"claims", "gpus"})
"""A pod's claims are listed as far as they are made, a host's GPUs as far as it named them."""
