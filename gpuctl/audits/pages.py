"""The page of each audit: which there are and what their pages say. Reads files only, and imports no audit."""

from __future__ import annotations

from functools import cache
from pathlib import Path

ROOT = Path(__file__).parent


@cache
def codes() -> dict[str, tuple[str, Path]]:
    """Code -> (family, page) of every audit, sorted by code."""
    pages = (page for family in ROOT.iterdir() if family.is_dir() for page in family.glob("*.md"))
    return {page.stem.replace("_", "-"): (page.parent.name, page) for page in sorted(pages, key=lambda page: page.stem)}
