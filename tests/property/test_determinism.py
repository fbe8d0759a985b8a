"""Same snapshot, same bytes: whatever the hash seed, the locale, the time zone and the order of the inputs are."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from functools import cache
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from gpuctl import demo, snapshot_file
from gpuctl.cli.main import run
from gpuctl.model.snapshot import Cluster, Snapshot
from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.pipeline import Choice, examine
from gpuctl.reports.render import render
from gpuctl.reports.text import Style

ROOT = Path(__file__).resolve().parents[2]
STYLES = ("json", "table", "wide", "yaml", "name")

PRINT_ALL = f"""
import hashlib, io, sys
from gpuctl.cli.main import run
for command in ["doctor", "--fail-on", "never"], ["snapshot", "show"]:
    for style in {STYLES!r}:
        if command[0] == "snapshot" and style in ("wide", "name"):
            continue
        sys.stdout = io.TextIOWrapper(io.BytesIO(), "ascii")
        code = run([*command, "--from", sys.argv[1], "-o", style])
        sys.stdout.flush()
        written = sys.stdout.buffer.getvalue()
        print(command[0], style, code, len(written), hashlib.sha256(written).hexdigest(), file=sys.__stdout__)
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, saved, with names that a locale might sort or a terminal show in its own way."""
    file = tmp_path_factory.mktemp("saved") / "sample.json.gz"
    first, *rest = demo.snapshot().nodes or ()
    renamed = structs.replace(first, name="\u0131\u0130iI-\u00df-\u7bc0")
    snapshot_file.save(structs.replace(demo.snapshot(), nodes=(renamed, *rest)), str(file))
    return file


def printed(file: Path, environment: dict[str, str]) -> str:
    bare = {"PATH": os.environ["PATH"], "HOME": str(file.parent), "COLUMNS": "100", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", PRINT_ALL, str(file)],
        env={**bare, **environment},
        cwd=file.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_no_environment_changes_a_byte(saved: Path) -> None:
    expected = printed(saved, {"PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"})
    assert expected.count("\n") == 8
    assert " 4 " not in expected
    for environment in (
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu"},
        {"PYTHONHASHSEED": "random", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "de_DE.ISO-8859-1", "LANG": "de_DE", "TZ": "Pacific/Chatham", "PYTHONUTF8": "0"},
    ):
        assert printed(saved, environment) == expected, environment


@cache
def wanted() -> list[dict[str, Any]]:
    return [obj for obj in demo.objects() if obj["kind"] != "Namespace"]


def test_the_order_of_files_changes_no_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    parts = {"nodes.json": {"Node"}, "pods.json": {"Pod"}}
    for name, kinds in parts.items():
        Path(name).write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": [obj for obj in wanted() if obj["kind"] in kinds]}))
    rest = [obj for obj in wanted() if obj["kind"] not in {"Node", "Pod"}]
    Path("rest.yaml").write_text("---\n".join(json.dumps(obj) + "\n" for obj in rest))
    for style in ("json", "table"):
        seen = set()
        for order in permutations(("nodes.json", "pods.json", "rest.yaml")):
            assert run(["doctor", *(word for name in order for word in ("--from", name)), "-o", style, "--fail-on", "never"]) == 0
            seen.add(capsys.readouterr().out)
        assert len(seen) == 1


def judged(objects: list[dict[str, Any]], pieces: int) -> str:
    assembly = Assembly(demo.NAME)
    size = -(-len(objects) // pieces)
    for start in range(0, len(objects), size):
        assembly.add_document(json.dumps({"apiVersion": "v1", "kind": "List", "items": objects[start : start + size]}).encode())
    facts: dict[str, Any] = {**dict.fromkeys(demo.ASKED, ()), **assembly.finish()}
    snapshot = Snapshot(taken_at=demo.AS_OF, cluster=Cluster(context=demo.NAME), skipped=assembly.skipped, **facts)
    return render(examine(snapshot, Choice()), "json", Style())


@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 2**32), pieces=st.integers(1, 4))
def test_the_order_of_objects_changes_no_byte(seed: int, pieces: int) -> None:
    objects = list(wanted())
    random.Random(seed).shuffle(objects)
    assert judged(objects, pieces) == judged(wanted(), 1)
