"""The result of an earlier run, and whether a loss may be compared with it."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, Finding, Level, UsageError
from losscli.formats.files import file_error
from losscli.gates.verdict import Verdict
from losscli.records import record
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Mapping

    from losscli.question import Question
    from losscli.result import Result

SCHEMA = 1
"""Of the JSON that this version writes."""

VERSIONS = ("losscli", "torch")
"""What a signature ends in, and may differ."""

NEAR = 1e-9
"""Means of the same values may differ by so much: files hold them as they were printed."""


@record
class Increase:
    """How far a loss may be above another.

    Attributes:
        amount: As a number, or as a percentage.
        percent: It is a percentage of the size of the other.
    """

    amount: float
    percent: bool

    @classmethod
    def parse(cls, text: str) -> Increase:
        """From what was typed.

        >>> Increase.parse("1%").above(-0.5)
        -0.495

        Raises:
            UsageError: it is neither a number nor a percentage.
        """
        word = text.strip()
        try:
            found = cls(float(word.removesuffix("%")), word.endswith("%"))
        except ValueError:
            found = cls(math.nan, percent=False)
        if not math.isfinite(found.amount):
            raise UsageError(
                f"--max-increase {text}: a number or a percentage is wanted",
                hint="--max-increase 0.01, or 1%",
            )
        return found

    def above(self, value: float) -> float:
        """The most that a loss may be."""
        return value + (abs(value) * self.amount / 100 if self.percent else self.amount)

    @property
    def told(self) -> str:
        """What is allowed beside the number of the baseline, in words."""
        size = f"{abs(self.amount):g}{'%' if self.percent else ''}"
        if self.amount < 0:
            return f", and {size} less is wanted"
        return f", and {size} more is allowed" if self.amount else ""


@record
class Baseline:
    """A result that was saved.

    Attributes:
        path: Its file.
        value: The loss.
        found: The whole JSON object.
    """

    path: str
    value: float
    found: Mapping[str, Any]

    @classmethod
    def read(cls, path: str) -> Baseline:
        """From the file that --save or --json wrote.

        Raises:
            FileError: it cannot be read.
            DataError: it is no single result with a single loss.
        """
        found = _object(path)
        value = found["value"]
        if value is None:
            raise _broken(path, "its losses were not reduced, so that there is no single one")
        if not isinstance(value, (int, float)) or not math.isfinite(value):
            raise _broken(path, f"its loss is {value}, with which nothing can be compared")
        return cls(path, float(value), found)

    def check_question(self, question: Question) -> None:
        """Refuses a question that cannot have been the same, before it is answered.

        Raises:
            UsageError: it is another one.
        """
        self._same("the loss", self.found["loss"], question.loss.name)
        self._same("the reduction", self.found["reduction"], question.reduction)

    def verdict(self, result: Result, increase: Increase, gate: str) -> Verdict:
        """Whether a loss is not too far above that of the baseline.

        Raises:
            UsageError: it was not made in the same way.
            DataError: it is not of the same data.
        """
        self._check_signature(result)
        self._check_data(result)
        most = increase.above(self.value)
        wanted = f"at most {most!r} ({self.path} has {self.value!r}{increase.told})"
        value = math.nan if result.value is None else result.value
        return Verdict(gate, "loss", value, None, most, value <= most, wanted)

    def notes(self, result: Result) -> list[Finding]:
        """Says when the versions are not those of the baseline."""
        theirs, ours = (_parts(one) for one in (self.found["signature"], result.signature))
        differ = [name for name in VERSIONS if theirs.get(name) != ours.get(name)]
        if not differ:
            return []
        made = " and ".join(f"{name} {theirs.get(name, 'of no version')}" for name in differ)
        here = " and ".join(f"{name} {ours[name]}" for name in differ)
        message = f"{self.path} was made by {made}, and this result by {here}"
        return [Finding("baseline-versions", Level.NOTE, message)]

    def _check_signature(self, result: Result) -> None:
        theirs, ours = (_parts(one) for one in (self.found["signature"], result.signature))
        for name in dict.fromkeys([*ours, *theirs]):
            if name not in VERSIONS:
                self._same(name, theirs.get(name), ours.get(name))

    def _check_data(self, result: Result) -> None:
        """Refuses another number of losses, and other targets as far as their values tell.

        Raises:
            DataError: there is.
        """
        ours = result.summary()
        count, before = ours["stats"]["count"], self._under("stats", "count")
        if count != before:
            raise self._other(f"{before} losses count there, and {count} here")
        for name in (one for one in ours["values"] if one.startswith("target")):
            for key, value in ours["values"][name].items():
                was = self._under("values", name, key)
                if was is not None and not _near(value, was):
                    told = f"the {key} of {flag(name)} is {was} there, and {value} here"
                    raise self._other(told)

    def _under(self, *path: str) -> Any:
        """A number of the baseline; None if it has none."""
        found: Any = self.found
        for key in path:
            found = found.get(key) if isinstance(found, dict) else None
        return found

    def _same(self, what: str, theirs: Any, ours: Any) -> None:
        if theirs == ours:
            return
        shown = [f"without {what}" if one is None else f"with {one}" for one in (theirs, ours)]
        hint = "losses are comparable when their signatures are equal but for the versions"
        if what == "--dtype":
            hint = f"--dtype {theirs} computes as the baseline did"
        raise UsageError(
            f"--baseline {self.path}: {what} differs: it was made {shown[0]}, and this result "
            f"{shown[1]}",
            hint=hint,
        )

    def _other(self, told: str) -> DataError:
        return DataError(
            f"--baseline {self.path} is of other data: {told}",
            hint="--max loss=X compares with a number, whatever the data",
            code="baseline-data",
        )


def _near(one: Any, other: Any) -> bool:
    """Whether two values of JSON are the same, but for the last digits of numbers."""
    if isinstance(one, str) or not isinstance(other, (int, float)):
        return bool(one == other)
    return math.isclose(one, other, rel_tol=NEAR)


def _object(path: str) -> Mapping[str, Any]:
    """The one result in a file."""
    try:
        text = Path(path).read_text("utf-8-sig")
    except OSError as error:
        raise file_error(path, error) from error
    except UnicodeDecodeError as error:
        raise _broken(path, "it is no text") from error
    try:
        found = _parsed(text)
    except (ValueError, RecursionError) as error:
        raise _broken(path, f"it is no JSON ({str(error)[:80]})") from error
    many = found if isinstance(found, list) else [found]
    if len(many) != 1:
        raise _broken(path, f"it holds {len(many)} results, and one is wanted")
    one = many[0]
    wanted = {"schema": int, "loss": str, "reduction": str, "signature": str}
    fits = isinstance(one, dict) and all(isinstance(one.get(k), t) for k, t in wanted.items())
    if not fits or "value" not in one:
        raise _broken(path, "it is no result of losscli")
    if one["schema"] > SCHEMA:
        raise _broken(path, f"it was written by a later losscli (schema {one['schema']})")
    return dict(one)


def _parsed(text: str) -> Any:
    """JSON, or lines of it."""
    try:
        return json.loads(text)
    except ValueError:
        lines = [line for line in text.splitlines() if line.strip()]
        if len(lines) < 2:
            raise
        try:
            return [json.loads(line) for line in lines]
        except ValueError:
            pass
        raise


def _broken(path: str, why: str) -> DataError:
    return DataError(
        f"--baseline {path}: {why}", hint="--save RESULT.json writes one", code="baseline"
    )


def _parts(signature: str) -> dict[str, str]:
    """What a signature says, by name: options by theirs.

    >>> _parts("ce|logits|mean|weight=1,2|where=a=b|float32|losscli:0.1.0|torch:2.13.0")["--where"]
    'a=b'
    """
    first, *rest = signature.split("|")
    names = ("what is given", "the reduction")
    found = {"the loss": first, **dict(zip(names, rest[:2], strict=False))}
    last = ""
    for piece in rest[2:]:
        name, equals, value = piece.partition("=")
        version = re.fullmatch(rf"({'|'.join(VERSIONS)}):(.*)", piece)
        if version:
            found[version[1]] = version[2]
        elif equals and re.fullmatch(r"[a-z0-9_]+", name):
            last = flag(name)
            found[last] = f"{found[last]}, {value}" if last in found else value
        elif re.fullmatch(r"[a-z]+\d+", piece):
            found["--dtype"] = piece
        else:  # of a value that has a bar in it
            found[last] = f"{found.get(last, '')}|{piece}"
    return found
