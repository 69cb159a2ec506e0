"""Gates as JUnit XML, which continuous integration shows as tests: one of each gate."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree import ElementTree as Tree

from losscli.report.text import clean

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.errors import LosscliError
    from losscli.gates import Verdict


def judged(loss: str, verdicts: Sequence[Verdict]) -> str:
    """The gates of a result, those that failed as failures."""
    root, suite = _suite(loss, len(verdicts), failures=sum(not one.passed for one in verdicts))
    for one in verdicts:
        case = _case(suite, loss, one.gate)
        if not one.passed:
            found = Tree.SubElement(case, "failure", message=clean(one.told), type="gate")
            found.text = clean(one.line)
    return _text(root)


def unjudged(loss: str, gates: Sequence[str], error: LosscliError) -> str:
    """Gates of a loss that there is not: errors, so that no older report is taken for this one."""
    root, suite = _suite(loss, len(gates), errors=len(gates))
    for gate in gates:
        case = _case(suite, loss, gate)
        kind = type(error).__name__
        found = Tree.SubElement(case, "error", message=clean(error.message), type=kind)
        found.text = "\n".join(map(clean, str(error).splitlines()))
    return _text(root)


def _suite(
    loss: str, tests: int, failures: int = 0, errors: int = 0
) -> tuple[Tree.Element, Tree.Element]:
    counts = {"tests": str(tests), "failures": str(failures), "errors": str(errors)}
    name = f"losscli {loss}"
    root = Tree.Element("testsuites", {"name": name, **counts})
    rest = {"skipped": "0", "time": "0"}
    return root, Tree.SubElement(root, "testsuite", {"name": name, **counts, **rest})


def _case(suite: Tree.Element, loss: str, gate: str) -> Tree.Element:
    return Tree.SubElement(
        suite, "testcase", classname=f"losscli.{loss}", name=clean(gate), time="0"
    )


def _text(root: Tree.Element) -> str:
    """With a line for each element; what XML keeps for itself is escaped."""
    Tree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{Tree.tostring(root, "unicode")}\n'
