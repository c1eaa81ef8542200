# ruff: noqa: N802, N815 (the rules are found by the events' names)
"""Rebuild the contracts' storage from their events alone (rule 7). Knows the interfaces' words, not their code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from entrytree import Tree, seed_of
from world import ZERO, ZERO32, World

if TYPE_CHECKING:
    from collections.abc import Callable

PLANNED, SUBMITTED, APPROVED, REJECTED, RELEASED = range(5)


class Replay:
    """The storage of the fund, the register and the token, as their events tell it."""

    def __init__(self, w: World) -> None:
        self.w = w
        self.read_to = -1
        self.now = 0
        self.pools: dict[int, dict[str, Any]] = {}
        self.milestones: dict[int, list[dict[str, Any]]] = {}
        self.seats: dict[int, list[str]] = {}
        self.attested: set[tuple[int, int, int, str]] = set()
        self.gifts: dict[tuple[int, int], dict[str, Any]] = {}
        self.batches: dict[bytes, dict[str, Any]] = {}
        self.lines: dict[int, list[tuple[int, int]]] = {}
        self.spent: dict[int, list[tuple[int, int]]] = {}
        self.members: dict[str, dict[str, Any]] = {}
        self.balances: dict[str, int] = {}
        self.spent_nonces: set[tuple[str, bytes]] = set()
        self.deposits: set[tuple[str, bytes]] = set()
        self.times: dict[str, int] = {}

    def follow(self) -> list[str]:
        """Read on to the head, and return the names of the events."""
        names = []
        latest = self.w.node.latest
        head, self.now = int(latest["number"], 16), int(latest["timestamp"], 16)
        self.times[latest["hash"]] = self.now
        asked = {"fromBlock": hex(self.read_to + 1), "toBlock": hex(head)}
        sources = {c.address.lower(): n for n in ("fund", "register", "token") for c in [getattr(self.w, n)]}
        for log in self.w.node.rpc("eth_getLogs", asked):
            source = sources.get(log["address"].lower())
            if source is None:
                continue
            name, values = self.w.node.decode(log)
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
        same = (
            *("token", "fundingThreshold", "fundingDeadline", "ngo", "objectionWindow", "attestationWindow"),
            *("quorum", "openEnded", "name", "descriptionHash"),
        )
        zero = ("raised", "acceptsUntil", "released", "refunded", "defaultsAt", "attestors", "milestonesReleased")
        assert v["pool"] == len(self.pools) + 1
        self.pools[v["pool"]] = {k: v[k] for k in same} | dict.fromkeys(zero, 0) | {"paused": False}
        for of_pool in (self.milestones, self.seats, self.lines, self.spent):
            of_pool[v["pool"]] = []

    def on_fund_AttestorSeated(self, v: dict[str, Any], _log: Any) -> None:
        self.seats[v["pool"]].append(v["attestor"])
        self.pools[v["pool"]]["attestors"] += 1

    def on_fund_MilestoneOpened(self, v: dict[str, Any], _log: Any) -> None:
        zero = ("state", "round", "yes", "no", "submittedAt", "approvedAt", "lineAtEvidence")
        plan = {k: v[k] for k in ("payee", "amount", "evidenceDeadline")}
        assert v["milestone"] == len(self.milestones[v["pool"]])
        self.milestones[v["pool"]].append(plan | dict.fromkeys(zero, 0) | {"evidence": ZERO32})

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

    def on_fund_BatchRecorded(self, v: dict[str, Any], _log: Any) -> None:
        self.lengthen(v)
        entries = tuple(v["entries"][i : i + 32] for i in range(0, len(v["entries"]), 32))
        seed = seed_of(1337, self.w.fund.address, v["pool"], v["batch"])
        tree = Tree(seed, v["start"], entries)
        assert (tree.root, tree.total, len(entries)) == (v["root"], v["amount"], v["count"])
        ends = [*tree.starts[1:], v["start"] + v["amount"]]
        self.lines[v["pool"]] += list(zip(tree.starts, ends, strict=True))
        assert v["batch"] not in self.batches
        self.batches[v["batch"]] = {k: v[k] for k in ("root", "start", "amount", "count", "pool")}

    def on_fund_EvidenceSubmitted(self, v: dict[str, Any], log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        milestone |= {"state": SUBMITTED, "round": v["round"], "evidence": v["evidence"], "yes": 0, "no": 0}
        milestone |= {"submittedAt": self.time(log), "lineAtEvidence": v["line"]}
        assert v["ngo"] == self.pools[v["pool"]]["ngo"]

    def on_fund_Attested(self, v: dict[str, Any], _log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        assert (v["round"], v["evidence"]) == (milestone["round"], milestone["evidence"])
        milestone["yes" if v["approved"] else "no"] += 1
        self.attested.add((v["pool"], v["milestone"], v["round"], v["attestor"]))

    def on_fund_MilestoneApproved(self, v: dict[str, Any], _log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        assert v["evidence"] == milestone["evidence"]
        approved_at = v["releasableAt"] - self.pools[v["pool"]]["objectionWindow"]
        milestone |= {"state": APPROVED, "approvedAt": approved_at}

    def on_fund_MilestoneRejected(self, v: dict[str, Any], _log: Any) -> None:
        milestone = self.milestones[v["pool"]][v["milestone"]]
        assert v["evidence"] == milestone["evidence"]
        milestone["state"] = REJECTED

    def on_fund_Released(self, v: dict[str, Any], _log: Any) -> None:
        pool, milestone = self.pools[v["pool"]], self.milestones[v["pool"]][v["milestone"]]
        assert (v["start"], v["token"]) == (pool["released"], pool["token"])
        assert (v["amount"], v["payee"]) == (milestone["amount"], milestone["payee"])
        pool["released"] += v["amount"]
        pool["milestonesReleased"] += 1
        milestone["state"] = RELEASED
        self.spent[v["pool"]].append((v["start"], v["start"] + v["amount"]))

    def on_fund_Paused(self, v: dict[str, Any], _log: Any) -> None:
        self.pools[v["pool"]]["paused"] = True

    def on_fund_Unpaused(self, v: dict[str, Any], _log: Any) -> None:
        self.pools[v["pool"]]["paused"] = False

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
