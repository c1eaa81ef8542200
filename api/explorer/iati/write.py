"""Writes IATI 2.03: elements in the schema's order, texts without what XML cannot hold."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, tostring

from api.explorer.database import Database
from api.explorer.failures import NotFoundError
from api.explorer.iati import read as reading
from api.explorer.iati.given import OTHER, Given
from api.explorer.iati.read import Ngo, Paid, Planned, Pool
from api.explorer.text import decimal

STATUS = {"funding": "1", "active": "2", "completed": "3", "frozen": "5"}
SUSPENDED = "6"
INCOMING, DISBURSEMENT, EXPENDITURE = "1", "3", "4"
ACTUAL_START, PLANNED_END, ACTUAL_END = "2", "3", "4"
FUNDING, ACCOUNTABLE, IMPLEMENTING = "1", "2", "4"
ORIGINAL, INDICATIVE, OUTPUT, QUALITATIVE = "1", "1", "1", "5"

_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
_UNFIT = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(database: Database, ngo: Ngo, given: Given) -> Iterator[bytes]:
    """Yield the file, an activity for each pool. A piece may be empty.

    Raises:
        NotFoundError: The currency of a pool's token is not given, or the token does not say its decimals.
        RewoundError: The chain no longer has the block; what was yielded is no XML then.

    """
    for pool in ngo.pools:
        _check_money(pool, given)
    at = ngo.pin
    yield (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<!-- chain {at.chain_id}, block {at.number} 0x{at.hash.hex()} -->\n"
        f'<iati-activities version="2.03" generated-datetime="{_moment(at.time)}">\n'
    ).encode()
    for pool in ngo.pools:
        activity = Activity(ngo, pool, given)
        yield from activity.gather(database)
        yield tostring(activity.element(), "utf-8") + b"\n"
    yield b"</iati-activities>\n"


def _check_money(pool: Pool, given: Given) -> None:
    token = f"the token 0x{pool.token.hex()} of pool {pool.number}"
    if pool.token not in given.currencies:
        raise NotFoundError(f"a currency for {token}: the operator gives it in MOA_IATI's file, under currencies")
    if pool.decimals is None:
        raise NotFoundError(f"the decimals of {token}")


class Activity:
    """One pool as an iati-activity."""

    def __init__(self, ngo: Ngo, pool: Pool, given: Given) -> None:
        self._ngo, self._pool, self._given = ngo, pool, given
        self._gifts: list[tuple[int, int, int]] = []
        self._refunds: list[tuple[int, int, int]] = []

    def gather(self, database: Database) -> Iterator[bytes]:
        """Add up gifts and refunds by day; yields nothing, now and then."""
        for found, days in ((self._gifts, reading.gifts), (self._refunds, reading.refunds)):
            for day in days(database, self._ngo.pin, self._pool.number):
                if day is None:
                    yield b""
                else:
                    found.append(day)

    def element(self) -> Element:
        """Return the activity."""
        pool, given = self._pool, self._given
        made = Element(
            "iati-activity",
            {
                _LANGUAGE: given.language,
                "default-currency": given.currencies[pool.token],
                "last-updated-datetime": _moment(self._ngo.pin.time),
            },
        )
        self._add_who(made)
        SubElement(made, "activity-status", code=self._status())
        self._add_dates(made)
        where = given.where(pool.number)
        if where.country:
            SubElement(made, "recipient-country", code=where.country, percentage="100")
        if where.sector:
            SubElement(made, "sector", vocabulary="1", code=where.sector, percentage="100")
        self._add_budgets(made)
        self._add_plans(made)
        self._add_transactions(made)
        for milestone in pool.milestones.values():
            self._add_result(made, milestone)
        return made

    # ------------------------------------------------------------------------------------------------ who and what

    def _add_who(self, made: Element) -> None:
        ngo, pool = self._ngo, self._pool
        organisation = self._given.organisations.get(ngo.address)
        ref = organisation.ref if organisation else f"eip155-{ngo.pin.chain_id}-0x{ngo.address.hex()}"
        kind = organisation.type if organisation else OTHER
        identifier = f"{ref}-moa-{ngo.pin.chain_id}-0x{ngo.fund.hex()}-{pool.number}"
        SubElement(made, "iati-identifier").text = identifier
        _narrative(SubElement(made, "reporting-org", ref=ref, type=kind), ngo.name)
        _narrative(SubElement(made, "title"), pool.title)
        _narrative(SubElement(made, "description", type="1"), pool.description or pool.title)
        donors = SubElement(made, "participating-org", role=FUNDING)
        _narrative(donors, "Donors and sponsors, through Moa", "en")
        for role in (ACCOUNTABLE, IMPLEMENTING):
            _narrative(SubElement(made, "participating-org", ref=ref, type=kind, role=role), ngo.name)

    def _status(self) -> str:
        return SUSPENDED if self._pool.paused and self._pool.ended is None else STATUS[self._pool.state]

    def _add_dates(self, made: Element) -> None:
        pool = self._pool
        dates = {ACTUAL_START: pool.opened}
        if pool.milestones:
            dates[PLANNED_END] = max(milestone.deadline for milestone in pool.milestones.values())
        if pool.ended is not None:
            dates[ACTUAL_END] = max(pool.ended, pool.opened)
        for kind, time in dates.items():
            SubElement(made, "activity-date", {"type": kind, "iso-date": _day(time)})

    # ------------------------------------------------------------------------------------------------------ money

    def _add_budgets(self, made: Element) -> None:
        """Add what is planned, by the year of the evidence deadline: a plan, as nobody has promised to give it."""
        years: dict[int, int] = {}
        for milestone in self._pool.milestones.values():
            year = int(_day(milestone.deadline)[:4])
            years[year] = years.get(year, 0) + milestone.amount
        for year, amount in sorted(years.items()):
            budget = SubElement(made, "budget", type=ORIGINAL, status=INDICATIVE)
            start = max(f"{year}-01-01", min(_day(self._pool.opened), f"{year}-12-31"))
            self._add_period(budget, start, f"{year}-12-31")
            self._add_value(budget, amount, self._pool.opened)

    def _add_plans(self, made: Element) -> None:
        for milestone in self._pool.milestones.values():
            if not milestone.released and self._pool.ended is None:
                plan = SubElement(made, "planned-disbursement", type=ORIGINAL)
                self._add_period(plan, *self._span(milestone))
                self._add_value(plan, milestone.amount, self._pool.opened)
                self._add_organisation(plan, "receiver-org", milestone.payee)

    def _add_transactions(self, made: Element) -> None:
        for day, amount, count in self._gifts:
            said = f"{count} gifts" if count > 1 else "1 gift"
            self._add_transaction(made, INCOMING, day, amount, said)
        for day, amount, count in self._refunds:
            said = f"{count} refunds to donors" if count > 1 else "1 refund to a donor"
            self._add_transaction(made, INCOMING, day, -amount, said)
        for paid in self._pool.payments:
            self._add_payment(made, paid)

    def _add_payment(self, made: Element, paid: Paid) -> None:
        kind = EXPENDITURE if paid.payee in self._ngo.books else DISBURSEMENT
        said = "Released to the payee" if paid.amount > 0 else "Given back by the payee"
        transaction = self._add_transaction(made, kind, paid.time, paid.amount, said)
        self._add_organisation(transaction, "receiver-org", paid.payee)

    def _add_transaction(self, made: Element, kind: str, time: int, amount: int, said: str) -> Element:
        transaction = SubElement(made, "transaction")
        SubElement(transaction, "transaction-type", code=kind)
        SubElement(transaction, "transaction-date", {"iso-date": _day(time)})
        self._add_value(transaction, amount, time)
        _narrative(SubElement(transaction, "description"), said, "en")
        return transaction

    def _add_value(self, parent: Element, amount: int, time: int) -> None:
        value = SubElement(parent, "value", {"value-date": _day(time)})
        value.text = decimal(amount, self._pool.decimals or 0)

    def _add_organisation(self, parent: Element, name: str, account: bytes) -> None:
        organisation = self._given.organisations.get(account)
        said = {"ref": organisation.ref, "type": organisation.type} if organisation else {}
        _narrative(SubElement(parent, name, said), self._ngo.names[account])

    # ---------------------------------------------------------------------------------------------------- results

    def _add_result(self, made: Element, milestone: Planned) -> None:
        result = SubElement(made, "result", {"type": OUTPUT, "aggregation-status": "false"})
        _narrative(SubElement(result, "title"), f"Milestone {milestone.number + 1}", "en")
        indicator = SubElement(result, "indicator", measure=QUALITATIVE)
        _narrative(SubElement(indicator, "title"), "What independent attestors say of the evidence", "en")
        period = SubElement(indicator, "period")
        self._add_period(period, *self._span(milestone))
        target = SubElement(SubElement(period, "target"), "comment")
        _narrative(target, "The evidence is approved.", "en")
        if milestone.verdict is not None:
            time, approved = milestone.verdict
            said = f"The evidence was {'approved' if approved else 'rejected'} on {_day(time)}."
            _narrative(SubElement(SubElement(period, "actual"), "comment"), said, "en")

    def _span(self, milestone: Planned) -> tuple[str, str]:
        return _day(self._pool.opened), _day(max(milestone.deadline, self._pool.opened))

    def _add_period(self, parent: Element, start: str, end: str) -> None:
        SubElement(parent, "period-start", {"iso-date": start})
        SubElement(parent, "period-end", {"iso-date": end})


def _narrative(parent: Element, text: str, language: str | None = None) -> None:
    element = SubElement(parent, "narrative", {_LANGUAGE: language} if language else {})
    element.text = _UNFIT.sub("\ufffd", text)


def _day(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d")


def _moment(time: int) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
