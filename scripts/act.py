"""Every action of every role: `python -m scripts.act <role> <action> …`; `--help` anywhere says what there is.

Each says in plain words what will happen, tries it out on the ledger without sending it, asks, and only then sends.
"""

from __future__ import annotations

import typer

from scripts.commands import (
    admin,
    attestor,
    donor,
    gateway,
    keeper,
    member,
    ngo,
    operator,
    pauser,
    payouts,
    pledges,
    registrar,
    signed,
    sponsor,
    vouchers,
)

ROLES = {
    "donor": donor.app,
    "ngo": ngo.app,
    "attestor": attestor.app,
    "gateway": gateway.app,
    "beneficiary": payouts.app,
    "provider": vouchers.app,
    "sponsor": sponsor.app,
    "keeper": keeper.app,
    "operator": operator.app,
    "registrar": registrar.app,
    "pauser": pauser.app,
    "admin": admin.app,
    "member": member.app,
    "holder": member.holder,
}

app = typer.Typer(help="Act on the ledger.", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
for name, commands in ROLES.items():
    app.add_typer(commands, name=name)

__all__ = ["ROLES", "app", "pledges", "signed"]

if __name__ == "__main__":
    app(prog_name="python -m scripts.act")
