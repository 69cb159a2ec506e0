"""What a loss is, and how it is found by name.

A loss is a function of tensors that returns unreduced losses. Its name is the command, its
first parameter the kind of prediction, its keyword-only parameters the options, their
annotations the bounds, and its docstring the help: everything is said once, here it is read.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import cached_property, update_wrapper
from types import MappingProxyType
from typing import (
    TYPE_CHECKING,
    Any,
    Generic,
    Literal,
    NamedTuple,
    ParamSpec,
    TypeAlias,
    TypeVar,
    get_args,
    get_type_hints,
)

from losscli.docstrings import entries, parsed
from losscli.errors import UsageError
from losscli.guess import Compared, Guess
from losscli.lazy import Tensor, torch
from losscli.options import Bound, Choice, Small
from losscli.records import record
from losscli.words import flag, plain, suggest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from losscli.docstrings import Doc
    from losscli.roles import Role

__all__ = [
    "TARGETS",
    "Loss",
    "Option",
    "Pooled",
    "Registry",
    "Terms",
    "flag",
    "loss",
    "suggest",
]

P = ParamSpec("P")
R = TypeVar("R", bound="Tensor | Terms | Pooled")


Found: TypeAlias = "Tensor | Terms | Pooled"
"""What the function of a loss returns: mostly its unreduced losses."""


class Terms(NamedTuple):
    """Unreduced losses, and what each of them counts: the mean is their sum over that sum."""

    elements: Tensor
    over: Tensor | None  # None for 1
    shared: Tensor | None = None  # what the mean is taken of, where that is not the elements
    seen: Mapping[str, Tensor] = MappingProxyType({})  # what else the role is to measure

    def each(self, change: Callable[[Tensor], Tensor]) -> Terms:
        """All that goes with the elements, changed alike; what was seen is left as it is."""
        over, shared = (None if one is None else change(one) for one in (self.over, self.shared))
        return Terms(change(self.elements), over, shared, self.seen)


class Pooled(NamedTuple):
    """What each row adds to sums over all rows, of which the losses are made in the end."""

    sums: Tensor  # rows first
    finish: Callable[[Tensor], Tensor | Terms]  # the losses of the sums, less the axis of rows


TARGETS = ("target", "target_logits", "target_log_probs")
"""What is true: as it is, or as scores or log-probabilities of it."""


@record
class Option:
    """One keyword-only parameter of a loss, as the command line sees it."""

    name: str
    kind: type
    default: Any
    help: str
    bounds: tuple[Bound, ...] = ()
    small: Small | None = None  # an array: numbers or FILE[:KEY]
    choice: Choice | None = None

    @classmethod
    def read(cls, name: str, annotation: Any, default: Any, text: str) -> Option:
        marks: list[Any] = []
        while arguments := get_args(annotation):
            marks += [mark for mark in arguments[1:] if isinstance(mark, (Bound, Small, Choice))]
            annotation = next(one for one in arguments if one is not type(None))
        bounds = tuple(mark for mark in marks if isinstance(mark, Bound))
        small = next((mark for mark in marks if isinstance(mark, Small)), None)
        choice = next((mark for mark in marks if isinstance(mark, Choice)), None)
        return cls(name, annotation, default, text, bounds, small, choice)

    @property
    def weighs(self) -> bool:
        """Whether it is a factor of losses: of elements, or of classes."""
        return bool(self.small and (self.small.per_class or self.name.endswith("weight")))

    @property
    def range(self) -> str:
        return str(self.choice) if self.choice else " and ".join(map(str, self.bounds))

    def check(self, value: Any) -> Any:
        """The value in the option's own type.

        Raises:
            UsageError: it is of another type, or out of bounds (NaN is out of any).
        """
        if self.small:
            for one in value if isinstance(value, (list, tuple)) else [value]:
                if self.bounds and _is_number(one):
                    self.hold(one)
            return self.default if _is_number(value) and value == self.default else value
        if value is None and self.default is None:
            return None
        if self.choice and not self.choice.holds(value):
            hint = suggest(str(value), self.choice.words, "it may be")
            raise UsageError(f"{flag(self.name)} cannot be {value!r}", hint=hint)
        if self.choice:
            return value
        if hasattr(value, "item") and getattr(value, "ndim", 0) == 0:
            value = value.item()  # a number of NumPy
        if self.kind is str:
            return str(value)
        if self.kind is bool:
            right = isinstance(value, bool)
        else:
            right = _is_number(value) and (self.kind is float or float(value).is_integer())
        if not right:
            wanted = {bool: "true or false", int: "a whole number"}.get(self.kind, "a number")
            raise UsageError(f"{flag(self.name)} must be {wanted}, not {value!r}")
        self.hold(value)
        return self.kind(value)

    def hold(self, value: float) -> None:
        """Refuses a number that is out of bounds, as NaN is out of any.

        Raises:
            UsageError: it is.
        """
        if not all(bound.holds(value) for bound in self.bounds) or value != value:
            raise UsageError(f"{flag(self.name)} must be {self.range or 'a number'}, not {value:g}")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


@dataclass(eq=False, repr=False)
class Loss(Compared, Generic[P, R]):
    """A loss: its functions, one for each form of its inputs, and what is known about them.

    Attributes:
        name: What it is called.
        command, place, identity: How it is asked for, explained, and told from others.
        forms: The functions by their inputs, which are the names of their positional parameters.
        family: The group in which help shows it: the name of the module or package of
            :mod:`losscli.losses` that defines it.
        target: What the targets are, and all that follows from it.
        reduction: The default one.
        reference: The function of another library that gives the same numbers.
        aliases: Other names that find it.
        differs: Names that find it although their own default differs, with what to say.
        unit: What the loss is counted in, such as nats.
        rows: "leaf" where a row's loss depends on that row alone, so that some can be computed at
            a time; "all" where it depends on all of them, "pairs" where each two of them are
            compared, in the blocks of :func:`losscli.vectors.blocks`.
        also: Numbers that follow from the mean alone, such as the perplexity: tables have a line
            for the first.
        shared: What the mean is taken of, in words, where that is not the losses themselves.
        finish: What is done to the mean, and to no single element: the root of ``rmse``. Beside
            the mean it takes the options of the loss that it names.
        skill: What 1 - the mean / that of the best constant prediction is called, if anything.
        guess: What the loss is compared with.
    """

    function: Callable[P, R]
    target: type[Role]
    reduction: str = "mean"
    reference: str = ""
    aliases: tuple[str, ...] = ()
    differs: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    rows: Literal["leaf", "all", "pairs"] = "leaf"
    also: Mapping[str, Callable[[float], float]] = field(default_factory=dict)
    finish: Callable[..., Tensor] | None = None
    skill: str = ""
    shared: str = ""
    guess: Guess = Guess()  # noqa: RUF009 — a record
    forms: dict[tuple[str, ...], Callable[..., Found]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        update_wrapper(self, self.function)
        self.name = self.function.__name__.replace("_", "-")
        self.family = self.function.__module__.removeprefix("losscli.losses.").partition(".")[0]
        self.command = self.identity = self.place = self.name
        self.given(self.function)

    def __repr__(self) -> str:
        return f"<loss {self.name}>"

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        return self.function(*args, **kwargs)

    def given(self, function: Callable[..., Found]) -> Callable[..., Found]:
        """Adds the same loss for other inputs; the keywords stay the same."""
        code = function.__code__
        self.forms[code.co_varnames[: code.co_argcount]] = function
        return function

    def on(self, form: tuple[str, ...], batch: Any) -> Callable[..., Found]:
        """The function that computes a leaf."""
        return self.forms[form]

    @property
    def names(self) -> tuple[str, ...]:
        """All names but the command's own."""
        return (*self.aliases, *self.differs)

    def ended(self, mean: float, options: Mapping[str, Any]) -> float:
        """What becomes of a mean."""
        if self.finish is None:
            return mean
        return self.finished(torch.tensor(mean, dtype=torch.float64), options).item()

    def finished(self, mean: Tensor, options: Mapping[str, Any]) -> Tensor:
        """The same of a mean that gradients may be taken of."""
        if self.finish is None:
            return mean
        named = inspect.signature(self.finish).parameters
        return self.finish(mean, **{name: options[name] for name in named if name in options})

    def remark(self, name: str) -> str | None:
        """What to say if it was found by a name whose own default differs."""
        return {plain(other): text for other, text in self.differs.items()}.get(plain(name))

    @cached_property
    def doc(self) -> Doc:
        """The parts of the docstring."""
        return parsed(self.function.__doc__)

    @property
    def summary(self) -> str:
        """The first line of the docstring."""
        return self.doc.summary

    @property
    def alike(self) -> bool:
        """Whether all losses count alike: the function returns them and nothing else."""
        return bool(self.function.__annotations__["return"] == "Tensor")

    @property
    def mean(self) -> str:
        """What the mean divides by: the "Mean:" of the docstring, or what the declaration says."""
        weights = [flag(name) for name, one in self.options.items() if one.weighs]
        found = "The mean divides by the number of losses that count"
        found += f", whatever {' and '.join(weights)}." if weights else "."
        found = " ".join(self.doc.sections.get("Mean", found).split())
        if self.reduction == "batchmean":
            found = f"The batchmean, its default, divides their sum by the number of rows. {found}"
        return (
            f"{found} The loss is the {self.finish.__name__} of that mean."
            if self.finish
            else found
        )

    @property
    def inputs(self) -> tuple[str, ...]:
        """The inputs of all forms, each once: what is predicted, and then the target."""
        names = dict.fromkeys(name for form in self.forms for name in form)
        return tuple(sorted(names, key=lambda name: name in TARGETS))

    def stretched(self, form: tuple[str, ...]) -> list[str]:
        """The inputs that may be one number, or one for each column: see :class:`Small`."""
        hints = get_type_hints(self.forms[form], include_extras=True)
        marks = {name: get_args(hints[name])[1:] for name in form}
        return [name for name in form if any(isinstance(one, Small) for one in marks[name])]

    @cached_property
    def options(self) -> dict[str, Option]:
        """The keyword-only parameters, in the order of the signature."""
        helps = entries(self.doc.sections.get("Args", ""))
        hints = get_type_hints(self.function, include_extras=True)
        return {
            name: Option.read(name, hints[name], parameter.default, helps.get(name, ""))
            for name, parameter in inspect.signature(self.function).parameters.items()
            if parameter.kind is parameter.KEYWORD_ONLY
        }

    @cached_property
    def synonyms(self) -> dict[str, Option]:
        """Other names of options: of weights for each class, whatever they are called."""
        found = [one for one in self.options.values() if one.small and one.small.per_class]
        if not found or found[0].name == "class_weight":
            return {}
        text = f"The same as {flag(found[0].name)}: numbers, names (cat=1,dog=2), balanced, or "
        text += "effective=BETA."
        return {"class_weight": replace(found[0], name="class_weight", help=text)}

    def bind(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All options with their values.

        Raises:
            UsageError: an option that the loss does not have, or a value out of its bounds.
        """
        for name in given:
            if name not in self.options:
                raise UsageError(
                    f"{self.name} has no option {flag(name)}",
                    hint=suggest(name, self.options, "its options are", show=flag),
                )
        return {
            name: option.check(given[name]) if name in given else option.default
            for name, option in self.options.items()
        }


def loss(
    target: type[Role],
    *,
    reduction: str = "mean",
    reference: str = "",
    aliases: Sequence[str] = (),
    differs: Mapping[str, str] | None = None,
    unit: str = "",
    rows: Literal["leaf", "all", "pairs"] = "leaf",
    also: Mapping[str, Callable[[float], float]] | None = None,
    finish: Callable[..., Tensor] | None = None,
    skill: str = "",
    shared: str = "",
) -> Callable[[Callable[P, R]], Loss[P, R]]:
    """Makes a loss of a function; see :class:`Loss` for the arguments."""

    def wrap(function: Callable[P, R]) -> Loss[P, R]:
        return Loss(
            function,
            target,
            reduction,
            reference,
            tuple(aliases),
            differs or {},
            unit,
            rows,
            also or {},
            finish,
            skill,
            shared,
        )

    return wrap


class Registry(dict[str, Loss[Any, Any]]):
    """The losses by the name of their command, found by any other name as well."""

    def __init__(self, found: Sequence[Loss[Any, Any]], refused: Mapping[str, str]) -> None:
        super().__init__((one.name, one) for one in found)
        self._refused = {plain(name): reason for name, reason in refused.items()}
        self._names = {plain(name): one for one in found for name in (one.name, *one.names)}

    def knows(self, name: str) -> bool:
        """Whether a name belongs to a loss, or to several."""
        return plain(name) in self._names or plain(name) in self._refused

    def find(self, name: str) -> Loss[Any, Any]:
        """The loss of a name, an alias, or a class or function of PyTorch.

        Raises:
            UsageError: no loss has the name, or several could be meant.
        """
        wanted = plain(str(name))
        if wanted in self._refused:
            raise UsageError(f"{name} could mean several losses", hint=self._refused[wanted])
        if wanted not in self._names:
            near = get_close_matches(wanted, self._names, n=1, cutoff=0.6)
            hint = f"did you mean {self._names[near[0]].name}? " if near else ""
            raise UsageError(f"no command or loss {name!r}", hint=hint + "losscli list shows all")
        return self._names[wanted]
