"""A comparison in words, a line for each thing; and the one that a command makes."""

from __future__ import annotations

import time
from collections.abc import Callable

from api import reconciled
from api.errors import MoaError, UnsteadyChainError
from api.indexer.reconcile import TRIES, UnreadyError
from api.reconciled import Difference, Reconciled


def once(compare: Callable[[], Reconciled]) -> tuple[int, list[str]]:
    """Compare once, and return the command's exit code and its lines: 0 all agree, 1 they do not, 2 not compared."""
    for turn in range(TRIES):
        try:
            note = compare()
        except UnsteadyChainError as error:
            why = str(error)
            if turn + 1 < TRIES:
                time.sleep(1)
        except (MoaError, UnreadyError) as error:
            why = str(error)
            break
        else:
            return int(reconciled.count(note) > 0), lines(note)
    return 2, [f"could not be compared: {why}"]


def lines(note: Reconciled) -> list[str]:
    """Return what was compared, then what differs, what is over, and why nothing could be compared."""
    found = [_compared(note)]
    found += [f"✗ {_about(each)}: {_values(each)}" for each in note["differences"]]
    if note["more"]:
        found.append(f"✗ and {note['more']} more")
    found += [
        f"{each['contract']} has {each['surplus']} more of the token {each['token']} than is spoken for: sent by error"
        for each in note["balances"]
        if each["surplus"] != "0"
    ]
    if trouble := note["trouble"]:
        at = "" if trouble["block"] is None else f" at block {trouble['block']}"
        found.append(f"could not be compared{at}: {trouble['reason']}")
    return found


def _compared(note: Reconciled) -> str:
    if note["block"] is None:
        return "the index was never compared with the contracts"
    counted = f"{_count(note['pools'], 'pool')}, {_count(note['tokens'], 'token')}, {_count(note['figures'], 'figure')}"
    count = reconciled.count(note)
    result = "all agree" if not count else f"{_count(count, 'figure')} differ{'s' if count == 1 else ''}"
    return f"compared with the contracts at block {note['block']} ({note['hash']}): {counted}: {result}"


def _about(each: Difference) -> str:
    where = {
        "round": f" {each['pool']}-{each['milestone']}",
        "vouchers": f" of milestone {each['milestone']} of pool {each['pool']}",
        "sponsorship": f" {each['sponsorship']} of pool {each['pool']}",
        "pool": f" {each['pool']}",
        "token": f" {each['token']}",
    }.get(each["about"], "")
    return f"{each['about']}{where}, {each['what']}"


def _values(each: Difference) -> str:
    return "; ".join(f"{value['source']} says {value['value']}" for value in each["values"])


def _count(number: int, one: str) -> str:
    return f"{number} {one}{'' if number == 1 else 's'}"
