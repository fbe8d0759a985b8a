"""Nodes: what the API and the labels of feature discovery, operators and clouds tell of a machine."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from gpuctl.knowledge.accelerators import classify
from gpuctl.knowledge.taints import set_at
from gpuctl.model.nodes import Cuda, Driver, GpuLabels, Node, NodeMig, Sharing, Taint
from gpuctl.parsers import k8s_raw as raw
from gpuctl.parsers.k8s_dialect import NOTHING, Dialect, readable
from gpuctl.parsers.k8s_stack import accelerator_vendor
from gpuctl.units import count, quantity

POOL_LABELS = (
    "cloud.google.com/gke-nodepool", "eks.amazonaws.com/nodegroup", "alpha.eksctl.io/nodegroup-name", "kubernetes.azure.com/agentpool",
    "agentpool", "karpenter.sh/nodepool", "karpenter.sh/provisioner-name", "node.cluster.x-k8s.io/machinedeployment",
    "doks.digitalocean.com/node-pool", "vks.vmware.com/nodepool", "ibm-cloud.kubernetes.io/worker-pool-name",
)  # fmt: skip
"""Labels that name a node pool, in the order in which they count."""
_LONGEST_LABEL = 256
_MIG_UNDONE = frozenset({"pending", "rebooting", "failed"})
"""Values of `nvidia.com/mig.config.state` other than success (mig-parted, to 2026-08)."""
_PROVIDERS = {"aws": "eks", "gce": "gke", "azure": "aks"}
_PCI_LABEL = re.compile(r"feature\.node\.kubernetes\.io/pci-(?:(\w{4})_)?(\w{4})(?:_\w+)*\.present")
_AMD = re.compile(r"(?:beta\.)?amd\.com/gpu\.([a-z-]+)(?:\.(.+))?")
_INTEL = re.compile(r"gpu\.intel\.com/device-id\.[0-9a-f]{4}-([0-9a-f]{4})\.(count|present)")
_EMPTY_META, _EMPTY_SPEC, _EMPTY_STATUS, _EMPTY_INFO = raw.NodeMeta(), raw.NodeSpec(), raw.NodeStatus(), raw.SystemInfo()
_N = "nvidia.com/"


def node(item: Any, dialect: Dialect, cluster: str | None, stamped: Callable[[datetime | None], None]) -> Node:
    """A node of either wire format as a fact."""
    meta, spec, status = item.metadata or _EMPTY_META, item.spec or _EMPTY_SPEC, item.status or _EMPTY_STATUS
    info = (status.node_info if dialect.has(status, "node_info") else None) or _EMPTY_INFO
    labels = {key: value for key, value in dialect.texts(meta.labels).items() if len(value) <= _LONGEST_LABEL} if meta.labels else {}
    unknown = {"gpus": "the API shows counts only"}
    before = dialect.losses
    conditions = dialect.facts_of_conditions(status.conditions) if status.conditions else None
    conditions = conditions or None if dialect.losses > before else conditions
    sizes: dict[str, dict[str, float] | None] = {}
    for name in ("capacity", "allocatable"):
        slot, before = getattr(status, name), dialect.losses
        found = dialect.amounts(slot) if slot else NOTHING
        if dialect.losses > before:
            unknown[name] = "it is not a map of quantities"
        sizes[name] = found.values if slot and dialect.losses == before else None
        unknown.update({f"{name}.{resource}": "the amount is no quantity" for resource in found.unread})
    created = dialect.moment(meta.creation_timestamp)
    heartbeat = dialect.heartbeat(status.conditions) if conditions else None
    taints = tuple(map(_stamped, dialect.taints(spec.taints))) if spec.taints else ()
    for moment in (created, heartbeat, *(c.since for c in conditions or ()), *(t.time_added for t in taints)):
        stamped(moment)
    ready = next((c.status for c in conditions or () if c.type == "Ready"), None)
    provider_id = readable(spec.provider_id) or None
    addresses = tuple(readable(a.address) for a in status.addresses or () if a.address)
    return Node(
        cluster=cluster,
        name=readable(meta.name) or None,
        aliases=tuple(dict.fromkeys(name for name in (labels.get("kubernetes.io/hostname"),) if name and name != meta.name)),
        addresses=tuple(dict.fromkeys(addresses)),
        machine_id=readable(info.machine_id) or None,
        system_uuid=readable(info.system_uuid) or None,
        boot_id=readable(info.boot_id) or None,
        created=created,
        deleting_since=dialect.moment(meta.deletion_timestamp),
        provider_id=provider_id,
        provider=provider(provider_id, labels),
        instance_type=labels.get("node.kubernetes.io/instance-type") or labels.get("beta.kubernetes.io/instance-type") or None,
        zone=labels.get("topology.kubernetes.io/zone") or labels.get("failure-domain.beta.kubernetes.io/zone") or None,
        pool=next((labels[key] for key in POOL_LABELS if labels.get(key)), None),
        labels=labels,
        taints=taints,
        ready=ready,
        cordoned=bool(spec.unschedulable),
        conditions=conditions,
        capacity=sizes["capacity"],
        allocatable=sizes["allocatable"],
        heartbeat=heartbeat,
        os=readable(info.os_image) or None,
        kernel=readable(info.kernel_version) or labels.get("feature.node.kubernetes.io/kernel-version.full") or None,
        runtime=readable(info.container_runtime_version).replace("://", " ") or None,
        kubelet=readable(info.kubelet_version) or None,
        driver=driver(labels),
        cuda=cuda(labels),
        mig=mig(labels, _mig_time(meta, labels, dialect)),
        sharing=sharing(labels),
        accelerators=accelerators(labels, sizes["capacity"] or {}),
        unknown=unknown,
    )


def _stamped(taint: Taint) -> Taint:
    """With its time, where only the value tells it."""
    moment = set_at(taint.key, taint.value) if taint.time_added is None else None
    return taint if moment is None else replace(taint, time_added=moment)


def told_by_labels(labels: Mapping[str, str], capacity: Mapping[str, float]) -> dict[str, Any]:
    """The facts of a node that its labels alone tell, by field."""
    return {
        "driver": driver(labels),
        "cuda": cuda(labels),
        "mig": mig(labels),
        "sharing": sharing(labels),
        "accelerators": accelerators(labels, capacity),
    }


def provider(provider_id: str | None, labels: Mapping[str, str]) -> str | None:
    """Who runs the node: the scheme of its providerID, by the name of the managed service where there is one."""
    if provider_id and "://" in provider_id:
        scheme = provider_id.partition("://")[0]
        return _PROVIDERS.get(scheme, scheme)
    found = (("cloud.google.com/", "gke"), ("eks.amazonaws.com/", "eks"), ("kubernetes.azure.com/", "aks"))
    return next((name for prefix, name in found if any(key.startswith(prefix) for key in labels)), None)


def _version(labels: Mapping[str, str], full: str, parts: tuple[tuple[str, ...], ...]) -> str | None:
    if labels.get(full):
        return labels[full]
    for names in parts:
        found = [labels.get(name) or "" for name in names]
        if found[0] and found[1]:
            return ".".join(part for part in found if part)
    return None


def driver(labels: Mapping[str, str]) -> Driver | None:
    """The running NVIDIA driver, else AMD's, as labels tell it."""
    version = _version(
        labels,
        _N + "cuda.driver-version.full",
        (
            (_N + "cuda.driver-version.major", _N + "cuda.driver-version.minor", _N + "cuda.driver-version.revision"),
            (_N + "cuda.driver.major", _N + "cuda.driver.minor", _N + "cuda.driver.rev"),
        ),
    ) or labels.get("amd.com/gpu.driver-version") or None  # fmt: skip
    return Driver(version=version, loaded=True) if version else None


def cuda(labels: Mapping[str, str]) -> Cuda | None:
    """The newest CUDA that the driver serves."""
    version = _version(
        labels,
        _N + "cuda.runtime-version.full",
        ((_N + "cuda.runtime-version.major", _N + "cuda.runtime-version.minor"), (_N + "cuda.runtime.major", _N + "cuda.runtime.minor")),
    )
    return Cuda(driver_max=version) if version else None


def _mig_time(meta: Any, labels: Mapping[str, str], dialect: Dialect) -> datetime | None:
    """The latest moment at which the state of the MIG configuration can have been written; read only while it matters.

    The API server stamps an entry of managedFields when its manager adds, changes or removes any field that it owns, so the state
    is at least as old as the entry. Source: https://kubernetes.io/docs/reference/using-api/server-side-apply/ and ManagedFieldsEntry
    in generated.proto of k8s.io/apimachinery v0.37.2 (2026-11-24).
    """
    state = _N + "mig.config.state"
    return dialect.set_at(meta.managed_fields, state) if labels.get(state) in _MIG_UNDONE and meta.managed_fields else None


def mig(labels: Mapping[str, str], config_time: datetime | None = None) -> NodeMig | None:
    """MIG as the labels of discovery and MIG manager tell it."""
    capable = {"true": True, "false": False}.get(labels.get(_N + "mig.capable", ""))
    partition = labels.get("cloud.google.com/gke-gpu-partition-size") or None
    # GKE cuts every card of a pool alike and offers the slices as nvidia.com/gpu, which is what the strategy `single` means.
    # https://cloud.google.com/kubernetes-engine/docs/how-to/gpus-multi (2026-11-24)
    found = NodeMig(
        strategy=labels.get(_N + "mig.strategy") or ("single" if partition else None),
        config=labels.get(_N + "mig.config") or partition,
        config_state=labels.get(_N + "mig.config.state") or None,
        config_time=config_time,
        manager=labels.get(_N + "gpu.deploy.mig-manager") or None,
        capable=True if partition else capable,
    )
    return found if found != NodeMig() else None


def sharing(labels: Mapping[str, str]) -> Sharing | None:
    """How devices are shared, by discovery's labels or GKE's."""
    mode = labels.get(_N + "gpu.sharing-strategy") or labels.get("cloud.google.com/gke-gpu-sharing-strategy") or None
    replicas = count(labels.get(_N + "gpu.replicas")) if labels.get(_N + "gpu.replicas") else None
    if replicas is None:
        replicas = count(labels.get("cloud.google.com/gke-max-shared-clients-per-gpu"))
    mode = "time-slicing" if mode == "time-sharing" else mode
    return Sharing(mode=mode, replicas=replicas) if mode or replicas is not None else None


def accelerators(labels: Mapping[str, str], capacity: Mapping[str, float]) -> GpuLabels | None:
    """What the labels say of accelerators, whichever vendor's; None when they say nothing."""
    found: dict[str, Any] = {}
    pci = {vendor for key, value in labels.items() if value == "true" and (vendor := pci_vendor(key))}
    if pci:
        found["pci_present"] = True
        found["vendor"] = min(pci, key=lambda name: (name != "nvidia", name))
    for read in (_tpu, _neuron, _gaudi, _intel, _amd, _gke, _nvidia):
        found.update({key: value for key, value in read(labels).items() if value is not None})
    resources = {name: int(amount) for name, amount in capacity.items() if classify(name) and amount == int(amount)}
    if found and resources:
        found["resources"] = dict(sorted(resources.items()))
    return GpuLabels(**found) if found else None


def pci_vendor(label: str) -> str | None:
    """The vendor of an accelerator that a PCI label tells of: by display or processing class where the label names one."""
    match = _PCI_LABEL.fullmatch(label)
    if match is None:
        return None
    device_class, vendor = match.groups()
    if device_class is not None:
        return accelerator_vendor(device_class, vendor)
    # Without a class the label may mean any device of the vendor: only NVIDIA's is telling enough (its operator writes it so).
    return "nvidia" if vendor == "10de" else None


def _nvidia(labels: Mapping[str, str]) -> dict[str, Any]:
    product = labels.get(_N + "gpu.product") or None
    number = count(labels.get(_N + "gpu.count"))
    present = {"true": True, "false": False}.get(labels.get(_N + "gpu.present", ""))
    if product is None and number is None and present is None:
        return {}
    capability = _version(labels, "", ((_N + "gpu.compute.major", _N + "gpu.compute.minor"),))
    mebibytes = quantity(labels.get(_N + "gpu.memory", ""))
    sliced = product is not None and "-MIG-" in product
    return {
        "vendor": "nvidia",
        "product": product,
        "count": number,
        "physical": None if sliced else number,  # under strategy single the count is of MIG devices
        "memory_bytes": int(mebibytes * 2**20) if mebibytes else None,
        "family": labels.get(_N + "gpu.family") or None,
        "compute_capability": capability,
        "present": present,
        "host_driver": labels.get(_N + "vgpu.host-driver-version") or None,
        "driver_upgrade_state": labels.get(_N + "gpu-driver-upgrade-state") or None,
    }


def _gke(labels: Mapping[str, str]) -> dict[str, Any]:
    product = labels.get("cloud.google.com/gke-accelerator")
    if not product:
        return {}
    number = count(labels.get("cloud.google.com/gke-accelerator-count"))
    return {"vendor": "nvidia", "product": product, "count": number, "physical": number}


def _tpu(labels: Mapping[str, str]) -> dict[str, Any]:
    product = labels.get("cloud.google.com/gke-tpu-accelerator")
    if not product:
        return {}
    number = count(labels.get("cloud.google.com/gke-accelerator-count"))
    return {"vendor": "google", "product": product, "count": number, "physical": number}


def _amd(labels: Mapping[str, str]) -> dict[str, Any]:
    """AMD's labels; the beta ones carry the value in the key and the number of such cards as their value."""
    told: dict[str, str] = {}
    beta: dict[str, str] = {}
    for key, value in labels.items():
        match = _AMD.fullmatch(key)
        if match and match[2] is None:
            told[match[1]] = value
        elif match:
            beta.setdefault(match[1], match[2])
            if match[1] == "device-id" and count(value) is not None:
                beta["number"] = str(int(beta.get("number", "0")) + (count(value) or 0))
    both = {**beta, **told}
    if not both.keys() & {"device-id", "family", "product-name", "vram", "cu-count"}:
        return {}
    size = quantity(both.get("vram", ""))
    number = count(beta.get("number"))
    # "192G" means GiB, rounded: https://github.com/ROCm/k8s-device-plugin/blob/master/cmd/k8s-node-labeller/main.go (2026-11-24)
    mebibytes = size / 1e9 * 2**30 if size and both["vram"].endswith("G") else size
    return {
        "vendor": "amd",
        "present": True,  # the labeller runs where a card is, and may write no more than its id
        "product": both.get("product-name") or both.get("product_name"),
        "family": both.get("family"),
        "memory_bytes": int(mebibytes) if mebibytes else None,
        "count": number,
        "physical": number,
    }


def _intel(labels: Mapping[str, str]) -> dict[str, Any]:
    numbers = [count(value) or 0 for key, value in labels.items() if (m := _INTEL.fullmatch(key)) and m[2] == "count"]
    if not numbers and labels.get("intel.feature.node.kubernetes.io/gpu") != "true":
        return {}
    number = sum(numbers) if numbers else None
    return {"vendor": "intel", "present": True, "count": number, "physical": number}


def _gaudi(labels: Mapping[str, str]) -> dict[str, Any]:
    product = labels.get("habana.ai/product") or labels.get("habana.ai/hpu.product")
    present = any(key.startswith("habana.ai/") for key in labels) or labels.get("intel.feature.node.kubernetes.io/gaudi") == "true"
    return {"vendor": "habana", "product": product, "present": True} if present else {}


def _neuron(labels: Mapping[str, str]) -> dict[str, Any]:
    product = labels.get("aws.amazon.com/neuron.product") or labels.get("node.kubernetes.io/instance-type", "")
    return {"vendor": "aws", "present": True} if re.match(r"(trn|inf)\d", product or "") else {}
