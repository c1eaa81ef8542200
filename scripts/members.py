"""The demo's cast, and how its members get their places: each step is skipped if the chain says that it is done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from eth_utils.address import to_checksum_address

from scripts.content import Content, uri
from scripts.gifts import name_of
from scripts.roles import GATEWAY

if TYPE_CHECKING:
    from scripts.ledger import Ledger

NGO_KIND, ATTESTOR_KIND, GATEWAY_KIND, _, PROVIDER_KIND = range(1, 6)

DEPLOYER, ADMIN, OPERATOR, REGISTRAR, PAUSER = range(5)
"""The node's first accounts, as scripts/deploy.py takes them."""
REPLAY_GATEWAY, REPLAY_NGO = 5, 6
REPLAY_ATTESTORS = (7,)
MOBILE_MONEY, CARDS = 10, 11
NGOS = (12, 13, 14)
ATTESTORS = (15, 16, 17, 18, 19)
DONORS = tuple(range(20, 32))
PAYEES = tuple(range(32, 40))
RELAYER = 40
KEEPER, SPONSOR, CLINIC, AGENT = 41, 42, 43, 44


class Cast:
    """The accounts of the local node, by their places."""

    def __init__(self, ledger: Ledger, content: Content) -> None:
        self.ledger = ledger
        self.content = content
        self.accounts = [to_checksum_address(a) for a in ledger.node.call("eth_accounts")]

    def __getitem__(self, place: int) -> str:
        """Return an account's address."""
        return self.accounts[place]

    def accredit(self, place: int, kind: int, name: str, about: str) -> None:
        """Let the registrar enter a member, unless it is one."""
        ledger, account = self.ledger, self[place]
        digest = self.content.text(name, about)
        if not ledger.view(ledger.register, "isAccredited", account, kind):
            arguments = (account, kind, name_of(name), digest, uri(digest))
            ledger.send(self[REGISTRAR], ledger.register, "accredit", *arguments, gas=300_000)

    def appoint_gateway(self, place: int) -> None:
        """Let the registrar give an account the gateway's role, unless it has it."""
        ledger = self.ledger
        if not ledger.view(ledger.consortium, "hasRole", GATEWAY, self[place])[0]:
            ledger.send(self[REGISTRAR], ledger.consortium, "grantRole", GATEWAY, self[place], 0, gas=200_000)
