"""What Datasette lacks for Moa's index: to read 0x… as bytes, and to show bytes as 0x…."""

from datasette import hookimpl

LONGEST = 64
"""Bytes that are shown in a cell; longer ones stay Datasette's own."""


def blob(text):
    """Return the bytes of 0x…, NULL for anything else. An index on the column that it is compared with is used."""
    try:
        return bytes.fromhex(str(text).strip().removeprefix("0x"))
    except ValueError:
        return None


@hookimpl
def prepare_connection(conn):
    """Add the SQL function blob('0x…')."""
    conn.create_function("blob", 1, blob, deterministic=True)


@hookimpl
def render_cell(value):
    """Show addresses and hashes as they are written everywhere else."""
    return f"0x{value.hex()}" if isinstance(value, bytes) and len(value) <= LONGEST else None
