"""The role that `gpuctl rbac` prints: what each right is for, and what it really allows."""

from __future__ import annotations

import textwrap
from typing import Any

import yaml

from gpuctl.sources.kubernetes.wanted import TABLE, Wanted, rules

_TEMPLATES = "also shows environment values, arguments and annotations of its pod template"
_SHOWS = {
    "nodes": "also shows addresses and the images on every node",
    "pods": "also shows environment values, arguments and annotations of every pod",
    "events": "also shows messages of all programs that write events; gpuctl asks for warnings, nodes and scaling only",
    "leases.coordination.k8s.io": "the right covers leases of every namespace; gpuctl asks in kube-node-lease only",
    "configmaps": "only those named: add the name at spec.devicePlugin.config.name of your ClusterPolicy if it is another",
}
_WITH_TEMPLATES = frozenset({"apps", "batch", "batch.volcano.sh", "jobset.x-k8s.io", "leaderworkerset.x-k8s.io", "trainer.kubeflow.org",
                             "kubeflow.org", "ray.io"})  # fmt: skip
_WITH_TEMPLATES_TOO = frozenset({"workloads.kueue.x-k8s.io", "scaledjobs.keda.sh"})


def role(namespace: str | None = None, name: str = "gpuctl-reader") -> dict[str, Any]:
    """The ClusterRole, or with `namespace` the Role, as an object of the API."""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    kind = "ClusterRole" if namespace is None else "Role"
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": kind, "metadata": metadata, "rules": rules(namespace)}


def text(namespace: str | None = None, name: str = "gpuctl-reader") -> str:
    """YAML ready for `kubectl apply -f -`, with comments that explain each right and how to bind the role."""
    where = "in the whole cluster" if namespace is None else f"in namespace {namespace}"
    lines = [
        f"# What `gpuctl doctor` reads {where}: get and list, nothing else. It changes nothing, watches nothing and reads no Secrets;",
        "# no exec, no proxy, no impersonation. Who has this role can read all of each object below, not only what gpuctl keeps:",
        "# of environment values that is literal NVIDIA_*, NV_*, CUDA_*, LD_LIBRARY_PATH and TORCH_CUDA_ARCH_LIST, of arguments nothing.",
        "# Discovery (/api, /apis, /version) is open to everyone who is logged in by the ClusterRole system:discovery.",
        "# A rule that is left out costs only what it is for: the report names it as not assessed.",
    ]
    if namespace is not None:
        absent = sorted({row.name for row in TABLE if not row.namespaced or row.within not in {None, namespace}})
        lines.append("# A Role cannot grant these, and what needs them is not assessed:")
        lines += [f"#   {resource}" for resource in absent]
    lines.append("#")
    for names, why in _reasons(namespace):
        lines += textwrap.wrap(f"{', '.join(names)}: {why}", 120, initial_indent="# ", subsequent_indent="#   ", break_on_hyphens=False)
    binding, flags = ("clusterrolebinding", f"--clusterrole={name}") if namespace is None else ("rolebinding", f"--role={name}")
    place = f" --namespace={namespace}" if namespace else ""
    lines += [
        "#",
        f"# Bind it to a group: kubectl create {binding} {name}{place} {flags} --group=gpu-operators",
        f"# or to a service account: kubectl create {binding} {name}{place} {flags} --serviceaccount=default:gpuctl",
    ]
    return "\n".join(lines) + "\n" + yaml.dump(role(namespace, name), Dumper=_Plain, sort_keys=False, width=120, default_flow_style=None)


def _reasons(namespace: str | None) -> list[tuple[list[str], str]]:
    """Names of resources, and why they are read and what reading them shows; those with equal words stand together."""
    granted = {(group, resource) for rule in rules(namespace) for group in rule["apiGroups"] for resource in rule["resources"]}
    found: dict[str, list[str]] = {}
    for row in TABLE:
        if (row.group, row.resource) in granted:
            found.setdefault(f"{row.why}{'; required' if row.need == 'required' else ''}{_also(row)}", []).append(row.name)
    found[f"how the device plugin shares GPUs ({_SHOWS['configmaps']})"] = ["configmaps"]
    return [(names, why) for why, names in found.items()]


def _also(row: Wanted) -> str:
    shows = _SHOWS.get(row.name)
    if shows is None and (row.group in _WITH_TEMPLATES or row.name in _WITH_TEMPLATES_TOO):
        shows = _TEMPLATES
    return f" ({shows})" if shows else ""


class _Plain(yaml.SafeDumper):
    """Writes a list that occurs twice twice: anchors puzzle readers of a role."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002  the signature is PyYAML's
        return True
