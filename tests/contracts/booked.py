# ruff: noqa: N802 (the rules are found by the events' names)
"""The books' storage, rebuilt from their events alone, and compared (rule 7)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from truth import same

if TYPE_CHECKING:
    from world import World

BOOKS = ("pledges", "payouts", "sponsors", "vouchers")
LIVE, PAUSED, STOPPED = 1, 2, 3


class Booked:
    """What the books' events say."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.read_to = w.node.now and int(w.node.latest["number"], 16)
        self.pledges: dict[int, dict[str, Any]] = {}
        self.rounds: dict[tuple[int, int], dict[str, Any]] = {}
        self.claimed: dict[tuple[int, int], set[int]] = {}
        self.sponsorships: dict[tuple[int, int], dict[str, Any]] = {}
        self.vouchers: dict[bytes, int] = {}

    def follow(self) -> list[str]:
        """Read on to the head, and return the names of the events."""
        names, head = [], int(self.w.node.latest["number"], 16)
        sources = {getattr(self.w, n).address.lower(): n for n in BOOKS}
        asked = {"fromBlock": hex(self.read_to + 1), "toBlock": hex(head), "address": list(sources)}
        for log in self.w.node.rpc("eth_getLogs", asked) if head > self.read_to else []:
            name, values = self.w.node.decode(log)
            names.append(name)
            rule = getattr(self, f"on_{name}", None)
            if rule:
                rule(values)
        self.read_to = head
        return names

    def check(self) -> None:
        """Compare the books' storage with what their events say."""
        w = self.w
        views: dict[tuple[Any, ...], Any] = {(w.pledges, "pledgeCount"): len(self.pledges)}
        views |= {(w.pledges, "pledgeOf", number): pledge for number, pledge in self.pledges.items()}
        views |= {(w.payouts, "roundOf", *where): round_ for where, round_ in self.rounds.items()}
        for where, round_ in self.rounds.items():
            for position in range(round_["count"]):
                views[w.payouts, "isClaimed", *where, position] = position in self.claimed[where]
        views |= {(w.sponsors, "sponsorshipOf", *where): found for where, found in self.sponsorships.items()}
        views |= {(w.vouchers, "stateOf", voucher): state for voucher, state in self.vouchers.items()}
        same(views, w.see_all(list(views)))

    def on_Pledged(self, v: dict[str, Any]) -> None:
        terms = {k: v[k] for k in ("donor", "amount", "pool", "firstDue", "lastDue", "times", "cap", "period")}
        zero = dict.fromkeys(("nextPeriod", "collections", "collected"), 0)
        assert v["pledge"] == len(self.pledges) + 1
        self.pledges[v["pledge"]] = terms | zero | {"state": LIVE}

    def on_PledgePaused(self, v: dict[str, Any]) -> None:
        self.pledges[v["pledge"]]["state"] = PAUSED

    def on_PledgeResumed(self, v: dict[str, Any]) -> None:
        self.pledges[v["pledge"]]["state"] = LIVE

    def on_PledgeStopped(self, v: dict[str, Any]) -> None:
        self.pledges[v["pledge"]]["state"] = STOPPED

    def on_PledgeSkipped(self, v: dict[str, Any]) -> None:
        self.pledges[v["pledge"]]["nextPeriod"] = v["period"] + 1

    def on_PledgeLowered(self, v: dict[str, Any]) -> None:
        self.pledges[v["pledge"]] |= {"amount": v["amount"], "cap": v["cap"]}

    def on_Collected(self, v: dict[str, Any]) -> None:
        place = v["start"]
        for row in v["rows"]:
            word = int.from_bytes(row)
            pledge = self.pledges[word >> 144]
            period, start, amount = word >> 128 & 0xFFFF, word >> 64 & 2**64 - 1, word & 2**64 - 1
            assert (start, amount, v["pool"]) == (place, pledge["amount"], pledge["pool"])
            place += amount
            pledge |= {"nextPeriod": period + 1, "collections": pledge["collections"] + 1}
            pledge["collected"] += amount
        assert place == v["start"] + v["amount"]

    def on_RoundSealed(self, v: dict[str, Any]) -> None:
        sealed = {k: v[k] for k in ("amount", "count", "version", "claimWindow")}
        zero = {"token": "0x" + "00" * 20, "delivered": 0, "claimsUntil": 0, "beneficiaryCap": 0, "closed": False}
        self.rounds[v["pool"], v["milestone"]] = sealed | zero | {"scope": bytes(32)}
        self.claimed[v["pool"], v["milestone"]] = set()

    def on_RoundOpened(self, v: dict[str, Any]) -> None:
        opened = {k: v[k] for k in ("token", "claimsUntil", "beneficiaryCap", "scope")}
        self.rounds[v["pool"], v["milestone"]] |= opened

    def on_Delivered(self, v: dict[str, Any]) -> None:
        where = (v["pool"], v["milestone"])
        assert v["start"] == self.rounds[where]["delivered"]
        assert v["position"] not in self.claimed[where]
        self.rounds[where]["delivered"] += v["amount"]
        self.claimed[where].add(v["position"])

    def on_RoundExpired(self, v: dict[str, Any]) -> None:
        round_ = self.rounds[v["pool"], v["milestone"]]
        assert v["amount"] == round_["amount"] - round_["delivered"]
        round_["closed"] = True

    def on_Locked(self, v: dict[str, Any]) -> None:
        same_ = {k: v[k] for k in ("sponsor", "budget", "ratioPercent", "capPerGift", "endsAt")}
        self.sponsorships[v["pool"], v["sponsorship"]] = same_ | {"left": v["budget"], "withdrawn": 0}

    def on_Matched(self, v: dict[str, Any]) -> None:
        self.sponsorships[v["pool"], v["sponsorship"]]["left"] -= v["amount"]

    def on_Withdrawn(self, v: dict[str, Any]) -> None:
        found = self.sponsorships[v["pool"], v["sponsorship"]]
        assert v["amount"] == found["left"]
        found |= {"left": 0, "withdrawn": v["amount"]}

    def on_VoucherRedeemed(self, v: dict[str, Any]) -> None:
        self.vouchers[v["voucher"]] = 1

    def on_VoucherRevoked(self, v: dict[str, Any]) -> None:
        self.vouchers[v["voucher"]] = 2
