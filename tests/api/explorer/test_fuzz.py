"""Whatever a stranger types, the answer is one of the documented ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import settings as tries
from hypothesis import strategies as st

from api.explorer.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from api.settings import Settings
    from tests.api.explorer.world import World

PARAMS = [
    "state", "ngo", "cursor", "limit", "donor", "gateway", "since", "until", "min_amount", "max_amount", "pool",
    "attestor", "payee", "event", "tx", "from_block", "to_block", "q", "after", "nonsense",
    "milestone", "account", "sponsor", "provider", "block", "hash", "batch", "pledge", "sponsorship",
]  # fmt: skip
PATHS = [
    "/summary", "/health", "/search", "/movements", "/pools", "/pools/{}", "/pools/{}/milestones", "/contributions",
    "/pools/{}/contributions", "/pools/1/contributions", "/contributions/{}", "/batches", "/batches/{}", "/ngos",
    "/batches/{}/contributions", "/donors/{}", "/donors/{}/contributions", "/ngos/{}", "/attestations", "/releases",
    "/events", "/objections", "/returns", "/refunds", "/pledges", "/pledges/{}", "/pledges/{}/collections", "/rounds",
    "/rounds/{}", "/rounds/{}/deliveries", "/sponsorships", "/vouchers", "/export/{}/manifest.json",
    "/export/contributions.csv/manifest.json", "/export/refunds.parquet/manifest.json", "/export",
]  # fmt: skip

numbers = st.one_of(st.integers(-(2**70), 2**70), st.integers(-3, 30)).map(str)
hexes = st.sampled_from([20, 32]).flatmap(lambda n: st.binary(min_size=n, max_size=n)).map(bytes.hex)
cursors = st.builds(
    lambda letter, parts: letter + ".".join(map(str, parts)),
    st.sampled_from("abcdglpstv"),
    st.lists(st.integers(-(2**64), 2**64), min_size=1, max_size=3),
)
times = st.datetimes().map(lambda t: t.isoformat())
values = st.one_of(
    st.text(max_size=30),
    numbers,
    hexes,
    cursors,
    times,
    st.dates().map(str),
    st.builds("{}-{}".format, numbers, numbers),
    st.sampled_from(
        ["active", "frozen", "BatchRecorded", "", " ", "\0", "%", "null", "NaN", "0x", "1-0", "' OR 1=1--"]
    ),
)


@pytest.fixture(scope="module")
def stranger(settings: Settings, world: World) -> Iterator[TestClient]:  # noqa: ARG001
    with TestClient(create_app(settings), raise_server_exceptions=False) as opened:
        yield opened


@tries(max_examples=400)
@given(st.sampled_from(PATHS), values, st.dictionaries(st.sampled_from(PARAMS), values, max_size=5))
def test_parameters_never_break_it(stranger: TestClient, path: str, part: str, params: dict[str, str]) -> None:
    answer = stranger.get("/api/v1" + path.format(quote(part, safe="")), params=params)
    body: Any = answer.json()
    assert answer.status_code in (200, 404, 409, 422, 307), (answer.status_code, body)
    if answer.status_code == 422:
        assert set(body) == {"error", "field", "reason"}
    if answer.status_code == 404:
        assert set(body) == {"error", "looked_for"}


@tries(max_examples=200)
@given(values)
def test_searches_never_break_it(stranger: TestClient, q: str) -> None:
    assert stranger.get("/api/v1/search", params={"q": q}).status_code == 200


@tries(max_examples=100)
@given(values)
def test_names_of_files_never_break_it(stranger: TestClient, name: str) -> None:
    answer = stranger.get(f"/content/{quote(name, safe='')}", follow_redirects=False)
    assert answer.status_code in (307, 404, 422)
