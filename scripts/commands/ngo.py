"""What an NGO does: opens pools, shows evidence, is paid, gives back, gives up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts import plans
from scripts.commands import planfile, typed
from scripts.commands.common import action, role
from scripts.commands.desk import Desk
from scripts.commands.refusals import moment

app = role("An accredited NGO.")
Uri = Annotated[str, typer.Option("--uri", help="where the file can be had")]


@action(app, "open-pool")
def open_pool(desk: Desk, plan: Path) -> None:
    """Open a pool from a plan file (TOML or JSON; see docs/plan.toml). Nothing of it can be changed afterwards."""
    found = planfile.read(plan, desk)
    desk.do(
        planfile.words(found, desk),
        "The plan is fixed for ever. What happens to the pool then, only its milestones, attestors and donors decide.",
        desk.ledger.fund,
        "openPool",
        found.words(),
    )
    desk.say(f"The last pool is number {desk.view(desk.ledger.fund, 'poolCount')}.")


def milestone_of(desk: Desk, pool: int, payee: str, amount: str, deadline: str) -> plans.Milestone:
    """Return a next milestone as it was typed."""
    return plans.Milestone(typed.address(payee), desk.token(pool).units(amount), desk.later(deadline))


@action(app, "append-milestone")
def append_milestone(desk: Desk, pool: int, payee: str, amount: str, deadline: str) -> None:
    """Add a milestone to an open-ended pool, which its attestors have consented to (payee, amount, deadline)."""
    made = milestone_of(desk, pool, payee, amount, deadline)
    money = desk.token(pool).shown(made.amount)
    desk.do(
        [
            f"You add a milestone to {desk.title(pool)}: {money} to {desk.who(made.payee)}, "
            f"with evidence until {moment(made.evidence_deadline)}."
        ],
        "It cannot be changed or taken away.",
        desk.ledger.fund,
        "appendMilestone",
        pool,
        made.words(),
    )


@action(app, "submit-evidence")
def submit_evidence(desk: Desk, pool: int, milestone: int, file: Path, uri: Uri) -> None:
    """Show a file as the evidence that a milestone is met."""
    digest = typed.file_hash(file)
    due = moment(desk.now + desk.view(desk.ledger.judgement, "panelOf", pool)["attestationWindow"])
    desk.do(
        [
            f"You show {file.name} (SHA-256 0x{digest.hex()}, to be had at {uri}) as the evidence for "
            f"milestone {milestone} of {desk.title(pool)}.",
            f"The attestors have until {due} to judge it; without a verdict the pool freezes.",
        ],
        "Once it stands it cannot be replaced unless it is rejected or disputed.",
        desk.ledger.judgement,
        "submitEvidence",
        pool,
        milestone,
        digest,
        uri,
    )


@action(app, "release")
def release(desk: Desk, pool: int, milestone: int) -> None:
    """Let an approved milestone be paid to its payee, once its objection window is over."""
    planned = desk.view(desk.ledger.fund, "milestoneOf", pool, milestone)
    desk.do(
        [
            f"Milestone {milestone} of {desk.title(pool)} is paid: {desk.token(pool).shown(planned['amount'])} to "
            f"{desk.who(planned['payee'])}."
        ],
        "The payment cannot be taken back.",
        desk.ledger.fund,
        "release",
        pool,
        milestone,
    )


@action(app, "cancel")
def cancel(desk: Desk, pool: int) -> None:
    """Give up a pool: it freezes at once and for ever, and its contributors get back what is unspent."""
    held = desk.token(pool).shown(desk.view(desk.ledger.fund, "heldOf", pool))
    desk.do(
        [f"You give up {desk.title(pool)}. The {held} that it holds go back to its contributors."],
        "It can never be opened again.",
        desk.ledger.fund,
        "cancel",
        pool,
    )


@action(app, "give-back")
def give_back(desk: Desk, pool: int, milestone: int, amount: str) -> None:
    """As the payee of a released milestone, give back a part or all of it."""
    token = desk.token(pool)
    units = token.units(amount)
    desk.do(
        [f"You give {token.shown(units)} of milestone {milestone} back to {desk.title(pool)}."],
        "It cannot be taken back: it is spent again by the pool, or refunded to its contributors.",
        desk.ledger.fund,
        "giveBack",
        pool,
        milestone,
        units,
        allow=(token, units),
    )


@action(app, "invite-sponsor")
def invite_sponsor(
    desk: Desk, pool: int, sponsor: str, *, no_longer: Annotated[bool, typer.Option("--no-longer")] = False
) -> None:
    """Let somebody sponsor a pool, or no longer."""
    account = typed.address(sponsor)
    what = "may no longer lock a budget" if no_longer else "may lock a budget that matches the gifts"
    desk.do(
        [f"{desk.who(account)} {what} to {desk.title(pool)}."],
        "You can change this at any time; a budget that is locked already stays.",
        desk.ledger.sponsors,
        "invite",
        pool,
        account,
        not no_longer,
    )
