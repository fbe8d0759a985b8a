"""The page of each audit, and what it says. Reads files only, and imports no audit."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent

_TABLE = re.compile(r"^\| *subject *\|.*\n\|[-| ]+\n\|(.+)\|$", re.MULTILINE | re.IGNORECASE)
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
    """What an audit's page says of it: the paragraph under its title, and its table."""
    family, page = codes()[code]
    text = page.read_text("utf-8")
    table = _TABLE.search(text)
    subject, severity, _, needs = ([cell.strip() for cell in table[1].split("|")] if table else [""] * 4)[:4]
    named = set(re.findall(r"[a-z]+", severity.lower()))
    return Description(
        code,
        family,
        tuple(name for name in _ORDER if name in named),
        subject,
        tuple(need.strip() for need in needs.split(",") if need.strip()),
        " ".join(text.split("\n\n", 2)[1].split()),
    )
