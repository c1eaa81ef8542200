"""What anyone may do for all: collect what is due, hand in what others signed, send back what nobody claimed."""

from __future__ import annotations

from pathlib import Path

from scripts import collecting
from scripts.commands import handing, ngo
from scripts.commands.common import action, role
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.refusals import REASONS

SHOWN = 5
"""Anyone can make any number of pledges: of those that are left out so many are named."""

app = role("Anyone who keeps things going.")


@action(app, "collect")
def collect(desk: Desk) -> None:
    """Collect every pledge that is due."""
    book = desk.ledger.pledges
    due = collecting.due(desk.ledger)
    for reason, numbers in due.left_out.items():
        some = ", ".join(map(str, numbers[:SHOWN])) + (", …" if len(numbers) > SHOWN else "")
        what = f"{len(numbers)} due pledge{'s are' if len(numbers) > 1 else ' is'} left out ({some})"
        desk.say(f"{what}: {REASONS[reason]}.")
    if not due.found:
        desk.say("No pledge can be collected." if due.left_out else "No pledge is due.")
        return
    got = 0
    for part in collecting.calls(desk.ledger, due.found):
        what = f"{len(part)} pledges are due: from {part[0]} to {part[-1]}. Each donor's amount goes to its pool."
        final = "A pledge that cannot be collected is named, and stops no other."
        receipt = desk.do([what], final, book, "collect", part)
        for log in receipt["logs"]:
            if log["topics"][0] == book.topic("CollectionFailed"):
                failed = book.event("CollectionFailed", log)
                desk.say(f"Pledge {failed['pledge']} was not collected: {REASONS[failed['reason']]}.")
            elif log["topics"][0] == book.topic("Collected"):
                got += len(book.event("Collected", log)["rows"])
    desk.say(f"{got} of {len(due.found)} pledges were collected.")


action(app, "release")(ngo.release)


@action(app, "expire")
def expire(desk: Desk, pool: int, milestone: int) -> None:
    """Send what nobody claimed of a payout round, or of vouchers, back to its pool."""
    payee = desk.view(desk.ledger.fund, "milestoneOf", pool, milestone)["payee"]
    books = {b.address: b for b in (desk.ledger.payouts, desk.ledger.vouchers)}
    if payee not in books:
        raise RefusedError(f"Milestone {milestone} of {desk.title(pool)} is neither a payout round nor for vouchers.")
    what = f"What nobody claimed of milestone {milestone} goes back to {desk.title(pool)}, to the places it came from."
    desk.do([what], "Nobody can claim it then.", books[payee], "expire", pool, milestone)


@action(app, "free-seat")
def free_seat(desk: Desk, pool: int, sponsorship: int) -> None:
    """Free the seat of a sponsorship that is over, so that gifts no longer pay for looking at it."""
    what = f"Sponsorship {sponsorship} of {desk.title(pool)} leaves its seat."
    final = "No money moves; what is left of its budget stays its sponsor's."
    desk.do([what], final, desk.ledger.sponsors, "unseat", pool, sponsorship)


@action(app, "unpause")
def unpause(desk: Desk, pool: int) -> None:
    """End a pause whose 7 days are over."""
    desk.do([f"The pause of {desk.title(pool)} ends."], "Its clock runs again.", desk.ledger.fund, "unpause", pool)


@action(app, "hand-in")
def hand_in(desk: Desk, file: Path) -> None:
    """Hand in what somebody signed: an attestation, a gift, a pledge, an objection, a refund, a claim or a bill."""
    handing.hand_in(desk, file)
