"""Commands that answer: the losses that take two arrays as they are, best first."""

from __future__ import annotations

import re
from dataclasses import field
from shlex import quote
from typing import TYPE_CHECKING, Any

from losscli.errors import DataError, LosscliError
from losscli.inspection.fits import Pair, answers, asked, gone, nans, role_of, two_labels
from losscli.inspection.looks import Look, Side, boxes, class_axis, look, padding, side, words
from losscli.inspection.names import side_of
from losscli.inspection.uses import BINARY, MARGINS, MASKS, MULTICLASS, REGRESSION, scores
from losscli.losses import losses
from losscli.records import record
from losscli.registry import flag
from losscli.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from losscli.inspection.parts import Part

__all__ = ["Offer", "offers", "pairs", "refusal", "wishes"]

PAIRS = 4
"""So many pairs of arrays are put together."""

BEST = 3
"""So many commands are written out for each of them; other losses are only named."""

HIGHEST = 30
"""Nobody counts to the exponential of more."""


@record
class Offer:
    """A command that answers.

    Attributes:
        words: Its words; :attr:`command` is for a shell.
        why: What speaks for it.
        also: Other losses that take the same words.
        kind: What the prediction is.
        given: The options among the words, by their names.
    """

    words: tuple[str, ...]
    why: str
    also: tuple[str, ...] = ()
    kind: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)

    @property
    def command(self) -> str:
        return " ".join(map(_quoted, self.words))


def _quoted(word: str) -> str:
    r"""A word for a shell, in which control characters are seen and do nothing.

    >>> print(_quoted("a b"), _quoted("a\x1b[1m'"))
    'a b' $'a\x1b[1m\''
    """
    if word.isprintable():
        return quote(word)
    pieces = [
        f"\\{one}"
        if one in "\\'"
        else one
        if one.isprintable()
        else "".join(f"\\x{byte:02x}" for byte in one.encode("utf-8", "surrogateescape"))
        for one in word
    ]
    return f"$'{''.join(pieces)}'"


def pairs(parts: Sequence[Part]) -> list[Pair]:
    """Which parts are predictions and targets of each other: by their names, else their values."""
    usable = [one for one in parts if one.field is not None and 0 not in one.shape]
    named = {place: side(one) for place, one in enumerate(usable)}
    free = [place for place in named if named[place] is not Side.BESIDE]
    if len(usable) == 2 and not _besides(usable):
        free = [0, 1]
    true = [place for place in free if named[place] is Side.TARGET]
    if not true:
        true = [p for p in free if named[p] is Side.UNKNOWN and look(usable[p]) in _LABELS]
    if len(free) == 2 and len(true) != 1:
        true = free[-1:]
    guessed = [place for place in free if place not in true]
    told = [place for place in guessed if named[place] is Side.PREDICTION]
    if len(free) > 2:
        guessed = [p for p in guessed if look(usable[p]) not in (Look.NAMES, Look.IDS)]
    sure = {*true} if len(usable) == 2 or told else set()
    sure -= {place for place in true if named[place] is Side.PREDICTION}
    both = [(one, other) for other in true for one in told or guessed]
    return [Pair(usable[one], usable[other], other in sure) for one, other in both[:PAIRS]]


def _besides(parts: Sequence[Part]) -> bool:
    """Whether one part of a file stands beside the target that is the other, as a mask may."""
    one, other = parts
    sides = {side_of(part.key or "") for part in parts}
    return one.word == other.word and sides == {Side.BESIDE, Side.TARGET}


_LABELS = (Look.NAMES, Look.LABELS, Look.SIGNS, Look.ONE_HOT, Look.CLASSES)


def offers(pair: Pair, more: Sequence[str] = (), settings: Settings | None = None) -> list[Offer]:
    """Commands for a pair.

    Args:
        pair: The prediction and the target.
        more: Words that say how files are read.
        settings: The same for roles.
    """
    given = settings or Settings()
    found: list[Offer] = []
    for wish in wishes(pair):
        for besides, notes in _ways(wish, pair, given):
            fed = (flag(wish.kind), pair.prediction.argument, "--target", pair.target.argument)
            whole = ("losscli", wish.loss, *fed, *besides, *more)
            also = [other for other in wish.also if _same(other, wish.kind, besides, pair, given)]
            why = "; ".join([wish.why, *notes])
            found.append(Offer(whole, why, tuple(also), wish.kind, asked(besides)))
    return found[:BEST]


def refusal(pair: Pair) -> DataError:
    """Why no loss takes a pair: its shapes, else its values."""
    classes = len(pair.prediction.shape) > len(pair.target.shape)
    loss, kind = ("ce", "logits") if classes else ("mse", "pred")
    try:
        role_of(loss, kind, {}, pair, Settings())
    except DataError as error:
        ours, theirs = pair.prediction.shape, pair.target.shape
        if len(ours) > 1 and ours == theirs[::-1] != theirs:
            hint = "one looks like the other transposed: the first axis is that of the rows"
            return DataError(error.message, hint=hint, code=error.code)
        return error
    told = (f"{one.argument} ({words(one)})" for one in (pair.prediction, pair.target))
    return DataError(f"none was found that takes {' against '.join(told)}", code="values")


@record
class Wish:
    """A loss that would fit, and why, if its role takes the values."""

    loss: str
    kind: str
    why: str
    also: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


_BOXES = ("diou", "ciou", "box-iou")


def wishes(pair: Pair) -> Iterator[Wish]:
    """Losses for what the target looks like, best first."""
    found, kinds = look(pair.target), _kinds(pair.prediction)
    if boxes(pair.prediction) and boxes(pair.target):
        yield Wish(
            "giou", "pred", "boxes of two corners on both sides, if that is what they are", _BOXES
        )
    same, two = len(pair.prediction.shape) <= len(pair.target.shape), two_labels(pair.target)
    for kind in kinds:
        what = _CALLED[kind]
        whole = found is Look.NAMES or "fraction" not in pair.target.known.tallies
        if whole and not same:
            said = "class names" if found is Look.NAMES else "class indices"
            loss = "nll" if kind == "log_probs" else "ce"
            also = tuple(one for one in MULTICLASS if one != loss)
            yield Wish(loss, kind, f"{what} for each class, {said}", also)
        if found in (Look.ONE_HOT, Look.PROBS):
            yield Wish("ce", kind, f"{what} and a true probability for each class", ("brier",))
            if found is Look.PROBS:
                yield Wish("kl", kind, f"{what} against another distribution", ("js",))
        if found in (Look.LABELS, Look.ONE_HOT):
            yield Wish("bce", kind, f"{what} against labels of 0 and 1", BINARY[1:])
        if len(pair.target.shape) > 2 and found in (Look.LABELS, Look.CLASSES):
            yield Wish("dice", kind, f"{what} against masks", MASKS[1:])
        if found is Look.UNIT:
            yield Wish("bce", kind, f"{what} against soft targets in [0, 1]", ("focal", "brier"))
        if two and same:
            also = tuple(one for one in BINARY[1:] if one != "zero-one")
            why = f"{what} against two labels; --pos-label {two[0]} turns them round"
            yield Wish("bce", kind, why, also, ("--pos-label", two[1]))
            if len(pair.target.shape) > 2:
                yield Wish(
                    "dice", kind, f"{what} against masks", MASKS[1:], ("--pos-label", two[1])
                )
        if found is Look.SIGNS and kind == "logits":
            yield Wish("soft-margin", kind, "scores against labels of -1 and +1", MARGINS[1:])
    labels = look(pair.prediction) in (*_LABELS, Look.COUNTS)
    if found in (Look.CLASSES, Look.LABELS, Look.SIGNS) and labels:
        yield Wish("zero-one", "pred", "labels against labels")
    elif found not in (Look.NAMES, Look.LABELS, Look.SIGNS, Look.ONE_HOT):
        counts = [*_counts(pair)] if found is Look.COUNTS else []
        rates = re.search(r"rate|lambda|\bmu\b", pair.prediction.argument) is not None
        yield from counts if rates else ()
        yield Wish("mse", "pred", "real values: squared errors", REGRESSION[3:])
        yield from () if rates else counts
        yield Wish("mae", "pred", "real values: absolute errors, which outliers move less")
        yield Wish("huber", "pred", "real values: squared errors near 0, absolute ones beyond")


def _counts(pair: Pair) -> Iterator[Wish]:
    """Counts have predictions of their mean, or of its logarithm."""
    facts = pair.prediction.known.facts
    if facts.low > 0:
        yield Wish("poisson-nll", "rate", "counts against rates, if that is what they are")
    elif facts.high < HIGHEST:
        why = "counts against logarithms of rates, if that is what they are"
        yield Wish("poisson-nll", "log_rate", why)


_CALLED = {
    "logits": "unnormalised scores",
    "probs": "probabilities",
    "log_probs": "log-probabilities",
}


def _kinds(part: Part) -> list[str]:
    """What predictions may be: values that look like probabilities may still be scores."""
    found = look(part)
    if found in (Look.PROBS, Look.ONE_HOT):
        return ["probs"]
    if found is Look.LOG_PROBS:
        return ["log_probs"]
    if found is Look.UNIT:
        # What scikit-learn calls a score may be a probability, a logit is none.
        logits = "logit" in part.argument.lower()
        return ["logits", "probs"] if logits else ["probs", *(["logits"] if scores(part) else [])]
    if found in (Look.LABELS, Look.SIGNS, Look.CLASSES, Look.IDS, Look.COUNTS):
        return ["logits"] if scores(part) else []
    return ["logits"]


def _ways(
    wish: Wish, pair: Pair, settings: Settings
) -> Iterator[tuple[tuple[str, ...], list[str]]]:
    """The words besides with which a loss answers, and what is to be said of them."""
    axes: list[int | None] = [None]
    if "class_axis" in losses[wish.loss].options and len(pair.prediction.shape) > 2:
        axis = class_axis(pair.prediction)
        last = len(pair.prediction.shape) - 1
        axes = [None, 1, last] if axis is None else [axis] if axis != 1 else [None, 1]
    for axis in axes:
        more, notes = _classes(wish, pair)
        words = (*(() if axis is None else ("--class-axis", str(axis))), *more, *wish.more)
        if nans(pair):
            words = (*words, "--nan", "omit")
            notes = [*notes, f"{nans(pair):,} NaN are left out"]
        if gone(pair):
            notes = [*notes, f"{gone(pair):,} missing values are left out"]
        try:
            role = answers(wish.loss, wish.kind, words, pair, settings)
        except LosscliError:
            continue
        yield words, [*notes, *(note.message for note in role.pairing.notes)]
        if axis is None:
            return


def _classes(wish: Wish, pair: Pair) -> tuple[tuple[str, ...], list[str]]:
    """How class indices are to be read."""
    classes = padding(pair.target)
    ignores = losses[wish.loss].options.get("ignore_index")
    if ignores is None or classes is None:
        return (), []
    if len(pair.prediction.shape) <= len(pair.target.shape):
        return (), []
    words: list[str] = []
    notes = []
    if classes.low >= 1 and classes.high in pair.prediction.shape[1:]:
        words += ["--target-base", "1"]
        notes.append(f"they are in {classes.low}..{classes.high}, counted from 1")
    if classes.padding is not None:
        if ignores.default != classes.padding:
            words += ["--ignore-index", str(classes.padding)]
        notes.append(f"{classes.count:,} of {classes.padding} are left out")
    return tuple(words), notes


def _same(loss: str, kind: str, words: tuple[str, ...], pair: Pair, settings: Settings) -> bool:
    """Whether another loss takes the same words."""
    try:
        answers(loss, kind, words, pair, settings)
    except LosscliError:
        return False
    return True
