"""Writes docs/losses.md from the registry, which is all losses: python docs/catalogue.py.

The tests check that nothing would change.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from losscli.cli.parameters import INPUTS, told
from losscli.docstrings import entries
from losscli.losses import FAMILIES, losses
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.registry import Loss

PAGE = Path(__file__).parent / "losses.md"

HEAD = """\
# Losses

Every loss that losscli computes, with what `losscli explain LOSS` says of it. This page is made of
their docstrings by `python docs/catalogue.py`; its numbers are those of doctests. All losses take
`--sample-weight` and `--mask` too: the mean is then Σ w · loss / Σ w, of what counts.
"""


def page() -> str:
    """The whole page: a table of all losses, then each of them by family."""
    lines = [HEAD, *_table()]
    for family, title in FAMILIES.items():
        lines += ["", f"## {title}"]
        for loss in losses.values():
            if loss.family == family:
                lines += ["", *_section(loss)]
    return "\n".join(lines) + "\n"


def _table() -> Iterator[str]:
    yield "| loss | what it is | predictions | same numbers as |"
    yield "|---|---|---|---|"
    for loss in losses.values():
        kinds = ", ".join(dict.fromkeys(_code(flag(form[0])) for form in loss.forms))
        link = f"[`{loss.name}`](#{loss.name})"
        yield f"| {link} | {_plain(loss.summary)} | {kinds} | {_plain(loss.reference)} |"


def _section(loss: Loss[Any, Any]) -> Iterator[str]:
    sections = loss.doc.sections
    yield f"### {loss.name}"
    yield from _paragraph(loss.summary)
    yield from ["", "```text", *wrap(loss.doc.formula, 98, break_on_hyphens=False), "```"]
    yield from _paragraph(loss.doc.rest)
    forms = "; or ".join(", ".join(map(_code, map(flag, form))) for form in loss.forms)
    yield from ["", f"- **Inputs:** {forms}."]
    yield from (f"  - `{flag(name)}`: {_plain(INPUTS[name])}" for name in loss.inputs)
    yield f"- **Shape:** {_joined(sections['Shape'])}"
    yield from (["- **Options:**"] if loss.options else [])
    for option in loss.options.values():
        words = f" One of {option.range}." if option.choice else ""
        yield f"  - `{flag(option.name)}`: {_plain(told(option) + words)}"
    yield f"- **Mean:** {_plain(loss.mean)}"
    yield f"- **Accuracy:** {_plain(loss.target.hits or 'none')}."
    yield f"- **Baseline:** {_plain(loss.guess.text)}"
    yield f"- **Reference:** {_joined(sections['Reference'])}"
    yield f"- **Names:** {', '.join(map(_code, loss.aliases)) or 'no others'}."
    yield from (f"  - `{name}`: {_plain(text)}." for name, text in loss.differs.items())
    related = entries(sections.get("Related", ""))
    yield from (["- **Related:**"] if related else [])
    yield from (f"  - [`{name}`](#{name}): {_plain(text)}" for name, text in related.items())
    yield from _elsewhere(sections.get("Elsewhere", ""))


def _elsewhere(section: str) -> Iterator[str]:
    """Paragraphs as they are, and doctests as code."""
    for place, part in enumerate(filter(None, section.split("\n\n"))):
        if part.startswith(">>> "):
            yield from ["", "```pycon", *part.splitlines(), "```"]
        else:
            yield from _paragraph(("**Elsewhere.** " if not place else "") + _joined(part))


def _paragraph(text: str) -> Iterator[str]:
    if text:
        yield from ["", *wrap(_plain(text), 100, break_on_hyphens=False, break_long_words=False)]


def _joined(text: str) -> str:
    return _plain(" ".join(text.split()))


def _plain(text: str) -> str:
    """Text in which no character is markup, but for what this script puts there."""
    return text.replace("|", "\\|").replace("<", "&lt;")


def _code(text: str) -> str:
    return f"`{text}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
