"""The role as it is printed: valid YAML, get and list alone, each right explained."""

from __future__ import annotations

import yaml

from gpuctl.sources.kubernetes import rbac
from gpuctl.sources.kubernetes.wanted import TABLE, rules


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
    text = rbac.text()
    for row in TABLE:
        assert f"# {row.name}: {row.why}" in text


def test_role_of_a_namespace_says_what_it_cannot_grant() -> None:
    role = yaml.safe_load(rbac.text("team-a"))
    assert (role["kind"], role["metadata"]["namespace"]) == ("Role", "team-a")
    granted = {resource for rule in role["rules"] for resource in rule["resources"]}
    assert "pods" in granted
    assert not granted & {"nodes", "resourceslices", "clusterqueues", "leases"}
    assert "#   nodes\n" in rbac.text("team-a")
