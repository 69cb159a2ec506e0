"""What the values of losses of counts, of amounts and of proportions cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

from losscli.checks.base import Case, Check, Tally, check, of_each
from losscli.checks.words import like
from losscli.errors import Level
from losscli.lazy import np

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.batch import Batch


def _too_low(side: str) -> Check:
    @check("log-range", Level.ERROR, on=side)
    def too_low(batch: Batch) -> np.ndarray | None:
        """Values of -1 and below, where ln(1 + value) is wanted.

        Values of both signs are for mse, mae and huber.
        """
        return None if batch.span(side)[0] > -1 else np.asarray(batch.values(side) <= -1)

    @too_low.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = (
            f"{case.place}: {case.loss} takes the logarithm of 1 + value, and {tally.value:g} is "
            f"not above -1 ({like(tally)})"
        )
        return message, "values of both signs are for mse, mae and huber"

    return too_low


ABOVE = (_too_low("prediction"), _too_low("target"))
"""What is asked where logarithms of 1 + value are taken."""


@check("zero-target", Level.WARNING, on="target")
def zero_target(batch: Batch) -> np.ndarray | None:
    """Targets of 0, or next to it, that an error is to be divided by.

    smape and wape divide by no single target; --mask leaves elements out.
    """
    eps = batch.options["eps"]
    low, high = batch.span("target")
    if low >= eps or high <= -eps:
        return None
    return np.asarray((np.abs(batch.target) < eps) & (batch.prediction != batch.target))


@zero_target.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = (
        f"{case.place}: a target of {tally.value:g} ({like(tally)}); its error is divided by "
        f"{case.options['eps']:.3g}, as in scikit-learn"
    )
    return message, "smape and wape divide by no single target; --mask leaves elements out"


@check("target-range", Level.ERROR, on="target")
def negative(batch: Batch) -> np.ndarray | None:
    """Counts or amounts below 0.

    Values of both signs are for mse, mae and huber.
    """
    return None if batch.inside("target", 0, np.inf) else np.asarray(batch.target < 0)


@negative.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {case.loss} targets must be at least 0, not {tally.value:g}"
    return f"{message} ({like(tally)})", "values of both signs are for mse, mae and huber"


@check("target-range", Level.ERROR, on="target")
def not_positive(batch: Batch) -> np.ndarray | None:
    """Amounts of 0 or below, which a gamma distribution never has.

    tweedie with a --power below 2 takes amounts of 0.
    """
    return None if batch.span("target")[0] > 0 else np.asarray(batch.target <= 0)


@not_positive.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: {case.loss} targets must be above 0 here, not {tally.value:g}"
    hint = "tweedie with a power below 2 takes targets of 0" if tally.value == 0 else ""
    return f"{message} ({like(tally)})", hint


@of_each("var")
def not_wide(side: str, *, zero: bool = True) -> Check:
    """The check of a variance, or of another width of a distribution, which may be 0 or not."""

    @check("width-range", Level.ERROR, on=side)
    def too_low(batch: Batch) -> np.ndarray | None:
        """Variances, standard deviations and scales below 0: logarithms, perhaps.

        --log-var takes logarithms of variances, where the loss has it.
        """
        low, _ = batch.span(side)
        if low > 0 or (zero and low == 0):
            return None
        values = batch.values(side)
        return np.asarray(values < 0 if zero else values <= 0)

    @too_low.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        wanted = "at least 0" if zero else "above 0"
        option = side.replace("_", "-")
        message = f"{case.place}: --{option} must be {wanted}, not {tally.value:g} ({like(tally)})"
        return message, "--log-var takes logarithms of variances" if side == "var" else ""

    return too_low


_VARIANCE: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "var": lambda values: values,
    "std": lambda values: values * values,
    "log_var": lambda values: np.exp(values.astype(np.float64)),
}
"""The variance, of each way to say it."""


@of_each("var")
def narrow(side: str) -> Check:
    """The check of a variance that is too small to count as what it is."""

    @check("clamped", Level.WARNING, on=side)
    def clamped(batch: Batch) -> np.ndarray | None:
        """Variances below eps, which a loss takes for eps.

        --eps takes a smaller bound.
        """
        eps = batch.options["eps"]
        with np.errstate(over="ignore"):
            found = np.asarray(_VARIANCE[side](batch.values(side)) < eps)
        return found if found.any() else None

    @clamped.says
    def _(tally: Tally, case: Case) -> tuple[str, str]:
        message = (
            f"{case.place}: --{side.replace('_', '-')} {tally.value:g} is a variance below "
            f"{case.options['eps']:g}, and counts as that, as in torch ({like(tally)})"
        )
        return message, "--eps takes a smaller bound"

    return clamped


@check("interval-ends", Level.ERROR, on="upper")
def crossed(batch: Batch) -> np.ndarray | None:
    """Intervals that end before they begin.

    Were the two ends swapped?
    """
    found = np.asarray(batch.values("upper") < batch.values("prediction"))
    return found if found.any() else None


@crossed.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: --upper is {tally.value:g}, and --lower is above it ({like(tally)})"
    return message, "were the two ends swapped?"


@check("count-whole", Level.WARNING, on="target")
def fractional(batch: Batch) -> np.ndarray | None:
    """Counts that are no whole numbers.

    The loss is that of PyTorch all the same; tweedie is for amounts.
    """
    values = batch.target
    if values.dtype.kind != "f":
        return None
    return np.asarray((values != np.floor(values)) & np.isfinite(values))


@fractional.says
def _(tally: Tally, case: Case) -> tuple[str, str]:
    message = f"{case.place}: a count of {tally.value:g} is no whole number ({like(tally)})"
    return message, "tweedie is for amounts"
