"""`nvidia-smi -q -x`: one node with its driver and GPUs, each fact on its own.

Element names: DTDs nvsmi_device_v4 to v13 and what drivers 418 to 615 print (https://developer.nvidia.com/nvidia-system-management-interface,
2026-11-24). Newer ones came for older: `gpu_power_readings` for `power_readings`, `clocks_event_reasons` for `clocks_throttle_reasons`,
ECC counters by memory for those by bit, `gpu_recovery_action` for `gpu_reset_status`, `pending_retirement` for `pending_blacklist`,
`fb_memory_usage` for `memory_usage`, `processes` for `compute_processes`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Final

from msgspec import structs

from gpuctl.model.hardware import Ecc, Fabric, Gpu, Pcie, Process, RemappedRows, Repair, RetiredPages, Vgpu
from gpuctl.model.nodes import Cuda, Driver, Node
from gpuctl.parsers import nvidia_smi_names as names
from gpuctl.parsers import nvidia_smi_values as values
from gpuctl.parsers.nvidia_smi_failure import unreachable
from gpuctl.parsers.nvidia_smi_mig import mig
from gpuctl.parsers.nvidia_smi_tree import Element, grow
from gpuctl.parsers.nvidia_smi_values import Reading
from gpuctl.units import pci_address

_MARK = re.compile(
    r"^\ufeff?[ \t]*(?:<\?xml[^\n>]{0,200}>[ \t]*)?(?:<!DOCTYPE nvidia_smi_log|<nvidia_smi_log[\s>]|<gpu id=\"[0-9A-Fa-f:.]{7,16}\">)",
    re.MULTILINE,
)
_MARK_WITHIN = 65_536
_MOST_PROCESSES = 10_000
_VIRTUALISATION: Final = {"none": "none", "pass-through": "passthrough", "vgpu": "guest", "host vgpu": "host", "host vsga": "host"}
_PROGRAM = re.compile(r"(.*?\.exe)(?=[\s\"]|$)", re.IGNORECASE | re.DOTALL)
_WINDOWS_PATH = re.compile(r"\"?(?:[A-Za-z]:[\\/]|\\\\)")


def is_nvidia_smi_xml(text: str) -> bool:
    """Whether a text holds nvidia-smi's XML, or a piece of it; a shell may have printed something before."""
    return _MARK.search(text, 0, _MARK_WITHIN) is not None


def parse(text: str) -> tuple[Node, datetime | None]:
    """The node, without a name, and the local time at which nvidia-smi ran (its zone is not in the file; None when it has none).

    What stands before a cut is kept; the rest is unknown with that reason, and so is `gpus` as a whole.

    Raises:
        InputError: entities, beyond the bounds, or not one element.
    """
    root = grow(text)
    read = Reading(root)
    version = read.take("driver.version", values.plain, "driver_version")
    cuda = read.take("cuda.driver_max", values.plain, "cuda_version")
    attached = read.take("gpu_count", values.whole, "attached_gpus")
    elements = root.all("gpu")
    listed = {pci_address(element.id) for element in elements}
    lost = [one for one in unreachable(text) if one.pci is None or one.pci not in listed]
    unknown = {"name": values.NAMELESS, **read.unknown}
    if root.cut is not None:
        unknown["gpus"] = f"{root.cut}: GPUs may be missing"
    elif attached is not None and attached != len(elements) + len(lost):
        unknown["gpus"] = f"nvidia-smi counts {attached} GPUs and the file lists {len(elements) + len(lost)}"
    places = _indexes(len(elements), lost, known=attached is not None and (root.cut is not None or "gpus" not in unknown))
    if cuda is None:
        unknown["cuda"] = unknown["cuda.driver_max"]
    node = Node(
        driver=Driver(version=version, loaded=True),
        cuda=Cuda(driver_max=cuda) if cuda is not None else None,
        gpu_count=attached,
        gpus=(*(gpu(element, place) for element, place in zip(elements, places, strict=True)), *lost) if elements or not root.cut else None,
        unknown=unknown,
    )
    return node, _moment(read)


def _indexes(number: int, lost: list[Gpu], *, known: bool) -> list[int | None]:
    """nvidia-smi numbers GPUs in the order in which it lists them, and passes over the numbers of those that it cannot open."""
    taken = {one.index for one in lost}
    indexes: list[int | None] = [index for index in range(number + len(lost)) if index not in taken]
    if not known or None in taken:
        return [None] * number
    return indexes[:number]


def gpu(element: Element, index: int | None) -> Gpu:
    """One `gpu` element. `index`: its place among all GPUs of the host, as nvidia-smi numbers them; None when not known."""
    read = Reading(element)
    take = read.take
    if index is None:
        read.unknown["index"] = values.UNNUMBERED
    pci = pci_address(element.id) or take("pci", pci_address, "pci/pci_bus_id")
    product = take("product", values.plain, "product_name")
    pending = take("retired_pages.pending", values.flag, "retired_pages/pending_retirement", "retired_pages/pending_blacklist")
    found = Gpu(
        index=index,
        vendor="nvidia",
        uuid=take("uuid", values.plain, "uuid"),
        serial=take("serial", values.plain, "serial"),
        product=product,
        architecture=take("architecture", values.plain, "product_architecture"),
        pci=pci,
        pci_id=take("pci_id", _pci_id, "pci/pci_device_id"),
        minor=take("minor", values.whole, "minor_number"),
        bound_driver=_bound_driver(read),
        vbios=take("vbios", values.plain, "vbios_version"),
        inforom=read.table("inforom", values.plain, names.INFOROM),
        memory_bytes=take("memory_bytes", values.mebibytes, "fb_memory_usage/total", "memory_usage/total"),
        memory_used_bytes=take("memory_used_bytes", values.mebibytes, "fb_memory_usage/used", "memory_usage/used"),
        ecc=_ecc(read),
        remapped_rows=_remapped_rows(read),
        retired_pages=RetiredPages(
            sbe=take("retired_pages.sbe", values.whole, "retired_pages/multiple_single_bit_retirement/retired_count"),
            dbe=take("retired_pages.dbe", values.whole, "retired_pages/double_bit_retirement/retired_count"),
            pending=pending,
        ),
        repair=Repair(
            channel_pending=take("repair.channel_pending", values.flag, "ecc_errors/channel_repair_pending"),
            tpc_pending=take("repair.tpc_pending", values.flag, "ecc_errors/tpc_repair_pending"),
            unrepairable_memory=take("repair.unrepairable_memory", values.flag, "ecc_errors/unrepairable_memory"),
        ),
        mig=mig(read, product),
        pcie=_pcie(read),
        temperature_celsius=take("temperature_celsius", values.celsius, "temperature/gpu_temp"),
        power_watts=take(
            "power_watts", values.watts, "gpu_power_readings/instant_power_draw", "gpu_power_readings/power_draw",
            "gpu_power_readings/average_power_draw", "power_readings/power_draw",
        ),
        power_limit_watts=take(
            "power_limit_watts", values.watts, "gpu_power_readings/current_power_limit", "gpu_power_readings/enforced_power_limit",
            "power_readings/enforced_power_limit", "power_readings/power_limit",
        ),
        thresholds={**read.table("thresholds", values.celsius, names.THRESHOLDS), **read.table("thresholds", values.watts, names.POWER)},
        clocks=read.table("clocks", values.hertz, names.CLOCKS),
        clocks_event_reasons=_event_reasons(read),
        utilization=read.table("utilization", values.share, names.UTILIZATION),
        processes=_processes(read),
        compute_mode=take("compute_mode", values.plain, "compute_mode"),
        persistence=take("persistence", values.flag, "persistence_mode"),
        reset_required=take("reset_required", values.flag, "gpu_reset_status/reset_required"),
        recovery_action=take("recovery_action", values.plain, "gpu_recovery_action"),
        fabric=_fabric(read),
        vgpu=_vgpu(read, product),
        platform={**read.table("platform", values.plain, names.PLATFORM), **_driver_model(read)},
    )  # fmt: skip
    return _settled(found, read)


def _settled(found: Gpu, read: Reading) -> Gpu:
    """With the reasons; a GPU that asks for a reset in place of its values needs one."""
    unknown = read.unknown
    if found.reset_required is None and values.RESET in unknown.values():
        found = structs.replace(found, reset_required=True)
        del unknown["reset_required"]
    return structs.replace(found, unknown={path: unknown[path] for path in sorted(unknown)})


def _bound_driver(read: Reading) -> str | None:
    """On Linux, where there are no driver models, nvidia-smi lists what the kernel's nvidia driver serves."""
    model = read.element.find("driver_model/current_dm")
    if model is not None and values.reason(model.text) == values.NOT_APPLICABLE:
        return "nvidia"
    read.unknown["bound_driver"] = values.WINDOWS if model is not None else read.why_absent(["driver_model/current_dm"])
    return None


def _driver_model(read: Reading) -> dict[str, str]:
    """WDDM, TCC or MCDM on Windows; Linux has none."""
    model = read.element.find("driver_model/current_dm")
    return {"driver_model": model.text} if model is not None and values.reason(model.text) is None else {}


def _ecc(read: Reading) -> Ecc:
    """`sram_threshold_exceeded` is 1 or 0; `sram_l2` and its like split the uncorrectable aggregate by its source."""
    counters = {kind: read.table(f"ecc.{kind}", values.whole, rows) for kind, rows in names.ECC.items()}
    exceeded = read.take("ecc.aggregate.sram_threshold_exceeded", values.flag, "ecc_errors/aggregate/sram_threshold_exceeded")
    if exceeded is not None:
        counters["aggregate"]["sram_threshold_exceeded"] = int(exceeded)
    elif read.unknown["ecc.aggregate.sram_threshold_exceeded"] in {values.ABSENT, read.unknown.get("ecc.aggregate")}:
        del read.unknown["ecc.aggregate.sram_threshold_exceeded"]
    return Ecc(
        enabled=read.take("ecc.enabled", values.flag, "ecc_mode/current_ecc"),
        pending=read.take("ecc.pending", values.flag, "ecc_mode/pending_ecc"),
        volatile=counters["volatile"],
        aggregate=counters["aggregate"],
    )


def _remapped_rows(read: Reading) -> RemappedRows | None:
    """None where nvidia-smi prints one word for all of it, as it does under MIG."""
    group = read.element.find("remapped_rows")
    if group is None or not group.children:
        said = values.reason(group.text) if group is not None and group.cut is None else None
        read.unknown["remapped_rows"] = said or (group.cut if group is not None else None) or read.why_absent(["remapped_rows"])
        return None
    return RemappedRows(
        correctable=read.take("remapped_rows.correctable", values.whole, "remapped_rows/remapped_row_corr"),
        uncorrectable=read.take("remapped_rows.uncorrectable", values.whole, "remapped_rows/remapped_row_unc"),
        pending=read.take("remapped_rows.pending", values.flag, "remapped_rows/remapped_row_pending"),
        failure=read.take("remapped_rows.failure", values.flag, "remapped_rows/remapped_row_failure"),
        banks=read.table("remapped_rows.banks", values.whole, names.BANKS),
    )


def _pcie(read: Reading) -> Pcie:
    """`gen` is the device's own link, `gen_max` what device and slot can do together."""
    link = "pci/pci_gpu_link_info"
    return Pcie(
        gen=read.take("pcie.gen", values.whole, f"{link}/pcie_gen/current_link_gen", f"{link}/pcie_gen/device_current_link_gen"),
        gen_max=read.take("pcie.gen_max", values.whole, f"{link}/pcie_gen/max_link_gen"),
        width=read.take("pcie.width", values.whole, f"{link}/link_widths/current_link_width"),
        width_max=read.take("pcie.width_max", values.whole, f"{link}/link_widths/max_link_width"),
        replays=read.take("pcie.replays", values.whole, "pci/replay_counter"),
    )


def _event_reasons(read: Reading) -> tuple[str, ...] | None:
    """Names of active reasons without their prefix, idle left out; None when not one of them could be read."""
    active = []
    why = None
    known = 0
    for group_name in ("clocks_event_reasons", "clocks_throttle_reasons"):
        group = read.element.find(group_name)
        for tag, elements in group.children.items() if group is not None else ():
            name = tag.removeprefix("clocks_event_reason_").removeprefix("clocks_throttle_reason_")
            state = values.flag(elements[0].text)
            known += state is not None
            why = why or (values.reason(elements[0].text) if state is None else None)
            if state and name not in {"gpu_idle", "idle"}:
                active.append(name)
        if group is not None and group.cut is not None:
            why = group.cut
    if known and not (why and not active):
        if why:
            read.unknown["clocks_event_reasons"] = why
        return tuple(dict.fromkeys(active))
    read.unknown["clocks_event_reasons"] = why or read.why_absent(["clocks_event_reasons/x", "clocks_throttle_reasons/x"])
    return None


def _processes(read: Reading) -> tuple[Process, ...] | None:
    group = read.element.find("processes") or read.element.find("compute_processes")
    if group is None:
        read.unknown["processes"] = read.why_absent(["processes"])
        return None
    said = values.reason(group.text) if group.text else None
    if said is not None:
        read.unknown["processes"] = said
        return None
    if group.cut is not None:
        read.unknown["processes"] = group.cut
    found = []
    for element in group.all("process_info")[:_MOST_PROCESSES]:
        one = Reading(element)
        pid = one.take("pid", values.whole, "pid")
        if pid is None:
            continue
        name = one.take("name", program, "process_name")
        found.append(Process(pid=pid, name=name, memory_bytes=one.take("memory_bytes", values.mebibytes, "used_memory")))
    return tuple(found) if found or group.cut is None else None


def program(text: str) -> str | None:
    """A process's program without its arguments, which may hold secrets."""
    if _WINDOWS_PATH.match(text):
        found = _PROGRAM.match(text)
        name = found[1] if found is not None else re.split(r"\s[-/\"]", text, maxsplit=1)[0]
        return name.strip('" ') or None
    parts = text.split(None, 1)
    return parts[0] if parts else None


def _fabric(read: Reading) -> Fabric:
    return Fabric(
        state=read.take("fabric.state", values.plain, "fabric/state"),
        status=read.take("fabric.status", values.plain, "fabric/status"),
        clique=read.take("fabric.clique", values.plain, "fabric/cliqueId", "fabric/clique_id"),
        cluster_uuid=read.take("fabric.cluster_uuid", values.plain, "fabric/clusterUuid", "fabric/cluster_uuid"),
        health=read.take("fabric.health", values.plain, "fabric/health/summary"),
    )


def _vgpu(read: Reading, product: str | None) -> Vgpu:
    """A guest's product is the name of its vGPU type: `NVIDIA L40S-2Q`, `GRID T4-8Q`."""
    role = read.take("vgpu.role", lambda text: _VIRTUALISATION.get(text.lower()), "gpu_virtualization_mode/virtualization_mode")
    if role != "guest":
        return Vgpu(role=role)
    profile = product.removeprefix("NVIDIA ").removeprefix("GRID ") if product is not None else None
    if profile is None:
        read.unknown["vgpu.profile"] = read.unknown["product"]
    paths = ("vgpu_software_licensed_product/license_status", "grid_licensed_product/license_status")
    return Vgpu(role=role, profile=profile, license=read.take("vgpu.license", _license, *paths))


def _license(text: str) -> str | None:
    """`Licensed (Expiry: ...)` without the remark, lower case."""
    return text.partition("(")[0].strip().lower() or None


def _pci_id(text: str) -> str | None:
    """`20B010DE`, device before vendor, as `10de:20b0`."""
    bare = text.lower().removeprefix("0x")
    return f"{bare[4:]}:{bare[:4]}" if re.fullmatch("[0-9a-f]{8}", bare) else None


def _moment(read: Reading) -> datetime | None:
    """`Fri Mar 29 19:19:44 2019`, taken for UTC."""
    stamp = read.element.find("timestamp")
    try:
        return datetime.strptime(stamp.text, "%a %b %d %H:%M:%S %Y").replace(tzinfo=UTC) if stamp is not None else None
    except ValueError:
        return None
