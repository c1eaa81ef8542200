"""NGOs' IATI files: valid by the standard's schema, true to the ledger to the unit, never with a made-up currency."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.errors import SettingsError
from api.explorer.app import create_app
from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.exports import commands
from api.explorer.failures import RewoundError
from api.explorer.iati import given as operator
from api.explorer.iati import read, write
from api.explorer.text import decimal
from api.indexer.store import Store
from api.types import MemberKind
from tests.api.explorer.book import DAY, PAYOUTS, TOKEN, USD, Book, account
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.iati_schema import check
from tests.api.explorer.world import GATEWAY, NGO, OTHER_NGO, PAYEE, WALLET, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from api.settings import Settings

NEW = account("ngo without pools")
GIVEN = f"""
currencies:
  "0x{TOKEN.hex()}": USD
organisations:
  "0x{NGO.hex()}": {{ref: KE-NCB-12345, type: 22}}
  "0x{PAYEE.hex()}": {{ref: KE-BRS-1, type: "70"}}
country: KE
sector: "11250"
pools:
  4: {{country: UG}}
"""


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    folder = tmp_path_factory.mktemp("iati")
    found = replace(settings_in(folder), iati=folder / "iati.yaml")
    (folder / "iati.yaml").write_text(GIVEN)
    store = Store(found.database)
    book = build(store, found.content).book
    # What the world leaves out: money that comes back, hostile names, a pool that was cancelled.
    book.accredit(NEW, MemberKind.NGO, "New")
    book.open_pool(6, NGO, "\x01<]]>&\x0b\ufffe", [(PAYEE, 9 * USD, book.now + 400 * DAY)])
    book.give(6, WALLET, 3 * USD + 1)
    book.give(6, WALLET, 4 * USD)
    book.give_back(1, 0, PAYEE, 7 * USD)
    book.mine(DAY)
    book.cancel(6, NGO)
    book.mine(DAY)
    book.refund(6, WALLET, 0, 3 * USD + 1)
    book.refund(6, WALLET, 3 * USD + 1, 4 * USD)
    book.take_batch(3, GATEWAY, bytes(32), 1 * USD)
    book.mine()
    yield found
    store.close()


@pytest.fixture(scope="module")
def client(settings: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(settings)) as opened:
        yield opened


def ask(client: TestClient, ngo: bytes) -> bytes:
    answer = client.get(f"/api/v1/ngos/0x{ngo.hex()}/iati.xml")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/xml"
    return answer.content


def activities(data: bytes) -> dict[int, Any]:
    return {int(a.findtext("iati-identifier").rpartition("-")[2]): a for a in check(data).iter("iati-activity")}


def total(activity: Any, *kinds: str, positive: bool | None = None) -> int:
    """Return the sum of an activity's transactions of these kinds, in base units."""
    values = [
        Decimal(transaction.findtext("value"))
        for transaction in activity.iter("transaction")
        if transaction.find("transaction-type").get("code") in kinds
    ]
    return int(sum(v for v in values if positive is None or (v > 0) == positive) * USD)


@pytest.mark.parametrize("ngo", [NGO, OTHER_NGO])
def test_it_is_valid_and_every_unit_is_the_ledgers(client: TestClient, ngo: bytes) -> None:
    found = activities(ask(client, ngo))
    pools = client.get("/api/v1/pools", params={"ngo": ngo.hex()}).json()["items"]
    assert set(found) == {pool["pool"] for pool in pools}
    for pool in pools:
        activity = found[pool["pool"]]
        assert total(activity, "1", positive=True) == int(pool["raised"])
        assert total(activity, "1", positive=False) == -int(pool["refunded"])
        assert total(activity, "3", "4") == int(pool["released"])
        planned = sum(Decimal(budget.findtext("value")) for budget in activity.iter("budget"))
        assert planned * USD == int(pool["planned"])
        status = activity.find("activity-status").get("code")
        wanted = {"funding": "1", "active": "2", "completed": "3", "frozen": "5"}[pool["state"]]
        assert status == ("6" if pool["paused"] else wanted)
        assert len(list(activity.iter("result"))) == pool["milestones_total"]


def test_days_are_the_ledgers(client: TestClient) -> None:
    activity = activities(ask(client, NGO))[6]
    dates = [
        (t.find("transaction-date").get("iso-date"), t.findtext("value"), t.findtext("description/narrative"))
        for t in activity.iter("transaction")
    ]
    assert [(value, said) for _, value, said in dates] == [
        ("7.000001", "2 gifts"),
        ("-7.000001", "2 refunds to donors"),
    ]
    events = client.get("/api/v1/events", params={"event": "Refunded"}).json()["items"]
    assert dates[1][0] == events[0]["place"]["at"][:10]


def test_what_the_operator_gives_stands_in_it(client: TestClient) -> None:
    found = activities(ask(client, NGO))
    first = found[1]
    assert first.get("default-currency") == "USD"
    assert first.find("reporting-org").attrib == {"ref": "KE-NCB-12345", "type": "22"}
    assert first.findtext("iati-identifier").startswith("KE-NCB-12345-moa-1337-0x")
    assert first.find("recipient-country").get("code") == "KE"
    assert found[4].find("recipient-country").get("code") == "UG"
    assert found[4].find("sector").get("code") == "11250"
    assert first.find("transaction/receiver-org").attrib == {"ref": "KE-BRS-1", "type": "70"}
    other = activities(ask(client, OTHER_NGO))[2]
    assert other.find("reporting-org").get("ref") == f"eip155-1337-0x{OTHER_NGO.hex()}"


def test_what_was_given_back_is_a_negative_disbursement(client: TestClient) -> None:
    first = activities(ask(client, NGO))[1]
    assert [t.findtext("value") for t in first.iter("transaction")] == ["63.000007", "30", "-7"]


def test_texts_are_texts(client: TestClient) -> None:
    found = activities(ask(client, NGO))
    assert found[6].findtext("title/narrative") == "\ufffd<]]>&\ufffd\ufffd"
    assert found[1].findtext("title/narrative") == "Warm meals <script>alert(1)</script> & “more”"
    assert "A meal a day" in found[1].findtext("description/narrative")
    assert found[1].findtext("reporting-org/narrative") == "Kitchens <b>United</b>"


def test_no_currency_is_made_up(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, iati=None))) as client:
        answer = client.get(f"/api/v1/ngos/0x{NGO.hex()}/iati.xml")
    assert answer.status_code == 404
    assert f"a currency for the token 0x{TOKEN.hex()} of pool 1" in answer.json()["looked_for"]
    assert "MOA_IATI" in answer.json()["looked_for"]


@pytest.mark.parametrize(
    ("path", "status"),
    [(f"0x{NEW.hex()}", 404), ("0x" + "00" * 20, 404), ("0x12", 422), (f"0x{PAYEE.hex()}", 404)],
)
def test_who_has_no_file(client: TestClient, path: str, status: int) -> None:
    assert client.get(f"/api/v1/ngos/{path}/iati.xml").status_code == status


def test_a_head_is_not_made_for_nothing(client: TestClient) -> None:
    assert client.head(f"/api/v1/ngos/0x{NGO.hex()}/iati.xml").status_code == 405


def test_small_windows_and_the_clock_change_nothing(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = ask(client, NGO)
    monkeypatch.setattr(read, "WINDOW", 2)
    monkeypatch.setattr("time.time", lambda: 2**32)
    assert ask(client, NGO) == whole


def test_it_takes_a_place_among_the_exports(settings: Settings) -> None:
    with TestClient(create_app(replace(settings, exports=0))) as client:
        answer = client.get(f"/api/v1/ngos/0x{NGO.hex()}/iati.xml")
    assert answer.status_code == 503
    assert "Retry-After" in answer.headers


def test_a_rewound_chain_leaves_no_xml(tmp_path: Path) -> None:
    found = settings_in(tmp_path)
    store = Store(found.database)
    build(store, found.content)
    database = Database(found.database)
    pieces = write.write(
        database, read.read(database, ContentFolder(found.content), NGO), operator.Given(currencies={TOKEN: "USD"})
    )
    begun = [next(pieces), next(pieces)]
    store.rewind(5)
    with pytest.raises(RewoundError):
        begun.extend(pieces)
    assert b"</iati-activities>" not in b"".join(begun)
    store.close()


def test_the_book_of_payouts_hands_on_to_people(tmp_path: Path) -> None:
    """What it is paid is expenditure: nobody behind it reports to IATI."""
    found = settings_in(tmp_path)
    store = Store(found.database)
    book, payouts = Book(store, found.content), PAYOUTS
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.accredit(NGO, MemberKind.NGO, "Kitchen")
    book.open_pool(1, NGO, "Cash", [(payouts, 5 * USD, book.now + 9 * DAY)])
    book.give(1, WALLET, 8 * USD)
    book.release(1, 0, payouts, 5 * USD)
    book.give_back(1, 0, payouts, 2 * USD)
    book.mine()
    database = Database(found.database)
    ngo = read.read(database, ContentFolder(found.content), NGO)
    [activity] = activities(b"".join(write.write(database, ngo, operator.Given(currencies={TOKEN: "KES"})))).values()
    assert total(activity, "4") == 3 * USD
    assert total(activity, "3") == 0
    assert activity.findtext("transaction/receiver-org/narrative") == "Payout book"
    store.close()


def test_the_command_writes_the_same_file(client: TestClient, settings: Settings, tmp_path: Path) -> None:
    commands.write_iati(settings, f"0x{NGO.hex()}", tmp_path / "x.xml")
    assert (tmp_path / "x.xml").read_bytes() == ask(client, NGO)


@given(st.integers(-(2**63), 2**63), st.integers(0, 6))
def test_amounts_are_exact(amount: int, decimals: int) -> None:
    assert Decimal(decimal(amount, decimals)).scaleb(decimals) == amount
    assert decimal(amount, decimals).isascii()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("currencies: [", "cannot be read"),
        ("[]", "has no names with values"),
        ("currency: {}", "it has currency; known are"),
        ("currencies: USD", "currencies has no names with values"),
        ("currencies: {x: USD}", "'x' is not an address"),
        ("currencies: {0x00: USD}", "0 is not an address in quotes"),
        (f'currencies: {{"0x{"00" * 20}": Dollar}}', "'Dollar', which is not a currency's code"),
        (f'organisations: {{"0x{"00" * 20}": {{ref: "a/b"}}}}', "which is no identifier"),
        (f'organisations: {{"0x{"00" * 20}": {{}}}}', "which is no identifier"),
        (f'organisations: {{"0x{"00" * 20}": {{ref: a, type: NGO}}}}', "not a type's code"),
        ("pools: {one: {}}", "not a pool's number"),
        ("pools: {1: {county: KE}}", "pool 1 has county"),
        ("country: Kenya", "not a country's code"),
        ("sector: food", "not a sector's code"),
        ("language: English", "not a language's code"),
    ],
)
def test_what_the_operator_may_not_give(tmp_path: Path, text: str, says: str) -> None:
    (tmp_path / "iati.yaml").write_text(text)
    with pytest.raises(SettingsError, match="MOA_IATI") as error:
        operator.read(tmp_path / "iati.yaml")
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="cannot be read"):
        operator.read(tmp_path / "none.yaml")
