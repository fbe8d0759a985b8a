"""The page of each audit, and what page and source say of it. Reads files only, and imports no audit."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent

_SIGNATURE = re.compile(r"^def audit\((.*?)\)\s*->", re.MULTILINE | re.DOTALL)
_PARAMETER = re.compile(r"\w+\s*:\s*([\w.]+)")
_SEVERITY = re.compile(r"\bSeverity\.([A-Z]+)\b")
_SUMMARY = re.compile(r'\A\s*"""(.+?)(?:"""|\n)')
_ORDER = ("critical", "high", "medium", "low", "info")


class Description(NamedTuple):
    """One audit: code, family, the severities it gives, the kind of subject and the facts it takes, and what it reports."""

    code: str
    family: str
    severity: tuple[str, ...]
    subject: str
    needs: tuple[str, ...]
    summary: str


@cache
def codes() -> dict[str, tuple[str, Path]]:
    """Code -> (family, page) of every audit, sorted by code."""
    pages = (page for family in ROOT.iterdir() if family.is_dir() for page in family.glob("*.md"))
    return {page.stem.replace("_", "-"): (page.parent.name, page) for page in sorted(pages, key=lambda page: page.stem)}


def describe(code: str) -> Description:
    """What the source beside an audit's page says of it."""
    family, page = codes()[code]
    source = page.with_suffix(".py").read_text("utf-8")
    signature = _SIGNATURE.search(source)
    subject, *needs = (_PARAMETER.findall(signature[1]) if signature else []) or [""]
    summary = _SUMMARY.search(source)
    named = {name.lower() for name in _SEVERITY.findall(source)}
    return Description(
        code,
        family,
        tuple(severity for severity in _ORDER if severity in named),
        subject,
        tuple(needs),
        summary[1].strip() if summary else "",
    )
