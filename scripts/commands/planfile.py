"""A pool's plan in a file, TOML or JSON, read strictly: every field is known, and a wrong one is named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts import plans
from scripts.commands import typed
from scripts.commands.desk import Token
from scripts.commands.refusals import moment
from scripts.commands.typed import TypedError
from scripts.ledger import Contract

if TYPE_CHECKING:
    from collections.abc import Callable

    from scripts.commands.desk import Desk

BOOKS = {"payouts": "PayoutBook", "vouchers": "VoucherBook"}
"""Words that stand for a book as a payee."""

FIELDS = {
    *("name", "description", "description_uri", "threshold", "funding_deadline", "open_ended", "token"),
    *("panel", "limits", "milestones"),
}
PANEL = {"attestors", "quorum", "objection_window", "attestation_window", "objection_threshold"}
LIMITS = {"programme", "beneficiary_cap", "voucher_cap", "voucher_period"}
MILESTONE = {"payee", "amount", "evidence_deadline"}


def read(path: Path, desk: Desk) -> plans.Plan:
    """Read a plan."""
    try:
        found = typed.parsed(path, "a plan") if path.suffix == ".json" else tomllib.loads(typed.contents(path).decode())
    except TypedError:
        raise
    except UnicodeDecodeError:
        raise TypedError(f"{path} is not TOML: it is not UTF-8 text.") from None
    except (ValueError, RecursionError) as error:
        raise TypedError(f"{path} is not TOML: {error}.") from None
    if not isinstance(found, dict):
        raise TypedError(f"{path} does not hold a plan.")
    if not found:
        raise TypedError(f"{path} is empty. docs/plan.toml is an example.")
    try:
        return _Reader(path, desk).plan(found)
    except TypedError as error:
        raise TypedError(f"{path}: {error}") from None


class _Reader:
    def __init__(self, path: Path, desk: Desk) -> None:
        self.path = path
        self.desk = desk
        self.money = desk.money

    def plan(self, found: dict[str, Any]) -> plans.Plan:
        self.known(found, FIELDS, "")
        panel, limits = self.table(found, "panel"), self.table(found, "limits", {})
        self.known(panel, PANEL, "panel.")
        self.known(limits, LIMITS, "limits.")
        milestones = found.get("milestones")
        if not isinstance(milestones, list) or not milestones:
            raise TypedError("milestones: at least one is needed.")
        self.vouchers = "voucher_cap" in limits
        token = self.of("token", found, typed.address, self.desk.ledger.token.address)
        self.money = money_of(token, self.desk)
        text = found.get("description")
        return plans.Plan(
            token,
            self.of("name", found, typed.name),
            typed.file_hash(self.path.parent / text) if isinstance(text, str) and text else bytes(32),
            str(found.get("description_uri", "")),
            self.panel(panel),
            [self.milestone(number, milestone) for number, milestone in enumerate(milestones)],
            threshold=self.of("threshold", found, self.amount, 0),
            deadline=self.of("funding_deadline", found, typed.date, 0),
            open_ended=self.flag(found, "open_ended"),
            limits=plans.Limits(
                self.of("programme", limits, typed.digest, plans.NO_PROGRAMME, "limits."),
                self.of("beneficiary_cap", limits, self.amount, 0, "limits."),
                self.of("voucher_cap", limits, self.amount, 0, "limits."),
                self.of("voucher_period", limits, typed.span, 0, "limits."),
            ),
        )

    def panel(self, found: dict[str, Any]) -> plans.Panel:
        attestors = found.get("attestors")
        if not isinstance(attestors, list) or not attestors:
            raise TypedError("panel.attestors: at least one is needed.")
        quorum = found.get("quorum")
        if not isinstance(quorum, int) or isinstance(quorum, bool) or not 0 < quorum <= len(attestors):
            raise TypedError(f"panel.quorum: {quorum!r} is not 1 to {len(attestors)}, the number of attestors.")
        return plans.Panel(
            [self.of("attestors", {"attestors": a}, typed.address, None, "panel.") for a in attestors],
            quorum,
            self.of("objection_window", found, typed.span, plans.Panel.objection_window, "panel."),
            self.of("attestation_window", found, typed.span, plans.Panel.attestation_window, "panel."),
            self.of("objection_threshold", found, typed.percent, plans.Panel.objection_threshold, "panel."),
        )

    def milestone(self, number: int, found: Any) -> plans.Milestone:
        where = f"milestones[{number}]."
        if not isinstance(found, dict):
            raise TypedError(f"milestones[{number}]: not a table.")
        self.known(found, MILESTONE, where)
        return plans.Milestone(
            self.of("payee", found, self.payee, None, where),
            self.of("amount", found, self.amount, None, where),
            self.of("evidence_deadline", found, typed.date, None, where),
        )

    def payee(self, text: str) -> str:
        """Read a payee: a book by its word, or an account that can pay out what it gets."""
        contracts: dict[str, str] = {name: contract.address for name, contract in self.desk.ledger.contracts.items()}
        address = contracts[BOOKS[text]] if text in BOOKS else typed.address(text)
        kept = {known: name for name, known in contracts.items() if name not in BOOKS.values()}
        if name := kept.get(address, "token" if address == self.money.contract.address else ""):
            raise TypedError(f"{address} is Moa's {name}, which could never pay the money out again.")
        if address == contracts["VoucherBook"] and not self.vouchers:
            raise TypedError(
                "vouchers need limits.voucher_cap and limits.voucher_period: without them none can be paid."
            )
        return address

    def amount(self, text: str) -> int:
        return self.money.units(text)

    def of(
        self, field: str, found: dict[str, Any], read: Callable[[str], Any], usual: Any = None, where: str = ""
    ) -> Any:
        """Read a field that is written as a text; a TOML date is one as well, a bare number is not."""
        value = found.get(field)
        if value is None:
            if usual is None:
                raise TypedError(f"{where}{field}: missing.")
            return usual
        text = value.isoformat() if hasattr(value, "isoformat") else value
        if not isinstance(text, str):
            raise TypedError(f"{where}{field}: write {value!r} as a text, in quotes.")
        try:
            return read(text)
        except TypedError as error:
            raise TypedError(f"{where}{field}: {error}") from None

    def table(self, found: dict[str, Any], field: str, usual: dict[str, Any] | None = None) -> dict[str, Any]:
        value = found.get(field, usual)
        if not isinstance(value, dict):
            raise TypedError(f"{field}: missing, or not a table.")
        return value

    def flag(self, found: dict[str, Any], field: str) -> bool:
        value = found.get(field, False)
        if not isinstance(value, bool):
            raise TypedError(f"{field}: {value!r} is not true or false.")
        return value

    def known(self, found: dict[str, Any], fields: set[str], where: str) -> None:
        if unknown := sorted(set(found) - fields):
            raise TypedError(f"{where}{unknown[0]}: no such field. There are: {', '.join(sorted(fields))}.")


def money_of(token: str, desk: Desk) -> Token:
    """Return the token of a plan."""
    return desk.money if token == desk.money.contract.address else Token(desk, Contract("SettlementToken", token))


def words(plan: plans.Plan, desk: Desk) -> list[str]:
    """Put a plan into words."""
    money, panel = money_of(plan.token, desk), plan.panel
    until = moment(plan.deadline) if plan.deadline else "for ever"
    name = plan.name.rstrip(bytes(1)).decode()
    lines = [
        f"You ({desk.account}) open the pool “{name}” in {money.symbol}.",
        f"Gifts are taken until {until}; below {money.shown(plan.threshold)} by then they go back.",
    ]
    for number, milestone in enumerate(plan.milestones):
        lines.append(
            f"Milestone {number}: {money.shown(milestone.amount)} to {desk.who(milestone.payee)}, "
            f"evidence until {moment(milestone.evidence_deadline)}."
        )
    lines.append(f"{panel.quorum} of these attestors must say yes, within {panel.attestation_window // 3600} h:")
    lines += [f"  {desk.who(attestor)}" for attestor in panel.attestors]
    lines.append(
        f"Donors may object for {panel.objection_window // 3600} h; more than {panel.objection_threshold / 100:g} % "
        "of what was given dispute a milestone."
    )
    if plan.open_ended:
        lines.append("The pool is open-ended: with the attestors' quorum milestones can be added.")
    if plan.limits.beneficiary_cap:
        lines.append(f"One beneficiary gets at most {money.shown(plan.limits.beneficiary_cap)} over all rounds.")
    if plan.limits.voucher_cap:
        days = plan.limits.voucher_period / 86_400
        lines.append(f"Vouchers pay at most {money.shown(plan.limits.voucher_cap)} in {days:g} days.")
    return lines
