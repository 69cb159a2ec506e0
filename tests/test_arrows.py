"""Which room may import which: read from the source."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "losscli"
FILES = sorted(PACKAGE.rglob("*.py"))
IDS = [path.relative_to(PACKAGE).as_posix() for path in FILES]
LIGHT = {"docstrings", "lazy", "errors", "options", "records"}

MAY = {
    "lazy": set(),
    "sparing": set(),
    "ahead": set(),
    "autograd": LIGHT,
    "docstrings": set(),
    "errors": {"records"},
    "options": {"lazy", "records"},
    "records": set(),
    "ensembles": LIGHT | {"formats", "registry"},
    "settings": {"records"},
    "words": set(),
    "guess": {"records"},
    "registry": LIGHT | {"guess", "words"},
    "stats": LIGHT,
    "quantiles": LIGHT,
    "mass": LIGHT | {"quantiles", "stats"},
    "ranking": LIGHT,
    "memory": LIGHT,
    "spool": LIGHT,
    "watch": LIGHT,
    "vectors": LIGHT | {"autograd"},
    "formats": LIGHT | {"cores", "memory", "spool", "watch"},
    "picking": LIGHT | {"formats", "memory", "spool"},
    "inputs": LIGHT | {"formats", "picking"},
    "views": LIGHT | {"formats"},
    "shapes": LIGHT | {"formats", "views"},
    "batch": LIGHT | {"facts", "views"},
    "facts": LIGHT | {"stats"},
    "checks": LIGHT | {"stats", "facts"},
    "roles": LIGHT
    | {
        "words",
        "checks",
        "facts",
        "formats",
        "mass",
        "quantiles",
        "ranking",
        "shapes",
        "stats",
        "vectors",
        "views",
    },
    "losses": LIGHT | {"registry", "roles", "stats", "vectors"},
    "doubts": LIGHT | {"checks", "registry", "roles", "stats"},
    "reductions": LIGHT | {"stats"},
    "state": LIGHT | {"checks", "facts", "quantiles", "reductions", "registry", "stats"},
    "beside": LIGHT | {"formats", "registry", "shapes", "weights"},
    "cores": LIGHT,
    "devices": LIGHT | {"sparing"},
    "question": LIGHT | {"registry", "watch"},
    "asking": LIGHT
    | {"checks", "doubts", "ensembles", "forms", "inputs", "picking", "question", "reductions"}
    | {"registry", "settings", "weights"},
    "opening": LIGHT
    | {"cores", "ensembles", "formats", "inputs", "picking", "question", "registry"},
    "forms": LIGHT | {"registry", "words"},
    "held": LIGHT | {"facts", "formats", "state", "views"},
    "needs": LIGHT | {"memory", "registry", "vectors"},
    "plan": LIGHT
    | {"beside", "cores", "devices", "formats", "losses", "needs", "reader", "registry", "state"}
    | {"doubts", "held", "reductions", "stats"},
    "reader": LIGHT | {"batch", "cores", "formats", "state", "views"},
    "weights": LIGHT | {"formats", "registry"},
    "gradient": LIGHT
    | {"autograd", "checks", "cores", "formats", "losses", "registry", "spool", "state", "stats"}
    | {"views"},
    "own": LIGHT
    | {"checks", "losses", "registry", "roles", "settings", "sparing", "stats", "views", "words"},
    "plugin": LIGHT | {"registry", "roles"},
    "judge": LIGHT | {"checks", "doubts", "quantiles", "registry", "shapes", "stats"},
    "result": LIGHT
    | {"baselines", "elements", "formats", "reductions", "stats", "roles", "registry"}
    | {"signature"},
    "elements": LIGHT,
    "signature": LIGHT | {"__version__"},
    "gates": LIGHT | {"formats", "registry"},
    "baselines": LIGHT | {"roles", "stats"},
    "inspection": LIGHT
    | {"checks", "cores", "facts", "formats", "losses", "registry", "roles", "settings", "views"}
    | {"asking", "doubts", "engine", "question"},
    "report": LIGHT | {"baselines", "facts", "formats", "inspection", "result"},
}
"""What the rooms that have no say over others import when they run."""


def room(path):
    """The part of the package that a file belongs to."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return "" if parts == ("__init__",) else parts[0]


class Imports(ast.NodeVisitor):
    """All modules that a file imports when it runs, and those at its top."""

    def __init__(self, tree):
        self.all, self.top, self.depth = set(), set(), 0
        self.visit(tree)

    def visit_If(self, node):
        if ast.unparse(node.test) != "TYPE_CHECKING":
            self.generic_visit(node)
        for one in node.orelse if ast.unparse(node.test) == "TYPE_CHECKING" else ():
            self.visit(one)

    def visit_FunctionDef(self, node):
        self.depth += 1
        self.generic_visit(node)
        self.depth -= 1

    def visit_Import(self, node):
        self.add(alias.name for alias in node.names)

    def visit_ImportFrom(self, node):
        inside = node.module == "losscli"
        self.add(f"losscli.{alias.name}" if inside else node.module for alias in node.names)

    def add(self, names):
        names = [*names]
        self.all.update(names)
        if not self.depth:
            self.top.update(names)


def imports(path):
    return Imports(ast.parse(path.read_text("utf-8")))


def outside(names):
    return {name.partition(".")[0] for name in names} - {"losscli"}


def rooms(names):
    return {name.split(".")[1] for name in names if name.startswith("losscli.")}


def test_imports_are_seen():
    source = "from losscli.cli import a\nfrom losscli import lazy\n"
    source += "def f():\n    import typer, torch.nn\n"
    guarded = "if TYPE_CHECKING:\n    import numpy\nelse:\n    import rich\n"
    found = Imports(ast.parse(source + guarded))
    assert rooms(found.all) == {"cli", "lazy"}
    assert outside(found.all) == {"typer", "torch", "rich"}
    assert outside(found.top) == {"rich"}


def test_every_room_has_its_arrows():
    upper = {"", "__main__", "cli", "engine"}
    assert {room(path) for path in FILES} == {*MAY, *upper}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_arrows(path):
    found, own = imports(path), room(path)
    if own in MAY:
        assert rooms(found.all) - {own} <= MAY[own]
    if own not in ("cli", "__main__"):
        assert "cli" not in rooms(found.all)
    if own != "cli":
        assert "typer" not in outside(found.all)
    if own not in ("cli", "report"):
        assert "rich" not in outside(found.all)
    assert not outside(found.top) & {"torch", "numpy", "rich"}
    if own != "lazy":
        assert not outside(found.all) & {"torch", "numpy"}


@pytest.mark.parametrize("path", FILES, ids=IDS)
def test_size(path):
    assert len(path.read_text("utf-8").splitlines()) <= 400
