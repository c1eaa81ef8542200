# ruff: noqa: D102, N802 (the rules are found by the events' names, which say what they are)
"""The rules of the books beside the fund, of the register and of the deployment's token."""

from __future__ import annotations

from .flows import Flows
from .out import Report
from .state import (
    LIVE,
    PAUSED,
    PROVIDER,
    STOPPED,
    TOKEN,
    BrokenError,
    Member,
    Payout,
    Pledge,
    Release,
    Sponsorship,
    State,
    Values,
)
from .tape import Place, Tape
from .tree import ENTRY

_TERMS = ("donor", "amount", "pool", "firstDue", "lastDue", "times", "cap", "period")


class Books:
    """Takes in the events of the four books, the register and the token."""

    def __init__(self, state: State, report: Report, flows: Flows, addresses: dict[str, bytes]) -> None:
        """Begin; `addresses` are those of Moa's contracts, by name, of which the token's balances are followed."""
        self._state, self._report, self._flows = state, report, flows
        self._addresses, self._own = addresses, set(addresses.values())
        self._room: tuple[bytes, int] | None = None

    # ------------------------------------------------------------------------------------------ payout rounds

    def _payout(self, v: Values) -> Payout:
        found = self._state.pool(v["pool"]).payouts.get(v["milestone"])
        if found is None:
            raise BrokenError(f"milestone {v['milestone']} of pool {v['pool']} has no sealed list")
        return found

    def RoundSealed(self, v: Values, at: Place, where: str) -> None:
        pool, rows = self._state.pool(v["pool"]), v["rows"]
        amounts = [int.from_bytes(rows[i + 24 : i + 32], "big") for i in range(0, len(rows), ENTRY)]
        if (len(rows) % ENTRY, len(amounts), sum(amounts)) != (0, v["count"], v["amount"]):
            self._report.add(where, "the list's rows are not as many, or do not add up to what it says")
        before = pool.payouts.get(v["milestone"])
        self._report.same(
            f"{where}, version of the list",
            its_log=v["version"],
            the_rule=before.stored["version"] + 1 if before else 1,
        )
        same = {name: v[name] for name in ("amount", "count", "version", "claimWindow")}
        zero = {"token": bytes(20), "delivered": 0, "claimsUntil": 0, "closed": False, "scope": bytes(32)}
        stored = same | zero | {"beneficiaryCap": pool.limits["beneficiaryCap"]}
        pool.payouts[v["milestone"]] = Payout(stored, at, self._state.spool.put(rows))

    def RoundOpened(self, v: Values, at: Place, where: str) -> None:
        payout, pool = self._payout(v), self._state.pool(v["pool"])
        told = {name: v[name] for name in ("amount", "beneficiaryCap", "claimsUntil")}
        rule = {name: payout.stored[name] for name in ("amount", "beneficiaryCap")}
        if told != rule | {"claimsUntil": at.time + payout.stored["claimWindow"]}:
            self._report.add(where, "the round opens otherwise than its list was sealed")
        payout.stored.update(token=v["token"], claimsUntil=v["claimsUntil"], scope=v["scope"])
        payout.opened, payout.deliveries = at, Tape(self._state.spool)
        pool.expect_returns(v["claimsUntil"])

    def Delivered(self, v: Values, at: Place, where: str) -> None:
        payout = self._payout(v)
        if payout.deliveries is None or v["position"] >= payout.stored["count"]:
            raise BrokenError("the round is not open, or its list has no such row")
        row = self._state.spool.get(payout.rows_at + ENTRY * v["position"], ENTRY)
        most, cap = int.from_bytes(row[24:], "big"), payout.stored["beneficiaryCap"]
        if cap and self._room != (payout.stored["scope"], v["amount"]):
            self._report.add(where, "it pays another amount than the room under the cap that it used")
        self._room = None
        wrong = v["amount"] > most or (v["amount"] != most and not cap) or v["position"] in payout.claimed
        if wrong or v["start"] != payout.stored["delivered"]:
            self._report.add(where, f"row {v['position']} is paid twice, or otherwise than its list says")
        self._flows.tell(v["token"], self._addresses["PayoutBook"], v["to"], v["amount"])
        payout.claimed.add(v["position"])
        payout.stored["delivered"] += v["amount"]
        payout.deliveries.add((tuple(at), v))

    def RoomUsed(self, v: Values, _at: Place, where: str) -> None:
        if self._room:
            self._report.add(where, "room under a cap is used, and nothing was paid for it")
        self._room = (v["scope"], v["amount"])
        room, key = self._state.room, (v["scope"], v["nullifier"])
        if key in room or len(room) < self._state.sample:
            room[key] = room.get(key, 0) + v["amount"]

    def RoundExpired(self, v: Values, at: Place, where: str) -> None:
        payout = self._payout(v)
        rest = payout.stored["amount"] - payout.stored["delivered"]
        self._report.same(f"{where}, the unclaimed rest", its_log=v["amount"], the_rule=rest)
        payout.stored["closed"], payout.closed, payout.returned = True, at, v["amount"]
        self._expire(v)

    def _expire(self, v: Values) -> None:
        """Take in that a book will now give back a milestone's rest."""
        self._state.pool(v["pool"]).expiring += v["amount"]
        self._state.touched.add(v["pool"])

    # ----------------------------------------------------------------------------------------------- vouchers

    def _release(self, v: Values) -> Release:
        found = self._state.pool(v["pool"]).releases.get(v["milestone"])
        if found is None:
            raise BrokenError(f"milestone {v['milestone']} of pool {v['pool']} was not paid")
        return found

    def VoucherRedeemed(self, v: Values, at: Place, where: str) -> None:
        release = self._release(v)
        if not self._state.is_member(v["provider"], PROVIDER):
            self._report.add(where, "a provider is paid that the register does not have")
        self._flows.tell(v["token"], self._addresses["VoucherBook"], v["provider"], v["fromPool"])
        self._flows.tell(v["token"], v["payer"], v["provider"], v["own"])
        release.vouchers += 1
        release.own += v["own"]
        release.paid += v["fromPool"]
        if release.paid + release.returned > release.values["amount"]:
            self._report.add(where, "vouchers take more than their milestone was paid")
        self._state.lists["VoucherTold"].add((tuple(at), v))

    def VoucherRevoked(self, v: Values, at: Place, _where: str) -> None:
        self._state.lists["VoucherTold"].add((tuple(at), v | {"provider": None, "own": 0, "fromPool": 0}))

    def VouchersExpired(self, v: Values, _at: Place, where: str) -> None:
        release = self._release(v)
        rest = release.values["amount"] - release.paid - release.returned
        self._report.same(f"{where}, what vouchers left", its_log=v["amount"], the_rule=rest)
        self._expire(v)

    # ----------------------------------------------------------------------------------------------- sponsors

    def Invited(self, v: Values, _at: Place, _where: str) -> None:
        self._state.pool(v["pool"]).invited[v["sponsor"]] = v["invited"]

    def Unseated(self, v: Values, _at: Place, _where: str) -> None:
        seats = self._state.pool(v["pool"]).sponsors
        if v["sponsorship"] not in seats or not v["sponsorship"]:
            raise BrokenError(f"sponsorship {v['sponsorship']} of pool {v['pool']} has no seat")
        seats[seats.index(v["sponsorship"])] = 0

    def _sponsorship(self, v: Values) -> Sponsorship:
        found: list[Sponsorship] = self._state.pool(v["pool"]).sponsorships
        if not 0 < v["sponsorship"] <= len(found):
            raise BrokenError(f"pool {v['pool']} has no sponsorship {v['sponsorship']}")
        made: Sponsorship = found[v["sponsorship"] - 1]
        if made.stored["sponsor"] != v["sponsor"]:
            raise BrokenError(f"sponsorship {v['sponsorship']} of pool {v['pool']} is another's")
        return made

    def Locked(self, v: Values, at: Place, _where: str) -> None:
        pool = self._state.pool(v["pool"])
        if v["sponsorship"] != len(pool.sponsorships) + 1:
            raise BrokenError(f"it locks sponsorship {v['sponsorship']} after {len(pool.sponsorships)}")
        if 0 not in pool.sponsors or not pool.invited.get(v["sponsor"]):
            raise BrokenError("a sponsor takes a seat without being invited, or where none is free")
        pool.sponsors[pool.sponsors.index(0)] = v["sponsorship"]
        same = {name: v[name] for name in ("sponsor", "budget", "ratioPercent", "capPerGift", "endsAt")}
        self._flows.tell(v["token"], v["sponsor"], self._addresses["SponsorBook"], v["budget"])
        pool.sponsorships.append(Sponsorship(same | {"left": v["budget"], "withdrawn": 0}, v["token"], at))

    def Matched(self, v: Values, at: Place, where: str) -> None:
        found = self._sponsorship(v)
        if v["amount"] > found.stored["left"] or at.time > found.stored["endsAt"]:
            self._report.add(where, "a sponsor matches more than is left of its budget, or after its end")
        found.stored["left"] -= v["amount"]
        found.drawn += v["amount"]
        found.gifts += v["gifts"]
        self._state.pool(v["pool"]).matches.append(v | {"tx": at.tx})
        self._state.touched.add(v["pool"])

    def Withdrawn(self, v: Values, _at: Place, where: str) -> None:
        found = self._sponsorship(v)
        self._report.same(f"{where}, the rest of a budget", its_log=v["amount"], the_rule=found.stored["left"])
        self._flows.tell(v["token"], self._addresses["SponsorBook"], v["to"], v["amount"])
        found.stored.update(left=0, withdrawn=v["amount"])

    # ------------------------------------------------------------------------------------------------ pledges

    def _pledge(self, number: int, donor: bytes | None = None) -> Pledge:
        if not 0 < number <= len(self._state.pledges):
            raise BrokenError(f"there is no standing order {number}")
        found: Pledge = self._state.pledges[number - 1]
        if donor not in (None, found.stored["donor"]):
            raise BrokenError(f"standing order {number} is another donor's")
        return found

    def Pledged(self, v: Values, at: Place, where: str) -> None:
        if v["pledge"] != len(self._state.pledges) + 1:
            raise BrokenError(f"it makes standing order {v['pledge']} after {len(self._state.pledges)}")
        if v["replaces"] and self._pledge(v["replaces"], v["donor"]).stored["state"] != STOPPED:
            self._report.add(where, f"it is in the place of standing order {v['replaces']}, which was not stopped")
        stored = {name: v[name] for name in _TERMS} | {"nextPeriod": 0, "collections": 0, "collected": 0}
        self._state.pledges.append(Pledge(stored | {"state": LIVE}, v, at))

    def PledgePaused(self, v: Values, _at: Place, where: str) -> None:
        self._turn(v, where, PAUSED, LIVE)

    def PledgeResumed(self, v: Values, _at: Place, where: str) -> None:
        self._turn(v, where, LIVE, PAUSED)

    def PledgeStopped(self, v: Values, _at: Place, where: str) -> None:
        self._turn(v, where, STOPPED, LIVE, PAUSED)

    def _turn(self, v: Values, where: str, state: int, *before: int) -> None:
        stored = self._pledge(v["pledge"], v["donor"]).stored
        if stored["state"] not in before:
            self._report.add(where, f"standing order {v['pledge']} cannot turn from state {stored['state']} to {state}")
        stored["state"] = state

    def PledgeSkipped(self, v: Values, _at: Place, _where: str) -> None:
        self._pledge(v["pledge"], v["donor"]).stored["nextPeriod"] = v["period"] + 1

    def PledgeLowered(self, v: Values, _at: Place, where: str) -> None:
        stored = self._pledge(v["pledge"], v["donor"]).stored
        if v["amount"] > stored["amount"] or v["cap"] > stored["cap"]:
            self._report.add(where, f"standing order {v['pledge']} became more without a signature")
        stored.update(amount=v["amount"], cap=v["cap"])

    def Collected(self, v: Values, at: Place, where: str) -> None:
        """Take in rows of 32 bytes: pledge (14) ‖ period (2) ‖ start (8) ‖ amount (8)."""
        pool, start = self._state.pool(v["pool"]), v["start"]
        self._state.touched.add(pool.number)
        for row in v["rows"]:
            number, period, place, amount = (
                int.from_bytes(row[a:b]) for a, b in ((0, 14), (14, 16), (16, 24), (24, 32))
            )
            pledge = self._pledge(number)
            s = pledge.stored
            if (place, amount, pool.number) != (start, s["amount"], s["pool"]) or period < s["nextPeriod"]:
                self._report.add(where, f"standing order {number} is collected twice, or otherwise than its donor said")
            s.update(nextPeriod=period + 1, collections=s["collections"] + 1, collected=s["collected"] + amount)
            if s["collected"] > s["cap"] or s["state"] != LIVE or (s["times"] and s["collections"] > s["times"]):
                self._report.add(where, f"standing order {number} is collected above its cap, or after its end")
            pledge.failure = None
            self._flows.tell(v["token"], s["donor"], self._addresses["PledgeBook"], amount)
            pool.collected[place] = (number, s["donor"], amount)
            self._state.lists["Collected"].add((tuple(at), v["keeper"], number, period, place, amount, pool.number))
            start += amount
        self._report.same(f"{where}, what was collected", its_log=v["amount"], its_rows=start - v["start"])

    def CollectionFailed(self, v: Values, at: Place, _where: str) -> None:
        if any(v["donor"]):  # of one that is there: anyone may ask for any number
            self._pledge(v["pledge"], v["donor"]).failure = (v["reason"], at)

    # ----------------------------------------------------------------------------- the register and the token

    def Accredited(self, v: Values, at: Place, where: str) -> None:
        before = self._state.members.get(v["account"])
        if before is not None and not before.revoked:
            self._report.add(where, "it accredits one that is a member")
        self._state.members[v["account"]] = Member(v["name"], v["kind"], v["detailsHash"], v["detailsURI"], at)
        if v["kind"] == TOKEN:
            self._state.tokens.setdefault(v["account"], []).append(at)

    def Revoked(self, v: Values, _at: Place, where: str) -> None:
        member = self._state.members.get(v["account"])
        if member is None or not self._state.is_member(v["account"], v["kind"]):
            self._report.add(where, "it revokes one that is not a member, or not of this kind")
        else:
            member.revoked = True

    def Minted(self, v: Values, _at: Place, where: str) -> None:
        came = self._state.minted.popleft() if self._state.minted else None
        if came != (v["to"], v["amount"]):
            self._report.add(where, "it tells of tokens that did not come into being so")
        self._state.lists["Minted"].add((v["gateway"], v["depositReference"]))

    def Transfer(self, v: Values, _at: Place, where: str) -> None:
        balances = self._state.balances
        self._flows.move(v["from"], v["to"], v["value"])
        for who, change in ((v["from"], -v["value"]), (v["to"], v["value"])):
            if not any(who):
                self._state.supply -= change
                if change < 0:
                    self._state.minted.append((v["to"], v["value"]))
            elif who in self._own:
                balances[who] += change
                if balances[who] < 0:
                    self._report.add(where, f"0x{who.hex()} pays more of the token than it had")
