"""What is final and what may still change, whether this server can serve, and what came of the comparison: as told."""

from __future__ import annotations

import sqlite3
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from fastapi.testclient import TestClient

from api import reconciled
from api.explorer.app import create_app
from api.indexer.engines import Engine
from api.indexer.store import Store
from tests.api.explorer.book import USD, Book, account
from tests.api.explorer.conftest import settings_in
from tests.api.explorer.world import WALLET, build

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from httpx import Response

    from api.settings import Settings

API = "/api/v1"


class Made:
    """An index that goes on, and an explorer."""

    def __init__(self, folder: Path, engine: Engine | None) -> None:
        self.settings = settings_in(folder)
        self.store = Store(self.settings.database)
        self.store.engine = engine
        self.book: Book = build(self.store, self.settings.content).book
        self.client = TestClient(create_app(self.settings))

    def get(self, path: str) -> Any:
        answer = self.client.get(API + path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def note(self, **notes: str) -> None:
        with closing(sqlite3.connect(self.settings.database)) as other:
            other.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", notes.items())
            other.commit()


@pytest.fixture
def made(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Made]:
    opened = Made(tmp_path, getattr(request, "param", None))
    yield opened
    opened.client.close()
    opened.store.close()


def finals(made: Made) -> set[tuple[int, bool]]:
    """Return which blocks are said to be final."""
    places = [m["place"] for m in made.get("/movements?limit=200")["items"]]
    places += [recorded["at"] for recorded in made.get("/contributions")["recorded"].values()]
    return {(place["block"], place["final"]) for place in places}


# -------------------------------------------------------------------------------------------------------- finality


@pytest.mark.parametrize("made", [None, Engine("Ganache", None)], indirect=True)
def test_where_nothing_is_final_nothing_is_said_to_be(made: Made) -> None:
    answer = made.client.get(f"{API}/summary")
    assert "moa-final-block" not in answer.headers
    health, about = made.get("/health"), made.get("")
    assert (health["final_block"], health["confirmations"]) == (None, None)
    assert {final for _, final in finals(made)} == {False}
    assert about["finality"]["may_change"] == "Everything may still change."
    known = made.store.engine is not None
    assert about["finality"]["engine"] == health["engine"] == ("Ganache" if known else None)
    assert ("chain for development (Ganache)" in about["finality"]["final"]) == known
    page = made.client.get("/contribution/1-0").text
    assert ("This ledger is for trying things out." in page) == known
    assert "It is final" not in page


@pytest.mark.parametrize("made", [Engine("Besu", 0)], indirect=True)
def test_where_each_block_is_final_at_once_it_is_said(made: Made) -> None:
    tip = made.book.height
    answer = made.client.get(f"{API}/pools/1")
    assert (answer.headers["moa-final-block"], answer.json()["opened"]["final"]) == (str(tip), True)
    assert {final for _, final in finals(made)} == {True}
    finality = made.get("")["finality"]
    assert (finality["engine"], finality["confirmations"], finality["final_block"]) == ("Besu", 0, tip)
    assert finality["may_change"].startswith("Nothing that is recorded")
    assert "It is final: the ledger cannot take it back." in made.client.get("/contribution/1-0").text
    made.book.give(1, WALLET, USD)
    made.book.mine()
    assert made.client.get(f"{API}/summary").headers["moa-final-block"] == str(tip + 1)


@pytest.mark.parametrize("made", [Engine("Clique", 2)], indirect=True)
def test_where_blocks_must_be_built_upon_each_place_says_whether_they_were(made: Made) -> None:
    start = made.book.give(1, WALLET, USD)
    made.book.mine()
    tip = made.book.height
    receipt, gift = f"/contribution/1-{start}", f"/contributions/1-{start}"
    assert {(block, block <= tip - 2) for block, _ in finals(made)} == finals(made)
    assert {final for _, final in finals(made)} == {True, False}
    assert made.get(gift)["recorded"]["final"] is False
    assert (
        "may still change for a few minutes: it is final once 2 more blocks stand on it"
        in made.client.get(receipt).text
    )
    assert "once 2 more have followed it (Clique)" in made.client.get("/check").text
    for _ in range(2):
        made.book.mine()
    assert made.get(gift)["recorded"]["final"] is True
    assert made.client.get(API).headers["moa-final-block"] == str(tip)
    assert made.get("/health")["final_block"] == made.get("")["finality"]["final_block"] == tip
    assert "It is final" in made.client.get(receipt).text


@pytest.mark.parametrize("made", [Engine("geth", 64)], indirect=True)
def test_a_chain_that_is_still_short_has_nothing_final(made: Made) -> None:
    assert made.get("")["finality"]["final_block"] is None
    assert {final for _, final in finals(made)} == {False}


def test_what_is_final_is_counted_from_what_is_indexed_and_stays_so() -> None:
    engine = Engine("Clique", 2)
    assert engine.notes(engine.final(tip=40, noted=-1))["final_block"] == "38"
    assert engine.notes(engine.final(tip=39, noted=38))["final_block"] == "38"
    assert engine.notes(engine.final(tip=1, noted=-1))["final_block"] == ""
    assert engine.notes(Engine("Ganache", None).final(tip=9, noted=-1))["final_block"] == ""


@pytest.mark.parametrize("made", [Engine("Besu", 0)], indirect=True)
def test_pages_elsewhere_may_read_the_header_and_pages_have_none(made: Made) -> None:
    answer = made.client.get(f"{API}/pools", headers={"Origin": "https://example.org"})
    assert "Moa-Final-Block" in answer.headers["access-control-expose-headers"]
    # The same for all who ask: a cache between may give one's answer to the other.
    for path in ("/pools", "/pools/9", "/pools?limit=x"):
        assert made.client.get(API + path).headers["access-control-allow-origin"] == "*"
    assert made.client.head(f"{API}/pools").headers["moa-final-block"] == str(made.book.height)
    assert "moa-final-block" not in made.client.get("/").headers


@pytest.mark.parametrize("made", [Engine("Besu", 0)], indirect=True)
def test_pages_elsewhere_may_ask_with_headers_of_their_own(made: Made) -> None:
    def asked(method: str) -> Response:
        asking = {"Origin": "https://example.org", "Access-Control-Request-Method": method}
        return made.client.options(f"{API}/pools", headers=asking | {"Access-Control-Request-Headers": "if-none-match"})

    allowed = asked("GET")
    assert allowed.status_code == 200
    assert allowed.headers.get_list("access-control-allow-origin") == ["*"]
    assert allowed.headers["access-control-allow-headers"] == "if-none-match"
    assert asked("POST").status_code == 400
    assert made.client.options(f"{API}/pools").status_code == 405


# ---------------------------------------------------------------------------------------------------------- health


def ask(settings: Settings, path: str = "/health") -> tuple[int, dict[str, Any]]:
    with TestClient(create_app(settings)) as client:
        answer = client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        return answer.status_code, answer.json()


def test_a_server_without_an_index_to_serve_is_not_asked(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    status, found = ask(settings)
    assert (status, found["serves"], found["ok"]) == (503, False, False)
    assert "there is no index yet" in found["why"]
    store = Store(settings.database)
    assert ask(settings) == (503, {**found, "why": "nothing is indexed yet"})
    book = Book(store, settings.content)
    assert ask(settings)[0] == 200
    store.begin_backfill()
    status, found = ask(settings)
    assert (status, found["why"], found["block"]) == (503, "the index is being built", book.height)
    store.end_backfill()
    assert ask(settings)[0] == 200
    store.close()
    with closing(sqlite3.connect(settings.database)) as other:
        other.execute("UPDATE meta SET value = '0' WHERE key = 'schema_version'")
        other.commit()
    status, found = ask(settings)
    assert status == 503
    assert "schema version 0" in found["why"]


def test_what_is_old_or_halted_is_served_and_told(made: Made) -> None:
    ready = made.client.get("/health")
    assert (ready.status_code, ready.json()["ok"], ready.json()["why"]) == (200, True, None)
    made.note(node_seen_at=str(int(time.time()) - 600))
    old = made.client.get("/health")
    assert (old.status_code, old.json()["ok"], old.json()["fresh"]) == (200, False, False)
    assert "the node last answered the indexer 60" in old.json()["why"]
    assert "The ledger cannot be reached right now" in made.client.get("/").text
    for seconds, status in ((60, 503), (599, 503), (700, 200)):
        assert made.client.get(f"/health?max_age={seconds}").status_code == status
    assert made.client.get("/health?max_age=60").json()["serves"] is False
    made.note(halted="log 3 of block 8 is unknown")
    halted = made.client.get("/health")
    assert (halted.status_code, halted.json()["why"]) == (200, "the indexer says: log 3 of block 8 is unknown")
    assert made.client.head("/health").status_code == 200
    assert made.client.head("/health?max_age=60").status_code == 503


@pytest.mark.parametrize("age", ["-1", "x", "1.5", "99999999999"])
def test_an_age_that_cannot_be_meant_is_refused(age: str, made: Made) -> None:
    answer = made.client.get(f"/health?max_age={age}")
    assert (answer.status_code, answer.json()["field"]) == (422, "max_age")


# ------------------------------------------------------------------------------------------------------ comparison


def noted(made: Made, **more: Any) -> None:
    head = made.book.blocks[-1]
    note: Any = {**reconciled.nothing(), "block": head.number, "hash": "0x" + head.hash.hex(), "at": int(time.time())}
    made.store.note_reconciled({**note, "pools": 5, "tokens": 1, "figures": 90, **more})


DIFFERENCE: reconciled.Difference = {
    "about": "pool", "pool": 1, "milestone": None, "sponsorship": None, "token": None, "what": "raised",
    "values": [{"source": "PooledFund.poolOf(1).raised", "value": "<b>7</b>"}, {"source": "events", "value": "8"}],
}  # fmt: skip


def test_what_was_never_compared_is_said(made: Made) -> None:
    found = made.get("/reconciliation")
    assert (found["state"], found["block"], found["indexed"]) == ("never", None, False)
    assert made.get("/health")["reconciliation"]["state"] == "never"
    assert "was not compared with the ledger itself yet." in made.client.get("/pool/1").text


def test_what_agrees_is_said_on_every_page(made: Made) -> None:
    noted(made)
    found = made.get("/reconciliation")
    assert (found["state"], found["indexed"], found["figures"]) == ("agrees", True, 90)
    for path in ("/", "/pool/1", "/pool/1/contributions", "/contribution/1-0", "/check", "/search?q=x"):
        page = made.client.get(path).text
        assert f"compared with the ledger itself at block {made.book.height}: all 5 pools agree." in page, path
        assert "does not add up" not in page
    assert made.get("/health")["ok"]
    made.store.rewind(made.book.height - 1)
    assert made.get("/reconciliation")["indexed"] is False


def test_what_differs_is_an_alarm_that_is_escaped(made: Made) -> None:
    token = "0x" + account("token").hex()
    short: Any = {**DIFFERENCE, "about": "token", "pool": None, "token": token, "what": "balance of PooledFund"}
    kinds: list[Any] = [
        {**DIFFERENCE, "about": "round", "milestone": 0}, {**DIFFERENCE, "about": "vouchers", "milestone": 2},
        {**DIFFERENCE, "about": "sponsorship", "sponsorship": 3}, {**DIFFERENCE, "about": "events", "pool": None},
        {**DIFFERENCE, "about": "ledger", "pool": None},
    ]  # fmt: skip
    balance: reconciled.Balance = {
        "token": token, "contract": "PledgeBook", "balance": "9", "held": "0", "surplus": "9",
    }  # fmt: skip
    noted(made, differences=[DIFFERENCE, short, *kinds], more=4, balances=[balance])
    found = made.get("/reconciliation")
    assert (found["state"], len(found["differences"]), found["more"]) == ("differs", 7, 4)
    assert found["differences"][1]["token"] == found["balances"][0]["token"] == token
    health = made.get("/health")
    assert (health["ok"], health["fresh"], health["reconciliation"]["differences"]) == (False, True, 11)
    assert "differ in 11 numbers" in made.client.get("/").text
    page = made.client.get("/check").text
    assert "<b>7</b>" not in page
    assert "&lt;b&gt;7&lt;/b&gt;" in page
    for said in ("Payout round 1-0", "pool 1, milestone 3", "Sponsor 3 of", "The list of events", "And 4 numbers more",
                 "PledgeBook has 9 base units of the token"):  # fmt: skip
        assert said in page, said
    assert made.client.get("/health").status_code == 200


def test_what_could_not_be_compared_is_said_with_its_reason(made: Made) -> None:
    trouble: reconciled.Trouble = {"block": 9, "at": int(time.time()), "reason": "the node <i>refused</i>"}
    made.store.note_reconciled({**reconciled.nothing(), "trouble": trouble})
    assert "was not compared with the ledger itself yet; it could not be compared." in made.client.get("/").text
    noted(made, trouble=trouble)
    assert "agree. Since then it could not be compared." in made.client.get("/").text
    assert "The reason: <bdi>the node &lt;i&gt;refused&lt;/i&gt;</bdi>" in made.client.get("/check").text
    assert made.get("/health")["ok"]


@pytest.mark.parametrize("kept", ["", "{}", "[]", "nonsense", '{"block": "x"}'])
def test_a_note_that_cannot_be_read_says_nothing(kept: str, made: Made) -> None:
    made.note(**{reconciled.KEY: kept})
    assert made.get("/reconciliation")["state"] == "never"
