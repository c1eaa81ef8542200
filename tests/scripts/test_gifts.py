"""Reading gifts: each line is recorded or refused with its number and reason, and nothing stops the reading."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scripts import gifts, sample
from scripts.gifts import Gifts, units_of
from scripts.lines import FileError

if TYPE_CHECKING:
    from pathlib import Path

NOW = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())
HEADER = b"donated_at,pool,donor,amount_usd\n"
GOOD = b"2026-01-02T03:04:05Z,Soup,ann,1.50\n"


def read(folder: Path, data: bytes, zone: str | None = None, name: str = "gifts.csv") -> Gifts:
    path = folder / name
    path.write_bytes(data)
    return gifts.read(path, NOW, zone)


def rows(found: Gifts) -> list[tuple[int, str, str, int, int]]:
    columns = zip(found.lines, found.pools, found.donors, found.times, found.amounts, strict=True)
    return [(line, found.titles[p], found.names[d], time, amount) for line, p, d, time, amount in columns]


def refused(found: Gifts) -> list[tuple[int, str]]:
    return [(refusal.line, refusal.reason) for refusal in found.refused]


def test_a_plain_line_is_a_gift(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + GOOD)
    assert rows(found) == [(2, "Soup", "ann", 1767323045, 1_500_000)]
    assert found.total == 1_500_000


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + HEADER + GOOD,
        (HEADER + GOOD).decode().encode("utf-16"),
        b"\xfe\xff" + (HEADER + GOOD).decode().encode("utf-16-be"),
        (HEADER + GOOD).replace(b"\n", b"\r\n"),
        (HEADER + GOOD).replace(b"\n", b"\r"),
        b" Amount USD ,donor,more, POOL,Donated_At\n1.50,ann,x,Soup,2026-01-02T03:04:05Z",
        HEADER + b'"2026-01-02T03:04:05Z","Soup","ann","1.50"\n',
        HEADER + b"2026-01-02T06:04:05+03:00,Soup,ann,1.500000000\n",
        HEADER + b"2026-01-02 03:04:05.999Z,  Soup , ann ,01.5\n",
        gzip.compress(HEADER + GOOD),
    ],
)
def test_the_same_gift_in_other_clothes(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, data)
    assert [row[1:] for row in rows(found)] == [("Soup", "ann", 1767323045, 1_500_000)]
    assert refused(found) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"2026-01-02T03:04:05Z,Soup,ann", "3 fields"),
        (b"2026-01-02T03:04:05Z,Soup,ann,1,000", "5 fields"),
        (b"2026-01-02T03:04:05Z,Soup,ann,", "amount_usd: empty"),
        (b"2026-01-02T03:04:05Z,Soup,ann,0.000", "amount_usd: zero"),
        (b"2026-01-02T03:04:05Z,Soup,ann,-0", "amount_usd: zero"),
        (b"2026-01-02T03:04:05Z,Soup,ann,-3.00", "amount_usd: negative"),
        (b"2026-01-02T03:04:05Z,Soup,ann,1.0000001", "finer than 6"),
        (b"2026-01-02T03:04:05Z,Soup,ann,NaN", "not a plain number"),
        (b"2026-01-02T03:04:05Z,Soup,ann,Infinity", "not a plain number"),
        (b"2026-01-02T03:04:05Z,Soup,ann,1e3", "not a plain number"),
        (b"2026-01-02T03:04:05Z,Soup,ann,.", "not a plain number"),
        (b"2026-01-02T03:04:05Z,Soup,ann,$5", "not a plain number"),
        (b'2026-01-02T03:04:05Z,Soup,ann,"1,000.00"', "not a plain number"),
        ("2026-01-02T03:04:05Z,Soup,ann,١٢".encode(), "not a plain number"),
        (b"2026-01-02T03:04:05Z,Soup,ann,9223372036854.775808", "more than 2^63"),
        (b"2026-01-02T03:04:05Z,Soup,ann," + b"9" * 5000, "more than 2^63"),
        (b"2026-01-02T03:04:05,Soup,ann,1", "no time zone"),
        (b"2026-02-30T03:04:05Z,Soup,ann,1", "not a date"),
        (b"yesterday,Soup,ann,1", "not a date"),
        (b",Soup,ann,1", "donated_at: empty"),
        (b"1969-12-31T23:59:59Z,Soup,ann,1", "before 1970"),
        (b"2026-11-25T00:00:00Z,Soup,ann,1", "future"),
        (b"2106-02-07T06:28:16Z,Soup,ann,1", "beyond 2^32"),
        (b"0001-01-01T00:00:00+23:59,Soup,ann,1", "donated_at"),
        (b"2026-01-02T03:04:05Z,   ,ann,1", "pool: empty"),
        (b"2026-01-02T03:04:05Z,So\0up,ann,1", "control character U+0000"),
        (b"2026-01-02T03:04:05Z,Soup,a\x07nn,1", "donor: control character U+0007"),
        (b"2026-01-02T03:04:05Z," + b"x" * 501 + b",ann,1", "more than 500"),
        (b"2026-01-02T03:04:05Z,Sou\xe9p,ann,1", "not UTF-8 text: byte 25 is 0xE9"),
        (b"2026-01-02T03:04:05Z,Soup,ann,1" + b" " * 70_000, "longer than"),
        (b'2026-01-02T03:04:05Z,"Soup,ann,1', "a quote that is not closed"),
        (b'2026-01-02T03:04:05Z,So"up,ann,1', "a quote that is not closed, or stands"),
    ],
)
def test_a_bad_line_is_refused_and_the_next_is_read(tmp_path: Path, line: bytes, reason: str) -> None:
    found = read(tmp_path, HEADER + GOOD + line + b"\n" + GOOD)
    assert [row[0] for row in rows(found)] == [2, 4]
    assert [(number, reason in text) for number, text in refused(found)] == [(3, True)], refused(found)


def test_titles_of_every_kind_are_taken(tmp_path: Path) -> None:
    titles = [
        'Say "hello", all',
        "<script>alert(1)</script>",
        "🧸 " * 40 + "toys",
        "=SUM(A1)",
        "'; DROP TABLE pools; --",
    ]
    lines = b"".join(b'2026-01-02T03:04:05Z,"%s",ann,1\n' % title.replace('"', '""').encode() for title in titles)
    found = read(tmp_path, HEADER + lines)
    assert found.titles == [title.strip() for title in titles]
    assert refused(found) == []


def test_the_name_on_chain_is_cut_between_characters() -> None:
    assert gifts.name_of("Łódź") == "Łódź".encode().ljust(32, b"\0")
    assert gifts.name_of("🧸" * 20) == ("🧸" * 7 + "…\0").encode()
    assert gifts.name_of("x" * 31) == b"x" * 31 + b"\0"


def test_a_quoted_field_may_go_over_lines(tmp_path: Path) -> None:
    data = b'2026-01-02T03:04:05Z,"Warm\r\nsoup",ann,1\r\n' + GOOD
    assert [row[:2] for row in rows(read(tmp_path, HEADER + data))] == [(2, "Warm soup"), (4, "Soup")]


def test_an_open_quote_swallows_nothing(tmp_path: Path) -> None:
    found = read(
        tmp_path, HEADER + b'2026-01-02T03:04:05Z,"Soup,ann,1\n' + GOOD * 200 + b'2026-01-02T03:04:05Z,a",b,1\n'
    )
    assert len(found.times) == 200
    assert [number for number, _ in refused(found)] == [2, 203]


def test_empty_lines_are_no_gifts_and_no_errors(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + b"\n" + GOOD + b"  \r\n\n")
    assert (len(found.times), found.blank, refused(found)) == (1, 3, [])


def test_repeated_rows_are_so_many_gifts(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + GOOD * 3)
    assert (len(found.times), found.repeated, found.total) == (3, 2, 4_500_000)


def test_a_zone_given_reads_local_times(tmp_path: Path) -> None:
    found = read(tmp_path, HEADER + b"2026-01-02T06:04:05,Soup,ann,1\n", "Africa/Nairobi")
    assert found.times[0] == 1767323045
    found = read(tmp_path, HEADER + b"2026-03-29T02:30:00,Soup,ann,1\n", "Europe/Berlin")
    assert "skipped this time" in found.refused[0].reason


def test_the_sum_of_the_refused(tmp_path: Path) -> None:
    lines = (
        b"2026-01-02T03:04:05Z,Soup,ann,-3.00\n2026-13-02T03:04:05Z,Soup,ann,10.5\n2026-01-02T03:04:05Z,Soup,ann,x\n"
    )
    assert read(tmp_path, HEADER + lines).refused_total == Decimal("7.5")


def test_all_together_stay_below_the_limit(tmp_path: Path) -> None:
    big = b"2026-01-02T03:04:05Z,Soup,ann,9223372036854.775807\n"
    found = read(tmp_path, HEADER + big + GOOD)
    assert [number for number, _ in refused(found)] == [3]


@pytest.mark.parametrize(
    ("name", "data", "word"),
    [
        ("a.csv", b"", "is empty"),
        ("a.csv", b"donated_at,pool,amount_usd\n", "no column donor"),
        ("a.csv", b"donated_at,pool,donor,donor,amount_usd\n", "more than once"),
        ("a.csv", b"\x89PNG\r\n\x1a\n\0\0", "no column"),
        ("a.csv.gz", HEADER + GOOD, "not a gzip file"),
        ("a.csv.gz", gzip.compress(HEADER + GOOD * 5000)[:-40], "cut off or damaged"),
        ("a.csv.gz", gzip.compress(HEADER + GOOD * 5000)[:30] + b"\xff" * 90, "damaged"),
    ],
)
def test_a_file_that_is_none_is_one_clear_error(tmp_path: Path, name: str, data: bytes, word: str) -> None:
    with pytest.raises(FileError, match=word):
        read(tmp_path, data, name=name)


def test_no_file_and_a_folder(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="no file"):
        gifts.read(tmp_path / "none.csv", NOW)
    with pytest.raises(FileError, match="is a folder"):
        gifts.read(tmp_path, NOW)
    with pytest.raises(FileError, match="no time zone"):
        gifts.read(tmp_path / "none.csv", NOW, "Mars/Base")


def test_the_sample_is_what_its_generator_makes(tmp_path: Path) -> None:
    with (tmp_path / "made.csv").open("w", encoding="utf-8") as out:
        sample.write(out, dirty=True)
    clean = sample.rows(dirty=False)
    found = gifts.read(tmp_path / "made.csv", NOW)
    assert (len(found.times), found.repeated, len(found.refused)) == (len(clean), 1, len(sample.DIRT))


@given(st.binary(max_size=2000))
@settings(max_examples=150)
def test_no_bytes_crash_the_reading(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    folder = tmp_path_factory.mktemp("any")
    found = read(folder, HEADER + data)
    assert found.total == sum(found.amounts)
    assert all(refusal.reason and refusal.line > 1 for refusal in found.refused)


@given(st.lists(st.text(alphabet='abc,"\n\r \t', max_size=30), max_size=20))
@settings(max_examples=150)
def test_good_lines_among_quotes_are_not_lost(tmp_path_factory: pytest.TempPathFactory, noise: list[str]) -> None:
    """A line that is a gift by itself is read as one, whatever stands on the lines around it."""
    folder = tmp_path_factory.mktemp("noise")
    data = HEADER + b"".join(text.encode() + b"\n" + GOOD for text in noise)
    assert len(read(folder, data).times) == len(noise)


@given(st.integers(min_value=1, max_value=gifts.MAX_AMOUNT))
def test_every_amount_survives(units: int) -> None:
    assert units_of(f"{units // 10**6}.{units % 10**6:06}") == units
