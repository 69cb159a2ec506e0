"""What becomes of a result: printed, saved, written out and put to the gates."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext, redirect_stdout
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from shutil import get_terminal_size
from typing import TYPE_CHECKING, Any

from losscli.cli.progress import watching
from losscli.cli.reports import Reports
from losscli.cli.tell import Voice, coloured, is_terminal, knows, put, tamed
from losscli.errors import Exit, FileError, UsageError
from losscli.records import record
from losscli.registry import suggest
from losscli.report import FORMATS, drawn
from losscli.report.github import KINDS
from losscli.report.look import BLOCKS, Look

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from losscli.formats.base import Field
    from losscli.gates import Gates
    from losscli.question import Question
    from losscli.result import Result
    from losscli.watch import Watch


@record
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
        grad: Write the gradient of the reduced loss by the predictions to a file, in their own
            shape, as --output does; of several inputs .npz, .safetensors and .json hold one array
            by the name of each.
        junit: Write the gates to a file as JUnit XML, a test case for each.
        annotations: Tell gates that failed, warnings and errors in a way that is shown beside a
            change: github (workflow commands on standard error).
        histogram: Show how the losses are distributed, between powers of two.
        reductions: Show the mean, the batchmean and the sum side by side, and the mean of the means
            of rows where these have several losses (such as tokens).
        progress: Show how far work of more than a second is; not given: on terminals only.
    """

    format: str | None = None
    json: bool = False
    value: bool = False
    quiet: bool = False
    save: str | None = None
    output: str | None = None
    grad: str | None = None
    junit: str | None = None
    annotations: str | None = None
    histogram: bool = False
    reductions: bool = False
    progress: bool | None = None

    def check(self, question: Question, gates: Gates) -> None:
        """Everything that can be refused before anything is computed.

        Raises:
            UsageError: options that contradict each other.
            FileError: a file that would be written is one that is read, or cannot be.
        """
        from losscli.formats.files import check_parent
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
        for name, where in (("histogram", "stats.histogram"), ("reductions", "reductions")):
            if getattr(self, name) and (self.value or self.style != "table"):
                shown = "--value" if self.value else f"the format {self.style}"
                raise UsageError(
                    f"--{name} is a table, and {shown} has none",
                    hint=f"{where} of --json has the same numbers",
                )
        if self.save is not None and not self.save.lower().endswith(".json"):
            raise UsageError(f"--save {self.save}: it writes JSON, so the name ends in .json")
        files = {
            flag: path
            for flag, path in (
                ("--output", self.output),
                ("--grad", self.grad),
                ("--save", self.save),
                ("--junit", self.junit),
            )
            if path is not None
        }
        printing = [*self._printed, *(["--value"] if self.value else [])]
        if len(printing) > 1 and self._printed:
            raise UsageError(f"{' and '.join(printing)} both print: choose one")
        if self.grad is not None:
            self._check_gradient(question)
        self._check_reports(gates)
        for flag, path in files.items():
            if flag == "--junit":
                check_parent(path)
            elif path != "-":
                check_writable(path)
            if path != "-":
                _keep_inputs(flag, path, question)
                if gates.baseline is not None and _same(gates.baseline, path):
                    raise FileError(f"{flag} {path} would overwrite the file of --baseline")
        for (flag, path), (other, also) in combinations(files.items(), 2):
            if "-" not in (path, also) and _same(path, also):
                raise UsageError(f"{flag} and {other} both write {path}")

    def _check_reports(self, gates: Gates) -> None:
        """Whether there is anything to report, and a form for it."""
        if self.junit is not None and not self.junit.lower().endswith(".xml"):
            raise UsageError(f"--junit {self.junit}: it writes XML, so the name ends in .xml")
        if self.junit is not None and not gates.asked:
            hint = "--max-loss X is one"
            raise UsageError("--junit tells of gates, and there is none", hint=hint)
        if self.annotations not in (None, *KINDS):
            hint = suggest(self.annotations or "", KINDS, "it may be")
            raise UsageError(f"--annotations cannot be {self.annotations!r}", hint=hint)

    def _check_gradient(self, question: Question) -> None:
        """Whether there is a gradient, and the file can hold it."""
        from losscli.formats.writing import check_arrays
        from losscli.gradient.asked import check, predicted

        check(question)
        assert self.grad is not None
        if self.grad != "-":
            check_arrays(self.grad, predicted(question))

    @property
    def _printed(self) -> list[str]:
        """The options for which standard output is arrays, and not the result."""
        flags = {"--output -": self.output, "--grad -": self.grad}
        return [flag for flag, path in flags.items() if path == "-"]

    @property
    def style(self) -> str:
        """The format, from the options or the environment."""
        asked = self.format or ("json" if self.json else os.environ.get("LOSSCLI_FORMAT"))
        if asked and asked not in FORMATS:
            hint = suggest(asked, FORMATS, "it may be")
            raise UsageError(f"LOSSCLI_FORMAT cannot be {asked!r}", hint=hint)
        return asked or "table"

    def reports(self, loss: str) -> Reports:
        """What tells findings, gates and errors to all that want to know."""
        return Reports(loss, self.junit, self.annotations in KINDS, Voice(self.quiet))

    def keeps(self, question: Question) -> Question:
        """The question, with every element's loss and the gradient kept where they are wanted."""
        wanted = self.output is not None or question.reduction == "none"
        return replace(question, keep=wanted, grad=self.grad is not None)


def answer(question: Question, output: Output, gates: Gates) -> int:
    """Asks, and gives the result to all that want it: files, standard output, gates."""
    gates.check_question(question)
    output.check(question, gates)
    style, reports = output.style, output.reports(question.loss.name)
    with watching(output.progress, reports.voice) as watch:
        result = _judged(replace(output.keeps(question), watch=watch), gates)
        _write(result, output, watch)
        reports.write(result.gates)
    reports.findings([one for one in result.findings if one not in watch.told])
    if output.output == "-":
        put(tamed(_printed(_losses(result), style, result.ids)))
    elif output.grad == "-":
        put(_printed(_slopes(result), style, {}))
    elif not output.quiet:
        shown = [f"{result.value!r}\n"] if output.value else drawn(result, style, _look(output))
        put(shown if style == "table" else tamed(shown))
    reports.gates(result.gates)
    return Exit.DONE if all(one.passed for one in result.gates) else Exit.GATE


def _judged(question: Question, gates: Gates) -> Result:
    """The answer to a question, put to the gates."""
    from losscli.engine import answer as compute
    from losscli.judge import heeded

    ours = question.loss.identity == question.loss.name
    with nullcontext() if ours else redirect_stdout(sys.stderr):  # other code may print
        result = compute(question)
    verdicts = tuple(gates.check(result))
    findings = [*result.findings, *heeded(gates.notes(result), question)]
    return replace(result, gates=verdicts, findings=findings)


def _printed(
    arrays: Mapping[str, tuple[Any, Any]], style: str, ids: Mapping[str, Field]
) -> Iterator[str]:
    """Every element of some arrays as text."""
    from losscli.formats.texts import texts
    from losscli.formats.writing import check_shapes

    suffix = ".csv" if style == "table" else f".{style}"
    shapes = {name: shape for name, (_, shape) in arrays.items()}
    check_shapes("standard output", suffix, shapes, hint="--format json has room for them")
    return texts(suffix, arrays, ids)


def _losses(result: Result) -> dict[str, tuple[Any, Any]]:
    """Every element's loss, by its name."""
    from losscli.formats.packing import NAME

    return {NAME: (result.kept, result.layout)}


def _slopes(result: Result) -> dict[str, tuple[Any, tuple[int, ...]]]:
    """The gradient, by input."""
    assert result.slopes is not None
    return {name: (one.elements, one.shape) for name, one in result.slopes.arrays.items()}


def _look(output: Output) -> Look:
    """What tables may use on standard output as it is."""
    return Look(
        colour=coloured(sys.stdout),
        width=get_terminal_size().columns if is_terminal(sys.stdout) else None,
        histogram=output.histogram,
        reductions=output.reductions,
        blocks=knows(sys.stdout, BLOCKS),
    )


def _write(result: Result, output: Output, watch: Watch) -> None:
    from losscli.formats import writing

    if output.output not in (None, "-") and result.kept is not None:
        assert output.output is not None
        writing.write(output.output, result.kept, result.layout, watch, result.ids)
    if output.grad not in (None, "-"):
        assert output.grad is not None
        writing.write_arrays(output.grad, _slopes(result), watch)
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
