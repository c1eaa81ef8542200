"""Each mutant can be tried: its line stands in its contract once, its tests are there, and every rule has one."""

import re

from tests.mutants.run import ROOT, read


def is_there(test: str) -> bool:
    """Return whether a test module has the class and the function that a test's name tells of, whatever its cases."""
    module, *names = test.partition("[")[0].split("::")
    path = ROOT / "tests" / "contracts" / module
    return path.exists() and all(re.search(rf"(def|class) {name}\b", path.read_text()) for name in names)


def test_each_line_stands_once_and_each_test_is_there() -> None:
    wrong = []
    for mutant in read(""):
        if (ROOT / "contracts" / mutant.file).read_text().count(mutant.find) != 1:
            wrong.append(f"{mutant.name}: “{mutant.find}” does not stand once in {mutant.file}")
        wrong += [f"{mutant.name}: there is no {test}" for test in mutant.tests if not is_there(test)]
        if mutant.find == mutant.becomes:
            wrong.append(f"{mutant.name}: changes nothing")
    assert not wrong


def test_every_rule_of_the_design_is_broken_by_some() -> None:
    assert {mutant.rule for mutant in read("")} - {None} == set(range(1, 11))
