"""A function or a class of one's own, read: its inputs, its options, and how it is called."""

from __future__ import annotations

import copy
import inspect
import types
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal, Union, get_args, get_origin, get_type_hints

from losscli.docstrings import entries, parsed
from losscli.errors import UsageError
from losscli.lazy import Tensor, torch
from losscli.options import Choice, Small
from losscli.records import record
from losscli.registry import TARGETS, Option, flag
from losscli.settings import OF_ROLES, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from inspect import Parameter

SYNONYMS = {
    **dict.fromkeys(("input", "inputs", "prediction", "predictions", "preds"), "pred"),
    **dict.fromkeys(("output", "outputs", "y_pred", "y_hat", "yhat"), "pred"),
    **dict.fromkeys(("targets", "label", "labels", "y", "y_true", "truth"), "target"),
    "scores": "logits",
    "log_input": "log_rate",
    "x1": "input1",
    "x2": "input2",
    "probabilities": "probs",
}
"""What inputs are called elsewhere, and here."""

LEGACY = ("size_average", "reduce")
"""What PyTorch had before ``reduction``."""

NUMBERS = (bool, int, float, str)

Empty = inspect.Parameter.empty

_ARRAY = Small(free=True)
"""What a tensor is as an option: nobody but its function knows what it goes with."""


@record
class Read:
    """What a signature says.

    Attributes:
        inputs: The names of its inputs, in our words, by its own; in its order.
        options: Its options.
        fixed: What it is always called with.
        left: Parameters that are no options, and stay at their defaults.
        whole: Options without an annotation whose default is whole: such numbers stay so.
    """

    inputs: Mapping[str, str]
    options: Mapping[str, Option]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    left: Sequence[str] = ()
    whole: frozenset[str] = frozenset()

    @property
    def form(self) -> tuple[str, ...]:
        """The inputs as a loss has them: what is predicted first, the target last."""
        return tuple(sorted(self.inputs.values(), key=lambda name: name in TARGETS))

    def given(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """All options as the code wants them."""
        found = dict(self.fixed)
        for name, value in options.items():
            number = isinstance(value, float)
            if number and name in self.arrays:
                found[name] = torch.tensor(value)
            else:
                whole = number and name in self.whole and value.is_integer()
                found[name] = int(value) if whole else value
        return found

    @property
    def arrays(self) -> set[str]:
        """The options that are tensors."""
        return {name for name, one in self.options.items() if one.small == _ARRAY}

    def named(self, tensors: Sequence[Any]) -> dict[str, Any]:
        """Inputs in the order of the form, by the names that the code has for them."""
        ours = dict(zip(self.form, tensors, strict=True))
        return {theirs: ours[name] for theirs, name in self.inputs.items()}


def read(thing: Any, name: str, known: Sequence[str]) -> tuple[Read, Callable[..., Any]]:
    """Reads a function, a class, or an object that can be called.

    Args:
        thing: What was found.
        name: What to call it.
        known: The names that inputs can have.

    Returns:
        What its signature says, and a function of tensors in the order of the form.

    Raises:
        UsageError: it is none of these, or its signature does not fit.
    """
    if not callable(thing):
        what = f"{type(thing).__name__}: a function, a class or a loss is wanted"
        raise UsageError(f"{name} is a {what}")
    if isinstance(thing, type):
        return _of_class(thing, name, known)
    if not inspect.isroutine(thing) and hasattr(thing, "reduction"):
        thing = copy.copy(thing)
        thing.reduction = "none"
    body = thing.forward if _is_module(thing) else thing
    found = _read(body, name, known)
    positional = _positional_only(body)

    def call(*tensors: Any, **options: Any) -> Any:
        inputs, rest = found.named(tensors), found.given(options)
        first = [inputs.pop(one) for one in positional if one in inputs]
        return thing(*first, **inputs, **rest)

    return found, call


def _of_class(thing: Any, name: str, known: Sequence[str]) -> tuple[Read, Callable[..., Any]]:
    """A class whose objects are called with tensors: its constructor takes the options."""
    body = getattr(thing, "forward", None) or vars(thing).get("__call__")
    if body is None:
        raise UsageError(
            f"{name} is a class without forward: it cannot be called with tensors",
            hint="an nn.Module computes in forward(self, pred, target)",
        )
    text = (parsed(thing.__doc__), parsed(thing.__init__.__doc__))
    helps = {key: one for doc in text for key, one in entries(doc.sections.get("Args", "")).items()}
    inputs = _read(body, f"{name}.forward", known, skip=1, only="inputs")
    options = _read(thing.__init__, name, known, skip=1, only="options", helps=helps)
    built: dict[tuple[Any, ...], Any] = {}

    def call(*tensors: Any, **given: Any) -> Any:
        arguments = options.given(given)
        plain = all(isinstance(one, (*NUMBERS, type(None))) for one in arguments.values())
        key = tuple(sorted(arguments.items(), key=lambda item: item[0])) if plain else None
        made = built.get(key) if key is not None else None
        if made is None:
            made = _settled(thing(**arguments), name)
            if key is not None:
                made = built.setdefault(key, made)
        return made(**inputs.named(tensors))

    left = (*options.left, *inputs.left)
    found = Read(inputs.inputs, options.options, options.fixed, left, options.whole)
    return found, call


def _settled(made: Any, name: str) -> Any:
    """An object that computes as it does after training: without weights of its own."""
    if _is_module(made):
        held = [key for key, _ in made.named_parameters()]
        if held:
            raise UsageError(
                f"{name} holds weights of its own ({', '.join(held[:3])}), and nothing loads them",
                hint="a loss is a function of its inputs and of numbers",
            )
        made.eval()
    return made


def _is_module(thing: Any) -> bool:
    return hasattr(thing, "forward") and hasattr(thing, "named_parameters")


def _positional_only(body: Any) -> list[str]:
    found = inspect.signature(body).parameters.values()
    return [one.name for one in found if one.kind is one.POSITIONAL_ONLY]


def _read(
    body: Any,
    name: str,
    known: Sequence[str],
    *,
    skip: int = 0,
    only: Literal["", "inputs", "options"] = "",
    helps: Mapping[str, str] | None = None,
) -> Read:
    """Sorts the parameters of a function.

    Raises:
        UsageError: one of them fits nowhere.
    """
    try:
        parameters = [*inspect.signature(body).parameters.values()][skip:]
    except (TypeError, ValueError) as error:
        hint = "a Python function that calls it has one"
        raise UsageError(f"{name} has no signature that can be read", hint=hint) from error
    hints = _hints(body, name)
    if helps is None:
        helps = entries(parsed(inspect.getdoc(body)).sections.get("Args", ""))
    inputs: dict[str, str] = {}
    options: dict[str, Option] = {}
    fixed: dict[str, Any] = {}
    left: list[str] = []
    whole: set[str] = set()
    for one in parameters:
        if one.kind is one.VAR_KEYWORD or (one.kind is one.VAR_POSITIONAL and only == "options"):
            continue
        if one.name == "reduction" and only != "inputs":
            fixed["reduction"] = "none"
        elif only != "options" and _is_input(one):
            inputs[one.name] = _input(one, name, known)
        elif one.name in LEGACY:
            continue
        elif only == "inputs":
            left.append(one.name)
        else:
            option = _option(one, hints.get(one.name), helps.get(one.name, ""), name)
            if option is None:
                left.append(one.name)
                continue
            options[one.name] = option
            if one.name not in hints and type(one.default) is int:
                whole.add(one.name)
    if only != "options":
        _check(inputs, options, name)
    return Read(inputs, options, fixed, left, frozenset(whole))


def _hints(body: Any, name: str) -> dict[str, Any]:
    """The annotations; of those that stand for nothing here, none."""
    try:
        return get_type_hints(body, include_extras=True)
    except Exception as error:
        raw = inspect.signature(body).parameters.values()
        if any(isinstance(one.annotation, str) and "Annotated" in one.annotation for one in raw):
            said = f"{type(error).__name__}: {error}"
            raise UsageError(f"an annotation of {name} cannot be read: {said}") from error
        words = {"float": float, "int": int, "bool": bool, "str": str}
        return {one.name: words[one.annotation] for one in raw if one.annotation in words}


def _is_input(one: Parameter) -> bool:
    positional = one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD, one.VAR_POSITIONAL)
    return positional and one.default is Empty


def _input(one: Parameter, name: str, known: Sequence[str]) -> str:
    """What an input is called here.

    Raises:
        UsageError: no input is called so.
    """
    if one.kind is one.VAR_POSITIONAL:
        raise UsageError(f"{name} takes *{one.name}: its inputs must be named one by one")
    found = one.name if one.name in known else SYNONYMS.get(one.name, "")
    if not found:
        raise UsageError(
            f"{name}: the parameter {one.name} has no default, so that it is an input, and no "
            "input has this name",
            hint=f"an option has a default ({one.name}=1.0); inputs are called "
            "logits, probs, log_probs, pred, target, and as those of our losses",
        )
    return found


def _check(inputs: Mapping[str, str], options: Mapping[str, Option], name: str) -> None:
    """Refuses a signature that no command can be made of.

    Raises:
        UsageError: it has no prediction, an input twice, or the name of another option.
    """
    words = [*inputs.values()]
    if not {*words} - {*TARGETS}:
        raise UsageError(
            f"{name} has no prediction among its positional parameters",
            hint="def focal2(logits, target, *, gamma: float = 2.0) has one, and an option",
        )
    twice = [one for one in words if words.count(one) > 1]
    if twice:
        both = " and ".join(theirs for theirs, ours in inputs.items() if ours == twice[0])
        raise UsageError(f"{name}: {both} are both the input {flag(twice[0])}: rename one")
    taken = {*vars(Settings)["__dataclass_fields__"], "sample_weight", "mask", *words}
    clash = [one for one in options if one in taken - {*OF_ROLES}]
    if clash:
        raise UsageError(
            f"{name}: its option {clash[0]} has the name of an option that every loss has",
            hint=f"rename the parameter {clash[0]}",
        )


def _option(one: Parameter, annotation: Any, text: str, name: str) -> Option | None:
    """An option; None where it is of no kind that can be typed, and has a default.

    Raises:
        UsageError: it has no default.
    """
    if one.default is Empty:
        raise UsageError(
            f"{name}: the option {one.name} has no default",
            hint=f"write {one.name}: float = 1.0, or what fits",
        )
    if annotation is None or annotation is Any:
        if type(one.default) not in NUMBERS:
            return None
        annotation = float if type(one.default) is int else type(one.default)
    if [getattr(arm, "__name__", "") for arm in _arms(annotation)] == ["Tensor"]:
        return Option(one.name, float, one.default, text, small=_ARRAY)
    if not _typable(annotation):
        return None
    words = [choice for arm in _arms(annotation) for choice in _words(arm)]
    if words:
        return Option(one.name, str, one.default, text, choice=Choice(tuple(words)))
    return Option.read(one.name, annotation, one.default, text)


def _arms(annotation: Any) -> Iterator[Any]:
    """The plain kinds of an annotation, without None."""
    if hasattr(annotation, "__metadata__"):
        yield from _arms(annotation.__origin__)
    elif get_origin(annotation) in (Union, types.UnionType):
        for arm in get_args(annotation):
            yield from _arms(arm)
    elif annotation is not type(None):
        yield annotation


def _words(arm: Any) -> list[str]:
    chosen = get_args(arm) if get_origin(arm) is Literal else ()
    return [one for one in chosen if isinstance(one, str)]


def _typable(annotation: Any) -> bool:
    """Whether a value of this kind can be typed: a number, a word, or an array so marked."""
    if any(isinstance(one, Small) for one in getattr(annotation, "__metadata__", ())):
        return True
    arms = [*_arms(annotation)]
    return bool(arms) and all(arm in NUMBERS or _words(arm) for arm in arms if arm is not Tensor)
