"""nvidia-smi's output among other files: recognised by content, named by its folder, joined with what the API tells of the node."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from gpuctl.errors import InputError
from gpuctl.facts.devices import at_least, physical
from gpuctl.facts.pools import product_mix
from gpuctl.facts.subjects import Pool
from gpuctl.facts.view import View
from gpuctl.model import codec
from gpuctl.model.known import why_unknown
from gpuctl.model.nodes import Node
from gpuctl.model.snapshot import Snapshot
from gpuctl.parsers import nvidia_smi_values as values
from gpuctl.redact import redact
from gpuctl.sources import files
from gpuctl.sources.files_content import READ
from tests.parsers.nvidia_smi_documents import blackwell, document, hopper, mig_device, volta
from tests.parsers.test_nvidia_smi_failure import NO_DRIVER

LABELS = {
    "nvidia.com/cuda.driver.major": "550", "nvidia.com/cuda.driver.minor": "54", "nvidia.com/cuda.driver.rev": "15",
    "nvidia.com/cuda.driver-version.full": "550.54.15", "nvidia.com/gpu.count": "8", "nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3",
    "nvidia.com/gpu.present": "true",
}  # fmt: skip


KEPT = """
    pci pci_id vbios inforom memory_bytes ecc remapped_rows thresholds clocks utilization clocks_event_reasons compute_mode recovery_action
    mig architecture product pcie repair
"""


def api_node(name: str = "gpu7", gpus: int = 8) -> str:
    amounts = {"nvidia.com/gpu": str(gpus)}
    status = {
        "capacity": amounts,
        "allocatable": amounts,
        "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-03-01T10:00:00Z"}],
    }
    return json.dumps({"apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": LABELS}, "status": status})


def host(folder: Path, text: str | bytes, name: str = "gpu7") -> None:
    place = folder / "hosts" / name
    place.mkdir(parents=True, exist_ok=True)
    (place / "smi.out").write_bytes(text if isinstance(text, bytes) else text.encode())


def only(snapshot: Snapshot) -> Node:
    assert snapshot.nodes is not None
    (node,) = snapshot.nodes
    return node


EIGHT = document(*(hopper(uuid=f"GPU-{place}") for place in range(8)), driver="550.54.15")


def test_joined_with_the_api_by_name(tmp_path: Path) -> None:
    host(tmp_path, EIGHT)
    (tmp_path / "nodes.json").write_text(api_node())
    snapshot = files.read([str(tmp_path)])
    node = only(snapshot)
    assert node.name == "gpu7"
    assert node.capacity == {"nvidia.com/gpu": 8}
    assert node.gpus is not None
    assert [gpu.uuid for gpu in node.gpus] == [f"GPU-{place}" for place in range(8)]
    assert snapshot.conflicts == ()
    assert physical(node, View(snapshot, None)) == 8
    assert node.gpus[0].unknown["retired_pages.pending"] == values.NOT_APPLICABLE


def test_what_the_two_disagree_about(tmp_path: Path) -> None:
    host(tmp_path, EIGHT.replace("550.54.15", "570.10.01"))
    (tmp_path / "nodes.json").write_text(api_node())
    snapshot = files.read([str(tmp_path)])
    driver = only(snapshot).driver
    assert driver is not None
    assert driver.version == "570.10.01"
    (conflict,) = snapshot.conflicts
    assert conflict.fact == "driver.version"
    assert {value.value for value in conflict.values} == {"550.54.15", "570.10.01"}


def test_spellings_of_a_product_make_no_mix(tmp_path: Path) -> None:
    host(tmp_path, EIGHT, "gpu8")
    labelled, bare = json.loads(api_node()), json.loads(api_node("gpu8"))
    bare["metadata"]["labels"] = {}
    (tmp_path / "nodes.json").write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": [labelled, bare]}))
    snapshot = files.read([str(tmp_path)])
    (pool,) = Pool.enumerate(View(snapshot, None))  # type: ignore[misc]
    assert [node.name for node in pool.nodes] == ["gpu7", "gpu8"]
    assert not product_mix(pool).mix.is_mixed


@pytest.mark.parametrize("gone", ["missing", "lost"])
def test_a_gpu_that_is_gone_is_there_physically(gone: str, tmp_path: Path) -> None:
    rest = [hopper(uuid=f"GPU-{place}") for place in range(7)]
    lost = [{"id": "00000000:C3:00.0", "uuid": "GPU is lost"}] if gone == "lost" else []
    host(tmp_path, document(*rest, *lost))
    (tmp_path / "nodes.json").write_text(api_node())
    snapshot = files.read([str(tmp_path)])
    node = only(snapshot)
    assert node.gpus is not None
    assert len(node.gpus) == 7 + len(lost)
    assert physical(node, View(snapshot, None)) == 8
    if lost:
        assert (node.gpus[-1].pci, node.gpus[-1].unknown["uuid"]) == ("0000:c3:00.0", values.LOST)


def test_a_cut_file_counts_what_nvidia_smi_counted(tmp_path: Path) -> None:
    place = EIGHT.index("GPU-3")
    host(tmp_path, EIGHT[:place])
    snapshot = files.read([str(tmp_path)])
    node = only(snapshot)
    assert node.gpus is not None
    assert len(node.gpus) == 4
    assert physical(node, View(snapshot, None)) == 8
    assert list(snapshot.unrecognised.values()) == ["the file ends in the middle: GPUs may be missing"]


def test_one_lost_gpu_of_an_unknown_number(tmp_path: Path) -> None:
    host(tmp_path, "Unable to determine the device handle for GPU0000:C3:00.0: GPU is lost.  Reboot the system to recover this GPU\n")
    snapshot = files.read([str(tmp_path)])
    node = only(snapshot)
    assert (node.name, node.cuda) == ("gpu7", None)
    assert physical(node, View(snapshot, None)) is None
    assert at_least(node, View(snapshot, None)) == 1


def test_a_failing_nvidia_smi_beside_the_api(tmp_path: Path) -> None:
    host(tmp_path, NO_DRIVER)
    (tmp_path / "nodes.json").write_text(api_node())
    snapshot = files.read([str(tmp_path)])
    node = only(snapshot)
    assert node.driver is not None
    assert node.driver.loaded is False
    assert [conflict.fact for conflict in snapshot.conflicts] == ["driver.loaded"]
    assert node.gpus is None
    assert "couldn't communicate" in why_unknown(node, "gpus")


@pytest.mark.parametrize(
    "raw",
    [
        EIGHT.encode("utf-16"),
        ("\ufeff" + EIGHT.replace("\n", "\r\n")).encode("utf-16-be"),
        EIGHT.encode("utf-8-sig"),
        gzip.compress(EIGHT.encode()),
        b"\n\n  $ nvidia-smi -q -x\n" + EIGHT.encode(),
        EIGHT.replace("Tesla", "T\xe9sla").encode("latin-1"),
    ],
    ids=["utf-16", "utf-16-be", "mark", "gzip", "prompt", "latin-1"],
)
def test_encodings(raw: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(raw)
    node = only(files.read([str(tmp_path / "a")]))
    assert node.name is None
    assert node.unknown["name"] == values.NAMELESS
    assert len(node.gpus or ()) == 8


def test_two_files_without_a_name_are_two_nodes(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text(document(volta()))
    (tmp_path / "b.xml").write_text(document(hopper()))
    assert len(files.read([str(tmp_path)]).nodes or ()) == 2


def test_its_time_has_no_zone_and_yields_to_all_that_have(tmp_path: Path) -> None:
    host(tmp_path, EIGHT.replace("2024", "2031"))
    alone = files.read([str(tmp_path)])
    assert alone.newest_stamp is not None
    assert alone.newest_stamp.year == 2031
    (tmp_path / "nodes.json").write_text(api_node())
    joined = files.read([str(tmp_path)])
    assert joined.newest_stamp is not None
    assert joined.newest_stamp.year == 2026


def test_a_bomb_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "bomb.xml").write_text('<!DOCTYPE nvidia_smi_log [<!ENTITY a "b">]><nvidia_smi_log>&a;</nvidia_smi_log>')
    with pytest.raises(InputError, match=r"bomb\.xml: XML with entities"):
        files.read([str(tmp_path / "bomb.xml")])


def test_the_help_names_it() -> None:
    assert "nvidia-smi -q -x" in READ


def test_saved_and_redacted(tmp_path: Path) -> None:
    devices = {"mig_device": mig_device(1, 0, 60, 40448, (3, 0, 3, 0, 3))}
    lost = {"id": "00000000:C3:00.0", "uuid": "GPU is lost", "product_name": "GPU is lost"}
    host(tmp_path, document(volta(), hopper(mig_devices=devices), blackwell(temperature={"gpu_temp": "odd s3cret"}), lost))
    snapshot = files.read([str(tmp_path)])
    assert codec.decode(codec.encode(snapshot)) == snapshot
    redacted, _ = redact(snapshot)
    before, after = only(snapshot), only(redacted)
    text = gzip.decompress(codec.encode(redacted)).decode()
    for secret in ("s3cret", "GPU-1111", "0323618000001", "1820000000001", "python3", "gpu7"):
        assert secret not in text, secret
    assert before.gpus is not None
    assert after.gpus is not None
    for plain, shown in zip(before.gpus, after.gpus, strict=True):
        for name in KEPT.split():
            assert getattr(plain, name) == getattr(shown, name), name
        assert plain.unknown.keys() == shown.unknown.keys()
        assert (plain.uuid is None) == (shown.uuid is None)
    assert after.gpus[-1].unknown["uuid"] == values.LOST
    assert after.gpus[0].unknown["remapped_rows"] == values.ABSENT
