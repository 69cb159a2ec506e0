"""Classes whose scores are made of features, by weights that the loss holds."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import replace
from os import PathLike
from typing import TYPE_CHECKING, ClassVar

from losscli import shapes
from losscli.checks import features, targets
from losscli.errors import DataError, UsageError
from losscli.lazy import np
from losscli.roles.classes import ClassIndex
from losscli.roles.names import Names
from losscli.views import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from losscli.batch import Batch
    from losscli.checks import Check
    from losscli.formats.base import Field
    from losscli.views import Pairing

HEAD = "state.head.weight"


class Decoded(ClassIndex):
    """One class for each row of features; the scores of the classes are never all at hand.

    The kernel tells what it has seen of them: "chosen", the class with the highest score, and its
    probability "confidence".
    """

    constants = holds = ("weight_matrix", "bias", "state")
    together = 2**10  # the layer is gone through once for each leaf
    one_size = "its layer goes with all rows at once"
    hits: ClassVar[str] = "the highest score is that of the target, ties to the first"

    @property
    def held(self) -> dict[str, Field]:
        """What the loss holds."""
        fields = self.asked.fields.items()
        return {side: one for side, one in fields if side.partition(".")[0] in self.holds}

    @abstractmethod
    def classes(self) -> int:
        """How many classes there are.

        Raises:
            DataError: what the loss holds does not fit the features.
        """

    def by_class(self, prediction: Field, target: Field, axis: int | None) -> Pairing:
        if not prediction.shape or len(prediction.shape) < 2:
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}: features are (N, H)",
                code="shape-mismatch",
            )
        if prediction.shape == target.shape:
            raise DataError(
                f"{target.label} has the shape of the features, {target.shape}: {self.asked.loss} "
                "wants class indices",
                code="shape-mismatch",
            )
        pairing = shapes.by_class(prediction, target, len(prediction.shape) - 1)
        views = {side: Held(one.shape[1:]) for side, one in self.held.items()}
        return replace(pairing, views={**pairing.views, **views}, classes=self.classes())

    def named(self) -> Names:
        """As --classes says: the columns of features are no classes."""
        return Names.of(self.asked, self.pairing, None)

    def checks(self) -> Sequence[Check]:
        return (
            *features.CHECKS,
            *targets.CHECKS,
            targets.class_unknown,
            targets.class_not_whole,
            targets.class_range,
        )

    def chosen(self, batch: Batch) -> np.ndarray:
        return batch.seen["chosen"]

    def confidence(self, batch: Batch) -> np.ndarray:
        return batch.seen["confidence"]

    @property
    def rule(self) -> str:
        return "argmax of scores, ties to the first"


class Linear(Decoded):
    """Scores are the products of features and the rows of one matrix, a row for each class."""

    def classes(self) -> int:
        matrix, features = self.held["weight_matrix"], self.asked.prediction
        if len(matrix.shape) != 2 or matrix.shape[1] != features.shape[-1]:
            turned = len(matrix.shape) == 2 and matrix.shape[0] == features.shape[-1]
            raise DataError(
                f"{matrix.label} has shape {matrix.shape}, and {features.label} {features.shape}: "
                f"--weight-matrix is (V, H), a row of {features.shape[-1]} numbers for each class",
                hint="it looks transposed" if turned else "",
                code="shape-mismatch",
            )
        bias = self.held.get("bias")
        if bias is not None and bias.shape != matrix.shape[:1]:
            raise DataError(
                f"{bias.label} has shape {bias.shape}, but there are {matrix.shape[0]} classes",
                code="shape-mismatch",
            )
        return matrix.shape[0]

    def ranks(self, batch: Batch) -> np.ndarray:
        return batch.seen["rank"]


class Clustered(Decoded):
    """Frequent classes have scores of their own; the others are in clusters, which have one each.

    The arrays of the module are inputs by their names in its state_dict: "state.head.weight".
    """

    def classes(self) -> int:
        bounds = self.bounds
        given = self.asked.options["cutoffs"]
        listed = [given] if isinstance(given, (int, float)) else given
        if isinstance(given, (str, PathLike)):
            raise UsageError("--cutoffs takes numbers: --cutoffs 1000,10000")
        if np.any(listed) and [*listed] != bounds[:-1]:
            said = ",".join(f"{one:g}" for one in listed)
            held = ",".join(map(str, bounds[:-1]))
            raise DataError(
                f"--cutoffs {said}, but {self.held[HEAD].path or 'the state'} is of {bounds[-1]} "
                f"classes with the cutoffs {held}",
                code="shape-mismatch",
            )
        return bounds[-1]

    @property
    def bounds(self) -> list[int]:
        """Where clusters begin, and how many classes there are: PyTorch's cutoffs.

        Raises:
            DataError: the arrays do not fit together, or not to the features.
        """
        held, size = self.held, self.asked.prediction.shape[-1]
        count = 0
        while f"state.tail.{count}.0.weight" in held:
            count += 1
        wanted = {HEAD, "state.head.bias"} & {*held}
        wanted |= {f"state.tail.{at}.{part}.weight" for at in range(count) for part in (0, 1)}
        if not count or wanted != {*held}:
            names = ", ".join(name.removeprefix("state.") for name in held)
            raise DataError(
                f"the state holds {names}: an AdaptiveLogSoftmaxWithLoss has head.weight, and "
                "tail.i.0.weight and tail.i.1.weight for each of its clusters",
                code="shape-mismatch",
            )
        self._fits(HEAD, (None, size))
        rows = held[HEAD].shape[0]
        if "state.head.bias" in held:
            self._fits("state.head.bias", (rows,))
        bounds = [rows - count]
        for at in range(count):
            first, second = (held[f"state.tail.{at}.{part}.weight"] for part in (0, 1))
            self._fits(f"state.tail.{at}.0.weight", (None, size))
            self._fits(f"state.tail.{at}.1.weight", (None, first.shape[0]))
            bounds.append(bounds[-1] + second.shape[0])
        return bounds

    def _fits(self, name: str, wanted: tuple[int | None, ...]) -> None:
        """Refuses an array of another shape.

        Raises:
            DataError: it has another.
        """
        field = self.held[name]
        fits = len(field.shape) == len(wanted) and all(
            size in (None, one) for one, size in zip(field.shape, wanted, strict=False)
        )
        if not fits:
            features = self.asked.prediction
            shown = ", ".join("·" if one is None else str(one) for one in wanted)
            raise DataError(
                f"{field.label} has shape {field.shape}, where features {features.label} of shape "
                f"{features.shape} and the other arrays want ({shown})",
                code="shape-mismatch",
            )

    @property
    def tops(self) -> list[int]:
        if self.asked.settings.top_k is not None:
            why = "most scores are never made"
            raise UsageError(f"--top-k has no meaning for {self.asked.loss}: {why}")
        return []
