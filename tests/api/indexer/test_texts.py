"""Whatever bytes a stranger gives for a text, both databases take it, and the index goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from eth_abi.abi import encode
from eth_utils.crypto import keccak

from tests.api.indexer.conftest import catch_up
from tests.api.indexer.test_sync import rows
from tests.ledger import USD, Ledger, word

if TYPE_CHECKING:
    from api.indexer.store import Store
    from api.indexer.sync import Sync

HOSTILE = b"a\0b\xed\xa0\x80\xff\xc3(\xf4\x90\x80\x80'; --\xe2\x80\xae\0"
"""NUL inside and at the end, half a surrogate pair, no UTF-8, too large a code point, a turn of the direction."""
NAME = HOSTILE.rstrip(b"\0")

EVIDENCE = b"h" * 32


def shown(raw: bytes) -> str:
    return raw.replace(b"\0", "\ufffd".encode()).decode("utf-8", "replace")


def say(ledger: Ledger, contract: Any, function: str, *values: Any, sender: str) -> None:
    """Call a function with bytes where it wants a text: no library would send what is no UTF-8."""
    kinds = [i["type"] for i in contract.get_function_by_name(function).abi["inputs"]]
    assert "string" in kinds
    selector = keccak(text=f"{function}({','.join(kinds)})")[:4]
    data = selector + encode([kind.replace("string", "bytes") for kind in kinds], values)
    call = {"from": sender, "to": contract.address, "gas": 90_000_000, "gasPrice": 0, "data": data}
    sent = ledger.w3.eth.send_transaction(call)
    assert ledger.w3.eth.wait_for_transaction_receipt(sent)["status"] == 1


def play_hostile(ledger: Ledger) -> int:
    """Let everybody who may say something say it in the worst way, and return the pool's number."""
    register = ledger.contracts["Register"]
    say(ledger, register, "accredit", ledger.donors[0], 1, word(NAME), bytes(32), HOSTILE, sender=ledger.admin)
    kept = dict(ledger.contracts)
    token = ledger._create("SettlementToken", ledger.contracts["Consortium"].address, "Na\0me", "S\0Y")
    ledger.contracts.update(kept)
    ledger.accredit(token.address, 4, "Another")
    pool = ledger.open_pool(NAME, descriptionURI="see\0here")
    ledger.give(pool, 100 * USD)
    say(ledger, ledger.judgement, "submitEvidence", pool, 0, EVIDENCE, HOSTILE, sender=ledger.ngo)
    return pool


def test_hostile_texts_are_indexed_and_shown_with_a_mark(ledger: Ledger, sync: Sync, store: Store) -> None:
    play_hostile(ledger)
    catch_up(sync)
    assert "\0" not in shown(HOSTILE)
    assert rows(store, "SELECT uri FROM evidence") == [(shown(HOSTILE),)]
    ngo = (shown(NAME), shown(HOSTILE))
    assert rows(store, "SELECT name, details_uri FROM members ORDER BY log DESC LIMIT 2")[1] == ngo
    assert rows(store, "SELECT name, description_uri FROM pools") == [(shown(NAME), "see\ufffdhere")]
    assert rows(store, "SELECT symbol, name FROM tokens ORDER BY log DESC LIMIT 1") == [("S\ufffdY", "Na\ufffdme")]


def test_what_a_node_says_is_noted_whatever_is_in_it(store: Store) -> None:
    store.note_halt("the node refused: \0 and \ud800")
    assert rows(store, "SELECT value FROM meta WHERE key = 'halted'") == [("the node refused: \ufffd and ?",)]
