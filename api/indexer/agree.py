"""Whether nodes and index tell of the same chain, and up to which block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from api.errors import ForkedError, NodeBehindError, NodeRefusedError, UnsteadyChainError
from api.indexer.chain import Node
from api.indexer.engines import Engine
from api.indexer.kinds import Block, RawLog, Token
from api.indexer.ranges import Ranges
from api.tables import LOG_BITS


def newest_common(
    node: Node, blocks_below: Callable[[int, int], list[Block]], tip: Block, before: int, head: int
) -> int:
    """Return the newest stored block that the node has too.

    Args:
        node: Asked for its blocks.
        blocks_below: Gives so many stored blocks below a number, the highest first.
        tip: The newest stored block.
        before: The block before the deployment's: where nothing stored is the node's.
        head: The node's newest block, as it said itself.

    Raises:
        UnsteadyChainError: It does not know a block up to there. Nothing may be forgotten for that: behind one address
            there may be several nodes, of which one lies behind.

    """
    found = node.block(tip.number)
    if found is not None and found.hash == tip.hash:
        return tip.number
    _check_known(found, tip, head)
    below, count = tip.number, 1
    while stored := blocks_below(below, count):
        for mine, theirs in zip(stored, node.blocks_of([block.number for block in stored]), strict=True):
            if theirs is not None and mine.hash == theirs.hash:
                return mine.number
            _check_known(theirs, mine, head)
        below, count = stored[-1].number, min(2 * count, 1_000)
    return before


def _check_known(theirs: Block | None, mine: Block, head: int) -> None:
    if theirs is None and mine.number <= head:
        raise UnsteadyChainError(f"the node says that it is at block {head}, but has no block {mine.number}")


def check_rewind(engine: Engine, tip: int, common: int, head: int) -> None:
    """Check that an engine may take back what stands above the newest common block.

    Raises:
        NodeBehindError: It has fewer blocks, none of them another.
        ForkedError: It tells of another block than one that is final.

    """
    final = engine.final(tip)
    if final is None:
        return
    if common == head:
        raise NodeBehindError(f"the node is at block {head}, the index at {tip}: waiting for the node")
    if common < final:
        raise ForkedError(
            f"the node tells of another block {common + 1} than the one that was indexed as final "
            f"({engine.name}: {engine.confirmations} confirmations). Nothing was forgotten. Ask whoever runs the "
            "chain; if the node is right, delete the index, and it is built again"
        )


def hear_witness(witness: Ranges, blocks: Sequence[Block], logs: Sequence[RawLog]) -> None:
    """Check that the second node tells of a run as the first one does: every block, and every log as it stands.

    Hashes alone would not do: who lies about a log, or about a block's time, gives it the true block's hash.

    Raises:
        NodeBehindError: It has not got that far.
        ForkedError: It tells otherwise.

    """
    first, last = blocks[0].number, blocks[-1].number
    for mine, theirs in zip(blocks, witness.node.blocks_of(range(first, last + 1)), strict=True):
        if theirs is None:
            raise NodeBehindError(f"the second node has not got block {mine.number} yet: waiting for it")
        _check_alike(mine, theirs)
    told = witness.all_logs(first, last)
    if told != logs:
        place = min(log.place for log in {*told} ^ {*logs})
        raise ForkedError(
            f"the two nodes disagree about log {place & (2**LOG_BITS - 1)} of block {place >> LOG_BITS}: {_NOTHING}"
        )


def hear_tip(witness: Node, tip: Block) -> None:
    """Check that the second node has not left the newest stored block since: the first one may have stayed behind.

    Raises:
        ForkedError: It has another one.

    """
    theirs = witness.block(tip.number)
    if theirs is not None:
        _check_alike(tip, theirs)


def _check_alike(mine: Block, theirs: Block) -> None:
    if theirs[:4] != mine[:4]:
        raise ForkedError(
            f"the two nodes disagree about block {mine.number} (0x{mine.hash.hex()} of {mine.time} and "
            f"0x{theirs.hash.hex()} of {theirs.time}): {_NOTHING}"
        )


def token_of(node: Node, witness: Node | None, address: bytes) -> Token | None:
    """Return what a token says of itself; None if it does not answer as one: shown by its address only.

    Raises:
        ForkedError: The second node tells otherwise. A digit more would make each amount a tenth.

    """
    told = _token_of(node, address)
    if witness is not None and _token_of(witness, address) != told:
        raise ForkedError(f"the two nodes disagree about the token 0x{address.hex()}: {_NOTHING}")
    return told


def _token_of(node: Node, address: bytes) -> Token | None:
    with suppress(NodeRefusedError):
        return node.token(address)
    return None


_NOTHING = "nothing is taken from there on until they agree"
