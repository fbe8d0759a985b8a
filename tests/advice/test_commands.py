"""Commands are pasted into shells: run with `sh`, they must start kubectl alone, with names as they are."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
from msgspec import structs

from gpuctl.advice.actions import REMEDIES
from gpuctl.advice.advise import advise
from gpuctl.advice.commands import Kubectl
from gpuctl.advice.item import Item
from gpuctl.advice.quoting import CannotPrint, quote
from gpuctl.findings import Action, ActionKind, Component, Finding, Severity
from gpuctl.knowledge import settings as knowledge
from gpuctl.model.nodes import NodeMig
from gpuctl.model.subject import Subject
from gpuctl.model.workloads import Owner
from tests.advice.fleet import node, pod, view

SHOWN = [
    "it's",
    "a b",
    "$(touch pwned)",
    "`touch pwned`",
    "'; touch pwned; '",
    "-rf",
    "--all",
    "a\\",
    '"',
    "*",
    "~",
    "é",
    "x;y|z&",
    "#c",
    "!!",
    "{a,b}",
]
NOT_SHOWN = ["a\nb", "\x1b[31mred", "a\u202eb", "a\rb", "tab\t", "\u2028", "\x00", "\ud800"]


def every_kind(name: str, context: str | None) -> list[Item]:
    """One item of each kind, whose node, pods, namespaces, GPU and arguments all have the hostile name."""
    plugin = pod(name, gpus=0, on=name, namespace=name, owner=Owner(kind="DaemonSet", name="nvidia-device-plugin-daemonset"))
    driver = structs.replace(plugin, name=name + "d", owner=Owner(kind="DaemonSet", name="nvidia-driver-daemonset"))
    busy = structs.replace(pod(name + "b", gpus=1, on=name, hours=1, namespace=name), owner=None)
    machine = structs.replace(node(name, offered=4), mig=NodeMig(config="all-disabled"))
    seen = view([machine], [plugin, driver, busy], context=context)
    items: list[Item] = []
    for kind in ActionKind:
        for target in (
            Subject(kind="node", name=name, node=name),
            Subject(kind="gpu", node=name, gpu=name),
            Subject(kind="pod", name=name + "b", namespace=name, node=name),
            Subject(kind="queue", name=name, namespace=name),
        ):
            finding = Finding(
                subject=target,
                severity=Severity.HIGH,
                message="m",
                evidence=(),
                gpus=4,
                component=Component.NODE,
                nodes=(name,),
                actions=(Action(kind=kind, target=target, args={"taint": name + "=x:NoSchedule", "config": name}),),
            ).named("code")
            items += advise([finding], seen)
    return items


def commands(items: list[Item]) -> list[str]:
    return [step.command for item in items for step in (*item.steps, *item.rollback) if step.command is not None]


@pytest.fixture
def recorded(tmp_path: Path):
    """Runs a command under `sh` with a PATH that has only a kubectl (and host tools) that writes its arguments down."""
    tools = tmp_path / "bin"
    tools.mkdir()
    log = tmp_path / "log"
    script = f"#!/bin/sh\nprintf '%s\\0' \"${{0##*/}}\" \"$@\" >> '{log}'\nprintf '\\0' >> '{log}'\n"
    for tool in ("kubectl", "nvidia-smi", "systemctl", "journalctl", "lsmod", "modinfo", "nvidia-bug-report.sh", "touch"):
        (tools / tool).write_text(script)
        (tools / tool).chmod(0o755)

    def run(command: str) -> list[list[str]]:
        log.write_bytes(b"")
        done = subprocess.run(
            ["/bin/sh", "-c", command],
            cwd=tmp_path,
            env={"PATH": str(tools), "HOME": "/nowhere"},
            capture_output=True,
            timeout=20,
            check=False,
        )
        assert done.returncode == 0, (command, done.stderr)
        assert sorted(os.listdir(tmp_path)) == ["bin", "log"]
        calls = log.read_bytes().split(b"\0\0")[:-1]
        return [[word.decode() for word in call.split(b"\0")] for call in calls]

    return run


@pytest.mark.parametrize("hostile", SHOWN)
def test_a_hostile_name_is_one_argument_and_nothing_else_runs(hostile, recorded):
    found = sorted(set(commands(every_kind(hostile, context=hostile))))
    assert len(found) > 15
    calls = recorded("\n".join(found))
    assert not [call for call in calls if call[0] == "touch"]
    lines = [shlex.split(line) for command in found for line in command.splitlines()]
    assert calls == lines
    for line in lines:
        if line[0] == "kubectl":
            assert line[1:3] == ["--context", hostile]
            around = {
                hostile,
                hostile + "b",
                hostile + "d",
                "spec.nodeName=" + hostile,
                hostile + "=x:NoSchedule",
                hostile + "=x:NoSchedule-",
            }
            around |= {"nvidia.com/mig.config=" + hostile}
            assert around & set(line[3:])


@pytest.mark.parametrize("hostile", ["-rf", "--all", "-n"])
def test_a_name_that_looks_like_a_flag_stands_behind_two_dashes(hostile):
    drains = [shlex.split(line) for command in commands(every_kind(hostile, None)) for line in command.splitlines() if " drain " in line]
    assert drains
    assert all(words.index("--") < words.index(hostile) for words in drains)


@pytest.mark.parametrize("hostile", NOT_SHOWN)
def test_a_name_that_a_terminal_does_not_show_gives_no_command_and_says_so(hostile):
    with pytest.raises(CannotPrint):
        quote(hostile)
    items = every_kind(hostile, None)
    assert not [command for command in commands(items) if hostile in command or not command.replace("\n", "").isprintable()]
    assert any("no command is printed" in step.say for item in items for step in item.steps)


@pytest.mark.parametrize("hostile", ["a=b", "ends-"])
def test_a_name_that_kubectl_would_read_as_a_label_is_not_printed_there(hostile):
    assert not [command for command in commands(every_kind(hostile, None)) if re.search(r"\b(label|taint)\b.* nodes ", command)]


def test_no_command_deletes_a_node_or_a_namespace_or_takes_all():
    for command in commands(every_kind("gpu-1", "prod")):
        words = [word for line in command.splitlines() for word in shlex.split(line)]
        assert not {"--all", "-A", "--all-namespaces"} & set(words) or "--field-selector" in words
        assert "rm" not in words
        assert "delete" not in words or words[words.index("delete") + 1] == "pods"
        assert not re.search(r"[<>\[\]]", command)


def test_whatever_ends_pods_names_them():
    for item in every_kind("gpu-1", None):
        for step in item.steps:
            if step.command is not None and re.search(r"\b(drain|delete|--gpu-reset)\b", step.command):
                assert step.interrupts, step
                assert "delete" in step.command or "gpu-1/gpu-1b" in step.interrupts


def test_every_kind_of_remedy_is_known_and_has_its_effort():
    assert set(REMEDIES) == set(ActionKind)
    for kind in ActionKind:
        assert knowledge.rows()[f"effort_minutes.{kind}"].basis == "estimate"


def test_many_nodes_are_written_out():
    names = [f"gpu-{number}" for number in range(3)]
    plugins = [
        pod(f"plugin-{name}", gpus=0, on=name, namespace="ops", owner=Owner(kind="DaemonSet", name="nvidia-device-plugin-daemonset"))
        for name in names
    ]
    found = []
    for name in names:
        subject = Subject(kind="node", name=name, node=name)
        actions = (Action(kind=ActionKind.RESTART_DEVICE_PLUGIN, target=subject),)
        found.append(
            Finding(
                subject=subject,
                severity=Severity.HIGH,
                message="m",
                evidence=(),
                gpus=8,
                component=Component.DEVICE_PLUGIN,
                nodes=(name,),
                actions=actions,
            ).named("code")
        )
    (item,) = advise(found, view([node(name, offered=0) for name in names], plugins, context="prod"))
    assert item.steps[0].command == "kubectl --context 'prod' -n 'ops' delete pods 'plugin-gpu-0' 'plugin-gpu-1' 'plugin-gpu-2'"
    assert item.steps[0].interrupts == ("ops/plugin-gpu-0", "ops/plugin-gpu-1", "ops/plugin-gpu-2")


@pytest.mark.parametrize("hostile", SHOWN)
def test_a_quota_is_raised_by_one_patch(hostile, recorded):
    (call,) = recorded(Kubectl("prod").set_quota(hostile, hostile, hostile, "12"))
    assert json.loads(call[call.index("-p") + 1]) == {"spec": {"hard": {hostile: "12"}}}
    assert call[:6] == ["kubectl", "--context", "prod", "-n", hostile, "patch"]
