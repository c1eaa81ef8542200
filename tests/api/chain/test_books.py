"""Standing orders, payout rounds, sponsors and vouchers: from the chain to the pages, as the books say it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_account import Account

from tests.api.chain.test_money_back import check
from tests.beneficiaries import PayList
from tests.ledger import DAY, USD
from tests.signatures import BILL, VOUCHER, sign, sign_by

if TYPE_CHECKING:
    from tests.api.chain.conftest import Site
    from tests.ledger import Ledger

EVIDENCE = b"e" * 32
KEY = Account.from_key(b"\5" * 32)
FOREVER = 2**32 - 1


def pledge(ledger: Ledger, donor: str, pool: int, amount: int, **more: int) -> int:
    """Pledge so much a day, ten times at most, and return the pledge's number."""
    terms = {"pool": pool, "amount": amount, "period": 0, "firstDue": ledger.now(), "lastDue": 0, "times": 10,
             "cap": 10 * amount, "replaces": 0}  # fmt: skip
    ledger.send(ledger.pledges.functions.pledge(tuple({**terms, **more}.values())), donor)
    return int(ledger.pledges.functions.pledgeCount().call())


def check_pledge(site: Site, number: int) -> dict[str, Any]:
    """Compare a pledge with the contract, and return it."""
    stored = site.ledger.see(site.ledger.pledges, "pledgeOf", number)
    shown: dict[str, Any] = site.get(f"/pledges/{number}")
    assert (shown["amount"], shown["cap"]) == (str(stored["amount"]), str(stored["cap"]))
    assert (shown["collected"], shown["collections"]) == (str(stored["collected"]), stored["collections"])
    state = (None, "live", "paused", "stopped")[stored["state"]]
    due = site.ledger.pledges.functions.nextDue(number).call()
    assert shown["state"] == ("over" if state == "live" and due == 0 else state)
    items = site.get(f"/pledges/{number}/collections")["items"]
    assert sum(int(item["amount"]) for item in items) == stored["collected"]
    return shown


def test_standing_orders_and_what_was_collected_of_them(site: Site, ledger: Ledger) -> None:
    pool, other = ledger.open_pool(), ledger.open_pool("Wells")
    first, second, third = ledger.donors[:3]
    one, two = pledge(ledger, first, pool, 3 * USD), pledge(ledger, second, pool, 4 * USD)
    far = pledge(ledger, first, other, USD, times=0, lastDue=ledger.now() + 3 * DAY)
    nothing = pledge(ledger, ledger.payee, pool, USD)
    assert [item["pledge"] for item in site.get("/pledges", limit=4)["items"]] == [nothing, far, two, one]
    assert "nothing yet" in site.read(f"/donor/{ledger.payee}")
    assert site.get("/search", q=ledger.payee)[-1]["kind"] in ("donor", "payee", "ngo")
    ledger.give(pool, USD)
    ledger.send(ledger.pledges.functions.collect([one, two, far, one, 99_999]), third)
    for number in (one, two, far):
        check_pledge(site, number)
    assert check_pledge(site, one)["failure"]["reason"] == "not due"
    gifts = check(site, pool)
    assert [(g["via"], g.get("pledge"), g["donor"]) for g in gifts] == [
        ("wallet", None, first.lower()), ("pledge", one, first.lower()), ("pledge", two, second.lower()),
    ]  # fmt: skip
    assert gifts[1]["bearer"]["name"] == "Book of standing orders"
    assert f"standing order {one}" in site.read(f"/contribution/{gifts[1]['id']}")

    ledger.wait(DAY)
    ledger.send(ledger.pledges.functions.lower(one, 2 * USD, 9 * USD), first)
    ledger.send(ledger.pledges.functions.pause(two), second)
    ledger.send(ledger.pledges.functions.collect([one, two, far]), third)
    assert check_pledge(site, one)["failure"] is None
    assert check_pledge(site, two)["failure"]["reason"] == "paused"
    ledger.send(ledger.pledges.functions.resume(two), second)
    ledger.send(ledger.pledges.functions.skip(two, ledger.pledges.functions.nextPeriodOf(two).call()[0]), second)
    check_pledge(site, two)
    newer = pledge(ledger, second, pool, 6 * USD, replaces=two)
    assert (check_pledge(site, two)["state"], check_pledge(site, newer)["replaces"]) == ("stopped", two)
    for _ in range(2):
        ledger.wait(DAY)
        ledger.send(ledger.pledges.functions.collect([one, newer, far]), third)
    assert check_pledge(site, one)["state"] == "over"
    assert check_pledge(site, far)["state"] == "over"
    check(site, pool)
    page = site.read(f"/donor/{first}")
    assert "2.00 MUSD every day Over to School meals" in page
    assert "4 collections: 9.00 MUSD" in page
    assert "Collected lately" in page
    kinds = {(m["kind"], m.get("via")) for m in site.get("/movements", limit=60)["items"] if m["pool"] == pool}
    assert {("pledge", None), ("contribution", "pledge"), ("contribution", "wallet")} <= kinds
    assert len(site.get("/pledges", donor=first, pool=pool)["items"]) == 1
    assert check_pledge(site, newer)["state"] == "live"
    ledger.send(ledger.fund.functions.cancel(pool), ledger.ngo)
    assert site.get(f"/pledges/{newer}")["state"] == "over"  # what the book alone does not know


def test_a_payout_round_is_shown_without_the_people_in_it(site: Site, ledger: Ledger) -> None:
    amounts = [(2 + i % 3) * USD for i in range(20)]
    milestones = [(ledger.payouts.address, sum(amounts), ledger.now() + 60 * DAY), (ledger.payee, 5 * USD, FOREVER - 1)]
    pool = ledger.open_pool(milestones=milestones)
    ledger.give(pool, 30 * USD)
    ledger.give(pool, 40 * USD, ledger.donors[1])
    people = PayList(ledger, pool, 0, amounts)

    def check_round(state: str) -> dict[str, Any]:
        stored = ledger.see(ledger.payouts, "roundOf", pool, 0)
        shown: dict[str, Any] = site.get(f"/rounds/{pool}-0")
        number = ledger.payouts.functions.stateOf(pool, 0).call()
        assert shown["state"] == state == (None, "sealed", "open", "expired", "closed")[number]
        assert (shown["amount"], shown["delivered"]) == (str(stored["amount"]), str(stored["delivered"]))
        assert (shown["count"], shown["version"]) == (stored["count"], stored["version"])
        assert shown["claims_until"] == (stored["claimsUntil"] or None)
        claimed = [i for i in range(20) if ledger.payouts.functions.isClaimed(pool, 0, i).call()]
        items = site.get(f"/rounds/{pool}-0/deliveries")["items"]
        assert sorted(item["position"] for item in items) == claimed
        assert shown["deliveries"] == len(claimed)
        assert site.get(f"/pools/{pool}/milestones")["items"][0]["payout"] == shown
        check(site, pool)
        return shown

    assert site.get(f"/pools/{pool}/milestones")["items"][0]["payout"] is None
    people.seal(8 * DAY)
    people.seal(9 * DAY)
    check_round("sealed")
    assert site.get("/rounds", pool=pool)["items"] == [site.get(f"/rounds/{pool}-0")]
    assert "The list is sealed (version 2)" in site.read(f"/pool/{pool}")
    ledger.pay(pool, 0, EVIDENCE)
    check_round("open")
    to = ledger.w3.eth.accounts[16]
    people.deliver(17, 3, to=to)
    people.deliver(0, 3, 5, to=to)
    shown = check_round("open")
    assert (shown["deliveries"], int(shown["delivered"])) == (4, sum(amounts[i] for i in (17, 3, 0, 5)))
    page = site.read(f"/pool/{pool}")
    assert "4 of 20 payments handed over" in page
    assert "Paid to the payout book on" in page
    for path in (f"/pool/{pool}", f"/api/v1/rounds/{pool}-0/deliveries", "/", "/api/v1/movements"):
        assert to.lower()[2:] not in site.client.get(path).text.lower()
    assert [m["kind"] for m in site.get("/movements", limit=4)["items"]] == ["delivery"] * 4
    ledger.wait(10 * DAY)
    check_round("expired")
    ledger.send(ledger.payouts.functions.expire(pool, 0), ledger.donors[2])
    shown = check_round("closed")
    assert int(shown["returned"]) == int(shown["unclaimed"]) == sum(amounts) - int(shown["delivered"])
    assert "was not claimed and went back to the pool" in site.read(f"/pool/{pool}")
    assert site.get(f"/pools/{pool}")["returned"] == shown["unclaimed"]


def test_a_round_in_a_pool_with_a_cap_tells_it(site: Site, ledger: Ledger) -> None:
    milestones = [(ledger.payouts.address, 10 * USD, ledger.now() + 60 * DAY)]
    pool = ledger.open_pool(milestones=milestones, limits=(b"p" * 32, 4 * USD, 0, 0))
    ledger.give(pool, 10 * USD)
    people = PayList(ledger, pool, 0, [6 * USD, 4 * USD], capped=True)
    people.seal(9 * DAY)
    ledger.pay(pool, 0, EVIDENCE)
    people.deliver(0, to=ledger.w3.eth.accounts[16])
    shown = site.get(f"/rounds/{pool}-0")
    assert (shown["cap"], shown["delivered"], shown["deliveries"]) == (str(4 * USD), str(4 * USD), 1)
    assert "At most 4.00 MUSD for one person" in site.read(f"/pool/{pool}")


def test_sponsors_match_gifts_and_get_back_what_is_left(site: Site, ledger: Ledger) -> None:
    pool = ledger.open_pool()
    sponsor, other = ledger.donors[3], ledger.donors[4]
    book = ledger.sponsors.functions
    for who in (sponsor, other):
        ledger.send(book.invite(pool, who, True), ledger.ngo)

    def check_sponsorships() -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = site.get("/sponsorships", pool=pool)["items"]
        for item in items:
            stored = ledger.see(ledger.sponsors, "sponsorshipOf", pool, item["sponsorship"])
            assert [int(item[name]) for name in ("budget", "left", "withdrawn")] == [
                stored[name] for name in ("budget", "left", "withdrawn")
            ]
            assert int(item["drawn"]) == stored["budget"] - stored["left"] - stored["withdrawn"]
            assert item["live"] == book.isLive(pool, item["sponsorship"]).call()
        assert site.get(f"/pools/{pool}")["sponsorships"] == items
        check(site, pool)
        return items

    ledger.send(book.lock(pool, 50 * USD, 100, 3 * USD, ledger.now() + 9 * DAY), sponsor)
    ledger.send(book.lock(pool, 5 * USD, 50, 9 * USD, ledger.now() + 9 * DAY), other)
    check_sponsorships()
    ledger.give(pool, 4 * USD)
    ledger.record(pool, ledger.entries(12))
    ledger.send(ledger.pledges.functions.collect([pledge(ledger, ledger.donors[0], pool, 2 * USD)]), ledger.donors[1])
    latest, first = check_sponsorships()
    assert (latest["live"], latest["left"], first["live"]) == (False, "0", True)
    gifts = site.get(f"/pools/{pool}/contributions")["items"][::-1]
    assert [g["via"] for g in gifts[:3]] == ["wallet", "sponsor", "sponsor"]
    assert sum(int(g["amount"]) for g in gifts if g["via"] == "sponsor" and g["donor"] == sponsor.lower()) == int(
        first["drawn"]
    )
    page = site.read(f"/pool/{pool}")
    assert "adds 100% to each gift, at most 3.00 MUSD a gift" in page
    assert "a sponsor who matches other gifts" in site.read(f"/contribution/{gifts[1]['id']}")
    assert ("contribution", "sponsor") in {(m["kind"], m.get("via")) for m in site.get("/movements")["items"]}
    ledger.wait(10 * DAY)
    ledger.send(book.withdraw(pool, 1, sponsor), other)
    assert [item["live"] for item in check_sponsorships()] == [False, False]
    assert "went back" in site.read(f"/pool/{pool}")
    assert len(site.get("/sponsorships", sponsor=sponsor, pool=pool)["items"]) == 1


def test_vouchers_pay_bills_and_the_rest_goes_back(site: Site, ledger: Ledger) -> None:
    provider, book = ledger.w3.eth.accounts[15], ledger.vouchers
    ledger.accredit(provider, 5, "Riverside Clinic")
    milestones = [(book.address, 30 * USD, ledger.now() + 60 * DAY), (ledger.payee, 5 * USD, ledger.now() + 400 * DAY)]
    pool = ledger.open_pool(milestones=milestones, limits=(bytes(32), 0, 20 * USD, 7 * DAY))
    ledger.give(pool, 40 * USD)
    assert site.get(f"/pools/{pool}/milestones")["items"][0]["vouchers"] is None
    ledger.pay(pool, 0, EVIDENCE)

    def redeem(salt: int, own: int, part: int) -> bytes:
        voucher = (pool, 0, KEY.address, 10 * USD, FOREVER, salt.to_bytes(32, "big"))
        identity = bytes(book.functions.idOf(voucher).call())
        bill = (provider, own, part, EVIDENCE, FOREVER)
        signatures = (
            sign_by(ledger, ledger.ngo, book, "VoucherBook", VOUCHER, *voucher),
            sign(KEY.key, book, "VoucherBook", BILL, identity, *bill),
        )
        ledger.send(book.functions.redeem(voucher, signatures[0], bill, signatures[1]), ledger.donors[0])
        return identity

    first = redeem(1, 2 * USD, 9 * USD)
    redeem(2, 0, 3 * USD)
    revoked = (pool, 0, KEY.address, USD, FOREVER, b"r" * 32)
    ledger.send(book.functions.revoke(revoked), ledger.ngo)
    items = site.get("/vouchers", pool=pool)["items"]
    assert [(i["revoked"], i["own"], i["from_pool"]) for i in items] == [
        (True, "0", "0"), (False, "0", str(3 * USD)), (False, str(2 * USD), str(9 * USD)),
    ]  # fmt: skip
    assert (items[2]["provider"]["name"], items[2]["provider"]["kind"]) == ("Riverside Clinic", "provider")
    assert len(site.get("/vouchers", provider=provider)["items"]) == 2
    assert site.get("/search", q=first.hex())[0]["kind"] == "voucher"
    money = site.get(f"/pools/{pool}/milestones")["items"][0]["vouchers"]
    assert (money["paid"], money["own"], money["count"]) == (str(12 * USD), str(2 * USD), 2)
    assert int(money["left"]) == book.functions.leftOf(pool, 0).call()
    check(site, pool)
    assert "2 bills paid with vouchers." in site.read(f"/pool/{pool}")
    assert site.get("/movements")["items"][0]["kind"] == "voucher"
    ledger.wait(181 * DAY)
    assert money["until"] < ledger.now()
    ledger.send(book.functions.expire(pool, 0), ledger.donors[1])
    money = site.get(f"/pools/{pool}/milestones")["items"][0]["vouchers"]
    assert (money["left"], money["returned"]) == ("0", str(18 * USD))
    check(site, pool)
    assert "18.00 MUSD was not needed and went back to the pool" in site.read(f"/pool/{pool}")
