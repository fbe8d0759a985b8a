"""Doctor says the same of a redacted snapshot, but for names."""

from __future__ import annotations

import pytest

from gpuctl.model import codec
from gpuctl.model.compressed import gunzip
from gpuctl.redact import redact
from tests.redact.fleets import fleet_of, snapshot_of
from tests.redact.judged import judged


@pytest.mark.parametrize("seed", range(10))
def test_random_fleets_are_judged_alike(seed: int) -> None:
    plain = snapshot_of(fleet_of(seed))
    redacted, names = redact(plain)
    before, after = judged(plain), judged(redacted, names)
    assert sum(before["findings"].values()) > 5
    assert after == before
    assert b"acme" not in gunzip(codec.encode(redacted)).lower()
