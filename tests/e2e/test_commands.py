"""Every kubectl command that doctor prints is run against the real API server, as it stands, but for `--dry-run=server`."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gpuctl.advice.advise import advise
from gpuctl.facts.view import View
from gpuctl.findings import Action, ActionKind, Finding, Severity
from gpuctl.model import codec
from gpuctl.model.subject import Subject
from tests.e2e.command import doctor, gpuctl
from tests.e2e.planted import FAULTS, sound
from tests.rig.cluster import ControlPlane

CHANGES = {"annotate", "cordon", "delete", "drain", "label", "patch", "scale", "taint", "uncordon"}
READS = {"describe", "get", "logs"}
ASKS = {"edit"}
"""Opens an editor; run with one that changes nothing."""

NO_KUBELET = re.compile(r"Get \"https://.*:10250/|dial tcp|no preferred addresses|could not find the requested resource \( pods/log ")
"""What the API server says when it should fetch a log and no kubelet answers. A pod that does not exist reads otherwise."""

ENDED = {"Succeeded", "Failed"}
EVICTED = re.compile(r"^evicting pod (\S+)", re.MULTILINE)


@dataclass(frozen=True)
class Printed:
    """One line of a command, and what its step says that it ends."""

    line: str
    interrupts: frozenset[str]
    item: str


@dataclass(frozen=True)
class Ran:
    """What kubectl made of a line."""

    printed: Printed
    verb: str
    code: int
    out: str
    err: str
    words: tuple[str, ...] = field(repr=False)


def printed(report: dict[str, Any]) -> list[Printed]:
    """All lines of all commands, in the order of the report, each once."""
    found: dict[Printed, None] = {}
    for item in report["advice"]:
        for step in (*item["steps"], *item["rollback"]):
            for line in (step["command"] or "").splitlines():
                found.setdefault(Printed(line, frozenset(step.get("interrupts", ())), item["title"]))
    return list(found)


@pytest.fixture(scope="module")
def report(control_plane: ControlPlane) -> Iterator[dict[str, Any]]:
    """Of the cluster with every fault, read as the user who would paste the commands."""
    control_plane.clear()
    fleet = sound(datetime.now(UTC).replace(microsecond=0))
    for fault in FAULTS:
        fault.plant(fleet)
    control_plane.load(fleet.objects())
    answer = doctor("--kubeconfig", control_plane.kubeconfig("admin"))
    assert answer.code == 1, answer.err
    yield answer.report
    control_plane.clear()


@pytest.fixture(scope="module")
def ran(report: dict[str, Any], control_plane: ControlPlane) -> list[Ran]:
    """Every line that starts kubectl, run. Taints are set and lifted in earnest: undoing one needs that it was done."""
    config = control_plane.kubeconfig("admin")
    lines = [one for one in printed(report) if one.line.startswith("kubectl ")]
    tried = {id(one): kubectl(control_plane.bin, config, one, dry=False) for one in lines if " taint nodes " in one.line}
    with ThreadPoolExecutor(3) as pool:
        rest = [one for one in lines if id(one) not in tried]
        tried |= zip(map(id, rest), pool.map(lambda one: kubectl(control_plane.bin, config, one), rest), strict=True)
    return [tried[id(one)] for one in lines]


def kubectl(programs: Path, config: Path, one: Printed, *, dry: bool = True) -> Ran:
    """Run a line with the kubectl of the rig, as the user whose configuration has the printed context."""
    words = shlex.split(one.line)
    assert words[:3] == ["kubectl", "--context", "rig"], one.line
    verb = next(word for word in words[3:] if word in CHANGES | READS | ASKS)
    place = words.index(verb) + 1
    arguments = [*words[1:place], *(["--dry-run=server"] if dry and verb in CHANGES else []), *words[place:]]
    environment = {"KUBECONFIG": str(config), "PATH": os.environ["PATH"], "HOME": str(config.parent), "EDITOR": "true"}
    done = subprocess.run([programs / "kubectl", *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)
    return Ran(one, verb, done.returncode, done.stdout, done.stderr, tuple(words))


def test_every_command_does_what_it_says(ran: list[Ran]) -> None:
    failed = [one for one in ran if one.code and not (one.verb == "logs" and NO_KUBELET.search(one.err))]
    assert not failed, "\n".join(f"{one.printed.item}\n  {one.printed.line}\n  {one.err.strip()[:500]}" for one in failed)
    assert {one.verb for one in ran} >= {"cordon", "delete", "describe", "drain", "get", "label", "logs", "patch", "taint", "uncordon"}


def test_changes_change_something(ran: list[Ran]) -> None:
    """What undoes a change does nothing in a dry run, since nothing was done; a remedy whose every change says so does nothing at all."""
    by_item: dict[str, list[str]] = {}
    for one in ran:
        if one.verb in {"label", "patch"}:
            by_item.setdefault(one.printed.item, []).append(one.out)
    assert len(by_item) >= 3
    for title, answers in by_item.items():
        assert any(not re.search(r"\bnot labeled\b|no change", answer) for answer in answers), (title, answers)


def test_what_is_undone_is_as_it_was(report: dict[str, Any], ran: list[Ran], control_plane: ControlPlane) -> None:
    """Steps and rollback of every taint were run: the taints are those of the report's snapshot again."""
    nodes = {node["metadata"]["name"]: node["spec"].get("taints", []) for node in control_plane.api("GET", "/api/v1/nodes")["items"]}
    assert [one for one in ran if one.verb == "taint"]
    assert [(taint["key"], taint["effect"]) for taint in nodes["h100-023"]].count(("example.com/maintenance", "NoSchedule")) == 1
    assert nodes["open-002"] == []


def test_drain_names_all_that_kubectl_evicts(ran: list[Ran], control_plane: ControlPlane) -> None:
    """All but pods that have ended, which a drain deletes and nothing can interrupt."""
    pods = control_plane.api("GET", "/api/v1/pods")["items"]
    ended = {f"{pod['metadata']['namespace']}/{pod['metadata']['name']}" for pod in pods if pod["status"]["phase"] in ENDED}
    drains = [one for one in ran if one.verb == "drain"]
    assert sum(bool(one.printed.interrupts) for one in drains) >= 2
    by_item: dict[str, tuple[set[str], set[str]]] = {}
    for one in drains:
        said, done = by_item.setdefault(one.printed.item, (set(), set()))
        said.update(name for name in one.printed.interrupts if " " not in name)
        done.update(set(EVICTED.findall(one.out + one.err)) - ended)
    for title, (said, done) in by_item.items():
        assert said == done, title


def test_deletion_names_all_that_kubectl_deletes(ran: list[Ran]) -> None:
    deletions = [one for one in ran if one.verb == "delete" and "pods" in one.words]
    assert deletions
    for one in deletions:
        namespace = one.words[one.words.index("-n") + 1]
        deleted = {f"{namespace}/{name}" for name in re.findall(r'^pod "(\S+?)"', one.out, re.MULTILINE)}
        assert deleted
        assert deleted <= one.printed.interrupts, one.printed.line


def test_whatever_stops_pods_says_which(report: dict[str, Any], control_plane: ControlPlane) -> None:
    """Steps done by hand on a node end the same pods as the drain before them."""
    pods = control_plane.api("GET", "/api/v1/pods")["items"]
    for item in report["advice"]:
        nodes = {subject["node"] for subject in item["subjects"]} - {None}
        working = {
            f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            for pod in pods
            if pod["spec"].get("nodeName") in nodes
            and pod["status"]["phase"] in {"Running", "Pending"}
            and {owner["kind"] for owner in pod["metadata"].get("ownerReferences", ())}.isdisjoint({"DaemonSet", "Node"})
        }
        for step in item["steps"]:
            if re.search(r"\b[Rr]eboot |--gpu-reset\b", step["say"] + (step["command"] or "")):
                assert working <= set(step["interrupts"]), (item["title"], step["say"])


def test_commands_name_the_context_of_the_run(report: dict[str, Any]) -> None:
    lines = [one.line for one in printed(report)]
    assert lines
    assert not [line for line in lines if "kubectl" in line and not line.startswith("kubectl --context 'rig' ")]


ARGUMENTS: dict[ActionKind, dict[str, str]] = {
    ActionKind.RETURN_NODE: {"taint": "example.com/maintenance:NoSchedule"},
    ActionKind.FOLLOW_AGENT: {"taint": "gpu.nvidia.com/xid=79:NoExecute", "driver": "gpu.nvidia.com"},
    ActionKind.LIFT_DEVICE_TAINT: {"rule": "service"},
    ActionKind.RETRY_MIG_CONFIG: {"config": "all-1g.20gb"},
    ActionKind.RAISE_QUOTA: {"kind": "ResourceQuota", "resource": "requests.nvidia.com/gpu", "quantity": "12"},
    ActionKind.ALIGN_POOL: {"fact": "driver", "value": "580.105.08"},
    ActionKind.RESTORE_NODE: {"condition": "DiskPressure"},
    ActionKind.FIX_QUEUE: {"kind": "Job", "queue": "nowhere"},
    ActionKind.FIX_AUTOSCALER: {"kind": "HorizontalPodAutoscaler", "metric": "DCGM_FI_DEV_FB_FREE", "instead": "DCGM_FI_DEV_FB_USED"},
    ActionKind.ADD_CAPACITY: {"resource": "nvidia.com/gpu"},
}
TARGETS: dict[ActionKind, Subject] = {
    ActionKind.RAISE_QUOTA: Subject(kind="queue", cluster="rig", namespace="students", name="gpus"),
    ActionKind.FIX_QUEUE: Subject(kind="workload", cluster="rig", namespace="research", name="astray"),
    ActionKind.FIX_AUTOSCALER: Subject(kind="workload", cluster="rig", namespace="inference", name="chat"),
    ActionKind.RETRY_MIG_CONFIG: Subject(kind="node", cluster="rig", name="a100-003", node="a100-003"),
    ActionKind.RETURN_NODE: Subject(kind="node", cluster="rig", name="h100-023", node="h100-023"),
}
ON_PODS = {
    ActionKind.FORCE_DELETE_POD, ActionKind.DELETE_FAILED_POD, ActionKind.RECREATE_POD, ActionKind.MOVE_POD_OFF_NODE,
    ActionKind.CHANGE_REQUEST, ActionKind.ADD_CONTROLLER,
}  # fmt: skip


def test_every_kind_of_remedy_prints_what_kubectl_takes(report: dict[str, Any], control_plane: ControlPlane, tmp_path: Path) -> None:
    """Also kinds that no planted fault leads to; on a busy node, so that what they end is not empty."""
    config = control_plane.kubeconfig("admin")
    saved = tmp_path / "cluster.json.gz"
    assert gpuctl("snapshot", "save", saved, "--kubeconfig", config).code == 0
    view = View(codec.decode(saved.read_bytes()), datetime.now(UTC))
    busy = next(pod for pod in view.pods_by_node["rig", "h100-007"] if pod.namespace == "inference")
    lines: dict[str, Printed] = {}
    for kind in ActionKind:
        target = TARGETS.get(kind, Subject(kind="node", cluster="rig", name="h100-007", node="h100-007"))
        if kind in ON_PODS:
            target = Subject(kind="pod", cluster="rig", namespace=busy.namespace, name=busy.name, node=busy.node)
        nodes = (target.node,) if target.node else ()
        action = Action(kind=kind, target=target, args=ARGUMENTS.get(kind, {}))
        finding = Finding(subject=target, severity=Severity.HIGH, message="m", evidence=(), gpus=1, nodes=nodes, actions=(action,))
        (item,) = advise([finding.named("code")], view)
        for step in (*item.steps, *item.rollback):
            for line in (step.command or "").splitlines():
                lines.setdefault(line, Printed(line, frozenset(step.interrupts), item.title))
    tried = [kubectl(control_plane.bin, config, one) for one in lines.values() if one.line.startswith("kubectl ")]
    assert len(tried) > 25
    undone = re.compile(r"already has .* taint|taint \".*\" not found")  # by a rollback whose step was a dry run only
    failed = [one for one in tried if one.code and not NO_KUBELET.search(one.err) and not undone.search(one.err)]
    assert not failed, "\n".join(f"{one.printed.item}\n  {one.printed.line}\n  {one.err.strip()[:500]}" for one in failed)
    assert all(one.printed.interrupts for one in tried if one.verb == "drain" and "h100-007" in one.words)
