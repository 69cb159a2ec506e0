"""Every option of every command does something when it has another value than its default.

An option that is accepted and ignored is the worst kind of wrong answer. The table below covers
every option; a command that gets a new one fails here until the table has it.
"""

from __future__ import annotations

import gzip
import json

import numpy as np
import pytest
from asked import EXAMPLES, FORMS

from losscli import evaluate, losses
from losscli.cli.commands import TOOLS, _tool, build

INPUTS = {  # by loss: (a prediction for each kind, target)
    **dict.fromkeys(("bce", "focal", "multilabel-soft-margin"), ("x", "y")),
    **dict.fromkeys(("hinge", "squared-hinge", "soft-margin"), ("x", "y")),
    **dict.fromkeys(("perceptron", "asl", "multilabel-margin", "zlpr"), ("x", "y")),
    **dict.fromkeys(("ce", "nll", "zero-one", "brier", "focal-ce", "poly1", "gce"), ("x", "c")),
    **dict.fromkeys(("multi-margin", "multiclass-hinge", "categorical-hinge"), ("x", "c")),
    **dict.fromkeys(("mse", "mae", "huber", "smooth-l1", "rmse", "log-cosh"), ("x", "x2")),
    **dict.fromkeys(("charbonnier", "cauchy", "welsch", "geman-mcclure", "wing"), ("x", "x2")),
    **dict.fromkeys(("quantile", "expectile", "mape", "smape", "wape"), ("x", "x2")),
    **dict.fromkeys(("msle", "rmsle", "gamma"), ("p", "p2")),
    **dict.fromkeys(("poisson-nll", "tweedie"), ("p", "n")),
    **dict.fromkeys(("kl", "js"), ("x", "p2")),
}
FILES = {
    ("x", "logits"): "x.npy",
    ("x", "pred"): "x.npy",
    ("x", "probs"): "p.npy",
    ("x", "log_probs"): "lp.npy",
    ("p", "pred"): "p.npy",
    ("p", "rate"): "p.npy",
    ("p", "log_rate"): "lp.npy",
}

OWN = {  # by option: (all the words without it, or None for the usual ones; the option)
    "weight": (None, "--weight 1,2,3"),
    "class_weight": (None, "--class-weight balanced"),
    "pos_weight": (None, "--pos-weight 1,2,3"),
    "label_smoothing": (None, "--label-smoothing 0.1"),
    "gamma": (None, "--gamma 3"),
    "alpha": (None, "--alpha 0.3"),
    "gamma_neg": (None, "--gamma-neg 1"),
    "gamma_pos": (None, "--gamma-pos 3"),
    "clip": (None, "--clip 0.2"),
    "epsilon": (None, "--epsilon -1"),
    "base": (None, "--base 2"),
    "sqrt": (None, "--sqrt"),
    "scale_by_half": (None, "--scale-by-half"),
    "margin": (None, "--margin 2"),
    "beta": (None, "--beta 0.5"),
    "delta": (None, "--delta 0.5"),
    "q": (None, "--q 0.9"),
    "c": (None, "--c 2"),
    "width": (None, "--width 0.5"),
    "curvature": (None, "--curvature 2"),
    "eps": (None, "--eps 0.5"),
    "full": (None, "--full"),
    "power": (None, "--power 1.2"),
    "ignore_index": (None, "--ignore-index 1"),
    "class_axis": ("--{kind} {prediction} {rest}", "--class-axis 0"),
    "log_target": ("--{kind} {prediction} --target inf.npy", "--log-target"),
    "threshold": (None, "--threshold 0.9"),
    "temperature": (None, "--temperature 2"),
    "shift": ("--{kind} cube.npy --target square.npy --class-axis -1", "--shift 1"),
}
COMMON = {
    "sample_weight": (None, "--sample-weight w.npy"),
    "mask": (None, "--mask m.npy"),
    "data": ("--{kind} col_* {rest}", "--data table.csv"),
    "input_format": ("--{kind} unnamed {rest}", "--input-format json"),
    "header": ("--{kind} head.csv:col_* {rest}", "--no-header"),
    "limit": (None, "--limit 3"),
    "stack": (None, "--stack"),
    "nan": ("--{kind} nan.npy {rest}", "--nan omit"),
    "missing": ("--{kind} holes.json {rest}", "--missing omit"),
    "key": (None, "--key id"),
    "unmatched": (None, "--unmatched omit"),
    "where": (None, "--where split=val"),
    "ensemble": (None, "--ensemble"),
    "classes": (None, "--classes a,b,c"),
    "target_base": (None, "--target-base 1"),
    "pos_label": (None, "--pos-label 0"),
    "reduction": (None, "--reduction sum"),
    "denominator": ("--{kind} {prediction} {rest} --reduction mean", "--denominator 7"),
    "device": (None, "--device cuda:99"),
    "dtype": ("--{kind} {prediction} {rest} --json", "--dtype float32"),
    "top_k": (None, "--top-k 2"),
    "max_expansion": ("--{kind} packed.npy.gz {rest}", "--max-expansion 0.5"),
    "strict": ("--{kind} inf.npy {rest}", "--strict"),
    "ignore": ("--{kind} half.npy {rest}", "--ignore half-widened"),
    "max_loss": (None, "--max-loss -9"),
    "min_accuracy": (None, "--min-accuracy 1.1"),
    "expect": (None, "--expect -9±1"),
    "min": (None, "--min loss=inf"),
    "max": (None, "--max loss=-inf"),
    "baseline": (None, "--baseline none.json"),
    "max_increase": (None, "--max-increase 1%"),
    "junit": ("--{kind} {prediction} {rest} --max-loss 9", "--junit r.xml"),
    "annotations": ("--{kind} {prediction} {rest} --max-loss -9e9", "--annotations github"),
    "format": (None, "--format tsv"),
    "json": (None, "--json"),
    "value": (None, "--value"),
    "quiet": (None, "--quiet"),
    "head": (None, "--head 1"),
    "worst": (None, "--worst 1"),
    "save": (None, "--save o.json"),
    "output": (None, "--output o.npy"),
    "grad": (None, "--grad g.npz"),
    "histogram": (None, "--histogram"),
    "reductions": (None, "--reductions"),
    "batch_size": (None, "--batch-size 4"),
    "help": (None, "--help"),
}
TABLE = OWN | COMMON
SAME = ("threads", "progress")  # whose promise is that they change nothing that is printed


def options(name):
    """The options of a loss, without its prediction and target."""
    found = build(losses[name], name)
    names = [one.name for one in found.params] + ["help"]
    return [one for one in names if one not in (*losses[name].inputs, "context", *SAME)]


CASES = [(name, option) for name in losses for option in options(name)]


@pytest.fixture(autouse=True)
def files(folder, monkeypatch):
    monkeypatch.setattr("losscli.formats.compressed.HARMLESS", 0)
    generator = np.random.default_rng(5)
    x = generator.normal(size=(6, 3))
    p = np.exp(x) / np.exp(x).sum(1, keepdims=True)
    labels = generator.integers(0, 2, (6, 3))
    arrays = {"x": x, "x2": x + generator.normal(size=x.shape), "p": p, "lp": np.log(p)}
    arrays |= {"p2": p[::-1], "y": labels, "c": np.array([0, 1, 2, 0, 1, 2])}
    arrays |= {"w": np.arange(1.0, 7), "m": np.array([1, 0, 1, 1, 0, 1])}
    arrays["n"] = generator.integers(0, 5, (6, 3))
    arrays["positive-nan"] = np.where(p == p[1, 1], np.nan, p)
    arrays["positive-inf"] = np.where(p == p[1, 1], np.inf, p)
    arrays["positive-half"] = p.astype(np.float16)
    arrays["cube"] = np.log(np.stack([p, p[::-1], p], 1))
    arrays["square"] = np.stack([arrays["c"]] * 3, 1)
    arrays["d"] = np.array([0, 1, 1, 2, 1, 0])
    arrays["nan"] = np.where(np.arange(18).reshape(6, 3) == 4, np.nan, np.log(p))
    arrays["inf"] = np.where(np.arange(18).reshape(6, 3) == 4, -np.inf, np.log(p))
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)
    return folder


def usual(name, kind=None):
    """The words that every command line of a loss has, by what they are."""
    if name in EXAMPLES:
        return written(EXAMPLES[name].inputs(rows=8), EXAMPLES[name])
    prediction, target = INPUTS[name]
    kind = kind or losses[name].inputs[0]
    file = "d.npy" if (name, kind) == ("zero-one", "pred") else FILES[prediction, kind]
    return {"kind": kind.replace("_", "-"), "prediction": file, "rest": f"--target {target}.npy"}


def written(given, example):
    """The words for the inputs of an example, of which the arrays are in files."""
    for name, value in given.items():
        if isinstance(value, np.ndarray):
            np.save(f"in-{name}.npy", value)
        if isinstance(value, dict):
            np.savez(f"in-{name}.npz", **value)
    words = [typed(name, value) for name, value in given.items()]
    first = next(iter(given))
    odd = given[first].astype(float, order="C")
    for name, value in (("nan", np.nan), ("inf", np.inf if example.positive else -np.inf)):
        odd.reshape(-1)[4] = value
        np.save(f"{name}.npy", odd)
    np.save("w.npy", np.arange(1.0, 1 + len(odd)))
    np.save("m.npy", np.arange(len(odd)) % 3 > 0)
    kind = first.replace("_", "-")
    return {"kind": kind, "prediction": f"in-{first}.npy", "rest": " ".join(words[1:])}


def typed(name, value):
    """The words for an input or an option."""
    option = f"--{name.replace('_', '-')}"
    if isinstance(value, np.ndarray):
        return f"{option} in-{name}.npy"
    if isinstance(value, dict):
        return f"{option} in-{name}.npz"
    if isinstance(value, bool):
        return option if value else option.replace("--", "--no-", 1)
    return f"{option} {','.join(map(str, value)) if isinstance(value, list) else value}"


def ran(losscli, folder, words):
    """All that a command line leaves behind, the files included."""
    before = {path.name for path in folder.iterdir()}
    left = losscli(words)
    made = [path for path in folder.iterdir() if path.name not in before]
    return left, [(path.name, path.read_bytes(), path.unlink()) for path in made]


def test_table_has_every_option_and_no_other():
    more = (example.options for example in EXAMPLES.values())
    assert {option for _, option in CASES} == {*TABLE}.union(*SPECIAL.values(), *more)
    assert {*losses} == {*INPUTS, *EXAMPLES}


@pytest.mark.parametrize("name", losses)
def test_threads_change_nothing(name, losscli, files, monkeypatch):
    monkeypatch.setattr("losscli.plan.LEAF", 3)
    words = "{name} --{kind} {prediction} {rest} --json".format(name=name, **usual(name))
    one, three = (losscli(f"{words} --threads {threads}") for threads in (1, 3))
    assert (one.code, one.out) == (0, three.out)
    assert losscli(f"{words} --threads 0").code == 2


@pytest.mark.parametrize(("name", "option"), CASES, ids=[f"{name} {one}" for name, one in CASES])
def test_option_changes_something(name, option, losscli, files):
    words = usual(name)
    without, given = setting(name, option)
    if name in EXAMPLES and without in EXAMPLES[name].forms:
        words = written(EXAMPLES[name].inputs(without, rows=8), EXAMPLES[name])
        without = None
    table(files, words)
    base = (without or "--{kind} {prediction} {rest}").format(**words)
    plain, changed = (ran(losscli, files, f"{name} {base} {more}") for more in ("", given))
    assert plain != changed
    assert plain[0].code != 2 or option == "data"  # the option is what is wrong, if anything
    assert f"has no option {given.split()[0]}" not in changed[0].err
    assert 70 not in (plain[0].code, changed[0].code)


def setting(name, option):
    """The words without an option, and those that set it."""
    if name in EXAMPLES and option in EXAMPLES[name].options:
        found = EXAMPLES[name].options[option]
        return (None, found) if isinstance(found, str) else found
    return SPECIAL.get(name, {}).get(option) or TABLE[option]


POSITIVE = {
    "nan": ("--{kind} positive-nan.npy {rest}", "--nan omit"),
    "strict": ("--{kind} positive-inf.npy {rest}", "--strict"),
    "ignore": ("--{kind} positive-half.npy {rest}", "--ignore half-widened"),
}
SPECIAL = {
    **dict.fromkeys(("msle", "rmsle", "poisson-nll", "tweedie", "gamma"), POSITIVE),
    "zero-one": {
        "threshold": ("--logits x.npy --target y.npy", "--threshold 0.9"),
        "pos_label": ("--logits x.npy --target y.npy", "--pos-label 0"),
    },
    "brier": {
        "threshold": ("--logits x.npy:0 --target y.npy:0", "--threshold 0.9"),
        "pos_label": ("--logits x.npy:0 --target y.npy:0", "--pos-label 0"),
    },
    "focal-ce": {"alpha": (None, "--alpha 1,2,3")},
    "asl": {"eps": (None, "--eps 0.5")},
    "gce": {"q": (None, "--q 0.2")},
    "multi-margin": {"p": (None, "--p 2")},
    "kl": {
        "class_axis": ("--logits x.npy --target p.npy", "--class-axis 0"),
        "temperature": ("--logits x.npy --target p.npy", "--temperature 2"),
    },
    "js": {
        "class_axis": ("--logits x.npy --target p.npy", "--class-axis 0"),
        "temperature": ("--logits x.npy --target p.npy", "--temperature 2"),
        "strict": ("--logits inf.npy {rest}", "--strict"),
        "ignore": ("--logits half.npy {rest}", "--ignore half-widened"),
    },
}


def table(folder, words):
    """The prediction in other files: a table, one with a header that could be data, and so on."""
    prediction = np.load(words["prediction"])
    low = prediction if (prediction >= 0).all() else np.minimum(prediction, -1e-3)
    np.save("half.npy", low.astype(np.float16))
    holes = prediction.astype(object)
    holes.reshape(-1)[4] = None
    (folder / "holes.json").write_text(json.dumps(holes.tolist()))
    packed = gzip.compress((folder / words["prediction"]).read_bytes())
    (folder / "packed.npy.gz").write_bytes(packed)
    (folder / "unnamed").write_bytes((folder / words["prediction"]).read_bytes())
    rows = prediction.reshape(len(prediction), -1)
    lines = [",".join(map(repr, map(float, row))) for row in rows]
    (folder / "table.csv").write_text("\n".join(["col_a,col_b,col_c", *lines]) + "\n")
    (folder / "head.csv").write_text("\n".join(["0,1,2", *lines]) + "\n")


KINDS = [(name, form[0]) for name in INPUTS for form in losses[name].forms if "target" in form]


@pytest.mark.parametrize(("name", "kind"), KINDS, ids=[f"{name} {kind}" for name, kind in KINDS])
def test_prediction_and_target_change_the_number(name, kind, value, files):
    words = usual(name, kind)
    files = words["prediction"], words["rest"].removeprefix("--target ")
    for file in files:
        np.save(f"other-{file}", np.roll(np.load(file), 1, 0))
    command = (
        f"{name} --{words['kind']} {{}} --target {{}} --ignore one-hot,labels-as-signs,multi-hot"
    )
    first, second = files
    plain = value(command.format(first, second))
    assert value(command.format(f"other-{first}", second)) != plain
    assert value(command.format(first, f"other-{second}")) != plain


@pytest.mark.parametrize("form", FORMS)
def test_every_input_changes_the_number(form):
    name, make = FORMS[form]
    given = make(np.random.default_rng(5), 9)
    plain = evaluate(name, **given).elements
    for key, value in given.items():
        if isinstance(value, np.ndarray):
            changed = evaluate(name, **given | {key: np.roll(value, 1, 0)}).elements
            assert not np.array_equal(changed, plain), key


@pytest.mark.parametrize(("words", "option"), [("list", "--json"), ("list", "--family binary")])
def test_options_of_tools(words, option, losscli):
    assert losscli(f"{words} {option}").out != losscli(words).out
    assert losscli(f"{words} {option}").code == 0


def test_tools_have_no_other_option():
    found = {name: [one.name for one in _tool(name).params] for name in TOOLS}
    inspect = ["file", "data", "input_format", "header", "limit", "max_expansion", "threads"]
    inspect += ["stack", "missing"]
    wanted = {"list": ["family", "as_json"], "explain": ["name"], "help": ["name"]}
    wanted |= {"run": ["loss", "role", "rows"]}
    assert {*found.pop("inspect")} == {*inspect, "as_json", "progress"}
    assert found == wanted


@pytest.mark.parametrize("name", losses)
def test_every_boolean_option_has_its_opposite(name):
    for option in build(losses[name], name).params:
        if option.is_flag:
            assert option.secondary_opts == [f"--no-{option.opts[0].removeprefix('--')}"]
