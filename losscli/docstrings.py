"""A docstring in its parts: the first line, the text, and what stands under each heading."""

from __future__ import annotations

import re
from inspect import cleandoc
from textwrap import dedent
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HEADING = re.compile(r"^([A-Z]\w+):\n((?:[ \t]+.*\n?|\n)+)", re.MULTILINE)


class Doc(NamedTuple):
    """The parts of a docstring.

    Attributes:
        summary: The first line.
        text: The paragraphs below it, each in one line.
        sections: What stands under each heading, as it was written.
    """

    summary: str
    text: tuple[str, ...]
    sections: Mapping[str, str]

    @property
    def formula(self) -> str:
        """The sentences that say what the loss is."""
        return " ".join(one for one in self._sentences() if "loss = " in one)

    @property
    def rest(self) -> str:
        """All other sentences of the text."""
        return " ".join(one for one in self._sentences() if "loss = " not in one)

    def _sentences(self) -> list[str]:
        return [one for text in self.text for one in re.split(r"(?<=\.) (?=\S)", text)]


def parsed(doc: str | None) -> Doc:
    r"""The parts of a docstring.

    >>> parsed("One.\n\nWith r: loss = r.\nAnd so on.\n\nArgs:\n    r: What.\n").text
    ('With r: loss = r. And so on.',)
    """
    doc = cleandoc(doc or "") + "\n"
    summary, _, body = doc.partition("\n")
    first = _HEADING.search(body)
    text = body[: first.start()] if first else body
    sections = {found[1]: dedent(found[2]).strip() for found in _HEADING.finditer(body)}
    return Doc(summary, tuple(_paragraphs(text)), sections)


def entries(section: str) -> dict[str, str]:
    r"""The names of a section, each with its text.

    >>> entries("delta: The error at which\n    it bends.\nfocal-ce: Another.")
    {'delta': 'The error at which it bends.', 'focal-ce': 'Another.'}
    """
    found = re.finditer(r"^([\w-]+): (.*(?:\n +.*)*)", section, re.MULTILINE)
    return {one[1]: " ".join(one[2].split()) for one in found}


class Worked(NamedTuple):
    """One line of a doctest: whose number it is, how it is computed, and what it shows."""

    whose: str
    code: str
    shown: str


def worked(section: str) -> Iterator[str | Worked]:
    r"""The paragraphs of a section, and the lines of its doctests that say whose they are.

    >>> list(worked("Twice as much:\n\n>>> from math import e\n>>> 1 + 1  # Keras\n2"))
    ['Twice as much:', Worked(whose='Keras', code='1 + 1', shown='2')]
    """
    for part in re.split(r"\n\s*\n|\n(?=>>> )", section):
        if not part.startswith(">>> "):
            yield " ".join(part.split())
            continue
        line, _, shown = part.removeprefix(">>> ").partition("\n")
        code, _, whose = line.partition("  # ")
        if whose:
            yield Worked(whose, code, " ".join(shown.split()))


def _paragraphs(text: str) -> Iterator[str]:
    for one in re.split(r"\n\s*\n", text.strip()):
        if one:
            yield re.sub(r"\s*\n\s*", " ", one)
