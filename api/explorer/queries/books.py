"""The questions about the books beside the fund."""

from __future__ import annotations

from api.explorer import shapes
from api.explorer.queries import pledges, rounds, sponsors
from api.explorer.queries.base import DEFAULT_LIMIT, Base
from api.explorer.queries.paging import At


class BookQueries(Base):
    """Standing orders, payout rounds, sponsors, vouchers."""

    def pledges(
        self,
        *,
        pool: int | None = None,
        donor: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Pledge]:
        """Return standing orders, of a pool, of a donor, of both or all."""
        with self._read() as read:
            return pledges.page(read, pool, donor, At(cursor, limit))

    def pledge(self, pledge: int) -> shapes.Pledge:
        """Return a standing order."""
        with self._read() as read:
            return pledges.pledge(read, pledge)

    def collections(
        self,
        *,
        pledge: int | None = None,
        donor: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Collection]:
        """Return what was collected of a standing order, or of all that a donor made."""
        with self._read() as read:
            return pledges.collections(read, pledge, donor, At(cursor, limit))

    def rounds(
        self, *, pool: int | None = None, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> shapes.Page[shapes.Round]:
        """Return payout rounds, of a pool or all."""
        with self._read() as read:
            return rounds.page(read, pool, At(cursor, limit))

    def round(self, pool: int, milestone: int) -> shapes.Round:
        """Return a payout round."""
        with self._read() as read:
            return rounds.round_(read, pool, milestone)

    def deliveries(
        self, pool: int, milestone: int, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> shapes.Page[shapes.Delivery]:
        """Return a payout round's deliveries."""
        with self._read() as read:
            return rounds.deliveries(read, pool, milestone, At(cursor, limit))

    def sponsorships(
        self,
        *,
        pool: int | None = None,
        sponsor: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Sponsorship]:
        """Return sponsorships, of a pool, of a sponsor, of both or all."""
        with self._read() as read:
            return sponsors.page(read, pool, sponsor, At(cursor, limit))

    def vouchers(
        self,
        *,
        pool: int | None = None,
        provider: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Voucher]:
        """Return vouchers that were redeemed or revoked, of a pool, of a provider, of both or all."""
        with self._read() as read:
            return rounds.vouchers(read, pool, provider, At(cursor, limit))
