# ruff: noqa: D102, N802 (the rules are found by the events' names, which say what they are)
"""The fund's rules: what each of its events adds to, and what must hold for it to be true."""

from __future__ import annotations

from struct import iter_unpack
from typing import Protocol

from .flows import Flows
from .line import parts
from .out import Report
from .state import COMPLETED, DAY, FROZEN, NGO, TOKEN, Batch, BrokenError, Pool, Release, State, Values
from .tape import MATCH, WALLET, Gifts, Place, Tape
from .tree import ENTRY, batch_id

_SAME = ("token", "fundingThreshold", "fundingDeadline", "ngo", "openEnded", "name", "descriptionHash")
_ZERO = (
    *("raised", "acceptsUntil", "released", "returned", "refunded", "defaultsAt", "pausedUntil", "clockShift"),
    *("milestones", "milestonesReleased", "returnsUntil"),
)
_RULES = ("ngo", "objectionWindow", "attestationWindow", "objectionThreshold", "quorum", "openEnded")
_PANEL_ZERO = ("attestors", "rotations", "firstOpen", "milestones", "idleUntil", "reserved")
_JUDGED_ZERO = (
    *("state", "round", "rotations", "yes", "no", "submittedAt", "decidedAt", "lineAtEvidence", "objected"),
)
ZERO32 = bytes(32)
_MAX = 2**63 - 1


class Roots(Protocol):
    """Who hashes the entries of a batch, now or later, and reports a root that is another."""

    def check(self, where: str, pool: int, batch: Batch, entries: bytes) -> None:
        """Take a batch on."""


class Fund:
    """Takes in the fund's events."""

    def __init__(self, state: State, report: Report, roots: Roots, flows: Flows, addresses: dict[str, bytes]) -> None:
        """Begin; `addresses` are those of Moa's contracts, by name."""
        self._state, self._report, self._roots, self._flows = state, report, roots, flows
        self._at = addresses["PooledFund"]
        self._payouts, self._vouchers = addresses["PayoutBook"], addresses["VoucherBook"]
        self._pledges, self._sponsors = addresses["PledgeBook"], addresses["SponsorBook"]

    def _line(self, v: Values) -> Pool:
        """Return the pool whose money moves."""
        pool = self._state.pool(v["pool"])
        self._state.touched.add(pool.number)
        return pool

    # ---------------------------------------------------------------------------------------------- the plan

    def PoolOpened(self, v: Values, at: Place, where: str) -> None:
        if v["pool"] != len(self._state.pools) + 1:
            raise BrokenError(f"it opens pool {v['pool']} after pool {len(self._state.pools)}")
        if not self._state.is_member(v["ngo"], NGO) or not self._state.is_member(v["token"], TOKEN):
            self._report.add(where, "a pool is opened by, or in, what the register does not have")
        spool = self._state.spool
        self._state.pools.append(
            Pool(
                number=v["pool"],
                place=at,
                plan=v,
                stored={name: v[name] for name in _SAME} | dict.fromkeys(_ZERO, 0) | {"paused": False},
                panel={name: v[name] for name in _RULES} | dict.fromkeys(_PANEL_ZERO, 0),
                gifts=Gifts(spool),
                returns=Tape(spool),
                limits={"programme": ZERO32, "beneficiaryCap": 0, "voucherCap": 0, "voucherPeriod": 0},
            )
        )

    def LimitsSet(self, v: Values, _at: Place, _where: str) -> None:
        pool = self._state.pool(v["pool"])
        pool.limits = {name: v[name] for name in pool.limits}

    def MilestoneOpened(self, v: Values, _at: Place, _where: str) -> None:
        pool, deadline = self._state.pool(v["pool"]), v["evidenceDeadline"]
        if v["milestone"] != len(pool.planned):
            raise BrokenError(f"it opens milestone {v['milestone']} where {len(pool.planned)} is next")
        pool.proposals.clear()  # they were for this number
        pool.planned.append({"payee": v["payee"], "amount": v["amount"], "releasedAt": 0})
        zero = dict.fromkeys(_JUDGED_ZERO, 0) | {"evidence": ZERO32, "disputed": False}
        pool.judged.append(zero | {"evidenceDeadline": deadline, "due": deadline})
        pool.rounds.append([])
        pool.stored["milestones"] += 1
        pool.panel["milestones"] += 1

    def DeadlineMoved(self, v: Values, at: Place, where: str) -> None:
        pool = self._state.pool(v["pool"])
        pool.stored.update(acceptsUntil=v["acceptsUntil"], defaultsAt=v["defaultsAt"])
        if v["defaultsAt"] < at.time and pool.stopped != at.tx:
            self._report.add(where, f"pool {pool.number} ends in the past, and nobody cancelled or rejected it")

    # -------------------------------------------------------------------------------------- money comes in

    def _lengthen(self, pool: Pool, v: Values) -> None:
        if v["start"] + v["amount"] > _MAX:
            raise BrokenError("a gift lies beyond 63 bits")
        if v["start"] != pool.line.raised:
            self._report.differs(
                f"pool {pool.number}, the gift at {v['start']}",
                its_log=v["start"],
                where_the_line_stood=pool.line.raised,
            )
        pool.line.raised = pool.stored["raised"] = v["start"] + v["amount"]

    def Contributed(self, v: Values, at: Place, where: str) -> None:
        pool, start, amount, donor = self._line(v), v["start"], v["amount"], v["donor"]
        self._lengthen(pool, v)
        via = WALLET
        pledge, brought_for, taken = pool.collected.pop(start, (0, donor, amount))
        pool.unbrought += pledge > 0
        if (brought_for, taken) != (donor, amount):
            self._report.add(where, f"standing order {pledge} was collected for another donor or amount")
        if pool.matches and not pledge:
            match, via = pool.matches.popleft(), MATCH
            if (match["sponsor"], match["amount"], match["tx"]) != (donor, amount, at.tx):
                self._report.add(where, "it stands where a sponsor's match was told, and is another gift")
        payer = self._sponsors if via == MATCH else donor
        self._flows.tell(v["token"], payer, self._at, amount)
        pool.gifts.add_direct(start, amount, donor, at, via=via, pledge=pledge)
        self._state.keep_by_chance(pool.number, start, donor, amount)
        self._state.gifts += 1

    def ContributionsBrought(self, v: Values, _at: Place, where: str) -> None:
        pool = self._line(v)
        brought = pool.gifts.bring(v["start"], v["count"])
        if not brought or v["start"] + v["amount"] != pool.line.raised:
            raise BrokenError(f"it tells of {v['count']} gifts from {v['start']}, which are not the last ones")
        for donor, amount in brought:  # so it was not they who paid
            self._flows.tell(v["token"], donor, self._at, -amount)
        self._flows.tell(v["token"], v["bearer"], self._at, v["amount"])
        pool.brought.append((v["start"], v["bearer"]))
        if pool.unbrought and (pool.unbrought, v["bearer"]) != (v["count"], self._pledges):
            self._report.add(where, "what the book of pledges collected is brought by another, or not all of it")
        pool.unbrought = 0

    def BatchRecorded(self, v: Values, at: Place, where: str) -> None:
        pool, entries = self._line(v), v["entries"]
        if len(entries) != ENTRY * v["count"] or not entries:
            raise BrokenError(f"it has {len(entries)} bytes of entries for {v['count']} gifts")
        if v["batch"] != batch_id(v["gateway"], v["gatewayReference"]):
            self._report.add(where, "the batch's id is not the one of its gateway and reference")
        if v["batch"] in self._state.batches:
            raise BrokenError("the batch was recorded before")
        if sum(amount for (amount,) in iter_unpack(">24xQ", entries)) != v["amount"]:
            raise BrokenError(f"its entries do not add up to {v['amount']}")
        self._lengthen(pool, v)
        stored = {name: v[name] for name in ("root", "start", "amount", "count", "pool")}
        batch = Batch(
            v["batch"],
            stored | {"refunded": 0, "taken": False},
            at,
            v["gateway"],
            v["gatewayReference"],
            v["token"],
            pool.gifts.count + 1,
        )
        self._state.batches[v["batch"]] = batch
        pool.batches += 1
        pool.gifts.add_batch(v["start"], v["amount"], v["batch"], at, entries)
        self._state.gifts += v["count"]
        self._flows.tell(v["token"], v["gateway"], self._at, v["amount"])
        self._roots.check(where, pool.number, batch, entries)

    # -------------------------------------------------------------------------------------- money goes out

    def Released(self, v: Values, at: Place, where: str) -> None:
        pool, number = self._line(v), v["milestone"]
        if number >= len(pool.planned) or number in pool.releases:
            raise BrokenError(f"milestone {number} of pool {pool.number} is not there, or was paid before")
        planned = pool.planned[number]
        if (v["payee"], v["amount"]) != (planned["payee"], planned["amount"]):
            self._report.add(where, f"milestone {number} of pool {pool.number} was paid otherwise than planned")
        if v["amount"] > pool.held:
            self._report.add(where, f"it pays {v['amount']}, and pool {pool.number} held {pool.held}")
        self._flows.tell(v["token"], self._at, v["payee"], v["amount"])
        pool.releases[number] = Release(at, v)
        spans = pool.line.spend(number, v["amount"])
        pool.owed.extend((number, span) for span in spans)
        planned["releasedAt"] = at.time
        pool.stored["released"] += v["amount"]
        pool.stored["returned"] = pool.line.returned
        pool.stored["milestonesReleased"] += 1
        if v["payee"] != self._payouts and pool.limits["voucherCap"]:
            pool.expect_returns(at.time + 180 * DAY)

    def Spent(self, v: Values, _at: Place, _where: str) -> None:
        pool, span = self._state.pool(v["pool"]), (v["start"], v["start"] + v["amount"])
        due = pool.owed.popleft() if pool.owed else None
        if due != (v["milestone"], span):
            raise BrokenError(f"it spends {span} for milestone {v['milestone']}; the line's next is {due}")
        pool.releases[v["milestone"]].spends.append(span)

    def Returned(self, v: Values, at: Place, where: str) -> None:
        pool, number = self._line(v), v["milestone"]
        if not pool.line.give_back(number, v["start"], v["amount"]):
            raise BrokenError(f"{v['amount']} from {v['start']} are not the last places that milestone {number} spent")
        if v["payee"] != pool.planned[number]["payee"]:
            self._report.add(where, "it is given back by another than the milestone's payee")
        self._flows.tell(v["token"], v["payee"], self._at, v["amount"])
        if v["payee"] in (self._payouts, self._vouchers):
            pool.expiring -= v["amount"]
        pool.stored["released"] -= v["amount"]
        pool.stored["returned"] = pool.line.returned
        if at.time <= pool.planned[number]["releasedAt"] + 730 * DAY:
            pool.expect_returns(at.time)
        pool.releases[number].returned += v["amount"]
        pool.returns.add((tuple(at), v))

    # -------------------------------------------------------------------------------------- money comes back

    def _count_refund(self, pool: Pool, v: Values, due: int, at: Place, where: str) -> None:
        if v["amount"] != due:
            self._report.differs(f"{where}, a refund of pool {pool.number}", its_log=v["amount"], what_was_due=due)
        if v["amount"] > pool.held:
            self._report.add(where, f"it pays back {v['amount']}, and pool {pool.number} held {pool.held}")
        if pool.state_at(at.time) not in (FROZEN, COMPLETED):
            self._report.add(where, f"it pays back from pool {pool.number}, which was not over")
        self._flows.tell(v["token"], self._at, v["to"], v["amount"])
        pool.stored["refunded"] += v["amount"]

    def Refunded(self, v: Values, at: Place, where: str) -> None:
        pool, start = self._line(v), v["start"]
        gift = pool.gifts.find(start)
        wanted = v["batch"] if any(v["batch"]) else None
        if gift is None or (gift.donor, gift.batch) != (v["donor"], wanted):
            raise BrokenError(f"no gift of pool {pool.number} at {start} is of this donor and batch")
        before = pool.refunds.get(start, 0)
        self._count_refund(pool, v, pool.line.unspent(start, start + gift.amount) - before, at, where)
        pool.refunds[start] = before + v["amount"]
        if wanted is not None:
            batch = self._state.batches[wanted]
            batch.stored["refunded"] += v["amount"]
            if batch.stored["taken"]:
                self._report.add(where, "it pays a donor of a batch of which the gateway had taken the rest")

    def BatchRefunded(self, v: Values, at: Place, where: str) -> None:
        pool, batch = self._line(v), self._state.batches.get(v["batch"])
        if batch is None or (batch.stored["pool"], batch.gateway) != (pool.number, v["gateway"]):
            raise BrokenError("there is no such batch of this gateway in this pool")
        start, end = batch.stored["start"], batch.stored["start"] + batch.stored["amount"]
        self._count_refund(pool, v, pool.line.unspent(start, end) - batch.stored["refunded"], at, where)
        batch.stored["refunded"] += v["amount"]
        batch.stored["taken"] = True
        batch.taken_amount += v["amount"]
        batch.taken_free = parts(pool.line.free, start, end)

    # --------------------------------------------------------------------------------------------- the brake

    def MatchingSet(self, v: Values, _at: Place, _where: str) -> None:
        self._state.pool(v["pool"]).matched = v["matched"]

    def Cancelled(self, v: Values, at: Place, _where: str) -> None:
        pool = self._state.pool(v["pool"])
        pool.cancelled, pool.stopped = v["account"], at.tx

    def Paused(self, v: Values, _at: Place, _where: str) -> None:
        found = {"paused": True, "pausedUntil": v["until"], "clockShift": v["clockShift"]}
        self._state.pool(v["pool"]).stored.update(found)

    def Unpaused(self, v: Values, at: Place, _where: str) -> None:
        stored = self._state.pool(v["pool"]).stored
        until = min(stored["pausedUntil"], at.time)
        stored.update(paused=False, clockShift=v["clockShift"], pausedUntil=until)

    def check_told(self, block: int) -> None:
        """See that what was announced in a block, which is over now, was told to its end."""
        for number in self._state.touched:
            pool = self._state.pools[number - 1]
            for what, left in (
                ("a release did not say what it spent", pool.owed),
                ("a sponsor's match did not come into line", pool.matches),
                ("what was collected of a standing order did not come into line", pool.collected),
                ("what was collected of a standing order was not brought by its book", pool.unbrought),
                ("what a book gives back is not what it said was left", pool.expiring),
            ):
                if left:
                    self._report.add(f"pool {number}", what)
            pool.owed.clear()
            pool.matches.clear()
            pool.collected.clear()
            pool.unbrought = pool.expiring = 0
            pool.gifts.settle()
        self._flows.settle(block)
        if self._state.minted:
            self._report.add("the token", "came into being, and no gateway minted it")
            self._state.minted.clear()
        self._state.touched.clear()
