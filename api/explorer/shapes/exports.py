"""What can be exported, and what stands in the manifest of an export."""

from __future__ import annotations

from typing_extensions import TypedDict


class ExportColumn(TypedDict):
    """A column: its kind says how it is written, its unit in what it counts."""

    name: str
    kind: str
    unit: str
    says: str


class ExportTable(TypedDict):
    """A table that can be exported, and the filters that narrow it."""

    table: str
    says: str
    filters: list[str]
    columns: list[ExportColumn]


class ExportList(TypedDict):
    """All that can be exported: `<table>.<form>`."""

    forms: list[str]
    tables: list[ExportTable]


class ExportBlock(TypedDict):
    """The block up to which an export tells."""

    number: int
    hash: str
    time: int


class Manifest(TypedDict):
    """What a file that was exported whole has: compare `sha256` with the file's own."""

    format: str
    file: str
    table: str
    filters: dict[str, str | int]
    chain_id: int
    genesis: str
    block: ExportBlock
    rows: int
    bytes: int
    sha256: str
    columns: list[ExportColumn]


class RewoundAnswer(TypedDict):
    """The body of a 409: the chain no longer has the block that was asked for."""

    error: str
    reason: str
