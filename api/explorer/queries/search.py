"""Search by anything that is printed on a receipt or a page."""

from __future__ import annotations

import re

from sqlalchemy import ColumnElement, Table, and_, func, or_, select

from api import tables
from api.explorer import shapes, text
from api.explorer.failures import BadParameterError
from api.explorer.queries import movements
from api.explorer.queries.alike import lowered
from api.explorer.queries.contributions import is_donor
from api.explorer.queries.reader import Reader
from api.explorer.text import PREFIX
from api.types import ANONYMOUS

MAX_HITS = 20
MAX_LENGTH = 200
SHORTEST_WORDS = 3
"""What is shorter may only begin a name."""

_CONTRIBUTION = re.compile(r"([0-9]{1,10})-([0-9]{1,19})", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_HEX = re.compile(r"(?:0x)?([0-9a-f]{40}|[0-9a-f]{64})", re.ASCII)


def search(read: Reader, q: str) -> list[shapes.Hit]:
    """Return what a text may mean, the surest first.

    Raises:
        BadParameterError: It is too long. Each of its words is a condition, and databases take only so many.

    """
    wanted = q.strip()
    if not wanted:
        return []
    if len(wanted) > MAX_LENGTH:
        raise BadParameterError("q", f"longer than {MAX_LENGTH} characters: nothing has so long a name")
    hits: list[shapes.Hit] = []
    lower = wanted.lower()
    if found := _CONTRIBUTION.fullmatch(lower):
        hits += _contribution(read, int(found[1]), int(found[2]))
    if _NUMBER.fullmatch(lower):
        hits += _number(read, int(lower))
    if found := _HEX.fullmatch(lower):
        value = bytes.fromhex(found[1])
        hits += _address(read, value) if len(value) == 20 else _hash(read, value)
    hits += _names(read, wanted)
    return list({(hit["kind"], hit["url"]): hit for hit in hits}.values())[:MAX_HITS]


def _hit(kind: str, label: str, url: str) -> shapes.Hit:
    return {"kind": kind, "label": label, "url": url}


def _has(read: Reader, table: Table, condition: ColumnElement[bool]) -> bool:
    return read.connection.execute(select(1).select_from(table).where(condition).limit(1)).first() is not None


def _contribution(read: Reader, pool: int, start: int) -> list[shapes.Hit]:
    gift = tables.contributions.c
    if start >= 2**63 or not _has(read, tables.contributions, (gift.pool == pool) & (gift.start == start)):
        return []
    return [_hit("contribution", f"Contribution {pool}-{start}", f"/contribution/{pool}-{start}")]


def _number(read: Reader, number: int) -> list[shapes.Hit]:
    hits = []
    if read.has_pool(number):
        hits.append(_pool(read, number))
    if _has(read, tables.blocks, tables.blocks.c.number == number):
        hits.append(_block(number))
    return hits


def _pool(read: Reader, number: int) -> shapes.Hit:
    return _hit("pool", f"Pool {number}: {read.pool_name(number)}", f"/pool/{number}")


def _block(number: int) -> shapes.Hit:
    return _hit("block", f"Block {number}", f"{PREFIX}/events?from_block={number}&to_block={number}")


def is_called(name: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    """Tell whether a name begins so, has words that begin so, or was cut and begins what is wanted."""
    if len(wanted) < SHORTEST_WORDS:
        return _begins(name, wanted)
    shown, asked = func.lower(name), lowered(wanted)
    words = [(" " + shown).contains(" " + word, autoescape=True) for word in asked.split()]
    kept = func.rtrim(shown, "…")
    cut = name.endswith("…") & (func.length(kept) > 0) & (func.substr(asked, 1, func.length(kept)) == kept)
    return or_(and_(*words), cut)


def _begins(name: ColumnElement[str], wanted: str) -> ColumnElement[bool]:
    return func.lower(name).startswith(lowered(wanted), autoescape=True)


def _names(read: Reader, wanted: str) -> list[shapes.Hit]:
    """Return the pools and NGOs that are called so, the ones whose names begin so first; capitals do not matter."""
    pool, member = tables.pools.c, tables.members.c
    first = _begins(pool.name, wanted).desc()
    named = select(pool.pool).where(is_called(pool.name, wanted)).order_by(first, pool.pool.desc())
    hits = [_pool(read, row.pool) for row in read.rows(named.limit(MAX_HITS))]
    accounts = select(member.account).where(is_called(member.name, wanted)).group_by(member.account)
    for row in read.rows(accounts.order_by(func.min(member.log)).limit(MAX_HITS)):
        hits += _member(read, row.account)
    return hits


def _address(read: Reader, account: bytes) -> list[shapes.Hit]:
    shown = text.hexed(account)
    hits = _member(read, account)
    if account == read.fund:
        hits.append(_hit("fund", f"The fund, PooledFund at {shown}", "/check"))
    if account != ANONYMOUS and is_donor(read, account):
        hits.append(_hit("donor", f"Donor {shown}", f"/donor/{shown}"))
    if _has(read, tables.releases, tables.releases.c.payee == account):
        hits.append(_hit("payee", f"Payee {shown}", f"{PREFIX}/releases?payee={shown}"))
    return hits


def _member(read: Reader, account: bytes) -> list[shapes.Hit]:
    who, shown = read.who(account), text.hexed(account)
    pages = {
        "ngo": f"/ngo/{shown}",
        "attestor": f"{PREFIX}/attestations?attestor={shown}",
        "gateway": f"{PREFIX}/batches?gateway={shown}",
        "token": "/",
        "provider": f"{PREFIX}/vouchers?provider={shown}",
    }
    if who["kind"] is None:
        return []
    revoked = " (revoked)" if who["revoked"] else ""
    kind = "NGO" if who["kind"] == "ngo" else who["kind"].capitalize()
    return [_hit(who["kind"], f"{kind} {who['name']}{revoked}", pages[who["kind"]])]


def _hash(read: Reader, value: bytes) -> list[shapes.Hit]:
    shown = text.hexed(value)
    hits = []
    if _has(read, tables.batches, tables.batches.c.batch == value):
        hits.append(_hit("batch", f"Batch {shown}", f"/batch/{shown}"))
    batches = tables.batches.c
    reference = select(batches.batch).where(batches.reference == value).order_by(batches.log)
    for row in read.rows(reference.limit(MAX_HITS)):
        batch = text.hexed(row.batch)
        hits.append(_hit("reference", f"Batch {batch}, recorded with this reference", f"/batch/{batch}"))
    voucher = tables.vouchers.c
    told = select(voucher.pool, voucher.milestone).where(voucher.voucher == value).order_by(voucher.log)
    for row in read.rows(told.limit(1)):
        url = f"/pool/{row.pool}#milestone-{row.milestone + 1}"
        hits.append(_hit("voucher", f"Voucher for milestone {row.milestone + 1} of pool {row.pool}", url))
    return hits + _transaction(read, value) + _file(read, value) + _block_hash(read, value)


def _transaction(read: Reader, value: bytes) -> list[shapes.Hit]:
    logs, shown = tables.logs.c, text.hexed(value)
    if not _has(read, tables.logs, logs.tx == value):
        return []
    moved = movements.of_logs(read, select(logs.log).where(logs.tx == value), MAX_HITS)
    labels = {move["url"]: f"{move['kind'].capitalize()} in pool {move['pool']}, in this transaction" for move in moved}
    hits = [_hit("transaction", label, url) for url, label in labels.items()]
    return [*hits, _hit("transaction", f"Logs of transaction {shown}", f"{PREFIX}/events?tx={shown}")]


def _file(read: Reader, value: bytes) -> list[shapes.Hit]:
    """Return the evidence, descriptions and details that have this hash."""
    proof, pool, member = tables.evidence.c, tables.pools.c, tables.members.c
    hits = [
        _hit("evidence", f"Evidence for milestone {row.milestone + 1} of pool {row.pool}", f"/pool/{row.pool}")
        for row in read.rows(
            select(proof.pool, proof.milestone).where(proof.hash == value).order_by(proof.log).limit(MAX_HITS)
        )
    ]
    if not any(value):
        return hits
    hits += [
        _hit("description", f"Description of pool {row.pool}: {read.pool_name(row.pool)}", f"/pool/{row.pool}")
        for row in read.rows(select(pool.pool).where(pool.description_hash == value).order_by(pool.log).limit(MAX_HITS))
    ]
    accounts = select(member.account).where(member.details_hash == value).group_by(member.account)
    for row in read.rows(accounts.order_by(func.min(member.log)).limit(MAX_HITS)):
        hits += _member(read, row.account)
    return hits


def _block_hash(read: Reader, value: bytes) -> list[shapes.Hit]:
    query = select(tables.blocks.c.number).where(tables.blocks.c.hash == value)
    return [_block(row.number) for row in read.rows(query.limit(1))]
