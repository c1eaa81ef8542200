"""Version 3: a text holds no NUL, which PostgreSQL refuses, and is ordered by its code points in both databases."""

from __future__ import annotations

from sqlalchemy import Connection, text

from api.migrations.step import Step

_ORDER = (
    'ALTER TABLE logs ALTER COLUMN event TYPE VARCHAR COLLATE "C"',
    'ALTER TABLE tokens ALTER COLUMN symbol TYPE TEXT COLLATE "C", ALTER COLUMN name TYPE TEXT COLLATE "C"',
)


def _alter(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        for statement in _ORDER:
            connection.execute(text(statement))
    change = text("UPDATE tokens SET symbol = :symbol, name = :name WHERE log = :log")
    for row in connection.execute(text("SELECT log, symbol, name FROM tokens")).all():
        clean = {"symbol": row.symbol.replace("\0", "\ufffd"), "name": row.name.replace("\0", "\ufffd")}
        if clean != {"symbol": row.symbol, "name": row.name}:
            connection.execute(change, {**clean, "log": row.log})


STEP = Step(version=3, alter=_alter, replays=True)
