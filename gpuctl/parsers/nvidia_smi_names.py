"""Where nvidia-smi's XML tells the entries of a GPU's maps: paths of elements by the map's key, newer spellings first.

Element names: DTDs nvsmi_device_v4 to v13 and what drivers 418 to 615 print (https://developer.nvidia.com/nvidia-system-management-interface,
2026-11-24). ECC counters keep the names that nvidia-smi prints, the older ones by bit with theirs before (`double_bit_l2_cache`).
"""

from __future__ import annotations

from typing import Final

THRESHOLDS: Final = {
    "shutdown_celsius": ("temperature/gpu_temp_max_threshold",),
    "slowdown_celsius": ("temperature/gpu_temp_slow_threshold",),
    "max_operating_celsius": ("temperature/gpu_temp_max_gpu_threshold",),
    "memory_max_operating_celsius": ("temperature/gpu_temp_max_mem_threshold",),
    "target_celsius": ("temperature/gpu_target_temperature",),
    "shutdown_tlimit_celsius": ("temperature/gpu_temp_max_tlimit_threshold",),
    "slowdown_tlimit_celsius": ("temperature/gpu_temp_slow_tlimit_threshold",),
    "max_operating_tlimit_celsius": ("temperature/gpu_temp_max_gpu_tlimit_threshold",),
    "memory_max_operating_tlimit_celsius": ("temperature/gpu_temp_max_mem_tlimit_threshold",),
}
"""Temperatures; those of `tlimit` are margins below the limit (Hopper and later)."""
POWER: Final = {
    "requested_power_limit_watts": ("gpu_power_readings/requested_power_limit", "power_readings/power_limit"),
    "default_power_limit_watts": ("gpu_power_readings/default_power_limit", "power_readings/default_power_limit"),
    "min_power_limit_watts": ("gpu_power_readings/min_power_limit", "power_readings/min_power_limit"),
    "max_power_limit_watts": ("gpu_power_readings/max_power_limit", "power_readings/max_power_limit"),
    "module_power_limit_watts": ("module_power_readings/current_power_limit",),
}
CLOCKS: Final = {
    f"{kind}{domain}_hertz": (f"{group}/{tag}",)
    for kind, group in (
        ("", "clocks"), ("max_", "max_clocks"), ("applications_", "applications_clocks"),
        ("default_applications_", "default_applications_clocks"),
    )
    for domain, tag in (("graphics", "graphics_clock"), ("sm", "sm_clock"), ("memory", "mem_clock"), ("video", "video_clock"))
    if domain in {"graphics", "memory"} or not kind.endswith("applications_")
}  # fmt: skip
UTILIZATION: Final = {name: (f"utilization/{name}_util",) for name in ("gpu", "memory", "encoder", "decoder", "jpeg", "ofa")}
BANKS: Final = {
    name: (f"remapped_rows/row_remapper_histogram/row_remapper_histogram_{name}",) for name in ("max", "high", "partial", "low", "none")
}
INFOROM: Final = {name: (f"inforom_version/{name}",) for name in ("img_version", "oem_object", "ecc_object", "pwr_object")}
PLATFORM: Final = {
    **{
        name: (f"platformInfo/{name}", f"platform_info/{name}")
        for name in ("chassis_serial_number", "slot_number", "tray_index", "host_id", "peer_type", "gpu_fabric_guid")
    },
    "module_id": ("platformInfo/module_id", "platform_info/module_id", "gpu_module_id"),
    "c2c_mode": ("c2c_mode",),
}
_BY_MEMORY: Final = (
    "sram_correctable", "sram_uncorrectable", "sram_uncorrectable_parity", "sram_uncorrectable_secded", "dram_correctable",
    "dram_uncorrectable",
)  # fmt: skip
_BY_BIT: Final = ("device_memory", "dram", "register_file", "l1_cache", "l2_cache", "texture_memory", "texture_shm", "cbu", "sram", "total")
_SOURCES: Final = ("sram_l2", "sram_sm", "sram_microcontroller", "sram_pcie", "sram_other")

ECC: Final = {
    kind: {
        **{name: (f"ecc_errors/{kind}/{name}",) for name in _BY_MEMORY},
        **{f"{bit}_bit_{name}": (f"ecc_errors/{kind}/{bit}_bit/{name}",) for bit in ("single", "double") for name in _BY_BIT},
        **({name: (f"ecc_errors/aggregate_uncorrectable_sram_sources/{name}",) for name in _SOURCES} if kind == "aggregate" else {}),
    }
    for kind in ("volatile", "aggregate")
}
KEYS: Final = frozenset({"sram_threshold_exceeded"}.union(THRESHOLDS, POWER, CLOCKS, UTILIZATION, BANKS, INFOROM, PLATFORM, *ECC.values()))
"""All of them: published words, which name nobody."""
