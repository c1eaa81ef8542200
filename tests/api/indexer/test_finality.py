"""What the index notes of what is final, on each kind of node: played by a stand-in before a real one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api.indexer.chain import Node
from api.indexer.engines import engine_set
from api.indexer.store.audit import Audit
from api.indexer.sync import Sync
from tests import strange
from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_strange_nodes import between  # noqa: F401 -- a fixture
from tests.ledger import USD, Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from api.indexer.store import Store
    from api.settings import Deployment
    from tests.strange import StrangeNode

GETH = "Geth/v1.13.15-stable/linux-amd64/go1.21"
NODES: dict[str, tuple[list[strange.Quirk], str, tuple[str, str, int | None]]] = {
    "Ganache": ([], "", ("Ganache", "never", None)),
    "Anvil": ([strange.says("anvil/v1.7.1")], "", ("anvil", "never", None)),
    "Besu": ([strange.says("besu/v26.1.0/linux"), strange.proof_of_authority], "", ("Besu", "0", 0)),
    "GoQuorum": ([strange.says("Geth/v1.10.3(quorum-v24.4.1)"), strange.proof_of_authority], "", ("GoQuorum", "0", 0)),
    "Clique": ([strange.says(GETH), strange.signed_by(5), strange.proof_of_authority], "", ("Clique", "3", 3)),
    "Clique that does not say so": ([strange.says(GETH)], "", ("Geth", "64", 64)),
    "as set": ([strange.says(GETH)], "7", ("as set", "7", 7)),
    "set to never": ([strange.says("besu/v26.1.0")], "never", ("as set", "never", None)),
}


@pytest.mark.parametrize("kind", NODES)
def test_the_index_notes_the_engine_and_what_is_final_on_it(
    kind: str, ledger: Ledger, store: Store, deployment: Deployment, between: Callable[..., StrangeNode]  # noqa: F811
) -> None:  # fmt: skip
    quirks, confirmations, (engine, count, behind) = NODES[kind]
    pool = ledger.open_pool()
    sync = Sync(Node(between(*quirks).url), store, deployment, engine_set(confirmations))
    for _ in range(2):
        catch_up(sync)
        head = ledger.w3.eth.block_number
        with Audit(store.where).look() as look:
            notes = look.notes
        final = "" if behind is None or head < behind else str(head - behind)
        assert (notes["engine"], notes["confirmations"], notes["final_block"]) == (engine, count, final)
        ledger.give(pool, USD)
    sync.close()


def test_what_is_final_grows_with_each_block_also_where_nothing_is_in_it(
    ledger: Ledger, store: Store, deployment: Deployment, between: Callable[..., StrangeNode]  # noqa: F811
) -> None:  # fmt: skip
    sync = Sync(Node(between(strange.says(GETH), strange.signed_by(3)).url), store, deployment)
    seen = []
    for _ in range(4):
        catch_up(sync)
        with Audit(store.where).look() as look:
            seen.append(int(look.notes["final_block"]))
        ledger.node.rpc("evm_mine")
    assert seen == list(range(seen[0], seen[0] + 4))
    sync.close()
