"""How single values are written: as the libraries that everybody uses would."""

from __future__ import annotations

from datetime import UTC, datetime

import hypothesis.strategies as st
from eth_utils.address import to_checksum_address
from hypothesis import example, given

from api.explorer import text
from api.types import NEVER


@given(st.binary(min_size=20, max_size=20))
@example(bytes(20))
@example(b"\xff" * 20)
def test_an_address_has_the_checksum_that_wallets_want(value: bytes) -> None:
    assert text.address(value) == to_checksum_address(value)


@given(st.lists(st.binary(min_size=20, max_size=20), max_size=60))
def test_many_addresses_are_written_as_each_is(values: list[bytes]) -> None:
    assert text.addresses(values) == [to_checksum_address(value) for value in values]


@given(st.integers(0, NEVER))
@example(0)
def test_a_time_is_written_to_the_second(time: int) -> None:
    assert text.iso(time) == datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
