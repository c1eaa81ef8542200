"""Keys in files: who signs when the node does not. A key is never on a command line, and never in an environment."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eth_account import Account

if TYPE_CHECKING:
    from scripts.rpc import Call, Node

BROWNIE = Path("~/.brownie/accounts")


class KeyFileError(Exception):
    """A key file that cannot be opened, in one sentence."""


class KeyFile:
    """An account from a keystore file (Web3 Secret Storage, as Brownie, Geth and Besu write it)."""

    def __init__(self, path: Path, password: str, node: Node) -> None:
        try:
            found = json.loads(path.read_text())
            self._key = bytes(Account.decrypt(found, password))
        except FileNotFoundError:
            raise KeyFileError(f"There is no key file {path}.") from None
        except OSError as error:
            raise KeyFileError(f"The key file {path} cannot be read: {error.strerror}.") from error
        except (ValueError, KeyError, TypeError, AttributeError, NotImplementedError, RecursionError) as error:
            if "MAC mismatch" in str(error):
                raise KeyFileError(f"The password does not open {path}.") from None
            raise KeyFileError(f"{path} is not a keystore file.") from None
        self.address = str(Account.from_key(self._key).address)
        self._node = node

    def request(self, transaction: dict[str, Any]) -> Call:
        """Sign a transaction here and return the request that sends it."""
        made = {key: int(value, 16) for key, value in transaction.items() if key in ("gas", "gasPrice", "nonce")}
        if "nonce" not in made:
            made["nonce"] = int(self._node.call("eth_getTransactionCount", self.address, "pending"), 16)
        made |= {"to": transaction["to"], "data": transaction["data"], "value": 0}
        made["chainId"] = int(self._node.call("eth_chainId"), 16)
        signed = Account.sign_transaction(made, self._key)
        return "eth_sendRawTransaction", ["0x" + bytes(signed.raw_transaction).hex()]

    def sign(self, node: Node, account: str, typed: dict[str, Any]) -> bytes:  # noqa: ARG002 -- the seam
        """Sign a typed message here."""
        return bytes(Account.sign_typed_data(self._key, full_message=typed).signature)


def brownie_account(name: str) -> Path:
    """Return the keystore file of one of Brownie's accounts."""
    folder = BROWNIE.expanduser()
    path = folder / f"{name}.json"
    if not path.exists():
        known = ", ".join(sorted(p.stem for p in folder.glob("*.json"))) or "none"
        raise KeyFileError(f"Brownie has no account {name!r}. It has: {known}.")
    return path
