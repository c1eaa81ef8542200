"""Recording: nothing twice and nothing lost, whatever was recorded before and whenever the recorder was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import gifts, recorder
from scripts.members import PAUSER, REPLAY_GATEWAY, Cast
from scripts.recorder import Column, column, missing, plan
from scripts.replay import Replay, secret_for
from tests.ledger import ROOT, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scripts.conftest import Chain

NOW = int(datetime(2026, 11, 23, tzinfo=UTC).timestamp())


def columns(rows: list[tuple[int, int, int, int]]) -> Column:
    """Make a column of (pool, donor, time, amount)."""
    pools, donors, times, amounts = (np.array([row[i] for row in rows], dtype=np.int64) for i in range(4))
    ids = np.zeros((len(rows), 20), dtype=np.uint8)
    ids[:, 0] = donors
    return column(pools, ids, times, amounts)


def counted(found: Column) -> Counter[tuple[int, bytes]]:
    return Counter((int(pool), entry.tobytes()) for pool, entry in zip(found.pools, found.entries, strict=True))


ROW = st.tuples(st.integers(1, 3), st.integers(0, 2), st.integers(0, 2), st.integers(1, 2))
KEYS = {1: b"one", 2: b"two", 3: b"three"}


@given(st.lists(ROW, max_size=40), st.lists(ROW, max_size=40))
def test_what_is_missing_is_the_difference_of_multisets(
    wanted: list[tuple[int, int, int, int]], there: list[tuple[int, int, int, int]]
) -> None:
    some, known = columns(wanted), columns(there)
    left, _ = missing(some, known)
    found = counted(Column(some.pools[left], some.entries[left]))
    assert found == counted(some) - counted(known)
    batches = plan(some, known, KEYS)
    entries = [(b.pool, b.entries[at : at + 32]) for b in batches for at in range(0, len(b.entries), 32)]
    assert Counter(entries) == found
    assert sum(batch.amount for batch in batches) == int(some.amounts[left].sum())


@given(st.lists(ROW, min_size=1, max_size=40), st.data())
def test_no_two_batches_of_a_life_share_a_reference(rows: list[tuple[int, int, int, int]], data: st.DataObject) -> None:
    """However the file grows between runs, and however much of each run came through."""
    there: list[tuple[int, int, int, int]] = []
    seen: set[bytes] = set()
    cuts = sorted(data.draw(st.lists(st.integers(1, len(rows)), max_size=4)))
    for cut in [*cuts, len(rows)]:
        for batch in plan(columns(rows[:cut]), columns(there), KEYS):
            assert batch.reference not in seen
            seen.add(batch.reference)
        there = rows[:cut]


def test_batches_are_in_time_order_and_of_one_pool() -> None:
    rows = [(1 + i % 2, i % 200, 5000 - i, 1 + i) for i in range(4100)]
    batches = plan(columns(rows), columns([]), KEYS)
    assert [batch.count for batch in batches] == [1000, 1000, 1000, 1000, 50, 50]
    assert [batch.last for batch in batches] == sorted(batch.last for batch in batches)
    for pool in (1, 2):
        times = [int.from_bytes(b.entries[at + 20 : at + 24], "big") for b in batches if b.pool == pool
                 for at in range(0, len(b.entries), 32)]  # fmt: skip
        assert times == sorted(times)


def test_the_same_rows_make_the_same_references() -> None:
    rows = [(1, 1, 7, 5), (1, 2, 6, 5), (1, 1, 7, 5)]
    first = [batch.reference for batch in plan(columns(rows), columns([]), KEYS)]
    again = [batch.reference for batch in plan(columns(rows[::-1]), columns([]), KEYS)]
    other = [batch.reference for batch in plan(columns(rows), columns([]), {1: b"another pool"})]
    assert first == again != other


# --------------------------------------------------------------------------------------------- on a real chain


def write(path: Path, pool: str, count: int, seed: int = 1) -> Path:
    dice = np.random.default_rng(seed)
    lines = [
        f"{datetime.fromtimestamp(1_700_000_000 + 60 * i, UTC):%Y-%m-%dT%H:%M:%SZ},{pool} {i % 2},d{dice.integers(50)},"
        f"{dice.integers(1, 20)}.25"
        for i in range(count)
    ]
    path.write_text("donated_at,pool,donor,amount_usd\n" + "\n".join(lines) + "\n")
    return path


def replay(chain: Chain, path: Path) -> tuple[int, Replay, list[int]]:
    ledger = chain.ledger()
    cast = Cast(ledger, chain.cast().content)
    made = Replay(ledger, cast, gifts.read(path, NOW))
    made.prepare()
    pools = made.open_pools(lambda _: None, lambda _: None)
    secret = secret_for(chain.folder / "gateway.secret", ledger)
    return made.record(made.column(pools, secret), pools, lambda _: None, lambda _: None), made, pools


def agree(chain: Chain, made: Replay, pools: list[int]) -> None:
    """Every source has the file's sum, and the gateway has no more tokens than it needs: none."""
    for sums in made.sums(pools):
        assert sums.file == sums.token == sums.contract
    ledger = chain.ledger()
    gateway = chain.cast()[REPLAY_GATEWAY]
    assert ledger.view(ledger.token, "balanceOf", gateway) == 0


def test_a_file_given_twice_is_recorded_once(chain: Chain, tmp_path: Path) -> None:
    path = write(tmp_path / "twice.csv", "Twice", 50)
    assert replay(chain, path)[0] == 50
    new, made, pools = replay(chain, path)
    assert new == 0
    agree(chain, made, pools)


def test_a_grown_file_adds_its_new_gifts_only(chain: Chain, tmp_path: Path) -> None:
    replay(chain, write(tmp_path / "grown.csv", "Grown", 1500))
    path = write(tmp_path / "grown.csv", "Grown", 2600)
    with path.open("a") as out:
        out.write(path.read_text().splitlines()[1] + "\n")  # an old row once more: a new gift
    new, made, pools = replay(chain, path)
    assert new == 1101
    agree(chain, made, pools)


def test_a_killed_recorder_goes_on_where_it_was(chain: Chain, tmp_path: Path) -> None:
    path = write(tmp_path / "killed.csv", "Killed", 12_000)
    code = (
        "import sys; from pathlib import Path; from tests.scripts import test_recorder as t, conftest as c;"
        "from scripts.rpc import Node;"
        "t.replay(c.Chain(Node(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), ''), Path(sys.argv[4]))"
    )
    command = [sys.executable, "-c", code, chain.node.url, str(chain.deployment), str(chain.folder), str(path)]
    ledger = chain.ledger()
    before = sum(1 for _ in ledger.logs(ledger.fund, "BatchRecorded"))
    process = subprocess.Popen(command, cwd=ROOT, env=environment())
    while sum(1 for _ in ledger.logs(ledger.fund, "BatchRecorded")) < before + 4:
        assert process.poll() is None
        time.sleep(0.05)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    new, made, pools = replay(chain, path)
    assert 0 < new < 12_000
    agree(chain, made, pools)


def test_killed_between_mint_and_batches_mints_once(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "minted.csv", "Minted", 40)

    def die(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(recorder.Recorder, "_calls", die)
        with pytest.raises(KeyboardInterrupt):
            replay(chain, path)
    ledger, gateway = chain.ledger(), chain.cast()[REPLAY_GATEWAY]
    assert ledger.view(ledger.token, "balanceOf", gateway) > 0
    # The file has grown meanwhile: only the difference is minted.
    new, made, pools = replay(chain, write(tmp_path / "minted.csv", "Minted", 60))
    assert new == 60
    agree(chain, made, pools)


def test_a_paused_pool_is_told_and_the_others_are_recorded(chain: Chain, tmp_path: Path) -> None:
    _, made, pools = replay(chain, write(tmp_path / "paused.csv", "Paused", 10))
    cast = chain.cast()
    made.ledger.send(cast[PAUSER], made.ledger.fund, "pause", pools[0], gas=200_000)
    with pytest.raises(recorder.LedgerError, match=f"Pool {pools[0]} does not take the batch: NotAccepting"):
        replay(chain, write(tmp_path / "paused.csv", "Paused", 20))
    raised = made.ledger.view(made.ledger.fund, "poolOf", pools[1])["raised"]
    assert raised > made.sums(pools)[1].file
    # Leave no tokens behind for the other tests: the pause is lifted and the rest recorded.
    made.ledger.send(cast[2], made.ledger.fund, "unpause", pools[0], gas=200_000)
    new, made, pools = replay(chain, write(tmp_path / "paused.csv", "Paused", 20))
    assert new == 5
    agree(chain, made, pools)


def test_a_lost_secret_is_told(chain: Chain, tmp_path: Path) -> None:
    replay(chain, write(tmp_path / "secret.csv", "Secret", 2))
    with pytest.raises(recorder.LedgerError, match="secret"):
        secret_for(tmp_path / "gateway.secret", chain.ledger())
    assert not (tmp_path / "gateway.secret").exists()


def test_many_pools_with_odd_titles(chain: Chain, tmp_path: Path) -> None:
    odd = ['"q"', "<script>alert(1)</script>", "🧸", "a" * 40 + "1", "a" * 40 + "2", "Łódź"]
    lines = [
        f'2024-01-01T00:00:{i % 60:02}Z,"{(odd[i % 6] + str(i // 6)).replace(chr(34), chr(34) * 2)}",d{i % 7},1.5'
        for i in range(120)
    ]
    path = tmp_path / "many.csv"
    path.write_text("donated_at,pool,donor,amount_usd\n" + "\n".join(lines) + "\n", encoding="utf-8")
    new, made, pools = replay(chain, path)
    assert (new, len(set(pools))) == (120, 120)
    agree(chain, made, pools)
