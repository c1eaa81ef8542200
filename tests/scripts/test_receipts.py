"""Receipt keys: the same donor, the same code; the code alone makes the key."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from eth_account import Account
from hypothesis import given
from hypothesis import strategies as st

from scripts import receipts

if TYPE_CHECKING:
    from pathlib import Path

SECRET = bytes(range(32))


def test_the_donor_id_is_the_address_of_the_key() -> None:
    code = receipts.code_of(SECRET, "+254700000001")
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{4}-){3}[0-9A-HJKMNP-TV-Z]{4}", code)
    address = Account.from_key(receipts.key_of(code)).address
    assert receipts.donor_id(SECRET, "+254700000001").hex() == address[2:].lower()


def test_a_code_may_be_typed_carelessly() -> None:
    code = receipts.code_of(SECRET, "ann")
    careless = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    assert receipts.key_of(careless) == receipts.key_of(code)


def test_no_donor_is_anonymous() -> None:
    assert receipts.donor_id(SECRET, "") == bytes(20)


@given(st.text(min_size=1), st.text(min_size=1))
def test_other_donors_have_other_codes(one: str, other: str) -> None:
    same = receipts.code_of(SECRET, one) == receipts.code_of(SECRET, other)
    assert same == (one == other)


def test_the_secret_is_made_once_and_is_its_owners(tmp_path: Path) -> None:
    path = tmp_path / "gateway.secret"
    secret, fresh = receipts.load_secret(path)
    assert fresh
    assert path.stat().st_mode & 0o777 == 0o600
    assert receipts.load_secret(path) == (secret, False)
