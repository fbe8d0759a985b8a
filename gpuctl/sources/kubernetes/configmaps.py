"""The few ConfigMaps that matter, each by its name: never listed, since others may hold anything."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec

from gpuctl.model.stack import SharingConfig
from gpuctl.parsers.device_plugin_config import is_device_plugin_config, parse
from gpuctl.parsers.yaml_documents import documents
from gpuctl.sources.kubernetes.client import Client, Failed, StatusFailure
from gpuctl.sources.kubernetes.crew import Crew

_OPERATOR_NAMESPACE: Final = "gpu-operator"
"""Where the GPU Operator's documentation installs it; used when none of its DaemonSets tells.

Source: https://docs.nvidia.com/datacenter/cloud-native/gpu-operator/latest/getting-started.html (2026-11-24)
"""


class _ConfigMap(msgspec.Struct):
    data: dict[str, str] = {}


def sharing_configs(client: Client, crew: Crew, facts: dict[str, tuple[Any, ...]]) -> tuple[tuple[SharingConfig, ...] | None, list[str]]:
    """What the ConfigMaps that ClusterPolicies name say of sharing, and the reasons for those that could not be read."""
    if not facts.get("cluster_policies"):
        return None, ["no ClusterPolicy tells which ConfigMap configures the device plugin"]
    names = sorted({policy.device_plugin_config for policy in facts.get("cluster_policies", ()) if policy.device_plugin_config})
    found: list[SharingConfig] = []
    missing: list[str] = []
    for name in names:
        path = f"/api/v1/namespaces/{_namespace(facts)}/configmaps/{name}"
        try:
            answer = crew.call(partial(client.get, path, resource="configmaps"))
            if answer is None:
                missing.append(f"ConfigMap {name}: not read in time")
            else:
                found += _configs(answer.body)
        except StatusFailure as failure:
            missing.append(_refused(name, path, failure.message) if failure.code == 403 else f"{path}: {failure}")
        except (Failed, msgspec.MsgspecError, ValueError) as error:
            missing.append(f"{path}: {error}")
    return (tuple(found) if found or not missing else None), missing


def _configs(body: bytes) -> list[SharingConfig]:
    """Each key of the ConfigMap is a configuration of its own, that a node's label can choose."""
    data = msgspec.json.decode(body, type=_ConfigMap).data
    return [
        parse(document, key)
        for key, text in sorted(data.items())
        for document in documents(text)
        if isinstance(document, dict) and is_device_plugin_config(document)
    ]


def _namespace(facts: dict[str, tuple[Any, ...]]) -> str:
    """Where the device plugin's DaemonSet runs: its configuration is beside it."""
    for workload in facts.get("workloads", ()):
        if workload.kind == "DaemonSet" and "device-plugin" in (workload.name or "") and workload.namespace:
            return str(workload.namespace)
    return _OPERATOR_NAMESPACE


def _refused(name: str, path: str, message: str) -> str:
    return (
        f'RBAC refuses get of {path}: the rule apiGroups [""], resources ["configmaps"], resourceNames ["{name}"], verbs ["get"] '
        f"is missing; `gpuctl rbac` prints the role ({message[:300]})"
    )
