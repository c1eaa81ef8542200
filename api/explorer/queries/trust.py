"""What may be relied upon: what is final, and what came of the comparison with the contracts."""

from __future__ import annotations

from api import reconciled
from api.explorer import shapes
from api.explorer.queries.reader import Reader

SOURCES = (
    "At the end of one block, each number from its own source: the contracts' storage (views of PooledFund, "
    "PayoutBook, SponsorBook and VoucherBook), the stored events added up again, the index's tables, and the tokens' "
    "balances. A difference is an alarm. Nothing is ever corrected because of one."
)
BESIDE = (
    "A pool's state and what is due follow the clock, with no new block. Texts and evidence stand off chain; each "
    "answer hashes them again."
)
STOPS = (
    "should the node tell of another block, nothing is forgotten, and the indexer goes no further and says why "
    "(`halted`)."
)


def engine(read: Reader) -> str | None:
    """Return what kind of node the indexer reads."""
    return read.meta.get("engine")


def confirmations(read: Reader) -> int | None:
    """Return how many blocks must lie above a final one; None: none is ever final, or it is not known."""
    noted = read.meta.get("confirmations", "never")
    return None if noted == "never" else int(noted)


def finality(read: Reader) -> shapes.Finality:
    """Return what is final, and what may still change, in words."""
    name, count = engine(read), confirmations(read)
    if name is None:
        final = "It is not known yet when a block is final: the indexer has not asked the node."
        change = "Everything may still change."
    elif count is None:
        final = f"Nothing is final. This is a chain for development ({name}), which can be rewound to any block."
        change = "Everything may still change."
    elif count == 0:
        final = f"Every block is final as soon as it is there ({name})."
        change = f"Nothing that is recorded: {STOPS}"
    else:
        final = f"A block is final once {count} more have followed it ({name})."
        change = (
            f"What stands in the newest {count} blocks: the chain may take it back, or record it again in another "
            f"block. Each place says whether it is `final`. What is final never changes: {STOPS}"
        )
    return {
        "engine": name,
        "confirmations": count,
        "final_block": read.final_block,
        "final": final,
        "may_change": change,
        "beside": BESIDE,
    }


def about(read: Reader, prefix: str) -> shapes.About:
    """Return what the interface is."""
    return {
        "openapi": f"{prefix}/openapi.json",
        "health": f"{prefix}/health",
        "reconciliation": f"{prefix}/reconciliation",
        "block": read.head.number if read.head else None,
        "finality": finality(read),
    }


def reconciliation(read: Reader) -> shapes.Reconciliation:
    """Return what came of the last comparison, in whole."""
    note = reconciled.read(read.meta.get(reconciled.KEY))
    block, block_hash = note["block"], bytes.fromhex((note["hash"] or "").removeprefix("0x"))
    return {
        "state": _state(note),
        "block": block,
        "hash": note["hash"],
        "indexed": block is not None and read.has_block(block, block_hash),
        "at": note["at"],
        "pools": note["pools"],
        "tokens": note["tokens"],
        "figures": note["figures"],
        "differences": note["differences"],
        "more": note["more"],
        "balances": note["balances"],
        "trouble": note["trouble"],
        "sources": SOURCES,
    }


def state(read: Reader) -> shapes.ReconciliationState:
    """Return what came of the last comparison, in short."""
    note = reconciled.read(read.meta.get(reconciled.KEY))
    return {
        "state": _state(note),
        "block": note["block"],
        "at": note["at"],
        "pools": note["pools"],
        "tokens": note["tokens"],
        "differences": reconciled.count(note),
        "trouble": note["trouble"] and note["trouble"]["reason"],
    }


def _state(note: reconciled.Reconciled) -> shapes.trust.Agreement:
    if note["block"] is None:
        return "never"
    return "differs" if reconciled.count(note) else "agrees"
