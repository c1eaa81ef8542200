# ruff: noqa: D102, N802 (the rules are found by the events' names, which say what they are)
"""The rules of the books beside the fund, of the register and of the deployment's token."""

from __future__ import annotations

from .fund import expect_returns
from .out import Report
from .state import LIVE, PAUSED, STOPPED, BrokenError, Payout, Pledge, Release, Sponsorship, State, Values
from .tape import Place, Tape
from .tree import ENTRY

_TERMS = ("donor", "amount", "pool", "firstDue", "lastDue", "times", "cap", "period")


class Books:
    """Takes in the events of the four books, the register and the token."""

    def __init__(self, state: State, report: Report, own: set[bytes]) -> None:
        """Begin; `own` are the addresses of Moa's contracts, of which the token's balances are followed."""
        self._state, self._report, self._own = state, report, own

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
        expect_returns(pool, v["claimsUntil"])

    def Delivered(self, v: Values, at: Place, where: str) -> None:
        payout = self._payout(v)
        if payout.deliveries is None or v["position"] >= payout.stored["count"]:
            raise BrokenError("the round is not open, or its list has no such row")
        row = self._state.spool.get(payout.rows_at + ENTRY * v["position"], ENTRY)
        most, cap = int.from_bytes(row[24:], "big"), payout.stored["beneficiaryCap"]
        wrong = v["amount"] > most or (v["amount"] != most and not cap) or v["position"] in payout.claimed
        if wrong or v["start"] != payout.stored["delivered"]:
            self._report.add(where, f"row {v['position']} is paid twice, or otherwise than its list says")
        payout.claimed.add(v["position"])
        payout.stored["delivered"] += v["amount"]
        payout.deliveries.add((tuple(at), v))

    def RoundExpired(self, v: Values, at: Place, where: str) -> None:
        payout = self._payout(v)
        rest = payout.stored["amount"] - payout.stored["delivered"]
        self._report.same(f"{where}, the unclaimed rest", its_log=v["amount"], the_rule=rest)
        payout.stored["closed"], payout.closed, payout.returned = True, at, v["amount"]

    # ----------------------------------------------------------------------------------------------- vouchers

    def _release(self, v: Values) -> Release:
        found = self._state.pool(v["pool"]).releases.get(v["milestone"])
        if found is None:
            raise BrokenError(f"milestone {v['milestone']} of pool {v['pool']} was not paid")
        return found

    def VoucherRedeemed(self, v: Values, at: Place, where: str) -> None:
        release = self._release(v)
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

    # ----------------------------------------------------------------------------------------------- sponsors

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
        same = {name: v[name] for name in ("sponsor", "budget", "ratioPercent", "capPerGift", "endsAt")}
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
        found.stored.update(left=0, withdrawn=v["amount"])

    # ------------------------------------------------------------------------------------------------ pledges

    def _pledge(self, number: int) -> Pledge:
        if not 0 < number <= len(self._state.pledges):
            raise BrokenError(f"there is no standing order {number}")
        return self._state.pledges[number - 1]

    def Pledged(self, v: Values, at: Place, _where: str) -> None:
        if v["pledge"] != len(self._state.pledges) + 1:
            raise BrokenError(f"it makes standing order {v['pledge']} after {len(self._state.pledges)}")
        stored = {name: v[name] for name in _TERMS} | {"nextPeriod": 0, "collections": 0, "collected": 0}
        self._state.pledges.append(Pledge(stored | {"state": LIVE}, v, at))

    def PledgePaused(self, v: Values, _at: Place, _where: str) -> None:
        self._pledge(v["pledge"]).stored["state"] = PAUSED

    def PledgeResumed(self, v: Values, _at: Place, _where: str) -> None:
        self._pledge(v["pledge"]).stored["state"] = LIVE

    def PledgeStopped(self, v: Values, _at: Place, _where: str) -> None:
        self._pledge(v["pledge"]).stored["state"] = STOPPED

    def PledgeSkipped(self, v: Values, _at: Place, _where: str) -> None:
        self._pledge(v["pledge"]).stored["nextPeriod"] = v["period"] + 1

    def PledgeLowered(self, v: Values, _at: Place, where: str) -> None:
        stored = self._pledge(v["pledge"]).stored
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
            pool.collected[place] = (number, s["donor"], amount)
            self._state.lists["Collected"].add((tuple(at), v["keeper"], number, period, place, amount, pool.number))
            start += amount
        self._report.same(f"{where}, what was collected", its_log=v["amount"], its_rows=start - v["start"])

    def CollectionFailed(self, v: Values, at: Place, _where: str) -> None:
        if any(v["donor"]):  # of one that is there: anyone may ask for any number
            self._pledge(v["pledge"]).failure = (v["reason"], at)

    # ----------------------------------------------------------------------------- the register and the token

    def Accredited(self, v: Values, _at: Place, _where: str) -> None:
        self._state.names[v["account"]] = v["name"].rstrip(b"\0").decode("utf-8", "replace")

    def Transfer(self, v: Values, _at: Place, where: str) -> None:
        balances = self._state.balances
        for who, change in ((v["from"], -v["value"]), (v["to"], v["value"])):
            if not any(who):
                self._state.supply -= change
            elif who in self._own:
                balances[who] += change
                if balances[who] < 0:
                    self._report.add(where, f"0x{who.hex()} pays more of the token than it had")
