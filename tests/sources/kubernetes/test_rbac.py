"""The role as it is printed: valid YAML, get and list alone, each right explained."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml

from gpuctl.cli.main import run
from gpuctl.sources.kubernetes import rbac
from gpuctl.sources.kubernetes.wanted import TABLE, rules
from tests.rig.cluster import ControlPlane


def test_printed_text_is_the_role() -> None:
    assert yaml.safe_load(rbac.text()) == rbac.role()
    assert rbac.role()["kind"] == "ClusterRole"


def test_only_get_and_list_and_never_secrets() -> None:
    for rule in rules() + rules("team-a"):
        assert set(rule["verbs"]) <= {"get", "list"}
        assert "*" not in rule["resources"] + rule["apiGroups"]
        assert "secrets" not in rule["resources"]
        assert "configmaps" not in rule["resources"] or (rule["resourceNames"] and rule["verbs"] == ["get"])


def test_each_right_says_what_it_is_for() -> None:
    text = " ".join(rbac.text().replace("\n#   ", " ").split())
    for row in TABLE:
        assert re.search(rf"[ ,]{re.escape(row.name)}(?:, [a-z0-9.-]+)*: {re.escape(row.why)}", text), row.name


def test_what_a_right_shows_beyond_need_is_said() -> None:
    text = rbac.text()
    assert "also shows environment values, arguments and annotations of every pod" in " ".join(text.replace("#", "").split())
    assert all(len(line) <= 160 for line in text.splitlines())


def test_role_of_a_namespace_says_what_it_cannot_grant() -> None:
    role = yaml.safe_load(rbac.text("team-a"))
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "team-a")
    granted = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert "pods" in granted
    assert not granted & {"nodes", "resourceslices", "clusterqueues", "leases"}
    assert "#   nodes\n" in rbac.text("team-a")


@pytest.mark.control_plane
@pytest.mark.parametrize("namespace", [None, "team-rbac"])
def test_it_applies_as_printed(
    namespace: str | None, control_plane: ControlPlane, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if namespace:
        control_plane.kubectl("create", "namespace", namespace)
    assert run(["rbac", *(["--namespace", namespace] if namespace else [])]) == 0
    printed = capsys.readouterr().out
    file = tmp_path / "role.yaml"
    file.write_text(printed, "utf-8")
    kind = "role" if namespace else "clusterrole"
    done = control_plane.kubectl("apply", "--dry-run=server", "-f", str(file))
    assert f"{kind}.rbac.authorization.k8s.io/gpuctl-reader created" in done.stdout
    assert done.stderr == ""
    bindings = re.findall(r"kubectl (create .*)", printed)
    assert len(bindings) == 2
    for line in bindings:
        made: subprocess.CompletedProcess[str] = control_plane.kubectl(*shlex.split(line), "--dry-run=server")
        assert "created" in made.stdout
