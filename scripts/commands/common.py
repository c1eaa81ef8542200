"""What all actions have in common: the options of every command, and errors as one line."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from eth_abi.exceptions import EncodingError
from rich.console import Console
from rich.markup import escape
from typer.core import TyperCommand

from scripts.codes import CodeError
from scripts.commands.desk import Desk, RefusedError
from scripts.commands.typed import TypedError
from scripts.keys import KeyFileError
from scripts.ledger import LedgerError
from scripts.rpc import NodeError

if TYPE_CHECKING:
    from collections.abc import Callable

ERRORS = (CodeError, KeyFileError, LedgerError, NodeError, RefusedError, TypedError)

Sender = Annotated[str, typer.Option("--as", metavar="ADDRESS", help="who acts: an account of the node")]
KeyFileOption = Annotated[
    Path | None, typer.Option("--key-file", help="who acts: a keystore file; its password is asked for")
]
BrownieAccount = Annotated[str, typer.Option("--account", metavar="NAME", help="who acts: one of Brownie's accounts")]
PasswordFile = Annotated[Path | None, typer.Option("--password-file", help="a file with the key file's password")]
Rpc = Annotated[str, typer.Option("--rpc", envvar="MOA_RPC", help="address of a node")]
DeploymentOption = Annotated[
    Path | None, typer.Option("--deployment", envvar="MOA_DEPLOYMENT", help="the deployment file")
]
Yes = Annotated[bool, typer.Option("--yes", help="do not ask")]


@dataclass(frozen=True)
class Common:
    """The options of every command."""

    sender: str = ""
    key_file: Path | None = None
    brownie: str = ""
    password_file: Path | None = None
    rpc: str = "http://127.0.0.1:8545"
    deployment: Path | None = None
    yes: bool = False


KINDS = {
    "sender": Sender,
    "key_file": KeyFileOption,
    "brownie": BrownieAccount,
    "password_file": PasswordFile,
    "rpc": Rpc,
    "deployment": DeploymentOption,
    "yes": Yes,
}


class _Command(TyperCommand):
    """A command that takes a negative number for what it is, not for an option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        negative = next((word for word in args if re.fullmatch(r"-[0-9][0-9.,]*", word)), None)
        if negative:
            raise typer.BadParameter(f"{negative} is negative: no number and no amount can be.", ctx=ctx)
        return super().parse_args(ctx, args)


def _fail(why: str) -> NoReturn:
    Console(stderr=True).print(f"[red]✗[/] {escape(why)}", soft_wrap=True, highlight=False)
    raise typer.Exit(1)


def role(what: str) -> typer.Typer:
    """Return the commands of one role."""
    return typer.Typer(help=what, no_args_is_help=True, add_completion=False)


def action(
    app: typer.Typer, name: str, *, anybody: bool = False
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a function of a desk and some values a command, with the options that all have.

    `anybody`: it takes no account, since it is signed with a code.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        signature = inspect.signature(function, eval_str=True)
        own = list(signature.parameters.values())[1:]
        shared = [
            inspect.Parameter(f.name, inspect.Parameter.KEYWORD_ONLY, default=f.default, annotation=KINDS[f.name])
            for f in fields(Common)
        ]
        own = [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]

        def run(**given: Any) -> None:
            common = Common(**{f.name: given.pop(f.name) for f in fields(Common)})
            console = Console(highlight=False)
            desk = None
            try:
                desk = Desk(common, console, anybody=anybody)
                function(desk, **given)
            except ERRORS as error:
                _fail(str(error))
            except (EncodingError, OverflowError):
                _fail("A number is out of range: pools are counted from 1, milestones from 0.")
            except (EOFError, typer.Abort):
                _fail(f"Nobody is there to ask. --yes does not ask. {desk.nothing if desk else 'Nothing was done.'}")

        run.__doc__ = function.__doc__
        run.__name__ = function.__name__
        run.__signature__ = signature.replace(parameters=[*own, *shared])  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in [*own, *shared]}
        app.command(name, cls=_Command)(run)
        return function

    return decorate
