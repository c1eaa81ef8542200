"""What the registrar does: says who is who, and appoints gateways."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from scripts import roles
from scripts.commands import typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.operator import appoint
from scripts.commands.refusals import KINDS

app = role("The registrar: who is who.")


class Kind(StrEnum):
    """What a member is."""

    NGO = "ngo"
    ATTESTOR = "attestor"
    GATEWAY = "gateway"
    TOKEN = "token"  # noqa: S105 -- a kind of member
    PROVIDER = "provider"


@action(app, "accredit")
def accredit(
    desk: Desk,
    account: str,
    kind: Kind,
    name: str,
    *,
    about: Annotated[Path | None, typer.Option("--about", help="a text about the member, whose hash is kept")] = None,
    uri: Annotated[str, typer.Option("--uri", help="where the text can be had")] = "",
) -> None:
    """Enter a member."""
    who = typed.address(account)
    digest = typed.file_hash(about) if about else bytes(32)
    desk.do(
        [f"{who} stands in the register as “{typed.name(name).rstrip(bytes(1)).decode()}”, {kind.value}."],
        "Pools that are opened with it keep it, even if you revoke it.",
        desk.ledger.register,
        "accredit",
        *(who, KINDS.index(kind.value), typed.name(name), digest, uri),
    )


@action(app, "revoke")
def revoke(desk: Desk, account: str) -> None:
    """Remove a member."""
    who = typed.address(account)
    what = f"{desk.who(who)} is no longer in the register."
    desk.do([what], "Pools that are open keep it.", desk.ledger.register, "revoke", who)


@action(app, "appoint-gateway")
def appoint_gateway(desk: Desk, account: str) -> None:
    """Let an account mint tokens and record batches."""
    desk.say("Warning: a gateway can mint tokens that no deposit stands behind, in public.")
    appoint(desk, roles.GATEWAY, account, appointed=True)


@action(app, "dismiss-gateway")
def dismiss_gateway(desk: Desk, account: str) -> None:
    """Let an account mint and record no longer. What it recorded stays."""
    appoint(desk, roles.GATEWAY, account, appointed=False)
