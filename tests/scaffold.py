"""Starts a new audit: three files that pass the contract tests, and that their author then fills.

python -m tests.scaffold family/code_with_underscores
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

_NAME = re.compile(r"(?P<family>[a-z][a-z0-9_]*)/(?P<stem>[a-z][a-z0-9_]*)")

_SOURCE = '''"""Nodes that carry the label `gpuctl.example/{code}`."""

from __future__ import annotations

from gpuctl.facts.subjects import GpuNode
from gpuctl.facts.transitions import Transition
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity
from gpuctl.model.known import Unknown

_LABEL = "gpuctl.example/{code}"


def audit(node: GpuNode, transition: Transition) -> Finding | Unknown | None:
    """A label stands in for the fault: judge a fact of your own here, and take the facts that you need as parameters."""
    if not node.node.labels:
        return Unknown("labels", "the node's labels are not known")
    if _LABEL not in node.node.labels:
        return None
    return Finding(
        subject=node.subject,
        severity=Severity.LOW,
        message=f"the node carries the label {{_LABEL}}",
        evidence=(Evidence(observed=f"label {{_LABEL}}", expected="no such label", how="labels of the Node"),),
        component=Component.NONE,
        nodes=(node.node.name or "",),
        actions=(Action(kind=ActionKind.INVESTIGATE, target=node.subject),),
        transitional=transition.reason,
    )
'''

_PAGE = """# {code}

A node carries the label `gpuctl.example/{code}`.

| subject | severity | confidence | needs |
|---|---|---|---|
| node | low | certain | Transition |

## What

The node carries the label `gpuctl.example/{code}`, which stands in for a fault.

## Why it matters

It does not: replace this by what the fault costs.

## How to fix

Remove the label.

## Risk of the fix

None: a label changes nothing that runs.

## False positives

None known: nobody else sets this label.

## Needs

- Transition: age, taints and state labels of the Node

## Example

    the node carries the label gpuctl.example/{code}

## References

- https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/ (2026-11-24)
"""

_TEST = """from __future__ import annotations

from gpuctl.findings import Severity
from tests.audits.judged import gpu_node, judge

CODE = "{code}"


def test_fires() -> None:
    (finding,), _ = judge(CODE, nodes=(gpu_node(labels={{"gpuctl.example/{code}": "true"}}),))
    assert finding.severity is Severity.LOW


def test_stays_silent() -> None:
    findings, outcome = judge(CODE, nodes=(gpu_node(),))
    assert not findings
    assert outcome.clean == 1


def test_is_not_assessed_without_labels() -> None:
    _, outcome = judge(CODE, nodes=(gpu_node(labels={{}}),))
    assert outcome.not_assessed == 1
"""


def scaffold(name: str, root: Path) -> tuple[Path, ...]:
    """Writes source, page and test of the audit FAMILY/CODE under a checkout's root; returns their paths.

    Raises:
        ValueError: the name is not FAMILY/CODE in lower case with underscores, the family does not exist, or a file does.
    """
    match = _NAME.fullmatch(name)
    if match is None:
        raise ValueError(f"{name!r} is not family/code_with_underscores, for example health/fan_broken")
    family, stem = match["family"], match["stem"]
    folder = root / "gpuctl" / "audits" / family
    if not (folder / "__init__.py").is_file():
        known = ", ".join(sorted(path.parent.name for path in folder.parent.glob("*/__init__.py")))
        raise ValueError(f"no family {family!r}: take one of {known}")
    files = {
        folder / f"{stem}.py": _SOURCE,
        folder / f"{stem}.md": _PAGE,
        root / "tests" / "audits" / f"test_{stem}.py": _TEST,
    }
    taken = [path for path in files if path.exists()]
    if taken:
        raise ValueError(f"{taken[0]} exists already: choose another code")
    for path, text in files.items():
        path.write_text(text.format(code=stem.replace("_", "-")), "utf-8")
    return tuple(files)


def main(arguments: list[str]) -> int:
    """Prints what was written; exit code 2 for wrong use."""
    if len(arguments) != 1:
        print("usage: python -m tests.scaffold family/code_with_underscores", file=sys.stderr)
        return 2
    try:
        written = scaffold(arguments[0], Path.cwd())
    except ValueError as error:
        print(f"scaffold: {error}", file=sys.stderr)
        return 2
    for path in written:
        print(path.relative_to(Path.cwd()))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
