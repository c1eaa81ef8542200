"""How the pages say amounts and times, and how they read a form."""

from __future__ import annotations

import pytest

from api.explorer import asked, words
from api.explorer.content import title_of
from api.explorer.failures import NotFoundError
from api.types import MAX_AMOUNT, NEVER
from tests.ledger import ROOT


@pytest.mark.parametrize(
    ("units", "decimals", "said"),
    [
        ("0", 6, "0.00"), ("1", 6, "0.000001"), ("1500000", 6, "1.50"), ("1234567890", 6, "1,234.56789"),
        ("1000000000000", 6, "1,000,000.00"), ("5", 0, "5"), ("1234", 0, "1,234"), ("15", 1, "1.5"), ("10", 1, "1"),
        (str(MAX_AMOUNT), 6, "9,223,372,036,854.775807"),
    ],
)  # fmt: skip
def test_an_amount_is_exact(units: str, decimals: int, said: str) -> None:
    assert words.amount(units, decimals) == said


def test_money_escapes_its_token() -> None:
    said = words.money("1000000", {"symbol": "<b>", "decimals": 6})
    assert "<b>" not in said
    assert "&lt;b&gt;" in said


def test_a_share_is_never_rounded_to_all_or_nothing() -> None:
    assert [words.share(*pair) for pair in ((0, 5), (1, 10**9), (5, 5), (6, 5), (1, 0))] == [0, 1, 1000, 1000, 0]
    pairs = ((0, 5), (1, 1000), (999, 1000), (5, 5), (6, 5), (1, 0))
    assert [words.percent(*pair) for pair in pairs] == ["0%", "under 1%", "99%", "100%", "120%", "0%"]


def test_an_address_is_shown_with_its_checksum_and_nothing_else_is_changed() -> None:
    # From EIP-55 itself.
    assert words.checked("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed") == "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    for other in ("0x" + "ab" * 32, "", "0x…"):
        assert words.checked(other) == other


def test_a_time_is_said_in_utc() -> None:
    assert words.moment(1795395723) == "23 Nov 2026, 01:02 UTC"
    assert words.moment(NEVER) == words.moment(None) == "no date"
    assert 'datetime="2026-11-23T01:02:03Z"' in str(words.when(1795395723))
    assert [words.span(s) for s in (0, 1, 59, 60, 7300, 90000)] == [
        "0 seconds", "1 second", "59 seconds", "1 minute", "2 hours", "1 day",
    ]  # fmt: skip


def test_a_form_is_read_to_the_unit() -> None:
    day = "2026-11-23"
    form = {"min_amount": "1,000.5", "max_amount": "2000.000001", "since": day, "until": day, "donor": " "}
    wish = asked.contributions(form, 6)
    assert wish.wrong == {}
    assert (wish.filters.min_amount, wish.filters.max_amount) == (1_000_500_000, 2_000_000_001)
    assert wish.filters.since is not None
    assert wish.filters.until is not None
    assert wish.filters.until - wish.filters.since == 86399
    assert wish.filters.donor is None
    assert "donor" not in wish.query


@pytest.mark.parametrize(
    ("field", "raw"),
    [
        ("min_amount", "x"), ("min_amount", "-1"), ("min_amount", "1e3"), ("min_amount", "0.0000001"),
        ("max_amount", "."), ("max_amount", "9" * 15), ("since", "yesterday"), ("since", "1969-12-31"),
        ("until", "9999-12-31"), ("donor", "0x12"), ("gateway", "0x" + "g" * 40),
    ],
)  # fmt: skip
def test_a_wrong_field_has_its_reason(field: str, raw: str) -> None:
    wish = asked.contributions({field: raw}, 6)
    assert list(wish.wrong) == [field]


def test_a_title_is_one_line_that_is_not_endless() -> None:
    texts = ["# Kitchen report\n\nMeals: 5", "\n### A\n", "#1 of three", "x" * 500, "#\n", "  \n"]
    assert [title_of(text) for text in texts] == ["Kitchen report", "A", "#1 of three", "x" * 119 + "…", "#", None]


@pytest.mark.parametrize("raw", ["", "-1", "1.0", "٣", "1" * 20, str(2**63)])
def test_no_number_is_not_found(raw: str) -> None:
    with pytest.raises(NotFoundError):
        asked.number("pool", raw)


def test_no_template_lets_anything_through_unescaped() -> None:
    for template in (ROOT / "api" / "explorer" / "templates").glob("*.html"):
        text = template.read_text()
        assert "safe" not in text.replace("safely", "").replace("are safe", ""), template.name
        assert "autoescape" not in text, template.name
