"""What computes nothing imports neither NumPy nor PyTorch: each in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

REPORT = "import sys; print(*{'torch', 'numpy', 'rich'} & {*sys.modules})"
COMMAND = """
import sys
from losscli.cli import main
try:
    main(sys.argv[1:])
finally:
    sys.stderr.write(f"code {sys.exc_info()[1].code}\\n")
    print(*{"torch", "numpy", "rich"} & {*sys.modules})
"""


def heavy(script, *words, folder=None):
    """The last lines of a script's output and messages: the heavy modules, and the exit code."""
    ran = subprocess.run(
        [sys.executable, "-c", script, *words],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
    )
    return ran.stdout.split("\n")[-2], ran.stderr.rsplit("\n", 2)[-2:]


@pytest.mark.parametrize(
    "statement",
    [
        "import losscli",
        "from losscli import losses",
        "from losscli import evaluate",
        "import losscli.cli, losscli.asking, losscli.result, losscli.report, losscli.engine",
    ],
)
def test_importing(statement):
    assert heavy(f"{statement}\n{REPORT}")[0] == ""


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("", 0),
        ("--help", 0),
        ("-V", 0),
        ("bce --help", 0),
        ("help ce", 0),
        ("list", 0),
        ("list --json", 0),
        ("explain bce", 0),
        ("explain squeezed", 0),
        ("explain nope", 2),
        ("inspect", 2),
        ("inspect --help", 0),
        ("inspect nope.npy", 4),
        ("inspect --limit 0 nope.npy", 2),
        ("nope", 2),
        ("bce --logitz x", 2),
        ("bce a.npy b.npy", 2),
        ("bce --logits a.npy", 2),
        ("bce --logits a.npy --target b.npy --label-smoothing 2", 2),
        ("huber --pred a.npy --target b.npy --delta -1", 2),
        ("bce --logits a.npy --target b.npy --reduction avg", 2),
        ("bce --logits a.npy --target b.npy --device gpu", 2),
        ("bce --logits a.npy --target b.npy --ignore nope", 2),
        ("bce --logits a.npy --target b.npy --format xml", 2),
        ("bce --logits a.npy --target b.npy --expect 1", 2),
        ("bce --logits a.npy --target b.npy", 4),
        ("bce --logits a.npy:key --target b.npy", 4),
    ],
)
def test_command(words, code, tmp_path):
    assert heavy(COMMAND, *words.split(), folder=tmp_path) == ("", [f"code {code}", ""])


def test_looking_into_a_file_needs_no_torch(tmp_path):
    """Only a prediction and a target together are judged by a loss."""
    (tmp_path / "p.csv").write_text("logit_0,logit_1\n0.5,2.5\n-1.5,3.5\n", "utf-8")
    for words in (["inspect", "p.csv", "--json"], ["inspect", "[0.5, 2]", "--json"]):
        modules, code = heavy(COMMAND, *words, folder=tmp_path)
        assert (set(modules.split()) - {"rich"}, code) == ({"numpy"}, ["code 0", ""])


def test_the_check_sees_what_is_imported(tmp_path):
    words = ["bce", "--logits", "[1]", "--target", "[1]", "--value"]
    assert set(heavy(COMMAND, *words, folder=tmp_path)[0].split()) == {"torch", "numpy"}
