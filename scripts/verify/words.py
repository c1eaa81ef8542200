"""The contracts' words: their events and views, in Solidity, as contracts/interfaces has them."""

from __future__ import annotations

EVENTS = {
    "PooledFund": """
        PoolOpened(uint256 indexed pool, address indexed ngo, address indexed token, bytes32 name,
            bytes32 descriptionHash, string descriptionURI, uint64 fundingThreshold, uint32 fundingDeadline,
            bool openEnded, uint24 objectionWindow, uint24 attestationWindow, uint16 objectionThreshold, uint8 quorum)
        LimitsSet(uint256 indexed pool, bytes32 programme, uint64 beneficiaryCap, uint64 voucherCap,
            uint32 voucherPeriod)
        MilestoneOpened(uint256 indexed pool, uint256 indexed milestone, address indexed payee, uint64 amount,
            uint32 evidenceDeadline)
        DeadlineMoved(uint256 indexed pool, uint32 acceptsUntil, uint32 defaultsAt)
        Contributed(uint256 indexed pool, address indexed donor, address token, uint64 amount, uint64 start)
        ContributionsBrought(uint256 indexed pool, address indexed bearer, address token, uint64 amount, uint64 start,
            uint256 count)
        BatchRecorded(uint256 indexed pool, bytes32 indexed batch, address indexed gateway, address token,
            bytes32 gatewayReference, bytes32 root, uint64 start, uint64 amount, uint32 count, bytes entries)
        Released(uint256 indexed pool, uint256 indexed milestone, address indexed payee, address token, uint64 amount,
            address caller)
        Spent(uint256 indexed pool, uint256 indexed milestone, uint64 start, uint64 amount)
        Returned(uint256 indexed pool, uint256 indexed milestone, address indexed payee, address token, uint64 amount,
            uint64 start)
        Refunded(uint256 indexed pool, address indexed donor, bytes32 indexed batch, address token, uint64 amount,
            uint64 start, address to, address caller)
        BatchRefunded(uint256 indexed pool, bytes32 indexed batch, address indexed gateway, address token,
            uint64 amount, address to)
        MatchingSet(uint256 indexed pool, bool matched)
        Cancelled(uint256 indexed pool, address indexed account)
        Paused(uint256 indexed pool, address indexed account, uint32 until, uint32 clockShift)
        Unpaused(uint256 indexed pool, address indexed account, uint32 clockShift)
        AuthorityUpdated(address authority)
        EIP712DomainChanged()""",
    "Judgement": """
        AttestorSeated(uint256 indexed pool, address indexed attestor)
        EvidenceSubmitted(uint256 indexed pool, uint256 indexed milestone, address indexed ngo, uint16 round,
            bytes32 evidence, string uri, uint64 line)
        Attested(uint256 indexed pool, uint256 indexed milestone, address indexed attestor, uint16 round,
            bytes32 evidence, bool approved)
        MilestoneApproved(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, uint32 releasableAt)
        MilestoneRejected(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, bool last)
        Objected(uint256 indexed pool, uint256 indexed milestone, address indexed donor, uint16 round,
            bytes32 evidence, uint64 start, uint64 amount)
        MilestoneDisputed(uint256 indexed pool, uint256 indexed milestone, bytes32 evidence, uint16 round,
            uint64 objected, uint64 line)
        MilestoneConsented(uint256 indexed pool, uint256 indexed milestone, address indexed attestor, address payee,
            uint64 amount, uint32 evidenceDeadline)
        RotationConsented(uint256 indexed pool, address indexed leaving, address indexed joining, address attestor)
        RotationAgreed(uint256 indexed pool, address indexed leaving, address indexed joining, uint32 at)
        AttestorReplaced(uint256 indexed pool, address indexed leaving, address indexed joining)
        EIP712DomainChanged()""",
    "PayoutBook": """
        RoundSealed(uint256 indexed pool, uint256 indexed milestone, address indexed ngo, uint32 version,
            uint64 amount, uint32 count, uint32 claimWindow, bytes rows)
        RoundOpened(uint256 indexed pool, uint256 indexed milestone, address token, uint64 amount, uint32 claimsUntil,
            uint64 beneficiaryCap, bytes32 scope)
        Delivered(uint256 indexed pool, uint256 indexed milestone, address indexed to, uint32 position, address token,
            uint64 amount, uint64 start, address caller)
        RoomUsed(bytes32 indexed scope, bytes32 indexed nullifier, uint64 amount)
        ClaimFailed(uint256 indexed pool, uint256 indexed milestone, uint32 position, address caller, bytes reason)
        RoundExpired(uint256 indexed pool, uint256 indexed milestone, address token, uint64 amount, address caller)
        EIP712DomainChanged()""",
    "PledgeBook": """
        Pledged(uint256 indexed pledge, address indexed donor, uint256 indexed pool, address token, uint64 amount,
            Period period, uint32 firstDue, uint32 lastDue, uint16 times, uint64 cap, uint256 replaces, address caller)
        PledgePaused(uint256 indexed pledge, address indexed donor)
        PledgeResumed(uint256 indexed pledge, address indexed donor)
        PledgeSkipped(uint256 indexed pledge, address indexed donor, uint16 period)
        PledgeLowered(uint256 indexed pledge, address indexed donor, uint64 amount, uint64 cap)
        PledgeStopped(uint256 indexed pledge, address indexed donor)
        Collected(uint256 indexed pool, address indexed keeper, address token, uint64 amount, uint64 start,
            bytes32[] rows)
        CollectionFailed(uint256 indexed pledge, address indexed donor, Reason reason)""",
    "SponsorBook": """
        Invited(uint256 indexed pool, address indexed sponsor, bool invited)
        Locked(uint256 indexed pool, uint256 indexed sponsorship, address indexed sponsor, address token,
            uint64 budget, uint16 ratioPercent, uint64 capPerGift, uint32 endsAt)
        Matched(uint256 indexed pool, uint256 indexed sponsorship, address indexed sponsor, address token,
            uint64 amount, uint256 gifts)
        Unseated(uint256 indexed pool, uint256 indexed sponsorship)
        Withdrawn(uint256 indexed pool, uint256 indexed sponsorship, address indexed sponsor, address to,
            address token, uint64 amount, address caller)""",
    "VoucherBook": """
        VoucherRedeemed(uint256 indexed pool, uint256 indexed milestone, address indexed provider, bytes32 voucher,
            address token, uint64 own, uint64 fromPool, bytes32 evidence, address payer)
        VoucherRevoked(uint256 indexed pool, uint256 indexed milestone, bytes32 indexed voucher, address ngo)
        VouchersExpired(uint256 indexed pool, uint256 indexed milestone, address token, uint64 amount, address caller)
        EIP712DomainChanged()""",
    "Register": """
        Accredited(address indexed account, Kind indexed kind, bytes32 name, bytes32 detailsHash, string detailsURI)
        Revoked(address indexed account, Kind indexed kind)
        AuthorityUpdated(address authority)""",
    "SettlementToken": """
        Transfer(address indexed from, address indexed to, uint256 value)
        Minted(address indexed gateway, address indexed to, bytes32 indexed depositReference, uint256 amount)
        Approval(address indexed owner, address indexed spender, uint256 value)
        AuthorizationUsed(address indexed authorizer, bytes32 indexed nonce)
        AuthorizationCanceled(address indexed authorizer, bytes32 indexed nonce)
        AuthorityUpdated(address authority)
        EIP712DomainChanged()""",
    "Consortium": """
        OperationScheduled(bytes32 indexed operationId, uint32 indexed nonce, uint48 schedule, address caller,
            address target, bytes data)
        OperationExecuted(bytes32 indexed operationId, uint32 indexed nonce)
        OperationCanceled(bytes32 indexed operationId, uint32 indexed nonce)
        RoleLabel(uint64 indexed roleId, string label)
        RoleGranted(uint64 indexed roleId, address indexed account, uint32 delay, uint48 since, bool newMember)
        RoleRevoked(uint64 indexed roleId, address indexed account)
        RoleAdminChanged(uint64 indexed roleId, uint64 indexed admin)
        RoleGuardianChanged(uint64 indexed roleId, uint64 indexed guardian)
        RoleGrantDelayChanged(uint64 indexed roleId, uint32 delay, uint48 since)
        TargetClosed(address indexed target, bool closed)
        TargetFunctionRoleUpdated(address indexed target, bytes4 selector, uint64 indexed roleId)
        TargetAdminDelayUpdated(address indexed target, uint32 delay, uint48 since)""",
}
"""All events by contract; those of the consortium as OpenZeppelin's AccessManager has them."""


ENUMS = {"Kind": 6, "Period": 3, "Reason": 13}
"""The enumerations of IRegister and IPledgeBook, and how many values each has; in the ABI they are uint8."""

_INTERVALS = "(uint64 start, uint64 amount)[]"
VIEWS = {
    "poolCount()": "(uint256 count)",
    "pledgeCount()": "(uint256 count)",
    "JUDGEMENT()": "(address it)",
    "SPONSORS()": "(address it)",
    "PAYOUTS()": "(address it)",
    "REGISTER()": "(address it)",
    "FUND()": "(address it)",
    "balanceOf(address)": "(uint256 balance)",
    "totalSupply()": "(uint256 supply)",
    "heldOf(uint256)": "(uint256 held)",
    "isMatched(uint256)": "(bool matched)",
    "poolOf(uint256)": """(address token, uint64 raised, uint32 acceptsUntil, uint64 released, uint64 returned,
        uint64 refunded, uint64 fundingThreshold, address ngo, uint32 fundingDeadline, uint32 defaultsAt,
        uint32 pausedUntil, uint32 clockShift, uint16 milestones, uint16 milestonesReleased, bool openEnded,
        bool paused, uint32 returnsUntil, bytes32 name, bytes32 descriptionHash)""",
    "limitsOf(uint256)": "(bytes32 programme, uint64 beneficiaryCap, uint64 voucherCap, uint32 voucherPeriod)",
    "milestonesOf(uint256)": "(address payee, uint64 amount, uint32 releasedAt)[]",
    "returnedOf(uint256)": _INTERVALS,
    "spentOf(uint256,uint256)": _INTERVALS,
    "giftAt(uint256,uint64)": "(address donor, uint64 amount)",
    "refundedOf(uint256,uint64)": "(uint64 amount)",
    "batchOf(bytes32)": """(bytes32 root, uint64 start, uint64 amount, uint64 refunded, uint24 count, uint32 pool,
        bool taken)""",
    "panelOf(uint256)": """(address ngo, uint24 objectionWindow, uint24 attestationWindow, uint16 objectionThreshold,
        uint8 quorum, uint8 attestors, bool openEnded, uint16 rotations, uint16 firstOpen, uint16 milestones,
        uint32 idleUntil, uint64 reserved)""",
    "Judgement.milestonesOf(uint256)": """(bytes32 evidence, uint8 state, bool disputed, uint16 round,
        uint16 rotations, uint8 yes, uint8 no, uint32 evidenceDeadline, uint32 submittedAt, uint32 decidedAt,
        uint32 due, uint64 lineAtEvidence, uint64 objected)[]""",
    "isAttestor(uint256,address)": "(bool sits)",
    "roundOf(uint256,uint256)": """(address token, uint64 delivered, uint32 claimsUntil, uint64 amount,
        uint64 beneficiaryCap, uint32 count, uint32 version, uint32 claimWindow, bool closed, bytes32 scope)""",
    "leftOf(uint256,uint256)": "(uint64 left)",
    "VoucherBook.stateOf(bytes32)": "(uint8 state)",
    "hasAttested(uint256,uint256,address)": "(bool attested)",
    "isClaimed(uint256,uint256,uint32)": "(bool claimed)",
    "paidOf(bytes32,bytes32)": "(uint64 paid)",
    "isInvited(uint256,address)": "(bool invited)",
    "seatsOf(uint256)": "(uint64 first, uint64 second, uint64 third, uint64 fourth)",
    "memberOf(address)": "(uint8 kind, bytes32 name, bytes32 detailsHash)",
    "depositReferenceUsed(address,bytes32)": "(bool used)",
    "milestoneConsents(uint256,(address,uint64,uint32))": "(uint256 consents)",
    "rotationConsents(uint256,address,address)": "(uint256 consents, uint256 at)",
    "sponsorshipOf(uint256,uint256)": """(address sponsor, uint64 left, uint32 endsAt, uint64 budget,
        uint64 withdrawn, uint64 capPerGift, uint16 ratioPercent)""",
    "pledgeOf(uint256)": """(address donor, uint64 amount, uint32 pool, uint32 firstDue, uint32 lastDue,
        uint16 nextPeriod, uint16 times, uint16 collections, uint64 cap, uint64 collected, uint8 period,
        uint8 state)""",
}
"""What is asked of storage, by signature; the Judgement's `milestonesOf` has the same one as the fund's."""

HOLDERS = ("Approval", "AuthorizationCanceled", "AuthorizationUsed", "Transfer")
"""What the token's holders do with it is replayed from the chain; no index, bundle or explorer tells of it."""
