"""The tables of a bundle, row by row as the events make them: each adds one row as it stands, in the ledger's order.

Bytes are 0x and hex, numbers decimal, true and false words, nothing an empty field.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from .abi import name_of
from .node import Log
from .state import Round, State, Values
from .tape import Gift

PLACES = 1 << 20
"""A log's place is its block times this, plus its index in the block."""

_ROWS = """
members Accredited account kind name:text details_hash details_uri
members Revoked account kind:=0 name:= details_hash:=0x{zero} details_uri:=
pools PoolOpened pool ngo token name:text description_hash description_uri funding_threshold funding_deadline
    open_ended objection_window attestation_window objection_threshold quorum
limits LimitsSet pool programme beneficiary_cap voucher_cap voucher_period
milestones MilestoneOpened pool milestone payee amount evidence_deadline
deadlines DeadlineMoved pool accepts_until defaults_at
pauses Paused pool paused:=true account until clock_shift
pauses Unpaused pool paused:=false account until:= clock_shift
cancellations Cancelled pool account
matchings MatchingSet pool matched
brought ContributionsBrought pool bearer token amount start count
batches BatchRecorded batch pool gateway reference:gatewayReference root start amount count number:batches
releases Released pool milestone payee token amount caller
spends Spent pool milestone start amount
returns Returned pool milestone payee token amount start
refunds Refunded pool account:donor batch:or_none start token amount to caller total
refunds BatchRefunded pool account:gateway batch start:= token amount to caller:gateway total
attestors AttestorSeated pool account:attestor leaving:=
attestors AttestorReplaced pool account:joining leaving
rotations RotationConsented pool leaving joining attestor at:=
rotations RotationAgreed pool leaving joining attestor:= at
consents MilestoneConsented pool milestone attestor payee amount evidence_deadline
evidence EvidenceSubmitted pool milestone round ngo hash:evidence uri line
attestations Attested pool milestone round attestor evidence approved
verdicts MilestoneApproved pool milestone evidence approved:=true releasable_at last:=false
verdicts MilestoneRejected pool milestone evidence approved:=false releasable_at:= last
objections Objected pool milestone round donor evidence start amount number:objections total:objected_by_now
disputes MilestoneDisputed pool milestone evidence round objected line
pledges Pledged pledge donor pool token amount period first_due last_due times cap replaces caller
pledge_changes PledgePaused pledge change:=paused period:= amount:= cap:=
pledge_changes PledgeResumed pledge change:=resumed period:= amount:= cap:=
pledge_changes PledgeSkipped pledge change:=skipped period amount:= cap:=
pledge_changes PledgeLowered pledge change:=lowered period:= amount cap
pledge_changes PledgeStopped pledge change:=stopped period:= amount:= cap:=
collection_failures CollectionFailed pledge reason
seals RoundSealed pool milestone ngo version amount count claim_window
openings RoundOpened pool milestone token amount claims_until beneficiary_cap scope
deliveries Delivered pool milestone to position token amount start caller number:deliveries
expiries RoundExpired pool milestone token amount caller
expiries VouchersExpired pool milestone token amount caller
invitations Invited pool sponsor invited
sponsorships Locked pool sponsorship sponsor token budget ratio_percent cap_per_gift ends_at
matches Matched pool sponsorship sponsor token amount gifts start:line total:drawn total_gifts:matched_gifts
withdrawals Withdrawn pool sponsorship sponsor to token amount caller
vouchers VoucherRedeemed pool milestone voucher provider own from_pool evidence caller:payer
    number:redeemed total_own:redeemed_own total:redeemed_total
vouchers VoucherRevoked pool milestone voucher provider:= own:=0 from_pool:=0 evidence:= caller:ngo
    number:redeemed total_own:redeemed_own total:redeemed_total
deposits Minted gateway recipient:to reference:depositReference token:address amount
"""
"""Table, event, columns: `column:value` where the event's value has another name, `column:=text` where it is a text."""

CONTRIBUTIONS = ["pool", "start", "amount", "number", "donor", "paid_at", "log", "position", "via"]
COLLECTIONS = ["pool", "start", "log", "pledge", "period", "amount", "keeper"]
TOKENS = ["log", "address", "symbol", "name", "decimals"]
SUBTREES = ["log", "pool", "roots"]
LOGS = ["log", "tx", "address", "event", "topics", "data"]


def _rules() -> dict[str, tuple[str, list[tuple[str, str]]]]:
    """Return the table and the columns (name, source) by event."""
    found = {}
    for line in re.sub(r"\n\s+", " ", _ROWS).strip().splitlines():
        table, event, *columns = line.format(zero=bytes(32).hex()).split()
        pairs = [column.partition(":")[::2] for column in columns]
        found[event] = table, [(name, source or _camel(name)) for name, source in pairs]
    return found


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join("URI" if word == "uri" else word.capitalize() for word in rest)


RULES = _rules()
COLUMNS = {table: ["log", *(name for name, _ in columns)] for table, columns in RULES.values()}
ALONG = {**COLUMNS, "logs": LOGS, "subtrees": SUBTREES}
"""The columns of the tables that are read along with the logs."""


def text_of(value: Any) -> str:
    """Return a value as a field has it."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def row_of(log: Log, event: str, v: Values, state: State) -> tuple[str, list[str]] | None:
    """Return the table and the row that an event adds, None if it adds none. `state` has taken the event in."""
    if event not in RULES or (event == "CollectionFailed" and not any(v["donor"])):
        return None
    table, columns = RULES[event]
    return table, [str(log.block * PLACES + log.index), *(_field(source, log, v, state) for _, source in columns)]


def _field(source: str, log: Log, v: Values, state: State) -> str:
    if source[0] == "=":
        return source[1:]
    made = _MADE.get(source)
    return text_of(made(log, v, state) if made else v[source])


def _name(_log: Log, v: Values, _state: State) -> str:
    return name_of(v["name"])


def _place_of_match(_log: Log, v: Values, state: State) -> int:
    """Return where a sponsor's contribution will stand: behind those that were told before it."""
    pool = state.pool(v["pool"])
    return int(pool.line.raised + sum(match["amount"] for match in list(pool.matches)[:-1]))


def _present(v: Values, state: State) -> Round:
    """Return the milestone's present round."""
    return state.pool(v["pool"]).rounds[v["milestone"]][-1]


def _delivered(v: Values, state: State) -> int:
    """Return how many deliveries of a round were told so far."""
    deliveries = state.pool(v["pool"]).payouts[v["milestone"]].deliveries
    return deliveries.count if deliveries else 0


def _redeemed(v: Values, state: State) -> tuple[int, int, int]:
    """Return how many vouchers of a milestone were redeemed so far, their own parts and the pool's."""
    release = state.pool(v["pool"]).releases.get(v["milestone"])  # one can be revoked before the milestone is paid
    return (release.vouchers, release.own, release.paid) if release else (0, 0, 0)


_MADE: dict[str, Callable[[Log, Values, State], Any]] = {
    "text": _name,
    "or_none": lambda _, v, __: v["batch"] if any(v["batch"]) else None,
    "total": lambda _, v, state: state.pool(v["pool"]).stored["refunded"],
    "batches": lambda _, v, state: state.pool(v["pool"]).batches,
    "objections": lambda _, v, state: _present(v, state).objections,
    "objected_by_now": lambda _, v, state: _present(v, state).objected,
    "deliveries": lambda _, v, state: _delivered(v, state),
    "drawn": lambda _, v, state: state.pool(v["pool"]).sponsorships[v["sponsorship"] - 1].drawn,
    "matched_gifts": lambda _, v, state: state.pool(v["pool"]).sponsorships[v["sponsorship"] - 1].gifts,
    "redeemed": lambda _, v, state: _redeemed(v, state)[0],
    "redeemed_own": lambda _, v, state: _redeemed(v, state)[1],
    "redeemed_total": lambda _, v, state: _redeemed(v, state)[2],
    "address": lambda log, _, __: log.address,
    "line": _place_of_match,
}
"""What no event says as it stands."""


def contributions(state: State) -> Iterator[list[str]]:
    """Yield the rows of all gifts, by pool and place in line."""
    for pool in state.pools:
        for gift in pool.gifts.gifts():
            yield contribution(pool.number, gift)


def contribution(pool: int, gift: Gift) -> list[str]:
    """Return a gift's row."""
    return [
        str(pool), str(gift.start), str(gift.amount), str(gift.number), "0x" + gift.donor.hex(), str(gift.paid_at),
        str(gift.place.block * PLACES + gift.place.log), str(gift.position), str(gift.via),
    ]  # fmt: skip


def collections(state: State) -> list[list[str]]:
    """Return the rows of what was collected of standing orders, by pool and place in line."""
    found = [
        (pool, start, at[0] * PLACES + at[1], pledge, period, amount, keeper)
        for at, keeper, pledge, period, start, amount, pool in state.lists["Collected"].forwards()
    ]
    return [[text_of(value) for value in row] for row in sorted(found)]
