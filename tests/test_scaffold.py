"""A stranger's path: a new audit takes three files and no edit."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.scaffold import scaffold

ROOT = Path(__file__).resolve().parents[1]
NAME = "health/made_up_fault"
NEW = {"gpuctl/audits/health/made_up_fault.py", "gpuctl/audits/health/made_up_fault.md", "tests/audits/test_made_up_fault.py"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of all that a new audit's tests read."""
    copy = tmp_path / "checkout"
    skipped = shutil.ignore_patterns("__pycache__", "rig", "bench", "*.pyc")
    for name in ("gpuctl", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=skipped)
    (copy / "tests" / "conftest.py").unlink(missing_ok=True)
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


def contents(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=checkout, capture_output=True, text=True, check=False, timeout=120)


def test_three_files_pass_the_contract_and_nothing_else_changes(checkout: Path) -> None:
    before = contents(checkout)
    made = run(checkout, "-m", "tests.scaffold", NAME)
    assert made.returncode == 0, made.stderr
    after = contents(checkout)
    assert after.keys() - before.keys() == NEW
    assert {name: text for name, text in after.items() if name in before} == before
    tests = ("tests/contracts/test_audit_pages.py", "tests/audits/test_made_up_fault.py")
    checked = run(checkout, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    listing = "from gpuctl.audits import runner; print(runner.__file__, *(audit.code for audit in runner.audits()))"
    listed = run(checkout, "-c", listing)
    assert str(checkout) in listed.stdout
    assert "made-up-fault" in listed.stdout


@pytest.mark.parametrize("name", ["Made/Up", "health", "../health/x", "nowhere/fault", "mig/mig_config_failed"])
def test_wrong_names_are_refused_with_the_reason(name: str) -> None:
    with pytest.raises(ValueError, match=r"family|exists"):
        scaffold(name, ROOT)
