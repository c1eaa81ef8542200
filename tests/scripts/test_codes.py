"""Codes: what was mistyped is noticed, and what a code makes is what the contract expects."""

from __future__ import annotations

import re

import pytest
from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st
from web3 import Web3

from scripts import codes
from scripts.codes import ALPHABET, CodeError, PayoutList, Round

WHERE = Round(1337, "0x" + "ab" * 20, 7, 2)
TO = Web3.to_checksum_address("0x" + "cd" * 20)
CODE = "0123-4567-89AM"
SECRET = bytes(range(32))
SOME = settings(max_examples=20)
CODES = st.builds(lambda _: codes.new_code(), st.integers())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys for nothing, where the keys are not what is tested."""
    monkeypatch.setattr(codes, "SCRYPT_N", 2)


class TestCode:
    def test_its_form(self) -> None:
        made = {codes.new_code() for _ in range(100)}
        assert len(made) == 100
        for code in made:
            assert re.fullmatch(r"[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){2}", code)
            assert codes.read_code(code) == code

    @SOME
    @given(CODES)
    def test_any_one_wrong_character_is_noticed(self, code: str) -> None:
        for i, right in enumerate(code):
            if right != "-":
                for wrong in set(ALPHABET) - {right}:
                    with pytest.raises(CodeError, match="typing error"):
                        codes.read_code(code[:i] + wrong + code[i + 1 :])

    @SOME
    @given(CODES)
    def test_any_two_that_changed_places_are_noticed(self, code: str) -> None:
        plain = code.replace("-", "")
        for i in range(12):
            for j in range(i):
                swapped = list(plain)
                swapped[i], swapped[j] = plain[j], plain[i]
                if plain[i] != plain[j]:
                    with pytest.raises(CodeError, match="typing error"):
                        codes.read_code("".join(swapped))

    @SOME
    @given(CODES)
    def test_it_may_be_typed_carelessly(self, code: str) -> None:
        careless = code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
        assert codes.read_code(f"  {careless}\n") == code
        assert codes.read_code(code.replace("-", "").replace("1", "i")) == code

    @pytest.mark.parametrize(
        ("text", "why"),
        [
            ("", "12 characters, not 0"),
            ("0123-4567-89A", "12 characters, not 11"),
            ("0123-4567-89ABC", "12 characters, not 13"),
            ("U123-4567-89AB", "'U' stands in no code"),
            ("0123-4567-89Ä8", "'Ä' stands in no code"),
            ("0123_4567_89AB", "'_' stands in no code"),
        ],
    )
    def test_what_is_no_code(self, text: str, why: str) -> None:
        with pytest.raises(CodeError, match=re.escape(why)):
            codes.read_code(text)

    def test_the_check_is_written_down(self) -> None:
        """A change of the rule would make the codes in people's hands worthless."""
        assert codes.read_code(CODE) == CODE


class TestKey:
    def test_it_is_written_down(self) -> None:
        assert codes.claim_key(CODE, WHERE).hex() == "e1b95b598038e29a67427e90656a7051917c4afaafec42264d4b2dce40aa051b"

    def test_it_is_of_one_round_and_code(self, quick: None) -> None:  # noqa: ARG002
        others = [
            WHERE._replace(chain_id=1),
            WHERE._replace(book="0x" + "ac" * 20),
            WHERE._replace(pool=8),
            WHERE._replace(milestone=1),
        ]
        keys = {codes.claim_key(CODE, where) for where in (WHERE, *others)}
        keys |= {codes.claim_key(codes.new_code(), WHERE) for _ in range(5)}
        assert len(keys) == 10
        assert codes.claim_key(CODE.lower().replace("-", ""), WHERE._replace(capped=True)) in keys

    def test_a_mistyped_code_makes_no_key(self) -> None:
        with pytest.raises(CodeError, match="typing error"):
            codes.claim_key("1123-4567-89AM", WHERE)


class TestNullifier:
    SCOPE = codes.scope_of(TO, b"p" * 32, 1)

    def test_it_is_the_same_for_the_same_person(self) -> None:
        one = codes.nullifier_of(SECRET, self.SCOPE, "GH-1234 5678 x")
        for same in ("gh12345678X", " GH 1234-5678-X ", "ＧＨ‐1234–5678x"):
            assert codes.nullifier_of(SECRET, self.SCOPE, same) == one
        assert one != bytes(32)

    def test_not_for_another_person_key_or_programme(self) -> None:
        scopes = [
            self.SCOPE,
            codes.scope_of(TO, b"q" * 32, 1),
            codes.scope_of(WHERE.book, b"p" * 32, 1),
            codes.scope_of(TO, bytes(32), 1),
            codes.scope_of(TO, bytes(32), 2),
        ]
        assert codes.scope_of(TO, b"p" * 32, 2) == self.SCOPE
        made = {codes.nullifier_of(s, scope, p) for s in (SECRET, b"k" * 32) for scope in scopes for p in "ab"}
        assert len(made) == 20

    def test_bad_input(self) -> None:
        for secret, scope, person in ((b"short", self.SCOPE, "a"), (SECRET, b"", "a"), (SECRET, self.SCOPE, " - ")):
            with pytest.raises(CodeError):
                codes.nullifier_of(secret, scope, person)


class TestClaim:
    def made(self, count: int, capped: bool = False) -> tuple[PayoutList, list[str], list[bytes]]:
        where = WHERE._replace(capped=capped)
        handed = [codes.new_code() for _ in range(count)]
        people = [bytes([i + 1]) * 32 if capped else codes.NONE for i in range(count)]
        rows = [
            codes.row_of(codes.claim_key(code, where), 10 + i, person)
            for i, (code, person) in enumerate(zip(handed, people, strict=True))
        ]
        return PayoutList(where, b"".join(rows)), handed, people

    @pytest.mark.parametrize("capped", [False, True])
    def test_a_code_finds_its_row(self, quick: None, capped: bool) -> None:  # noqa: ARG002
        lst, handed, people = self.made(21, capped)
        assert lst.amounts == list(range(10, 31))
        for position, (code, person) in enumerate(zip(handed, people, strict=True)):
            claim = lst.claim(code, TO, person)
            start = sum(range(10, 10 + position))
            assert claim[:7] == (7, 2, position, start, 10 + position, person, TO)
            assert len(claim.proof) == 4

    def test_the_claim_key_signs_as_a_wallet_would(self, quick: None) -> None:  # noqa: ARG002
        lst, handed, _ = self.made(3)
        fields = [("pool", "uint256"), ("milestone", "uint256"), ("position", "uint32"), ("to", "address")]
        for code in handed:
            claim = lst.claim(code, TO)
            domain = {"name": "Moa PayoutBook", "version": "1", "chainId": 1337, "verifyingContract": WHERE.book}
            message = {"pool": 7, "milestone": 2, "position": claim.position, "to": TO}
            types = {"Claim": [{"name": name, "type": kind} for name, kind in fields]}
            signed = encode_typed_data(domain, types, message)
            key = codes.claim_key(code, WHERE)
            made = Account.from_key(key).sign_message(signed)
            assert claim.r == made.r.to_bytes(32)
            assert claim.vs == (made.s | (made.v - 27) << 255).to_bytes(32)

    def test_a_row_is_commitment_zero_amount(self, quick: None) -> None:  # noqa: ARG002
        key = codes.claim_key(CODE, WHERE)
        row = codes.row_of(key, 5, b"n" * 32)
        address = bytes.fromhex(Account.from_key(key).address[2:])
        assert row == Web3.keccak(bytes(12) + address + b"n" * 32)[12:] + bytes(4) + (5).to_bytes(8)

    @pytest.mark.parametrize("amount", [0, -1, 2**63])
    def test_an_amount_that_is_none(self, amount: int) -> None:
        with pytest.raises(CodeError, match="is not 1 to"):
            codes.row_of(b"\1" * 32, amount)

    def test_a_code_of_another_round_or_person(self, quick: None) -> None:  # noqa: ARG002
        lst, handed, people = self.made(3, capped=True)
        with pytest.raises(CodeError, match="another round"):
            lst.claim(codes.new_code(), TO, people[0])
        with pytest.raises(CodeError, match="another person"):
            lst.claim(handed[0], TO, people[1])
        with pytest.raises(CodeError, match="A nullifier is wanted"):
            lst.claim(handed[0], TO)
        with pytest.raises(CodeError, match="no address"):
            lst.claim(handed[0], "0x12", people[0])

    @pytest.mark.parametrize("data", [b"", b"x" * 31, b"x" * 33])
    def test_what_is_no_list(self, data: bytes) -> None:
        with pytest.raises(CodeError, match="whole number of rows"):
            PayoutList(WHERE, data)

    @SOME
    @given(st.integers(1, 50), st.randoms(use_true_random=False))
    def test_each_proof_leads_to_one_root_a_sheet(self, count: int, rng: object) -> None:  # noqa: ARG002
        """Folded as the contract does, all rows of a sheet lead to the same root, and no two of the same tree meet."""
        rows = [bytes([i]) * 20 + bytes(4) + (i + 1).to_bytes(8) for i in range(count)]
        lst = PayoutList(WHERE, b"".join(rows))
        roots: dict[int, set[bytes]] = {}
        start = 0
        for i, row in enumerate(rows):
            seed = (7).to_bytes(16) + (4).to_bytes(16)
            node = bytes(Web3.keccak(seed + (i % 16).to_bytes(16) + start.to_bytes(16) + row))
            for level, sibling in enumerate(lst.proof(i)):
                if sibling != bytes(32):
                    pair = sibling + node if i >> level & 1 else node + sibling
                    node = bytes(Web3.keccak(pair))
            roots.setdefault(i // 16, set()).add(node)
            start += i + 1
        assert all(len(found) == 1 for found in roots.values())
