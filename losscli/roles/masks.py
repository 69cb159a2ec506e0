"""Masks: a class, or yes and no, for each pixel of an image."""

from __future__ import annotations

from dataclasses import field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from losscli import shapes
from losscli.checks import masks, predictions, targets
from losscli.errors import DataError
from losscli.lazy import np
from losscli.records import record
from losscli.roles.base import Asked, Measure, Report, Role, number, ratio, refuse, told
from losscli.roles.binary import CUTS
from losscli.roles.calibration import exact
from losscli.roles.names import Names
from losscli.roles.positive import Positive
from losscli.stats import Totals
from losscli.views import Pairing, View

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.batch import Batch
    from losscli.checks import Check, Facts
    from losscli.errors import Finding

MARK = -100
"""What the target of a pixel that does not count becomes for the kernel."""

FEW = 2**20
"""The sizes of so many classes of images are kept, for what a constant mask costs."""

LISTED = 4
"""So many classes are shown one by one: those that overlap least."""


@record
class Sizes:
    """Of each image how many pixels count, and how much of each class they are.

    >>> import numpy as np
    >>> one, other = Sizes.of(np.ones((1, 2)), 0), Sizes.of(np.array([[2.0, 0.0]]), 1)
    >>> (other + one).table.tolist()
    [[1.0, 1.0], [2.0, 0.0]]
    """

    parts: tuple[tuple[int, np.ndarray], ...] = field(default=(), compare=False)

    @classmethod
    def of(cls, rows: np.ndarray, start: int) -> Sizes:
        """Those of a leaf, of which so many rows come before."""
        return cls(((start, rows),))

    def __add__(self, other: Sizes) -> Sizes:
        return Sizes.joined([self, other])

    @classmethod
    def joined(cls, many: Sequence[Sizes]) -> Sizes:
        """The sum of several at once."""
        return cls(tuple(part for one in many for part in one.parts))

    @property
    def table(self) -> np.ndarray:
        """All of them in their order, of images of which anything counts."""
        ordered = sorted(self.parts, key=lambda part: part[0])
        found = np.concatenate([rows for _, rows in ordered])
        return np.asarray(found[found[:, 0] > 0])


class Masks(Role):
    """A class for each pixel, a probability for each class, or yes and no.

    The kernel sees images (N, C, …), of which a binary mask has one class, and targets (N, …) of
    class indices or (N, C, …) of shares. A loss is of an image, of each class of an image, or of
    a class in all images.

    Attributes:
        per_class: There is a loss for each class.
        named: The default of what says more of classes than that there are two.
    """

    settings: ClassVar[tuple[str, ...]] = ("threshold", "classes", "target_base", "pos_label")
    hits: ClassVar[str] = (
        "pixels of which the highest score is the true class; of a binary mask, logit > 0 or "
        "p > 0.5 (--threshold), as the target > 0.5 is"
    )
    per_class: ClassVar[bool] = True
    named: ClassVar[Mapping[str, Any]] = {"classes": None}

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        if self.binary:
            one = "there is one class"
            refuse(asked, one, include_background=True, target_base=None, **self.named)
        else:
            refuse(asked, "the highest score decides among classes", threshold=None, pos_label=None)
        if self.pairing.probabilities and not self.binary:
            why = f"{asked.target.label} holds a share for each class"
            refuse(asked, why, ignore_index=MARK, target_base=None)
            self.precise = asked.target.dtype.kind == "f"
        self.positive = Positive.of(asked)
        self.names = (
            Names() if self.binary else Names.of(asked, self.pairing, asked.prediction.columns)
        )

    @property
    def binary(self) -> bool:
        return self.pairing.classes == 1

    @property
    def batched(self) -> bool:
        """Whether a loss is made of all images together."""
        return self.asked.options.get("reduce_over") == "batch"

    def pair(self) -> Pairing:
        found = self._plain() if self._has_no_classes() else self._by_class()
        rows, classes, pixels = found.rows, found.classes or 1, found.prediction.row
        axis = found.prediction.class_axis
        if axis is not None:
            pixels = pixels[: axis - 1] + pixels[axis:]
        view = found.prediction if axis is not None else View((1, *pixels), 1)
        view = replace(view, apart=True)
        hard = not found.probabilities and classes > 1
        target = View(pixels) if hard else view
        if classes == 1:  # whose target may lack the axis of classes, or have it elsewhere
            target = View((1, *pixels), 1)
        shown = classes - (self.asked.options.get("include_background") is False)
        own: tuple[int, ...] = (shown,) if self.per_class and (axis is not None) else ()
        if self.batched:
            own = (shown,)
        return replace(
            found,
            views={"prediction": view, "target": target},
            elements=own if self.batched else (rows, *own),
            classes=classes,
            probabilities=not hard,
            marks=(rows, *pixels),
            free=self.batched,
        )

    def _has_no_classes(self) -> bool:
        """Whether both sides are (N, H, W), or of the same shape but for axes of length 1."""
        ours, theirs = self.asked.prediction.shape, self.asked.target.shape
        if self.asked.options["class_axis"] is not None:
            return False
        return len(ours) < 4 and _long(ours) == _long(theirs)

    def _plain(self) -> Pairing:
        """A binary mask without an axis of classes."""
        prediction = self.asked.prediction
        if len(prediction.shape) < 3:
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}: nothing says whether its rows "
                "are images, or the lines of one",
                hint="masks have the shape (N, H, W) or (N, C, H, W), with N = 1 for a single one; "
                "--class-axis 1 reads (N, C)",
                code="shape-mismatch",
            )
        return shapes.same(prediction, self.asked.target)

    def _by_class(self) -> Pairing:
        prediction, target = self.asked.prediction, self.asked.target
        if len(prediction.shape) < 2:
            raise DataError(
                f"{prediction.label} has shape {prediction.shape}: it has no images",
                hint="N masks have the shape (N, H, W), or (N, C, H, W)",
                code="shape-mismatch",
            )
        return shapes.by_class(prediction, target, self.asked.options["class_axis"])

    @property
    def takes_names(self) -> bool:
        return self.binary and self.asked.settings.pos_label is not None

    def read_target(self, raw: np.ndarray) -> np.ndarray:
        if self.pairing.probabilities:
            return raw if self.positive is None else self.positive.read(raw)
        return self.names.indices(raw)

    def prepare(self, targets: Iterator[Batch]) -> None:
        if self.positive is not None:  # counts are of pixels, which have an axis of one class
            self.positive.seek(
                replace(one, counts=None if one.counts is None else one.counts[:, None])
                for one in targets
            )

    def findings(self, facts: Mapping[str, Facts], seen: set[str]) -> list[Finding]:
        return [] if self.positive is None else self.positive.findings(facts)

    def counted(self, given: Mapping[str, np.ndarray]) -> np.ndarray | None:
        if self.pairing.probabilities and not self.binary:
            return None
        target = given["target"]
        if target.dtype.kind == "U":
            return None
        kept = target != self.asked.options["ignore_index"]
        kept = kept[:, 0] if self.binary else kept
        return None if kept.all() else kept

    def settled(self, batch: Batch) -> Batch:
        """Pixels that do not count are marked in the target."""
        if batch.counts is None:
            return batch
        target = batch.target if batch.target.dtype.kind in "if" else batch.target.astype(np.int16)
        target = target if target.dtype != np.int8 else target.astype(np.int16)
        wide = batch.counts[:, None]
        marked = np.where(wide if target.ndim > batch.counts.ndim else batch.counts, target, MARK)
        return replace(batch, taken={**batch.taken, "target": marked.astype(target.dtype)})

    def checks(self) -> Sequence[Check]:
        kind = self.asked.kind
        plain = (*predictions.BY_KIND[kind], *targets.CHECKS)
        if self.binary:
            own = masks.not_binary if self.positive is None else self.positive.check
            return (*plain, own)
        if self.pairing.probabilities:
            shares = targets.probs_range, masks.shares_sum
            return (*plain, *shares, *predictions.DISTRIBUTION[kind])
        whole = targets.class_not_whole, targets.class_range
        return (*plain, *whole, *predictions.DISTRIBUTION[kind])

    def decided(self, batch: Batch) -> tuple[np.ndarray, np.ndarray]:
        """The class of each pixel as it is predicted, and as it is."""
        if self.binary:
            return batch.prediction[:, 0] > self.cut, batch.target[:, 0] > 0.5
        guessed = batch.prediction.argmax(1)
        true = batch.target.argmax(1) if self.pairing.probabilities else batch.target
        return guessed, true if batch.counts is None else np.where(batch.counts, true, 0)

    @property
    def cut(self) -> float:
        """Predictions above it are in a binary mask."""
        asked = self.asked.settings.threshold
        return CUTS[self.asked.kind] if asked is None else asked

    def measure(self, batch: Batch) -> Totals:
        """How many pixels of each class there are, are predicted, and are both."""
        guessed, true = self.decided(batch)
        kept = np.ones(true.shape, bool) if batch.counts is None else batch.counts
        weight = None
        if batch.weight is not None:
            each = batch.weight.reshape(batch.rows, -1).mean(1)
            weight = np.broadcast_to(each.reshape(-1, *[1] * (true.ndim - 1)), true.shape)
        classes = max(self.pairing.classes or 1, 2)

        def tally(labels: np.ndarray, picked: np.ndarray) -> np.ndarray:
            if weight is None:
                return np.bincount(labels[picked].astype(np.int64), minlength=classes)
            return exact(np.bincount(labels[picked], weight[picked], classes))

        few = weight is None and self.rows * classes <= FEW
        return Totals(
            {
                **({"sizes": Sizes.of(self._sizes(batch, kept), batch.start)} if few else {}),
                "true": tally(true, kept),
                "guessed": tally(guessed, kept),
                "hits": tally(true, kept & (guessed == true)),
            }
        )

    def _sizes(self, batch: Batch, kept: np.ndarray) -> np.ndarray:
        """How many pixels of each image count, and how much of each class they are."""
        flat, classes = kept.reshape(batch.rows, -1), self.pairing.classes or 1
        target = batch.target.reshape(batch.rows, -1)
        if self.pairing.probabilities:
            shares = target.reshape(batch.rows, classes, -1)
            true = np.where(flat[:, None], shares, 0).sum(-1, dtype=np.float64)
        else:
            places = target + classes * np.arange(batch.rows)[:, None]
            true = np.bincount(places[flat].astype(np.int64), minlength=classes * batch.rows)
        counts = flat.sum(1)[:, None], true.reshape(batch.rows, classes)
        return np.concatenate(counts, 1, dtype=np.float64)

    def report(self, totals: Totals) -> Report:
        true, guessed, hits = (
            [number(one) for one in totals[name].tolist()] for name in ("true", "guessed", "hits")
        )
        right, count = sum(hits), sum(true)
        how = f"{told(right)}/{told(count)} pixels, {self.rule}"
        guess = ratio(max(true), count)
        accuracy = Measure("accuracy", ratio(right, count), how, guess, (right, count), self.rule)
        parts = list(zip(hits, guessed, true, strict=True))
        found = {
            one: (ratio(both, ours + theirs - both), ratio(2 * both, ours + theirs))
            for one, (both, ours, theirs) in enumerate(parts)
            if ours + theirs
        }
        if self.binary:
            iou, dice = found.get(1, (1.0, 1.0))
            how = "" if 1 in found else "no pixel of it on either side"
            return Report(accuracy, [Measure("iou", iou, how), Measure("dice", dice, how)])
        how = f"of {len(found)} classes that there are, or are predicted"
        means = (ratio(sum(one[at] for one in found.values()), len(found)) for at in (0, 1))
        metrics = [Measure(name, mean, how) for name, mean in zip(NAMES, means, strict=True)]
        least = sorted(found, key=lambda one: found[one])[:LISTED]
        lines = []
        for one in least:
            sizes = f"{told(true[one])} pixels, {told(guessed[one])} predicted"
            lines.append(("class " + self.names.shown(one), f"IoU {found[one][0]:.4f}, {sizes}"))
        return Report(accuracy, metrics, lines)

    @property
    def rule(self) -> str:
        """What a hit is, in words."""
        kind = self.asked.kind.removesuffix("s")
        if self.binary:
            return f"{'p' if kind == 'prob' else kind} > {self.cut:.6g}"
        return f"argmax of {kind}s, ties to the first"

    def cells(self, batch: Batch, places: np.ndarray) -> list[list[str]]:
        """The class, and of how many pixels it is predicted and is: in one image."""
        if self.pairing.free:
            return self.free_cells(places)
        guessed, true = self.decided(batch)
        each, shown = self.pairing.elements_per_row, []
        for at in places.tolist():
            row, one = divmod(at, each)
            kept = ... if batch.counts is None else batch.counts[row]
            if self.binary or len(self.pairing.elements) > 1:
                one = 1 if self.binary else one + self._first
                sizes = [int((side[row][kept] == one).sum()) for side in (guessed, true)]
                shown.append([self.names.shown(one), *map(str, sizes)][self.binary :])
            else:
                same = (guessed[row] == true[row])[kept]
                shown.append([f"{same.mean():.2%}"])
        return shown

    def free_cells(self, places: np.ndarray) -> list[list[str]]:
        return [[self.names.shown(int(at) + self._first + self.binary)] for at in places]

    @property
    def _first(self) -> int:
        """The first class that has a loss."""
        return int(self.asked.options.get("include_background") is False)

    @property
    def headings(self) -> list[str]:
        if self.pairing.free:
            return ["class"]
        if self.binary:
            return ["pixels predicted", "true"]
        return ["class", "pixels", "y"] if len(self.pairing.elements) > 1 else ["right"]


NAMES = "mean_iou", "mean_dice"
"""The means over classes, as metrics."""


class AllImages(Masks):
    """A class for each pixel, and a loss for each class, made of all images together."""

    @property
    def batched(self) -> bool:
        return True


class Images(Masks):
    """A class for each pixel, and a loss for each image."""

    per_class = False


class Pixels(Masks):
    """Classes of pixels, ranked by their errors: all of them at once, or those of one image.

    Soft targets have no place in the order of errors.
    """

    settings = ("threshold", "target_base", "pos_label")
    per_class = False
    named: ClassVar[Mapping[str, Any]] = {"classes": "present"}

    @property
    def batched(self) -> bool:
        return not self.asked.options["per_image"]

    def __init__(self, asked: Asked) -> None:
        super().__init__(asked)
        if self.binary and asked.kind == "probs":
            raise DataError(
                f"{asked.prediction.label}: the {asked.loss} of a binary mask is a hinge of logits",
                hint="give --logits, or the probabilities of both classes: (N, 2, H, W)",
                code="shape-mismatch",
            )

    def checks(self) -> Sequence[Check]:
        return (*super().checks(), *((masks.not_hard,) if self.pairing.probabilities else ()))


def _long(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The rows, and the axes that are longer than 1."""
    return (*shape[:1], *(size for size in shape[1:] if size != 1))
