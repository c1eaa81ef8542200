"""What a pauser does: pulls the brake."""

from __future__ import annotations

from scripts import roles
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.refusals import moment

app = role("Who can pull the brake.")


@action(app, "pause")
def pause(desk: Desk, pool: int) -> None:
    """Stop new gifts to a pool and new evidence in it, for 7 days at most."""
    until = moment(desk.now + 7 * roles.DAY)
    what = f"{desk.title(pool)} takes no gifts and no evidence until {until}. Its clock stands still."
    desk.do([what], "Refunds, claims and objections go on.", desk.ledger.fund, "pause", pool)
