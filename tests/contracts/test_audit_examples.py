"""The example on each audit's page is what the audit prints, but for names, numbers and times."""

from __future__ import annotations

import re
from functools import cache

import pytest

from gpuctl.audits.pages import codes
from gpuctl.audits.runner import Audit, audits
from gpuctl.facts.subjects import CountedNode
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from tests.audits.test_not_assessed import everything, judge


@cache
def provoked(audit: Audit) -> Snapshot:
    """The cluster with every fault; a node on which a collector counted no GPU is no node of a cluster that an API server tells."""
    if audit.subject_type is CountedNode:
        return Snapshot(nodes=(Node(name="collector-1", gpu_count=0),))
    return everything()


def shape(message: str) -> str:
    """A message without durations, names, values and numbers."""
    for pattern, stands_for in (
        (r"\b(?:\d+[dhms])+\b", "<time>"),
        (r"\S*\w[-/._=]\w[^\s,;:()]*", "<name>"),
        (r"\b\w*[a-z][A-Z]\w*", "<name>"),
        (r"\d+", "<n>"),
        (r"<name>(?:, <name>)+", "<name>"),
    ):
        message = re.sub(pattern, stands_for, message)
    return message


def example(audit: Audit) -> str:
    """What stands under Example: one message, as code."""
    section = codes()[audit.code][1].read_text("utf-8").split("## Example\n")[1].split("\n## ")[0]
    return section.strip().strip("`")


@pytest.mark.parametrize("audit", audits(), ids=lambda audit: audit.code)
def test_the_example_is_what_is_printed(audit: Audit) -> None:
    findings, _ = judge(audit, provoked(audit))
    if not findings:
        pytest.skip("no fault of this kind is planted in tests/e2e/planted.py")
    assert shape(example(audit)) in {shape(finding.message) for finding in findings}


def test_a_shape_keeps_the_words() -> None:
    assert shape("waits for 3h30m for nvidia.com/gpu 8: UnexpectedAdmissionError on gpu-1, gpu-2") == (
        "waits for <time> for <name> <n>: <name> on <name>"
    )
