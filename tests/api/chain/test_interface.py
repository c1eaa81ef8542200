"""The lists that a played chain fills: their documented shape, and that walking them meets every item once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account
from eth_utils.address import to_checksum_address
from pydantic import ConfigDict, TypeAdapter, with_config

from api.explorer import shapes
from tests.api.chain.test_books import FOREVER, KEY, pledge
from tests.beneficiaries import PayList
from tests.ledger import DAY, USD
from tests.signatures import BILL, VOUCHER, sign, sign_by

if TYPE_CHECKING:
    from tests.api.chain.conftest import Site

SHAPES: dict[str, Any] = {
    "/pledges": shapes.Page[shapes.Pledge],
    "/pledges/{pledge}": shapes.Pledge,
    "/pledges/{pledge}/collections": shapes.Page[shapes.Collection],
    "/rounds": shapes.Page[shapes.Round],
    "/rounds/{pool}-0": shapes.Round,
    "/rounds/{pool}-0/deliveries": shapes.Page[shapes.Delivery],
    "/pools/{pool}/milestones/0/contributions": shapes.Page[shapes.Payer],
    "/contributions/{pool}-0/deliveries": shapes.Page[shapes.Handed],
    "/sponsorships": shapes.Page[shapes.Sponsorship],
    "/vouchers": shapes.Page[shapes.Voucher],
    "/objections": shapes.Page[shapes.Objection],
    "/returns": shapes.Page[shapes.Return],
    "/refunds": shapes.Page[shapes.Refund],
}
OLDER: dict[str, Any] = {
    "/summary": shapes.Summary,
    "/movements": shapes.Page[shapes.Movement],
    "/pools": shapes.Page[shapes.PoolSummary],
    "/pools/{pool}": shapes.Pool,
    "/pools/{pool}/contributions": shapes.Contributions,
    "/contributions/{pool}-0": shapes.ContributionDetail,
    "/donors/{donor}": shapes.Donor,
    "/batches": shapes.Page[shapes.Batch],
    "/releases": shapes.Page[shapes.Release],
    "/events": shapes.Page[shapes.Event],
}
EVIDENCE = b"i" * 32


@pytest.fixture(scope="module")
def names(site: Site) -> dict[str, Any]:
    """Play a pool in which everything happens at least twice."""
    ledger, donors = site.ledger, site.ledger.donors
    book = ledger.vouchers
    provider = ledger.w3.eth.accounts[17]
    ledger.accredit(provider, 5, "School of Kisumu")
    due = ledger.now() + 60 * DAY
    milestones = [
        (ledger.payouts.address, 8 * USD, due), (book.address, 9 * USD, due), (ledger.payee, 9 * USD, due),
        (ledger.payouts.address, 4 * USD, due), (ledger.payee, 90 * USD, due),
    ]  # fmt: skip
    pool = ledger.open_pool(milestones=milestones, limits=(bytes(32), 0, 20 * USD, 7 * DAY))
    for sponsor in donors[3:]:
        ledger.send(ledger.sponsors.functions.invite(pool, sponsor, True), ledger.ngo)
        terms = (pool, 5 * USD, 100, USD, ledger.now() + 99 * DAY)
        ledger.send(ledger.sponsors.functions.lock(*terms), sponsor)
    ledger.give(pool, 20 * USD, donors[0])
    ledger.give(pool, 20 * USD, donors[1])
    number = pledge(ledger, donors[0], pool, USD)
    for _ in range(3):
        ledger.send(ledger.pledges.functions.collect([number]), donors[1])
        ledger.wait(DAY)
    people = PayList(ledger, pool, 0, [USD] * 8)
    people.seal(9 * DAY)
    PayList(ledger, pool, 3, [2 * USD] * 2).seal(9 * DAY)
    for milestone in range(3):
        ledger.pay(pool, milestone, EVIDENCE)
    people.deliver(1, 0, 5, to=ledger.w3.eth.accounts[16])
    for salt in range(3):
        voucher = (pool, 1, KEY.address, USD, FOREVER, salt.to_bytes(32, "big"))
        bill = (provider, 0, USD, EVIDENCE, FOREVER)
        identity = bytes(book.functions.idOf(voucher).call())
        by_ngo = sign_by(ledger, ledger.ngo, book, "VoucherBook", VOUCHER, *voucher)
        by_key = sign(KEY.key, book, "VoucherBook", BILL, identity, *bill)
        ledger.send(book.functions.redeem(voucher, by_ngo, bill, by_key), donors[0])
    ledger.give_back(pool, 2, 2 * USD)
    ledger.give_back(pool, 2, 3 * USD)
    ledger.submit(pool, 3, EVIDENCE)
    ledger.attest(pool, 3, EVIDENCE, True, True)
    for donor, start in ((donors[1], 22 * USD), (donors[0], 0)):
        ledger.object(pool, 3, EVIDENCE, donor, start)
        if ledger.see(ledger.judgement, "milestoneOf", pool, 3)["state"] != 2:
            break
    ledger.send(ledger.fund.functions.cancel(pool), ledger.ngo)
    for gift in site.get(f"/pools/{pool}/contributions")["items"]:
        if gift["waiting"] != "0":
            ledger.refund(pool, int(gift["start"]), to_checksum_address(gift["donor"]))
    site.index()
    return {"pool": pool, "pledge": number, "donor": donors[0]}


def _closed(shape: Any) -> Any:
    return with_config(ConfigDict(extra="forbid"))(shape) if isinstance(shape, type) else shape


@pytest.mark.parametrize("path", [*SHAPES, *OLDER])
def test_shapes(site: Site, names: dict[str, Any], path: str) -> None:
    answer = site.client.get("/api/v1" + path.format(**names))
    assert answer.status_code == 200, answer.text
    adapter = TypeAdapter(_closed((SHAPES | OLDER)[path]))
    # What the shape does not know would be dropped on the way.
    assert adapter.dump_python(adapter.validate_json(answer.content, strict=True)) == answer.json()


@pytest.mark.parametrize("size", [1, 3])
@pytest.mark.parametrize("path", [path for path, shape in SHAPES.items() if "Page" in shape.__name__])
def test_walks(site: Site, names: dict[str, Any], path: str, size: int) -> None:
    path = path.format(**names)
    narrow = {} if "/" in path[1:] else {"pool": names["pool"]}
    whole = site.get(path, **narrow, limit=200)
    assert whole["items"]
    walked: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = site.get(path, **narrow, **cursor, limit=size)
        walked += page["items"]
        assert len(page["items"]) == size or page["next"] is None
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    assert walked == whole["items"]


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        ("/pledges/0", 422, "pledge"),
        ("/pledges/x/collections", 422, "pledge"),
        ("/pledges?cursor=c1", 422, "cursor"),
        ("/rounds/1", 422, "id"),
        ("/contributions/1/deliveries", 422, "id"),
        ("/contributions/1-1/deliveries", 404, "contribution 1-1"),
        ("/contributions/1-0/deliveries?cursor=l1", 422, "cursor"),
        ("/pools/0/milestones/0/contributions", 422, "pool"),
        ("/pools/1/milestones/x/contributions", 422, "milestone"),
        ("/pools/1/milestones/99/contributions", 404, "milestone 1-99"),
        ("/pools/1/milestones/0/contributions?cursor=h1", 422, "cursor"),
        ("/rounds/99999999999-0", 422, "id"),
        ("/objections?milestone=-1", 422, "milestone"),
        ("/vouchers?provider=1", 422, "provider"),
        ("/refunds?account=me", 422, "account"),
        ("/pledges/99999", 404, "pledge 99999"),
        ("/pledges/99999/collections", 404, "pledge 99999"),
        ("/rounds/99999-0", 404, "round 99999-0"),
        ("/rounds/99999-1/deliveries", 404, "round 99999-1"),
        ("/sponsorships?pool=99999", 404, "pool 99999"),
        ("/returns?pool=99999", 404, "pool 99999"),
    ],
)
def test_refusals(site: Site, path: str, status: int, said: str) -> None:
    answer = site.client.get("/api/v1" + path)
    assert (answer.status_code, answer.json()["field" if status == 422 else "looked_for"]) == (status, said)


def test_somebody_unknown_is_no_donor(site: Site) -> None:
    assert site.client.get(f"/donor/{Account.from_key(bytes(31) + b'1').address}").status_code == 404
