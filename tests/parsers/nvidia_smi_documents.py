"""nvidia-smi's XML by generation of its DTD: small documents that hold the element names of their time."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

Tree = dict[str, Any]
"""Tag to text, to a tree, or to a list of these."""


def xml(tree: Tree, depth: int = 1) -> str:
    """The elements of a tree."""
    lines = []
    indent = "\t" * depth
    for tag, content in tree.items():
        for one in content if isinstance(content, list) else [content]:
            if isinstance(one, dict):
                lines.append(f"{indent}<{tag}>\n{xml(one, depth + 1)}{indent}</{tag}>\n")
            else:
                lines.append(f"{indent}<{tag}>{escape(one)}</{tag}>\n")
    return "".join(lines)


def document(*gpus: Tree, dtd: str | None = "v12", driver: str | None = "535.161.08", cuda: str | None = "12.2", **head: str) -> str:
    """A whole document; each GPU's tree may have `id`."""
    prolog = '<?xml version="1.0" ?>\n' + (f'<!DOCTYPE nvidia_smi_log SYSTEM "nvsmi_device_{dtd}.dtd">\n' if dtd else "")
    top = {"timestamp": "Fri Mar  1 10:00:00 2024", "driver_version": driver, "cuda_version": cuda, "attached_gpus": str(len(gpus)), **head}
    body = xml({tag: text for tag, text in top.items() if text is not None})
    for place, gpu in enumerate(gpus):
        address = gpu.get("id", f"00000000:{0x10 + place:02X}:00.0")
        inner = xml({tag: part for tag, part in gpu.items() if tag != "id"}, 2)
        body += f'\t<gpu id="{address}">\n{inner}\t</gpu>\n\n'
    return f"{prolog}<nvidia_smi_log>\n{body}</nvidia_smi_log>\n"


def histogram(**banks: str) -> Tree:
    return {f"row_remapper_histogram_{name}": banks.get(name, "0 bank(s)") for name in ("max", "high", "partial", "low", "none")}


def volta(**changes: Any) -> Tree:
    """A V100 as driver 418 (DTD v10) prints it: ECC by bit, throttle reasons, no MIG, retired pages."""
    counters = {
        "device_memory": "3",
        "register_file": "0",
        "l1_cache": "0",
        "l2_cache": "1",
        "texture_memory": "N/A",
        "cbu": "N/A",
        "total": "4",
    }
    return {
        "product_name": "Tesla V100-SXM2-32GB",
        "product_brand": "Tesla",
        "persistence_mode": "Enabled",
        "driver_model": {"current_dm": "N/A", "pending_dm": "N/A"},
        "serial": "0323618000001",
        "uuid": "GPU-11111111-2222-3333-4444-555555555555",
        "minor_number": "0",
        "vbios_version": "88.00.48.00.02",
        "inforom_version": {"img_version": "G503.0203.00.04", "oem_object": "1.1", "ecc_object": "5.0", "pwr_object": "N/A"},
        "gpu_virtualization_mode": {"virtualization_mode": "None"},
        "pci": {
            "pci_device_id": "1DB510DE",
            "pci_bus_id": "00000000:10:00.0",
            "pci_gpu_link_info": {
                "pcie_gen": {"max_link_gen": "3", "current_link_gen": "3"},
                "link_widths": {"max_link_width": "16x", "current_link_width": "8x"},
            },
            "replay_counter": "7",
        },
        "clocks_throttle_reasons": {
            "clocks_throttle_reason_gpu_idle": "Active",
            "clocks_throttle_reason_sw_power_cap": "Not Active",
            "clocks_throttle_reason_hw_slowdown": "Active",
            "clocks_throttle_reason_hw_thermal_slowdown": "Active",
        },
        "fb_memory_usage": {"total": "32480 MiB", "used": "11 MiB", "free": "32469 MiB"},
        "compute_mode": "Exclusive_Process",
        "utilization": {"gpu_util": "7 %", "memory_util": "0 %", "encoder_util": "0 %", "decoder_util": "0 %"},
        "ecc_mode": {"current_ecc": "Enabled", "pending_ecc": "Disabled"},
        "ecc_errors": {
            "volatile": {"single_bit": counters, "double_bit": {**counters, "device_memory": "0", "total": "1"}},
            "aggregate": {"single_bit": counters, "double_bit": counters},
        },
        "retired_pages": {
            "multiple_single_bit_retirement": {"retired_count": "2", "retired_page_addresses": "\n"},
            "double_bit_retirement": {"retired_count": "1"},
            "pending_retirement": "Yes",
        },
        "temperature": {"gpu_temp": "41 C", "gpu_temp_max_threshold": "90 C", "gpu_temp_slow_threshold": "87 C", "memory_temp": "39 C"},
        "power_readings": {
            "power_state": "P0", "power_draw": "42.50 W", "power_limit": "250.00 W", "default_power_limit": "300.00 W",
            "enforced_power_limit": "250.00 W", "min_power_limit": "150.00 W", "max_power_limit": "300.00 W",
        },
        "clocks": {"graphics_clock": "135 MHz", "sm_clock": "135 MHz", "mem_clock": "877 MHz", "video_clock": "555 MHz"},
        "max_clocks": {"graphics_clock": "1530 MHz", "mem_clock": "877 MHz"},
        "supported_clocks": {"supported_mem_clock": {"value": "877 MHz", "supported_graphics_clock": ["1530 MHz", "1522 MHz"]}},
        "processes": {"process_info": [
            {"pid": "4242", "type": "C", "process_name": "python3 train.py --token s3cret", "used_memory": "30000 MiB"},
            {"pid": "4243", "type": "C", "process_name": "/usr/bin/nvidia-cuda-mps-server", "used_memory": "N/A"},
        ]},
        **changes,
    }  # fmt: skip


def mig_device(gi: int, ci: int, multiprocessors: int, memory_mib: int, engines: tuple[int, int, int, int, int]) -> Tree:
    """Engines: copy, encoders, decoders, OFA, JPEG."""
    names = ("copy_engine_count", "encoder_count", "decoder_count", "ofa_count", "jpg_count")
    shared = {"multiprocessor_count": str(multiprocessors), **{name: str(number) for name, number in zip(names, engines, strict=True)}}
    return {
        "gpu_instance_id": str(gi),
        "compute_instance_id": str(ci),
        "device_attributes": {"shared": shared},
        "fb_memory_usage": {"total": f"{memory_mib} MiB", "used": "10 MiB"},
    }


def hopper(**changes: Any) -> Tree:
    """An H100 as driver 535 (DTD v12) prints it."""
    return {
        **volta(),
        "product_name": "NVIDIA H100 80GB HBM3",
        "product_architecture": "Hopper",
        "mig_mode": {"current_mig": "Disabled", "pending_mig": "Enabled"},
        "mig_devices": "\n\t\t\tNone\n\t\t",
        "gpu_reset_status": {"reset_required": "No", "drain_and_reset_recommended": "N/A"},
        "clocks_throttle_reasons": "N/A",
        "clocks_event_reasons": {"clocks_event_reason_gpu_idle": "Not Active", "clocks_event_reason_sw_power_cap": "Active"},
        "ecc_errors": {
            "volatile": {"sram_correctable": "0", "sram_uncorrectable": "2", "dram_correctable": "5", "dram_uncorrectable": "0"},
            "aggregate": {"sram_correctable": "0", "sram_uncorrectable": "2", "dram_correctable": "9", "dram_uncorrectable": "0"},
        },
        "retired_pages": {
            "multiple_single_bit_retirement": {"retired_count": "N/A"},
            "double_bit_retirement": {"retired_count": "N/A"},
            "pending_blacklist": "N/A",
            "pending_retirement": "N/A",
        },
        "remapped_rows": {
            "remapped_row_corr": "1", "remapped_row_unc": "2", "remapped_row_pending": "Yes", "remapped_row_failure": "No",
            "row_remapper_histogram": histogram(max="2558 bank(s)", high="2 bank(s)"),
        },
        "power_readings": "N/A",
        "gpu_power_readings": {"power_state": "P0", "power_draw": "110.10 W", "current_power_limit": "650.00 W",
        "default_power_limit": "700.00 W"},
        "processes": "\n\t\t",
        **changes,
    }  # fmt: skip


def blackwell(**changes: Any) -> Tree:
    """A GB300 as driver 580 and later (DTD v13) print it: margins in place of thresholds, recovery action, platform, fabric."""
    return {
        **hopper(),
        "product_name": "NVIDIA GB300",
        "product_architecture": "Blackwell",
        "gpu_reset_status": {"reset_required": "Requested functionality has been deprecated"},
        "gpu_recovery_action": "Drain and Reset",
        "platformInfo": {
            "chassis_serial_number": "1820000000001", "slot_number": "14", "tray_index": "4", "host_id": "1",
            "peer_type": "Switch Connected",
            "module_id": "2", "gpu_fabric_guid": "0x0000000000000001",
        },
        "ecc_errors": {
            "volatile": {"sram_correctable": "0", "sram_uncorrectable_parity": "1", "sram_uncorrectable_secded": "0",
            "dram_uncorrectable": "0"},
            "aggregate": {"sram_uncorrectable_parity": "1", "sram_threshold_exceeded": "Yes"},
            "aggregate_uncorrectable_sram_sources": {"sram_l2": "1", "sram_sm": "0"},
            "channel_repair_pending": "Yes",
            "tpc_repair_pending": "No",
            "unrepairable_memory": "No",
        },
        "temperature": {
            "gpu_temp": "27 C", "gpu_temp_tlimit": "60 C", "gpu_temp_max_tlimit_threshold": "-5 C",
            "gpu_temp_slow_tlimit_threshold": "-2 C",
        },
        "gpu_power_readings": {
            "average_power_draw": "165.93 W", "instant_power_draw": "170.00 W", "current_power_limit": "1400.00 W",
        },
        "module_power_readings": {"current_power_limit": "2500.00 W"},
        "fabric": {
            "state": "Completed", "status": "Success", "cliqueId": "2", "clusterUuid": "00000001-0000-0000-0000-000000000001",
            "health": {"summary": "Healthy", "bandwidth": "Full"},
        },
        **changes,
    }  # fmt: skip
