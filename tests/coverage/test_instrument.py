"""What counts as a way, and that the marked source is one that the compiler takes."""

from collections import Counter

import pytest

from tests.coverage.instrument import WAYS, Way, instrument
from tests.coverage.tree import CoverageError, trees

FILE = "contracts/some/Some.sol"
HEAD = "pragma solidity 0.8.30; contract Some { modifier m(bool b) { if (b) revert(); _; }\n"
CONDITIONS: dict[str, list[str]] = {
    "if (b) c = 1;": ["b"],
    "if (a) { if (b) c = 1; } else if (!b) c = 2;": ["a", "b", "!b"],
    "c = (a) ? 1 : b ? 2 : 3;": ["a", "b"],
    "require(a, 'no'); require(b);": ["a", "b"],
    "while (c < 3) ++c; do { ++c; } while (c < 9);": ["c < 3", "c < 9"],
    "for (uint256 i; i < 3; ++i) ++c; for (;;) { break; }": ["i < 3"],
    "while (true) { break; }": [],
    "a = b; a = c == 3; assert(a);": [],
    "a = b && c > 1;": ["b", "c > 1"],
    "if (a || (b && c > 1)) c = 1;": ["a", "b", "c > 1"],
    "if (!(a && b)) c = 1;": ["a", "b"],
    "if (a == (b || c > 1)) c = 1;": ["a == (b || c > 1)", "b", "c > 1"],
    "if ((a ? b : c > 1) && b) c = 1;": ["a ? b : c > 1", "a", "b"],
    "assembly { if a { c := 1 } }": ["a"],
    "assembly { for { let i := 0 } lt(i, c) { i := add(i, 1) } {} for {} 1 {} { break } }": ["lt(i, c)"],
    'string memory s = unicode"모아"; if (b) s = "";': ["b"],
}


def ways_of(*functions: str) -> list[list[tuple[str, str]]]:
    """Return the ways in each function of a contract, once its marked source has compiled."""
    sources, ways = instrument({FILE: HEAD + "\n".join(functions) + "}"})
    trees(sources | {"contracts/Ways.sol": WAYS.read_text()})
    assert {way.file for way in ways} == {FILE}
    return [[(way.code, way.which) for way in ways if way.line == 2 + i] for i in range(len(functions))]


def test_conditions() -> None:
    rest = "(bool a, bool b, uint256 c) external pure returns (uint256)"
    functions = [f"function f{i}{rest} {{ {code} return c; }}" for i, code in enumerate(CONDITIONS)]
    for found, (code, conditions) in zip(ways_of(*functions), CONDITIONS.items(), strict=True):
        assert found == [(part, which) for part in conditions for which in ("false", "true")], code


def test_clauses_and_modifiers() -> None:
    """A `try` that fails in one way or the other; modifiers, together, at each function."""
    tried, guarded, also = ways_of(
        "function f(Some s) external { try s.f(s) {} catch Error(string memory) {} catch {} }",
        "function g() external m(true) m(false) {}",
        "function h() external pure virtual m(true) returns (bool) { return true; }",
    )
    assert [which for _, which in tried] == ["succeeding", "failing", "failing"]
    assert sorted(guarded) == sorted(also) == [("m(true)", "letting through"), ("m(true)", "refusing")]


def test_a_refusal_is_a_call_that_is_not_let_through() -> None:
    refusing = Way(FILE, 1, "", "", 1, 2)
    assert [refusing.taken(Counter(marks)) for marks in ((), (1,), (1, 2), (1, 1, 2))] == [False, True, False, True]


def test_what_is_not_known_is_not_passed_over() -> None:
    with pytest.raises(CoverageError, match=r"Some.sol:2.*switch"):
        ways_of("function f(uint256 a) external pure { assembly { switch a case 0 {} default {} } }")
