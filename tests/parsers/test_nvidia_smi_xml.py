"""`nvidia-smi -q -x` of every generation: facts, and for each that is not known its own reason."""

from __future__ import annotations

import time
import tracemalloc
from typing import Any

import pytest

from gpuctl.errors import InputError
from gpuctl.model.hardware import Gpu
from gpuctl.model.known import why_unknown
from gpuctl.model.nodes import Node
from gpuctl.parsers import nvidia_smi_values as values
from gpuctl.parsers.nvidia_smi_tree import CUT
from gpuctl.parsers.nvidia_smi_xml import is_nvidia_smi_xml, parse, program
from tests.parsers.nvidia_smi_documents import blackwell, document, hopper, mig_device, volta

MIB = 2**20


def node_of(text: str) -> Node:
    assert is_nvidia_smi_xml(text)
    return parse(text)[0]


def gpu_of(tree: dict[str, Any], **head: Any) -> Gpu:
    node = node_of(document(tree, **head))
    assert node.gpus is not None
    (gpu,) = node.gpus
    return gpu


def test_the_node() -> None:
    node, moment = parse(document(volta(), volta(), dtd="v10", driver="418.87", cuda="10.1"))
    assert node.name is None
    assert node.unknown == {"name": values.NAMELESS}
    assert node.driver is not None
    assert (node.driver.version, node.driver.loaded) == ("418.87", True)
    assert node.cuda is not None
    assert node.cuda.driver_max == "10.1"
    assert node.gpu_count == 2
    assert [(gpu.index, gpu.pci) for gpu in node.gpus or ()] == [(0, "0000:10:00.0"), (1, "0000:11:00.0")]
    assert moment is not None
    assert moment.isoformat() == "2024-03-01T10:00:00+00:00"


def test_a_gpu_before_ampere() -> None:
    gpu = gpu_of(volta(), dtd="v10")
    assert (gpu.vendor, gpu.kind, gpu.bound_driver) == ("nvidia", "gpu", "nvidia")
    assert (gpu.product, gpu.serial, gpu.minor, gpu.vbios) == ("Tesla V100-SXM2-32GB", "0323618000001", 0, "88.00.48.00.02")
    assert gpu.uuid == "GPU-11111111-2222-3333-4444-555555555555"
    assert (gpu.pci, gpu.pci_id) == ("0000:10:00.0", "10de:1db5")
    assert gpu.inforom == {"img_version": "G503.0203.00.04", "oem_object": "1.1", "ecc_object": "5.0"}
    assert (gpu.memory_bytes, gpu.memory_used_bytes) == (32480 * MIB, 11 * MIB)
    assert gpu.pcie is not None
    assert (gpu.pcie.gen, gpu.pcie.gen_max, gpu.pcie.width, gpu.pcie.width_max, gpu.pcie.replays) == (3, 3, 8, 16, 7)
    assert gpu.ecc is not None
    assert (gpu.ecc.enabled, gpu.ecc.pending) == (True, False)
    assert gpu.ecc.volatile["single_bit_device_memory"] == 3
    assert gpu.ecc.volatile["double_bit_total"] == 1
    assert "single_bit_texture_memory" not in gpu.ecc.volatile
    assert why_unknown(gpu, "ecc.volatile.single_bit_texture_memory") == values.NOT_APPLICABLE
    assert gpu.retired_pages is not None
    assert (gpu.retired_pages.sbe, gpu.retired_pages.dbe, gpu.retired_pages.pending) == (2, 1, True)
    assert gpu.remapped_rows is None
    assert why_unknown(gpu, "remapped_rows.pending") == values.ABSENT
    assert gpu.clocks_event_reasons == ("hw_slowdown", "hw_thermal_slowdown")
    assert (gpu.temperature_celsius, gpu.power_watts, gpu.power_limit_watts) == (41, 42.5, 250)
    assert gpu.thresholds["slowdown_celsius"] == 87
    assert gpu.thresholds["default_power_limit_watts"] == 300
    assert gpu.clocks["sm_hertz"] == 135e6
    assert gpu.clocks["max_graphics_hertz"] == 1530e6
    assert gpu.utilization == {"gpu": 0.07, "memory": 0.0, "encoder": 0.0, "decoder": 0.0}
    assert (gpu.compute_mode, gpu.persistence) == ("Exclusive_Process", True)
    assert (gpu.reset_required, gpu.recovery_action) == (None, None)
    assert gpu.mig is not None
    assert gpu.mig.mode is None
    assert why_unknown(gpu, "mig.mode") == values.ABSENT
    assert gpu.vgpu is not None
    assert gpu.vgpu.role == "none"


def test_the_oldest_generation() -> None:
    gpu = gpu_of(
        {
            "id": "0000:02:00.0",
            "product_name": "Tesla K20m",
            "memory_usage": {"total": "4799 MB", "used": "828 MB", "free": "3971 MB"},
            "compute_processes": {"process_info": {"pid": "31", "process_name": "./a.out", "used_memory": "815 MB"}},
            "pci": {"pci_device_id": "102810DE"},
        },
        dtd="v4",
        driver="319.37",
        cuda=None,
    )
    assert (gpu.pci, gpu.pci_id) == ("0000:02:00.0", "10de:1028")
    assert (gpu.memory_bytes, gpu.memory_used_bytes) == (4799 * MIB, 828 * MIB)
    assert gpu.processes is not None
    assert [(one.pid, one.name, one.memory_bytes) for one in gpu.processes] == [(31, "./a.out", 815 * MIB)]
    assert gpu.utilization == {}
    assert gpu.unknown["utilization"] == values.ABSENT


def test_processes_keep_no_arguments() -> None:
    processes = gpu_of(volta()).processes
    assert processes is not None
    assert [(one.pid, one.name, one.memory_bytes) for one in processes] == [
        (4242, "python3", 30000 * MIB),
        (4243, "/usr/bin/nvidia-cuda-mps-server", None),
    ]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("/opt/venv/bin/python -m train --password x", "/opt/venv/bin/python"),
        (r"C:\Program Files\A B\x.exe --key y", r"C:\Program Files\A B\x.exe"),
        (r'"C:\Program Files\A\x.EXE" /k y', r"C:\Program Files\A\x.EXE"),
        (r"C:\Windows\System32\dwm -k secret", r"C:\Windows\System32\dwm"),
        ("   ", None),
    ],
)
def test_program(text: str, name: str | None) -> None:
    assert program(text) == name


def test_no_process_is_known_and_no_list_is_not() -> None:
    assert gpu_of(hopper()).processes == ()
    gpu = gpu_of(hopper(processes="N/A"))
    assert gpu.processes is None
    assert gpu.unknown["processes"] == values.NOT_APPLICABLE


def test_a_hopper() -> None:
    gpu = gpu_of(hopper())
    assert gpu.architecture == "Hopper"
    assert gpu.mig is not None
    assert (gpu.mig.mode, gpu.mig.pending_mode, gpu.mig.instances) == (False, True, ())
    assert "mig.instances" not in gpu.unknown
    assert gpu.clocks_event_reasons == ("sw_power_cap",)
    assert gpu.remapped_rows is not None
    rows = gpu.remapped_rows
    assert (rows.correctable, rows.uncorrectable, rows.pending, rows.failure) == (1, 2, True, False)
    assert rows.banks == {"max": 2558, "high": 2, "partial": 0, "low": 0, "none": 0}
    assert gpu.ecc is not None
    assert gpu.ecc.volatile == {"sram_correctable": 0, "sram_uncorrectable": 2, "dram_correctable": 5, "dram_uncorrectable": 0}
    assert (gpu.power_watts, gpu.power_limit_watts) == (110.1, 650)
    assert gpu.reset_required is False
    assert gpu.unknown["retired_pages.pending"] == values.NOT_APPLICABLE


def test_a_blackwell_in_a_rack() -> None:
    gpu = gpu_of(blackwell(), dtd="v13", driver="615.10.01")
    assert gpu.reset_required is None
    assert gpu.unknown["reset_required"] == values.DEPRECATED
    assert gpu.recovery_action == "Drain and Reset"
    assert gpu.ecc is not None
    assert gpu.ecc.aggregate == {"sram_uncorrectable_parity": 1, "sram_l2": 1, "sram_sm": 0, "sram_threshold_exceeded": 1}
    assert gpu.repair is not None
    assert (gpu.repair.channel_pending, gpu.repair.tpc_pending, gpu.repair.unrepairable_memory) == (True, False, False)
    assert gpu.thresholds["shutdown_tlimit_celsius"] == -5
    assert "shutdown_celsius" not in gpu.thresholds
    assert gpu.power_watts == 170
    assert gpu.thresholds["module_power_limit_watts"] == 2500
    assert gpu.fabric is not None
    fabric = gpu.fabric
    assert (fabric.state, fabric.status, fabric.clique, fabric.health) == ("Completed", "Success", "2", "Healthy")
    assert fabric.cluster_uuid == "00000001-0000-0000-0000-000000000001"
    assert gpu.platform["peer_type"] == "Switch Connected"
    assert gpu.platform["tray_index"] == "4"


def test_recovery_action_none_is_a_fact() -> None:
    assert gpu_of(blackwell(gpu_recovery_action="None")).recovery_action == "None"


def test_pending_blacklist_is_the_old_name() -> None:
    gpu = gpu_of(volta(retired_pages={"double_bit_retirement": {"retired_count": "60"}, "pending_blacklist": "Yes"}))
    assert gpu.retired_pages is not None
    assert (gpu.retired_pages.sbe, gpu.retired_pages.dbe, gpu.retired_pages.pending) == (None, 60, True)


@pytest.mark.parametrize(
    ("printed", "reason"),
    [
        ("N/A", values.NOT_APPLICABLE),
        ("[N/A]", values.NOT_APPLICABLE),
        ("Not Supported", values.NOT_SUPPORTED),
        ("[Not Supported]", values.NOT_SUPPORTED),
        ("Unknown Error", values.UNKNOWN_ERROR),
        ("[Unknown Error]", values.UNKNOWN_ERROR),
        ("ERR!", values.ERROR),
        ("GPU is lost", values.LOST),
        ("[GPU is lost]", values.LOST),
        ("Requested functionality has been deprecated", values.DEPRECATED),
        ("Insufficient Permissions", values.NO_PERMISSION),
        ("1e3 C", "not understood: '1e3 C'"),
        ("41 F", "not understood: '41 F'"),
        ("<b>\x1b[31m</b>", "not understood: '<b>\\ufffd[31m</b>'"),
    ],
)
def test_each_word_for_no_value_has_its_reason(printed: str, reason: str) -> None:
    gpu = gpu_of(
        hopper(
            temperature={"gpu_temp": printed},
            fb_memory_usage={"total": printed},
            ecc_mode={"current_ecc": printed},
            persistence_mode=printed,
        )
    )
    for name in ("temperature_celsius", "memory_bytes", "persistence"):
        assert getattr(gpu, name) is None, name
        assert gpu.unknown[name] == reason
    assert gpu.ecc is not None
    assert gpu.ecc.enabled is None
    assert gpu.unknown["ecc.enabled"] == reason


def test_absent_has_a_reason_of_its_own() -> None:
    gpu = gpu_of(hopper(temperature={"memory_temp": "30 C"}))
    assert gpu.temperature_celsius is None
    assert gpu.unknown["temperature_celsius"] == values.ABSENT


def test_a_map_of_one_word_has_one_reason() -> None:
    gpu = gpu_of(hopper(utilization={f"{name}_util": "N/A" for name in ("gpu", "memory", "encoder", "decoder")}))
    assert gpu.utilization == {}
    assert gpu.unknown["utilization"] == values.NOT_APPLICABLE
    assert not [path for path in gpu.unknown if path.startswith("utilization.")]


def test_a_lost_gpu_keeps_its_address() -> None:
    lost = "GPU is lost"
    gpu = gpu_of(
        {
            "id": "00000000:C3:00.0",
            "product_name": lost,
            "uuid": lost,
            "pci": {"pci_bus_id": lost, "replay_counter": lost},
            "fb_memory_usage": {"total": lost, "used": lost},
            "clocks_event_reasons": {"clocks_event_reason_gpu_idle": lost, "clocks_event_reason_hw_slowdown": lost},
            "remapped_rows": lost,
            "processes": lost,
            "mig_mode": {"current_mig": lost},
        }
    )
    assert gpu.pci == "0000:c3:00.0"
    assert (gpu.uuid, gpu.memory_bytes, gpu.remapped_rows, gpu.clocks_event_reasons, gpu.processes) == (None, None, None, None, None)
    for name in ("uuid", "product", "memory_bytes", "remapped_rows", "clocks_event_reasons", "processes", "mig.mode", "mig.instances"):
        assert gpu.unknown[name] == values.LOST, name
    assert gpu.index == 0


def test_a_gpu_that_asks_for_a_reset_needs_one() -> None:
    gpu = gpu_of(blackwell(temperature={"gpu_temp": "GPU requires reset"}))
    assert gpu.reset_required is True
    assert "reset_required" not in gpu.unknown


def test_remapped_rows_of_one_word_under_mig() -> None:
    gpu = gpu_of(hopper(remapped_rows="N/A"))
    assert gpu.remapped_rows is None
    assert gpu.unknown["remapped_rows"] == values.NOT_APPLICABLE


def test_windows() -> None:
    gpu = gpu_of(hopper(driver_model={"current_dm": "WDDM", "pending_dm": "WDDM"}, persistence_mode="N/A", minor_number="N/A"))
    assert gpu.platform["driver_model"] == "WDDM"
    assert gpu.bound_driver is None
    assert gpu.unknown["bound_driver"] == values.WINDOWS
    assert (gpu.persistence, gpu.minor) == (None, None)


def test_a_vgpu_guest() -> None:
    gpu = gpu_of(
        hopper(
            product_name="NVIDIA L40S-2Q",
            gpu_virtualization_mode={"virtualization_mode": "VGPU"},
            vgpu_software_licensed_product={"license_status": "Licensed (Expiry: 2026-7-7 16:1:44 GMT)"},
        )
    )
    assert gpu.vgpu is not None
    assert (gpu.vgpu.role, gpu.vgpu.profile, gpu.vgpu.license) == ("guest", "L40S-2Q", "licensed")
    host = gpu_of(hopper(gpu_virtualization_mode={"virtualization_mode": "Host VGPU"})).vgpu
    assert host is not None
    assert (host.role, host.profile) == ("host", None)


MIG = {"mig_mode": {"current_mig": "Enabled", "pending_mig": "Enabled"}}


def instances(
    product: str, *devices: dict[str, Any]
) -> list[tuple[int | None, str | None, int | None, list[tuple[int | None, str | None]]]]:
    gpu = gpu_of(hopper(product_name=product, **MIG, mig_devices={"mig_device": list(devices)}))
    assert gpu.mig is not None
    assert gpu.unknown["mig.instances.start"] == values.UNPLACED
    assert all(one.start is None for one in gpu.mig.instances)
    return [(one.gi, one.profile, one.size, [(ci.ci, ci.profile) for ci in one.compute_instances]) for one in gpu.mig.instances]


def test_mig_profiles_where_one_fits() -> None:
    assert instances(
        "NVIDIA H100 80GB HBM3",
        mig_device(2, 0, 60, 40448, (3, 0, 3, 0, 3)),
        mig_device(3, 0, 32, 20096, (2, 0, 2, 0, 2)),
        mig_device(9, 0, 16, 9984, (1, 0, 1, 0, 1)),
        mig_device(10, 0, 16, 9984, (1, 0, 1, 1, 1)),
        mig_device(11, 0, 26, 20096, (1, 0, 1, 0, 1)),
    ) == [
        (2, "3g.40gb", 4, [(0, "3g.40gb")]),
        (3, "2g.20gb", 2, [(0, "2g.20gb")]),
        (9, "1g.10gb", 1, [(0, "1g.10gb")]),
        (10, "1g.10gb+me", 1, [(0, "1g.10gb+me")]),
        (11, "1g.20gb", 2, [(0, "1g.20gb")]),
    ]


def test_mig_profiles_where_not_all_of_the_product_is_published() -> None:
    assert instances(
        "NVIDIA B200",
        mig_device(1, 0, 18, 20992, (2, 0, 1, 0, 1)),
        mig_device(3, 0, 36, 45312, (4, 0, 2, 0, 2)),
        mig_device(5, 0, 70, 90000, (6, 0, 3, 0, 3)),
    ) == [(1, "1g.23gb", 1, [(0, "1g.23gb")]), (3, "2g.45gb", 2, [(0, "2g.45gb")]), (5, None, None, [(0, None)])]


def test_mig_compute_instances_share_their_gpu_instance() -> None:
    assert instances("NVIDIA H200", mig_device(2, 0, 16, 71424, (3, 0, 3, 0, 3)), mig_device(2, 1, 32, 71424, (3, 0, 3, 0, 3))) == [
        (2, "3g.71gb", 4, [(0, None), (1, None)])
    ]


@pytest.mark.parametrize(
    ("product", "multiprocessors", "memory_mib", "engines"),
    [
        ("NVIDIA RTX PRO 6000 Blackwell Server Edition", 46, 24192, (1, 1, 1, 0, 1)),  # with and without graphics look alike
        ("NVIDIA H999", 60, 40448, (3, 0, 3, 0, 3)),
        ("NVIDIA H100 80GB HBM3", 60, 47488, (3, 0, 3, 0, 3)),
        ("NVIDIA H100 80GB HBM3", 61, 40448, (3, 0, 3, 0, 3)),
    ],
)  # fmt: skip
def test_mig_profiles_are_never_guessed(
    product: str, multiprocessors: int, memory_mib: int, engines: tuple[int, int, int, int, int]
) -> None:
    gpu = gpu_of(hopper(product_name=product, **MIG, mig_devices={"mig_device": mig_device(1, 0, multiprocessors, memory_mib, engines)}))
    assert gpu.mig is not None
    (instance,) = gpu.mig.instances
    assert (instance.gi, instance.profile, instance.size) == (1, None, None)
    assert gpu.unknown["mig.instances.profile"] == values.UNNAMED


def test_fewer_gpus_than_attached() -> None:
    node = node_of(document(hopper(), attached_gpus="8"))
    assert node.gpu_count == 8
    assert node.gpus is not None
    assert [gpu.index for gpu in node.gpus] == [None]
    assert node.unknown["gpus"] == "nvidia-smi counts 8 GPUs and the file lists 1"


@pytest.mark.parametrize("where", ["before", "inside", "after"])
def test_a_gpu_that_nvidia_smi_could_not_open(where: str) -> None:
    message = "Unable to determine the device handle for GPU1: 0000:5F:00.0: Unknown Error\n"
    text = document(hopper(), hopper(uuid="GPU-2"), attached_gpus="3")
    place = text.rindex("\t<gpu id=")
    node = node_of({"before": message + text, "inside": text[:place] + message + text[place:], "after": text + message}[where])
    assert node.gpus is not None
    assert [(gpu.index, gpu.pci) for gpu in node.gpus] == [(0, "0000:10:00.0"), (2, "0000:11:00.0"), (1, "0000:5f:00.0")]
    assert node.gpus[2].unknown["memory_bytes"] == "nvidia-smi cannot open it: Unknown Error"
    assert "gpus" not in node.unknown


WHOLE = document(hopper(), hopper(uuid="GPU-2"))


def test_a_cut_file_keeps_what_stands_before_the_cut() -> None:
    place = WHOLE.index("<total>", WHOLE.index("GPU-2")) + len("<total>324")
    node = node_of(WHOLE[:place])
    assert node.gpus is not None
    first, second = node.gpus
    assert node.unknown["gpus"].startswith(CUT)
    assert not [why for why in first.unknown.values() if why == CUT]
    assert first.memory_bytes == 32480 * MIB
    assert (second.index, second.pci, second.uuid) == (1, "0000:11:00.0", "GPU-2")
    assert second.memory_bytes is None
    assert second.unknown["memory_bytes"] == CUT
    assert second.unknown["temperature_celsius"] == CUT
    assert second.unknown["processes"] == CUT
    assert second.mig is not None
    assert (second.mig.mode, second.unknown["mig.instances"]) == (None, CUT)


def test_no_cut_invents_a_value() -> None:
    whole = node_of(WHOLE)
    for place in range(WHOLE.index("<timestamp>"), len(WHOLE) - len("</nvidia_smi_log>\n"), 17):
        node = node_of(WHOLE[:place])
        assert node.unknown["gpus"].startswith(CUT)
        for cut, full in zip(node.gpus or (), whole.gpus or (), strict=False):
            for name in Gpu.__struct_fields__:
                value = getattr(cut, name)
                if isinstance(value, (int, float, str)) and name != "kind":
                    assert value == getattr(full, name), (name, place)
            for name in ("clocks", "thresholds", "utilization", "inforom", "platform"):
                assert getattr(cut, name).items() <= getattr(full, name).items()
            assert cut.processes in {None, full.processes} or "processes" in cut.unknown


def test_damage_in_the_middle_is_named() -> None:
    text = WHOLE.replace("</temperature>", "</temprature>", 1)
    node = node_of(text)
    assert node.gpus is not None
    assert len(node.gpus) == 1
    assert node.unknown["gpus"].startswith("the file is damaged at line ")
    assert node.gpus[0].memory_bytes == 32480 * MIB
    assert node.gpus[0].unknown["power_watts"].startswith("the file is damaged")


@pytest.mark.parametrize(
    "text",
    [
        "$ nvidia-smi -q -x\n" + WHOLE,
        "Last login: Fri Mar  1 09:00:00\r\nroot@gpu7:~# nvidia-smi -q -x\r\n" + WHOLE.replace("\n", "\r\n"),
        "\ufeff" + WHOLE,
        WHOLE + "\n[root@gpu7 ~]# exit\n",
        WHOLE.replace("N/A", "GPU is lost") + WHOLE,
        WHOLE[: len(WHOLE) // 2] + "\n" + WHOLE,
        WHOLE + WHOLE[: len(WHOLE) // 2],
        WHOLE.replace('<?xml version="1.0" ?>', '<?xml version="1.0" encoding="UTF-16"?>'),
    ],
    ids=["prompt", "login", "mark", "after", "repeated", "half-before", "half-after", "encoding"],
)
def test_what_stands_around_a_document(text: str) -> None:
    assert node_of(text) == node_of(WHOLE)


def test_a_piece_without_its_beginning() -> None:
    place = WHOLE.rindex("\t<gpu id=")
    node = node_of(WHOLE[place:])
    assert node.gpus is not None
    (gpu,) = node.gpus
    assert (gpu.uuid, gpu.index) == ("GPU-2", None)
    assert node.driver is not None
    assert node.driver.version is None
    assert node.unknown["driver.version"] == values.ABSENT


def test_names_that_nvidia_smi_does_not_escape() -> None:
    text = document(volta()).replace("python3 train.py --token s3cret", "C:\\A & B\\x&y;z.exe \x01\udcff &#0; -k")
    gpus = node_of(text).gpus
    assert gpus is not None
    assert gpus[0].processes is not None
    assert gpus[0].processes[0].name == "C:\\A & B\\x&y;z.exe"


BOMB = '<!DOCTYPE nvidia_smi_log [<!ENTITY a0 "lol">{}]>\n<nvidia_smi_log><driver_version>&a9;</driver_version></nvidia_smi_log>'


@pytest.mark.parametrize(
    "text",
    [
        BOMB.format("".join(f'<!ENTITY a{n} "' + f"&a{n - 1};" * 10 + '">' for n in range(1, 10))),
        BOMB.format('<!ENTITY a9 SYSTEM "file:///etc/passwd">'),
        BOMB.format('<!ENTITY % p SYSTEM "http://127.0.0.1/x.dtd"> %p;'),
        BOMB.format('<!ENTITY a9 "' + "x" * 1_000_000 + '">'),
        "<nvidia_smi_log>" + "<gpu>" * 100_000,
        "<nvidia_smi_log>" + "<supported_clocks>" * 100_000,
        "<nvidia_smi_log>" + "<gpu/>" * 250_000,
        "<nvidia_smi_log>" + " " * (65 * 2**20),
    ],
    ids=["laughs", "file", "parameter", "quadratic", "deep", "deep-skipped", "wide", "large"],
)  # fmt: skip
def test_bombs_are_refused(text: str) -> None:
    assert is_nvidia_smi_xml(text)
    tracemalloc.start()
    began = time.process_time()
    with pytest.raises(InputError):
        parse(text)
    assert time.process_time() - began < 10
    assert tracemalloc.get_traced_memory()[1] < len(text) * 2 + 200 * 2**20
    tracemalloc.stop()


def test_an_external_dtd_is_not_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("socket.socket", lambda *_: pytest.fail("a socket was opened"))
    text = WHOLE.replace('"nvsmi_device_v12.dtd"', '"http://192.0.2.1/nvsmi_device_v12.dtd"')
    assert node_of(text) == node_of(WHOLE)


def test_other_texts_are_not_taken_for_it() -> None:
    for text in (
        "",
        "<?xml version='1.0'?><svg/>",
        "apiVersion: v1\nkind: Pod\n",
        "see <nvidia_smi_log> in the manual",
        "x" * 70_000 + WHOLE,
    ):
        assert not is_nvidia_smi_xml(text)
