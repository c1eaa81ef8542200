"""The answer that is an NGO's IATI file."""

from __future__ import annotations

from api.explorer.content import ContentFolder
from api.explorer.database import Database
from api.explorer.exports.answers import LongAnswer, Places
from api.explorer.iati import read, write
from api.explorer.iati.given import Given

MEDIA_TYPE = "application/xml"


class Publisher:
    """Publishes what the ledger says of NGOs, with what the operator gives."""

    def __init__(self, database: Database, content: ContentFolder, places: Places, given: Given) -> None:
        self._database, self._content, self._places, self._given = database, content, places, given

    def file(self, ngo: bytes) -> LongAnswer:
        """Return the answer that is the file.

        Raises:
            NotFoundError: There is no such NGO, or it has no pools.
            UnavailableError: There is no index.

        """
        found = read.read(self._database, self._content, ngo)
        headers = {
            "Cache-Control": "no-cache",
            "Content-Disposition": f'attachment; filename="iati-moa-{found.pin.chain_id}-0x{ngo.hex()}.xml"',
            "Moa-Block": str(found.pin.number),
            "Moa-Block-Hash": f"0x{found.pin.hash.hex()}",
        }
        return LongAnswer(self._places, write.write(self._database, found, self._given), MEDIA_TYPE, headers)
