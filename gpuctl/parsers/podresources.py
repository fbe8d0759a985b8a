"""The kubelet's PodResources API as JSON: which container holds which devices.

Source: https://github.com/kubernetes/kubelet/blob/master/pkg/apis/podresources/v1/api.proto; both spellings of its keys are read.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from gpuctl.model.workloads import Pod, PodDevices

_REASON = "the kubelet's list of devices does not tell it"
_NOT_TOLD = ("phase", "owner", "cpu", "memory_bytes", "images", "created", "containers", "conditions", "placement")


def is_podresources(document: dict[str, Any]) -> bool:
    """Whether a JSON object is an answer to PodResources' List."""
    return isinstance(_get(document, "pod_resources", "podResources"), list)


def parse(document: dict[str, Any], node: str | None = None) -> tuple[Pod, ...]:
    """Pods with their devices; every device id stands for one requested device."""
    return tuple(
        _pod(entry, node)
        for entry in _get(document, "pod_resources", "podResources") or ()
        if isinstance(entry, dict) and entry.get("name")
    )


def _pod(entry: dict[str, Any], node: str | None) -> Pod:
    devices = []
    requests: Counter[str] = Counter()
    for container in _dicts(entry.get("containers")):
        for device in _dicts(container.get("devices")):
            resource = _get(device, "resource_name", "resourceName")
            ids = _get(device, "device_ids", "deviceIds")
            if isinstance(resource, str) and isinstance(ids, list):
                held = tuple(str(item) for item in ids if isinstance(item, (str, int)))
                devices.append(PodDevices(container=_text(container.get("name")), resource=resource, ids=held))
                requests[resource] += len(held)
    return Pod(
        namespace=_text(entry.get("namespace")), name=_text(entry["name"]), node=node, devices=tuple(devices),
        requests={name: float(number) for name, number in sorted(requests.items())}, unknown=dict.fromkeys(_NOT_TOLD, _REASON),
    )  # fmt: skip


def _get(document: dict[str, Any], snake: str, camel: str) -> Any:
    return document.get(snake, document.get(camel))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
