"""What every table and column means and in which unit it counts, for exports, auditors' SQL and manifests.

A column is looked up as `table.column` first, then by its name alone: the same word means the same thing everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Boolean, Column, Integer, LargeBinary

Kind = Literal["amount", "time", "seconds", "number", "flag", "bytes", "text"]
"""amount: base units of the token. time: unix seconds. seconds: a length of time. number: counts and kinds."""

UNITS: dict[Kind, str] = {
    "amount": "base units of the token",
    "time": "unix seconds, UTC",
    "seconds": "seconds",
    "number": "",
    "flag": "true or false",
    "bytes": "bytes in hex",
    "text": "",
}


@dataclass(frozen=True)
class Words:
    """A column's name, what it counts and what it means."""

    name: str
    kind: Kind
    says: str


TABLES: dict[str, str] = {
    "meta": "The index's own notes: chain, contracts, when the node was seen. Not part of the ledger.",
    "blocks": "Every indexed block, from the deployment's on.",
    "logs": "Every log of Moa's contracts, as the node gave it, but for what holders do with the settlement token "
    "(Transfer, Approval, AuthorizationUsed, AuthorizationCanceled). All other tables follow from these.",
    "members": "Who was accredited or revoked in the register. The last row of an account counts.",
    "tokens": "What the accredited tokens say of themselves.",
    "pools": "Every pool as it was opened: the rules never change.",
    "limits": "What bounds pools' payouts and vouchers; a pool without a row has no limits.",
    "attestors": "Who took a seat on a pool's panel, from the beginning or in place of another.",
    "rotations": "Steps towards replacing an attestor: consents, then the agreement.",
    "milestones": "Every milestone of every pool: whom it pays, how much, and until when its evidence must come.",
    "consents": "Attestors' consents to a milestone that is to be appended.",
    "deadlines": "When a pool's deadlines moved. The last row of a pool counts.",
    "pauses": "Pauses of pools and their ends.",
    "cancellations": "Pools that were cancelled, and by whom.",
    "batches": "Gifts that a gateway recorded at once, with the Merkle root over them.",
    "subtrees": "The Merkle trees of batches: the roots of their parts of 64 gifts each, which make up the root.",
    "contributions": "Every gift, each with its place in its pool's line.",
    "brought": "Gifts that somebody brought and paid in their donors' names: the book of standing orders, for one.",
    "matchings": "Whether sponsors match a pool's gifts.",
    "releases": "Milestones that were paid.",
    "payers": "Which gifts paid one release: each part that it spent of one and that was not given back. Worked out.",
    "spends": "Which places of its pool's line a release spent.",
    "returns": "What payees gave back: these places of the line are unspent again.",
    "refunds": "What contributors, or the gateways for them, took back.",
    "deposits": "Tokens minted by a gateway against a deposit, each reference once.",
    "evidence": "Evidence handed in for milestones.",
    "attestations": "Attestors' yes or no to a piece of evidence.",
    "verdicts": "Milestones that were approved or rejected.",
    "objections": "Contributors' no to a piece of evidence, each with the weight of one gift.",
    "disputes": "Milestones whose objections passed the pool's threshold.",
    "pledges": "Standing orders as they were signed.",
    "pledge_changes": "What donors changed of their standing orders.",
    "collections": "What was collected of standing orders, each the gift of the same pool and start.",
    "collection_failures": "Attempts to collect that got nothing. They say nothing about the donor's faith.",
    "seals": "Lists of payout rounds that were handed in; the last version of a milestone counts.",
    "openings": "Payout rounds whose money has come.",
    "deliveries": "Payments to beneficiaries of payout rounds.",
    "expiries": "What payout rounds and vouchers left over, back to the pool; `returns` says to which places.",
    "invitations": "Who may sponsor a pool, or no longer.",
    "sponsorships": "Budgets that sponsors locked to match a pool's gifts.",
    "matches": "What sponsors paid for gifts, each the sponsor's gift of the same pool and start.",
    "withdrawals": "What was left of a sponsor's budget and went back.",
    "vouchers": "Vouchers that were redeemed at a provider, or revoked.",
}

_INTEGERS: dict[str, tuple[Kind, str]] = {
    "log": ("number", "place of the log that made the row: block · 2^20 + its index in the block"),
    "pool": ("number", "the pool's number, from 1"),
    "milestone": ("number", "the milestone's number in its pool, from 0"),
    "amount": ("amount", "how much money"),
    "start": ("amount", "where it starts in the pool's line: it owns [start, start + amount)"),
    "round": ("number", "of the milestone's judgement: one more with each evidence and with a dispute"),
    "line": ("amount", "how long the pool's line was: gifts before it may object"),
    "count": ("number", "how many there are in it"),
    "pledge": ("number", "the standing order's number, from 1"),
    "sponsorship": ("number", "the sponsorship's number in its pool, from 1"),
    "evidence_deadline": ("time", "last second in which evidence is taken, before pauses"),
    "beneficiary_cap": ("amount", "the most that one beneficiary gets; 0: no cap"),
    "blocks.number": ("number", "the block's number"),
    "blocks.time": ("time", "when it was made"),
    "members.kind": ("number", "0 revoked, 1 NGO, 2 attestor, 3 gateway, 4 token, 5 provider"),
    "tokens.decimals": ("number", "of the token: its unit is 10^decimals base units"),
    "pools.funding_threshold": ("amount", "below this at the funding deadline the pool freezes"),
    "pools.funding_deadline": ("time", "last second in which gifts are taken, before pauses; 4294967295: none"),
    "pools.objection_window": ("seconds", "between a milestone's approval and its earliest release"),
    "pools.attestation_window": ("seconds", "that the attestors have for their verdict"),
    "pools.objection_threshold": ("number", "hundredths of a percent of the line; objections above it dispute"),
    "pools.quorum": ("number", "how many attestors must say yes"),
    "limits.voucher_cap": ("amount", "the most that the pool pays on vouchers in a period; 0: no vouchers"),
    "limits.voucher_period": ("seconds", "length of a voucher period"),
    "rotations.at": ("time", "from when it can be carried out; empty: not enough have consented"),
    "deadlines.accepts_until": ("time", "last second in which gifts are taken; 0: none are"),
    "deadlines.defaults_at": ("time", "the pool freezes after this second; 4294967295: never"),
    "pauses.until": ("time", "when the pause ends by itself; empty: this is its end"),
    "pauses.clock_shift": ("seconds", "for which pauses have stopped the pool's clock, this one's counted"),
    "batches.number": ("number", "of the pool's batches, from 1"),
    "contributions.number": ("number", "in the pool's line, from 1"),
    "contributions.paid_at": ("time", "when the donor paid; of a direct gift the block's time"),
    "contributions.position": ("number", "in its batch, from 0; -1: a direct gift"),
    "contributions.via": ("number", "0 a wallet, 1 a gateway's batch, 2 brought by another, 3 a sponsor's match"),
    "payers.start": ("amount", "where the part begins in the pool's line"),
    "payers.amount": ("amount", "the part: what of the gift paid this release"),
    "payers.gift": ("amount", "where the gift starts in the pool's line: with the pool its number"),
    "payers.gift_amount": ("amount", "the whole gift"),
    "payers.number": ("number", "of the gift in the pool's line, from 1"),
    "payers.paid_at": ("time", "when the donor paid; of a direct gift the block's time"),
    "payers.position": ("number", "of the gift in its batch, from 0; -1: a direct gift"),
    "refunds.start": ("amount", "the gift's place in the pool's line; empty: a gateway took a batch's rest"),
    "refunds.total": ("amount", "all that was refunded of the pool so far, this one counted"),
    "verdicts.releasable_at": ("time", "from when an approved milestone can be paid; empty: it was rejected"),
    "objections.amount": ("amount", "what the gift weighs"),
    "objections.number": ("number", "of the round's objections, from 1"),
    "objections.total": ("amount", "what all objections of the round weigh so far, this one counted"),
    "disputes.round": ("number", "the round that begins"),
    "disputes.objected": ("amount", "what those who objected had given"),
    "pledges.amount": ("amount", "due in each period"),
    "pledges.period": ("number", "0 a day, 1 a week, 2 a month"),
    "pledges.first_due": ("time", "when it is due for the first time"),
    "pledges.last_due": ("time", "last second in which anything is collected; 0: no such bound"),
    "pledges.times": ("number", "at most so many collections; 0: no such bound"),
    "pledges.cap": ("amount", "all that may ever be collected"),
    "pledges.replaces": ("number", "the older standing order that ends with it; 0: none"),
    "pledge_changes.period": ("number", "the last one that is skipped, where periods are skipped"),
    "pledge_changes.amount": ("amount", "due in each period from now on, where it was lowered"),
    "pledge_changes.cap": ("amount", "all that may ever be collected from now on, where it was lowered"),
    "collections.period": ("number", "for which it was collected, from 0"),
    "collection_failures.reason": ("number", "IPledgeBook.Reason, by its number"),
    "seals.version": ("number", "how often a list was handed in"),
    "seals.claim_window": ("seconds", "from the release in which claims are taken"),
    "openings.claims_until": ("time", "last second in which claims are taken"),
    "deliveries.position": ("number", "of the row in the round's list, from 0"),
    "deliveries.number": ("number", "of the round's deliveries, from 1"),
    "sponsorships.budget": ("amount", "locked beforehand, for all matches"),
    "sponsorships.ratio_percent": ("number", "hundredths of each gift that are added: 100 doubles it"),
    "sponsorships.cap_per_gift": ("amount", "the most that one gift is matched with"),
    "sponsorships.ends_at": ("time", "last second in which it matches"),
    "matches.gifts": ("number", "how many gifts it matched"),
    "matches.total": ("amount", "all that the sponsorship paid so far, this one counted"),
    "matches.total_gifts": ("number", "how many gifts the sponsorship matched so far"),
    "vouchers.number": ("number", "of the milestone's vouchers that were redeemed, this one counted"),
    "vouchers.total_own": ("amount", "the beneficiaries' own parts of the milestone so far, this one counted"),
    "vouchers.total": ("amount", "the pool's parts of the milestone so far, this one counted"),
    "vouchers.own": ("amount", "the beneficiary's own part of the bill"),
    "vouchers.from_pool": ("amount", "the pool's part of the bill"),
}

_OTHERS: dict[str, str] = {
    "token": "address of the settlement token",
    "donor": "the donor's id: a wallet's or a receipt key's address; all zero: anonymous",
    "ngo": "address of the NGO",
    "gateway": "address of the gateway",
    "caller": "who sent the transaction or handed in the word",
    "payee": "who is paid",
    "attestor": "who judges",
    "sponsor": "who matches",
    "to": "who got the money",
    "evidence": "SHA-256 of the evidence",
    "batch": "the batch's id",
    "reference": "the gateway's own name for it, used once",
    "approved": "yes or no",
    "leaving": "whose seat is taken",
    "meta.key": "what is noted",
    "meta.value": "the note",
    "blocks.hash": "the block's hash",
    "blocks.parent": "hash of the block before it",
    "logs.tx": "hash of the transaction",
    "logs.address": "the contract that logged it",
    "logs.event": "name of the event, as in the ABI",
    "logs.topics": "its topics, 32 bytes each, one after the other",
    "logs.data": "its data; a batch's entries stand here",
    "members.account": "who was accredited or revoked",
    "members.name": "as the register has it",
    "members.details_hash": "SHA-256 of what the register says about it; all zero: nothing",
    "members.details_uri": "where that can be had",
    "tokens.address": "the token",
    "tokens.symbol": "its short name",
    "tokens.name": "its name",
    "pools.name": "at most 31 bytes; the long text is the description",
    "pools.description_hash": "SHA-256 of the description; all zero: none",
    "pools.description_uri": "where the description can be had",
    "pools.open_ended": "whether milestones may be appended",
    "limits.programme": "pools of the same one count a beneficiary's cap together; all zero: this pool alone",
    "attestors.account": "who sits",
    "attestors.leaving": "whose seat it took; empty: it sat from the beginning",
    "rotations.joining": "who is to take the seat",
    "rotations.attestor": "who consents; empty: enough have",
    "pauses.paused": "whether the pause begins",
    "pauses.account": "who did it",
    "cancellations.account": "who cancelled it: its NGO or the operator",
    "batches.root": "Merkle root over its gifts",
    "subtrees.roots": "of the first 64 gifts, the next 64, and so on: 32 bytes each, one after the other",
    "brought.bearer": "who paid",
    "matchings.matched": "whether they do from now on",
    "refunds.account": "the donor, or the gateway that took what its donors had not claimed",
    "refunds.batch": "the batch of the gift; empty: it is a direct one",
    "deposits.recipient": "who got the tokens",
    "evidence.hash": "SHA-256 of the evidence",
    "evidence.uri": "where it can be had",
    "verdicts.last": "whether it is rejected for good: the pool is frozen",
    "pledge_changes.change": "paused, resumed, skipped, lowered or stopped",
    "collections.keeper": "who brought it",
    "openings.scope": "within what the beneficiaries' cap counts; all zero: no cap",
    "invitations.invited": "whether the sponsor may from now on",
    "vouchers.voucher": "the voucher's id",
    "vouchers.provider": "who was paid; empty: it was revoked",
    "vouchers.evidence": "SHA-256 of the bill; empty: it was revoked",
    "vouchers.caller": "who paid the own part, or the NGO that revoked it",
}


def of(column: Column[Any]) -> Words:
    """Return what a column of a table means.

    Raises:
        KeyError: Nobody wrote it down.

    """
    names = (f"{column.table.name}.{column.name}", column.name)
    if isinstance(column.type, Integer):
        kind, says = _INTEGERS.get(names[0]) or _INTEGERS[column.name]
        return Words(str(column.name), kind, says)
    says = next((_OTHERS[name] for name in names if name in _OTHERS), "")
    if not says:
        raise KeyError(names[0])
    if isinstance(column.type, Boolean):
        return Words(str(column.name), "flag", says)
    return Words(str(column.name), "bytes" if isinstance(column.type, LargeBinary) else "text", says)
