"""DRA devices that carry taints."""

from __future__ import annotations

from itertools import groupby

from gpuctl.facts.dra import DevicePool, DeviceTaints, TaintedDevice
from gpuctl.findings import Action, ActionKind, Component, Evidence, Finding, Severity

_SEVERITIES = {"NoExecute": Severity.HIGH, "NoSchedule": Severity.MEDIUM}


def audit(pool: DevicePool, taints: DeviceTaints) -> list[Finding]:
    """One finding for each taint and who set it. NoExecute evicts the pods that hold the device; None only informs."""
    ordered = sorted(taints.devices, key=_cause)
    return [_finding(pool, tuple(devices)) for _, devices in groupby(ordered, key=_cause)]


def _cause(device: TaintedDevice) -> tuple[str, str, str, str]:
    return device.taint.key, device.taint.value, device.taint.effect, device.rule or ""


def _finding(pool: DevicePool, devices: tuple[TaintedDevice, ...]) -> Finding:
    first = devices[0]
    taint = first.taint
    written = f"{taint.key}={taint.value}:{taint.effect}" if taint.value else f"{taint.key}:{taint.effect}"
    names = sorted({device.device for device in devices})
    author = f"DeviceTaintRule {first.rule}" if first.rule else f"driver {pool.driver}"
    args = {"taint": written, "driver": pool.driver} | ({"rule": first.rule} if first.rule else {})
    remedy = ActionKind.LIFT_DEVICE_TAINT if first.rule else ActionKind.FOLLOW_AGENT
    return Finding(
        subject=pool.subject,
        severity=_SEVERITIES.get(taint.effect, Severity.INFO),
        message=f"{', '.join(names)} of {pool.driver}: taint {written} set by {author}",
        evidence=(
            Evidence(
                observed=f"taint {written} on {', '.join(names)}",
                expected="no taint on a device that works",
                how="spec.deviceSelector of the DeviceTaintRule" if first.rule else "spec.devices of the newest ResourceSlices",
                at=taint.time_added,
            ),
        ),
        gpus=len(names) if taint.effect in _SEVERITIES else 0,
        component=Component.HARDWARE,
        nodes=(pool.node_name,) if pool.node_name else (),
        actions=(Action(kind=remedy, target=pool.subject, args=args),),
        detail=f"{written} {first.rule or ''}".strip(),
    )
