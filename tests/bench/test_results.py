"""What the benchmarks tell is told rightly: the measuring itself is left to `make bench`."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.bench import report, results
from tests.bench.__main__ import NAMES
from tests.bench.plot import Chart, svg
from tests.bench.results import Chosen, Result, load, quantile, sign


def found() -> Result:
    result = Result("direct", "Direct gifts", ["As it is."], ["what", "a second"], [["Moa", "9"], ["Other", "3"]])
    result.want("Moa, of the other", 20, 3)
    result.want("p99", 20, 19, "ms", at_most=True)
    return result


def test_a_figure_that_is_missed_is_said_to_be() -> None:
    lines = found().markdown().splitlines()
    assert "| Moa | 9 |" in lines
    assert "| Moa, of the other | ≥ 20 × | 3 × | **missed** |" in lines
    assert "| p99 | ≤ 20 ms | 19 ms | met |" in lines


def test_what_was_found_is_read_as_it_was_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    result = found()
    sign(result, Chosen(quick=True))
    again = load(result.save())
    assert again == result
    assert "say nothing" in again.markdown()


def test_tables_are_filled_in_again_and_again_and_others_left_alone() -> None:
    page = "# A\n\n<!-- bench:direct -->\n<!-- /bench -->\n\nwords\n\n<!-- bench:reads -->\nold\n<!-- /bench -->\n"
    once = report.filled(page, {"direct": "| 1 |"})
    assert "<!-- bench:direct -->\n\n| 1 |\n\n<!-- /bench -->\n\nwords" in once
    assert "\nold\n" in once
    assert report.filled(once, {"direct": "| 1 |"}) == once


def test_each_benchmark_has_its_place_on_the_page() -> None:
    page = report.PAGE.read_text()
    for name in NAMES:
        assert importlib.util.find_spec(f"tests.bench.{name}")
        assert f"<!-- bench:{name} -->" in page


def test_a_quantile_is_a_value_that_was_there() -> None:
    values = [float(n) for n in range(1, 101)]
    assert [quantile(values, part) for part in (0.5, 0.95, 0.99, 1)] == [50, 95, 99, 100]
    assert quantile([7.0], 0.99) == 7


def test_a_plot_is_whole_and_within_its_edges() -> None:
    lines = {"a & b": [1.0, 20.0, 300.0], "c": [5.0, 5.0, 5.0]}
    text = svg([Chart("<T>", [10, 1000, 10**6], lines, 250, logarithmic=each) for each in (True, False)])
    drawn = ElementTree.fromstring(text)  # noqa: S314 -- our own
    circles = [each for each in drawn.iter() if each.tag.endswith("circle")]
    assert len(circles) == 12
    assert all(30 <= float(each.attrib["cy"]) <= 186 for each in circles)
