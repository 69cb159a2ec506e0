"""How losses, commands and options are found by name, and what help says of them."""

from __future__ import annotations

import json
import re
from importlib.metadata import version

import pytest

import losscli as package
from losscli import losses
from losscli.cli import main

NAMES = [(name, one) for one in losses.values() for name in (one.name, *one.aliases, *one.differs)]
BCE = "--logits '[2,-1]' --target '[1,0]'"


def spellings(name):
    return {name, name.upper(), name.lower(), name.replace("-", "_"), name.replace("_", "-")}


@pytest.mark.parametrize(("name", "loss"), NAMES, ids=[name for name, _ in NAMES])
def test_every_name_in_every_spelling(name, loss):
    assert {losses.find(one).name for one in spellings(name)} == {loss.name}


@pytest.mark.parametrize(
    ("name", "loss"),
    [
        *(("BCEWithLogitsLoss", "bce"), ("BCELoss", "bce"), ("bcewithlogitsloss", "bce")),
        *(("binary_cross_entropy", "bce"), ("binary_cross_entropy_with_logits", "bce")),
        *(("CrossEntropyLoss", "ce"), ("cross_entropy", "ce"), ("Cross-Entropy", "ce")),
        *(("NLLLoss", "nll"), ("nll_loss", "nll"), ("NLLLoss2d", "nll")),
        *(("KLDivLoss", "kl"), ("kl_div", "kl"), ("MSELoss", "mse"), ("mse_loss", "mse")),
        *(("L1Loss", "mae"), ("l1_loss", "mae"), ("l1", "mae"), ("l2", "mse")),
        *(("SmoothL1Loss", "smooth-l1"), ("smooth_l1_loss", "smooth-l1")),
        *(("HuberLoss", "huber"), ("huber_loss", "huber"), ("sigmoid_focal_loss", "focal")),
        *(("SoftMarginLoss", "soft-margin"), ("soft_margin_loss", "soft-margin")),
        ("MultiLabelSoftMarginLoss", "multilabel-soft-margin"),
        ("multilabel_soft_margin_loss", "multilabel-soft-margin"),
        *(("PoissonNLLLoss", "poisson-nll"), ("poisson_nll_loss", "poisson-nll")),
        *(("root_mean_squared_error", "rmse"), ("mean_pinball_loss", "quantile")),
        *(("MeanSquaredLogarithmicError", "msle"), ("mean_squared_log_error", "msle")),
        *(("LogCosh", "log-cosh"), ("pseudo_huber", "charbonnier"), ("wmape", "wape")),
        *(("mean_tweedie_deviance", "tweedie"), ("mean_gamma_deviance", "gamma")),
        *(("MeanAbsolutePercentageError", "mape"), ("SmoothL1", "smooth-l1")),
        *(("SQUARED_HINGE", "squared-hinge"), ("ZeroOne", "zero-one")),
    ],
)
def test_names_of_pytorch(name, loss):
    assert losses.find(name).name == loss


def test_result_has_the_name_of_the_loss_however_it_was_found(losscli):
    assert losscli(f"BCEWithLogitsLoss {BCE} --json").json["loss"] == "bce"
    assert losscli(f"bce_with_logits {BCE}").out == losscli(f"bce {BCE}").out


@pytest.mark.parametrize(
    "name", ["log-loss", "logloss", "Log_Loss", "iou", "l2-loss", "l2_loss", "poisson-deviance"]
)
def test_names_that_mean_several_losses_are_refused(name, losscli):
    ran = losscli(f"{name} {BCE}")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"error: {name} could mean several losses\nhint: ")


def test_name_whose_own_default_differs_says_so(losscli):
    words = "--log-probs '[[-0.6931472,-0.6931472]]' --target '[[0.5,0.5]]' --json"
    (note,) = losscli(f"KLDivLoss {words}").json["notes"]
    assert note["code"] == "torch-default"
    assert note["message"].startswith("KLDivLoss: the reduction is batchmean")
    assert losscli(f"kl {words}").json["notes"] == []
    assert "note: KLDivLoss" not in losscli(f"KLDivLoss {words} --ignore torch-default").err


@pytest.mark.parametrize(
    ("typed", "plain"),
    [
        ("bce --logits x --labels y", "bce --logits x --target y"),
        ("bce --logits x --y-true y", "bce --logits x --target y"),
        ("bce --logits x --y_true=y", "bce --logits x --target y"),
        ("mse --preds x --target y", "mse --pred x --target y"),
        ("mse --y-pred x --target y", "mse --pred x --target y"),
        ("mse --y_pred x --y_true y", "mse --pred x --target y"),
        ("bce --logprobs n --target y", "bce --log-probs n --target y"),
        ("bce --log_probs n --target y", "bce --log-probs n --target y"),
        (
            "bce --logits x --target y --label_smoothing 0.1 --pos_weight=2",
            "bce --logits x --target y --label-smoothing 0.1 --pos-weight 2",
        ),
    ],
)
def test_synonyms(typed, plain, losscli, folder):
    for name, text in {"x": "[2,-1]", "y": "[1,0]", "n": "[-0.1,-2]"}.items():
        (folder / name).write_text(text)
    ran = losscli(typed)
    assert ran == losscli(plain)
    assert ran.code == 0


def test_synonyms_are_hidden_and_count_as_the_option(losscli):
    assert "y-true" not in losscli("bce --help").out
    assert losscli("bce --target y --labels y").err == "error: --target is given twice\n"


# ---- help


def test_overview(losscli):
    ran = losscli("--help")
    assert (ran.code, ran.err) == (0, "")
    assert ran == losscli("-h") == losscli("") == losscli("help")
    assert len(re.findall("^  .*losscli (bce|ce|mse) ", ran.out, re.MULTILINE)) == 3
    everyday = re.findall(r"^  (\S+) +\S", ran.out.partition("Everyday")[2], re.MULTILINE)
    assert everyday[:8] == ["bce", "ce", "nll", "focal", "kl", "mse", "mae", "huber"]
    assert all(re.search(rf"\b{name}\b", ran.out) for name in losses)
    assert max(map(len, ran.out.splitlines())) <= 80
    assert ran.out.endswith(".\n")


@pytest.mark.parametrize("name", [*losses, "list", "explain", "help"])
def test_help(name, losscli):
    ran = losscli(f"{name} --help")
    assert (ran.code, ran.err) == (0, "")
    assert ran == losscli(f"{name} -h") == losscli(f"help {name}")
    assert ran.out.startswith(f"Usage: losscli {name} ")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert not re.search(r"\s$|\x1b", ran.out.removesuffix("\n"))


def test_help_of_a_loss(losscli):
    shown = losscli("huber --help").out
    lines = shown.splitlines()
    assert lines[1] == "Example: losscli huber --pred preds.npy --target y.npy"
    panels = ["Inputs", "Options of huber", "Reading", "Computing", "Trusting", "Showing"]
    assert [line for line in lines if line in panels] == panels
    assert "--delta X" in shown
    assert "Must be > 0. Default 1.0." in " ".join(shown.split())
    assert losscli("HuberLoss --help").out == shown


def test_help_says_what_is_in_brackets(losscli):
    assert "FILE[:KEY]" in losscli("bce --help").out
    assert "[INPUT=]FMT" in losscli("bce --help").out


@pytest.mark.parametrize("word", ["-V", "--version"])
def test_version(word, losscli):
    ran = losscli(word)
    assert (ran.code, ran.err) == (0, "")
    torch, numpy = version("torch"), version("numpy")
    assert ran.out == f"losscli {package.__version__}, torch {torch}, numpy {numpy}\n"


# ---- list


def test_list(losscli):
    shown = losscli("list").out
    assert re.findall(r"^  (\S+)", shown, re.MULTILINE) == [*losses]
    assert max(map(len, shown.splitlines())) <= 80
    assert all(name in shown.replace("\n", " ") for one in losses.values() for name in one.aliases)


REGRESSION = [
    *("huber", "mae", "mse", "rmse", "smooth-l1", "mape", "mase", "msle", "rmsle", "smape", "wape"),
    *("cauchy", "charbonnier", "geman-mcclure", "log-cosh", "welsch", "wing"),
    *("expectile", "quantile"),
]


def test_list_of_a_family(losscli):
    shown = losscli("list --family regression").out
    assert re.findall(r"^  (\S+)", shown, re.MULTILINE) == REGRESSION


def test_list_as_json(losscli):
    found = json.loads(losscli("list --json").out)
    assert [one["name"] for one in found] == [*losses]
    keys = ["name", "aliases", "family", "summary", "inputs", "options", "reference"]
    assert all([*one] == keys for one in found)
    (bce,) = [one for one in found if one["name"] == "bce"]
    assert bce["inputs"] == ["logits", "probs", "log-probs", "target"]
    assert [option["name"] for option in bce["options"]] == [
        *("weight", "class-weight", "pos-weight", "label-smoothing", "ignore-index"),
    ]
    assert "BCEWithLogitsLoss" in bce["aliases"]
    regression = json.loads(losscli("list --family regression --json").out)
    assert [one["name"] for one in regression] == REGRESSION


@pytest.mark.parametrize(
    ("words", "found"), [("losscli hub", ["huber"]), ("losscli mse --pr", ["--pred", "--progress"])]
)
def test_names_are_completed(words, found, monkeypatch, capsys):
    monkeypatch.setenv("_LOSSCLI_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    assert capsys.readouterr().out.split() == found


def test_completion_tells_what_a_loss_is(monkeypatch, capsys):
    monkeypatch.setenv("_LOSSCLI_COMPLETE", "complete_zsh")
    monkeypatch.setenv("_TYPER_COMPLETE_ARGS", "losscli hub")
    with pytest.raises(SystemExit):
        main([])
    assert '"huber":"Squared for small errors' in capsys.readouterr().out
