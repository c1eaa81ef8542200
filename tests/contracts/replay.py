# ruff: noqa: N802, N815 (the rules are found by the events' names)
"""Rebuild the contracts' storage from their events alone (rule 7). Knows the interfaces' words, not their code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entrytree import Tree, seed_of
from eth_utils import to_checksum_address
from judged import JudgementReplay
from world import DAY, ZERO, ZERO32, World

if TYPE_CHECKING:
    from collections.abc import Callable

SOURCES = ("fund", "judgement", "register", "token", "payouts")


class Replay(JudgementReplay):
    """The storage of the contracts, as their events tell it."""

    def __init__(self, w: World) -> None:
        super().__init__()
        self.w = w
        self.read_to = -1
        self.now = 0
        self.pools: dict[int, dict[str, Any]] = {}
        self.limits: dict[int, dict[str, Any]] = {}
        self.planned: dict[int, list[dict[str, Any]]] = {}
        self.refunds: dict[tuple[int, int], int] = {}
        self.fronts: dict[int, int] = {}
        self.matched: dict[int, bool] = {}
        self.trees: dict[bytes, Tree] = {}
        self.recorded: dict[bytes, tuple[str, bytes]] = {}
        self.gifts: dict[tuple[int, int], dict[str, Any]] = {}
        self.batches: dict[bytes, dict[str, Any]] = {}
        self.lines: dict[int, list[tuple[int, int]]] = {}
        self.spent: dict[tuple[int, int], list[tuple[int, int]]] = {}
        self.members: dict[str, dict[str, Any]] = {}
        self.balances: dict[str, int] = {}
        self.spent_nonces: set[tuple[str, bytes]] = set()
        self.deposits: set[tuple[str, bytes]] = set()
        self.times: dict[str, int] = {}

    def follow(self) -> list[str]:
        """Read on to the head, and return the names of the events."""
        names = []
        asked = {"fromBlock": hex(self.read_to + 1), "toBlock": "latest"}
        latest, logs = self.w.node.rpc_together(("eth_getBlockByNumber", "latest", False), ("eth_getLogs", asked))
        head, self.now = int(latest["number"], 16), int(latest["timestamp"], 16)
        self.times[latest["hash"]] = self.now
        sources = {c.address.lower(): n for n in SOURCES for c in [getattr(self.w, n)]}
        for log in logs:
            source = sources.get(log["address"].lower())
            if source is None:
                continue
            name, values = self.w.node.decode(log)
            if source != "payouts":
                names.append(name)
            rule: Callable[..., None] | None = getattr(self, f"on_{source}_{name}", None)
            if rule:
                rule(values, log)
        self.read_to = head
        return names

    def time(self, log: dict[str, Any]) -> int:
        """Return the time of a log's block."""
        if log["blockHash"] not in self.times:
            block = self.w.node.rpc("eth_getBlockByHash", log["blockHash"], False)
            self.times[log["blockHash"]] = int(block["timestamp"], 16)
        return self.times[log["blockHash"]]

    # ---- the fund

    def on_fund_PoolOpened(self, v: dict[str, Any], _log: Any) -> None:
        same = ("token", "fundingThreshold", "fundingDeadline", "ngo", "openEnded", "name", "descriptionHash")
        zero = (
            *("raised", "acceptsUntil", "released", "returned", "refunded", "defaultsAt", "pausedUntil", "clockShift"),
            *("milestones", "milestonesReleased", "returnsUntil"),
        )
        number = v["pool"]
        assert number == len(self.pools) + 1
        self.pools[number] = {k: v[k] for k in same} | dict.fromkeys(zero, 0) | {"paused": False}
        rules = ("ngo", "objectionWindow", "attestationWindow", "objectionThreshold", "quorum", "openEnded")
        zero = ("attestors", "rotations", "firstOpen", "milestones", "idleUntil", "reserved")
        self.panels[number] = {k: v[k] for k in rules} | dict.fromkeys(zero, 0)
        self.planned[number], self.milestones[number], self.seats[number], self.lines[number] = [], [], {}, []
        self.limits[number] = {"programme": ZERO32, "beneficiaryCap": 0, "voucherCap": 0, "voucherPeriod": 0}

    def on_fund_LimitsSet(self, v: dict[str, Any], _log: Any) -> None:
        self.limits[v["pool"]] = {k: v[k] for k in self.limits[v["pool"]]}

    def on_fund_MilestoneOpened(self, v: dict[str, Any], _log: Any) -> None:
        number, deadline = v["pool"], v["evidenceDeadline"]
        assert v["milestone"] == len(self.planned[number])
        self.planned[number].append({"payee": v["payee"], "amount": v["amount"], "releasedAt": 0})
        zero = ("state", "round", "rotations", "yes", "no", "submittedAt", "decidedAt", "lineAtEvidence", "objected")
        judged = dict.fromkeys(zero, 0) | {"evidence": ZERO32, "disputed": False}
        self.milestones[number].append(judged | {"evidenceDeadline": deadline, "due": deadline})
        self.pools[number]["milestones"] += 1
        self.panels[number]["milestones"] += 1

    def on_fund_DeadlineMoved(self, v: dict[str, Any], _log: Any) -> None:
        self.pools[v["pool"]] |= {k: v[k] for k in ("acceptsUntil", "defaultsAt")}

    def lengthen(self, v: dict[str, Any]) -> None:
        """Put a contribution at the end of its pool's line."""
        pool = self.pools[v["pool"]]
        assert v["token"] == pool["token"]
        assert v["start"] == pool["raised"]
        pool["raised"] += v["amount"]

    def on_fund_Contributed(self, v: dict[str, Any], _log: Any) -> None:
        self.lengthen(v)
        self.lines[v["pool"]].append((v["start"], v["start"] + v["amount"]))
        self.gifts[v["pool"], v["start"]] = {"donor": v["donor"], "amount": v["amount"]}

    def on_fund_ContributionsBrought(self, v: dict[str, Any], _log: Any) -> None:
        pool = self.pools[v["pool"]]
        assert (v["token"], v["start"] + v["amount"]) == (pool["token"], pool["raised"])
        brought = [(start, end) for start, end in self.lines[v["pool"]] if start >= v["start"]]
        assert (len(brought), brought[0][0]) == (v["count"], v["start"])

    def on_fund_BatchRecorded(self, v: dict[str, Any], _log: Any) -> None:
        self.lengthen(v)
        entries = tuple(v["entries"][i : i + 32] for i in range(0, len(v["entries"]), 32))
        seed = seed_of(1337, self.w.fund.address, v["pool"], v["batch"])
        tree = Tree(seed, v["start"], entries)
        assert (tree.root, tree.total, len(entries)) == (v["root"], v["amount"], v["count"])
        ends = [*tree.starts[1:], v["start"] + v["amount"]]
        self.lines[v["pool"]] += list(zip(tree.starts, ends, strict=True))
        assert v["batch"] not in self.batches
        kept = {k: v[k] for k in ("root", "start", "amount", "count", "pool")}
        self.batches[v["batch"]] = kept | {"refunded": 0, "taken": False}
        self.trees[v["batch"]] = tree
        self.recorded[v["batch"]] = (v["gateway"], v["gatewayReference"])

    def receipt(self, batch: bytes, position: int) -> tuple[Any, ...]:
        """Return an entry's receipt, as the contracts take it."""
        tree = self.trees[batch]
        return (batch, position, tree.starts[position], tree.entries[position], tree.path(position))

    def on_fund_Released(self, v: dict[str, Any], log: Any) -> None:
        pool, planned = self.pools[v["pool"]], self.planned[v["pool"]][v["milestone"]]
        assert v["token"] == pool["token"]
        assert (v["amount"], v["payee"]) == (planned["amount"], planned["payee"])
        assert (v["pool"], v["milestone"]) not in self.spent
        self.spent[v["pool"], v["milestone"]] = []
        pool["released"] += v["amount"]
        pool["milestonesReleased"] += 1
        planned["releasedAt"] = self.time(log)
        if v["payee"] != self.w.payouts.address and self.limits[v["pool"]]["voucherCap"]:
            self.expect_returns(v["pool"], self.time(log) + 180 * DAY)
        self.release(v["pool"], v["milestone"], v["amount"], self.time(log))

    def on_payouts_RoundOpened(self, v: dict[str, Any], _log: Any) -> None:
        self.expect_returns(v["pool"], v["claimsUntil"])

    def on_fund_Spent(self, v: dict[str, Any], _log: Any) -> None:
        pool, end = self.pools[v["pool"]], v["start"] + v["amount"]
        self.spent[v["pool"], v["milestone"]].append((v["start"], end))
        if v["start"] < self.fronts.get(v["pool"], 0):
            pool["returned"] -= v["amount"]
        self.fronts[v["pool"]] = max(end, self.fronts.get(v["pool"], 0))

    def expect_returns(self, pool: int, until: int) -> None:
        """Take in until when payees are known to give back."""
        self.pools[pool]["returnsUntil"] = max(until, self.pools[pool]["returnsUntil"])

    def on_fund_Returned(self, v: dict[str, Any], log: Any) -> None:
        if self.time(log) <= self.planned[v["pool"]][v["milestone"]]["releasedAt"] + 730 * DAY:
            self.expect_returns(v["pool"], self.time(log))
        pool, pieces = self.pools[v["pool"]], self.spent[v["pool"], v["milestone"]]
        low, high = pieces.pop()
        assert (v["token"], v["start"] + v["amount"]) == (pool["token"], high)
        assert v["payee"] == self.planned[v["pool"]][v["milestone"]]["payee"]
        if low < v["start"]:
            pieces.append((low, v["start"]))
        pool["released"] -= v["amount"]
        pool["returned"] += v["amount"]

    def on_fund_Refunded(self, v: dict[str, Any], _log: Any) -> None:
        place = (v["pool"], v["start"])
        if v["batch"] == ZERO32:
            assert self.gifts[place]["donor"] == v["donor"]
        else:
            tree = self.trees[v["batch"]]
            entry = tree.entries[tree.starts.index(v["start"])]
            assert to_checksum_address(entry[:20]) == v["donor"]
            self.batches[v["batch"]]["refunded"] += v["amount"]
        self.refunds[place] = self.refunds.get(place, 0) + v["amount"]
        self.refund(v)

    def on_fund_BatchRefunded(self, v: dict[str, Any], _log: Any) -> None:
        self.batches[v["batch"]]["refunded"] += v["amount"]
        self.batches[v["batch"]]["taken"] = True
        self.refund(v)

    def refund(self, v: dict[str, Any]) -> None:
        """Count what went back."""
        pool = self.pools[v["pool"]]
        assert v["token"] == pool["token"]
        pool["refunded"] += v["amount"]

    def on_fund_MatchingSet(self, v: dict[str, Any], _log: Any) -> None:
        self.matched[v["pool"]] = v["matched"]

    def on_fund_Paused(self, v: dict[str, Any], _log: Any) -> None:
        self.pools[v["pool"]] |= {"paused": True, "pausedUntil": v["until"], "clockShift": v["clockShift"]}

    def on_fund_Unpaused(self, v: dict[str, Any], log: Any) -> None:
        pool = self.pools[v["pool"]]
        pool |= {"paused": False, "clockShift": v["clockShift"]}
        pool["pausedUntil"] = min(pool["pausedUntil"], self.time(log))

    # ---- the register and the token

    def on_register_Accredited(self, v: dict[str, Any], _log: Any) -> None:
        self.members[v["account"]] = {k: v[k] for k in ("kind", "name", "detailsHash")}

    def on_register_Revoked(self, v: dict[str, Any], _log: Any) -> None:
        self.members[v["account"]] = {"kind": 0, "name": ZERO32, "detailsHash": ZERO32}

    def on_token_Transfer(self, v: dict[str, Any], _log: Any) -> None:
        for who, change in ((v["from"], -v["value"]), (v["to"], v["value"])):
            if who != ZERO:
                self.balances[who] = self.balances.get(who, 0) + change

    def on_token_Minted(self, v: dict[str, Any], _log: Any) -> None:
        self.deposits.add((v["gateway"], v["depositReference"]))

    def on_token_AuthorizationUsed(self, v: dict[str, Any], _log: Any) -> None:
        self.spent_nonces.add((v["authorizer"], v["nonce"]))

    on_token_AuthorizationCanceled = on_token_AuthorizationUsed
