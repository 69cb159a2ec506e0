"""What becomes of a result: printed, saved, written out and put to the gates."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING

from losscli.cli.progress import watching
from losscli.cli.tell import Voice, coloured, is_terminal, knows, put
from losscli.errors import Exit, FileError, UsageError
from losscli.registry import suggest
from losscli.report import FORMATS, drawn
from losscli.report.look import BLOCKS, Look

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.gates import Gates
    from losscli.question import Question
    from losscli.result import Result
    from losscli.watch import Watch


@dataclass(frozen=True)
class Output:
    """Where a result goes, and in which form.

    Attributes:
        format: How the result is printed: table, json, jsonl, tsv or csv ($LOSSCLI_FORMAT).
        json: Short for --format json.
        value: Print the reduced loss as one bare number.
        quiet: Print nothing but errors; the exit code tells.
        save: Write the JSON result to a file besides.
        output: Write every element's loss to a file: .csv, .tsv, .json, .jsonl (or with .gz), .npy,
            .npz, .safetensors or .parquet; "-" prints it instead of the result (CSV, or --format).
        histogram: Show how the losses are distributed, between powers of two.
        progress: Show how far work of more than a second is; not given: on terminals only.
    """

    format: str | None = None
    json: bool = False
    value: bool = False
    quiet: bool = False
    save: str | None = None
    output: str | None = None
    histogram: bool = False
    progress: bool | None = None

    def check(self, question: Question) -> None:
        """Everything that can be refused before anything is computed.

        Raises:
            UsageError: options that contradict each other.
            FileError: a file that would be written is one that is read, or cannot be.
        """
        from losscli.formats.writing import check_writable

        if self.format not in (None, *FORMATS):
            hint = suggest(self.format or "", FORMATS, "it may be")
            raise UsageError(f"--format cannot be {self.format!r}", hint=hint)
        if self.json and self.format not in (None, "json"):
            raise UsageError(f"--json and --format {self.format} are two formats: choose one")
        if self.value and (self.format or self.json):
            raise UsageError("--value prints one bare number, and has no --format")
        if self.value and question.reduction == "none":
            raise UsageError(
                "--value prints one number, and --reduction none gives many",
                hint="--format tsv prints a line for each",
            )
        if self.histogram and (self.value or self.style != "table"):
            shown = "--value" if self.value else f"the format {self.style}"
            raise UsageError(
                f"--histogram is a table, and {shown} has none",
                hint="stats.histogram of --json has the same numbers",
            )
        if self.save is not None and not self.save.lower().endswith(".json"):
            raise UsageError(f"--save {self.save}: it writes JSON, so the name ends in .json")
        if self.prints_elements and self.value:
            raise UsageError("--output - and --value both print: choose one")
        for flag, path in (("--output", self.output), ("--save", self.save)):
            if path is not None and path != "-":
                check_writable(path)
                _keep_inputs(flag, path, question)
        if self.save is not None and self.output is not None and _same(self.save, self.output):
            raise UsageError(f"--save and --output both write {self.save}")

    @property
    def prints_elements(self) -> bool:
        """Whether standard output is every element's loss, and not the result."""
        return self.output == "-"

    @property
    def style(self) -> str:
        """The format, from the options or the environment."""
        asked = self.format or ("json" if self.json else os.environ.get("LOSSCLI_FORMAT"))
        if asked and asked not in FORMATS:
            hint = suggest(asked, FORMATS, "it may be")
            raise UsageError(f"LOSSCLI_FORMAT cannot be {asked!r}", hint=hint)
        return asked or "table"

    def keeps(self, question: Question) -> Question:
        """The question, with every element's loss kept where something wants it."""
        wanted = self.output is not None or question.reduction == "none"
        return replace(question, keep=wanted)


def answer(question: Question, output: Output, gates: Gates) -> int:
    """Asks, and gives the result to all that want it: files, standard output, gates."""
    output.check(question)
    gates.check_question(question)
    style, voice = output.style, Voice(output.quiet)
    from losscli.engine import answer as compute

    with watching(output.progress, quiet=output.quiet) as watch:
        result = compute(replace(output.keeps(question), watch=watch))
        passed = list(gates.check(result))
        _write(result, output, watch)
    voice.findings(result.findings)
    if output.prints_elements:
        put(_elements(result, style))
    elif not output.quiet:
        put([f"{result.value!r}\n"] if output.value else drawn(result, style, _look(output)))
    for _, line in passed:
        voice.line(line)
    return Exit.DONE if all(holds for holds, _ in passed) else Exit.GATE


def _elements(result: Result, style: str) -> Iterator[str]:
    """Every element's loss as text."""
    from losscli.formats.writing import text

    assert result.kept is not None
    return text(".csv" if style == "table" else f".{style}", result.kept, result.layout)


def _look(output: Output) -> Look:
    """What tables may use on standard output as it is."""
    return Look(
        colour=coloured(sys.stdout),
        width=get_terminal_size().columns if is_terminal(sys.stdout) else None,
        histogram=output.histogram,
        blocks=knows(sys.stdout, BLOCKS),
    )


def _write(result: Result, output: Output, watch: Watch) -> None:
    from losscli.formats import writing

    if output.output not in (None, "-") and result.kept is not None:
        assert output.output is not None
        writing.write(output.output, result.kept, result.layout, watch)
    if output.save is not None:
        from losscli.report import lines

        writing.write_text(output.save, lines.json(result, indent=2))


def _keep_inputs(flag: str, path: str, question: Question) -> None:
    """Refuses to write over a file that is read."""
    from losscli.inputs import locate

    refs = locate(question.words, data=question.settings.data)
    for name, ref in refs.items():
        for read in ref.paths:
            if _same(read, path):
                raise FileError(f"{flag} {path} would overwrite the file of --{name}")


def _same(one: str, other: str) -> bool:
    try:
        return Path(one).samefile(other)
    except OSError:
        return Path(one).resolve() == Path(other).resolve()
