"""Aliases: one for each name, numbered in sorted order, of a form that the catalogues classify as they classify the name.

Audits know some things by their names: a resource by its vendor's prefix, GPU software by its DaemonSet's name, a condition by
its type. An alias that would be classified otherwise would change findings, so each candidate is tried against the same
recognisers as the name, and keeps of it only what these look at.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Final

from gpuctl.knowledge import accelerators, conditions, stack, taints
from gpuctl.knowledge.catalogue import load
from gpuctl.knowledge.events import hardware_statement
from gpuctl.knowledge.namespaces import is_system
from gpuctl.model.events import K8sEvent
from gpuctl.redact.words import any_of

KINDS: Final = (
    "node", "pod", "namespace", "cluster", "pool", "zone", "queue", "claim", "workload", "device", "object", "container", "class",
    "driver", "scheduler", "image", "uuid", "address", "file", "resource", "condition", "event", "reason", "component", "kind", "product",
    "version", "label", "value", "metric", "attribute", "text", "word",
)  # fmt: skip
"""A name of several kinds gets its alias from the first of them."""

_WIDTHS: Final = {"pod": 5, "node": 4, "namespace": 2, "pool": 2, "cluster": 2, "uuid": 5, "value": 4, "address": 4}
_GPU_CLASSES: Final = ("vfio.gpu.", "gpu.", "mig.", "tpu.", "npu.")
_OTHER_CLASSES: Final = ("compute-domain", "dra.net", "rdma", "nic", "vf.")
_AUTOSCALERS: Final = ("cluster-autoscaler", "karpenter")
_TRANSIENT: Final = ("node.kubernetes.io/", "node.cloudprovider.kubernetes.io/", "karpenter.sh/unregistered")
_DEPLOY: Final = "nvidia.com/gpu.deploy."
_COMPUTE_SLICES = re.compile(r"mig-(?:\dc\.)?(\d+)g\.")
_MARKS: Final = ("", "x", "xx", "y", "yy", "z", "zz", "q", "qq")

STACK_NAMES: Final = (
    "nvidia-driver-daemonset", "nvidia-gpu-driver", "nvidia-vgpu-manager-daemonset", "nvidia-container-toolkit-daemonset",
    "nvidia-container-toolkit", "nvidia-mig-manager", "nvidia-operator-validator", "nvidia-cuda-validator", "nvidia-sandbox-validator",
    "nvidia-device-plugin-mps-control-daemon", "nvidia-device-plugin-daemonset", "nvidia-device-plugin",
    "nvidia-sandbox-device-plugin-daemonset", "nvidia-gpu-device-plugin", "nvidia-kubevirt-gpu-device-plugin", "gpu-feature-discovery",
    "nvidia-gpu-feature-discovery", "nvidia-dcgm-exporter", "nvidia-dcgm", "dcgm-exporter", "dcgm", "nvidia-node-status-exporter",
    "nvidia-dra-driver-gpu-kubelet-plugin", "nvidia-dra-driver", "nvidia-k8s-dra-driver", "node-feature-discovery-worker", "nfd-worker",
    "gpu-operator-node-feature-discovery-worker", "amdgpu-device-plugin-daemonset", "amd-gpu-device-plugin",
    "habanalabs-device-plugin-daemonset",
    "intel-gpu-plugin", "neuron-device-plugin-daemonset", "neuron-device-plugin", "amdgpu-device-plugin",
)  # fmt: skip
"""Published names of GPU software; one that stands whole is kept, one with more behind it lends its alias the beginning."""

_STEMS: Final = (*sorted(STACK_NAMES, key=lambda stem: (-len(stem), stem)), *_AUTOSCALERS)

SYSTEM_NAMESPACES: Final = frozenset(
    """
    kube-system kube-public kube-node-lease default gpu-operator nvidia-gpu-operator nvidia-dra-driver-gpu node-feature-discovery
    network-operator nvidia-network-operator kube-amd-gpu habana-system intel-device-plugins kai-scheduler kai-resource-reservation runai
    runai-reservation volcano-system kueue-system keda nvsentinel gmp-system openshift
    """.split()  # noqa: SIM905  (as one text it can be read)
)
"""Namespaces that belong to the cluster, by their published names."""


class Aliases:
    """Aliases by name. Names are noted with their kinds first; `number` then makes the aliases."""

    def __init__(self) -> None:
        self.noted: dict[str, set[str]] = {}
        self.made: dict[str, str] = {}

    def note(self, name: str, kind: str) -> str:
        """The name itself, which will have an alias."""
        self.noted.setdefault(name, set()).add(kind)
        return name

    def get(self, name: str, _kind: str) -> str:
        """The alias of a noted name."""
        return self.made[name]

    def number(self, taken: Iterable[str]) -> None:
        """Make an alias for each noted name; none of them is among the names, nor among `taken`."""
        groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for name in sorted(self.noted):
            kind = min(self.noted[name], key=KINDS.index)
            groups[kind].append((name, _form(name, frozenset(self.noted[name]), kind)))
        used = {*taken, *self.noted}
        for kind, members in groups.items():
            made = next((made for mark in _MARKS if not used & set(made := _numbered(members, kind, mark))), None)
            if made is None:
                raise LookupError(f"every form of an alias for a {kind} is a name of this cluster already")
            self.made.update(zip((name for name, _ in members), made, strict=True))


def _numbered(members: list[tuple[str, str]], kind: str, mark: str) -> list[str]:
    width = max(_WIDTHS.get(kind, 3), len(str(len(members))))
    return [
        form.format(a=_letters(number, mark)) if "{a}" in form else form.replace("{n}", f"{mark}{number:0{width}}")
        for number, (_, form) in enumerate(members, 1)
    ]


def _letters(number: int, mark: str) -> str:
    """The number in five letters, capital first, for names that hold letters only."""
    text = "".join(chr(ord("a") + number // 26**place % 26) for place in (4, 3, 2, 1, 0))
    return f"{mark.upper()}{text.capitalize()}"


def _form(name: str, kinds: frozenset[str], kind: str) -> str:
    """The first form whose aliases are recognised as the name is."""
    wanted = _recognised(name, kinds)
    plain = f"{kind}-{{n}}"
    return next((form for form in _forms(name, kinds, plain) if _recognised_form(form, kinds) == wanted), plain)


@lru_cache(maxsize=4096)
def _recognised_form(form: str, kinds: frozenset[str]) -> tuple[object, ...]:
    return _recognised(form.format(n="0001", a="Aaaab"), kinds)


def _forms(name: str, kinds: frozenset[str], plain: str) -> Iterable[str]:
    yield plain
    if accelerators.classify(name) is not None:
        domain = name.partition("/")[0]
        slices = _COMPUTE_SLICES.search(name)
        if slices is not None:
            yield from (f"{domain}/mig-{slices[1]}g.device-{{n}}", f"{domain}/mig-{slices[1]}g.device-{{n}}.shared")
        ends = (
            "mig-device-{n}", "mig-device-{n}.shared", "Device_{n}", "device-{n}", "Ascend{n}", "mlu{n}", "gpu-device-{n}",
            "gpu-device-{n}.shared", "MIG-device-{n}",
        )  # fmt: skip
        yield from (f"{domain}/{end}" for end in ends)
    if kinds & {"condition", "event", "reason"}:
        yield from ("GpuAlias{a}Watch", "SysLogsAlias{a}")
    if kinds & {"driver", "class"}:
        prefix = _prefix(name, (*_GPU_CLASSES, *_OTHER_CLASSES))
        vendor = _vendor(name)
        if vendor:
            yield from (f"{prefix}{vendor}.{plain}", f"x.{vendor}.{plain}")
        yield from (f"{prefix}{plain}", f"{prefix}-{plain}")
    if kinds & {"workload", "pod"}:
        yield from (f"{stem}-{plain}" for stem in _STEMS if name.startswith(stem))
        yield from (f"{stem}-{plain}" for stem in _STEMS)
    if "namespace" in kinds:
        yield from (f"kube-{plain}", f"openshift-{plain}")
    if "component" in kinds:
        yield from (f"{stem}-{plain}" for stem in _AUTOSCALERS)
    if kinds & {"label", "value"}:
        yield from (f"{stem}{plain}" for stem in (_DEPLOY, *_TRANSIENT))


def _recognised(name: str, kinds: frozenset[str]) -> tuple[object, ...]:
    """All that judgements read off a name of these kinds."""
    found: list[object] = [accelerators.classify(name) if "/" in name else None]
    if found[0] is not None:
        slices = _COMPUTE_SLICES.search(name)
        found.append(slices and slices[1])
    found += [recogniser(name) for recogniser in _recognisers(kinds)]
    return tuple(found)


@lru_cache(maxsize=1024)
def _recognisers(kinds: frozenset[str]) -> tuple[Callable[[str], object], ...]:
    return tuple(recogniser for kind, recogniser in _RECOGNISERS if kind in kinds)


def _prefix(name: str, prefixes: tuple[str, ...]) -> str:
    return next((prefix for prefix in prefixes if name.startswith(prefix)), "")


def _vendor(name: str) -> str:
    """The second part of a driver's name with three or more, where it is a vendor's; audits compare it with resources."""
    parts = name.split(".")
    return parts[1] if len(parts) > 2 and parts[1] in _vendors() else ""


@lru_cache(maxsize=1)
def _vendors() -> frozenset[str]:
    return frozenset(row.vendor for row in load("accelerators", accelerators.AcceleratorResource).rows)


def _about(field: str) -> Callable[[str], object]:
    def row(name: str) -> object:
        told = hardware_statement(K8sEvent(type=name) if field == "type" else K8sEvent(type="Warning", reason=name))
        return None if told is None else told.row

    return row


def _stack(name: str) -> object:
    return stack.classify(name) if any_of("stack").fullmatch(name) else None


def _label(name: str) -> object:
    return taints.kind_of(name), _prefix(name, _TRANSIENT), name.startswith(_DEPLOY)


_RECOGNISERS: Final[tuple[tuple[str, Callable[[str], object]], ...]] = (
    ("condition", conditions.classify),
    ("event", _about("type")),
    ("reason", _about("reason")),
    ("workload", _stack),
    ("pod", lambda name: (_stack(name), _prefix(name, _AUTOSCALERS))),
    ("namespace", is_system),
    ("component", lambda name: _prefix(name, _AUTOSCALERS)),
    ("driver", lambda name: (_prefix(name, ("vfio.gpu.", "gpu.", "mig.", "tpu.", "npu.")), _prefix(name, _OTHER_CLASSES), _vendor(name))),
    ("class", lambda name: (_prefix(name, _GPU_CLASSES), _prefix(name, _OTHER_CLASSES), _vendor(name))),
    ("label", _label),
)
