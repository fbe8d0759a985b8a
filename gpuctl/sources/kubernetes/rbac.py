"""The role that `gpuctl rbac` prints: what each right is for, and what it really allows."""

from __future__ import annotations

from typing import Any

import yaml

from gpuctl.sources.kubernetes.wanted import TABLE, rules

_SHOWS = {
    "pods": "also shows environment values, arguments and annotations of every pod; gpuctl keeps none of them",
    "events": "also shows messages of programs that write events; gpuctl asks for warnings, nodes and scaling only",
    "configmaps": "only those named: add the name at spec.devicePlugin.config.name of your ClusterPolicy if it is another",
}


def role(namespace: str | None = None) -> dict[str, Any]:
    """The ClusterRole, or with `namespace` the Role, as an object of the API."""
    name = {"name": "gpuctl"} if namespace is None else {"name": "gpuctl", "namespace": namespace}
    kind = "ClusterRole" if namespace is None else "Role"
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": name, "rules": rules(namespace)}


def text(namespace: str | None = None) -> str:
    """YAML ready for `kubectl apply -f -`, with comments that explain each right and how to bind the role."""
    where = "in the whole cluster" if namespace is None else f"in namespace {namespace}"
    lines = [
        f"# What `gpuctl doctor` reads {where}: get and list, nothing else. It changes nothing, watches nothing and reads no Secrets.",
        "# Discovery (/api, /apis, /version) is open to everyone who is logged in by the ClusterRole system:discovery.",
        "# A rule that is left out costs only what it is for: the report names it as not assessed.",
    ]
    if namespace is not None:
        absent = sorted({row.name for row in TABLE if not row.namespaced or row.within not in {None, namespace}})
        lines.append("# A Role cannot grant these, and what needs them is not assessed:")
        lines += [f"#   {name}" for name in absent]
    lines.append("#")
    lines += [f"# {resource}: {why}" for resource, why in _reasons(namespace)]
    flag = f"--role=gpuctl --namespace={namespace}" if namespace else "--clusterrole=gpuctl"
    command = "rolebinding" if namespace else "clusterrolebinding"
    lines += [
        "#",
        f"# Bind it to a group: kubectl create {command} gpuctl {flag} --group=gpu-operators",
        f"# or to a service account: kubectl create {command} gpuctl {flag} --serviceaccount=default:gpuctl",
    ]
    return "\n".join(lines) + "\n" + yaml.dump(role(namespace), Dumper=_Plain, sort_keys=False, width=120, default_flow_style=None)


def _reasons(namespace: str | None) -> list[tuple[str, str]]:
    granted = {(group, resource) for rule in rules(namespace) for group in rule["apiGroups"] for resource in rule["resources"]}
    found = [
        (row.name, f"{row.why}{'; required' if row.need == 'required' else ''}{_also(row.name)}")
        for row in TABLE
        if (row.group, row.resource) in granted
    ]
    return [*found, ("configmaps", f"how the device plugin shares GPUs{_also('configmaps')}")]


def _also(name: str) -> str:
    return f" ({_SHOWS[name]})" if name in _SHOWS else ""


class _Plain(yaml.SafeDumper):
    """Writes a list that occurs twice twice: anchors puzzle readers of a role."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True
