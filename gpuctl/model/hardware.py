"""Accelerators and what hangs on them: GPUs of any vendor, MIG instances, links, NICs, switches."""

from __future__ import annotations

from msgspec import Struct

from gpuctl.model.known import Facts


class Ecc(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Error correction of one GPU; counters by location as the tool prints them."""

    enabled: bool | None = None
    pending: bool | None = None
    volatile: dict[str, int] = {}
    aggregate: dict[str, int] = {}


class RemappedRows(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Row remapping of Ampere and later; `banks` counts banks by remap availability."""

    correctable: int | None = None
    uncorrectable: int | None = None
    pending: bool | None = None
    failure: bool | None = None
    banks: dict[str, int] = {}


class RetiredPages(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Page retirement of GPUs before Ampere."""

    sbe: int | None = None
    dbe: int | None = None
    pending: bool | None = None


class Repair(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Repairs that wait for a reset, and memory that none can mend."""

    channel_pending: bool | None = None
    tpc_pending: bool | None = None
    unrepairable_memory: bool | None = None


class ComputeInstance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One compute instance of a GPU instance."""

    ci: int | None = None
    profile: str | None = None
    start: int | None = None
    size: int | None = None
    uuid: str | None = None
    holder: dict[str, str] = {}


class MigInstance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One GPU instance; `start` and `size` in memory slices. `profile` is None where the source does not name it."""

    profile: str | None = None
    start: int | None = None
    size: int | None = None
    gi: int | None = None
    compute_instances: tuple[ComputeInstance, ...] = ()


class MigProfile(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A profile that the card offers, with its placements."""

    name: str
    id: int | None = None
    placements: tuple[int, ...] = ()
    free: int | None = None
    max: int | None = None


class GpuMig(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """MIG of one card; modes are None where the card has no MIG."""

    mode: bool | None = None
    pending_mode: bool | None = None
    instances: tuple[MigInstance, ...] = ()
    profiles: tuple[MigProfile, ...] = ()


class Partition(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A part of an accelerator that is not a MIG instance: an AMD partition, a vGPU type, an SR-IOV function."""

    kind: str
    profile: str | None = None
    uuid: str | None = None


class Pcie(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The PCIe link as negotiated and as the device could."""

    gen: int | None = None
    gen_max: int | None = None
    width: int | None = None
    width_max: int | None = None
    replays: int | None = None


class Link(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A link between accelerators: nvlink, xgmi or ici."""

    type: str
    index: int | None = None
    active: bool | None = None
    bytes_per_second: float | None = None
    remote: str | None = None
    errors: dict[str, int] = {}


class Process(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A process on a GPU: the program's name without arguments."""

    pid: int
    name: str | None = None
    memory_bytes: int | None = None


class Fabric(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the GPU says of its NVLink fabric; `health` sums up its links."""

    state: str | None = None
    status: str | None = None
    clique: str | None = None
    cluster_uuid: str | None = None
    health: str | None = None


class Vgpu(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Role (host, guest), profile and licence of a virtual GPU."""

    role: str | None = None
    profile: str | None = None
    host_driver: str | None = None
    license: str | None = None


class Gpu(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """One physical accelerator of any vendor. Sizes in bytes, power in watts, temperatures in degrees Celsius."""

    index: int | None = None
    vendor: str | None = None
    kind: str = "gpu"
    resource: str | None = None
    uuid: str | None = None
    serial: str | None = None
    product: str | None = None
    architecture: str | None = None
    compute_capability: str | None = None
    pci: str | None = None
    pci_id: str | None = None
    minor: int | None = None
    bound_driver: str | None = None
    numa_node: int | None = None
    vbios: str | None = None
    inforom: dict[str, str] = {}
    memory_bytes: int | None = None
    memory_used_bytes: int | None = None
    ecc: Ecc | None = None
    remapped_rows: RemappedRows | None = None
    retired_pages: RetiredPages | None = None
    repair: Repair | None = None
    mig: GpuMig | None = None
    partitions: tuple[Partition, ...] | None = None
    pcie: Pcie | None = None
    links: tuple[Link, ...] | None = None
    temperature_celsius: float | None = None
    power_watts: float | None = None
    power_limit_watts: float | None = None
    thresholds: dict[str, float] = {}
    clocks: dict[str, float] = {}
    clocks_event_reasons: tuple[str, ...] | None = None
    utilization: dict[str, float] = {}
    processes: tuple[Process, ...] | None = None
    compute_mode: str | None = None
    persistence: bool | None = None
    reset_required: bool | None = None
    recovery_action: str | None = None
    fabric: Fabric | None = None
    vgpu: Vgpu | None = None
    platform: dict[str, str] = {}


class Nic(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A network interface that GPU traffic may use."""

    name: str
    pci: str | None = None
    state: str | None = None
    bytes_per_second: float | None = None


class Switch(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An NVSwitch or its like inside the node."""

    name: str
    pci: str | None = None
    state: str | None = None
