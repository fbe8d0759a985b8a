"""The name of a thing in reports."""

from __future__ import annotations

from msgspec import Struct


class Subject(Struct, frozen=True, kw_only=True, order=True):
    """What a finding is about. `name` is the object's own name, `namespace` stands apart; GPUs carry `node` and `gpu`."""

    kind: str
    cluster: str | None = None
    name: str | None = None
    node: str | None = None
    gpu: str | None = None
    namespace: str | None = None

    def __str__(self) -> str:
        """`node gpu-3`, `pod team-a/train-0`, `gpu GPU-1234 on gpu-3`: for text output, not escaped."""
        name = self.gpu or self.name or "?"
        named = f"{self.namespace}/{name}" if self.namespace else name
        return f"{self.kind} {named}" + (f" on {self.node}" if self.kind in {"gpu", "mig_device", "link"} and self.node else "")
