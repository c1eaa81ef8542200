"""Where the money of a pool's gifts went, to the unit: from gifts to deliveries, and from releases back to gifts."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.api.chain.conftest import Site


def walk(site: Site, path: str, limit: int) -> Iterator[dict[str, Any]]:
    """Yield all items of a list, page by page."""
    more: dict[str, Any] = {}
    while True:
        page = site.get(path, limit=limit, **more)
        assert len(page["items"]) == limit or page["next"] is None
        yield from page["items"]
        if page["next"] is None:
            return
        more = {"cursor": page["next"]}


def follow(site: Site, pool: int, gifts: list[dict[str, Any]]) -> None:
    """Check the traces of all of a pool's gifts."""
    of_milestone: defaultdict[int, dict[str, list[dict[str, str]]]] = defaultdict(dict)
    fates: defaultdict[int, Counter[str]] = defaultdict(Counter)
    handed: list[dict[str, Any]] = []
    for gift in gifts:
        found = site.get(f"/contributions/{gift['id']}")
        _check_became(found)
        for part in found["trace"]:
            if "milestone" not in part:
                continue
            mine = of_milestone[part["milestone"]].setdefault(gift["id"], [])
            mine.append({"start": part["start"], "end": part["end"]})
            _check_pieces(part)
            for piece in part["paid"]:
                fates[part["milestone"]][piece["fate"]] += int(piece["amount"])
        handed += _check_handed(site, found)
    for milestone in site.get(f"/pools/{pool}/milestones")["items"]:
        number = milestone["milestone"]
        _check_payers(site, pool, milestone, of_milestone[number])
        _check_fates(site, milestone, fates[number], [each for each in handed if each["milestone"] == number])


def _check_became(found: dict[str, Any]) -> None:
    became = found["became"]
    assert sum(map(int, became.values())) == int(found["amount"])
    assert (became["fees"], became["refunded"], became["waiting"]) == ("0", found["refunded"], found["waiting"])
    pieces = [piece for part in found["trace"] for piece in part.get("paid", [])]
    for fate in ("paid", "delivered", "redeemed", "undelivered"):
        assert sum(int(piece["amount"]) for piece in pieces if piece["fate"] == fate) == int(became[fate])


def _check_pieces(part: dict[str, Any]) -> None:
    pieces = part["paid"]
    assert [part["start"], *(p["end"] for p in pieces)] == [*(p["start"] for p in pieces), part["end"]]
    for piece in pieces:
        assert int(piece["end"]) - int(piece["start"]) == int(piece["amount"]) > 0


def _check_handed(site: Site, found: dict[str, Any]) -> list[dict[str, Any]]:
    """Check the deliveries that a gift became, and return them all."""
    path = f"/contributions/{found['id']}/deliveries"
    handed = list(walk(site, path, 200))
    assert list(walk(site, path, 3)) == handed
    ends = [int(each["end"]) for each in handed]
    assert ends == sorted(ends)
    for piece in (piece for part in found["trace"] for piece in part.get("paid", [])):
        inside = [h for h in handed if int(piece["start"]) <= int(h["start"]) < int(piece["end"])]
        if piece["fate"] not in ("delivered", "redeemed"):
            assert not inside
            continue
        assert [piece["start"], *(h["end"] for h in inside)] == [*(h["start"] for h in inside), piece["end"]]
        assert {h["fate"] for h in inside} == {piece["fate"]}
        assert piece["first"] == inside[: len(piece["first"])]
        assert piece["count"] == len(inside)
        assert int(piece["rest"]) == sum(int(h["amount"]) for h in inside[len(piece["first"]) :])
    for each in handed:
        assert 0 < int(each["amount"]) == int(each["end"]) - int(each["start"]) <= int(each["whole"])
        assert set(each) == {"start", "end", "amount", "whole", "milestone", "fate", "told"}  # no person is in it
    return handed


def _check_payers(site: Site, pool: int, milestone: dict[str, Any], expected: dict[str, list[dict[str, str]]]) -> None:
    path = f"/pools/{pool}/milestones/{milestone['milestone']}/contributions"
    payers = list(walk(site, path, 2))
    assert {payer["contribution"]["id"]: payer["parts"] for payer in payers} == expected
    starts = [int(payer["contribution"]["start"]) for payer in payers]
    assert starts == sorted(set(starts))
    for payer in payers:
        assert sum(int(p["end"]) - int(p["start"]) for p in payer["parts"]) == int(payer["amount"]) > 0
    release = milestone["release"]
    kept = int(release["amount"]) - int(release["returned"]) if release else 0
    assert sum(int(payer["amount"]) for payer in payers) == kept


def _check_fates(site: Site, milestone: dict[str, Any], fates: Counter[str], handed: list[dict[str, Any]]) -> None:
    """Check that over all gifts, deliveries and vouchers are whole, and what is left is what the book holds."""
    pool, number, release = milestone["pool"], milestone["milestone"], milestone["release"]
    if release is None:
        assert not fates
        return
    kept = int(release["amount"]) - int(release["returned"])
    payout, vouchers = milestone["payout"], milestone["vouchers"]
    whole: Counter[tuple[int, int]] = Counter()
    for each in handed:
        whole[each["told"]["block"], each["told"]["index"]] += int(each["amount"])
    if payout:
        told = list(walk(site, f"/rounds/{pool}-{number}/deliveries", 200))
        assert whole == {(d["delivered"]["block"], d["delivered"]["index"]): int(d["amount"]) for d in told}
        expected = {"delivered": int(payout["delivered"]), "undelivered": kept - int(payout["delivered"])}
    elif vouchers:
        told = [v for v in walk(site, f"/vouchers?pool={pool}", 200) if v["milestone"] == number and not v["revoked"]]
        assert whole == {(v["told"]["block"], v["told"]["index"]): int(v["from_pool"]) for v in told}
        expected = {"redeemed": int(vouchers["paid"]), "undelivered": int(vouchers["left"])}
    else:
        assert not handed
        expected = {"paid": kept}
    assert fates == {fate: amount for fate, amount in expected.items() if amount}
