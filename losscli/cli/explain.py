"""What ``losscli explain`` says of a loss, or of the code of a finding: all from docstrings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import losscli.doubts  # noqa: F401 — the codes of which are known then
from losscli.checks.codes import CODES
from losscli.cli.help import TOOLS, entry, wrapped
from losscli.cli.parameters import about, told
from losscli.docstrings import Worked, entries, worked
from losscli.errors import UsageError
from losscli.losses import losses
from losscli.own import placed, plugins
from losscli.registry import flag, suggest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.registry import Loss

INDENT = "  "


def explained(name: str) -> str:
    """The page of a loss, found by any of its names, or of a code.

    Raises:
        UsageError: it is neither, or could mean several losses.
    """
    code = name.lower().replace("_", "-")
    if code in CODES:
        return "\n".join(_of_code(code)) + "\n"
    if losses.knows(name):
        return "\n".join(_of_loss(losses.find(name), name)) + "\n"
    if ":" in name or plugins.knows(name):
        found = placed(name)
        return "\n".join(_of_loss(found, found.name)) + "\n"
    names = [other for one in losses.values() for other in (one.name, *one.names)]
    hint = suggest(name, [*names, *CODES], "")
    if name in TOOLS:
        hint = f"it is a tool: losscli help {name}"
    elif not hint.startswith("did you mean"):
        hint = "losscli list shows all losses, losscli explain --help all codes"
    raise UsageError(f"no loss or code {name!r}", hint=hint)


def _of_code(code: str) -> Iterator[str]:
    """What a code means, how much it weighs, and what to do."""
    found = CODES[code]
    weighs = {
        "note": f"nothing is lost; --ignore {code} leaves it out",
        "warning": f"the number stands; --strict refuses it, --ignore {code} leaves it out",
        "error": "there is no number; exit code 3",
    }
    yield f"{code}: {found.level}"
    for meaning, remedy in found.texts:
        yield ""
        yield from _text(meaning)
        yield from _text(remedy)
    yield ""
    yield from _text(f"A {found.level}: {weighs[found.level]}.".replace("A error", "An error"))


def _of_loss(loss: Loss[Any, Any], name: str) -> Iterator[str]:
    yield from wrapped(f"{loss.name}: {loss.summary}", INDENT)
    remark = loss.remark(name)
    if remark:
        yield from wrapped(f"{name}: {remark}.", INDENT)
    sections = loss.doc.sections
    yield from _section("Formula", _text(loss.doc.formula))
    yield from _section("", _text(loss.doc.rest))
    yield from _section("Inputs", _inputs(loss))
    yield from _section("Shape", _text(sections.get("Shape", "")))
    yield from _section("Options", _options(loss))
    yield from _section("Mean", _text(loss.mean))
    hits = f"A hit is: {loss.target.hits}." if loss.target.hits else "None: nothing hits or misses."
    yield from _section("Accuracy", _text(hits))
    yield from _section("Baseline", _text(loss.guess.text))
    yield from _section("Elsewhere", _elsewhere(sections.get("Elsewhere", "")))
    yield from _section("Related", _related(sections.get("Related", "")))
    yield from _section("Reference", _text(sections.get("Reference", "")))
    yield from _section("Names", _names(loss))


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    found = [*lines]
    if found:
        yield ""
        yield from ([title] if title else [])
        yield from found


def _text(text: str) -> Iterator[str]:
    yield from wrapped(" ".join(text.split()), INDENT, INDENT)


def _inputs(loss: Loss[Any, Any]) -> Iterator[str]:
    forms = [" ".join(map(flag, form)) for form in loss.forms]
    yield from _text("; or ".join(forms))
    for name in loss.inputs:
        yield from entry(flag(name), about(loss, name))


def _options(loss: Loss[Any, Any]) -> Iterator[str]:
    for option in loss.options.values():
        words = f" {option.range}" if option.choice else ""
        yield from entry(flag(option.name) + words, told(option))


def _elsewhere(section: str) -> Iterator[str]:
    """What other libraries do, with the numbers that the doctests have computed."""
    for one in worked(section):
        if isinstance(one, Worked):
            number = f"{INDENT * 2}{bare(one.shown):>8}  "
            yield from wrapped(one.whose, " " * len(number), number)
        else:
            yield from _text(one)


def bare(shown: str) -> str:
    """What a line of a doctest shows, without the word tensor.

    >>> bare("tensor(0.5966)"), bare("tensor([1., inf])")
    ('0.5966', '[1., inf]')
    """
    return re.sub(r"^tensor\((.*)\)$", r"\1", shown)


def _related(section: str) -> Iterator[str]:
    for name, text in entries(section).items():
        yield from entry(name, text)


def _names(loss: Loss[Any, Any]) -> Iterator[str]:
    yield from _text(", ".join(loss.aliases))
    for name, text in loss.differs.items():
        yield from _text(f"{name}: {text}.")
