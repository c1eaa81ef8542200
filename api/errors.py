"""What can go wrong, said so that the reader knows what to do."""

from __future__ import annotations


class MoaError(Exception):
    """The base of all errors that are told to the user in one line."""


class SettingsError(MoaError):
    """A setting, or a file that it names, cannot be used."""


class NodeAwayError(MoaError):
    """The node does not answer. The index keeps what it has and the sync tries again."""


class NodeRefusedError(MoaError):
    """The node answered a request with an error."""


class RangeRefusedError(NodeRefusedError):
    """The node will not hand out the logs of so many blocks at once."""


class UnsteadyChainError(MoaError):
    """The chain changed while it was read. Reading it again helps."""


class NodeBehindError(MoaError):
    """The node has fewer blocks than were indexed, none of them another, or has not got to the deployment. Wait."""


class ForkedError(MoaError):
    """The node tells of another block than the one that was indexed as final. Nothing is forgotten: an alarm."""


class OtherChainError(MoaError):
    """The node's chain is not the one that was indexed: another chain id, genesis or deployment."""


class UnknownLogError(MoaError):
    """A log that Moa's ABIs do not explain, in whole. Nothing is skipped: the sync stops here."""


class BrokenLineError(MoaError):
    """A contribution or release does not start where its pool's line stood. Nothing is guessed: the sync stops here."""


class TooLargeError(MoaError):
    """A number in a log is larger than any that the ledger can have. Nothing is cut: the sync stops here."""


class StoreError(MoaError):
    """The database cannot be used: another schema, another writer, or no room."""


class ExportError(MoaError):
    """A file that was asked for cannot be written: nothing is there to tell, or there is no room for it."""
