"""However long a pool lives, one answer tells so much and no more, what it leaves out is counted, and lists have it."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from eth_utils.crypto import keccak
from fastapi.testclient import TestClient

from api.explorer import content
from api.explorer.app import create_app
from api.explorer.queries import bounds
from api.indexer.store import Store
from api.types import MemberKind
from tests.api.explorer.book import DAY, FUND, JUDGEMENT, PAYOUTS, REGISTER, TOKEN, Book, account
from tests.api.explorer.conftest import settings_in
from tests.ledger import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

API = "/api/v1"
NGO, PAYEE, GATEWAY = account("ngo"), account("payee"), account("gateway")
SEATS = [account(f"attestor {i}") for i in range(32)]
PLAIN, JUDGED, HOLES = 60, 55, 25
"""Milestones that were only paid, those that were judged again and again, and holes before each."""
ROUNDS = bounds.ROUNDS + 1
WHALE = 200_000
ODD = "\x01" * content.MAX_URI
"""As many bytes as it can have in JSON, for each of its characters."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = settings_in(tmp_path_factory.mktemp("largest"))
    store = Store(settings.database)
    book = Book(store, settings.content, 1_795_392_000)
    write(book)
    store.close()
    with TestClient(create_app(settings, clock=lambda: book.now)) as opened:
        yield opened


@pytest.fixture(scope="module")
def get(client: TestClient) -> Callable[..., Any]:
    def ask(path: str, **params: Any) -> Any:
        answer = client.get(API + path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return ask


def write(book: Book) -> None:
    """Write a pool that had everything more often than an answer tells."""
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    for i in range(200):
        details = book.write_file(f"{i:03}".encode() + b'"' * (bounds.TEXT_BYTES - 3))
        said = {"name": b"n" * 31 + b"\0", "detailsHash": details, "detailsURI": ODD}
        book.log(REGISTER, "Accredited", account=account(f"ngo {i}"), kind=int(MemberKind.NGO), **said)
    for attestor in SEATS:
        book.accredit(attestor, MemberKind.ATTESTOR, '"' * 31)
    text = book.write_file(b'"' * content.MAX_TEXT_BYTES)
    book.open_pool(
        1, NGO, "Long", [(PAYEE, 1000, book.now + 90 * DAY)], openEnded=True, attestors=SEATS, quorum=32,
        descriptionHash=text, descriptionURI=ODD,
    )  # fmt: skip
    for number in range(1, PLAIN + JUDGED + 1):
        plan = {"payee": PAYEE if number < PLAIN else PAYOUTS, "amount": 1000, "evidenceDeadline": book.now + 90 * DAY}
        book.log(FUND, "MilestoneOpened", pool=1, milestone=number, **plan)
    book.give(1, account("whale"), WHALE)
    for number in range(PLAIN):
        book.release(1, number, PAYEE, 1000)
    book.mine()
    for number in range(PLAIN, PLAIN + JUDGED):
        judge(book, number)
        for other in range(HOLES):
            book.give_back(1, (number + other) % PLAIN, PAYEE, 1)
        book.release(1, number, PAYOUTS, HOLES + 100)
        book.mine()
    for i in range(2):
        book.record(1, GATEWAY, keccak(text=f"{i}"), [(bytes(20), 1, 1)] * 20_000, large=True)
    propose(book)
    book.mine()


def judge(book: Book, number: int) -> None:
    evidence = book.write_file(b"\n" + b'"' * (bounds.TEXT_BYTES - 1))
    rows = {"amount": 1000, "count": 1, "claimWindow": DAY, "rows": bytes(32)}
    book.log(PAYOUTS, "RoundSealed", pool=1, milestone=number, ngo=NGO, version=1, **rows)
    for round_ in range(1, ROUNDS + 1):
        book.submit(1, number, round_, evidence, ngo=NGO, uri=ODD)
        for attestor in SEATS:
            book.attest(1, number, round_, evidence, approved=round_ == ROUNDS, attestor=attestor)
        if round_ < ROUNDS:
            book.reject(1, number, evidence)
    book.approve(1, number, evidence)


def propose(book: Book) -> None:
    """Consent to more next milestones and more changes of attestors than are told."""
    for i in range(bounds.PLANS + 2):
        plan = {"payee": account(f"payee {i}"), "amount": i + 1, "evidenceDeadline": book.now + DAY}
        for attestor in SEATS:
            book.log(JUDGEMENT, "MilestoneConsented", pool=1, milestone=PLAIN + JUDGED + 1, attestor=attestor, **plan)
            book.log(
                JUDGEMENT, "RotationConsented", pool=1, leaving=SEATS[0], joining=account(f"new {i}"), attestor=attestor
            )


def walk(get: Callable[..., Any], path: str, **params: Any) -> list[Any]:
    found, page = [], get(path, **params)
    while True:
        found += page["items"]
        if page["next"] is None:
            return found
        page = get(path, **params, cursor=page["next"])


def test_a_pool_tells_the_newest_and_where_the_others_are(get: Callable[..., Any], client: TestClient) -> None:
    pool = get("/pools/1")
    all_milestones = walk(get, "/pools/1/milestones", limit=200)
    assert [m["milestone"] for m in all_milestones] == list(range(pool["milestones_total"]))
    assert pool["milestones"] == all_milestones[-bounds.MILESTONES :]
    assert len(get("/pools/1/milestones", limit=200)["items"]) == bounds.MILESTONES
    for name, total in (("releases", PLAIN + JUDGED), ("returns", JUDGED * HOLES)):
        every = walk(get, f"/{name}", pool=1)
        following = get(f"/{name}", pool=1, cursor=pool[f"{name}_next"], limit=60)["items"]
        assert (len(every), len(pool[name])) == (total, bounds.MOVES), name
        assert pool[name] == every[: bounds.MOVES]
        assert following == every[bounds.MOVES :][:60]
    assert len(pool["proposals"]) == len(pool["rotations"]) == bounds.PLANS
    assert pool["proposals"][-1]["amount"] == str(bounds.PLANS + 2)
    page = client.get("/pool/1").text
    assert f"These are the newest {bounds.MILESTONES} of {pool['milestones_total']} milestones" in page
    assert f"These are the newest {bounds.ROUNDS} of {ROUNDS} proofs" in page
    assert f"and {HOLES + 1 - bounds.SPANS} more pieces of the line" in page


def test_a_milestone_tells_its_newest_rounds(get: Callable[..., Any]) -> None:
    judged = get("/pools/1")["milestones"][-2]
    assert judged["round"] == ROUNDS
    assert [each["round"] for each in judged["evidence"]] == list(range(2, ROUNDS + 1))
    assert {len(each["attestations"]) for each in judged["evidence"]} == {32}
    assert [each["verdict"]["approved"] for each in judged["evidence"]] == [False] * (bounds.ROUNDS - 1) + [True]
    release = judged["release"]
    assert (len(release["spent"]), release["spans"], release["amount"]) == (bounds.SPANS, HOLES + 1, str(HOLES + 100))


def test_every_release_says_what_of_it_came_back(get: Callable[..., Any]) -> None:
    releases, returns = walk(get, "/releases", pool=1), walk(get, "/returns", pool=1)
    for release in releases:
        mine = [int(r["amount"]) for r in returns if r["milestone"] == release["milestone"]]
        assert int(release["returned"]) == sum(mine)


def test_the_parts_of_a_gift_that_are_cut_are_counted_and_add_up(
    get: Callable[..., Any], client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = get("/contributions/1-0")
    with monkeypatch.context() as patch:
        patch.setattr(bounds, "PARTS", 10**9)
        whole = get("/contributions/1-0", again=1)
    assert whole["more"] is None
    assert len(whole["trace"]) > bounds.PARTS + HOLES
    rest = whole["trace"][bounds.PARTS :]
    assert cut["trace"] == whole["trace"][: bounds.PARTS]
    assert {name: cut["more"][name] for name in ("count", "start", "end", "amount")} == {
        "count": len(rest), "start": rest[0]["start"], "end": str(WHALE), "amount": str(sum_of(rest)),
    }  # fmt: skip
    assert sum_of(cut["trace"]) + int(cut["more"]["amount"]) == WHALE
    assert cut["became"] == whole["became"]
    shown = {"paid": 0, "undelivered": 0, "waiting": 0}
    for part in cut["trace"]:
        for piece in part.get("paid", [{"fate": "waiting", "amount": part["amount"]}]):
            shown[piece["fate"]] += int(piece["amount"])
    became, others = cut["became"], cut["more"]["became"]
    assert sum(map(int, became.values())) == WHALE
    assert all(int(became[fate]) == amount + int(others[fate]) for fate, amount in shown.items())
    page = client.get("/contribution/1-0").text
    assert f"And {len(whole['trace']) - 20:,} more parts" in page
    assert f"the first {bounds.PARTS} parts" in page


def sum_of(parts: list[Any]) -> int:
    return sum(int(part["amount"]) for part in parts)


def test_a_gift_that_paid_a_release_in_many_pieces(get: Callable[..., Any]) -> None:
    [payer] = get(f"/pools/1/milestones/{PLAIN + JUDGED - 1}/contributions")["items"]
    assert (len(payer["parts"]), payer["parts_total"], payer["amount"]) == (bounds.SPANS, HOLES + 1, str(HOLES + 100))


def test_a_page_of_events_ends_before_it_is_too_large(get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    first = get("/events", event="BatchRecorded", limit=200)
    assert len(first["items"]) == 1
    second = get("/events", event="BatchRecorded", limit=200, cursor=first["next"])
    assert (len(second["items"]), second["next"]) == (1, None)
    monkeypatch.setattr(bounds, "DATA_BYTES", 5_000)
    some = get("/events", event="Attested", limit=200)["items"]
    assert 1 < len(some) < 200
    walked = walk(get, "/events", event="MilestoneOpened", limit=7)
    monkeypatch.setattr(bounds, "DATA_BYTES", 1 << 30)
    assert walked == walk(get, "/events", event="MilestoneOpened", limit=200)
    assert get("/events", event="Nothing")["items"] == []


def test_what_is_too_long_is_left_out(get: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    known = get("/ngos", limit=1)["items"][0]
    assert len(known["details"]["uri"]) == content.MAX_URI
    assert len(known["details"]["text"]) == bounds.TEXT_BYTES
    monkeypatch.setattr(content, "MAX_URI", content.MAX_URI - 1)
    monkeypatch.setattr(bounds, "TEXT_BYTES", 1)
    assert get("/ngos", limit=2)["items"][0]["details"]["uri"] == ""
    assert get(f"/ngos/{known['ngo']['address']}")["details"]["text"] == known["details"]["text"]


ASKED = [
    "/pools/1", "/pools/1/milestones?limit=200&cursor=m64", "/contributions/1-0", "/ngos?limit=200",
    "/events?limit=200", "/events?event=BatchRecorded&limit=200", "/releases?limit=200", "/returns?limit=200",
    "/attestations?limit=200", "/pools/1/contributions?limit=200", "/movements?limit=200", "/contributions/1-200000",
    "/pools/1/milestones/114/contributions?limit=200", "/summary", "/export",
]  # fmt: skip


def test_the_largest_answer_is_as_large_as_the_page_for_operators_says(client: TestClient) -> None:
    sizes = {path: len(client.get(API + path).content) for path in ASKED}
    largest = max(sizes, key=lambda path: sizes[path])
    words = (ROOT / "docs" / "operations.md").read_text()
    [said] = re.findall(r"largest answer is that of `/api/v1(\S+)`,\s([0-9.]+) MB", words)
    measured = largest.replace("/1", "/{pool}"), f"{sizes[largest] / 1e6:.1f}"
    assert said == measured, json.dumps(sizes, indent=1)
