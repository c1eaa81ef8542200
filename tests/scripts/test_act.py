"""Every action of every role from the command line, on a real chain: one story, and what is refused on its way."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from eth_account import Account
from typer.testing import CliRunner

from scripts import collecting, receipts
from scripts.act import ROLES, app
from scripts.members import ADMIN, OPERATOR, PAUSER, REGISTRAR
from scripts.node import ROOT
from tests.scripts.conftest import Chain, deployed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NGO, PAYEE, GATEWAY, DONOR, OTHER, SPONSOR, CLINIC, STRANGER = range(41, 49)
ATTESTORS = (50, 51, 52)
DAY = 86_400
USD = 10**6
PLAN = """
name = "School meals"
description = "about.md"
description_uri = "https://example.org/about"
threshold = "50"
funding_deadline = {funding}
open_ended = true

[panel]
attestors = {attestors}
quorum = 2
objection_window = "1 d"
attestation_window = "3 d"
objection_threshold = "10 %"

[limits]
voucher_cap = "100"
voucher_period = "7 d"

[[milestones]]
payee = "{payee}"
amount = "60.00"
evidence_deadline = {evidence}

[[milestones]]
payee = "payouts"
amount = "30"
evidence_deadline = {evidence}

[[milestones]]
payee = "vouchers"
amount = "20"
evidence_deadline = {evidence}
"""


class Town:
    """The chain, and whoever types a command in it."""

    def __init__(self, chain: Chain, folder: Path) -> None:
        self.chain, self.folder = chain, folder
        self.ledger = chain.ledger()
        self.accounts = chain.cast().accounts

    def act(self, who: int | None, *words: object, code: int = 0, typed: str | None = None) -> str:
        """Type a command; `who` is an account of the node. Returns what it said, on one line."""
        command = [str(self.accounts[w]) if isinstance(w, Who) else str(w) for w in words]
        usual = {"--rpc": self.chain.node.url, "--deployment": str(self.chain.deployment)}
        command += [part for option in usual.items() if option[0] not in command for part in option]
        command += [] if who is None else ["--as", self.accounts[who]]
        command += [] if typed else ["--yes"]
        done = CliRunner().invoke(app, command, input=typed, env={"COLUMNS": "200"})
        assert done.exception is None or isinstance(done.exception, SystemExit), (words, done.exception)
        assert done.exit_code == code, (words, done.output)
        return " ".join(done.output.split())

    def refused(self, who: int | None, *words: object) -> str:
        said = self.act(who, *words, code=1)
        assert "✗" in said
        return said.partition("✗ ")[2]

    @property
    def now(self) -> int:
        return int(self.chain.node.call("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def date(self, days: float) -> str:
        return datetime.fromtimestamp(self.now + days * DAY, UTC).isoformat()

    def wait(self, days: float) -> None:
        self.chain.node.call("evm_increaseTime", int(days * DAY))
        self.chain.node.call("evm_mine")

    def balance(self, who: int) -> int:
        return int(self.ledger.view(self.ledger.token, "balanceOf", self.accounts[who]))

    def state(self, pool: int, milestone: int) -> int:
        return int(self.ledger.view(self.ledger.judgement, "milestoneOf", pool, milestone)["state"])

    def file(self, name: str, text: str) -> Path:
        path = self.folder / name
        path.write_text(text)
        return path


class Who(int):
    """An account of the node, as a word of a command."""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    for chain in deployed(tmp_path_factory.mktemp("town")):
        made = Town(chain, chain.folder)
        settle(made)
        yield made


def settle(town: Town) -> None:
    """Let the registrar enter everybody, a gateway mint, and an NGO open pool 1."""
    for who, kind, name in (
        (NGO, "ngo", "Lakeside Table"),
        *((a, "attestor", f"Attestor {a}") for a in ATTESTORS[:2]),
        (ATTESTORS[2], "attestor", "Newcomer"),
        (GATEWAY, "gateway", "Pamoja"),
        (CLINIC, "provider", "Ahero Clinic"),
    ):
        said = town.act(REGISTRAR, "registrar", "accredit", Who(who), kind, name)
        assert f"stands in the register as “{name}”" in said
    assert "Warning: a gateway can mint" in town.act(REGISTRAR, "registrar", "appoint-gateway", Who(GATEWAY))
    for number, who in enumerate((DONOR, OTHER, SPONSOR)):
        said = town.act(GATEWAY, "gateway", "mint", Who(who), "500", f"deposit {number}")
        assert "You mint 500.00 MUSD" in said
    said = town.act(NGO, "ngo", "open-pool", plan(town))
    assert "Milestone 0: 60.00 MUSD to" in said
    assert "more than 10 % of what was given dispute a milestone" in said
    assert "The last pool is number 1." in said


def plan(town: Town, **changes: str) -> Path:
    town.file("about.md", "A meal a day.\n")
    values = {
        "funding": town.date(400)[:10],
        "evidence": f'"{town.date(90)}"',
        "attestors": json.dumps([town.accounts[a] for a in ATTESTORS[:2]]),
        "payee": town.accounts[PAYEE],
    }
    return town.file("plan.toml", PLAN.format(**values | changes))


def test_every_role_is_there() -> None:
    for role, commands in ROLES.items():
        done = CliRunner().invoke(app, [role, "--help"])
        assert done.exit_code == 0
        for command in commands.registered_commands:
            assert command.callback is not None
            assert command.callback.__doc__
            assert CliRunner().invoke(app, [role, str(command.name), "--help"]).exit_code == 0


# ------------------------------------------------------------------------------------------- who acts, and how


def test_it_asks_before_it_does_anything(town: Town) -> None:
    before = town.balance(DONOR)
    said = town.act(DONOR, "donor", "give", 1, "5", typed="n\n", code=1)
    assert "You give 5.00 MUSD to pool 1 “School meals” of Lakeside Table, " in said
    assert "cannot be taken back" in said
    assert "Nothing was done." in said
    said = town.act(DONOR, "donor", "give", 1, "5", typed=" ", code=1)
    assert "Nothing was done." in said or "Nobody is there to ask" in said
    assert town.balance(DONOR) == before
    town.act(DONOR, "donor", "give", 1, "5", typed="y\n")
    assert town.balance(DONOR) == before - 5 * USD


def test_who_acts_must_be_known(town: Town) -> None:
    assert "Who acts?" in town.refused(None, "donor", "give", 1, "5")
    unknown = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert "The node has no account" in town.refused(None, "donor", "give", 1, "5", "--as", unknown)
    assert "is not an address" in town.refused(None, "donor", "give", 1, "5", "--as", "me")


def test_a_key_file_signs(town: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = Account.create()
    path = tmp_path / ".brownie" / "accounts" / "ann.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(Account.encrypt(key.key, "secret", kdf="pbkdf2", iterations=10)))
    town.act(GATEWAY, "gateway", "mint", key.address, "20", "deposit of Ann")
    secret = tmp_path / "password"
    secret.write_text("secret\n")
    opened = "--password-file", secret
    assert "Done" in town.act(None, "donor", "give", 1, "5", "--key-file", path, *opened)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert "Done" in town.act(None, "donor", "give", 1, "5", "--account", "ann", *opened)
    assert town.ledger.view(town.ledger.token, "balanceOf", key.address) == 10 * USD
    asked = town.act(None, "donor", "give", 1, "5", "--account", "ann", typed="secret\ny\n")
    assert "Done" in asked
    assert "secret" not in asked
    # A receipt key and a key file sign messages as well as the node does.
    secret.write_text("wrong")
    assert "does not open" in town.refused(None, "donor", "give", 1, "5", "--key-file", path, *opened)
    assert "Brownie has no account 'bob'. It has: ann." in town.refused(
        None, "donor", "give", 1, "5", "--account", "bob"
    )
    secret.write_bytes(b"\xff\xfe")
    assert "does not open" in town.refused(None, "donor", "give", 1, "5", "--key-file", path, *opened)
    for text in ("{}", "", "[" * 100_000, json.dumps(json.loads(path.read_text()) | {"version": 1})):
        path.write_text(text)
        assert "is not a keystore file" in town.refused(None, "donor", "give", 1, "5", "--key-file", path, *opened)
    said = town.act(None, "donor", "give", 1, "5", "--key-file", path, typed=" ", code=1)
    assert "is not a keystore file" in said
    none = tmp_path / "none.json"
    assert "There is no key file" in town.refused(None, "donor", "give", 1, "5", "--key-file", none, *opened)
    assert "Name one of" in town.refused(None, "donor", "give", 1, "5", "--key-file", path, "--account", "ann")


def test_another_chain_is_told(town: Town, tmp_path: Path) -> None:
    found = json.loads(town.chain.deployment.read_text())
    other = tmp_path / "other.json"
    other.write_text(json.dumps(found | {"genesis": "0x" + "00" * 32}))
    assert "is of another chain" in town.refused(DONOR, "donor", "give", 1, "5", "--deployment", other)
    assert "There is no deployment file" in town.refused(
        DONOR, "donor", "give", 1, "5", "--deployment", tmp_path / "no"
    )
    contracts = found["contracts"]
    for bad in ({}, {"PooledFund": contracts["PooledFund"] | {"address": "0x" + "12" * 20}}):
        given = {name: contracts[name] for name in contracts if name != "PledgeBook"} | bad
        other.write_text(json.dumps(found | {"contracts": given}))
        said = town.refused(DONOR, "donor", "give", 1, "5", "--deployment", other)
        assert f"it has no {'PooledFund' if bad else 'PledgeBook'} where one stands" in said
    for text in ("[]", "", "[" * 100_000):
        other.write_text(text)
        assert "is not a deployment file" in town.refused(DONOR, "donor", "give", 1, "5", "--deployment", other)
    for port in ("99999", "abc"):
        assert "its port is not" in town.refused(DONOR, "donor", "give", 1, "5", "--rpc", f"http://127.0.0.1:{port}")
    assert "does not answer" in town.refused(DONOR, "donor", "give", 1, "5", "--rpc", "http://127.0.0.1:9")


# --------------------------------------------------------------------------------------------------- bad inputs


@pytest.mark.parametrize(
    ("who", "words", "why"),
    [
        (DONOR, ("donor", "give", 1, "five"), "'five' is not an amount"),
        (DONOR, ("donor", "give", 1, "0"), "The amount is 0"),
        (DONOR, ("donor", "give", 1, "0.0000001"), "finer than"),
        (DONOR, ("donor", "give", 99, "5"), "There is no pool 99"),
        (DONOR, ("donor", "pledge", 1, "2", "--every", "day", "--cap", "1"), "cap of 1.00 MUSD is less than one"),
        (DONOR, ("donor", "pledge", 1, "2", "--every", "day", "--cap", "9", "--last", "2001-01-01"), "is past"),
        (DONOR, ("donor", "pledge", 1, "2", "--every", "day", "--cap", "9", "--first", "2001-01-01"), "is past"),
        (DONOR, ("donor", "pledge", 1, "2", "--every", "day", "--cap", "9", "--replaces", "7"), "There is no pledge 7"),
        (DONOR, ("donor", "pledge-lower", 77), "Say what becomes less"),
        (NGO, ("ngo", "append-milestone", 1, Who(PAYEE), "5", "2001-01-01"), "is past"),
        (ATTESTORS[0], ("attestor", "consent-milestone", 1, Who(PAYEE), "5", "2001-01-01"), "is past"),
        (NGO, ("ngo", "sign-voucher", 1, 0, "5", "none", "--until", "2090-01-01"), "is not for vouchers"),
        (NGO, ("ngo", "sign-voucher", 1, 9, "5", "none", "--until", "2090-01-01"), "has no milestone 9"),
        (NGO, ("ngo", "sign-voucher", 1, 2, "50", "none", "--until", "2090-01-01"), "is only 20.00 MUSD"),
        (NGO, ("ngo", "sign-voucher", 1, 2, "5", "/no/such", "--until", "2090-01-01"), "There is no folder /no"),
        (NGO, ("ngo", "seal-payout", 1, 1, "/no", "/no/such"), "There is no folder /no"),
        (NGO, ("ngo", "seal-payout", 1, 1, "/no", "/dev"), "There is /dev already"),
        (DONOR, ("donor", "sign-gift", 1, "5", "none", "--until", "2001-01-01"), "is past"),
        (GATEWAY, ("gateway", "mint", Who(DONOR), "5", " "), "its reference is empty"),
        (SPONSOR, ("sponsor", "lock", 1, "5", "--cap-per-gift", "1", "--until", "2001-01-01"), "is past"),
        (STRANGER, ("keeper", "free-seat", 1, 7), "Pool 1 has no sponsorship 7"),
        (STRANGER, ("member", "renounce", "pauser"), "is not PAUSER"),
        (STRANGER, ("admin", "stop-cancel", 1, Who(OPERATOR)), "This must be announced first"),
        (ADMIN, ("admin", "withdraw", "registrar", Who(STRANGER)), "This must be announced first"),
        (STRANGER, ("holder", "send", Who(DONOR), "5"), "has 0.00, and needs 5.00"),
        (STRANGER, ("holder", "allow", "Nobody", "5"), "'Nobody' is not an address"),
        (DONOR, ("donor", "give", 2**256, "5"), "out of range"),
        (DONOR, ("donor", "give", 1, "5000"), "and need 5,000.00 MUSD"),
        (STRANGER, ("donor", "give", 1, "5"), "You have 0.00 MUSD, and need 5.00 MUSD"),
        (DONOR, ("donor", "refund", 1), "Pool 1 is funding"),
        (STRANGER, ("donor", "refund", 1), "Nothing of yours is unspent"),
        (STRANGER, ("donor", "object", 1, 0), "gave nothing before the evidence"),
        (DONOR, ("donor", "pledge-stop", 77), "There is no pledge 77"),
        (NGO, ("ngo", "release", 1, 0), "Pool 1 is funding"),
        (NGO, ("ngo", "release", 1, 9), "Pool 1 has no milestone 9"),
        (STRANGER, ("ngo", "cancel", 1), "is not the NGO of pool 1"),
        (STRANGER, ("ngo", "give-back", 1, 0, "1"), "You have 0.00 MUSD"),
        (NGO, ("ngo", "submit-evidence", 1, 0, "/no/such", "--uri", "x"), "There is no file /no/such"),
        (NGO, ("ngo", "append-milestone", 1, "0x12", "5", "2030-01-01"), "'0x12' is not an address"),
        (NGO, ("ngo", "append-milestone", 1, Who(PAYEE), "5", "soon"), "'soon' is not a date"),
        (NGO, ("ngo", "append-milestone", 1, Who(PAYEE), "5", "2090-01-01"), "0 attestors have consented"),
        (STRANGER, ("attestor", "attest", 1, 0, "yes", "--evidence", "0x" + "ab" * 32), "The evidence that stands"),
        (STRANGER, ("attestor", "attest", 1, 0, "yes"), "Name the evidence by --file or by --evidence"),
        (STRANGER, ("attestor", "consent-milestone", 1, Who(PAYEE), "5", "2090-01-01"), "is not an attestor of pool 1"),
        (STRANGER, ("attestor", "rotate", 1, Who(ATTESTORS[0]), Who(ATTESTORS[2])), "not agreed"),
        (STRANGER, ("gateway", "mint", Who(STRANGER), "5", "x"), "does not hold the role"),
        (GATEWAY, ("gateway", "mint", Who(DONOR), "5", "deposit 0"), "has minted for this deposit already"),
        (GATEWAY, ("gateway", "refund-batch", 1), "No batch of yours"),
        (SPONSOR, ("sponsor", "lock", 1, "5", "--cap-per-gift", "1", "--until", "2090-01-01"), "is not invited"),
        (SPONSOR, ("sponsor", "withdraw", 1, 5), "Pool 1 has no sponsorship 5"),
        (OPERATOR, ("operator", "cancel", 1), "must be announced first"),
        (OPERATOR, ("operator", "unpause", 1), "Pool 1 is not paused"),
        (STRANGER, ("operator", "schedule-cancel", 1), "does not hold the role that may announce"),
        (STRANGER, ("registrar", "revoke", Who(NGO)), "does not hold the role"),
        (REGISTRAR, ("registrar", "accredit", Who(NGO), "ngo", "Twice"), "in the register already, as ngo"),
        (REGISTRAR, ("registrar", "accredit", Who(STRANGER), "ngo", "x" * 32), "The name has 32 bytes"),
        (REGISTRAR, ("registrar", "revoke", Who(STRANGER)), "is not in the register"),
        (STRANGER, ("pauser", "pause", 1), "does not hold the role"),
        (ADMIN, ("admin", "execute", "pauser", Who(STRANGER)), "is not OPERATOR, who alone"),
        (ADMIN, ("admin", "execute", "registrar", Who(STRANGER)), "must be announced first"),
        (STRANGER, ("keeper", "expire", 1, 0), "neither a payout round nor for vouchers"),
        (STRANGER, ("keeper", "hand-in", "/no/such"), "There is no file"),
    ],
)
def test_what_is_refused_says_why(town: Town, who: int, words: tuple[object, ...], why: str) -> None:
    before = int(town.chain.node.call("eth_blockNumber"), 16)
    assert why in town.refused(who, *words)
    assert int(town.chain.node.call("eth_blockNumber"), 16) == before


def test_what_is_typed_wrong_says_why(town: Town) -> None:
    assert "-5 is negative" in town.act(DONOR, "donor", "give", 1, "-5", code=2)
    assert "valid integer" in town.act(DONOR, "donor", "give", "one", "5", code=2)
    assert "not one of 'day', 'week', 'month'" in town.act(
        DONOR, "donor", "pledge", 1, "2", "--every", "year", "--cap", "9", code=2
    )
    # Whoever is asked for a code and goes away.
    said = town.act(STRANGER, "donor", "refund-entry", 1, typed="\x04", code=1)
    assert "✗" in said


@pytest.mark.parametrize("text", ["", "hello", "5", "[1, 2]", '{"a": 1}', "[" * 100_000, b"\xff\xfe\x00"])
def test_a_file_of_something_else_is_told(town: Town, text: str | bytes) -> None:
    path = town.folder / "odd.json"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    for who, words in (
        (STRANGER, ("keeper", "hand-in", path)),
        (NGO, ("ngo", "open-pool", path)),
        (NGO, ("ngo", "revoke-voucher", path)),
    ):
        said = town.refused(who, *words)
        assert str(path) in said
        assert not re.search("object is|codec|Expecting", said)


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('name = "School meals"', 'name = ""', "name: The name has 0 bytes"),
        ('name = "School meals"', "", "name: missing"),
        ('threshold = "50"', "threshold = 50", "threshold: write 50 as a text, in quotes"),
        ('threshold = "50"', 'threshold = "5000"', "fundingThreshold: more than the milestones"),
        ('threshold = "50"', 'treshold = "50"', "treshold: no such field"),
        ("quorum = 2", "quorum = 3", "panel.quorum: 3 is not 1 to 2"),
        ("quorum = 2", 'quorum = "2"', "panel.quorum: '2' is not 1 to 2"),
        ('objection_window = "1 d"', 'objection_window = "1 year"', "panel.objection_window: '1 year' is not a span"),
        ('objection_window = "1 d"', 'objection_window = "1 min"', "objectionWindow: not 1 hour to 180 days"),
        ('amount = "60.00"', 'amount = "60,00"', "milestones[0].amount: '60,00' is not an amount"),
        ('payee = "payouts"', 'payee = "nobody"', "milestones[1].payee: 'nobody' is not an address"),
        ('description = "about.md"', 'description = "none.md"', "There is no file"),
        ('voucher_cap = "100"\nvoucher_period = "7 d"', "", "milestones[2].payee: vouchers need limits.voucher_cap"),
        ("open_ended = true", 'open_ended = "yes"', "open_ended: 'yes' is not true or false"),
        ("[panel]", "[panel", "is not TOML"),
        ("[panel]", "[[panel]]", "panel: missing, or not a table"),
    ],
)
def test_a_bad_plan_is_told(town: Town, old: str, new: str, why: str) -> None:
    path = plan(town)
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    assert why in town.refused(NGO, "ngo", "open-pool", path)


@pytest.mark.parametrize(
    "name", ["PledgeBook", "Register", "Consortium", "SponsorBook", "Judgement", "PooledFund", "SettlementToken"]
)
def test_a_payee_that_could_never_pay_is_told(town: Town, name: str) -> None:
    path = plan(town, payee=town.ledger.contracts[name].address)
    assert f"is Moa's {name}, which could never pay" in town.refused(NGO, "ngo", "open-pool", path)


def test_the_example_is_a_plan(town: Town) -> None:
    """All that is wrong with it is that its attestors are nobody."""
    said = town.refused(NGO, "ngo", "open-pool", ROOT / "docs" / "plan.toml")
    assert "0x1111111111111111111111111111111111111111 is not in the register as what it must be" in said


def test_a_plan_may_be_json(town: Town) -> None:
    path = town.file("plan.json", "{")
    assert "is not JSON" in town.refused(NGO, "ngo", "open-pool", path)
    path.write_text("[]")
    assert "does not hold a plan" in town.refused(NGO, "ngo", "open-pool", path)
    found = {
        "name": "By JSON",
        "panel": {"attestors": [town.accounts[ATTESTORS[0]]], "quorum": 1},
        "funding_deadline": town.date(30),
        "milestones": [{"payee": town.accounts[PAYEE], "amount": "1", "evidence_deadline": town.date(40)}],
    }
    path.write_text(json.dumps(found))
    assert "“By JSON”" in town.act(NGO, "ngo", "open-pool", path)


# ---------------------------------------------------------------------------------------------------- the story


def test_gifts_and_a_sponsor(town: Town) -> None:
    town.act(NGO, "ngo", "invite-sponsor", 1, Who(SPONSOR))
    lock = "sponsor", "lock", 1, "30", "--cap-per-gift", "2", "--ratio", "50", "--until", town.date(30)
    said = town.act(SPONSOR, *lock)
    assert "First the SponsorBook is allowed to take exactly 30.00 MUSD" in said
    assert "Your sponsorship is number 1 of the pool." in said
    before = town.ledger.view(town.ledger.fund, "poolOf", 1)["raised"]
    said = town.act(DONOR, "donor", "give", 1, "40")
    assert "First the PooledFund is allowed to take exactly 40.00 MUSD from your wallet." in said
    after = town.ledger.view(town.ledger.fund, "poolOf", 1)["raised"]
    assert after - before == 42 * USD
    assert "is live until" in town.refused(SPONSOR, "sponsor", "withdraw", 1, 1)
    town.act(NGO, "ngo", "invite-sponsor", 1, Who(SPONSOR), "--no-longer")


def test_a_gateway_records_a_file_once(town: Town) -> None:
    day = datetime.fromtimestamp(town.now, UTC).isoformat()
    rows = [
        ("donated_at", "pool", "donor", "amount_usd"),
        *((day, 1, f"+25470000000{i % 3}", "10.00") for i in range(9)),
    ]
    path = town.file("gifts.csv", "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    secret = town.folder / "gateway.secret"
    assert "Nothing was done" in town.act(GATEWAY, "gateway", "record", path, "--secret", secret, typed="n\n", code=1)
    assert not secret.exists()
    said = town.act(GATEWAY, "gateway", "record", path, "--secret", secret)
    assert "9 of 9 gifts are new: 90.00 MUSD." in said
    assert "Recorded 9 gifts." in said
    assert "0 of 9 gifts are new" in town.act(GATEWAY, "gateway", "record", path, "--secret", secret)
    odd = town.file("odd secret", "ab\n")
    assert "is not a secret: it has 1 bytes, not 32" in town.refused(
        GATEWAY, "gateway", "record", path, "--secret", odd
    )
    odd.write_text("hello")
    assert "64 hexadecimal digits" in town.refused(GATEWAY, "gateway", "record", path, "--secret", odd)
    assert "cannot be read" in town.refused(GATEWAY, "gateway", "record", path, "--secret", town.folder)
    gone = town.folder / "gone"
    assert "9 gifts that you recorded with one" in town.refused(GATEWAY, "gateway", "record", path, "--secret", gone)
    assert "is not GATEWAY" in town.refused(STRANGER, "gateway", "record", path, "--secret", secret)
    path.write_text(path.read_text().replace(",1,", ",School meals,"))
    assert "'School meals' is not the number of a pool" in town.refused(
        GATEWAY, "gateway", "record", path, "--secret", secret
    )
    path.write_text("a,b\n")
    assert "gifts.csv" in town.refused(GATEWAY, "gateway", "record", path, "--secret", secret)


def receipt_code(town: Town, number: int) -> Path:
    """Return the file of the code that the gateway sent to one of its donors."""
    secret = receipts.load_secret(town.folder / "gateway.secret")[0]
    return town.file("code", receipts.code_of(secret, f"+25470000000{number}") + "\n")


def test_evidence_is_judged_disputed_and_released(town: Town) -> None:
    report = town.file("report.md", "410 meals.\n")
    said = town.act(NGO, "ngo", "submit-evidence", 1, 0, report, "--uri", "https://example.org/report")
    assert "SHA-256 0x" in said
    other = town.file("other.md", "420 meals.\n")
    assert "what you name has" in town.refused(ATTESTORS[0], "attestor", "attest", 1, 0, "yes", "--file", other)
    said = town.act(ATTESTORS[0], "attestor", "attest", 1, 0, "yes", "--file", report)
    assert "You say YES to the evidence" in said
    signed = town.folder / "yes.json"
    sign = "attestor", "sign-attestation", 1, 0, "yes", signed, "--until", town.date(2), "--file", report
    assert "can hand it in until" in town.act(ATTESTORS[1], *sign)
    assert "says YES" in town.act(STRANGER, "keeper", "hand-in", signed)
    assert town.state(1, 0) == 2
    assert "It is too early" in town.refused(NGO, "ngo", "release", 1, 0)
    words = town.folder / "no.json", "--until", town.date(1)
    town.act(DONOR, "donor", "sign-objection", 1, 0, town.folder / "wallet's no.json", *words[1:])
    by_code = "--code-file", receipt_code(town, 1)
    town.act(None, "donor", "sign-objection-by-code", 1, 0, *words, *by_code)
    # Ten percent of what was given dispute it.
    said = town.act(STRANGER, "donor", "object-by-code", 1, 0, "--code-file", receipt_code(town, 1))
    assert "with the weight of 30.00 MUSD" in said
    assert town.state(1, 0) == 3
    assert "is disputed" in town.refused(DONOR, "donor", "object", 1, 0)
    assert "is disputed" in town.refused(STRANGER, "keeper", "hand-in", words[0])
    words[0].write_text(words[0].read_text().replace('"objection"', '"gift"'))
    assert "was signed for another ledger" in town.refused(STRANGER, "keeper", "hand-in", words[0])
    better = town.file("better.md", "410 meals, and the bills.\n")
    town.act(NGO, "ngo", "submit-evidence", 1, 0, better, "--uri", "https://example.org/better")
    for attestor in ATTESTORS[:2]:
        town.act(attestor, "attestor", "attest", 1, 0, "yes", "--file", better)
    town.wait(1.01)
    said = town.act(NGO, "ngo", "release", 1, 0)
    assert "60.00 MUSD to" in said
    assert town.balance(PAYEE) == 60 * USD
    said = town.act(PAYEE, "ngo", "give-back", 1, 0, "4.50")
    assert "You give 4.50 MUSD of milestone 0 back" in said
    assert town.balance(PAYEE) == 55_500_000


def approve(town: Town, milestone: int) -> None:
    evidence = town.file(f"evidence {milestone}.md", f"Done: {milestone}.\n")
    town.act(NGO, "ngo", "submit-evidence", 1, milestone, evidence, "--uri", "https://example.org")
    for attestor in ATTESTORS[:2]:
        town.act(attestor, "attestor", "attest", 1, milestone, "yes", "--file", evidence)
    town.wait(1.01)
    town.act(NGO, "ngo", "release", 1, milestone)


def test_a_payout_round(town: Town) -> None:
    people = town.file("people.csv", "who,amount\nAmina,10\nBoris,12.50\nChen,7.50\n")
    out = town.folder / "codes.csv"
    assert "is not a span" in town.refused(NGO, "ngo", "seal-payout", 1, 1, people, out, "--window", "long")
    assert "7 to 365 days" in town.refused(NGO, "ngo", "seal-payout", 1, 1, people, out, "--window", "6 d")
    assert not out.exists()
    short = town.file("short.csv", "who,amount\nAmina,10\n")
    assert "the milestone is 30.00" in town.refused(NGO, "ngo", "seal-payout", 1, 1, short, out)
    bad = town.file("bad.csv", "who,amount\nAmina,ten\n")
    assert "bad.csv, line 2: 'ten' is not an amount" in town.refused(NGO, "ngo", "seal-payout", 1, 1, bad, out)
    bad.write_text("who,amount\n\nAmina,10,5\n")
    assert "bad.csv, line 3: there are more fields than columns" in town.refused(
        NGO, "ngo", "seal-payout", 1, 1, bad, out
    )
    assert "Nothing was done" in town.act(NGO, "ngo", "seal-payout", 1, 1, people, out, typed="n\n", code=1)
    assert not out.exists()
    bad.write_text("name,amount\nAmina,10\n")
    assert "has no column 'who'" in town.refused(NGO, "ngo", "seal-payout", 1, 1, bad, out)
    evidence = town.file("early.md", "early")
    submit = "ngo", "submit-evidence", 1, 1, evidence, "--uri", "x"
    assert "seal its list first" in town.refused(NGO, *submit)

    said = town.act(NGO, "ngo", "seal-payout", 1, 1, people, out, "--window", "7 d")
    assert "3 people, 30.00 MUSD" in said
    assert out.stat().st_mode & 0o777 == 0o600
    with out.open(newline="") as file:
        codes = {row["who"]: row["code"] for row in csv.DictReader(file)}
    assert all(code not in said for code in codes.values())
    approve(town, 1)

    code = town.file("amina", codes["Amina"].lower())
    said = town.act(STRANGER, "beneficiary", "claim", 1, 1, "--to", Who(OTHER), "--code-file", code)
    assert "10.00 MUSD of milestone 1" in said
    assert town.balance(OTHER) == 510 * USD
    again = "beneficiary", "claim", 1, 1, "--code-file", code
    assert "Row 0 of this round is paid already" in town.refused(STRANGER, *again)
    code.write_text("0000-0000-0000")
    assert "no row of the list is theirs" in town.refused(STRANGER, *again)
    code.write_text(codes["Amina"][:-1] + ("0" if codes["Amina"][-1] != "0" else "1"))
    assert "typing error in the code" in town.refused(STRANGER, *again)
    code.write_text(codes["Chen"])
    signed = town.folder / "claim.json"
    town.act(None, "beneficiary", "sign-claim", 1, 1, Who(CLINIC), signed, "--code-file", code)
    assert "7.50 MUSD of milestone 1" in town.act(STRANGER, "keeper", "hand-in", signed)
    assert town.balance(CLINIC) == 7_500_000
    many = town.file("many.csv", f"code\n{codes['Amina']}\n{codes['Boris']}\n")
    said = town.act(STRANGER, "beneficiary", "claim-many", 1, 1, many)
    assert "Row 0 was refused: Row 0 of this round is paid already." in said
    assert town.balance(STRANGER) == 12_500_000
    assert "is open" in town.refused(STRANGER, "keeper", "expire", 1, 1)
    town.wait(7.01)
    town.act(STRANGER, "keeper", "expire", 1, 1)
    assert "is closed" in town.refused(STRANGER, "keeper", "expire", 1, 1)


def test_vouchers(town: Town) -> None:
    out, bill, code = town.folder / "voucher.json", town.file("bill.txt", "A visit: 12"), town.folder / "voucher code"
    sign = "ngo", "sign-voucher", 1, 2, "9", out, "--until", town.date(60)
    assert "You are not the NGO" in town.refused(STRANGER, *sign)
    said = town.act(NGO, *sign)
    code.write_text(re.findall(r"([0-9A-Z]{4}(?:-[0-9A-Z]{4}){2})$", said)[0])
    redeem = "provider", "redeem", out, "8", bill, "--own", "4", "--provider", Who(CLINIC), "--code-file", code
    assert "is not released to the vouchers' book" in town.refused(OTHER, *redeem)
    approve(town, 2)
    more = "provider", "redeem", out, "9.50", bill, "--provider", Who(CLINIC), "--code-file", code
    assert "The voucher pays at most 9.00, not 9.50" in town.refused(OTHER, *more)
    signed, before = town.folder / "bill.json", town.balance(CLINIC)
    words = out, "8", bill, Who(CLINIC), signed, "--own", "4", "--until", town.date(1), "--code-file", code
    assert "and 4.00 MUSD by whoever hands it in" in town.act(None, "beneficiary", "sign-bill", *words)
    said = town.act(OTHER, "keeper", "hand-in", signed)
    assert "is paid 8.00 MUSD by pool 1 “School meals” and 4.00 MUSD by you" in said
    assert town.balance(CLINIC) == before + 12 * USD
    assert "There is" in town.refused(NGO, *sign)
    assert "The voucher is redeemed" in town.refused(OTHER, *redeem)
    assert "The voucher is redeemed" in town.refused(NGO, "ngo", "revoke-voucher", out)
    second = town.folder / "second.json"
    town.act(NGO, "ngo", "sign-voucher", 1, 2, "9", second, "--until", town.date(60))
    assert "You take back the voucher of up to 9.00 MUSD" in town.act(NGO, "ngo", "revoke-voucher", second)
    assert "is not a voucher" in town.refused(NGO, "ngo", "revoke-voucher", bill)


def test_pledges(town: Town) -> None:
    pledge = "donor", "pledge", 1, "2", "--every", "week", "--cap", "10"
    said = town.act(OTHER, *pledge)
    assert "You pledge 2.00 MUSD a week to pool 1" in said
    assert "Your pledge is number 1." in said
    assert "every" in town.act(OTHER, "donor", "pledge", 1, "2", "--cap", "10", code=2)
    before = town.balance(OTHER)
    assert "1 of 1 pledges were collected" in town.act(STRANGER, "keeper", "collect")
    assert "No pledge is due." in town.act(STRANGER, "keeper", "collect")
    assert town.balance(OTHER) == before - 2 * USD
    assert "is not who gave or pledged" in town.refused(STRANGER, "donor", "pledge-pause", 1)
    # One allowance is for all pledges of a wallet; and a cap may be more than the wallet has.
    said = town.act(OTHER, *pledge[:-1], "4000", "--first", town.date(900))
    assert "First the PledgeBook is allowed to take exactly 4,008.00 MUSD" in said
    assert "is not yours" in town.refused(STRANGER, *pledge, "--replaces", "2")
    town.act(OTHER, "donor", "pledge-stop", 2)
    signed, word = town.folder / "pledge.json", town.folder / "gift.json"
    town.act(OTHER, "donor", "sign-pledge", *pledge[2:], signed, "--first", town.date(900), "--until", town.date(1))
    assert "pledges 2.00 MUSD a week to pool 1" in town.act(STRANGER, "keeper", "hand-in", signed)
    town.act(OTHER, "donor", "pledge-stop", 3)
    for out in (word, town.folder / "gift 2.json"):
        town.act(OTHER, "donor", "sign-gift", 1, "0.50", out, "--until", town.date(1))
    assert "gives 0.50 MUSD to pool 1" in town.act(STRANGER, "keeper", "hand-in", word)
    assert "used already" in town.refused(STRANGER, "keeper", "hand-in", word)
    found = json.loads(word.read_text())
    gift = found["arguments"][0][1]
    for bad in ([], 5, [[1]], [[1, [7, *gift[1:]]]], [[1, [*gift[:5], "zz"]]], [["1", gift]], [[True, gift]]):
        (town.folder / "damaged").write_text(json.dumps(found | {"arguments": bad}))
        assert "damaged is damaged" in town.refused(STRANGER, "keeper", "hand-in", town.folder / "damaged")
    assert "who alone can take it back" in town.refused(STRANGER, "donor", "cancel-gift", out)
    town.act(OTHER, "donor", "cancel-gift", out)
    assert "taken back" in town.refused(STRANGER, "keeper", "hand-in", out)
    before -= USD // 2
    town.act(OTHER, "donor", "pledge-pause", 1)
    town.wait(7.1)
    assert "No pledge is due." in town.act(STRANGER, "keeper", "collect")
    town.act(OTHER, "donor", "pledge-resume", 1)
    said = town.act(OTHER, "donor", "pledge-lower", 1, "--amount", "1.25")
    assert "takes 1.25 MUSD instead of 2.00 MUSD each time, and 10.00 MUSD instead of 10.00 MUSD in all" in said
    assert "1 of 1 pledges were collected" in town.act(STRANGER, "keeper", "collect")
    assert "nothing is taken for the week that begins on" in town.act(OTHER, "donor", "pledge-skip", 1)
    town.wait(7)
    assert "No pledge is due." in town.act(STRANGER, "keeper", "collect")
    # Pledges with nothing behind them are left out, and cost nobody gas: one of 3 that share what is for one, say.
    town.wait(7)
    send, token, book = town.ledger.send, town.ledger.token, town.ledger.pledges
    terms = 1, 2 * USD, 0, town.now, 0, 0, 10 * USD, 0
    send(town.accounts[OTHER], token, "approve", book.address, 3_250_000)
    for who in (OTHER, OTHER, PAUSER, REGISTRAR):
        send(town.accounts[who], book, "pledge", terms)
    send(town.accounts[REGISTRAR], token, "approve", book.address, 2 * USD)
    found = collecting.due(town.ledger)
    assert found.found == [(1, 1), (1, 4)]
    left = {collecting.Reason.NO_ALLOWANCE: [5, 6], collecting.Reason.NO_BALANCE: [7]}
    assert found.left_out == left
    assert "PledgeBook may take 0.00 MUSD" in town.act(OTHER, "holder", "allow", "PledgeBook", "0")
    block = town.chain.node.call("eth_blockNumber")
    said = town.act(STRANGER, "keeper", "collect")
    assert "4 due pledges are left out (1, 4, 5, 6): the donor's allowance is used up." in said
    assert "1 due pledge is left out (7): the donor has not enough. No pledge can be collected." in said
    assert town.chain.node.call("eth_blockNumber") == block
    # One whose money goes between the list and the call is named, and nothing breaks.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(collecting, "due", lambda _: collecting.Due([(1, 1)]))
        said = town.act(STRANGER, "keeper", "collect")
    assert "Pledge 1 was not collected: the donor's allowance is used up." in said
    town.act(OTHER, "donor", "pledge-stop", 1)
    assert "Pledge 1 is stopped" in town.refused(OTHER, "donor", "pledge-resume", 1)
    assert town.balance(OTHER) == before - 3_250_000


def test_an_open_ended_pool_grows_and_rotates(town: Town) -> None:
    more = 1, Who(PAYEE), "15", town.date(200)
    for attestor in ATTESTORS[:2]:
        town.act(attestor, "attestor", "consent-milestone", *more)
    assert "has consented already" in town.refused(ATTESTORS[0], "attestor", "consent-milestone", *more)
    assert "You add a milestone to pool 1" in town.act(NGO, "ngo", "append-milestone", *more)
    rotation = 1, Who(ATTESTORS[0]), Who(ATTESTORS[2])
    town.act(ATTESTORS[1], "attestor", "consent-rotation", *rotation)
    assert "not agreed" in town.refused(STRANGER, "attestor", "rotate", *rotation)
    town.act(ATTESTORS[0], "attestor", "consent-rotation", *rotation)  # both are the quorum, so who leaves must agree
    assert "It is too early" in town.refused(STRANGER, "attestor", "rotate", *rotation)
    town.wait(7.01)
    assert "takes the seat of" in town.act(STRANGER, "attestor", "rotate", *rotation)
    assert town.ledger.view(town.ledger.judgement, "isAttestor", 1, town.accounts[ATTESTORS[2]])


def test_the_brake(town: Town) -> None:
    assert "takes no gifts and no evidence until" in town.act(PAUSER, "pauser", "pause", 1)
    assert "Pool 1 takes no gifts" in town.refused(DONOR, "donor", "give", 1, "1")
    assert "does not hold the role" in town.refused(STRANGER, "keeper", "unpause", 1)
    town.act(OPERATOR, "operator", "unpause", 1)
    town.act(OPERATOR, "operator", "appoint-pauser", Who(STRANGER))
    assert "it can be done from" in town.refused(STRANGER, "pauser", "pause", 1)
    town.act(OPERATOR, "operator", "dismiss-pauser", Who(STRANGER))
    assert "does not hold the role" in town.refused(STRANGER, "pauser", "pause", 1)


def test_the_operator_cancels_in_public_and_everybody_gets_back(town: Town) -> None:
    said = town.act(OPERATOR, "operator", "schedule-cancel", 1)
    assert "You announce that pool 1" in said
    assert "announced already" in town.refused(OPERATOR, "operator", "schedule-cancel", 1)
    town.act(OPERATOR, "operator", "withdraw-cancel", 1)
    town.act(OPERATOR, "operator", "schedule-cancel", 1)
    assert "cannot cancel pool 1" in town.act(ADMIN, "admin", "stop-cancel", 1, Who(OPERATOR))
    town.act(OPERATOR, "operator", "schedule-cancel", 1)
    assert "announced, but not due" in town.refused(OPERATOR, "operator", "cancel", 1)
    town.wait(7.01)
    assert "You cancel pool 1" in town.act(OPERATOR, "operator", "cancel", 1)

    # The first who gave are spent; what was pledged last is not.
    assert "Nothing of yours is unspent" in town.refused(DONOR, "donor", "refund", 1)
    assert "You get back 2.00 MUSD" in town.act(OTHER, "donor", "refund", 1)
    assert "paid back already" in town.refused(OTHER, "donor", "refund", 1)
    before = town.balance(STRANGER)
    by_code, signed = ("donor", "refund-entry", 1, "--code-file", receipt_code(town, 2)), town.folder / "refund.json"
    words = 1, Who(STRANGER), signed, "--until", town.date(1), *by_code[3:]
    town.act(None, "donor", "sign-refund-entry", *words)
    # Who says no to the second of two knows what was done.
    said = town.act(OTHER, "keeper", "hand-in", signed, typed="y\nn\n", code=1)
    assert "This was not done; what was done before it stays." in said
    said = town.act(STRANGER, *by_code)
    assert "10.00 MUSD of the receipt at" in said
    assert town.balance(STRANGER) == before + 20 * USD
    assert "paid back already" in town.refused(STRANGER, *by_code)
    assert "It is too early" in town.refused(GATEWAY, "gateway", "refund-batch", 1)
    town.wait(215)  # 180 days in which vouchers of the pool could give something back, and 30 for its donors
    assert "you owe them this" in town.act(GATEWAY, "gateway", "refund-batch", 1)
    assert "No batch of yours" in town.refused(GATEWAY, "gateway", "refund-batch", 1)
    left = town.balance(SPONSOR)
    assert "leaves its seat" in town.act(STRANGER, "keeper", "free-seat", 1, 1)
    town.act(STRANGER, "sponsor", "withdraw", 1, 1, "--to", Who(SPONSOR))
    assert town.balance(SPONSOR) > left


def test_an_ngo_gives_up(town: Town) -> None:
    town.act(NGO, "ngo", "open-pool", plan(town))
    pool = town.ledger.view(town.ledger.fund, "poolCount")
    assert "You give up pool" in town.act(NGO, "ngo", "cancel", pool)
    assert "is frozen" in town.refused(NGO, "ngo", "cancel", pool)


def test_roles_change_in_public(town: Town) -> None:
    town.act(REGISTRAR, "registrar", "dismiss-gateway", Who(GATEWAY))
    assert "does not hold the role" in town.refused(GATEWAY, "gateway", "mint", Who(DONOR), "1", "late")
    # More than 5 days after the deployment an appointment waits for its public delay.
    said = town.act(REGISTRAR, "registrar", "appoint-gateway", Who(GATEWAY))
    assert re.search(r"is GATEWAY, from \d{4}-", said)
    assert "does not hold the role" in town.refused(GATEWAY, "gateway", "mint", Who(DONOR), "1", "late")
    town.wait(2.01)
    town.act(GATEWAY, "gateway", "mint", Who(DONOR), "1", "late")
    town.act(REGISTRAR, "registrar", "revoke", Who(CLINIC))
    assert "one of Moa's contracts" in town.refused(DONOR, "holder", "send", town.ledger.fund.address, "1")
    town.act(DONOR, "holder", "send", Who(STRANGER), "1")
    town.act(GATEWAY, "member", "renounce", "gateway")
    assert "does not hold the role" in town.refused(GATEWAY, "gateway", "mint", Who(DONOR), "1", "too late")

    town.act(ADMIN, "admin", "schedule", "registrar", Who(STRANGER))
    assert "You take back" in town.act(ADMIN, "admin", "withdraw", "registrar", Who(STRANGER))
    said = town.act(ADMIN, "admin", "schedule", "registrar", Who(STRANGER))
    assert "You announce:" in said
    assert "not due yet" in town.refused(ADMIN, "admin", "execute", "registrar", Who(STRANGER))
    town.wait(2.01)
    town.act(ADMIN, "admin", "execute", "registrar", Who(STRANGER))
    assert "does not hold the role" in town.refused(STRANGER, "registrar", "revoke", Who(NGO))
    town.wait(2.01)
    town.act(STRANGER, "registrar", "revoke", Who(NGO))
    town.act(ADMIN, "admin", "schedule", "registrar", Who(STRANGER), "--dismiss")
    town.wait(2.01)
    town.act(ADMIN, "admin", "execute", "registrar", Who(STRANGER), "--dismiss")
    assert "does not hold the role" in town.refused(STRANGER, "registrar", "revoke", Who(DONOR))
