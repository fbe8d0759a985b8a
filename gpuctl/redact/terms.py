"""What redaction makes of one value under each policy: known words stay, names become aliases, texts are reprinted.

Every method is run twice over each distinct value: once to note the names in it, once, with all of them numbered, for the result.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from gpuctl.facts.mig import PRODUCT_SUFFIX
from gpuctl.knowledge.load_metrics import falls_with_load
from gpuctl.redact import messages, words
from gpuctl.redact.aliases import KINDS, STACK_NAMES, SYSTEM_NAMESPACES
from gpuctl.redact.policy import fact_names

Pair = tuple[str, str]

APP_LABELS: Final = ("app", "app.kubernetes.io/name", "app.kubernetes.io/component")
_CEL_DRIVER = re.compile(r"""device\.driver\s*==\s*["']([^"']+)["']""")
_KINDS: Final = frozenset(kind.lower() for kind in words.KINDS)
_METRIC = re.compile(r"[A-Za-z_:][A-Za-z0-9_:]*")
_IMAGES = re.compile(
    r"(?:.*/)?(k8s-device-plugin|gpu-operator|gpu-operator-validator|container-toolkit|k8s-dra-driver-gpu|k8s-mig-manager|dcgm-exporter|dcgm|"
    r"gpu-feature-discovery|node-feature-discovery|driver|vgpu-manager|nvidia-gpu-device-plugin)(?:[:@].*)?"
)
_SLICES = re.compile(r"(?:[0-9]c\.)?[0-9]g\.")
_MAKER = re.compile(r"(?:NVIDIA|Tesla)[- ]")
_PATH = re.compile(r"[a-z][a-z0-9_]{0,40}(?:\.[a-z0-9_]{1,40}){0,5}")

# Labels whose keys are published, by what their values are.
_WORD_LABELS: Final = frozenset(
    """
    kubernetes.io/arch kubernetes.io/os beta.kubernetes.io/arch beta.kubernetes.io/os nvidia.com/gpu.present nvidia.com/gpu.mode
    nvidia.com/gpu.family nvidia.com/gpu.sharing-strategy nvidia.com/gpu.workload.config nvidia.com/mig.capable nvidia.com/mig.config
    nvidia.com/mig.config.state nvidia.com/mig.strategy nvidia.com/mps.capable nvidia.com/vgpu.present nvidia.com/gpu-driver-upgrade-state
    nvidia.com/gpu-driver-upgrade.skip nvidia.com/gpu.clique nvidia.com/device-plugin.config node-role.kubernetes.io/control-plane
    node-role.kubernetes.io/master node-role.kubernetes.io/worker node-role.kubernetes.io/agent node-role.kubernetes.io/etcd
    node.kubernetes.io/exclude-from-external-load-balancers cloud.google.com/gke-gpu-sharing-strategy cloud.google.com/gke-spot
    cloud.google.com/gke-preemptible cloud.google.com/gke-gpu eks.amazonaws.com/capacityType karpenter.sh/capacity-type
    kubernetes.azure.com/scalesetpriority kubernetes.azure.com/accelerator accelerator intel.feature.node.kubernetes.io/gpu
    intel.feature.node.kubernetes.io/gaudi amd.com/gpu.compute-memory-partition amd.com/gpu.partitioning-supported
    feature.node.kubernetes.io/system-os_release.ID
    """.split()  # noqa: SIM905  (as one text it can be read)
)
_NUMBER_LABELS: Final = frozenset(
    """
    nvidia.com/gpu.count nvidia.com/gpu.memory nvidia.com/gpu.replicas nvidia.com/gpu.compute.major nvidia.com/gpu.compute.minor
    nvidia.com/gpu.multiprocessors nvidia.com/gpu.slices.ci nvidia.com/gpu.slices.gi nvidia.com/cuda.driver-version.full
    nvidia.com/cuda.driver-version.major nvidia.com/cuda.driver-version.minor nvidia.com/cuda.driver-version.revision
    nvidia.com/cuda.driver.major nvidia.com/cuda.driver.minor nvidia.com/cuda.driver.rev nvidia.com/cuda.runtime-version.full
    nvidia.com/cuda.runtime-version.major nvidia.com/cuda.runtime-version.minor nvidia.com/cuda.runtime.major nvidia.com/cuda.runtime.minor
    nvidia.com/vgpu.host-driver-version amd.com/gpu.driver-version amd.com/gpu.vram amd.com/gpu.cu-count
    cloud.google.com/gke-accelerator-count cloud.google.com/gke-max-shared-clients-per-gpu cloud.google.com/gke-gpu-driver-version
    feature.node.kubernetes.io/kernel-version.full feature.node.kubernetes.io/kernel-version.major
    feature.node.kubernetes.io/kernel-version.minor feature.node.kubernetes.io/kernel-version.revision
    feature.node.kubernetes.io/system-os_release.VERSION_ID karpenter.k8s.aws/instance-gpu-count karpenter.k8s.aws/instance-gpu-memory
    """.split()  # noqa: SIM905  (as one text it can be read)
)
_PRODUCT_LABELS: Final = frozenset(
    """
    nvidia.com/gpu.product amd.com/gpu.product-name amd.com/gpu.family habana.ai/product habana.ai/hpu.product aws.amazon.com/neuron.product
    cloud.google.com/gke-accelerator cloud.google.com/gke-tpu-accelerator karpenter.k8s.aws/instance-gpu-name
    """.split()  # noqa: SIM905  (as one text it can be read)
)
_INSTANCE_LABELS: Final = frozenset({"node.kubernetes.io/instance-type", "beta.kubernetes.io/instance-type"})
_NAME_LABELS: Final[dict[str, str]] = {
    "kubernetes.io/hostname": "node", "topology.kubernetes.io/zone": "zone", "failure-domain.beta.kubernetes.io/zone": "zone",
    "topology.kubernetes.io/region": "zone", "failure-domain.beta.kubernetes.io/region": "zone", "cloud.google.com/gke-nodepool": "pool",
    "eks.amazonaws.com/nodegroup": "pool", "alpha.eksctl.io/nodegroup-name": "pool", "kubernetes.azure.com/agentpool": "pool",
    "agentpool": "pool", "karpenter.sh/nodepool": "pool", "karpenter.sh/provisioner-name": "pool",
    "node.cluster.x-k8s.io/machinedeployment": "pool", "doks.digitalocean.com/node-pool": "pool", "vks.vmware.com/nodepool": "pool",
    "ibm-cloud.kubernetes.io/worker-pool-name": "pool", "app": "workload", "app.kubernetes.io/name": "workload",
    "app.kubernetes.io/component": "workload", "kueue.x-k8s.io/queue-name": "queue", "kai.scheduler/queue": "queue",
    "runai/queue": "queue", "volcano.sh/queue-name": "queue",
}  # fmt: skip
_DEPLOY_PARTS: Final = frozenset(
    """
    operands driver container-toolkit device-plugin gpu-feature-discovery dcgm dcgm-exporter mig-manager operator-validator
    node-status-exporter sandbox-device-plugin sandbox-validator vgpu-manager vgpu-device-manager vfio-manager cc-manager kata-manager nvsm
    """.split()  # noqa: SIM905  (as one text it can be read)
)
_DEPLOY: Final = "nvidia.com/gpu.deploy."
_PAUSED: Final = "paused-for-"
_MIG_LABEL = re.compile(
    r"nvidia\.com/mig-(?:[0-9]c\.)?[0-9]g\.[0-9]{1,3}gb(?:\.me)?(?:\.shared)?\."
    r"(count|memory|multiprocessors|replicas|product|sharing-strategy|(?:slices|engines)\.[a-z]{2,8})"
)
_PCI_LABEL = re.compile(r"feature\.node\.kubernetes\.io/pci-(?:[0-9a-f]{4}_)?[0-9a-f]{4}\.(?:present|sriov\.capable)")
_PUBLIC_TAINTS: Final = frozenset(
    """
    node.kubernetes.io/out-of-service node.kubernetes.io/network-unavailable node.cloudprovider.kubernetes.io/uninitialized
    node.cloudprovider.kubernetes.io/shutdown karpenter.sh/unregistered nvidia.com/gpu amd.com/gpu sku CriticalAddonsOnly
    node-role.kubernetes.io/control-plane node-role.kubernetes.io/master metadata.name
    """.split()  # noqa: SIM905  (as one text it can be read)
)


class Terms:
    """Policies by name, each a method from a value to what is shown of it."""

    def __init__(self, alias: Callable[[str, str], str], used_keys: frozenset[str], kept_values: frozenset[str]) -> None:
        self._alias = alias
        self._used_keys = used_keys
        self._kept_values = kept_values
        self.composed: dict[str, str] = {}
        """Names by what is shown of them where an alias is only a part of it."""

    def policy(self, name: str) -> Callable[[Any], Any]:
        """The function of a policy; a kind of alias is one."""
        found: Callable[[Any], Any] | None = getattr(self, f"as_{name}", None)
        if found is not None:
            return found
        if name not in KINDS:
            raise LookupError(name)
        return lambda value: self.alias(value, name)

    def alias(self, name: str, kind: str) -> str:
        """The alias of a name; published names of namespaces and GPU software stay."""
        if not name or (kind == "namespace" and name in SYSTEM_NAMESPACES) or (kind == "workload" and name in STACK_NAMES):
            return name
        return self._alias(name, kind)

    # -- words ------------------------------------------------------------------------------------------------------------

    def as_word(self, value: str) -> str:
        return value if value in words.WORDS or words.is_number(value) else self.alias(value, "word")

    def as_kind(self, value: str) -> str:
        return value if value.lower() in _KINDS else self.alias(value, "kind")

    def as_phase(self, value: str) -> str:
        return value if value in words.PHASES else self.alias(value, "word")

    def as_reason(self, value: str) -> str:
        if value.startswith("OutOf") and len(value) > 5:
            return "OutOf" + self.resource(value[5:])
        return value if words.is_reason(value) else self.alias(value, "reason")

    def as_condition(self, value: str) -> str:
        return value if words.is_condition(value) else self.alias(value, "condition")

    def as_event(self, value: str) -> str:
        return value if value in words.WORDS or words.is_condition(value) else self.alias(value, "event")

    def as_component(self, value: str) -> str:
        return value if value in words.COMPONENTS else self.alias(value, "component")

    def as_driver(self, value: str) -> str:
        return value if value in words.DRIVERS else self.alias(value, "driver")

    def as_class(self, value: str) -> str:
        return value if value in words.DRIVERS else self.alias(value, "class")

    def as_priority(self, value: str) -> str:
        return value if value in {"system-cluster-critical", "system-node-critical"} else self.alias(value, "object")

    def as_scheduler(self, value: str) -> str:
        return value if value in words.COMPONENTS else self.alias(value, "scheduler")

    def as_resource(self, value: str) -> str:
        return self.resource(value)

    def resource(self, name: str) -> str:
        """A resource: a published one, else an alias that stands for the same kind of device."""
        return name if words.is_resource(name) else self.alias(name, "resource")

    def as_quota_key(self, value: str) -> str:
        return messages.quota_key(value, self)

    def as_profile(self, value: str) -> str:
        return value if words.is_mig_profile(value) else self.as_word(value)

    def as_product(self, value: str) -> str:
        """The product with what MIG and sharing add to it; these stay, since audits look at them."""
        suffix = PRODUCT_SUFFIX.search(value)
        core, rest = value.removesuffix("-SHARED"), "-SHARED" if value.endswith("-SHARED") else ""
        if suffix is not None:
            core = value[: suffix.start()] + value[suffix.end() :].removesuffix("-SHARED")
            profile = suffix["profile"]
            known = words.is_mig_profile(profile) or profile == "INVALID"
            slices = _SLICES.match(profile)
            shown = profile if known else f"{slices[0] if slices is not None else ''}{self.alias(profile, 'value')}"
            rest = f"-MIG-{shown}{rest}"
        if words.is_product(core) or not core:
            return core + rest
        maker = _MAKER.search(core)
        prefix = maker[0] if maker is not None else ""
        if "MI300A" in core:  # partitions of that card are counted by its name
            prefix += "MI300A-"
        return self._compose(value, f"{prefix}{self.alias(_MAKER.sub('', core, count=1) or core, 'product')}{rest}")

    def _compose(self, name: str, shown: str) -> str:
        self.composed[shown] = name
        return shown

    def as_version(self, value: str) -> str:
        """Numbers and known parts stay; the rest of a longer one becomes an alias."""
        head = words.version_head(value)
        if head == value or value in words.WORDS:
            return value
        if head is None:
            return self.alias(value, "version")
        return self._compose(value, f"{head}-{self.alias(value[len(head) :].lstrip('-+.~_') or '-', 'version')}")

    def as_firmware(self, value: str) -> str:
        return value if words.is_firmware(value) or words.version_head(value) == value else self.alias(value, "version")

    def as_os(self, value: str) -> str:
        return value if words.is_os(value) else self.alias(value, "version")

    def as_runtime(self, value: str) -> str:
        name, space, version = value.partition(" ")
        known = name in {"containerd", "cri-o", "docker", "kwok"} and space
        return f"{name} {self.as_version(version)}" if known else self.alias(value, "version")

    def as_instance_type(self, value: str) -> str:
        return value if words.is_instance_type(value) else self.alias(value, "object")

    def as_pci(self, value: str) -> str:
        return value if words.is_pci(value) else self.alias(value, "address")

    def as_image(self, value: str) -> str:
        """The basename of a known part of the GPU software, with an alias; registries and tags go."""
        known = _IMAGES.fullmatch(value)
        return f"{known[1]}:{self.alias(value, 'image')}" if known is not None else self.alias(value, "image")

    def as_metric(self, value: str) -> str:
        """A metric that falls with the load, by its published name alone."""
        row = falls_with_load(value)
        if row is not None:
            names: list[str] = _METRIC.findall(value)
            return next(name for name in names if re.fullmatch(row.pattern, name))
        return self.alias(value, "metric")

    def as_pod(self, value: str) -> str:
        """A pod's name, also as `namespace/name`."""
        if value.count("/") == 1:
            namespace, name = value.split("/")
            return f"{self.alias(namespace, 'namespace')}/{self.alias(name, 'pod')}"
        return self.alias(value, "pod")

    def as_environment(self, value: str) -> str:
        return value if value in words.ENVIRONMENT else self.alias(value, "word")

    def as_setting(self, value: str) -> str:
        return value if value in words.WORDS or words.is_number(value) or words.version_head(value) == value else self.alias(value, "value")

    def as_cel(self, value: str) -> str:
        """Of an expression what is read of it: the driver that it asks for."""
        found = _CEL_DRIVER.search(value)
        return f'device.driver == "{self.as_driver(found[1])}"' if found is not None else messages.GONE

    # -- values that depend on what stands beside them --------------------------------------------------------------------

    def as_message(self, item: Pair) -> str:
        return messages.rewrite(*item, self)

    def as_own(self, value: str) -> str:
        return messages.own(value, self)

    def as_unknown(self, item: Pair) -> Pair | None:
        """A reason under the path of a fact; the path may end in a resource's name."""
        path, reason = item
        head, dot, tail = path.partition(".")
        if head not in fact_names():
            return self.alias(path, "word"), messages.own(reason, self)
        known = not dot or (_PATH.fullmatch(tail) is not None and set(tail.split(".")) <= fact_names() | words.WORDS)
        return path if known else f"{head}.{self.resource(tail)}", messages.own(reason, self)

    def as_attribute(self, item: tuple[str, Any]) -> tuple[str, Any]:
        """An attribute of a device; numbers stay."""
        key, value = item
        name = key.rpartition("/")[2]
        shown = key if key in words.ATTRIBUTES else self.alias(key, "attribute")
        if not isinstance(value, str):
            return shown, value
        if name == "type":
            return shown, value if value in {"gpu", "mig", "vfio", "channel", "daemon", "npu", "tpu", "imex"} else self.alias(
                value, "value"
            )
        if name in {"productName", "brand", "architecture", "family"}:
            return shown, self.as_product(value) if value.lower() not in words.WORDS else value
        if name in words.ATTRIBUTES and (words.version_head(value) == value or words.is_mig_profile(value)):
            return shown, value
        return shown, self.alias(value, "value")

    def as_attribute_key(self, value: str) -> str:
        return value if value in words.ATTRIBUTES else self.alias(value, "attribute")

    def as_label(self, item: Pair) -> Pair | None:
        """A label of a node or pod: published ones, and those that some selector names; None for all others."""
        key, value = item
        published = _kind_of_label(key) is not None or key.startswith(_DEPLOY)
        if key in APP_LABELS:
            published = words.any_of("stack").fullmatch(value) is not None
        return (self.label_key(key), self.label_value(key, value)) if published or key in self._used_keys else None

    def as_selected(self, item: Pair) -> Pair:
        """An entry of a selector, which always stays."""
        return self.label_key(item[0]), self.label_value(*item)

    def as_key(self, value: str) -> str:
        return self.label_key(value)

    def as_compared(self, item: tuple[str, str, str]) -> str:
        """A value beside its key and operator."""
        return self.label_value(item[0], item[2])

    def label_key(self, key: str) -> str:
        """A key of a label or taint: a published one, else an alias."""
        if not key or _kind_of_label(key) is not None or key in _PUBLIC_TAINTS or words.is_taint(key) or words.is_resource(key):
            return key
        return self.alias(key, "label")

    def label_value(self, key: str, value: str) -> str:
        """A value as its key has it published; the same value under the same key is shown alike everywhere."""
        if not value or value in {"true", "false", "present"} or value in self._kept_values:
            return value
        if value.startswith(_PAUSED) and value not in words.WORDS:
            return self._compose(value, _PAUSED + self.alias(value.removeprefix(_PAUSED), "value"))
        kind = _kind_of_label(key)
        if key == "metadata.name":
            return self.alias(value, "node")
        if kind == "number" and words.version_head(value) == value:
            return value
        if kind == "product":
            return self.as_product(value)
        if kind == "instance":
            return self.as_instance_type(value)
        if kind == "word" and (value in words.WORDS or words.is_product(value)):
            return value
        return self.alias(value, kind if kind in KINDS else "value")


def _kind_of_label(key: str) -> str | None:
    """What the values of a published key are: word, number, product, instance, or a kind of name; None for all other keys."""
    if key in _NAME_LABELS:
        return _NAME_LABELS[key]
    sets = (("word", _WORD_LABELS), ("number", _NUMBER_LABELS), ("product", _PRODUCT_LABELS), ("instance", _INSTANCE_LABELS))
    found = next((kind for kind, keys in sets if key in keys), None)
    if found is not None:
        return found
    if key.startswith(_DEPLOY):
        return "word" if key.removeprefix(_DEPLOY) in _DEPLOY_PARTS else None
    if _PCI_LABEL.fullmatch(key):
        return "word"
    mig = _MIG_LABEL.fullmatch(key)
    return None if mig is None else {"product": "product", "sharing-strategy": "word"}.get(mig[1], "number")
