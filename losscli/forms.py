"""Which form of a loss is asked: the inputs that are given must be those of one of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NoReturn

from losscli.errors import UsageError
from losscli.registry import TARGETS, flag
from losscli.words import PREDICTIONS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from losscli.registry import Loss

__all__ = ["formed"]


def formed(loss: Loss[Any, Any], given: Mapping[str, Any]) -> tuple[str, ...]:
    """The inputs that are given, if they are what the loss can be asked with.

    Raises:
        UsageError: one is missing, or there are two of which one is enough.
    """
    found = {name for name in loss.inputs if name in given}
    if match := next((form for form in loss.forms if set(form) == found), None):
        return match
    near = max(loss.forms, key=lambda form: (len(found & {*form}), -len({*form} - found)))
    missing = [name for name in near if name not in found]
    if not missing:
        return _twice(loss, near, found)
    if not found - {*TARGETS}:
        wrong = next((name for name in (*PREDICTIONS, "mean") if name in given), None)
        instead = f", not {flag(wrong)}" if wrong else ""
        raise UsageError(f"{loss.name} needs {_choices(loss)}{instead}")
    if missing == ["target"]:
        raise UsageError(f"{loss.name} needs targets: --target FILE[:KEY]")
    beside = " and ".join(flag(name) for name in near if name in found)
    others = [form for form in loss.forms if found <= {*form}] or [near]
    wanted = dict.fromkeys(_listed(name for name in form if name not in found) for form in others)
    raise UsageError(f"{loss.name} needs {' or '.join(wanted)} beside {beside}")


def _twice(loss: Loss[Any, Any], form: tuple[str, ...], found: set[str]) -> NoReturn:
    """Refuses inputs of which some are enough."""
    more = [name for name in loss.inputs if name in found and name not in form]
    if more == ["target"] and not {*form} & {*TARGETS}:
        told = any("target" in other for other in loss.forms)
        why = f"{flag(form[0])} is complete without" if told else f"{loss.name} has no targets"
        raise UsageError(f"{why}: --target has no meaning here")
    same = [
        name
        for name in form
        if any({*other} == {*form} - {name} | {more[0]} for other in loss.forms)
    ]
    if not same:
        raise UsageError(f"{_listed(more)} cannot go with {_listed(form)}")
    both = " and ".join(map(flag, sorted([same[0], more[0]], key=loss.inputs.index)))
    what = "kinds of prediction" if same[0] == form[0] else "ways to say the same"
    raise UsageError(f"{both} are two {what}: give one of them")


def _listed(names: Iterable[str]) -> str:
    return " and ".join(map(flag, names))


def _choices(loss: Loss[Any, Any]) -> str:
    """What the predictions of a loss may be."""
    beside: dict[str, list[str]] = {}
    for first, *rest in loss.forms:
        beside.setdefault(first, []).append(_listed(name for name in rest if name not in TARGETS))
    forms = [flag(first) + _with(rest) for first, rest in beside.items()]
    what = "predictions" if any("target" in form for form in loss.forms) else "its inputs"
    return f"{what}: {' or '.join(forms)}"


def _with(rest: list[str]) -> str:
    """What else a prediction wants, or may have."""
    if not any(rest):
        return ""
    more = " or ".join(one for one in rest if one)
    return f" with {more}" if all(rest) else f" alone or with {more}"
