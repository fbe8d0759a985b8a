"""Waivers: what they cover, when they end, and how mistakes in them are told."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from gpuctl.errors import InputError
from gpuctl.findings import Finding, Severity
from gpuctl.model.subject import Subject
from gpuctl.waivers import apply, load

AS_OF = datetime(2026, 11, 24, 23, 59, tzinfo=UTC)


def finding(code: str, name: str, namespace: str | None = None) -> Finding:
    subject = Subject(kind="pod" if namespace else "node", name=name, namespace=namespace)
    return Finding(subject=subject, severity=Severity.HIGH, message="m", evidence=()).named(code)


FINDINGS = (finding("a-code", "gpu-1"), finding("a-code", "gpu-2"), finding("b-code", "train-0", "team-a"))


def waived(tmp_path: Path, text: str, as_of: datetime | None = AS_OF) -> tuple[set[str], tuple[str, ...]]:
    (tmp_path / "w.toml").write_text(text)
    covered, notes = apply(FINDINGS, load(str(tmp_path / "w.toml")), as_of)
    return {f"{item.code} {item.subject.name}" for item in FINDINGS if item.id in covered}, notes


@pytest.mark.parametrize(
    ("lines", "names"),
    [
        ('code = "a-code"', {"a-code gpu-1", "a-code gpu-2"}),
        ('code = "a-code"\nsubject = "gpu-2"', {"a-code gpu-2"}),
        ('subject = "node gpu-*"', {"a-code gpu-1", "a-code gpu-2"}),
        ('subject = "pod team-a/*"', {"b-code train-0"}),
        (f'id = "{FINDINGS[0].id}"', {"a-code gpu-1"}),
        ('code = "a-code"\nexpires = 2026-11-24', {"a-code gpu-1", "a-code gpu-2"}),
    ],
)
def test_what_a_waiver_covers(lines: str, names: set[str], tmp_path: Path) -> None:
    assert waived(tmp_path, f'[[waiver]]\nreason = "r"\n{lines}') == (names, ())


def test_one_that_has_expired_does_not_apply_and_is_said(tmp_path: Path) -> None:
    text = '[[waiver]]\nreason = "r"\ncode = "a-code"\nexpires = 2026-11-23'
    names, notes = waived(tmp_path, text)
    assert names == set()
    assert notes == ("waiver a-code expired on 2026-11-23: not applied to 2 findings",)
    names, notes = waived(tmp_path, text, None)
    assert names == set()
    assert "no source tells the time" in notes[0]


def test_one_that_matches_nothing_is_said(tmp_path: Path) -> None:
    assert waived(tmp_path, '[[waiver]]\nreason = "r"\ncode = "c-code"') == (set(), ("waiver c-code matches no finding",))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[waiver]]\ncode = "a"', "entry 1: no reason"),
        ('[[waiver]]\nreason = "r"', "names no finding"),
        ('[[waiver]]\nreason = "r"\ncod = "a"', "unknown key 'cod'"),
        ('[[waiver]]\nreason = ""\ncode = "a"', "reason is not a text"),
        ('[[waiver]]\nreason = "r"\ncode = "a"\nexpires = "soon"', "expires is not a date"),
        ('[[waivers]]\nreason = "r"', "unknown key 'waivers'"),
        ("waiver = 3", "waivers"),
        ("[[waiver", "w.toml"),
    ],
)
def test_mistakes_are_named(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=message):
        waived(tmp_path, text)
