"""What the contracts refuse, in a sentence that says why and what to do."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from scripts import roles
from scripts.commands.typed import shown

POOL_STATES = ("unknown", "funding", "active", "frozen", "completed")
MILESTONE_STATES = ("planned", "submitted", "approved", "disputed", "rejected", "released")
PLEDGE_STATES = ("unknown", "live", "paused", "stopped")
ROUND_STATES = ("not sealed", "sealed", "open", "expired", "closed")
VOUCHER_STATES = ("unused", "redeemed", "revoked")
KINDS = ("none", "ngo", "attestor", "gateway", "token", "provider")
REASONS = (
    *("nothing stands against it", "there is no such pledge", "it is stopped", "it is paused", "it has ended"),
    *("it is not due", "its cap is reached", "the pool takes no gifts", "the pool is full"),
    *("the donor's allowance is used up", "the donor has not enough", "the token refused", "the whole run failed"),
)

_MONEY = {"amount", "free", "held", "needed", "allowance", "balance", "left", "maxPart", "sum", "asked", "received"}
_TIMES = {"at", "deadline", "endsAt", "acceptsUntil", "validBefore", "validAfter"}
_STATES = {
    "PoolIs": POOL_STATES,
    "MilestoneIs": MILESTONE_STATES,
    "PledgeIs": PLEDGE_STATES,
    "RoundIs": ROUND_STATES,
    "VoucherIs": VOUCHER_STATES,
}
_UNSIGNED = "The token does not accept the signature. Sign it anew."

SENTENCES = {
    "AccessManagedRequiredDelay": "{caller} must announce this {delay} s before: schedule it first.",
    "AccessManagedUnauthorized": "{caller} does not hold the role that may do this.",
    "AccessManagerAlreadyScheduled": "This is announced already.",
    "AccessManagerExpired": "This was announced, but too long ago (a week after it was due). Schedule it again.",
    "AccessManagerNotReady": "This is announced, but not due yet.",
    "AccessManagerNotScheduled": "This must be announced first: schedule it.",
    "AccessManagerUnauthorizedAccount": "{msgsender} is not {roleId}, who alone may do this.",
    "AccessManagerUnauthorizedCall": "{caller} does not hold the role that may announce this.",
    "AccessManagerUnauthorizedCancel": "Only who announced it, or the admin, can take it back.",
    "AlreadyAccredited": "{account} is in the register already, as {kind}. Revoke it first to change anything.",
    "AlreadyAttested": "{attestor} has spoken on this evidence already.",
    "AlreadyClaimed": "Row {position} of this round is paid already.",
    "AlreadyConsented": "{attestor} has consented already.",
    "AlreadyLive": "Your sponsorship {sponsorship} of pool {pool} is still live. A sponsor has one at a time.",
    "AlreadyReleased": "Milestone {milestone} of pool {pool} is released already.",
    "AuthorizationExpired": "The signed gift was good until {validBefore}.",
    "AuthorizationNotYetValid": "The signed gift is good only after {validAfter}.",
    "AuthorizationSpent": "The signed gift was used already, or taken back.",
    "AuthorizationBadSignature": _UNSIGNED,
    "BadMember": "The register does not take this member: {reason}.",
    "BadPlan": "The plan cannot be opened: {reason}.",
    "BadProof": "Row {position} of this round is not that of this code. Was the list replaced?",
    "BadReceipt": "Entry {position} does not stand in this batch like that.",
    "BadReceiver": "{to} cannot be paid.",
    "BadRotation": "This attestor cannot be replaced like that: {reason}.",
    "BadRow": "Row {position} of the list has no amount, or is not of the right form.",
    "BadRows": "The list has no rows, or too many.",
    "BadSignature": "The signature is not that of who must have signed. Was it made for something else?",
    "BadTerms": "These terms cannot be: {reason}.",
    "BadWindow": "Claims can be open for 7 to 365 days, not for {claimWindow} s.",
    "CapReached": "This person was paid all that the programme allows. The row goes back with the unclaimed.",
    "DeadlinePassed": "It was to be handed in until {deadline}.",
    "DepositReferenceUsed": "{gateway} has minted for this deposit already.",
    "ERC20InsufficientAllowance": "{spender} may take only {allowance} of yours, and needs {needed}.",
    "ERC20InsufficientBalance": "{sender} has {balance}, and needs {needed}.",
    "ERC20InvalidReceiver": "{receiver} cannot hold tokens.",
    "ERC2612ExpiredSignature": "The permit was good until {deadline}.",
    "ERC2612InvalidSigner": _UNSIGNED,
    "GaveLater": "The gift at {start} came after the evidence, so it has no say on it.",
    "InvalidAccountNonce": "Something else was signed or used meanwhile. Try again.",
    "MilestoneIs": "Milestone {milestone} of pool {pool} is {state}.",
    "MoreThanReleased": "Milestone {milestone} of pool {pool} was not paid {amount} that are not given back.",
    "NextPeriodIs": "Something was collected meanwhile, or a period has passed: look at pledge {pledge} and try again.",
    "NoBatch": "The gateway has recorded no such batch.",
    "NoEvidence": "The evidence has no hash.",
    "SameEvidence": "This very evidence is disputed: all attestors must confirm it, or hand in other evidence.",
    "NoRoundLeft": "Milestone {milestone} of pool {pool} has been judged 65,534 times; there is no round left.",
    "NoGift": "No gift of a wallet stands at {start} in pool {pool}.",
    "NoQuorum": "{consents} attestors have consented to this very milestone; {needed} must.",
    "NoSeat": "Four sponsorships of pool {pool} are live. Wait until one is over.",
    "NoVouchers": "Pool {pool} was opened without vouchers.",
    "NotAMember": "{account} is not in the register.",
    "NotARound": "Milestone {milestone} of pool {pool} is paid to somebody else than the payout book.",
    "NotAccepting": "Pool {pool} takes no gifts: it is unknown, paused or over, or its time for gifts is past.",
    "NotAccredited": "{account} is not in the register as what it must be. Ask the registrar.",
    "NotAnAttestor": "{account} is not an attestor of pool {pool}, or was not when the evidence came.",
    "NotCovered": "The pool has {free} that no other milestone under judgement needs; this one is {amount}.",
    "NotEnoughGas": "The call had too little gas: send it with more.",
    "NotEnoughHeld": "The pool holds {held}; the milestone is {amount}.",
    "NotEnoughLeft": "The milestone has {left} left for vouchers; this is {amount}.",
    "NotForVouchers": "Milestone {milestone} of pool {pool} is not released to the vouchers' book.",
    "NotInvited": "{sponsor} is not invited to sponsor pool {pool}. Ask its NGO.",
    "NotOpenEnded": "Pool {pool} is not open-ended: its milestones are fixed.",
    "NotSeated": "Sponsorship {sponsorship} of pool {pool} has no seat.",
    "NotTheDonor": "{account} is not who gave or pledged this.",
    "NotTheNgo": "{caller} is not the NGO of pool {pool}.",
    "NotThePayee": "{caller} is not the payee of milestone {milestone} of pool {pool}.",
    "NotTheSponsor": "Only the sponsor itself can name another address.",
    "NothingLeft": "Nothing is left of it.",
    "NothingToRefund": "All of the gift at {start} is spent, or paid back already.",
    "OtherEvidence": "Other evidence stands now, with the hash {standing}. Look at that first.",
    "OtherPool": "The receipt is of pool {pool}.",
    "OverMax": "{amount} is more than the ledger can count.",
    "OverMaxPart": "The voucher pays at most {maxPart}, not {amount}.",
    "OverPeriodCap": "The pool pays {left} more on vouchers in this period, not {amount}.",
    "PauseIs": "Pool {pool} is {paused}.",
    "PaysItself": "A provider cannot pay its own bill.",
    "PermitWitnessBadSignature": _UNSIGNED,
    "PermitWitnessExpired": "The signature was good until {deadline}.",
    "PledgeIs": "Pledge {pledge} is {state}.",
    "PoolIs": "Pool {pool} is {state}.",
    "ReferenceUsed": "{gateway} has used this reference already.",
    "RoundIs": "The payout round of milestone {milestone} of pool {pool} is {state}.",
    "RoundNotSealed": "Milestone {milestone} of pool {pool} is a payout round: seal its list first.",
    "SafeERC20FailedOperation": "The token refused to move.",
    "StillLive": "Sponsorship {sponsorship} of pool {pool} is live until {endsAt}.",
    "SupplyTooLarge": "There would be more tokens than the ledger can count.",
    "TakenByGateway": "The gateway took this batch's rest to pay it back in fiat: ask the gateway.",
    "TooEarly": "It is too early: it can be done from {at} on.",
    "TooMuch": "Pool {pool} would have more than the ledger can count.",
    "UnknownMilestone": "Pool {pool} has no milestone {milestone}. Milestones are counted from 0.",
    "UnknownPool": "There is no pool {pool}.",
    "UnknownSponsorship": "Pool {pool} has no sponsorship {sponsorship}.",
    "VoucherIs": "The voucher is {state}.",
    "WindowClosed": "Objections were taken until {at}.",
    "WrongAmountReceived": "The token moved {received} instead of {asked}.",
    "WrongSum": "The list adds up to {sum} (or more); the milestone is {amount}.",
    "ZeroAmount": "The amount is 0.",
    "BadDonor": "Gift {position} names no donor, or the fund itself, which could not be paid back.",
    "ZeroEntry": "Row {position} has the amount 0.",
}  # fmt: skip


def sentence(name: str, values: dict[str, Any], decimals: int = 6) -> str:
    """Return a refusal in a sentence; an error that has none is named as it is."""
    words = {key: _word(name, key, value, decimals) for key, value in values.items()}
    if name == "NotTheDonor":
        words["account"] = words.get("account") or words["caller"]
    if name == "Error":
        return words["message"] or "The ledger refuses it and says not why."
    if name not in SENTENCES:
        return f"The ledger refuses it: {name}({', '.join(words.values())})."
    return SENTENCES[name].format(**words)


def moment(seconds: int) -> str:
    """Show a time."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _word(name: str, key: str, value: Any, decimals: int) -> str:
    word = str(value)
    if key == "state":
        word = _STATES[name][value]
    elif key == "kind":
        word = KINDS[value]
    elif key == "paused":
        word = "paused" if value else "not paused"
    elif key == "roleId":
        word = roles.LABELS.get(value, f"role {value}")
    elif key in _TIMES and isinstance(value, int):
        word = moment(value) if value < 2**32 else "for ever"
    elif key in _MONEY and isinstance(value, int):
        word = shown(value, decimals)
    elif isinstance(value, bytes):
        word = "0x" + value.hex()
    return word
