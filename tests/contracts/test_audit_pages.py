"""Code, page and test of every audit belong together, and the page tells the truth about the code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from gpuctl.audits.runner import Audit, audits
from gpuctl.facts.view import View

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = ["What", "Why it matters", "How to fix", "Risk of the fix", "False positives", "Needs", "Example", "References"]


def stem(audit: Audit) -> str:
    return audit.code.replace("-", "_")


def page(audit: Audit) -> str:
    return (ROOT / "gpuctl" / "audits" / audit.family / f"{stem(audit)}.md").read_text("utf-8")


def row(audit: Audit) -> dict[str, str]:
    head, rule, cells = [line for line in page(audit).splitlines() if line.startswith("|")][:3]
    assert set(rule) <= set("|- ")
    return dict(zip(*([cell.strip() for cell in line.strip("|").split("|")] for line in (head, cells)), strict=True))


def named(audit: Audit, enumeration: str) -> set[str]:
    """Members of an enumeration that the audit's source names."""
    source = (ROOT / "gpuctl" / "audits" / audit.family / f"{stem(audit)}.py").read_text("utf-8")
    return {
        node.attr.lower()
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == enumeration
    }


def test_code_page_and_test_exist_for_each_other() -> None:
    folder = ROOT / "gpuctl" / "audits"
    sources = {path.stem for path in folder.glob("*/*.py") if not path.stem.startswith("_")}
    pages = {path.stem for path in folder.glob("*/*.md")}
    tests = {path.stem.removeprefix("test_") for path in (ROOT / "tests" / "audits").glob("test_*.py")}
    assert sources == pages
    assert sources <= tests


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_page_has_its_sections(audit: Audit) -> None:
    lines = page(audit).splitlines()
    assert lines[0] == f"# {audit.code}"
    assert lines[2].strip().endswith(".")
    assert [line.removeprefix("## ") for line in lines if line.startswith("## ")] == SECTIONS
    assert list(row(audit)) == ["subject", "severity", "confidence", "needs"]


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_page_has_something_to_say_in_each_section(audit: Audit) -> None:
    bodies = re.split(r"^## .*$", page(audit), flags=re.MULTILINE)[1:]
    said = {title: body.split() for title, body in zip(SECTIONS, bodies, strict=True)}
    assert not [title for title in SECTIONS[:5] if len(said[title]) < 3], "a section of a word or two tells a reader nothing"
    assert re.search(r"https://\S+.*\d{4}-\d{2}-\d{2}", bodies[-1])


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_page_names_the_facts_that_the_code_takes(audit: Audit) -> None:
    told = {name.strip() for name in row(audit)["needs"].split(",")}
    taken = {need.__name__ for need in audit.needs if need is not View}
    assert taken <= told
    assert told <= taken | {"View", audit.subject_type.__name__}


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_page_says_what_each_fact_is_made_of(audit: Audit) -> None:
    section = page(audit).partition("## Needs\n")[2].partition("\n## ")[0]
    told = dict(line.removeprefix("- ").split(": ", 1) for line in section.splitlines() if line)
    assert list(told) == [name.strip() for name in row(audit)["needs"].split(",")]
    assert all(told.values())


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_page_names_the_severities_and_confidences_that_the_code_can_give(audit: Audit) -> None:
    cells = row(audit)
    assert named(audit, "Severity") <= set(re.findall(r"[a-z]+", cells["severity"]))
    assert named(audit, "Confidence") <= set(re.findall(r"[a-z]+", cells["confidence"]))
