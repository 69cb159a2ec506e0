"""What a question is answered with."""

from __future__ import annotations

import math
from dataclasses import field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from losscli import baselines
from losscli.elements import elements
from losscli.errors import Level
from losscli.formats.base import OPEN
from losscli.formats.uneven import Rows
from losscli.records import record
from losscli.reductions.asked import batches, reductions
from losscli.signature import options, signature
from losscli.stats import Extremes, Sum

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from losscli.checks import Facts
    from losscli.doubts import Whole
    from losscli.elements import Element
    from losscli.ensembles import Ensemble
    from losscli.errors import Finding
    from losscli.formats.base import Field
    from losscli.gates import Verdict
    from losscli.gradient.found import Gradient
    from losscli.question import Fields, Question
    from losscli.roles import Measure, Role
    from losscli.roles.base import Report
    from losscli.spool import Spool
    from losscli.state import State

POINTS = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
"""The quantiles that are given."""


@record
class Input:
    """An input as results show it."""

    name: str
    path: str | None
    key: str | None
    shape: tuple[int, ...]
    dtype: str
    facts: Facts | None = None

    @classmethod
    def of(cls, name: str, field: Field, facts: Facts | None = None) -> Input:
        return cls(name, field.path, field.key, field.shape, str(field.dtype), facts)

    def to_dict(self) -> dict[str, Any]:
        return {
            "path": self.path,
            "key": self.key,
            "shape": [None if size == OPEN else size for size in self.shape],
            "dtype": self.dtype,
        }


@record
class Result:
    """The loss and all that was found beside it.

    Attributes:
        loss: The command.
        kind: The kind of prediction.
        value: The reduced loss; None with reduction "none".
        reduction: How it was reduced.
        finish: What was taken of the mean, such as its "root"; "" for nothing.
        shared: What the mean was taken of, in words; "" for the losses.
        denominator: What the sum was divided by; None where it was not.
        usual: How this loss is reduced where nothing is said.
        over: How that was asked for: "positives", "rows" or a number; "" if it was not.
        unit: What the loss is counted in, if that has a name.
        signature: Results with equal signatures are comparable.
        options: The options of the loss that were given.
        inputs: The inputs.
        stats: Of the unreduced losses that count.
        report: Accuracy and other numbers.
        guess: The loss of a prediction that knows nothing of its rows, if it is known.
        by: What that predicts, in words; "" where nothing is known of it.
        share: A share of that loss can be saved: it means nothing where losses are negative.
        even: The loss of equal scores for all classes, where there are classes.
        findings: Warnings and notes.
        first: The first elements.
        worst: The elements with the largest losses.
        headings: What the cells of elements are called.
        shape: Of the unreduced losses, as in torch; OPEN where rows differ in size.
        uneven: The rows of the unreduced losses, where they differ in size.
        kept: The unreduced losses, where they were asked for: one axis, in the order of the file.
        ids: Those of the rows of the losses, column by column, where they were paired by ids.
        slopes: The gradient of the reduced loss, where it was asked for.
        reductions: The losses reduced in each way, with what their sum is divided by.
        batches: What a loop over batches would have logged, where that was asked for.
        gates: What became of the gates, if there are any.
        ensemble: The predictions of which this is the mean, if it is that of several.
    """

    loss: str
    kind: str
    value: float | None
    reduction: str
    denominator: float | None
    unit: str
    signature: str
    options: Mapping[str, Any]
    inputs: Sequence[Input]
    stats: Mapping[str, Any]
    report: Report
    guess: float | None
    findings: Sequence[Finding]
    first: Sequence[Element]
    worst: Sequence[Element]
    headings: Sequence[str]
    shape: tuple[int, ...] = ()
    uneven: Rows | None = None
    kept: Spool | None = field(default=None, compare=False)
    ids: Mapping[str, Field] = field(default_factory=dict, compare=False)
    finish: str = ""
    usual: str = ""
    over: str = ""
    shared: str = ""
    slopes: Gradient | None = None
    by: str = ""
    share: bool = True
    even: float | None = None
    reductions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    batches: Mapping[str, Any] | None = None
    gates: Sequence[Verdict] = ()
    ensemble: Ensemble | None = None

    def __str__(self) -> str:
        return f"{self.loss} {baselines.sentence(self)}"

    @classmethod
    def of(
        cls,
        whole: Whole,
        fields: Fields,
        findings: Sequence[Finding],
        dtype: str,
        denominator: Sum | None,
        kept: Spool | None = None,
    ) -> Result:
        question, role, total = whole.question, whole.role, whole.total
        loss, reduction = question.loss, question.reduction
        value = total.summed(reduction).over(denominator or Sum.of(1.0))
        if denominator is not None:
            value = loss.ended(value, question.options)
        report = whole.report
        if total.unknown:  # with --nan propagate
            report = report.undone()
        loss_of_row = total.numerator.over(total.rows) if reduction == "none" else value
        means = role.means(total.numerator, loss_of_row, total.measured)
        mean = total.shared.over(total.over)
        also = [_also(name, function(mean)) for name, function in loss.also.items()]
        also = [replace(one, shown=not at) for at, one in enumerate(also)]
        metrics = [*report.metrics, *means, *also, *baselines.skill(whole)]
        return cls(
            loss=loss.name,
            kind=question.kind,
            value=None if reduction == "none" else value,
            reduction=reduction,
            denominator=None if denominator is None else denominator.value,
            unit=loss.unit,
            signature=signature(question, total, dtype),
            options=options(question),
            inputs=_inputs(question, fields, total),
            stats=_stats(total, role),
            report=replace(report, metrics=metrics),
            guess=baselines.constant(whole, denominator),
            by=loss.guess.by if loss.guess.function else "",
            share=loss.guess.share,
            even=baselines.uniform(question, role),
            findings=findings,
            first=elements(total.first.shown, role, fields.ids.values()),
            worst=elements(total.worst.shown, role, fields.ids.values()),
            headings=role.headings,
            shape=role.shape,
            uneven=_uneven(role),
            kept=kept,
            ids={} if role.pairing.free or not role.shape else fields.ids,
            shared=loss.shared if reduction == "mean" else "",
            finish=loss.finish.__name__ if loss.finish and denominator is not None else "",
            usual=loss.reduction,
            over=str(question.settings.denominator or ""),
            reductions=reductions(question, total),
            batches=batches(total, value),
        )

    @cached_property
    def elements(self) -> np.ndarray | list[np.ndarray] | None:
        """The unreduced losses in torch's shape, where they were kept: all in memory.

        Rows that differ in size are an array each.
        """
        if self.kept is None:
            return None
        if self.uneven is not None:
            return [self.kept[first:last].reshape(size) for first, last, size in self.uneven.spans]
        return self.kept[:].reshape(self.shape)

    @property
    def layout(self) -> tuple[int, ...] | Rows:
        """How the unreduced losses are to be written."""
        return self.shape if self.uneven is None else self.uneven

    @cached_property
    def gradient(self) -> dict[str, np.ndarray] | None:
        """The gradient of the reduced loss by each prediction, where it was asked for.

        By the names of the inputs, in their own shapes: all in memory.
        """
        if self.slopes is None:
            return None
        return {name: array.values for name, array in self.slopes.arrays.items()}

    @property
    def listed(self) -> Spool | None:
        """The unreduced losses, where they are the result."""
        return self.kept if self.reduction == "none" else None

    @property
    def accuracy(self) -> float | None:
        """The share of hits, where there is a hit or a miss."""
        return None if self.report.accuracy is None else self.report.accuracy.value

    @property
    def metrics(self) -> dict[str, float]:
        return {measure.name: measure.value for measure in self.report.metrics}

    @property
    def baselines(self) -> dict[str, float]:
        """The losses of predictions that know nothing of their rows, as far as they are known."""
        known = {"constant": self.guess, "uniform": self.even}
        return {name: value for name, value in known.items() if value is not None}

    @property
    def skill(self) -> float | None:
        """The share of the loss of guessing that the predictions save, where there is one."""
        return baselines.saved(self)

    @cached_property
    def warnings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.WARNING]

    @cached_property
    def notes(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.level is Level.NOTE]

    def to_dict(self) -> dict[str, Any]:
        """The JSON of the command line: keys are only ever added."""
        answer = self.summary()
        if self.listed is not None and self.elements is not None:
            found = self.elements
            rows = [one.tolist() for one in found] if isinstance(found, list) else found.tolist()
            answer["elements"] = plain(rows)
        return answer

    def summary(self) -> dict[str, Any]:
        """The JSON of the command line without the elements, which may be larger than memory."""
        found = self.report.accuracy
        answer: dict[str, Any] = {
            "schema": 1,
            "loss": self.loss,
            "value": self.value,
            "reduction": self.reduction,
            "denominator": self.denominator,
            "signature": self.signature,
            "options": dict(self.options),
            "inputs": {one.name: one.to_dict() for one in self.inputs},
            "reductions": dict(self.reductions),
            "stats": dict(self.stats),
            "accuracy": None if found is None else _hits(found),
            "metrics": self.metrics,
            "baselines": self.baselines,
            "skill": self.skill,
            "values": {one.name: one.facts.to_dict() for one in self.inputs if one.facts},
            "first": [one.to_dict() for one in self.first],
            "worst": [one.to_dict() for one in self.worst],
        }
        if self.ensemble is not None:
            answer["ensemble"] = self.ensemble.to_dict()
        if self.batches is not None:
            answer["batches"] = dict(self.batches)
        if self.gates:
            answer["gates"] = [one.to_dict() for one in self.gates]
        if self.slopes is not None:
            answer["gradient"] = self.slopes.to_dict()
        answer["warnings"] = [finding.to_dict() for finding in self.warnings]
        answer["notes"] = [finding.to_dict() for finding in self.notes]
        return {key: plain(value) for key, value in answer.items()}


def plain(value: Any) -> Any:
    """JSON values, with the numbers that JSON lacks as the strings of protobuf's JSON."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    return value


def _hits(accuracy: Measure) -> dict[str, Any]:
    correct, count = accuracy.hits or (None, None)
    return {
        "name": accuracy.name,
        "value": accuracy.value,
        "correct": correct,
        "count": count,
        "rule": accuracy.rule,
    }


def _uneven(role: Role) -> Rows | None:
    """The rows of the losses, where these differ in size."""
    if role.uneven is None or OPEN not in role.shape:
        return None
    return Rows(role.uneven.sizes, [role.uneven.name(row) for row in range(role.rows)])


def _stats(total: State, role: Role) -> dict[str, Any]:
    """Of the unreduced losses that count: plain numbers, whatever the reduction."""
    moments, extremes = total.elements, total.extremes
    if total.sample.count < moments.count:  # NaN is nowhere among the others
        extremes = Extremes()
    places = (extremes.low_at, extremes.high_at)
    low_at, high_at = (None if at is None else list(role.index(at)) for at in places)
    return {
        "count": moments.count,
        "mean": moments.mean,
        "sum": moments.total.value,
        "std": moments.std,
        "stderr": moments.stderr,
        "min": math.nan if low_at is None else extremes.low,
        "max": math.nan if high_at is None else extremes.high,
        "argmin": low_at,
        "argmax": high_at,
        "quantiles": total.sample.quantiles(POINTS) if extremes.low_at is not None else {},
        "histogram": _histogram(total),
    }


def _histogram(total: State) -> dict[str, list[float] | list[int]]:
    """How many losses lie between two powers of two: from each edge to before the next."""
    edges, counts = total.sample.histogram()
    return {"edges": edges, "counts": counts}


def _inputs(question: Question, fields: Fields, total: State) -> list[Input]:
    shown = []
    for side, one in fields.sides.items():
        facts = None if one.dtype.kind == "U" else total.facts[side]
        shown.append(Input.of(question.input(side), one, facts))
    return shown + [Input.of(name, one) for name, one in fields.beside.items()]


def _also(name: str, value: float) -> Measure:
    from losscli.roles import Measure

    return Measure(name, value)
