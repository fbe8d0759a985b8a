"""Doctor says the same of a redacted snapshot, but for names."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import gpuctl
from gpuctl.knowledge.catalogue import load
from gpuctl.knowledge.stack import StackRow, classify
from gpuctl.model import codec
from gpuctl.model.compressed import gunzip
from gpuctl.redact import redact
from gpuctl.redact.aliases import STACK_NAMES
from gpuctl.redact.terms import Terms
from tests.redact.fleets import fleet_of, snapshot_of
from tests.redact.judged import judged
from tests.redact.strange import strange

_LABEL = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,4}/[A-Za-z0-9._-]*[A-Za-z0-9]")


@pytest.mark.parametrize("seed", range(10))
def test_random_fleets_are_judged_alike(seed: int) -> None:
    plain = snapshot_of(fleet_of(seed))
    redacted, names = redact(plain)
    before, after = judged(plain), judged(redacted, names)
    assert sum(before["findings"].values()) > 5
    assert after == before
    assert b"acme" not in gunzip(codec.encode(redacted)).lower()


def test_strange_snapshots_are_judged_alike() -> None:
    found = 0
    for seed in range(40):
        plain = strange(seed)
        redacted, names = redact(plain)
        before = judged(plain)
        found += sum(before["findings"].values())
        assert judged(redacted, names) == before, seed
        assert b"acme" not in gunzip(codec.encode(redacted)).lower(), seed
    assert found > 100


def test_labels_that_facts_and_audits_name_are_published_ones() -> None:
    """A key that the code looks up must survive, or a redacted snapshot would be judged without it."""
    terms = Terms(lambda name, kind: f"{kind} {name}", frozenset(), frozenset())
    wanted = set()
    for folder in ("facts", "audits", "advice", "analysis"):
        for path in (Path(gpuctl.__file__).parent / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and _LABEL.fullmatch(node.value):
                    wanted.add(node.value)
    assert len(wanted) > 8
    assert {key for key in wanted if terms.label_key(key) != key} == set()


def test_every_part_of_the_gpu_software_has_a_published_name() -> None:
    rows = load("stack", StackRow).rows
    named = {classify(f"{stem}-workload-001") for stem in STACK_NAMES}
    assert [row.pattern for row in rows if row not in named] == []
