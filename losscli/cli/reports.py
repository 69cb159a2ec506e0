"""What continuous integration is told: gates and errors, in files and on standard error."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from losscli.errors import Level, LosscliError
from losscli.records import record
from losscli.report import github

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from losscli.cli.tell import Voice
    from losscli.errors import Finding
    from losscli.gates import Verdict

_START = b"<?xml"


@record
class Reports:
    """Tells findings and gates to people, and to machines that asked for it.

    Attributes:
        loss: The command.
        junit: The file for JUnit XML, if any.
        annotated: Tell what matters as annotations, even where nothing else is told.
        voice: Tells people.
    """

    loss: str
    junit: str | None
    annotated: bool
    voice: Voice

    @contextmanager
    def of_errors(self, gates: Sequence[str]) -> Iterator[None]:
        """Reports an error that leaves no result to judge, and lets it go on."""
        try:
            yield
        except LosscliError as error:
            if self.annotated:
                self.voice.command(github.of_error(self.loss, error))
            if self.junit is not None and gates and _is_report(self.junit):
                from losscli.report.junit import unjudged

                with suppress(LosscliError):  # the first one is told
                    self._save(unjudged(self.loss, gates, error))
            raise

    def write(self, verdicts: Sequence[Verdict]) -> None:
        """Writes the file, if there is one."""
        if self.junit is not None:
            from losscli.report.junit import judged

            self._save(judged(self.loss, verdicts))

    def findings(self, found: Sequence[Finding]) -> None:
        """Tells what was noticed: warnings as annotations, where these are asked for."""
        apart = [one for one in found if self.annotated and one.level is Level.WARNING]
        self.voice.findings(one for one in found if one not in apart)
        for one in apart:
            self.voice.command(github.of_warning(self.loss, one))

    def gates(self, verdicts: Sequence[Verdict]) -> None:
        """Tells each gate in a line: one that failed as an annotation, where asked for."""
        for one in verdicts:
            if self.annotated and not one.passed:
                self.voice.command(github.of_gate(self.loss, one))
            else:
                self.voice.line(one.line)

    def _save(self, text: str) -> None:
        from losscli.formats.writing import write_text

        assert self.junit is not None
        write_text(self.junit, text)


def _is_report(path: str) -> bool:
    """Whether what may be there is an older report: any other file may be one that is read."""
    if not path.lower().endswith(".xml"):
        return False
    try:
        with Path(path).open("rb") as file:
            return file.read(len(_START)) in (b"", _START)
    except OSError:
        return True
