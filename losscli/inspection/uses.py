"""Which losses one array by itself is for: what its values may be to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.inspection.fits import two_labels
from losscli.inspection.looks import Look, Side, class_axis, look, side
from losscli.records import record
from losscli.registry import flag

if TYPE_CHECKING:
    from collections.abc import Iterator

    from losscli.inspection.parts import Part

__all__ = ["BINARY", "MARGINS", "MASKS", "MULTICLASS", "REGRESSION", "Use", "scores", "uses"]

MULTICLASS = ("ce", "focal-ce", "poly1", "gce", "brier", "multi-margin", "zero-one")
BINARY = ("bce", "focal", "brier", "asl", "zero-one")
MARGINS = ("soft-margin", "hinge", "squared-hinge", "perceptron")
REGRESSION = ("mse", "mae", "huber", "rmse", "smooth-l1", "log-cosh", "smape", "quantile")
SHARES = ("ce", "kl", "js")
MASKS = ("dice", "jaccard", "tversky")


@record
class Use:
    """What an array may be.

    Attributes:
        kind: The input: "probs", "target", and so on.
        losses: Those that take it so.
        against: What stands on the other side.
    """

    kind: str
    losses: tuple[str, ...]
    against: str

    @property
    def words(self) -> str:
        return f"{flag(self.kind)} of {', '.join(self.losses)}, against {self.against}"


def uses(part: Part) -> list[Use]:
    """What an array may be, likeliest first; nothing where that is anybody's guess."""
    told, found = side(part), look(part)
    if part.field is None or told is Side.BESIDE or found in (Look.NOTHING, Look.IDS):
        return []
    predicted = [*_predicted(part, found)] if told is not Side.TARGET else []
    true = [*_true(part, found)] if told is not Side.PREDICTION else []
    labels = found in (Look.NAMES, Look.LABELS, Look.SIGNS, Look.ONE_HOT, Look.CLASSES)
    return [*true, *predicted] if labels else [*predicted, *true]


def _predicted(part: Part, found: Look) -> Iterator[Use]:
    """As a prediction."""
    several = len(part.shape) > 1 and part.shape[-1] != 1
    axis = class_axis(part)
    if found is Look.PROBS and axis is not None:
        losses = tuple(one for one in MULTICLASS if one != "multi-margin")
        yield Use("probs", losses, "class indices")
    elif found is Look.UNIT:
        yield Use("probs", ("bce", "focal", "brier"), "labels of 0 and 1")
    elif found is Look.LOG_PROBS:
        yield Use("log_probs", ("nll", "ce", "kl"), "class indices, or shares of classes")
    elif found in (Look.REAL, Look.BELOW):
        if several:
            yield Use("logits", MULTICLASS, "class indices")
        yield Use("logits", BINARY, "labels of 0 and 1")
        if not scores(part):
            yield Use("pred", REGRESSION, "real values")


def scores(part: Part) -> bool:
    """Whether a name says that values are scores before sigmoid or softmax."""
    return "logit" in part.argument.lower() or "score" in part.argument.lower()


def _true(part: Part, found: Look) -> Iterator[Use]:
    """As a target."""
    guesses, two = "scores or probabilities", two_labels(part)
    if two and not part.known.texts:
        more = f", with --pos-label {two[1]}"
        yield Use("target", ("bce", "focal", "asl"), f"{guesses} of the same shape{more}")
        if len(part.shape) > 2:
            yield Use("target", MASKS, f"{guesses} of each pixel{more}")
    elif found is Look.NAMES:
        yield Use("target", MULTICLASS, f"{guesses} in columns of those names")
    elif found is Look.CLASSES:
        yield Use("target", (*MULTICLASS[:1], "nll", *MULTICLASS[1:]), f"{guesses} for each class")
    elif found is Look.LABELS:
        yield Use("target", BINARY, f"{guesses} of the same shape")
        if len(part.shape) > 2:
            yield Use("target", MASKS, f"{guesses} of each pixel")
    elif found is Look.SIGNS:
        yield Use("target", MARGINS, "scores")
    elif found in (Look.PROBS, Look.ONE_HOT):
        yield Use("target", SHARES, f"{guesses} for each class")
    elif found is Look.UNIT:
        yield Use("target", ("bce", "focal", "brier"), guesses)
        yield Use("target", REGRESSION, "predictions in the same unit")
    elif found is Look.COUNTS:
        yield Use("target", ("poisson-nll",), "rates, or their logarithms")
        yield Use("target", REGRESSION, "predictions in the same unit")
    elif found is Look.REAL:
        yield Use("target", REGRESSION, "predictions in the same unit")
