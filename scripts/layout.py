"""What a deployment is, whoever carries it out: the contracts in their order, what each is made with, who gets what.

`deploy` sends it through a `Maker`: Brownie in scripts/deploy.py, plain JSON-RPC in the tests.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from scripts import roles

if TYPE_CHECKING:
    from scripts.ledger import Ledger

CONTRACTS: dict[str, tuple[str, ...]] = {
    "Consortium": ("deployer",),
    "Register": ("Consortium",),
    "SettlementToken": ("Consortium", "token name", "token symbol"),
    "Judgement": ("Register", "PooledFund"),
    "SponsorBook": ("PooledFund",),
    "PayoutBook": ("PooledFund",),
    "PooledFund": ("Consortium", "Register", "Judgement", "SponsorBook", "PayoutBook"),
    "PledgeBook": ("PooledFund",),
    "VoucherBook": ("PooledFund",),
}
"""Every contract in the order of deployment, with its constructor's arguments by name: another contract's address,
made already or yet to be made, or one of the values of `deploy`."""

WIRES = {
    "Judgement": {"FUND": "PooledFund"},
    "SponsorBook": {"FUND": "PooledFund"},
    "PayoutBook": {"FUND": "PooledFund"},
    "PooledFund": {
        "REGISTER": "Register",
        "JUDGEMENT": "Judgement",
        "SPONSORS": "SponsorBook",
        "PAYOUTS": "PayoutBook",
    },
    "PledgeBook": {"FUND": "PooledFund"},
    "VoucherBook": {"FUND": "PooledFund", "REGISTER": "Register"},
}
"""Which view of a contract must name which other contract."""

TOKEN_NAME, TOKEN_SYMBOL = "Moa Dollar", "MUSD"
TOKEN_KIND = 4


class LayoutError(Exception):
    """What is on the chain is not the layout; every deviation is named."""


class Maker(Protocol):
    """Who sends the transactions of a deployment."""

    def nonce(self, account: str) -> int:
        """Return the number of the account's next transaction."""

    def create(self, sender: str, contract: str, *arguments: Any) -> str:
        """Deploy a compiled contract and return its address."""

    def call(self, sender: str, contract: str, function: str, *arguments: Any) -> None:
        """Call a contract that was deployed before, by the name of its ABI."""


@dataclass(frozen=True)
class Parties:
    """Who holds what when the deployment is done."""

    deployer: str
    admin: str
    operator: str
    registrar: str
    pauser: str

    def members(self, *, at_once: bool = False) -> roles.Members:
        """Return the members that the chain must have, and no others. The registrar appoints the gateways later."""
        return {
            roles.ADMIN: {self.admin: 0 if at_once else roles.ADMIN_DELAY},
            roles.OPERATOR: {self.operator: 0},
            roles.REGISTRAR: {self.registrar: 0},
            roles.GATEWAY: {},
            roles.PAUSER: {self.pauser: 0},
            roles.CANCELLER: {self.operator: roles.CANCEL_DELAY},
        }


def address_of(deployer: str, nonce: int) -> str:
    """Return the address of the contract that an account makes with its transaction of this number."""
    number = nonce.to_bytes((nonce.bit_length() + 7) // 8, "big")
    if len(number) != 1 or nonce > 0x7F:
        number = bytes([0x80 + len(number)]) + number
    # RLP of the pair: the length of a list this short is its first byte.
    pair = b"\x94" + bytes.fromhex(deployer[2:]) + number
    return to_checksum_address(keccak(bytes([0xC0 + len(pair)]) + pair)[12:])


def deploy(maker: Maker, parties: Parties, *, at_once: bool = False) -> dict[str, tuple[str, list[Any]]]:
    """Deploy and hand over; returns each contract's address and its constructor's arguments.

    `at_once` leaves out the delays that make the admin's changes public beforehand: for tests only.
    """
    first = maker.nonce(parties.deployer)
    meant = {name: address_of(parties.deployer, first + place) for place, name in enumerate(CONTRACTS)}
    values = meant | {"deployer": parties.deployer, "token name": TOKEN_NAME, "token symbol": TOKEN_SYMBOL}
    made: dict[str, tuple[str, list[Any]]] = {}
    for name, arguments in CONTRACTS.items():
        given = [values[argument] for argument in arguments]
        address = maker.create(parties.deployer, name, *given)
        if to_checksum_address(address) != meant[name]:
            raise LayoutError(f"{name} is at {address}, not at {meant[name]}: who else sends from the deployer?")
        made[name] = (meant[name], given)
    _hand_over(maker, parties, meant, at_once=at_once)
    return made


def _hand_over(maker: Maker, parties: Parties, at: dict[str, str], *, at_once: bool) -> None:
    def manage(function: str, *arguments: Any) -> None:
        maker.call(parties.deployer, "Consortium", function, *arguments)

    for (name, signature), role in roles.FUNCTIONS.items():
        manage("setTargetFunctionRole", at[name], [keccak(text=signature)[:4]], role)
    for role, label in roles.LABELS.items():
        if role != roles.ADMIN:
            manage("labelRole", role, label)
    for role, members in parties.members(at_once=at_once).items():
        for member, delay in members.items():
            manage("grantRole", role, member, delay)
    for role, admin in roles.ROLE_ADMINS.items():
        if admin != roles.ADMIN:
            manage("setRoleAdmin", role, admin)
    if not at_once:
        for role, delay in roles.GRANT_DELAYS.items():
            if delay:
                manage("setGrantDelay", role, delay)
        for name in roles.MANAGED:
            manage("setTargetAdminDelay", at[name], roles.ADMIN_DELAY)
    title = TOKEN_NAME.encode().ljust(32, b"\0")
    maker.call(parties.registrar, "Register", "accredit", at["SettlementToken"], TOKEN_KIND, title, bytes(32), "")
    manage("renounceRole", roles.ADMIN, parties.deployer)


def check(ledger: Ledger, expected: roles.Members) -> None:
    """Raise unless the contracts name one another and every role is as in the layout."""
    wrong = [*_wiring(ledger), *roles.deviations(ledger, expected)]
    if wrong:
        raise LayoutError("What is on the chain is not the layout: " + "; ".join(wrong) + ".")


def _wiring(ledger: Ledger) -> list[str]:
    wrong = []
    for name, wires in WIRES.items():
        for view, other in wires.items():
            found = to_checksum_address(ledger.view(ledger.contracts[name], view))
            if found != ledger.deployment.addresses[other]:
                wrong.append(f"{name}.{view} is {found}, not the {other}")
    return wrong
