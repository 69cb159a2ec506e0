"""The one loop: options, files, shapes, torch, leaves, sum.

The same numbers in the same dtype (text counts as float64) give the same result to the bit from
every format, from one file or many shards, on any number of cores: see :mod:`losscli.plan`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from losscli.asking import ask
from losscli.cores import cores, own_threads, plainly
from losscli.errors import DataError
from losscli.gradient.asked import check
from losscli.opening import open_fields
from losscli.roles import Asked, role_of
from losscli.spool import Spool, Store

if TYPE_CHECKING:
    from collections.abc import Callable

    from losscli.question import Fields, Question
    from losscli.result import Result
    from losscli.roles import Role

__all__ = ["answer", "answer_of", "evaluate"]


def evaluate(loss: str | Callable[..., Any], /, *, grad: bool = False, **given: Any) -> Result:
    """The loss of predictions against targets.

    Args:
        loss: The name of a loss, an alias, or a class or function of PyTorch; or a loss of your
            own: a function, a class, or the place of one, such as "my_loss.py:focal2".
        grad: Find the gradient of the reduced loss by the predictions too: see
            :attr:`losscli.result.Result.gradient`.
        **given: Inputs (arrays, tensors, or paths as on the command line), options of the loss,
            and the common options, by their names with underscores; with ``ensemble`` the
            prediction is a list of several; role and rows as those of ``losscli run``, for a
            loss of your own.

    Returns:
        What the command line prints, as an object.

    Raises:
        LosscliError: the question cannot be answered; the message says why.

    Example:
        >>> evaluate("bce", logits=[2.0, -1.0], target=[1, 0]).value
        0.220094...
    """
    from losscli.own import made, placed

    own = {key: given.pop(key) for key in ("role", "rows") if key in given}
    found = placed(loss, **own) if isinstance(loss, str) else made(loss, **own)
    question = ask(found, given, name=loss if isinstance(loss, str) else "")
    return answer(replace(question, keep=True, grad=grad))


def answer(question: Question) -> Result:
    """Reads, computes and judges."""
    if question.grad:
        check(question)
    return answer_of(question, open_fields(question))


def answer_of(question: Question, fields: Fields) -> Result:
    """Computes and judges what was opened before."""
    _refuse_empty(fields)
    return _of_members(question, fields) if fields.members else _answered(question, fields)


def _of_members(question: Question, fields: Fields) -> Result:
    """Answers the question of each member of an ensemble, and then of all together."""
    from losscli import ensembles
    from losscli.judge import heeded

    members = []
    for name, (one, its) in zip(question.members, ensembles.alone(question, fields), strict=True):
        result = _answered(one, its)
        members.append(ensembles.Member(replace(result.inputs[0], name=name), result))
    result = _answered(question, ensembles.together(question, fields, _role(question, fields)))
    more = ensembles.said(members, {finding.code for finding in result.warnings})
    return replace(
        result,
        ensemble=ensembles.Ensemble(str(question.settings.ensemble), members),
        findings=[*result.findings, *heeded(more, question)],
    )


def _role(question: Question, fields: Fields) -> Role:
    asked = Asked(
        question.loss.name,
        question.kind,
        fields.sides,
        question.options,
        question.settings,
        question.target,
    )
    return role_of(question.loss.target, asked, question.loss.rows)


def _answered(question: Question, fields: Fields) -> Result:
    """Computes and judges what was opened."""
    # Only now: a file that is missing or broken is told before these are imported.
    from losscli.doubts import Whole
    from losscli.gradient.run import gradient
    from losscli.judge import heeded, judged
    from losscli.plan import Plan
    from losscli.result import Result

    role = _role(question, fields)
    plan = Plan.of(question, fields, role)
    kept = Spool(Store()) if question.keep else None
    threads = question.settings.threads or cores()
    with own_threads(), plainly():
        total = plan.run(threads, kept)
        question = replace(question, options=plan.resolved)
        over = plan.denominator(total)
        whole = Whole(question, role, total)
        findings = judged(whole, fields, plan.findings, plan.dtype, over)
        result = Result.of(whole, fields, findings, plan.dtype, over, kept)
        if not question.grad:
            return result
        slopes = gradient(plan, total, threads)
        findings += heeded(slopes.findings, question)
        return replace(result, slopes=slopes, findings=findings)


def _refuse_empty(fields: Fields) -> None:
    for field in (*fields.sides.values(), *fields.members):
        if 0 in field.shape:
            held = "no rows" if not field.shape[0] else f"shape {field.shape}, which holds nothing"
            raise DataError(f"{field.label} has {held}: nothing to average", code="empty")
