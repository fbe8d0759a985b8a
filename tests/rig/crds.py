"""Minimal CustomResourceDefinitions of our own for the groups that gpuctl reads: any fields, status as a subresource."""

from __future__ import annotations

from typing import Any

from gpuctl.sources.kubernetes.wanted import TABLE

BUILT_IN = frozenset(
    {"", "apps", "batch", "policy", "autoscaling", "coordination.k8s.io", "resource.k8s.io", "scheduling.k8s.io"},
)
MORE = (("nfd.k8s-sigs.io", ("v1alpha1",), "nodefeatures", "NodeFeature", True),)


def definitions() -> list[dict[str, Any]]:
    """One CRD for each custom kind in the table of what is read, and for some that stand beside them."""
    rows = [(w.group, w.versions, w.resource, w.kind, w.namespaced) for w in TABLE if w.group not in BUILT_IN]
    return [_definition(*row) for row in dict.fromkeys((*rows, *MORE))]


def _definition(group: str, versions: tuple[str, ...], plural: str, kind: str, namespaced: bool) -> dict[str, Any]:
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    annotations = {"api-approved.kubernetes.io": "unapproved, for tests"} if group.endswith(".k8s.io") else {}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}", "annotations": annotations},
        "spec": {
            "group": group,
            "scope": "Namespaced" if namespaced else "Cluster",
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
            "versions": [
                {"name": version, "served": True, "storage": index == 0, "schema": schema, "subresources": {"status": {}}}
                for index, version in enumerate(versions)
            ],
        },
    }
