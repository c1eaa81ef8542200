"""What people type: what is right is read exactly, and what is wrong says why."""

from __future__ import annotations

import json
import string
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import layout
from scripts.commands import refusals, typed
from scripts.commands.typed import TypedError
from scripts.ledger import ABI

if TYPE_CHECKING:
    from pathlib import Path

CHECKED = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


@given(st.integers(1, 2**63 - 1), st.integers(0, 6))
def test_an_amount_that_is_shown_is_read_again(units: int, decimals: int) -> None:
    assert typed.amount(typed.shown(units, decimals).replace(",", ""), decimals) == units


@pytest.mark.parametrize(
    ("text", "units"), [("1.50", 1_500_000), ("0.000001", 1), (" 7 ", 7_000_000), ("1.5000000", 1_500_000)]
)
def test_amounts(text: str, units: int) -> None:
    assert typed.amount(text, 6) == units


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "not an amount") for text in ("", "-1", "+1", "1,000", "1e3", "1.", ".5", "NaN", "１", "0x10", "1 2")),
        ("0", "The amount is 0"),
        ("0.00", "The amount is 0"),
        ("1.0000001", "finer than the token's 6 decimals"),
        ("9223372036854.775808", "more than the ledger can count"),
    ],
)
def test_bad_amounts(text: str, why: str) -> None:
    with pytest.raises(TypedError, match=why):
        typed.amount(text, 6)


@pytest.mark.parametrize(
    ("text", "iso"),
    [
        ("2026-12-31", "2026-12-31T23:59:59"),
        ("2026-12-31T18:00:00Z", "2026-12-31T18:00:00"),
        ("2026-12-31 18:00+09:00", "2026-12-31T09:00:00"),
    ],
)
def test_dates(text: str, iso: str) -> None:
    assert datetime.fromtimestamp(typed.date(text), UTC).replace(tzinfo=None).isoformat() == iso


@pytest.mark.parametrize(
    ("text", "why"),
    [
        *((text, "is not a date") for text in ("", "tomorrow", "31.12.2026", "2026-02-30", "1798761599")),
        ("2026-12-31T18:00:00", "names no time zone"),
        ("1960-01-01", "out of range"),
        ("2200-01-01", "out of range"),
    ],
)
def test_bad_dates(text: str, why: str) -> None:
    with pytest.raises(TypedError, match=why):
        typed.date(text)


def test_spans_and_percentages() -> None:
    assert [typed.span(t) for t in ("30 d", "12h", "2w", "45 min", "9s")] == [2_592_000, 43_200, 1_209_600, 2_700, 9]
    assert [typed.percent(t) for t in ("20", "2.5", "0.01 %", "100")] == [2_000, 250, 1, 10_000]
    for text in ("", "3", "3 months", "-1 d", "1.5 d"):
        with pytest.raises(TypedError, match="is not a span"):
            typed.span(text)
    for text in ("", "-1", "2.555", "a"):
        with pytest.raises(TypedError, match="is not a percentage"):
            typed.percent(text)
    with pytest.raises(TypedError, match="more than 100"):
        typed.percent("101")


def test_addresses() -> None:
    assert typed.address(CHECKED) == typed.address(CHECKED.lower()) == CHECKED
    for text, why in (
        (CHECKED.swapcase().replace("0X", "0x"), "wrong checksum"),
        (CHECKED[:-1], "is not an address"),
        ("moa.eth", "is not an address"),
        ("0x" + "0" * 40, "nobody's"),
    ):
        with pytest.raises(TypedError, match=why):
            typed.address(text)


def test_names_hashes_and_files(tmp_path: Path) -> None:
    assert typed.name("  Łódź  meals ") == "Łódź meals".encode().ljust(32, b"\0")
    for text in ("", "   ", "é" * 16):
        with pytest.raises(TypedError, match="1 to 31"):
            typed.name(text)
    assert typed.digest("0x" + "ab" * 32) == b"\xab" * 32
    with pytest.raises(TypedError, match="is not a hash"):
        typed.digest("0x1234")
    with pytest.raises(TypedError, match="There is no file"):
        typed.file_hash(tmp_path / "none")
    with pytest.raises(TypedError, match="cannot be read"):
        typed.file_hash(tmp_path)


# ------------------------------------------------------------------------------------------------- refusals

OURS = sorted(
    {
        (e["name"], tuple((i["name"], i["type"]) for i in e["inputs"]))
        for name in layout.CONTRACTS
        for e in json.loads((ABI / f"{name}.json").read_text())
        if e["type"] == "error"
    }
)
NEVER_TOLD = {
    # What only a wrong deployment, a wrong contract or a bug could bring about.
    *("AccessManagedInvalidAuthority", "AccessManagerBadConfirmation", "AccessManagerInvalidInitialAdmin"),
    *("AccessManagerLockedRole", "AccessManagerUnauthorizedConsume", "AddressEmptyCode", "AuthorizationNotForCaller"),
    *("BadEntries", "CallTheContractItself", "ECDSAInvalidSignature", "ECDSAInvalidSignatureLength"),
    *("ECDSAInvalidSignatureS", "ERC20InvalidApprover", "ERC20InvalidSender", "ERC20InvalidSpender", "FailedCall"),
    *("InvalidShortString", "LineMoved", "NotTheBook", "NotTheFund", "OfAnotherFund", "OnlyFor"),
    *("SafeCastOverflowedUintDowncast", "StringTooLong"),
}


def example(kind: str) -> Any:
    if kind.startswith("uint"):
        return 1
    return {"address": CHECKED, "bool": True, "string": "reason"}.get(kind, b"\1" * 32)


@pytest.mark.parametrize(("name", "inputs"), OURS)
def test_every_refusal_has_a_sentence(name: str, inputs: tuple[tuple[str, str], ...]) -> None:
    said = refusals.sentence(name, {key: example(kind) for key, kind in inputs})
    if name in NEVER_TOLD:
        assert name not in refusals.SENTENCES
        return
    assert name in refusals.SENTENCES, "give it a sentence, or say why it needs none"
    assert said[0] in string.ascii_uppercase + string.digits
    assert said.endswith((".", "?", "for ever."))


def test_no_sentence_is_for_an_error_that_is_not_there() -> None:
    assert set(refusals.SENTENCES) <= {name for name, _ in OURS}
