"""The cyclic collector while many facts are made."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from gpuctl.model.codec import without_collection


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    yield
    gc.unfreeze()
    gc.enable()


def made(number: int) -> list[list[int]]:
    gc.collect()
    gc.unfreeze()
    with without_collection():
        assert not gc.isenabled()
        return [[index] for index in range(number)]


def test_many_objects_are_left_alone_for_good() -> None:
    kept = made(200_000)
    assert gc.isenabled()
    assert gc.get_freeze_count() >= len(kept)


def test_few_objects_are_collected_as_ever() -> None:
    made(100)
    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_collector_that_was_off_stays_off() -> None:
    gc.collect()
    gc.unfreeze()
    gc.disable()
    with without_collection():
        kept = [[index] for index in range(200_000)]
    assert not gc.isenabled()
    assert gc.get_freeze_count() < len(kept)
