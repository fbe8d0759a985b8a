"""What happened: Kubernetes events, scheduler and autoscaler verdicts, hardware events."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from gpuctl.model.known import Facts


class K8sEvent(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """One Event object, or one line of `kubectl get events` or of a description's Events part.

    `kind`, `namespace`, `name` are those of the involved object; `first_time` and `last_time` are None where the file has no
    stamps; `age_seconds` is what a table printed instead ("at least that long ago", seen from when it was printed).
    """

    cluster: str | None = None
    kind: str | None = None
    namespace: str | None = None
    name: str | None = None
    type: str = ""
    reason: str = ""
    message: str = ""
    component: str | None = None
    node: str | None = None
    count: int | None = None
    first_time: datetime | None = None
    last_time: datetime | None = None
    age_seconds: float | None = None
    first_age_seconds: float | None = None


class ScaleVerdict(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an autoscaler's log says of a pod or node group: `outcome` one of can-not-schedule, scale-up, scale-down, no-fit."""

    outcome: str
    pod: str | None = None
    group: str | None = None
    reason: str = ""
    before: int | None = None
    after: int | None = None
    maximum: int | None = None


class HardwareEvent(Facts, frozen=True, kw_only=True, omit_defaults=True):
    """An Xid or its kin; the fields of the published xid document."""

    kind: str
    code: int | None = None
    pci: str | None = None
    node: str | None = None
    uuid: str | None = None
    count: int = 1
    message: str = ""
    first_time: datetime | None = None
    last_time: datetime | None = None
