"""The options that every loss, or every loss of a role, has in common."""

from __future__ import annotations

from losscli.records import record

DENOMINATORS = ("positives", "rows")
REDUCTIONS = ("mean", "batchmean", "sum", "none")
DTYPES = ("auto", "float32", "float64", "float16", "bfloat16")
NAN = ("error", "omit", "propagate")
UNMATCHED = ("error", "omit")
MISSING = ("error", "omit")
ENSEMBLE = ("auto", "probs", "logits")


@record
class Settings:
    """How a question is read and answered.

    Attributes:
        reduction: How the losses become one number, as in PyTorch.
        denominator: What the mean divides by instead: the positive targets (as RetinaNet does),
            the rows, or a number.
        device: Where losses are computed; auto takes CUDA where it is there.
        dtype: What losses are computed in; auto is the widest float among the inputs.
        limit: Read only so many rows, from the first.
        batch_size: Show what a training loop would have logged that averages the means of batches
            of N rows in their order, the last one smaller.
        head: Show so many of the first elements.
        worst: Show so many of the largest losses.
        nan: Refuse NaN, leave such elements out, or let the result be NaN.
        threads: How many cores compute; all of them if not given.
        strict: Make an error of every warning.
        ignore: Leave out notes and warnings with this code.
        header: Say whether the first row of a table is a header.
        data: A file (or - for standard input) of which bare inputs are keys.
        input_format: The format of standard input and of unknown suffixes, or of one input; of
            bytes without a header raw:DTYPE:SHAPE, as in logits=raw:float16:-1,1000.
        stack: Make a row of every file of a pattern or directory, as of images; files of several
            inputs are paired by name, less the suffix. Rows may differ in size.
        max_expansion: How many times its size a compressed file may become.
        threshold: Predictions above it are positive, in the space in which they are given.
        top_k: The k of each top-k accuracy.
        classes: The names of the classes, in the order of the predictions.
        pos_label: The target that is 1, a number or a word; the other is 0.
        target_base: What the first class is called in the targets.
        key: Pair rows by the ids in this column; A,B for several, A=B where B is the target's.
        unmatched: Refuse ids that only one file has, or leave their rows out.
        missing: Refuse empty cells and nulls, or leave such elements out.
        where: Read only rows in which a column has a value; given again, all must hold.
        ensemble: Take the mean of predictions that are given several times, as one model: of their
            probabilities where they have some (auto, if no word follows), or of their logits.
    """

    reduction: str | None = None
    denominator: str | float | None = None
    device: str = "cpu"
    dtype: str = "auto"
    limit: int | None = None
    batch_size: int | None = None
    head: int = 3
    worst: int = 3
    nan: str = "error"
    threads: int | None = None
    strict: bool = False
    ignore: tuple[str, ...] = ()
    header: bool | None = None
    data: str | None = None
    input_format: tuple[str, ...] = ()
    stack: bool = False
    max_expansion: float = 100.0
    threshold: float | None = None
    top_k: tuple[int, ...] | None = None
    classes: tuple[str, ...] | None = None
    target_base: int | None = None
    pos_label: str | None = None
    key: str | None = None
    unmatched: str = "error"
    missing: str = "error"
    where: tuple[str, ...] = ()
    ensemble: str | None = None


OF_ROLES = ("threshold", "top_k", "classes", "target_base", "pos_label")
"""Those that only some roles have a use for."""
