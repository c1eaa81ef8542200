"""Every question that the pages and the JSON ask, each answered from one snapshot of the index.

Lists come newest first, one page at a time; those of contributions have JSON for items. A method raises
`NotFoundError` for what is not there, `BadParameterError` for a bad cursor and `UnavailableError` while there is no
index.
"""

from __future__ import annotations

import msgspec

from api.explorer import shapes
from api.explorer.queries import (
    batches,
    contributions,
    donors,
    events,
    health,
    judgements,
    movements,
    ngos,
    payers,
    pools,
    receipt,
    refunds,
    trust,
)
from api.explorer.queries import filters as filtered
from api.explorer.queries import search as searching
from api.explorer.queries.base import DEFAULT_LIMIT, MAX_LIMIT
from api.explorer.queries.books import BookQueries
from api.explorer.queries.filters import Filters
from api.explorer.queries.paging import At

__all__ = ["DEFAULT_LIMIT", "MAX_LIMIT", "Filters", "Queries"]


class Queries(BookQueries):
    """The one reader of the index."""

    # ------------------------------------------------------------------------------------------------ overview

    def summary(self, latest: int = 12) -> shapes.Summary:
        """Return the totals by token, the counts, the latest movements and the index's health."""
        with self._read() as read:
            return health.summary(read, self._database, latest)

    def health(self, *, unfinished: bool = False) -> shapes.Health:
        """Return how fresh the index is. `unfinished`: also while it is being built."""
        with self._read(unfinished=unfinished) as read:
            return health.health(read, self._database)

    def readiness(self) -> shapes.Readiness:
        """Return whether there is an index to serve. It reads its notes and its newest block, and nothing else."""
        with self._read(unfinished=True) as read:
            return health.readiness(read)

    def about(self, prefix: str) -> shapes.About:
        """Return what the interface under `prefix` is, and what of its answers is final."""
        with self._read() as read:
            return trust.about(read, prefix)

    def reconciliation(self) -> shapes.Reconciliation:
        """Return what came of the last comparison of the index with the contracts."""
        with self._read() as read:
            return trust.reconciliation(read)

    def movements(self, after: int = 0, limit: int = DEFAULT_LIMIT) -> list[shapes.Movement]:
        """Return what happened after a place, the oldest first."""
        with self._read() as read:
            return movements.after(read, after, limit)

    def last_place(self) -> int:
        """Return the place of the last log, 0 if there is none."""
        with self._read() as read:
            return read.last_log()

    def head_block(self) -> tuple[int, bytes] | None:
        """Return the number and hash of the last indexed block."""
        with self._read() as read:
            return (read.head.number, read.head.hash) if read.head else None

    def has_block(self, number: int, block_hash: bytes) -> bool:
        """Return whether this very block is still part of the chain."""
        with self._read() as read:
            return read.has_block(number, block_hash)

    def latest(self, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> shapes.Page[shapes.Movement]:
        """Return the latest movements."""
        with self._read() as read:
            return movements.latest(read, At(cursor, limit))

    def search(self, q: str) -> list[shapes.Hit]:
        """Return what a text may mean: an id, a name's beginning, an address, a hash, a block number."""
        with self._read() as read:
            return searching.search(read, q)

    # --------------------------------------------------------------------------------------------------- pools

    def pools(
        self,
        *,
        state: shapes.PoolStateName | None = None,
        ngo: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.PoolSummary]:
        """Return pools, the newest first."""
        with self._read() as read:
            return pools.page(read, state, ngo, At(cursor, limit))

    def pool(self, pool: int) -> shapes.Pool:
        """Return a pool with its milestones and releases."""
        with self._read() as read:
            return pools.pool(read, pool)

    def milestones(
        self, pool: int, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> shapes.Page[shapes.Milestone]:
        """Return a pool's milestones in their order."""
        with self._read() as read:
            return pools.milestones(read, pool, At(cursor, limit))

    def milestone(self, pool: int, milestone: int) -> shapes.Milestone:
        """Return one milestone."""
        with self._read() as read:
            return pools.milestone(read, pool, milestone)

    # ------------------------------------------------------------------------------------------- contributions

    def contributions(
        self,
        pool: int,
        filters: Filters | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> msgspec.Raw:
        """Return a pool's contributions.

        The newest first: by place in line, or by the time paid if a time is asked for. If amounts are asked for (and no
        time, donor or gateway), the largest first. With several filters a page may have few items, even none, and yet
        a `next`: so many rows were looked through.
        """
        with self._read() as read:
            return filtered.of_pool(read, pool, filters or Filters(), At(cursor, limit))

    def latest_contributions(self, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> msgspec.Raw:
        """Return the latest contributions of all pools."""
        with self._read() as read:
            return contributions.latest(read, At(cursor, limit))

    def contribution(self, pool: int, start: int) -> shapes.ContributionDetail:
        """Return a contribution with its proof and its trace."""
        with self._read() as read:
            return receipt.detail(read, pool, start)

    def contribution_deliveries(
        self, pool: int, start: int, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> shapes.Page[shapes.Handed]:
        """Return the deliveries and vouchers that a contribution became, in the order of its places."""
        with self._read() as read:
            return receipt.deliveries(read, pool, start, At(cursor, limit))

    def payers(
        self, pool: int, milestone: int, cursor: str | None = None, limit: int = DEFAULT_LIMIT
    ) -> shapes.Page[shapes.Payer]:
        """Return the gifts that paid a milestone's release, in the line's order."""
        with self._read() as read:
            return payers.page(read, pool, milestone, At(cursor, limit))

    def batches(
        self,
        *,
        pool: int | None = None,
        gateway: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Batch]:
        """Return batches, of a pool, of a gateway, of both or all."""
        with self._read() as read:
            return batches.page(read, pool, gateway, At(cursor, limit))

    def batch(self, batch: bytes) -> shapes.Batch:
        """Return a batch."""
        with self._read() as read:
            return batches.batch(read, batch)

    def batch_contributions(self, batch: bytes, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> msgspec.Raw:
        """Return a batch's entries, in their order: the only list that does not begin with the newest."""
        with self._read() as read:
            return contributions.of_batch(read, batch, At(cursor, limit))

    # -------------------------------------------------------------------------------------------------- people

    def donor(self, donor: bytes) -> shapes.Donor:
        """Return all that a donor id gave, by pool."""
        with self._read() as read:
            return donors.donor(read, donor)

    def donor_contributions(self, donor: bytes, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> msgspec.Raw:
        """Return a donor's contributions to all pools."""
        with self._read() as read:
            return contributions.of_donor(read, donor, At(cursor, limit))

    def ngos(self, cursor: str | None = None, limit: int = DEFAULT_LIMIT) -> shapes.Page[shapes.NgoSummary]:
        """Return the NGOs, the latest accredited first."""
        with self._read() as read:
            return ngos.page(read, At(cursor, limit))

    def ngo(self, address: bytes) -> shapes.Ngo:
        """Return an NGO with its newest pools."""
        with self._read() as read:
            return ngos.ngo(read, address)

    # ------------------------------------------------------------------------------------------ what was said

    def attestations(
        self,
        *,
        pool: int | None = None,
        ngo: bytes | None = None,
        attestor: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Attestation]:
        """Return attestations, filtered by any of pool, the pool's NGO and attestor."""
        with self._read() as read:
            return judgements.attestations(read, pool=pool, ngo=ngo, attestor=attestor, at=At(cursor, limit))

    def releases(
        self,
        *,
        pool: int | None = None,
        ngo: bytes | None = None,
        payee: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Release]:
        """Return releases, filtered by any of pool, the pool's NGO and payee."""
        with self._read() as read:
            return judgements.releases(read, pool=pool, ngo=ngo, payee=payee, at=At(cursor, limit))

    def objections(
        self,
        *,
        pool: int | None = None,
        milestone: int | None = None,
        donor: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Objection]:
        """Return objections, filtered by any of pool, milestone and donor; see `sifted` of several."""
        with self._read() as read:
            return judgements.objections(read, pool=pool, milestone=milestone, donor=donor, at=At(cursor, limit))

    def returns(
        self,
        *,
        pool: int | None = None,
        ngo: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Return]:
        """Return what payees gave back, filtered by pool or its NGO."""
        with self._read() as read:
            return judgements.returns(read, pool=pool, ngo=ngo, at=At(cursor, limit))

    def refunds(
        self,
        *,
        pool: int | None = None,
        account: bytes | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Refund]:
        """Return refunds, filtered by pool, by donor or gateway, or both; see `sifted` of both."""
        with self._read() as read:
            return refunds.page(read, pool, account, At(cursor, limit))

    def events(
        self,
        *,
        event: str | None = None,
        tx: bytes | None = None,
        from_block: int | None = None,
        to_block: int | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> shapes.Page[shapes.Event]:
        """Return raw logs, filtered by any of event name, transaction and block range."""
        with self._read() as read:
            return events.page(read, event=event, tx=tx, from_block=from_block, to_block=to_block, at=At(cursor, limit))
