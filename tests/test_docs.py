"""The documents say what is true."""

from __future__ import annotations

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import losscli
from losscli.cli.commands import _tool, build

ROOT = Path(__file__).parent.parent
FILL = runpy.run_path(str(ROOT / "docs" / "fill.py"))
CATALOGUE = runpy.run_path(str(ROOT / "docs" / "catalogue.py"))


@pytest.fixture(autouse=True)
def _at_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("LOSSCLI_FORMAT", raising=False)


@pytest.mark.parametrize("name", FILL["PAGES"])
def test_pages_show_what_is_printed(name: str) -> None:
    page = (ROOT / name).read_text()
    assert page.count("$ losscli") >= 3
    assert FILL["filled"](page) == page, "run python docs/fill.py"


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ("sum 55.175256 / 285", "sum 55.175258 / 285", True),
        ("sum 55.175256 / 285", "sum 55.175356 / 285", False),
        ("sum 55.175256 / 285", "sum 55.175256 / 284", False),
        ("of 1000001", "of 1000002", False),
        ("-0.5", "0.5", False),
        ("2.4e-12", "2.4e-12", True),
        ("2.4e-12", "2.4e-11", False),
        ("2.4e-12", "2.4e+12", False),
        ("1,797,000.5", "1,797,000.4", True),
        ("0.000000", "0.000001", False),
        ("z.npy 0.1", "y.npy 0.1", False),
        ("0.1 0.2", "0.1  0.2", False),
        ("0.1 0.2", "0.1", False),
        ("nan", "0.1", False),
        ("error: row 3: 1.5\nhint: a", "error: row 4: 1.5\nhint: a", False),
    ],
)
def test_only_the_last_digits_of_numbers_may_differ(one: str, other: str, alike: bool) -> None:
    assert FILL["alike"](one, other) is alike
    assert FILL["alike"](other, one) is alike


def test_a_page_that_is_wrong_is_written_again() -> None:
    words = "mse --pred '[1.1]' --target '[2]' --value"
    right = FILL["printed"](["mse", "--pred", "[1.1]", "--target", "[2]", "--value"])
    block = f"```console\n$ losscli {words}\n{{}}```\n"
    near = f"{float(right) * (1 + 1e-9)!r}\n"
    for said, shown in (("7.5\n", right), ("", right), (right, right), (near, near)):
        assert FILL["filled"](block.format(said)) == block.format(shown)


@pytest.mark.parametrize("name", [*FILL["PAGES"], "samples/README.md"])
def test_options_of_pages_exist(name: str) -> None:
    known = {
        option
        for command, loss in losscli.losses.items()
        for one in build(loss, command).params
        for option in (*one.opts, *one.secondary_opts)
    }
    tools = (_tool(name) for name in ("run", "list"))
    known |= {option for tool in tools for one in tool.params for option in one.opts}
    page = (ROOT / name).read_text()
    commands = re.findall(r"losscli [a-z-]+ [^`\n]*", page)
    flags = {flag for command in commands for flag in re.findall(r"--[a-z0-9-]+", command)}
    assert flags
    unknown = {"--help", *re.findall(r"^error: .* has no option (\S+)$", page, re.MULTILINE)}
    assert flags - unknown <= known


def test_page_of_losses_is_that_of_the_registry() -> None:
    page = CATALOGUE["PAGE"].read_text("utf-8")
    assert page == CATALOGUE["page"](), "run python docs/catalogue.py"


def test_page_of_losses_has_all_of_each() -> None:
    page = CATALOGUE["page"]()
    table, _, rest = page.partition("\n## ")
    sections = dict(re.findall(r"^### (\S+)\n(.*?)(?=^##|\Z)", rest, re.MULTILINE | re.DOTALL))
    assert [*re.findall(r"^\| \[`([^`]+)`\]", table, re.MULTILINE)] == [*losscli.losses]
    assert {*sections} == {*losscli.losses}
    assert {*re.findall(r"\]\(#([^)]+)\)", page)} <= {*sections}
    for name, loss in losscli.losses.items():
        text = " ".join(sections[name].split())
        for wanted in ("Inputs", "Shape", "Mean", "Accuracy", "Baseline", "Reference", "Names"):
            assert f"- **{wanted}:** " in text
        assert loss.doc.formula.replace("  ", " ") in text
        assert all(f"`{other}`" in text for other in loss.names)
        assert all(
            f"`--{one.replace('_', '-')}`: " in text for one in (*loss.options, *loss.inputs)
        )
        assert all(option.help.split("|")[0] in text for option in loss.options.values())
    assert "(docs/losses.md)" in (ROOT / "README.md").read_text()


def test_readme_names_every_exit_code() -> None:
    from losscli.errors import Exit

    page = (ROOT / "README.md").read_text()
    table = page[page.index("| exit code |") : page.index("With `--strict`")]
    assert {int(code) for code in re.findall(r"\b\d+\b", table)} == {int(code) for code in Exit}


def test_changelog_and_help_name_every_loss() -> None:
    page = (ROOT / "CHANGELOG.md").read_text()
    overview = FILL["printed"](["--help"])
    for name in losscli.losses:
        assert f"`{name}`" in page
        assert re.search(rf"\b{name}\b", overview)


def test_rooms_of_contributing_are_all_there() -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    for path in (ROOT / "losscli").glob("*.py"):
        if not path.name.startswith("_"):
            assert path.name in page
    for path in (ROOT / "losscli").iterdir():
        if path.is_dir() and path.name != "__pycache__":
            assert f"{path.name}/" in page


def test_version_is_said_once() -> None:
    found = subprocess.run(
        [sys.executable, "-m", "losscli", "--version"], capture_output=True, text=True, check=True
    )
    assert found.stdout.startswith(f"losscli {losscli.__version__}")
    assert f"## {losscli.__version__}" in (ROOT / "CHANGELOG.md").read_text()
