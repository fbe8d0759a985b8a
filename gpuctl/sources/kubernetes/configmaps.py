"""The few ConfigMaps that matter, each by its name: never listed, since others may hold anything."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from gpuctl.parsers.k8s_assembly import Assembly
from gpuctl.sources.kubernetes.client import Client, Failed, StatusFailure
from gpuctl.sources.kubernetes.crew import Crew

_OPERATOR_NAMESPACE: Final = "gpu-operator"
"""Where the GPU Operator's documentation installs it; used when none of its DaemonSets tells.

Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/getting-started.html (2026-11-24)
"""


def read_config_maps(client: Client, crew: Crew, assembly: Assembly, facts: dict[str, tuple[Any, ...]]) -> list[str] | None:
    """Read the ConfigMaps that ClusterPolicies name. The reasons for those that could not be; None: none was added or missed."""
    names = sorted({name for policy in facts.get("cluster_policies", ()) for name in (policy.device_plugin_config,) if name})
    if not names or crew.over():
        return None
    namespace = next(
        (
            workload.namespace
            for workload in facts.get("workloads", ())
            if workload.kind == "DaemonSet" and "device-plugin" in (workload.name or "") and workload.namespace
        ),
        _OPERATOR_NAMESPACE,
    )
    missing: list[str] = []
    for name in names:
        reason = crew.call(partial(_read, client, assembly, namespace, name))
        if reason is None:
            missing.append(f"ConfigMap {namespace}/{name}: not read in time")
        elif reason:
            missing.append(reason)
    return missing


def _read(client: Client, assembly: Assembly, namespace: str, name: str) -> str:
    """An empty text when it was read, else the reason."""
    try:
        answer = client.get(f"/api/v1/namespaces/{namespace}/configmaps/{name}", resource="configmaps")
        assembly.add_document(answer.body)
    except StatusFailure as failure:
        if failure.code == 403:
            return (
                f'RBAC refuses get of ConfigMap {namespace}/{name}: the rule apiGroups [""], resources ["configmaps"], resourceNames '
                f'["{name}"], verbs ["get"] is missing; `gpuctl rbac` prints the role ({failure.message[:300]})'
            )
        return f"ConfigMap {namespace}/{name}: {failure}"
    except (Failed, ValueError) as error:
        return f"ConfigMap {namespace}/{name}: {error}"
    return ""
