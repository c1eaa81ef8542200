"""The role layout, as one table, and the check that the chain has exactly this and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_utils.address import to_checksum_address

from scripts.ledger import signature_of

if TYPE_CHECKING:
    from scripts.ledger import Ledger

ADMIN, OPERATOR, REGISTRAR, GATEWAY, PAUSER, CANCELLER = range(6)
LABELS = {
    ADMIN: "ADMIN",
    OPERATOR: "OPERATOR",
    REGISTRAR: "REGISTRAR",
    GATEWAY: "GATEWAY",
    PAUSER: "PAUSER",
    CANCELLER: "CANCELLER",
}
DAY = 86_400

MANAGED = ("Register", "SettlementToken", "PooledFund")
"""The contracts that ask the consortium who may call them. All others have no roles."""

FUNCTIONS = {
    ("PooledFund", "unpause(uint256)"): OPERATOR,
    ("Register", "accredit(address,uint8,bytes32,bytes32,string)"): REGISTRAR,
    ("Register", "revoke(address)"): REGISTRAR,
    ("SettlementToken", "mint(address,uint256,bytes32)"): GATEWAY,
    ("PooledFund", "recordBatch(uint256,bytes32,bytes)"): GATEWAY,
    ("PooledFund", "pause(uint256)"): PAUSER,
    ("PooledFund", "cancelByOperator(uint256)"): CANCELLER,
}
"""Every restricted function, and the role that may call it. Any other role-checked call is the admin's alone."""

ROLE_ADMINS = {OPERATOR: ADMIN, REGISTRAR: ADMIN, GATEWAY: REGISTRAR, PAUSER: OPERATOR, CANCELLER: ADMIN}
"""Who appoints whom. Nobody guards a role but the admin."""

ADMIN_DELAY = 2 * DAY
"""Whatever the admin does is public for so long before it can be done."""

CANCEL_DELAY = 7 * DAY
"""The operator's cancellation of a pool is public for so long before it can be done."""

GRANT_DELAYS = {ADMIN: 2 * DAY, OPERATOR: 2 * DAY, REGISTRAR: 2 * DAY, GATEWAY: 2 * DAY, PAUSER: 0, CANCELLER: 2 * DAY}
"""How long after its grant a role works. OpenZeppelin lets a changed delay begin 5 days after the change, so gateways
that are appointed in a deployment's first 5 days work at once."""

Members = dict[int, dict[str, int]]
"""Role, then account, then the delay of what the account does in that role."""


def deviations(ledger: Ledger, expected: Members) -> list[str]:
    """Say wherein a function's role, a role's rules or a member is not as in the layout."""
    return [*_functions(ledger), *_rules(ledger), *_members(ledger, expected)]


def _functions(ledger: Ledger) -> list[str]:
    wrong = []
    manager = ledger.consortium
    for contract in map(ledger.contracts.__getitem__, MANAGED):
        for name, entry in contract.functions.items():
            if entry["stateMutability"] in ("view", "pure"):
                continue
            role = ledger.view(manager, "getTargetFunctionRole", contract.address, contract.selector(name))
            meant = FUNCTIONS.get((contract.name, signature_of(entry)), ADMIN)
            if role != meant:
                wrong.append(f"{contract.name}.{name} is role {role}'s, not {LABELS[meant]}'s")
        if to_checksum_address(ledger.view(contract, "authority")) != manager.address:
            wrong.append(f"{contract.name} has another authority")
        if ledger.view(manager, "isTargetClosed", contract.address):
            wrong.append(f"{contract.name} is closed")
    return wrong


def _rules(ledger: Ledger) -> list[str]:
    wrong = []
    manager = ledger.consortium
    now = int(ledger.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)
    grants = {e["roleId"]: (e["delay"], e["since"]) for e in ledger.events(manager, "RoleGrantDelayChanged")}
    targets = {
        to_checksum_address(e["target"]): (e["delay"], e["since"])
        for e in ledger.events(manager, "TargetAdminDelayUpdated")
    }
    labels = {e["roleId"]: e["label"] for e in ledger.events(manager, "RoleLabel")}
    for role, admin in {ADMIN: ADMIN, **ROLE_ADMINS}.items():
        label = LABELS[role]
        if ledger.view(manager, "getRoleAdmin", role) != admin:
            wrong.append(f"{label} is not appointed by {LABELS[admin]}")
        if ledger.view(manager, "getRoleGuardian", role) != ADMIN:
            wrong.append(f"{label} has a guardian")
        if role != ADMIN and labels.get(role) != label:
            wrong.append(f"{label} is not labelled")
        current = ledger.view(manager, "getRoleGrantDelay", role)
        wrong += _delay(f"{label}'s grant delay", GRANT_DELAYS[role], grants.get(role), current, now)
    for contract in map(ledger.contracts.__getitem__, MANAGED):
        current = ledger.view(manager, "getTargetAdminDelay", contract.address)
        wrong += _delay(f"{contract.name}'s admin delay", ADMIN_DELAY, targets.get(contract.address), current, now)
    return wrong


def _delay(what: str, meant: int, change: tuple[int, int] | None, current: int, now: int) -> list[str]:
    """Compare a delay that may only begin later: its last change must be the one meant."""
    delay, since = change or (0, 0)
    if delay != meant or current != (meant if now >= since else 0):
        return [f"{what} is {current} s (to be {delay} s), not {meant} s"]
    return []


def _members(ledger: Ledger, expected: Members) -> list[str]:
    manager = ledger.consortium
    found: set[tuple[int, str]] = set()
    for event in ("RoleGranted", "RoleRevoked"):
        found |= {(e["roleId"], to_checksum_address(e["account"])) for e in ledger.events(manager, event)}
    meant: dict[tuple[int, str], int] = {
        (role, to_checksum_address(account)): delay
        for role, accounts in expected.items()
        for account, delay in accounts.items()
    }
    wrong = []
    for role, account in sorted(found | set(meant)):
        member, delay = ledger.view(manager, "hasRole", role, account)
        label = LABELS.get(role, str(role))
        if member != ((role, account) in meant):
            wrong.append(f"{account} is{'' if member else ' not'} {label}")
        elif member and delay != meant[role, account]:
            wrong.append(f"{account} acts as {label} after {delay} s, not {meant[role, account]} s")
    return wrong
