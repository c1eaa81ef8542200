"""The examples in the interface's description are true: asked again, the same index answers the same."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from api.explorer import examples as kept
from tests.api.explorer import examples
from tests.api.explorer.openapi import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi.testclient import TestClient

STALE = "the interface answers otherwise by now: `make examples` writes the examples anew"
EXAMPLES = kept.read()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    with examples.opened() as (opened, _):
        yield opened


@pytest.fixture(scope="module")
def description(client: TestClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get(f"{examples.PREFIX}/openapi.json").json()
    return found


def settled(answer: Any) -> Any:
    """Return an answer without the size of the index's file, which is another with another SQLite."""
    answer = copy.deepcopy(answer)
    health = answer.get("index", answer) if isinstance(answer, dict) else {}
    if "database" in health:
        assert health["database"].pop("bytes") > 0
    return answer


def test_every_route_has_one_and_no_other_route(description: dict[str, Any]) -> None:
    routes = examples.routes(description)
    assert len(routes) > 30
    assert set(EXAMPLES) == set(routes), STALE
    for route, said in routes.items():
        shown = said["responses"]["200"]["content"]["application/json"]["examples"]["real"]
        assert shown["value"] == EXAMPLES[route]["answer"]
        assert shown["summary"].startswith(f"GET {examples.PREFIX}")
        without = [parameter["name"] for parameter in said.get("parameters", ()) if "example" not in parameter]
        assert not without, (route, without)


@pytest.mark.parametrize("route", EXAMPLES)
def test_asked_again_it_says_the_same(client: TestClient, route: str) -> None:
    example = EXAMPLES[route]
    answer = examples.shortened(examples.ask(client, route, example["asked"]), example["cut"])
    assert settled(answer) == settled(example["answer"]), STALE
    for asked in example["also"]:
        examples.ask(client, route, asked)


@pytest.mark.parametrize("route", EXAMPLES)
def test_it_keeps_to_the_schema(description: dict[str, Any], route: str) -> None:
    said = description["paths"][route]["get"]
    body = said["responses"]["200"]["content"]["application/json"]
    assert not list(faults(description, body["schema"], EXAMPLES[route]["answer"]))
    for parameter in said.get("parameters", ()):
        assert not list(faults(description, parameter["schema"], parameter["example"])), parameter["name"]


@pytest.mark.parametrize("route", [route for route in EXAMPLES if "cursor" in EXAMPLES[route]["asked"]])
def test_a_list_shows_an_item(route: str) -> None:
    assert len(EXAMPLES[route]["answer"]["items"]) == 1


def test_the_schema_is_held_to(description: dict[str, Any]) -> None:
    """The reader of schemas is no rubber stamp."""
    route = f"{examples.PREFIX}/pools/{{pool}}"
    schema = description["paths"][route]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    answer = EXAMPLES[route]["answer"]
    for change in (
        {"pool": "1"}, {"pool": True}, {"state": "odd"}, {"title": None}, {"milestones": [{}]}, {"more": 1},
        {"ngo": {**answer["ngo"], "kind": "saint"}},
    ):  # fmt: skip
        assert list(faults(description, schema, answer | change)), change
    assert list(faults(description, schema, {k: v for k, v in answer.items() if k != "raised"}))
    number = {"type": "integer", "minimum": 1, "maximum": 9}
    assert [bool(list(faults({}, number, n))) for n in (0, 1, 9, 10)] == [True, False, False, True]
    assert list(faults({}, {"type": "string", "pattern": "^a$"}, "b"))
    with pytest.raises(AssertionError, match="words that this reader does not know"):
        list(faults({}, {"type": "string", "minLength": 1}, ""))


def test_nothing_is_read_before_it_is_asked_for(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "FILE", tmp_path / "nowhere.json")
    with examples.opened() as (client, _):
        assert client.get(f"{examples.PREFIX}/health").status_code == 200
        with pytest.raises(FileNotFoundError):
            client.get(f"{examples.PREFIX}/openapi.json")


def test_the_description_stays_small(client: TestClient) -> None:
    answer = client.get(f"{examples.PREFIX}/openapi.json")
    assert len(answer.content) < 250_000
    assert json.dumps(answer.json()).count("example") > 80
