"""The options that every loss, or every loss of a role, has in common."""

from __future__ import annotations

from dataclasses import dataclass

REDUCTIONS = ("mean", "batchmean", "sum", "none")
DTYPES = ("auto", "float32", "float64", "float16", "bfloat16")
NAN = ("error", "omit", "propagate")


@dataclass(frozen=True)
class Settings:
    """How a question is read and answered.

    Attributes:
        reduction: "mean", "batchmean", "sum" or "none"; None for the default of the loss.
        device: "cpu", "cuda", "cuda:N", "mps", or "auto".
        dtype: The dtype that losses are computed in; "auto" for the widest among the inputs.
        limit: Only so many rows, from the first.
        head: So many of the first elements are shown.
        worst: So many of the largest losses are shown.
        nan: What becomes of NaN: "error", "omit" or "propagate".
        strict: A warning is an error.
        ignore: Codes of notes and warnings that are left out.
        header: Whether the first row of a table is a header; None to see for oneself.
        data: The file of which bare inputs are keys.
        input_format: Formats of inputs, as ``[INPUT=]FMT``.
        threshold: Predictions above it are positive, in the space in which they are given.
        top_k: The k of each top-k accuracy.
        classes: The names of the classes, in the order of the predictions.
        target_base: What the first class is called in the targets: 0 or 1.
    """

    reduction: str | None = None
    device: str = "cpu"
    dtype: str = "auto"
    limit: int | None = None
    head: int = 3
    worst: int = 3
    nan: str = "error"
    strict: bool = False
    ignore: tuple[str, ...] = ()
    header: bool | None = None
    data: str | None = None
    input_format: tuple[str, ...] = ()
    threshold: float | None = None
    top_k: tuple[int, ...] | None = None
    classes: tuple[str, ...] | None = None
    target_base: int | None = None
