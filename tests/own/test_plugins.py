"""Packages bring losses by entry points: listed from their metadata, imported when asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

from losscli import evaluate
from losscli.errors import DataError

CODE = '''
"""Losses of a team."""

from losscli.plugin import Positive, Tensor, Values, loss


@loss(Values)
def cost(pred: Tensor, target: Tensor, *, scale: Positive = 1.0) -> Tensor:
    """What an error costs.

    loss = scale · |error|.

    Args:
        scale: Euros for each.
    """
    return scale * (pred - target).abs()


def plain(pred, target, power=2.0):
    return (pred - target).abs() ** power


number = 3
'''

ENTRIES = """
[losscli.losses]
acme-cost = acme_losses:cost
acme_power = acme_losses:plain
"""

BAD = """
[losscli.losses]
bce = acme_losses:cost
twice = acme_losses:cost
no-module = acme_nowhere:cost
no-name = acme_losses:nothing
no-loss = acme_losses:number
"""


def distribution(folder, name, entries):
    """Metadata as an installer leaves it."""
    made = folder / f"{name}-1.2.dist-info"
    made.mkdir()
    (made / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.2\n")
    (made / "entry_points.txt").write_text(entries)


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A folder of installed packages: one that brings two losses."""
    (tmp_path / "acme_losses.py").write_text(CODE, "utf-8")
    distribution(tmp_path, "acme", ENTRIES)
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path
    sys.modules.pop("acme_losses", None)


@pytest.fixture
def bad(site):
    """The same, and a package of which nothing is right."""
    distribution(site, "bad", BAD)
    distribution(site, "worse", "[losscli.losses]\ntwice = acme_losses:plain\n")
    return site


WORDS = ("--pred", "[1, 4]", "--target", "[0, 2]", "--value")


def test_plugins_are_commands(site, losscli):
    assert losscli("acme-cost", *WORDS, "--scale", "2") == (0, "3.0\n", "")
    code, out, err = losscli("acme-power", *WORDS, "--power", "3")
    assert (code, out) == (0, "4.5\n")
    assert "read as values" in err
    assert losscli("Acme_Cost", *WORDS)[1] == "1.5\n"
    assert losscli("run", "--loss", "acme-cost", *WORDS)[1] == "1.5\n"
    code, _, err = losscli("acme-cost", *WORDS, "--scale", "-1")
    assert (code, "> 0" in err) == (2, True)
    code, _, err = losscli("acme-cots", *WORDS)
    assert (code, "did you mean acme-cost?" in err) == (2, True)
    assert evaluate("acme-cost", pred=[1, 4], target=[0, 2]).value == 1.5


def test_plugins_are_listed(site, losscli):
    assert "Installed: acme-cost, acme-power" in losscli("--help")[1]
    assert "Installed: acme-cost, acme-power" in losscli()[1]
    code, out, _ = losscli("list", "--family", "installed")
    assert code == 0
    assert "acme-cost               acme_losses:cost, of acme 1.2" in out
    assert "acme_losses" not in sys.modules
    found = {one["name"]: one for one in json.loads(losscli("list", "--json")[1])}
    assert found["acme-cost"]["summary"] == "What an error costs."
    assert found["acme-cost"]["family"] == "installed"
    assert [one["name"] for one in found["acme-cost"]["options"]] == ["scale"]
    assert "Euros for each." in losscli("explain", "acme-cost")[1]
    assert "Usage: losscli acme-cost [inputs]" in losscli("acme-cost", "--help")[1]
    assert "Usage: losscli acme-cost [inputs]" in losscli("help", "acme-cost")[1]


def test_without_plugins_nothing_is_listed(losscli):
    assert "Installed" not in losscli("--help")[1]
    assert losscli("list", "--family", "installed") == (0, "", "")


def test_broken_plugins_are_warnings(bad, losscli):
    for words in (["--help"], ["list"]):
        code, out, err = losscli(*words)
        assert code == 0
        assert "acme-cost" in out
        assert "bad 1.2 brings a loss bce, which cannot be asked for: losscli has a loss" in err
        assert "bad 1.2 brings a loss twice" in err
        assert "worse 1.2 brings one as well" in err
    code, out, err = losscli("list", "--json")
    names = [one["name"] for one in json.loads(out)]
    assert code == 0
    assert {"acme-cost", "acme-power"} <= {*names}
    assert names.count("bce") == 1
    assert not {"no-module", "no-name", "no-loss", "twice"} & {*names}
    assert err.count("warning: ") == 5
    assert "No module named 'acme_nowhere'" in err
    assert "there is no nothing" in err
    assert "no-loss is a int" in err


@pytest.mark.parametrize("name", ["no-module", "no-name", "no-loss"])
def test_broken_plugins_are_errors_where_they_are_asked_for(bad, losscli, name):
    for words in ([name, *WORDS], ["explain", name]):
        code, out, err = losscli(*words)
        assert (code, out) == (3, "")
        assert err.startswith(f"error: {name} of bad 1.2")
    with pytest.raises(DataError, match=name) as told:
        evaluate(name, pred=[1], target=[2])
    assert told.value.code == "broken-plugin"


def test_broken_plugins_are_not_heard_of_elsewhere(bad, losscli):
    assert losscli("mse", *WORDS) == (0, "2.5\n", "")
    assert losscli("bce", "--logits", "[0]", "--target", "[1]", "--value")[2] == ""
    assert losscli("explain", "bce")[2] == ""
    assert losscli("acme-cost", *WORDS)[2] == ""
    code, _, err = losscli("twice", *WORDS)
    assert (code, "worse 1.2 brings one as well" in err) == (2, True)


def test_a_file_in_this_folder_does_not_stand_for_a_package(site, losscli, tmp_path, monkeypatch):
    here = tmp_path / "here"
    here.mkdir()
    (here / "acme_losses.py").write_text("raise ValueError('the wrong one')\n")
    monkeypatch.chdir(here)
    assert losscli("acme-cost", *WORDS) == (0, "1.5\n", "")


REPORT = """
import sys
from losscli.cli import main
import importlib.metadata
asked = []
own = importlib.metadata.entry_points
importlib.metadata.entry_points = lambda **given: asked.append(1) or own(**given)
import losscli.own.plugins
losscli.own.plugins.entry_points = importlib.metadata.entry_points
try:
    main(sys.argv[1:])
finally:
    heavy = sorted({"torch", "numpy", "acme_losses"} & {*sys.modules})
    sys.stderr.write(f"seen {len(asked)} {heavy}\\n")
"""


@pytest.mark.parametrize(
    ("words", "seen"),
    [
        ("--help", "seen 1 []"),
        ("list", "seen 1 []"),
        ("mse --help", "seen 0 []"),
        ("explain mse", "seen 0 []"),
        ("mse --pred nowhere.npy --target nowhere.npy", "seen 0 []"),
        ("acme-cost --help", "seen 1 ['acme_losses']"),
    ],
)
def test_nothing_is_imported_before_it_is_used(site, words, seen):
    ran = subprocess.run(
        [sys.executable, "-c", REPORT, *words.split()],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(site)},
        check=False,
    )
    assert ran.stderr.splitlines()[-1] == seen


PROJECT = """
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "acme-built"
version = "3.0"

[project.entry-points."losscli.losses"]
built-cost = "acme_built:cost"

[tool.setuptools]
py-modules = ["acme_built"]
"""


@pytest.mark.skipif(
    not (find_spec("setuptools") and find_spec("pip")), reason="needs setuptools and pip"
)
def test_a_package_that_is_built_and_installed(tmp_path):
    project, target = tmp_path / "project", tmp_path / "target"
    project.mkdir()
    (project / "pyproject.toml").write_text(PROJECT)
    (project / "acme_built.py").write_text(CODE, "utf-8")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-build-isolation"]
    install += ["--no-deps", "--no-index", "--target", target, project]
    subprocess.run([*map(str, install)], check=True, capture_output=True)

    def run(*words):
        return subprocess.run(
            [sys.executable, "-m", "losscli", *words],
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONPATH": str(target)},
            check=True,
        ).stdout

    assert "built-cost" in run("--help")
    assert "acme_built:cost, of acme-built 3.0" in run("list")
    assert run("built-cost", *WORDS, "--scale", "2") == "3.0\n"
