"""Gates on any number of a result and on an earlier one, and what a pipeline is told of them."""

from __future__ import annotations

import json
import re
from xml.etree import ElementTree

import numpy as np
import pytest
from asked import EXAMPLES

from losscli import evaluate, losses
from losscli.errors import UsageError
from losscli.gates import Gates
from losscli.gates.limits import numbers

BCE = "bce --logits '[2,-1,0.5,3]' --target '[1,0,0,1]'"
VALUE = float(np.mean(np.log1p(np.exp([-2.0, -1.0, 0.5, -3.0]))))
BASE = float(np.log(2))


def test_value():
    """The number that the limits of these tests lie around."""
    assert pytest.approx(0.3657135) == VALUE


@pytest.mark.parametrize(
    ("gates", "passed"),
    [
        ("--max loss=0.37", True),
        ("--max loss=0.36", False),
        ("--min loss=0.36", True),
        ("--min accuracy=0.75", True),
        ("--min accuracy=0.76", False),
        ("--min auroc=1", True),
        ("--min Average-Precision=1", True),
        ("--max f1=0.79", False),
        (f"--min skill={1 - VALUE / BASE - 1e-6}", True),
        (f"--min skill={1 - VALUE / BASE + 1e-6}", False),
        (f"--max baselines.constant={BASE + 1e-9}", True),
        ("--min stats.count=4", True),
        ("--min stats.count=5", False),
        ("--max stats.max=0.975 --min stats.max=0.974", True),
        ("--max stats.quantiles.0.99=1", True),
        ("--min auroc=1 --min f1=0.9 --max loss=9", False),
        ("--max loss=inf", True),
        ("--max loss=nan", False),
        ("--min loss=nan", False),
    ],
)
def test_bounds(gates, passed, losscli):
    ran = losscli(f"{BCE} {gates}")
    assert ran.code == (0 if passed else 1)
    lines = ran.err.splitlines()
    assert len(lines) == gates.count("--")
    assert all(
        re.match(r"gate (passed|failed): \S+ \S+, wanted at (most|least) ", x) for x in lines
    )
    assert ("gate failed: " not in ran.err) is passed
    assert losscli(f"{BCE} {gates} -q") == (ran.code, "", "")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ("--min auroc", "error: --min auroc: METRIC=X is wanted\nhint: --min accuracy=0.9"),
        ("--min =3", "METRIC=X is wanted"),
        ("--max loss=high", "error: --max loss=high: 'high' is no number"),
        ("--max los=1", "this result has no number 'los'\nhint: did you mean loss?"),
        ("--max xyz=1", "hint: its numbers are loss, accuracy, skill, mean_p, "),
        ("--max-increase 1%", "--max-increase speaks of a baseline"),
        ("--baseline b.json --max-increase 1%%", "--max-increase 1%%: a number or a percentage"),
        ("--baseline b.json --max-increase nan", "--max-increase nan: a number or a percentage"),
        ("--max loss=1 --reduction none", "--max needs a single loss"),
        ("--baseline b.json --reduction none", "--baseline needs a single loss"),
        ("--junit r.xml", "--junit tells of gates, and there is none"),
        ("--max loss=1 --junit r.json", "the name ends in .xml"),
        ("--annotations gitlab", "--annotations cannot be 'gitlab'\nhint: "),
    ],
)
def test_refusals(options, told, losscli, folder):
    ran = losscli(f"{BCE} {options}")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err
    assert [*folder.iterdir()] == []


def test_accuracy_is_refused_before_any_file_is_looked_for(losscli):
    ran = losscli("mse --pred none.npy --target none.npy --min accuracy=0.5")
    assert (ran.code, ran.err) == (2, "error: --min: mse has no accuracy\n")
    old = losscli("mse --pred none.npy --target none.npy --min-accuracy 0.5")
    assert (old.code, old.err) == (2, "error: --min-accuracy: mse has no accuracy\n")


@pytest.mark.parametrize("name", EXAMPLES)
def test_what_is_refused_so_has_none(name):
    found = evaluate(name, **EXAMPLES[name].inputs(rows=8))
    assert losses[name].target.hits or found.accuracy is None


def test_every_number_of_the_json_is_found(losscli):
    """By the path at which a program would find it."""
    found = losscli(f"{BCE} --json").json
    wanted = {"loss": found["value"], "skill": found["skill"]}
    wanted |= {"accuracy": found["accuracy"]["value"]} | found["metrics"]
    wanted |= {f"baselines.{name}": value for name, value in found["baselines"].items()}
    for name, value in found["stats"].items():
        if isinstance(value, (int, float)):
            wanted[f"stats.{name}"] = value
    wanted |= {f"stats.quantiles.{at}": one for at, one in found["stats"]["quantiles"].items()}
    held = numbers(evaluate("bce", logits=[2, -1, 0.5, 3.0], target=[1, 0, 0, 1]))
    assert {name: held[name] for name in wanted} == wanted


def test_paths_are_those_of_the_json(losscli):
    """Of inputs, hits and metrics too, down to the last number."""
    given = f"{BCE} --batch-size 3"
    found = losscli(f"{given} --json").json
    paths = {"value": found["value"], "denominator": found["denominator"]}
    waiting = [(part, found[part]) for part in found if isinstance(found[part], dict)]
    for path, inside in waiting:
        for name, value in inside.items():
            if isinstance(value, dict):
                waiting.append((f"{path}.{name}", value))
            elif isinstance(value, (int, float)):
                paths[f"{path}.{name}"] = value
    assert {"accuracy.correct", "metrics.auroc", "values.logits.max"} <= {*paths}
    gates = [
        word for at, x in paths.items() for word in ("--min", f"{at}={x}", "--max", f"{at}={x}")
    ]
    ran = losscli(
        ["bce", "--logits", "[2,-1,0.5,3]", "--target", "[1,0,0,1]", "--batch-size", "3", *gates]
    )
    assert (ran.code, ran.err.count("gate passed: ")) == (0, 2 * len(paths))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("bce --logits '[1,2]' --target '[1,1]' --min auroc=0", "auroc is not known: all targets"),
        (
            "bce --logits '[1,2]' --target '[1,0.5]' --min average_precision=0",
            "average_precision is not known: targets between 0 and 1",
        ),
        ("mse --pred '[1,2]' --target '[3,3]' --min skill=0", "skill is not known: guessing costs"),
    ],
)
def test_numbers_that_the_data_does_not_have(words, told, losscli):
    """The question is right, and the model is not bad."""
    ran = losscli(words)
    assert (ran.code, ran.out) == (3, "")
    assert told in ran.err


def test_json_tells_what_became_of_gates(losscli):
    ran = losscli(f"{BCE} --max-loss 0.3 --min auroc=0.9 --expect 0.5±1 --json")
    assert ran.code == 1
    gates = ran.json["gates"]
    assert [one["gate"] for one in gates] == ["--max-loss 0.3", "--min auroc=0.9", "--expect 0.5±1"]
    assert [one["passed"] for one in gates] == [False, True, True]
    assert [(one["min"], one["max"]) for one in gates] == [(None, 0.3), (0.9, None), (-0.5, 1.5)]
    assert [one["metric"] for one in gates] == ["loss", "auroc", "loss"]
    assert gates[0]["value"] == gates[2]["value"] == pytest.approx(VALUE)
    assert "gates" not in losscli(f"{BCE} --json").json


# ---- the result of an earlier run


@pytest.fixture
def saved(losscli, folder):
    """Saves a result of the loss, changed as it is asked to be."""

    def save(words=BCE, **changes):
        losscli(f"{words} --save b.json -q")
        found = json.loads((folder / "b.json").read_text())
        (folder / "b.json").write_text(json.dumps(found | changes))
        return found

    return save


@pytest.mark.parametrize(
    ("was", "increase", "passed"),
    [
        (VALUE + 1e-9, "", True),
        (VALUE - 1e-9, "", False),
        (VALUE - 0.01, "--max-increase 0.011", True),
        (VALUE - 0.01, "--max-increase 0.009", False),
        (VALUE / 1.01, "--max-increase 1.1%", True),
        (VALUE / 1.01, "--max-increase 0.9%", False),
        (VALUE, "--max-increase -1%", False),
        (VALUE * 1.02, "--max-increase -1%", True),
        (0.0, "--max-increase 1000%", False),
    ],
)
def test_baseline(was, increase, passed, losscli, saved):
    saved(value=was)
    ran = losscli(f"{BCE} --baseline b.json {increase}")
    assert ran.code == (0 if passed else 1)
    assert len(ran.err.splitlines()) == 1
    assert ran.err.startswith(f"gate {'passed' if passed else 'failed'}: loss 0.36571")
    assert f"(b.json has {was!r}" in ran.err


@pytest.mark.parametrize(("increase", "passed"), [("1%", False), ("10%", True), ("0.5", True)])
def test_percentages_are_of_the_size_of_a_negative_loss(increase, passed, losscli, saved):
    nll = "poisson-nll --log-rate '[{},1]' --target '[4,4]'"
    was = saved(nll.format(2))["value"]
    now = losscli(f"{nll.format(2.03)} --value")
    above = (float(now.out) - was) / abs(was)
    assert was < 0
    assert 0.01 < above < 0.1
    ran = losscli(f"{nll.format(2.03)} --baseline b.json --max-increase {increase}")
    assert ran.code == (0 if passed else 1)


def test_the_same_question_passes_whatever_it_prints(losscli, saved):
    saved()
    for more in ("--worst 1", "--threads 1", "--value", "--json", "--top-k 1"):
        options = more if more != "--top-k 1" else "--threshold 0.1"
        assert losscli(f"{BCE} {options} --baseline b.json").code == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("--pos-weight 2", "--pos-weight differs: it was made without --pos-weight, and this"),
        ("--dtype float32", "--dtype differs: it was made with float64, and this result with"),
        ("--reduction sum", "the reduction differs: it was made with mean"),
        ("--limit 4", "--limit differs"),
        ("--sample-weight '[1,1,1,1]'", "--sample-weight differs"),
    ],
)
def test_another_question_is_refused(more, told, losscli, saved):
    saved()
    ran = losscli(f"{BCE} {more} --baseline b.json --save after.json")
    assert (ran.code, ran.out) == (2, "")
    assert told in ran.err


def test_another_kind_of_prediction_is_refused(losscli, saved):
    saved()
    ran = losscli("bce --probs '[0.9,0.2,0.6,0.9]' --target '[1,0,0,1]' --baseline b.json")
    assert (ran.code, ran.out) == (2, "")
    assert "what is given differs: it was made with logits, and this result with probs" in ran.err


def test_another_loss_is_refused_before_any_file_is_looked_for(losscli, saved):
    saved()
    ran = losscli("focal --logits none.npy --target none.npy --baseline b.json")
    assert ran.code == 2
    assert "the loss differs: it was made with bce, and this result with focal" in ran.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--logits '[2,-1,0.5]' --target '[1,0,0]'", "4 losses count there, and 3 here"),
        ("--logits '[2,-1,0.5,3]' --target '[1,1,0,1]'", "the mean of --target is 0.5 there, and"),
        ("--logits '[2,-1,0.5,3]' --target '[1,0,0.1,0.9]'", None),
        ("--logits '[2,-1,0.5,4]' --target '[1,0,0,1]'", None),
    ],
)
def test_other_data_is_refused_as_far_as_it_can_be_told(words, told, losscli, saved):
    saved()
    ran = losscli(f"bce {words} --baseline b.json --max-increase 9")
    assert (ran.code, bool(ran.out)) == ((3, False) if told else (0, True))
    assert not told or f"error: --baseline b.json is of other data: {told}" in ran.err


def test_other_versions_are_noted(losscli, saved):
    signature = saved()["signature"]
    assert signature.split("|")[-1].startswith("torch:")
    saved(signature=signature.rpartition("|")[0] + "|torch:1.0.0")
    ran = losscli(f"{BCE} --baseline b.json --json")
    assert ran.code == 0
    assert [one["code"] for one in ran.json["notes"]] == ["baseline-versions"]
    assert "note: b.json was made by torch 1.0.0, and this result by torch 2" in ran.err
    quiet = losscli(f"{BCE} --baseline b.json --ignore baseline-versions")
    assert quiet.err.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "it is no JSON"),
        ("{", "it is no JSON"),
        ("{}", "it is no result of losscli"),
        ("[3]", "it is no result of losscli"),
        ('{"value": 1}', "it is no result of losscli"),
        ("[" * 100_000, "it is no JSON"),
    ],
)
def test_broken_baselines(text, told, losscli, folder):
    (folder / "b.json").write_text(text)
    ran = losscli(f"{BCE} --baseline b.json")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err.startswith(f"error: --baseline b.json: {told}")


@pytest.mark.parametrize(
    ("value", "told"),
    [("NaN", "its loss is NaN"), ("Infinity", "its loss is Infinity"), (None, "were not reduced")],
)
def test_baselines_without_a_number(value, told, losscli, saved):
    saved(value=value)
    ran = losscli(f"{BCE} --baseline b.json")
    assert (ran.code, ran.out) == (3, "")
    assert told in ran.err


def test_baselines_are_one_result_of_a_known_form(losscli, saved, folder):
    line = json.dumps(saved())
    for text in (f"{line}\n{line}\n", f"[{line}, {line}]"):
        (folder / "b.json").write_text(text)
        ran = losscli(f"{BCE} --baseline b.json")
        assert (ran.code, "it holds 2 results, and one is wanted" in ran.err) == (3, True)
    (folder / "b.json").write_text(f"\ufeff{line}\n")
    assert losscli(f"{BCE} --baseline b.json").code == 0
    saved(schema=2)
    assert "a later losscli (schema 2)" in losscli(f"{BCE} --baseline b.json").err
    ran = losscli(f"{BCE} --baseline none.json")
    assert (ran.code, ran.err) == (4, "error: cannot read none.json: there is no such file\n")


@pytest.mark.parametrize("option", ["--save b.json", "--output b.json"])
def test_baselines_are_not_written_over(option, losscli, saved, folder):
    saved()
    before = (folder / "b.json").read_text()
    ran = losscli(f"{BCE} --baseline b.json {option}")
    assert (ran.code, "would overwrite the file of --baseline" in ran.err) == (4, True)
    assert (folder / "b.json").read_text() == before


def test_nan_is_not_better_than_before(losscli, saved):
    saved("mse --pred '[1,2]' --target '[0,0]' --nan propagate")
    np.save("p.npy", np.array([np.nan, 1.0]))
    words = "mse --pred p.npy --target '[0,0]' --nan propagate --value"
    ran = losscli(f"{words} --baseline b.json --max-increase 99")
    assert (ran.code, "gate failed: loss nan" in ran.err) == (1, True)


def test_gates_are_checked_as_they_are_made():
    with pytest.raises(UsageError, match="METRIC=X"):
        Gates(min=("auroc",))


# ---- reports


# What junit-10.xsd of Jenkins allows, as far as it is used here.
SCHEMA = {
    "testsuites": ({"name", "time", "tests", "failures", "errors"}, {"testsuite"}),
    "testsuite": (
        {"name", "tests", "failures", "errors", "time", "skipped"},
        {"testcase", "properties", "system-out", "system-err"},
    ),
    "testcase": ({"name", "time", "classname"}, {"failure", "error", "skipped"}),
    "failure": ({"type", "message"}, set()),
    "error": ({"type", "message"}, set()),
}


def junit(path):
    """The cases of a report, which keeps to the schema."""
    root = ElementTree.fromstring(path.read_bytes())
    assert root.tag == "testsuites"
    for one in root.iter():
        attributes, inside = SCHEMA[one.tag]
        assert {*one.attrib} <= attributes
        assert {child.tag for child in one} <= inside
    suites = [*root]
    for one in (root, *suites):
        assert int(one.get("tests")) == len([*one.iter("testcase")])
        assert int(one.get("failures")) == len([*one.iter("failure")])
        assert int(one.get("errors")) == len([*one.iter("error")])
    return [(case.get("name"), [child.tag for child in case]) for case in root.iter("testcase")]


def test_junit(losscli, folder):
    ran = losscli(f"{BCE} --max-loss 0.3 --min auroc=0.9 --junit r.xml -q")
    assert (ran.code, ran.out, ran.err) == (1, "", "")
    cases = [("--max-loss 0.3", ["failure"]), ("--min auroc=0.9", [])]
    assert junit(folder / "r.xml") == cases
    failed = next(ElementTree.parse(folder / "r.xml").iter("failure"))
    assert failed.get("message") == f"loss {VALUE!r}, wanted at most 0.3"
    assert losscli(f"{BCE} --max-loss 1 --junit r.xml -q").code == 0
    assert junit(folder / "r.xml") == [("--max-loss 1", [])]
    assert [path.name for path in folder.iterdir()] == ["r.xml"]


def test_junit_escapes(losscli, saved, folder):
    """A file may be called anything."""
    saved()
    odd = 'a<b>&"c\x07.json'
    (folder / "b.json").rename(folder / odd)
    words = ["bce", "--logits", "[2,-1,0.5,4]", "--target", "[1,0,0,1]"]
    ran = losscli([*words, "--baseline", odd, "--max-increase", "-50%", "--junit", "r.xml"])
    assert ran.code == 1
    ((name, inside),) = junit(folder / "r.xml")
    assert (name, inside) == ('--baseline a<b>&"c\\x07.json --max-increase -50%', ["failure"])


def test_an_error_leaves_no_older_report(losscli, folder):
    assert losscli(f"{BCE} --max-loss 1 --junit r.xml").code == 0
    ran = losscli("bce --logits '[2,-1]' --target '[1,7]' --max-loss 1 --junit r.xml")
    assert (ran.code, ran.out) == (3, "")
    assert junit(folder / "r.xml") == [("--max-loss 1", ["error"])]
    assert next(ElementTree.parse(folder / "r.xml").iter("error")).get("message") in ran.err


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("--logits none.npy --target '[1,0]'", 4),
        ("--logits 'none*.npy' --target '[1,0]'", 4),
        ("--logits '[1,2]' --target '[1,0]' --baseline none.json", 4),
        ("--logits '[1,2]' --target '[1,0]' --label-smoothing 2", 2),
    ],
)
def test_nor_does_one_that_comes_before_the_data(words, code, losscli, folder):
    assert losscli(f"{BCE} --max-loss 1 --junit r.xml").code == 0
    ran = losscli(f"bce {words} --max-loss 1 --junit r.xml --annotations github")
    assert (ran.code, ran.out) == (code, "")
    assert ("--max-loss 1", ["error"]) in junit(folder / "r.xml")
    assert ran.err.startswith("::error title=losscli bce::")


@pytest.mark.parametrize("other", ["z.npy", "s.json", "b.json"])
def test_a_report_writes_over_nothing_that_is_read_or_written(other, losscli, saved, folder):
    saved()
    np.save("z.npy", [2, -1, 0.5, 3])
    before = (folder / "b.json").read_text()
    (folder / other).rename(folder / "r.xml") if other != "s.json" else None
    base = "r.xml" if other == "b.json" else "b.json"
    logits = "r.xml" if other == "z.npy" else "z.npy"
    words = f"bce --logits {logits} --target '[1,0,0,1]' --baseline {base} --junit r.xml"
    ran = losscli(words)
    assert (ran.code == 0) is (other == "s.json")
    if other == "b.json":
        assert "--junit r.xml would overwrite the file of --baseline" in ran.err
        assert (folder / "r.xml").read_text() == before
    elif other == "z.npy":
        assert "--junit r.xml would overwrite the file of --logits" in ran.err


def unescaped(text):
    """As the runner of GitHub reads it."""
    for code, one in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(code, one)
    return text


def commands(err):
    """Workflow commands: (kind, title, message)."""
    lines = [line for line in err.splitlines() if line.startswith("::")]
    found = [re.fullmatch(r"::(\w+) title=([^:,]*)::(.*)", line) for line in lines]
    return [(one[1], unescaped(one[2]), unescaped(one[3])) for one in found]


def test_annotations(losscli):
    words = "nll --log-probs '[[-0.5,-1.5],[-0.1,-3]]' --target '[1,0]'"
    plain = losscli(f"{words} --max-loss 0.1 --min accuracy=0")
    ran = losscli(f"{words} --max-loss 0.1 --min accuracy=0 --annotations github")
    assert (ran.code, ran.out) == (1, plain.out)
    warned, failed = commands(ran.err)
    assert warned[:2] == ("warning", "losscli nll: log-probs-sum")
    assert failed[:2] == ("error", "losscli nll: --max-loss 0.1")
    lines = plain.err.splitlines()
    assert f"warning: {warned[2]}".splitlines() == lines[: warned[2].count("\n") + 1]
    assert failed[2] in lines
    assert "gate passed: accuracy" in ran.err
    quiet = losscli(f"{words} --max-loss 0.1 --min accuracy=0 --annotations github -q")
    assert (quiet.out, commands(quiet.err)) == ("", [warned, failed])
    assert len(quiet.err.splitlines()) == 2


def test_annotations_escape_what_ends_them(losscli, saved, folder):
    saved()
    (folder / "b.json").rename(folder / "50%,a: b.json")
    words = ["bce", "--logits", "[2,-1,0.5,4]", "--target", "[1,0,0,1]", "--annotations", "github"]
    ran = losscli([*words, "--baseline", "50%,a: b.json", "--max-increase", "-50%", "-q"])
    ((kind, title, message),) = commands(ran.err)
    assert (kind, title) == ("error", "losscli bce: --baseline 50%,a: b.json --max-increase -50%")
    assert message.startswith("gate failed: loss ")
    assert "50%25,a: b.json has" in ran.err


def test_errors_are_annotated_too(losscli):
    ran = losscli("bce --logits '[2,-1]' --target '[1,7]' --annotations github")
    ((kind, title, message),) = commands(ran.err)
    assert (ran.code, kind, title) == (3, "error", "losscli bce")
    assert f"error: {message}" in ran.err
