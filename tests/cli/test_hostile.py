"""Strings from outside have no effect on what prints them."""

from __future__ import annotations

import json
import unicodedata
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from gpuctl.advice.item import Gain, Item, Step
from gpuctl.findings import Action, ActionKind, Confidence, Crash, Evidence, Finding, Missing, Outcome, Severity
from gpuctl.model.snapshot import SourceState
from gpuctl.model.subject import Subject
from gpuctl.reports.render import render
from gpuctl.reports.report import AsOf, Report, Summary, Waived
from gpuctl.reports.text import Style, columns, safe

NASTY = "\x1b[2J\x1b]0;pwned\x07[bold red]x[/]\r\nerror[usage]: forged\n\u202egpj.exe\u2066\u200b\x9b31m\x00\u2028" + "A" * 100
HUGE = "\x1b[31m" + "B" * 1_000_000
SUBJECT = Subject(kind="node", cluster=NASTY, name=NASTY, node=NASTY, gpu=None, namespace=NASTY)


def report(text: str = NASTY) -> Report:
    subject = Subject(kind="pod", cluster=text, name=text, node=text, namespace=text)
    finding = Finding(
        subject=subject,
        severity=Severity.HIGH,
        message=text,
        evidence=(Evidence(observed=text, expected=text, how=text, source=text, at=datetime(2026, 1, 1, tzinfo=UTC)),),
        code="some-code",
        id="some-code-0123456789ab",
        gpus=8,
        nodes=(text,),
        actions=(Action(kind=ActionKind.INVESTIGATE, target=subject, args={text: text}),),
        transitional=text,
    )
    item = Item(
        id="item-1",
        rank=1,
        disposition="wait",
        wait_for=text,
        title=text[:200],
        severity=Severity.HIGH,
        confidence=Confidence.LIKELY,
        priority=1.0,
        net_gpu_hours=1.0,
        gain=Gain(gpus=1, gpu_hours=1, horizon_hours=168, basis="demand"),
        effort_minutes=5,
        disruption_gpu_hours=0,
        estimates=("horizon_hours",),
        owner="platform",
        subjects=(subject,),
        findings=(finding.id,),
        symptoms=(),
        steps=(Step(say=text, command="true", interrupts=(text,)),),
        rollback=(Step(say=text),),
        after=(),
    )
    return Report(
        version="1",
        taken_at=None,
        as_of=AsOf(time=None, basis="newest_stamp"),
        complete=False,
        interrupted=False,
        sources=(SourceState(kind="kubernetes", name=text, state="partial", reason=text),),
        knowledge={},
        summary=Summary(
            nodes=None,
            gpus=None,
            gpus_allocatable=None,
            gpus_allocated=None,
            gpus_recoverable=1,
            found=1,
            waived=1,
            by_severity={"high": 1},
            unknown={"nodes": text},
        ),
        advice=(item,),
        findings=(finding,),
        outcomes=(
            Outcome(
                code="some-code",
                subjects=3,
                found=1,
                not_assessed=1,
                crashed=1,
                missing=(Missing(fact=text, reason=text, subjects=(subject,)),),
                crashes=(Crash(subject=subject, error=text),),
            ),
        ),
        deselected=(),
        waived=(Waived(finding="x", reason=text, owner=text),),
        skipped={text: 1},
        unrecognised={text: text},
        too_little=True,
        notes=(text,),
    )


def harmless(text: str) -> bool:
    forged = any(line.startswith("error[usage]") for line in text.split("\n"))
    return not forged and all(char == "\n" or char.isprintable() for char in text)


@pytest.mark.parametrize("name", ["table", "wide", "json", "yaml", "name"])
@pytest.mark.parametrize("text", [NASTY, HUGE], ids=["nasty", "huge"])
def test_no_effect_in_any_style(name: Any, text: str) -> None:
    shown = render(report(text), name, Style(width=80, verbose=1))
    assert harmless(shown)
    if name in {"table", "wide"}:
        assert len(shown) < 100_000


def test_json_keeps_the_value() -> None:
    document = json.loads(render(report(), "json", Style()))
    assert document["findings"][0]["message"] == NASTY


def test_colour_is_ours_alone() -> None:
    shown = render(report(), "wide", Style(width=80, color=True))
    assert "\x1b[2J" not in shown
    assert "\x1b[31m[high]\x1b[0m" in shown


@pytest.mark.parametrize("category", ["Cc", "Cf", "Zl", "Zp"])
def test_every_character_that_acts_is_escaped(category: str) -> None:
    acting = [chr(code) for code in range(0x20000) if unicodedata.category(chr(code)) == category]
    assert acting
    assert all(harmless(safe(char)) and safe(char) != char for char in acting)


def test_columns_align_wide_characters() -> None:
    assert columns(("A", "B"), [("節點", "x"), ("node", "y")]) == "A     B\n節點  x\nnode  y\n"


def test_same_report_same_bytes() -> None:
    first = render(report(), "json", Style())
    again = msgspec.json.decode(msgspec.json.encode(report()), type=Report)
    assert render(again, "json", Style()) == first
