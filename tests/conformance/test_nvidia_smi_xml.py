"""Every sample of `nvidia-smi -q -x`, and of what a failing nvidia-smi prints, by the commands that users run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from gpuctl.parsers import nvidia_smi_values as values
from tests.conformance.face import SAMPLES, Seen, look

pytestmark = pytest.mark.skipif(not SAMPLES.is_dir(), reason="the samples are not beside this checkout")

MIB = 2**20
XML = sorted(f"nvidia-smi-xml/{path.name}" for path in (SAMPLES / "nvidia-smi-xml").glob("*.xml"))
MIG = sorted(f"mig/{path.name}" for path in (SAMPLES / "mig").glob("*.xml"))
FAILED = sorted(f"nvidia-smi-text/{path.name}" for path in (SAMPLES / "nvidia-smi-text").glob("fail-*.txt"))

WHOLE: dict[str, dict[str, Any]] = {
    "nvidia-smi-xml/a100-sxm4-40gb-570.148.08.xml": {
        "driver": "570.148.08", "cuda": "12.8", "gpus": 1, "product": "NVIDIA A100-SXM4-40GB", "pci": ["0000:06:00.0"], "mib": 40960,
        "persistence": True, "mig": False, "ecc": True,
    },
    "nvidia-smi-xml/a100-sxm4-mig-510.47.03.xml": {
        "driver": "510.47.03", "cuda": "11.6", "gpus": 1, "product": "NVIDIA A100-SXM4-40GB", "pci": ["0000:00:04.0"], "mib": 40960,
        "persistence": False, "mig": True, "ecc": True,
    },
    "nvidia-smi-xml/a10g-515.105.01-v11.xml": {
        "driver": "515.105.01", "cuda": "11.7", "gpus": 1, "product": "NVIDIA A10G", "pci": ["0000:00:1e.0"], "mib": 23028, "mig": None,
    },
    "nvidia-smi-xml/gb200x2-one-gpu-lost-580.65.06-mocknvml.xml": {
        "driver": "580.65.06", "cuda": "13.0", "gpus": 2, "product": "NVIDIA GB200", "pci": ["0000:0a:00.0", "0000:0b:00.0"], "mib": 196608,
        "persistence": True, "mig": False, "ecc": True,
    },
    "nvidia-smi-xml/gb200x2-throttle-counters-580.65.06-mocknvml.xml": {
        "driver": "580.65.06", "cuda": "13.0", "gpus": 2, "product": "NVIDIA GB200", "pci": ["0000:0a:00.0", "0000:0b:00.0"],
    },
    "nvidia-smi-xml/gb200x4-580.173.02.xml": {
        "driver": "580.173.02", "cuda": "13.0", "gpus": 4, "product": "NVIDIA GB200", "mib": 189471, "persistence": True, "mig": False,
        "ecc": True,
    },
    "nvidia-smi-xml/gtx-1070-ti-fragment-v10.xml": {
        "driver": None, "cuda": None, "gpus": 1, "product": "GeForce GTX 1070 Ti", "pci": ["0000:01:00.0"], "mib": 4096,
        "persistence": None,
        "mig": None, "ecc": None,
    },
    "nvidia-smi-xml/gtx-1660-ti-418.43-nodtd.xml": {
        "driver": "418.43", "cuda": "10.1", "gpus": 1, "product": "Graphics Device", "pci": ["0000:43:00.0"], "mib": 5912,
        "persistence": False, "mig": None, "ecc": None,
    },
    "nvidia-smi-xml/l40s-595.91.07.xml": {"driver": "595.91.07", "cuda": "13.2", "gpus": 1, "product": "NVIDIA L40S", "mig": None},
    "nvidia-smi-xml/rtx-2080-win-516.59-v11.xml": {
        "driver": "516.59", "cuda": "11.7", "gpus": 1, "product": "NVIDIA GeForce RTX 2080", "persistence": None, "ecc": None,
    },
    "nvidia-smi-xml/rtx-3060-570.124.04-v12.xml": {"driver": "570.124.04", "gpus": 1, "product": "NVIDIA GeForce RTX 3060"},
    "nvidia-smi-xml/rtx-3080-595.58.03-v13.xml": {"driver": "595.58.03", "gpus": 1, "product": "NVIDIA GeForce RTX 3080"},
    "nvidia-smi-xml/rtx-3080-win-536.40-v12.xml": {"driver": "536.40", "gpus": 1, "product": "NVIDIA GeForce RTX 3080"},
    "mig/nvidia-smi-q-x-a100-40gb-mig-510.47.03.xml": {
        "driver": "510.47.03", "cuda": "11.6", "gpus": 1, "product": "NVIDIA A100-SXM4-40GB", "mig": True, "mib": 40960,
    },
}  # fmt: skip
"""What a reader by eye finds; a key that is left out is not compared."""

Check = Callable[[Seen], None]
CHECKS: dict[str, Check] = {}


def check(name: str) -> Callable[[Check], Check]:
    """Registers what more is known of one file."""

    def register(function: Check) -> Check:
        CHECKS[f"nvidia-smi-xml/{name}"] = function
        return function

    return register


def gpu(seen: Seen, place: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = seen.node["gpus"][place]
    return found


@pytest.mark.parametrize("name", [*XML, *MIG])
def test_sample(name: str) -> None:
    assert name in WHOLE, "a sample without facts: write them"
    seen, wanted = look(SAMPLES / name), WHOLE[name]
    node = seen.node
    assert node["name"] is None
    assert node["unknown"]["name"] == values.NAMELESS
    assert (node["driver"]["version"], node["driver"]["loaded"]) == (wanted["driver"], True)
    assert (node["cuda"] or {"driver_max": None})["driver_max"] == wanted.get("cuda", (node["cuda"] or {"driver_max": None})["driver_max"])
    assert len(node["gpus"]) == wanted["gpus"] == seen.report["summary"]["gpus"]
    for each in node["gpus"]:
        assert (each["vendor"], each["kind"], each["product"]) == ("nvidia", "gpu", wanted["product"])
        assert each["uuid"].startswith("GPU-")
        for value in each["unknown"].values():
            assert value
    found = gpu(seen)
    shown = {
        "pci": [each["pci"] for each in node["gpus"]], "mib": (found["memory_bytes"] or 0) / MIB, "persistence": found["persistence"],
        "mig": found["mig"]["mode"], "ecc": found["ecc"]["enabled"],
    }  # fmt: skip
    assert {key: shown[key] for key in shown if key in wanted} == {key: wanted[key] for key in shown if key in wanted}
    if name in CHECKS:
        CHECKS[name](seen)


@check("a100-sxm4-40gb-570.148.08.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert found["unknown"]["reset_required"] == values.DEPRECATED
    assert found["recovery_action"] == "None"
    assert found["remapped_rows"]["banks"] == {"max": 640, "high": 0, "partial": 0, "low": 0, "none": 0}
    assert (found["remapped_rows"]["pending"], found["remapped_rows"]["failure"]) == (False, False)
    assert found["power_watts"] == 49.68
    assert found["vgpu"]["role"] == "passthrough"
    assert found["clocks_event_reasons"] == []
    assert found["pcie"] == {"gen": 4, "gen_max": 4, "width": 16, "width_max": 16, "replays": 0}


@check("a100-sxm4-mig-510.47.03.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert [(one["profile"], one["gi"], one["size"], one["start"]) for one in found["mig"]["instances"]] == [
        ("3g.20gb", 1, 4, None),
        ("3g.20gb", 2, 4, None),
    ]
    assert found["remapped_rows"] is None
    assert found["unknown"]["remapped_rows"] == values.NOT_APPLICABLE
    assert found["utilization"] is None
    assert found["unknown"]["utilization"] == values.NOT_APPLICABLE


@check("a10g-515.105.01-v11.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert [(one["name"], one["memory_bytes"]) for one in found["processes"]] == [("/usr/lib/xorg/Xorg", 22 * MIB)]
    assert (found["pcie"]["gen"], found["pcie"]["width"], found["pcie"]["width_max"]) == (1, 8, 16)
    assert found["unknown"]["mig.mode"] == values.NOT_APPLICABLE
    assert found["clocks_event_reasons"] == []


@check("gb200x2-one-gpu-lost-580.65.06-mocknvml.xml")
def _(seen: Seen) -> None:
    healthy, lost = gpu(seen, 0), gpu(seen, 1)
    assert healthy["ecc"]["volatile"]["dram_uncorrectable"] == 5
    assert (healthy["remapped_rows"]["uncorrectable"], healthy["remapped_rows"]["failure"]) == (1, True)
    assert values.LOST not in healthy["unknown"].values()
    for path in ("memory_bytes", "temperature_celsius", "power_watts", "remapped_rows", "fabric.state"):
        assert lost["unknown"][path] == values.LOST
    for path in ("memory_bytes", "memory_used_bytes", "temperature_celsius", "power_watts", "remapped_rows"):
        assert lost[path] is None
    assert lost["uuid"].endswith("1")


@check("gb200x2-throttle-counters-580.65.06-mocknvml.xml")
def _(seen: Seen) -> None:
    for place in (0, 1):  # the counters are of all time since boot
        assert gpu(seen, place)["clocks_event_reasons"] == []


@check("gb200x4-580.173.02.xml")
def _(seen: Seen) -> None:
    assert [each["index"] for each in seen.node["gpus"]] == [0, 1, 2, 3]
    found = gpu(seen)
    assert (found["fabric"]["state"], found["fabric"]["status"], found["fabric"]["clique"]) == ("Completed", "Success", "2")
    assert found["platform"]["chassis_serial_number"] == "1820000000001"
    assert found["repair"] == {"channel_pending": False, "tpc_pending": False, "unrepairable_memory": False}
    assert found["thresholds"]["shutdown_tlimit_celsius"] == -5
    assert found["power_limit_watts"] == 1200


@check("gtx-1070-ti-fragment-v10.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert seen.node["unknown"]["driver.version"] == values.ABSENT
    assert found["power_watts"] is None
    assert found["unknown"]["power_watts"] == values.NOT_APPLICABLE
    assert found["unknown"]["persistence"] == values.ABSENT
    assert (found["pcie"]["gen"], found["pcie"]["gen_max"]) == (1, None)


@check("rtx-2080-win-516.59-v11.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert found["platform"]["driver_model"] == "WDDM"
    assert (found["bound_driver"], found["minor"]) == (None, None)
    names = [one["name"] for one in found["processes"]]
    assert r"C:\Windows\explorer.exe" in names
    assert None in names
    assert all(one["memory_bytes"] is None for one in found["processes"])


@check("rtx-3080-win-536.40-v12.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert (found["power_watts"], found["reset_required"]) == (22.78, False)
    assert not [one for one in found["processes"] if " --" in (one["name"] or "")]


@check("rtx-3060-570.124.04-v12.xml")
def _(seen: Seen) -> None:
    assert gpu(seen)["unknown"]["reset_required"] == values.DEPRECATED


@check("rtx-3080-595.58.03-v13.xml")
def _(seen: Seen) -> None:
    found = gpu(seen)
    assert found["recovery_action"] == "None"
    assert found["unknown"]["reset_required"] == values.ABSENT


@pytest.mark.parametrize("name", [name for name in XML if "lost" not in name])
def test_nothing_is_found_on_a_host_without_faults(name: str) -> None:
    assert look(SAMPLES / name).codes == []


@pytest.mark.parametrize("name", FAILED)
def test_failed(name: str) -> None:
    seen = look(SAMPLES / name)
    node = seen.node
    if "device-handle-lost" in name:
        assert node["driver"]["loaded"] is True
        assert [each["pci"] for each in node["gpus"]] == ["0000:c3:00.0"]
        assert gpu(seen)["unknown"]["memory_bytes"].startswith(values.LOST)
        return
    assert node["driver"]["loaded"] is ("mismatch" in name)
    assert node["driver"]["version"] is None
    assert node["gpus"] is None
    assert "nvidia-smi says: " in node["unknown"]["gpus"]


@pytest.mark.parametrize("name", XML)
@pytest.mark.parametrize("encoding", ["utf-16", "utf-8-sig"])
def test_as_powershell_writes_it(name: str, encoding: str, tmp_path: Path) -> None:
    text = (SAMPLES / name).read_text("utf-8").replace("\n", "\r\n")
    path = tmp_path / "smi.xml"
    path.write_bytes(text.encode(encoding))
    assert look(path).facts["nodes"] == look(SAMPLES / name).facts["nodes"]


def test_a_folder_names_the_hosts(tmp_path: Path) -> None:
    for place, name in enumerate(XML):
        folder = tmp_path / "hosts" / f"gpu{place:02d}"
        folder.mkdir(parents=True)
        (folder / "nvidia-smi.xml").write_bytes((SAMPLES / name).read_bytes())
    seen = look(tmp_path)
    assert [node["name"] for node in seen.facts["nodes"]] == [f"gpu{place:02d}" for place in range(len(XML))]
    assert seen.report["summary"]["gpus"] == sum(WHOLE[name]["gpus"] for name in XML)
    assert seen.report["summary"]["nodes"] == len(XML)
    mixed = {item["subject"]["name"] for item in seen.report["findings"]}
    assert mixed == {"1x NVIDIA-A100-SXM4-40GB", "1x NVIDIA-GeForce-RTX-3080"}, "two hosts of one kind each, with different drivers"
    assert set(seen.codes) == {"pool-driver-mix"}
