"""What programs may rely on: every key of the published documents, its type, and the rules that hold between them.

The shapes below are written by hand from the published contract, and not derived from gpuctl's own types: a field that is renamed
or lost there fails here.
"""

from __future__ import annotations

import gzip
import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gpuctl.cli.main import run
from gpuctl.demo.fleet import Fleet
from tests.conformance.face import SAMPLES
from tests.e2e.command import gpuctl
from tests.e2e.planted import FAULTS, sound, under_way

AS_OF = datetime(2026, 11, 24, 9, tzinfo=UTC)
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z")
ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*-[0-9a-f]{12}")
PCI = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
KINDS = {
    "cluster", "pool", "node", "gpu", "mig_device", "link", "switch", "nic", "pod", "workload", "namespace", "queue", "claim", "image",
    "file",
}  # fmt: skip
SEVERITIES = ("critical", "high", "medium", "low", "info")
ENDS_PODS = re.compile(r"\b(?:kubectl\b.*\b(?:drain|delete '?pods?)\b|nvidia-smi\b.*--gpu-reset|(?:systemctl )?reboot\b)")

Shape = Any


def one_of(*values: str) -> Shape:
    return set(values)


def maybe(shape: Shape) -> Shape:
    return (None, shape)


TEXT, NUMBER, COUNT, BOOLEAN = str, float, int, bool
WHEN = TIME
SUBJECT = {
    "kind": KINDS, "cluster": maybe(TEXT), "name": maybe(TEXT), "node": maybe(TEXT), "gpu": maybe(TEXT), "namespace": maybe(TEXT),
}  # fmt: skip
HEAD = {
    "schema": TEXT, "tool": {"version": TEXT}, "taken_at": maybe(WHEN),
    "as_of": {"time": maybe(WHEN), "basis": one_of("clock", "snapshot", "newest_stamp", "flag")},
    "complete": BOOLEAN, "interrupted": BOOLEAN,
    "sources": [{
        "kind": one_of("kubernetes", "ssh", "nvml", "slurm", "prometheus", "registry", "file"), "name": TEXT,
        "state": one_of("ok", "partial", "failed"), "reason": maybe(TEXT), "asked": maybe(COUNT), "answered": maybe(COUNT),
    }],
    "knowledge": {str: re.compile(r"\d{4}-\d\d-\d\d")},
}  # fmt: skip
STEP = {"say": TEXT, "command": maybe(TEXT), "interrupts": [TEXT]}
REPORT = HEAD | {
    "summary": {
        "nodes": maybe(COUNT), "gpus": maybe(NUMBER), "gpus_allocatable": maybe(NUMBER), "gpus_allocated": maybe(NUMBER),
        "gpus_recoverable": NUMBER, "found": COUNT, "waived": COUNT, "by_severity": dict.fromkeys(SEVERITIES, COUNT),
    },
    "advice": [{
        "id": TEXT, "rank": COUNT, "disposition": one_of("now", "wait"), "wait_for": maybe(TEXT), "title": TEXT,
        "severity": one_of(*SEVERITIES), "confidence": one_of("certain", "likely", "possible"), "priority": NUMBER,
        "net_gpu_hours": NUMBER,
        "gain": {"gpus": NUMBER, "gpu_hours": NUMBER, "horizon_hours": NUMBER, "basis": one_of("demand", "capacity", "risk")},
        "effort_minutes": NUMBER, "disruption_gpu_hours": NUMBER, "estimates": [TEXT], "owner": one_of("tenant", "platform", "vendor"),
        "subjects": [SUBJECT], "findings": [ID], "steps": [STEP], "rollback": [{"say": TEXT, "command": maybe(TEXT)}], "after": [TEXT],
    }],
    "findings": [{
        "id": ID, "code": TEXT, "severity": one_of(*SEVERITIES), "confidence": one_of("certain", "likely", "possible"),
        "subject": SUBJECT, "message": TEXT,
        "evidence": [{"observed": TEXT, "expected": TEXT, "how": TEXT, "source": maybe(TEXT), "at": maybe(WHEN)}],
        "impact": {"gpus": NUMBER}, "actions": [{}],
    }],
    "outcomes": [{
        "code": TEXT, "subjects": COUNT, "found": COUNT, "clean": COUNT, "not_assessed": COUNT, "crashed": COUNT,
        "missing": [{"fact": TEXT, "reason": TEXT, "count": COUNT, "subjects": [SUBJECT]}],
    }],
    "deselected": [TEXT],
    "waived": [{"finding": ID, "reason": TEXT, "owner": maybe(TEXT), "expires": maybe(TEXT)}],
}  # fmt: skip
NODE = {
    "cluster": maybe(TEXT), "name": maybe(TEXT), "aliases": [TEXT], "addresses": maybe([TEXT]), "machine_id": maybe(TEXT),
    "system_uuid": maybe(TEXT), "boot_id": maybe(TEXT), "boot_time": maybe(WHEN), "provider_id": maybe(TEXT), "instance_type": maybe(TEXT),
    "zone": maybe(TEXT), "pool": maybe(TEXT), "labels": maybe({str: TEXT}),
    "taints": maybe([{"key": TEXT, "value": maybe(TEXT), "effect": TEXT, "time_added": maybe(WHEN)}]),
    "ready": maybe(one_of("True", "False", "Unknown")), "cordoned": maybe(BOOLEAN),
    "conditions": maybe([{"type": TEXT, "status": TEXT, "reason": maybe(TEXT), "message": maybe(TEXT), "since": maybe(WHEN)}]),
    "capacity": maybe({str: NUMBER}), "allocatable": maybe({str: NUMBER}), "os": maybe(TEXT), "kernel": maybe(TEXT),
    "runtime": maybe(TEXT), "kubelet": maybe(TEXT),
    "driver": maybe({"version": maybe(TEXT), "flavour": maybe(one_of("open", "proprietary")), "loaded": maybe(BOOLEAN),
        "on_disk": maybe(TEXT)}),
    "cuda": maybe({"driver_max": maybe(TEXT)}),
    "mig": maybe({"strategy": maybe(TEXT), "config": maybe(TEXT), "config_state": maybe(TEXT), "config_time": maybe(WHEN),
        "manager": maybe(TEXT)}),
    "sharing": maybe({"mode": maybe(TEXT), "replicas": maybe(COUNT)}),
    "components": maybe(dict.fromkeys(
        ("gpu_operator", "toolkit", "device_plugin", "dcgm", "dcgm_exporter", "mig_manager", "dra_driver", "node_feature_discovery"),
        maybe(TEXT))),
    "fabric_manager": maybe({"state": maybe(TEXT), "version": maybe(TEXT)}), "nics": maybe([{}]), "switches": maybe([{}]),
}  # fmt: skip
GPU = {
    "index": maybe(COUNT), "vendor": maybe(TEXT), "kind": maybe(TEXT), "resource": maybe(TEXT), "uuid": maybe(TEXT), "serial": maybe(TEXT),
    "product": maybe(TEXT), "architecture": maybe(TEXT), "compute_capability": maybe(TEXT), "pci": maybe(PCI), "pci_id": maybe(TEXT),
    "minor": maybe(COUNT), "bound_driver": maybe(TEXT), "numa_node": maybe(COUNT), "vbios": maybe(TEXT), "inforom": maybe({}),
    "memory_bytes": maybe(COUNT), "memory_used_bytes": maybe(COUNT),
    "ecc": maybe({"enabled": maybe(BOOLEAN), "pending": maybe(BOOLEAN), "volatile": maybe({}), "aggregate": maybe({})}),
    "remapped_rows": maybe({
        "correctable": maybe(COUNT), "uncorrectable": maybe(COUNT), "pending": maybe(BOOLEAN), "failure": maybe(BOOLEAN),
            "banks": maybe({})}),
    "retired_pages": maybe({"sbe": maybe(COUNT), "dbe": maybe(COUNT), "pending": maybe(BOOLEAN)}),
    "repair": maybe({"channel_pending": maybe(BOOLEAN), "tpc_pending": maybe(BOOLEAN)}),
    "mig": maybe({
        "mode": maybe(BOOLEAN), "pending_mode": maybe(BOOLEAN),
        "instances": maybe([{
            "profile": maybe(TEXT), "start": maybe(COUNT), "size": maybe(COUNT), "gi": maybe(COUNT),
            "compute_instances": [{
                "ci": maybe(COUNT), "profile": maybe(TEXT), "start": maybe(COUNT), "size": maybe(COUNT),
                    "uuid": maybe(TEXT), "holder": maybe({})}],
        }]),
        "profiles": maybe([{}])}),
    "partitions": maybe([{"kind": maybe(TEXT), "profile": maybe(TEXT), "uuid": maybe(TEXT)}]),
    "pcie": maybe({"gen": maybe(COUNT), "gen_max": maybe(COUNT), "width": maybe(COUNT), "width_max": maybe(COUNT),
        "replays": maybe(COUNT)}),
    "links": maybe([{}]), "temperature_celsius": maybe(NUMBER), "power_watts": maybe(NUMBER), "power_limit_watts": maybe(NUMBER),
    "thresholds": maybe({}), "clocks": maybe({}), "clocks_event_reasons": maybe([TEXT]), "utilization": maybe({}),
    "processes": maybe([{"pid": maybe(COUNT), "name": maybe(TEXT), "memory_bytes": maybe(COUNT)}]), "compute_mode": maybe(TEXT),
    "persistence": maybe(BOOLEAN), "reset_required": maybe(BOOLEAN), "recovery_action": maybe(TEXT),
    "fabric": maybe({"state": maybe(TEXT), "status": maybe(TEXT), "clique": maybe(TEXT), "cluster_uuid": maybe(TEXT)}),
    "vgpu": maybe({"role": maybe(TEXT), "profile": maybe(TEXT), "host_driver": maybe(TEXT), "license": maybe(TEXT)}), "platform": maybe({}),
}  # fmt: skip
FACTS = HEAD | {
    "cluster": maybe({"context": maybe(TEXT), "version": maybe(TEXT), "distribution": maybe(TEXT)}),
    "conflicts": [{"subject": TEXT, "fact": TEXT, "values": [{"value": TEXT, "source": TEXT, "at": maybe(WHEN)}]}],
    "nodes": maybe([NODE | {"gpus": maybe([GPU])}]),
    "pods": maybe([{
        "namespace": maybe(TEXT), "name": maybe(TEXT), "node": maybe(TEXT), "phase": maybe(TEXT), "owner": maybe({}),
        "requests": maybe({str: NUMBER}), "devices": maybe([{}]), "images": maybe([TEXT]),
    }]),
    **dict.fromkeys((
        "workloads", "queues", "quotas", "k8s_events", "hardware_events", "resource_slices", "resource_claims", "device_classes",
        "device_taint_rules"), maybe([{}])),
    "images": maybe([{"ref": TEXT, "digest": maybe(TEXT), "env": {}, "labels": {}}]), "slurm": maybe({}),
}  # fmt: skip


def mistakes(value: Any, shape: Shape, path: str = "") -> Iterator[str]:
    """Where a value is not of a shape."""
    if isinstance(shape, tuple):
        if value is not None:
            yield from mistakes(value, shape[1], path)
    elif isinstance(shape, dict):
        if not isinstance(value, dict):
            yield f"{path} is no object"
        elif str in shape:
            for key, part in value.items():
                yield from mistakes(part, shape[str], f"{path}.{key}")
        else:
            yield from (f"{path}.{key} is missing" for key in shape if key not in value)
            for key in shape.keys() & value.keys():
                yield from mistakes(value[key], shape[key], f"{path}.{key}")
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield f"{path} is no list"
        else:
            for place, part in enumerate(value):
                if shape != [{}] or not isinstance(part, str):
                    yield from mistakes(part, shape[0], f"{path}[{place}]")
    elif not _fits(value, shape):
        yield f"{path} = {value!r}"


def _fits(value: Any, shape: Shape) -> bool:
    if isinstance(shape, set):
        return value in shape
    if isinstance(shape, re.Pattern):
        return isinstance(value, str) and shape.fullmatch(value) is not None
    if shape in {int, float}:
        right = isinstance(value, int if shape is int else int | float) and not isinstance(value, bool)
        return right and (isinstance(value, int) or value == float(f"{value:.9g}"))
    return isinstance(value, shape)


def no_key_is_lost(text: str, name: str) -> dict[str, Any]:
    """The document of a text, once its form is right: one object, `schema` first, a newline at the end, each key once."""

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        assert len(made) == len(found), f"a key twice: {[key for key, _ in found]}"
        return made

    assert text.startswith("{")
    assert text.endswith("}\n")
    found: dict[str, Any] = json.loads(text, object_pairs_hook=pairs)
    assert next(iter(found)) == "schema"
    assert found["schema"] == f"gpuctl.{name}/v1"
    return found


@cache
def schema(name: str) -> jsonschema.protocols.Validator:
    found = gpuctl("schema", name).report
    kind = jsonschema.validators.validator_for(found)
    kind.check_schema(found)
    return kind(found)


def of_report(report: dict[str, Any]) -> None:
    """Every rule of `gpuctl.report/v1`."""
    assert [*mistakes(report, REPORT)] == []
    schema("report").validate(report)
    summary = report["summary"]
    unexplained = [name for name, value in summary.items() if value is None and not summary["unknown"].get(name)]
    assert unexplained == []
    _of_findings(report)
    _of_advice(report)
    for row in report["outcomes"]:
        assert row["subjects"] == row["found"] + row["clean"] + row["not_assessed"] + row["crashed"], row["code"]
        assert row["not_assessed"] == sum(item["count"] for item in row["missing"]), row["code"]
        assert all(item["count"] == len(item["subjects"]) for item in row["missing"]), row["code"]
    codes = [row["code"] for row in report["outcomes"]]
    assert codes == sorted(set(codes))
    assert not {*codes} & {*report["deselected"]}


def _of_findings(report: dict[str, Any]) -> None:
    findings, summary = report["findings"], report["summary"]
    ids = [row["id"] for row in findings]
    assert len(ids) == len(set(ids))
    waived = {row["finding"] for row in report["waived"]}
    assert waived <= {*ids}
    kept = [row for row in findings if row["id"] not in waived]
    assert (summary["found"], summary["waived"]) == (len(kept), len(waived))
    assert summary["by_severity"] == {name: sum(row["severity"] == name for row in kept) for name in SEVERITIES}
    assert summary["gpus"] is None or summary["gpus_recoverable"] <= summary["gpus"]
    for row in findings:
        assert row["id"].startswith(row["code"] + "-")
        assert row["evidence"], row["id"]
        assert row["impact"]["gpus"] >= 0
        assert row["subject"]["kind"] != "gpu" or (row["subject"]["node"] and row["subject"]["gpu"])
        told = " ".join([row["message"], *(part for item in row["evidence"] for part in item.values() if part)])
        assert len(row["nodes"]) < 2 or all(_is_named(node, told) for node in row["nodes"]), (row["id"], row["nodes"], told)


def _is_named(node: str, told: str) -> bool:
    """By its own name, or by a folded set that holds it."""
    from ClusterShell.NodeSet import NodeSet, NodeSetException  # noqa: PLC0415

    if node in told:
        return True
    for word in re.findall(r"[^\s,;()]*\[[0-9,-]+\][^\s,;()]*", told):
        try:
            if node in NodeSet(word.rstrip(".:")):
                return True
        except NodeSetException:
            continue
    return False


def _of_advice(report: dict[str, Any]) -> None:
    advice = report["advice"]
    assert [item["rank"] for item in advice] == list(range(1, len(advice) + 1))
    ids = [item["id"] for item in advice]
    assert len(ids) == len(set(ids))
    known = {row["id"] for row in report["findings"]} - {row["finding"] for row in report["waived"]}
    listed = [finding for item in advice for finding in item["findings"]]
    assert {*listed} <= known
    for item in advice:
        assert item["findings"], item["id"]
        assert item["subjects"], item["id"]
        assert item["steps"], item["id"]
        assert {*item["after"]} <= {*ids} - {item["id"]}
        assert all(ids.index(before) < ids.index(item["id"]) for before in item["after"]), "what must happen before stands before"
        assert (item["wait_for"] is not None) == (item["disposition"] == "wait"), item["id"]
        if item["disposition"] == "now" and item["severity"] != "critical":
            assert item["net_gpu_hours"] > 0, item["id"]
        assert item["severity"] != "critical" or item["disposition"] == "now", item["id"]
        assert item["effort_minutes"] > 0
        assert item["gain"]["horizon_hours"] > 0
        assert min(item["gain"]["gpus"], item["gain"]["gpu_hours"], item["disruption_gpu_hours"]) >= 0
        for step in (*item["steps"], *item["rollback"]):
            command = step["command"] or ""
            assert not re.search(r"rm -rf|delete '?(?:nodes?|namespaces?)\b|--all\b|<[a-z-]+>", command), command
    places = [(item["disposition"] != "now", item["severity"] != "critical") for item in advice]
    assert places == sorted(places), "critical items, then the others, then those that wait"
    rest = [item["priority"] for item in advice if item["disposition"] == "now" and item["severity"] != "critical" and not item["after"]]
    assert rest == sorted(rest, reverse=True)


def of_facts(facts: dict[str, Any]) -> None:
    """Every rule of `gpuctl.facts/v1`."""
    assert [*mistakes(facts, FACTS)] == []
    schema("facts").validate(facts)
    assert [*unexplained(facts, "", FACTS | {"nodes": None, "pods": None})] == []
    for node in facts["nodes"] or ():
        assert [*unexplained(node, node["name"] or "?", NODE)] == []
        for gpu in node["gpus"] or ():
            assert [*unexplained(gpu, f"{node['name']} gpu", GPU)] == []
    for pod in facts["pods"] or ():
        assert [*unexplained(pod, pod["name"] or "?", dict.fromkeys(("namespace", "name", "node", "phase", "owner", "devices")))] == []
    for row in facts["conflicts"]:
        assert len({item["value"] for item in row["values"]}) > 1, row


NO_GAP = {"taken_at"}
"""Null means that there is none: kubectl's output is not stamped."""


def unexplained(value: dict[str, Any], where: str, shape: dict[str, Any]) -> Iterator[str]:
    """Published keys that are null without a reason in the object's `unknown`, under their own or a longer dotted path."""
    reasons = {**value.get("unknown", {})}
    for key, allowed in shape.items():
        if key in NO_GAP or value.get(key, "") is not None:
            inner = allowed[1] if isinstance(allowed, tuple) else None
            if isinstance(value.get(key), dict) and isinstance(inner, dict) and inner and str not in inner:
                for name in inner:
                    own = value[key].get("unknown") or {}
                    if value[key].get(name, "") is None and not (own.get(name) or reasons.get(f"{key}.{name}") or reasons.get(key)):
                        yield f"{where}.{key}.{name}"
        elif not reasons.get(key) and not any(name.startswith(f"{key}.") for name in reasons):
            yield f"{where}.{key}"


def printed(*arguments: str | Path) -> str:
    """What a command wrote on stdout, and nothing but JSON is among it."""
    answer = gpuctl(*arguments, "-o", "json")
    assert answer.code in {0, 1, 3}, answer.err
    return answer.out


def both(*arguments: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Report and facts, each checked."""
    report = no_key_is_lost(printed("doctor", *arguments), "report")
    of_report(report)
    facts = no_key_is_lost(printed("snapshot", "show", *arguments), "facts")
    of_facts(facts)
    return report, facts


def dump(folder: Path, fleet: list[dict[str, Any]]) -> Path:
    file = folder / "dump.json"
    file.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": fleet}))
    return file


def planted() -> list[dict[str, Any]]:
    fleet = sound(AS_OF)
    for fault in FAULTS:
        fault.plant(fleet)
    return fleet.objects()


FLEETS: dict[str, Callable[[], list[dict[str, Any]]]] = {
    "planted": planted,
    "sound": lambda: sound(AS_OF).objects(),
    "under-way": lambda: under_way(AS_OF),
    "no-node": list,
    "one-node": lambda: [Fleet.healthy(AS_OF).objects()[0]],
}


def test_documents_of_the_demo() -> None:
    report, facts = both("--demo")
    assert report["advice"]
    assert facts["nodes"]
    assert drains(report, facts) > 0


@pytest.mark.parametrize("name", FLEETS)
def test_documents_of_a_fleet(name: str, tmp_path: Path) -> None:
    report, facts = both("--from", dump(tmp_path, FLEETS[name]()))
    if name in {"sound", "no-node"}:
        assert (report["findings"], report["advice"]) == ([], [])
    if name == "planted":
        assert {row["code"] for row in report["findings"]} >= {fault.code for fault in FAULTS}
        of_planted(report)
        assert drains(report, facts) > 5


def of_planted(report: dict[str, Any]) -> None:
    """A fleet with every fault has each disposition, and commands that end pods say which."""
    assert {item["disposition"] for item in report["advice"]} == {"now", "wait"}
    ending = [step for item in report["advice"] for step in item["steps"] if ENDS_PODS.search(step["command"] or "")]
    assert any(step["interrupts"] for step in ending)


def drains(report: dict[str, Any], facts: dict[str, Any]) -> int:
    """How many drains are advised, once it is sure that each names all pods that it ends, and no pod of another node."""
    on: dict[str, set[str]] = defaultdict(set)
    for pod in facts["pods"]:
        if pod["node"] and pod["phase"] in {"Running", "Pending"} and (pod["owner"] or {}).get("kind") not in {"DaemonSet", "Node"}:
            on[pod["node"]].add(f"{pod['namespace']}/{pod['name']}")
    everywhere = set().union(*on.values())
    found = [step for item in report["advice"] for step in item["steps"] if " drain " in f" {step['command']} "]
    for step in found:
        ended = set().union(*(on[node] for node in re.findall(r"'([^']+)'", step["command"]) if node in on))
        assert {*step["interrupts"]} & everywhere == ended, step
    return len(found)


def test_ids_do_not_depend_on_when_or_in_which_order(tmp_path: Path) -> None:
    objects = planted()
    first, _ = both("--from", dump(tmp_path, objects))
    again = no_key_is_lost(printed("doctor", "--from", dump(tmp_path, objects[::-1]), "--now", "2026-11-24T09:40:00Z"), "report")
    assert again["as_of"] == {"time": "2026-11-24T09:40:00Z", "basis": "flag"}
    of_report(again)
    ids = {row["id"] for row in first["findings"]}
    assert ids <= {row["id"] for row in again["findings"]}, "later on, the same faults have the same ids"


def test_waived_findings_and_deselected_audits(tmp_path: Path) -> None:
    file = dump(tmp_path, planted())
    whole = no_key_is_lost(printed("doctor", "--from", file), "report")
    waivers = tmp_path / "waivers.toml"
    waivers.write_text('[[waiver]]\ncode = "gpu-node-not-ready"\nreason = "known"\nowner = "me"\nexpires = 2099-01-01\n')
    part = no_key_is_lost(printed("doctor", "--from", file, "--waivers", waivers, "--skip", "pod-pending-long"), "report")
    of_report(part)
    assert part["deselected"] == ["pod-pending-long"]
    assert {(row["owner"], row["expires"]) for row in part["waived"]} == {("me", "2099-01-01")}
    assert {row["id"] for row in part["findings"]} == {row["id"] for row in whole["findings"] if row["code"] != "pod-pending-long"}


def test_a_saved_snapshot_is_of_its_schema(tmp_path: Path) -> None:
    saved = tmp_path / "s.json.gz"
    redacted = tmp_path / "r.json.gz"
    assert gpuctl("snapshot", "save", saved, "--from", dump(tmp_path, planted())).code == 0
    assert gpuctl("snapshot", "redact", saved, redacted).code == 0
    for file in (saved, redacted):
        plain = json.loads(gzip.decompress(file.read_bytes()))
        schema("snapshot").validate(plain)
        both("--from", file)


def samples() -> list[Path]:
    """Files that `--from` takes."""
    return sorted(
        path for folder in ("k8s-nodes", "k8s-events", "k8s-workloads", "dra", "nvidia-smi-xml") for path in (SAMPLES / folder).glob("*")
        if path.name not in {"README.md", "expected.json"}
    )  # fmt: skip


@pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")
@pytest.mark.parametrize("path", samples(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_documents_of_a_sample(path: Path) -> None:
    both("--from", path)


@pytest.mark.parametrize("name", ["report", "facts", "snapshot"])
def test_schemas_are_schemas(name: str) -> None:
    assert schema(name).schema["$schema"].endswith("2020-12/schema")
    with pytest.raises(jsonschema.ValidationError):
        schema(name).validate({"schema": f"gpuctl.{name}/v1"} if name != "snapshot" else {"nodes": 7})


HEALTHY, BROKEN = "healthy", "broken"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--from", HEALTHY], 0),
        (["--from", BROKEN], 1),
        (["--from", BROKEN, "--fail-on", "never"], 0),
        (["--from", BROKEN, "--fail-on", "critical"], 0),
        (["--from", BROKEN, "--only", "pool-cuda-mix"], 0),
        (["--from", "nothing"], 3),
        (["--from", HEALTHY, "--fail-on-unknown"], 3),
        (["--from", BROKEN, "--fail-on-unknown"], 1),  # 1 before 3
        (["--from", BROKEN, "--from", "missing"], 2),  # 2 before 1
        (["--from", "garbage"], 2),
        (["--from", BROKEN, "--kubeconfig", "missing"], 1),  # one source of two is usable
        (["--kubeconfig", "missing"], 2),
    ],
)
def test_exit_codes(arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    fleet = Fleet.healthy(AS_OF)
    Path(HEALTHY).write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": fleet.objects()}))
    fleet.break_device("h100-001")
    Path(BROKEN).write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": fleet.objects()}))
    Path("nothing").write_text('{"kind": "List", "apiVersion": "v1", "items": []}')
    Path("garbage").write_text("\x00\x01garbage")
    assert run(["doctor", *arguments]) == code


def test_an_internal_error_goes_before_findings(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr("gpuctl.reports.render.render", broken)
    assert run(["doctor", "--demo", "--fail-on", "info"]) == 4


def test_an_interruption_goes_before_all_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Its document is one too."""

    def pressed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("gpuctl.audits.runner.run", pressed)
    answer = gpuctl("doctor", "--from", dump(tmp_path, planted()), "--fail-on-unknown", "-o", "json")
    assert answer.code == 130
    report = no_key_is_lost(answer.out, "report")
    assert [*mistakes(report, REPORT)] == []
    schema("report").validate(report)
    assert report["interrupted"] is True


def test_what_is_lost_or_of_another_type_is_seen() -> None:
    report = no_key_is_lost(printed("doctor", "--demo"), "report")
    assert [*mistakes({**report, "complete": 1}, REPORT)] == [".complete = 1"]
    del report["advice"][0]["owner"]
    report["advice"][1]["rank"] = "2"
    assert sorted(mistakes(report, REPORT)) == [".advice[0].owner is missing", ".advice[1].rank = '2'"]
    gaps = unexplained({"a": None, "b": {"c": None}, "unknown": {"a": "why"}}, "", {"a": None, "b": (None, {"c": TEXT})})
    assert [*gaps] == [".b.c"]
