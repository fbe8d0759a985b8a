"""Quantities, times and PCI addresses."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gpuctl.units import count, duration, instant, pci_address, plural, quantity, rfc3339, significant


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("8", 8),
        ("7910m", 7.91),
        ("192G", 192e9),
        ("81559Mi", 81559 * 2**20),
        ("1e3", 1000),
        ("12E", 12e18),
        ("1.5Gi", 1.5 * 2**30),
        (".5", 0.5),
    ],
)
def test_quantity(text: str, value: float) -> None:
    assert quantity(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["", "eight", "8 GB", "1e999", "${N}", "9" * 100, "1..2", "Ki"])
def test_what_is_no_quantity_is_none(text: str) -> None:
    assert quantity(text) is None


def test_count_takes_whole_numbers_only() -> None:
    assert [count(value) for value in ("8", 8, "0", "7910m", "-1", None, "x")] == [8, 8, 0, None, None, None, None]


def test_instant_is_utc_or_none() -> None:
    assert instant("2026-11-24T10:00:00+02:00") == datetime(2026, 11, 24, 8, tzinfo=UTC)
    assert [instant(text) for text in (None, "", "soon", "0001-01-01T00:00:00+23:00")] == [None] * 4


def test_rfc3339_ends_in_z() -> None:
    assert rfc3339(datetime(2026, 11, 24, 8, tzinfo=UTC)) == "2026-11-24T08:00:00Z"


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("00000000:1B:00.0", "0000:1b:00.0"),
        ("0009:01:00", "0009:01:00.0"),
        ("1b:00.0", "0000:1b:00.0"),
        ("00010000:01:00.0", "10000:01:00.0"),
    ],
)
def test_pci_address(text: str, address: str) -> None:
    assert pci_address(text) == address


def test_what_is_no_pci_address_is_none() -> None:
    assert pci_address("GPU-1234") is None


@given(st.integers(-(2**53) + 1, 2**53 - 1))
def test_whole_numbers_stay_exact(value: int) -> None:
    assert significant(float(value)) == value
    assert isinstance(significant(float(value)), int)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_other_numbers_keep_nine_digits(value: float) -> None:
    assert significant(value) == pytest.approx(value, rel=1e-8)
    assert significant(float(significant(value))) == significant(value)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (45, "45s"),
        (60, "1m"),
        (150, "2m30s"),
        (720, "12m"),
        (12000, "3h20m"),
        (86400 * 5 + 14400, "5d4h"),
        (86400 * 40, "40d"),
        (-3, "0s"),
    ],
)
def test_duration(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_plural() -> None:
    assert [plural(1, "node"), plural(3, "node"), plural(0, "node"), plural(2, "copy", "copies")] == [
        "1 node",
        "3 nodes",
        "0 nodes",
        "2 copies",
    ]
