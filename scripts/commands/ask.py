"""What is asked for rather than typed on a command line: codes. And the options that several roles share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from scripts import codes, receipts
from scripts.commands import typed
from scripts.signing import KeyHand

RECEIPT_CODE = 19
"""Letters and digits, and hyphens."""

CodeFile = Annotated[Path | None, typer.Option("--code-file", help="a file with the code; else it is asked for")]
To = Annotated[str, typer.Option("--to", metavar="ADDRESS", help="who is paid; else you")]
EvidenceFile = Annotated[Path | None, typer.Option("--file", help="the evidence's file, whose hash is taken")]
EvidenceHash = Annotated[str, typer.Option("--evidence", metavar="HASH", help="or its SHA-256, as 0x…")]
Amount = Annotated[str, typer.Option("--amount", help="in units of the token, as in 1.50")]
Cap = Annotated[str, typer.Option("--cap", help="in units of the token, as in 60")]
Until = Annotated[str, typer.Option("--until", help="last day, or a time with its zone")]


def typed_code(path: Path | None) -> str:
    """Return what a file or somebody at a prompt says: on a command line it would stay in the shell's history."""
    text = typed.contents(path).decode(errors="replace") if path else typer.prompt("Code", hide_input=True, err=True)
    return str(text).strip()


def code(path: Path | None) -> str:
    """Return a beneficiary's code."""
    try:
        return codes.read_code(typed_code(path))
    except codes.CodeError as error:
        raise typed.TypedError(f"{path}: {error}" if path else str(error)) from None


def receipt_hand(path: Path | None) -> KeyHand:
    """Return the receipt key of a donor's code."""
    found = receipts.tidy(typed_code(path))
    if len(found) != RECEIPT_CODE:
        where = f"{path}: " if path else ""
        raise typed.TypedError(f"{where}A receipt's code has 16 letters and digits, as in 7QK4-M2XD-90RT-AB3F.")
    return KeyHand(receipts.key_of(found))


def evidence(path: Path | None, text: str) -> bytes:
    """Return the hash of the evidence that is meant."""
    if (path is None) == (text == ""):
        raise typed.TypedError("Name the evidence by --file or by --evidence, and by one of them only.")
    return typed.file_hash(path) if path else typed.digest(text)
