"""MIG in `nvidia-smi -q -x`: mode, and devices by GPU instance and compute instance.

The XML names neither profile nor placement. A profile is given only where the product's catalogue leaves one that fits.
"""

from __future__ import annotations

from gpuctl.knowledge.mig_profiles import MigProfileRow, identify
from gpuctl.model.hardware import ComputeInstance, GpuMig, MigInstance
from gpuctl.parsers import nvidia_smi_values as values
from gpuctl.parsers.nvidia_smi_tree import Element
from gpuctl.parsers.nvidia_smi_values import Reading

_SHARED = "device_attributes/shared"
_ENGINES = {
    "copy_engines": "copy_engine_count",
    "decoders": "decoder_count",
    "encoders": "encoder_count",
    "jpeg_engines": "jpg_count",
    "ofa_engines": "ofa_count",
}
_MOST_DEVICES = 1024


def mig(read: Reading, product: str | None) -> GpuMig:
    """MIG of one GPU; reasons go to `read.unknown`."""
    mode = read.take("mig.mode", values.flag, "mig_mode/current_mig")
    pending = read.take("mig.pending_mode", values.flag, "mig_mode/pending_mig")
    group = read.element.find("mig_devices")
    read.unknown["mig.profiles"] = values.UNLISTED
    if group is None or (not group.children and (values.reason(group.text) is not None or group.cut)):
        why = group.cut or values.reason(group.text) if group is not None else read.why_absent(["mig_devices"])
        if mode is None or mode:
            read.unknown["mig.instances"] = read.unknown.get("mig.mode", why or values.ABSENT)
        return GpuMig(mode=mode, pending_mode=pending)
    if group.cut is not None:
        read.unknown["mig.instances"] = group.cut
    by_instance: dict[int, list[Element]] = {}
    for device in group.all("mig_device")[:_MOST_DEVICES]:
        gi = Reading(device).take("gi", values.whole, "gpu_instance_id")
        if gi is not None:
            by_instance.setdefault(gi, []).append(device)
    instances = tuple(_instance(gi, devices, product) for gi, devices in sorted(by_instance.items()))
    if instances:
        read.unknown["mig.instances.start"] = values.UNPLACED
    if any(instance.profile is None for instance in instances):
        read.unknown["mig.instances.profile"] = values.UNNAMED
    return GpuMig(mode=mode, pending_mode=pending, instances=instances)


def _instance(gi: int, devices: list[Element], product: str | None) -> MigInstance:
    row = _profile(devices, product)
    return MigInstance(
        profile=row.profile if row is not None else None,
        size=row.memory_slices if row is not None else None,
        gi=gi,
        compute_instances=tuple(_compute_instance(device, row) for device in devices),
    )


def _profile(devices: list[Element], product: str | None) -> MigProfileRow | None:
    first = Reading(devices[0])
    memory = first.take("memory", values.mebibytes, "fb_memory_usage/total")
    parts = [_multiprocessors(device) for device in devices]
    if product is None or memory is None or None in parts:
        return None
    counts = {name: first.take(name, values.whole, f"{_SHARED}/{tag}") for name, tag in _ENGINES.items()}
    engines = {name: number for name, number in counts.items() if number is not None}
    return identify(product, memory / values.MIB, engines, sum(part for part in parts if part is not None))


def _multiprocessors(device: Element) -> int | None:
    return Reading(device).take("multiprocessors", values.whole, f"{_SHARED}/multiprocessor_count")


def _compute_instance(device: Element, row: MigProfileRow | None) -> ComputeInstance:
    """A compute instance over the whole GPU instance has its profile's name; smaller ones are not told apart by their size alone."""
    read = Reading(device)
    ci = read.take("ci", values.whole, "compute_instance_id")
    spans_all = row is not None and row.multiprocessors is not None and _multiprocessors(device) == row.multiprocessors
    return ComputeInstance(
        ci=ci,
        profile=row.profile if row is not None and spans_all else None,
        uuid=read.take("uuid", values.plain, "uuid", "mig_uuid"),
    )
