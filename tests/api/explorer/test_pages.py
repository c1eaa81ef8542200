"""What the pages say that the JSON does not: a part of a long history, a share in words, a link that narrows."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest
from fastapi.testclient import TestClient

from api.explorer.app import create_app
from api.indexer.store import Store
from api.types import NEVER, MemberKind
from tests.api.explorer.book import TOKEN, USD, Book, account
from tests.api.explorer.conftest import settings_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NGO, PAYEE = account("ngo"), account("payee")
MILESTONES, ROUNDS = 60, 5
THRESHOLDS = {1: (505, "5.05%"), 2: (5, "0.05%"), 3: (2_000, "20%"), 4: (150, "1.5%")}
"""What the pools' objection thresholds are, in hundredths of a percent, and how that is said."""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """Pages over a pool with sixty milestones, fifty-six of them paid, the next one with proof five times."""
    folder: Path = tmp_path_factory.mktemp("pages")
    settings = settings_in(folder)
    store = Store(settings.database)
    book = Book(store, settings.content)
    book.accredit(TOKEN, MemberKind.TOKEN, "Test dollar")
    book.accredit(NGO, MemberKind.NGO, "Kitchens")
    for pool, (threshold, _) in THRESHOLDS.items():
        plan = [(PAYEE, (i + 1) * USD, NEVER) for i in range(MILESTONES if pool == 1 else 1)]
        book.open_pool(pool, NGO, "Long", plan, objectionThreshold=threshold)
    book.give(1, account("donor"), 2_000 * USD)
    book.mine()
    for i in range(MILESTONES - 4):
        book.release(1, i, PAYEE, (i + 1) * USD)
    for i in range(ROUNDS):
        book.submit(1, MILESTONES - 4, i + 1, bytes([i + 1]) * 32, ngo=NGO)
        book.reject(1, MILESTONES - 4, bytes([i + 1]) * 32)
    book.mine()
    store.close()
    with TestClient(create_app(settings)) as client:
        yield client


def read(pages: TestClient, path: str) -> str:
    answer = pages.get(path)
    assert answer.status_code == 200, answer.text
    return answer.text


@pytest.mark.parametrize("pool", THRESHOLDS)
def test_a_threshold_is_said_exactly(pages: TestClient, pool: int) -> None:
    [said] = re.findall(r"If givers of more than (\S+) object", read(pages, f"/pool/{pool}"))
    assert said == THRESHOLDS[pool][1]


@pytest.mark.parametrize("milestone", [0, 5, 15, 55, 56, 59])
def test_each_milestone_of_a_long_pool_has_its_payers(pages: TestClient, milestone: int) -> None:
    shown = unescape(re.sub("<[^>]*>", "", read(pages, f"/pool/1/milestones/{milestone}/contributions")))
    if milestone < MILESTONES - 4:
        assert re.findall(r"([\d.]+)\xa0eUSD was paid to", shown) == [f"{milestone + 1}.00"]
    else:
        assert "Nothing is paid for this milestone yet" in shown


def test_there_is_no_page_of_a_milestone_that_is_not(pages: TestClient) -> None:
    for milestone in (MILESTONES, 70_000, 2**63 - 1):
        assert pages.get(f"/pool/1/milestones/{milestone}/contributions").status_code == 404


def test_all_proofs_of_a_milestone_are_those_of_it_alone(pages: TestClient) -> None:
    [link] = re.findall(r'href="(/api/v1/export/evidence\.csv[^"]*)"', read(pages, "/pool/1"))
    assert unescape(link) == f"/api/v1/export/evidence.csv?pool=1&milestone={MILESTONES - 4}"


def test_links_are_escaped_once(pages: TestClient) -> None:
    for path in ("/", "/pool/1", "/pool/1/contributions?since=2026-01-01", "/contribution/1-0", "/check",
                 f"/donor/0x{account('donor').hex()}", f"/ngo/0x{NGO.hex()}",
                 "/pool/1/milestones/5/contributions"):  # fmt: skip
        for link in re.findall(r'href="([^"]*)"', read(pages, path)):
            assert "amp;" not in unescape(link), path


@pytest.mark.parametrize("path", ["/search", "/api/v1/search"])
@pytest.mark.parametrize("wanted", ["x" * 201, "x " * 1_500])
def test_a_search_for_too_much_is_refused_in_words(pages: TestClient, path: str, wanted: str) -> None:
    answer = pages.get(path, params={"q": wanted})
    assert answer.status_code == 422
    assert "200 characters" in answer.text
