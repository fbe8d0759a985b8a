"""NVIDIA device plugin's configuration: how many pods share one device.

Source: https://github.com/NVIDIA/k8s-device-plugin (shared access: `sharing.timeSlicing`, `sharing.mps`, `flags.migStrategy`).
"""

from __future__ import annotations

from typing import Any

from gpuctl.model.stack import SharingConfig, SharingRule
from gpuctl.units import count


def is_device_plugin_config(document: dict[str, Any]) -> bool:
    """Whether a YAML document is such a configuration."""
    return (
        document.get("version") == "v1"
        and "kind" not in document
        and any(isinstance(document.get(key), dict) for key in ("sharing", "flags"))
    )


def parse(document: dict[str, Any], name: str | None) -> SharingConfig:
    """The sharing rules; `name` is that of the file or of the ConfigMap's key."""
    flags, sharing = document.get("flags"), document.get("sharing")
    strategy = flags.get("migStrategy") if isinstance(flags, dict) else None
    rules: list[SharingRule] = []
    for key, mode in (("timeSlicing", "time-slicing"), ("mps", "mps")):
        section = sharing.get(key) if isinstance(sharing, dict) else None
        if isinstance(section, dict):
            rules.extend(_rules(section, mode))
    return SharingConfig(name=name, mig_strategy=strategy if isinstance(strategy, str) else None, rules=tuple(rules))


def _rules(section: dict[str, Any], mode: str) -> list[SharingRule]:
    rules = []
    resources = section.get("resources")
    for entry in resources if isinstance(resources, list) else ():
        resource = entry.get("name") if isinstance(entry, dict) else None
        replicas = count(entry.get("replicas")) if isinstance(resource, str) else None
        if isinstance(resource, str) and replicas is not None:
            renamed = entry.get("rename")
            if not isinstance(renamed, str):
                renamed = f"{resource}.shared" if section.get("renameByDefault") is True else None
            rules.append(SharingRule(resource=resource, replicas=replicas, mode=mode, renamed=renamed))
    return rules
