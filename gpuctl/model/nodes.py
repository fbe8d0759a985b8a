"""A node: what it offers, how it is doing, and the GPU software on it."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gpuctl.model.hardware import Gpu, Nic, Switch
from gpuctl.model.known import Facts


class Taint(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A taint of a node or of a DRA device."""

    key: str
    value: str = ""
    effect: str
    time_added: datetime | None = None


class Condition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A status condition of a node or pod; `since` is its last transition."""

    type: str
    status: str
    reason: str = ""
    message: str = ""
    since: datetime | None = None


class Driver(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The GPU driver: `version` as the running module reports it, `on_disk` as installed for the next load."""

    version: str | None = None
    flavour: str | None = None
    loaded: bool | None = None
    on_disk: str | None = None


class Cuda(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`driver_max`: the newest CUDA version that the driver serves without a compat library."""

    driver_max: str | None = None


class NodeMig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """MIG as the node's labels tell it: strategy, asked-for config, state of applying it, since when."""

    strategy: str | None = None
    config: str | None = None
    config_state: str | None = None
    config_time: datetime | None = None
    manager: str | None = None
    capable: bool | None = None


class Sharing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one device serves several pods: none, time-slicing or mps, with the number of replicas."""

    mode: str | None = None
    replicas: int | None = None


class Components(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Versions of the GPU stack's parts on this node, as their images or labels say."""

    gpu_operator: str | None = None
    toolkit: str | None = None
    device_plugin: str | None = None
    dcgm: str | None = None
    dcgm_exporter: str | None = None
    mig_manager: str | None = None
    dra_driver: str | None = None
    node_feature_discovery: str | None = None


class FabricManager(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """NVIDIA Fabric Manager's state (running, failed, not-installed ...) and version."""

    state: str | None = None
    version: str | None = None


class GpuLabels(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What feature discovery says of the node's accelerators. `count` may count MIG devices or time slices (see `physical`)."""

    vendor: str | None = None
    product: str | None = None
    count: int | None = None
    physical: int | None = None
    memory_bytes: int | None = None
    family: str | None = None
    compute_capability: str | None = None
    present: bool | None = None
    pci_present: bool | None = None
    host_driver: str | None = None
    driver_upgrade_state: str | None = None
    resources: dict[str, int] = {}


class Node(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """One machine. `capacity` and `allocatable` are in base units; accelerators in devices."""

    cluster: str | None = None
    name: str | None = None
    aliases: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    machine_id: str | None = None
    system_uuid: str | None = None
    boot_id: str | None = None
    boot_time: datetime | None = None
    created: datetime | None = None
    deleting_since: datetime | None = None
    provider_id: str | None = None
    provider: str | None = None
    instance_type: str | None = None
    zone: str | None = None
    pool: str | None = None
    labels: dict[str, str] = {}
    taints: tuple[Taint, ...] | None = None
    ready: str | None = None
    cordoned: bool | None = None
    conditions: tuple[Condition, ...] | None = None
    capacity: dict[str, float] | None = None
    allocatable: dict[str, float] | None = None
    heartbeat: datetime | None = None
    os: str | None = None
    kernel: str | None = None
    runtime: str | None = None
    kubelet: str | None = None
    kernel_modules: tuple[str, ...] | None = None
    driver: Driver | None = None
    driver_image: str | None = None
    cuda: Cuda | None = None
    mig: NodeMig | None = None
    sharing: Sharing | None = None
    components: Components | None = None
    fabric_manager: FabricManager | None = None
    accelerators: GpuLabels | None = None
    gpu_count: int | None = None
    gpus: tuple[Gpu, ...] | None = None
    nics: tuple[Nic, ...] | None = None
    switches: tuple[Switch, ...] | None = None
