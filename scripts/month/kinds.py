"""What can happen in the demo's month: the kinds of things that story.py tells."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tranche:
    """One milestone: its payee (a place, or a book's name), dollars, the day until which evidence may come."""

    payee: int | str
    dollars: int
    deadline: int


@dataclass(frozen=True)
class Programme:
    """One pool of the month. Days count from the month's start."""

    title: str
    ngo: int
    text: str
    attestors: tuple[int, ...]
    quorum: int
    window: int  # of objection, in days
    milestones: tuple[Tranche, ...]
    daily: dict[int, int]  # gifts a day by gateway
    threshold: int = 0
    closes: int | None = None  # last day of gifts
    open_ended: bool = False
    vouchers: int = 0  # dollars a week
    objections: int = 2_000  # above which they dispute a milestone, in hundredths of a percent


@dataclass(frozen=True)
class Gift:
    """A gift by wallet that the story needs."""

    programme: int
    donor: int
    day: float
    dollars: int


@dataclass(frozen=True)
class Shown:
    """Evidence: for which milestone, when, which file; then what each attestor says, and when."""

    programme: int
    milestone: int
    day: float
    kind: str  # the kind of file: md, csv or svg
    title: str
    body: str
    says: list[tuple[int, float, bool, bool]] = field(default_factory=list)  # attestor, day, yes, by signature
    released: float | None = None


@dataclass(frozen=True)
class Objection:
    """A contributor's no: a wallet with all that it gave, or a phone with its first receipts."""

    programme: int
    milestone: int
    day: float
    who: int | str
    receipts: int = 0


@dataclass(frozen=True)
class Pledge:
    """A wallet's standing order: dollars each day (0) or week (1), at most so many times."""

    donor: int
    programme: int
    day: float
    dollars: int
    period: int
    times: int
    by_signature: bool = False


@dataclass(frozen=True)
class PledgeChange:
    """What a donor does to its pledge, named by its place in the list: pause, resume, stop or lower (to dollars)."""

    pledge: int
    day: float
    what: str
    dollars: int = 0


@dataclass(frozen=True)
class Round:
    """A payout round: so many families get so many dollars each; so many of them come, some through an agent."""

    programme: int
    milestone: int
    sealed: float
    families: int
    dollars: int
    come: int
    days: tuple[float, ...]
    claim_days: int
    expires: float


@dataclass(frozen=True)
class Sponsorship:
    """A sponsor's match of a programme's gifts."""

    programme: int
    sponsor: int
    day: float
    dollars: int
    percent: int
    most: int
    until: int
    withdrawn: float


@dataclass(frozen=True)
class Bill:
    """A bill that is paid with a voucher: dollars of the patient's own, and of the pool."""

    programme: int
    milestone: int
    day: float
    own: int
    from_pool: int
    text: str


@dataclass(frozen=True)
class GivenUp:
    """A pool that its NGO cancels."""

    programme: int
    day: float


@dataclass(frozen=True)
class Refund:
    """Who is paid back from a pool that is over: a wallet, a phone's receipt code (to a wallet), or a gateway."""

    programme: int
    day: float
    who: int | str = 0
    to: int = 0
    gateway: int | None = None
