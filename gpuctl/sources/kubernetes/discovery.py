"""What the API server is and serves: asked first, so that nothing is asked for that is not there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import msgspec

from gpuctl.sources.kubernetes.client import JSON, Client, Failed, StatusFailure
from gpuctl.sources.kubernetes.wanted import TABLE, Wanted

_AGGREGATED: Final = ", ".join(
    (*(f"{JSON};g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList" for version in ("v2", "v2beta1")), f"{JSON};q=0.9")
)
"""One answer with all groups, versions and resources (v1.26 and newer); older servers answer the plain list of groups.

Source: https://kubernetes.io/docs/concepts/overview/kubernetes-api/#aggregated-discovery (2026-11-24)
"""


@dataclass(frozen=True)
class Discovery:
    """`version`: of the server. `served`: versions by (group, resource). `failed`: why a group could not be looked at."""

    version: str | None = None
    groups: frozenset[str] = frozenset()
    served: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)

    def version_of(self, row: Wanted) -> str | None:
        """The best version of a wanted kind that is served; None: it is not served."""
        if not row.group:
            return row.versions[0]
        served = self.served.get((row.group, row.resource), ())
        return next((version for version in row.versions if version in served), None)


class _Resource(msgspec.Struct):
    resource: str = ""
    name: str = ""


class _Version(msgspec.Struct):
    version: str = ""
    resources: list[_Resource] = []


class _GroupMeta(msgspec.Struct, frozen=True):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _GroupMeta = _GroupMeta()
    name: str = ""
    versions: list[_Version] = []


class _Groups(msgspec.Struct):
    kind: str = ""
    items: list[_Group] = []
    groups: list[_Group] = []


class _Resources(msgspec.Struct):
    resources: list[_Resource] = []


class _ServerVersion(msgspec.Struct, rename="camel"):
    git_version: str | None = None


class _CountMeta(msgspec.Struct, frozen=True, rename="camel"):
    remaining_item_count: int | None = None


class _Count(msgspec.Struct):
    items: list[msgspec.Raw]
    metadata: _CountMeta = _CountMeta()


def discover(client: Client) -> Discovery:
    """Version and served resources. Raises SourceError when the server cannot be asked at all."""
    try:
        version = msgspec.json.decode(client.first("/version").body, type=_ServerVersion).git_version
    except msgspec.MsgspecError:
        version = None
    failed: dict[str, str] = {}
    served: dict[tuple[str, str], tuple[str, ...]] = {}
    groups: frozenset[str] = frozenset()
    try:
        found = msgspec.json.decode(client.get("/apis", accept=_AGGREGATED).body, type=_Groups)
    except (Failed, msgspec.MsgspecError) as error:
        reason = f"the API server's discovery cannot be read: {error}"
        failed = {row.group: reason for row in TABLE if row.group}
    else:
        groups = frozenset(group.metadata.name or group.name for group in found.items + found.groups)
        for group in found.items:
            for one in group.versions:
                for resource in one.resources:
                    _add(served, group.metadata.name, resource.resource, one.version)
        for group in found.groups:
            _ask_group(client, group, served, failed)
    return Discovery(version, groups, served, failed)


def _ask_group(client: Client, group: _Group, served: dict[tuple[str, str], tuple[str, ...]], failed: dict[str, str]) -> None:
    """The resources of a group on servers without aggregated discovery; only of groups and versions that matter."""
    wanted = {version for row in TABLE if row.group == group.name for version in row.versions}
    for version in group.versions:
        if version.version not in wanted:
            continue
        try:
            body = client.get(f"/apis/{group.name}/{version.version}").body
            for resource in msgspec.json.decode(body, type=_Resources).resources:
                _add(served, group.name, resource.name, version.version)
        except (Failed, msgspec.MsgspecError) as error:
            failed[group.name] = f"discovery of {group.name}/{version.version} failed: {error}"


def _add(served: dict[tuple[str, str], tuple[str, ...]], group: str, resource: str, version: str) -> None:
    served[group, resource] = (*served.get((group, resource), ()), version)


def count_pods(client: Client) -> int | None:
    """How many pods there are: one pod and the server's count of the rest. None when it does not tell."""
    try:
        answer = client.get("/api/v1/pods", {"limit": "1"}, resource="pods")
        counted = msgspec.json.decode(answer.body, type=_Count)
    except (StatusFailure, Failed, msgspec.MsgspecError):
        return None  # the list itself will say why
    return len(counted.items) + (counted.metadata.remaining_item_count or 0)


_BY_VERSION: Final = (("-eks-", "eks"), ("-gke.", "gke"), ("+k3s", "k3s"), ("+rke2", "rke2"), ("+k0s", "k0s"), ("-aliyun.", "ack"),
                      ("-tke.", "tke"), ("+vmware", "tkg"))  # fmt: skip
_BY_GROUP: Final = (("config.openshift.io", "openshift"), ("management.cattle.io", "rancher"))
_BY_PROVIDER: Final = (("azure", "aks"), ("kind", "kind"), ("k3s", "k3s"))


def distribution(found: Discovery, provider_ids: list[str]) -> str | None:
    """Which Kubernetes this is, by its version, its API groups and how its nodes are named; None when nothing tells."""
    version = found.version or ""
    for part, name in _BY_VERSION:
        if part in version:
            return name
    for group, name in _BY_GROUP:
        if group in found.groups:
            return name
    schemes = {provider_id.split("://", 1)[0] for provider_id in provider_ids}
    return next((name for scheme, name in _BY_PROVIDER if schemes == {scheme}), None)
