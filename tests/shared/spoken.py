"""Whether a file of tests speaks of a code: by its name, or by what is said with it."""

from __future__ import annotations

import ast
from pathlib import Path

TESTS = Path(__file__).parents[1]
PACKAGE = TESTS.parent / "losscli"

SAID = {
    "baseline": "it is no result of losscli",
    "baseline-data": "is of other data",
    "expansion": "allows more, if this is meant",
    "no-partner": "no id of",
    "own-loss": "changes its inputs",
    "plugin-name": "which cannot be asked for",
    "role-any": "only shapes and finite numbers are checked",
    "unpaired-files": "paired by what they are called",
}
"""Words of the message, where a test reads what is printed, which has no codes."""


def speaks(file: str, code: str) -> bool:
    """A text in the file is the code, or has words that the package says with it."""
    texts = strings(TESTS / file)
    if code not in SAID:
        return code in texts
    said = SAID[code]
    sources = (strings(path) for path in PACKAGE.rglob("*.py") if path.name != "codes.py")
    known = any(code in one and any(said in text for text in one) for one in sources)
    return known and any(said in text for text in texts)


def strings(path: Path) -> set[str]:
    """All texts in a file of Python, but those that explain it."""
    tree = ast.parse(path.read_text("utf-8"))
    told = {id(one.value) for one in ast.walk(tree) if isinstance(one, ast.Expr)}
    every = (one for one in ast.walk(tree) if isinstance(one, ast.Constant))
    return {one.value for one in every if isinstance(one.value, str) and id(one) not in told}
