"""The command inspect: on files of every format, and with commands that answer."""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

RNG = np.random.default_rng(3)
N = 30
SCORES = RNG.normal(size=(N, 3)) * 3
SHARES = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
CLASS = np.r_[[0, 1, 2], RNG.integers(0, 3, N - 3)]
BITS = np.r_[[0, 1], RNG.integers(0, 2, N - 2)]
IMAGES = RNG.normal(size=(4, 3, 5, 6))
BOXES = np.c_[RNG.random((9, 2)) * 50, 50 + RNG.random((9, 2)) * 50]
MAPS = RNG.integers(0, 3, (4, 5, 6))


def found(losscli, *words, stdin=""):
    ran = losscli(["inspect", *words, "--json"], stdin=stdin)
    assert (ran.code, "error" in ran.err) == (0, False), ran
    return ran.json


def check_commands(losscli, report, stdin=""):
    """Every command answers, and so does each other loss that it names."""
    assert report["commands"]
    for one in report["commands"]:
        words = shlex.split(one["command"])
        assert (words, words[0]) == (one["words"], "losscli")
        for loss in (words[1], *one["also"]):
            ran = losscli([loss, *words[2:], "--value"], stdin=stdin)
            assert ran.code == 0, (loss, one, ran)
    return [one["command"] for one in report["commands"]]


def save(**arrays):
    for name, array in arrays.items():
        np.save(f"{name}.npy", array)


# ---- commands


@pytest.mark.parametrize(
    ("prediction", "target", "first"),
    [
        (SCORES, CLASS, "ce --logits a.npy --target b.npy"),
        (SHARES, CLASS, "ce --probs a.npy --target b.npy"),
        (np.log(SHARES), CLASS, "nll --log-probs a.npy --target b.npy"),
        (SCORES, CLASS + 1, "ce --logits a.npy --target b.npy --target-base 1"),
        (
            SCORES,
            np.where(CLASS == 2, -1, CLASS),
            "ce --logits a.npy --target b.npy --ignore-index -1",
        ),
        (SCORES, np.where(CLASS == 2, -100, CLASS), "ce --logits a.npy --target b.npy"),
        (SCORES, CLASS.astype(float), "ce --logits a.npy --target b.npy"),
        (IMAGES, MAPS, "ce --logits a.npy --target b.npy"),
        (np.moveaxis(IMAGES, 1, -1), MAPS, "ce --logits a.npy --target b.npy"),
        (
            IMAGES[..., :3, :3],
            MAPS[..., :3, :3],
            "ce --logits a.npy --target b.npy --class-axis 1",
        ),
        (IMAGES[:, :, :, :3], MAPS[:, :3, :3], None),
        (SCORES, np.eye(3)[CLASS], "ce --logits a.npy --target b.npy"),
        (SCORES, SHARES, "ce --logits a.npy --target b.npy"),
        (np.log(SHARES), SHARES, "ce --log-probs a.npy --target b.npy"),
        (SCORES[:, 0], BITS, "bce --logits a.npy --target b.npy"),
        (SHARES[:, 0], BITS, "bce --probs a.npy --target b.npy"),
        (SCORES[:, :1], BITS, "bce --logits a.npy --target b.npy"),
        (SCORES[:, 0], BITS == 1, "bce --logits a.npy --target b.npy"),
        (SCORES, (SCORES > 0.1).astype("u1"), "bce --logits a.npy --target b.npy"),
        (SHARES[:, 0], SHARES[:, 1], "bce --probs a.npy --target b.npy"),
        (SCORES[:, 0], BITS * 2 - 1, "soft-margin --logits a.npy --target b.npy"),
        (BITS, SCORES[:, 0], "bce --logits b.npy --target a.npy"),
        (SCORES[:, 0], SCORES[:, 1], "mse --pred a.npy --target b.npy"),
        (np.exp(SCORES[:, 0]), RNG.poisson(60, N), "mse --pred a.npy --target b.npy"),
        (IMAGES[:, 0], IMAGES[:, 1] > 0, "bce --logits a.npy --target b.npy"),
        (BOXES, BOXES + 1, "giou --pred a.npy --target b.npy"),
        (CLASS, CLASS[::-1], "zero-one --pred a.npy --target b.npy"),
    ],
)
def test_commands_answer(losscli, prediction, target, first):
    save(a=prediction, b=target)
    report = found(losscli, "a.npy", "b.npy")
    if first is None:
        assert not report["commands"]
        assert report["problems"]
        return
    assert check_commands(losscli, report)[0].removeprefix("losscli ") == first


def test_an_ambiguous_axis_of_classes(losscli):
    save(a=RNG.normal(size=(4, 3, 3)), b=RNG.integers(0, 3, (4, 3)))
    commands = check_commands(losscli, found(losscli, "a.npy", "b.npy"))
    assert [one.rpartition(" --")[2] for one in commands] == ["class-axis 1", "class-axis 2"]
    shares = RNG.dirichlet(np.ones(3), (4, 3))
    save(a=shares)
    commands = check_commands(losscli, found(losscli, "a.npy", "b.npy"))
    assert [one.rpartition(" --")[2] for one in commands] == ["class-axis 2"]


def test_nan_is_left_out_and_said(losscli):
    save(a=np.r_[np.nan, SCORES[1:, 0]], b=BITS)
    report = found(losscli, "a.npy", "b.npy")
    assert "--nan omit" in check_commands(losscli, report)[0]
    assert "1 NaN are left out" in report["commands"][0]["why"]


def test_counts_go_with_rates(losscli):
    save(rate=np.exp(SCORES[:, 0]), y=RNG.poisson(60, N))
    assert "poisson-nll --rate" in check_commands(losscli, found(losscli, "rate.npy", "y.npy"))[0]


@pytest.mark.parametrize("name", ["val_split.csv", "fold-1.csv", "no.csv"])
def test_a_file_is_called_by_its_rows(losscli, name):
    """Which rows it has does not make something else of its columns."""
    names = [["cat", "dog", "owl"][one] for one in CLASS]
    rows = [f"{n},{a},{b},{c},{names[n]}" for n, (a, b, c) in enumerate(SHARES)]
    Path(name).write_text("\n".join(["id,cat,dog,owl,kind", *rows]))
    command = f"losscli ce --probs {name}:cat..owl --target {name}:kind"
    assert check_commands(losscli, found(losscli, name))[0] == command


def test_class_names_need_columns_of_their_names(losscli):
    names = [["cat", "dog", "owl"][one] for one in CLASS]
    rows = [f"{a},{b},{c},{name}" for (a, b, c), name in zip(SHARES, names, strict=True)]
    Path("p.csv").write_text("\n".join(["p_cat,p_dog,p_owl,label", *rows]), "utf-8")
    (command,) = check_commands(losscli, found(losscli, "p.csv"))
    assert command == "losscli ce --probs p.csv:p_cat..p_owl --target p.csv:label"
    Path("p.csv").write_text("\n".join(["p_cat,p_dog,p_cow,label", *rows]), "utf-8")
    report = found(losscli, "p.csv")
    assert not report["commands"]
    assert "no class is named 'owl'" in report["problems"][0]["message"]


@pytest.mark.parametrize("labels", [(0, 255), (1, 2), ("no", "yes")])
def test_two_labels_need_to_be_told_apart(losscli, labels):
    """As in masks of bytes, and in words."""
    save(probs=SHARES[:, 0], z=SCORES[:, 0])
    pairs = zip(SHARES[:, 0], BITS, strict=True)
    rows = "".join(f"{share},{labels[bit]}\n" for share, bit in pairs)
    Path("p.csv").write_text(f"score,label\n{rows}", "utf-8")
    command, *_ = check_commands(losscli, found(losscli, "p.csv"))
    words = f"bce --probs p.csv:score --target p.csv:label --pos-label {labels[1]}"
    assert command == f"losscli {words}"
    np.save("y.npy", BITS)
    plain = losscli("bce --probs p.csv:score --target y.npy --value")
    assert losscli(f"{words} --value").out == plain.out


def test_masks_of_bytes(losscli):
    """Both commands run, and give what masks of 0 and 1 do."""
    rng = np.random.default_rng(7)
    bits = rng.integers(0, 2, (3, 6, 5))
    save(z=rng.normal(size=bits.shape), y=(255 * bits).astype(np.uint8), plain=bits)
    commands = check_commands(losscli, found(losscli, "z.npy", "y.npy"))
    for loss in ("bce", "dice"):
        words = f"{loss} --logits z.npy --target y.npy --pos-label 255"
        assert f"losscli {words}" in commands
        wanted = losscli(f"{loss} --logits z.npy --target plain.npy --value").out
        assert losscli(f"{words} --value").out == wanted
    told = " ".join(losscli("inspect y.npy").out.split())
    for losses in ("bce, focal, asl", "dice, jaccard, tversky"):
        assert f"--target of {losses}, against" in told
    assert "with --pos-label 255" in told


def test_a_score_may_be_a_probability_and_a_logit_is_none(losscli):
    for name, first in (("score", "--probs"), ("logit", "--logits")):
        save(**{name: SHARES[:, 0]}, y=BITS)
        commands = check_commands(losscli, found(losscli, f"{name}.npy", "y.npy"))
        assert [first in one for one in commands] == [True, False]


def test_whole_numbers_as_names(losscli):
    rows = [f"{a},{b},{c},{one + 7}" for (a, b, c), one in zip(SCORES, CLASS, strict=True)]
    Path("p.csv").write_text("\n".join(["7,8,9,y", *rows]), "utf-8")
    check_commands(losscli, found(losscli, "p.csv", "--header"))
    rows[4] = "1,2,3,6"
    Path("p.csv").write_text("\n".join(["7,8,9,y", *rows]), "utf-8")
    assert not found(losscli, "p.csv", "--header")["commands"]


def test_words_are_quoted(losscli, folder):
    name = "it's [1] $HOME.csv"
    rows = [f"{a},{b}" for a, b in zip(SCORES[:, 0], BITS, strict=True)]
    (folder / name).write_text("\n".join(["my logit;*,y", *rows]), "utf-8")
    (command,) = check_commands(losscli, found(losscli, name))
    script = f'losscli() {{ {shlex.quote(sys.executable)} -m losscli "$@"; }}; {command} --value'
    ran = subprocess.run(["bash", "-c", script], capture_output=True, check=True, cwd=folder)
    assert float(ran.stdout) > 0


def test_files_that_look_like_options(losscli):
    np.save("-a.npy", SCORES[:, 0])
    np.save("b.npy", BITS)
    check_commands(losscli, found(losscli, "./-a.npy", "b.npy"))
    check_commands(losscli, losscli("inspect --json b.npy -- -a.npy").json)


def test_what_was_said_of_reading_is_said_again(losscli):
    Path("p.csv").write_text("1,z\n1,2.5\n0,-1\n1,0.5\n", "utf-8")
    assert losscli("inspect p.csv").code == 3
    assert losscli("inspect p.csv").err.startswith("error: p.csv: the first row mixes")
    (command, *_) = check_commands(losscli, found(losscli, "p.csv", "--header"))
    assert command.endswith("--header")
    Path("p.data").write_text("1\t2.5\n0\t-1\n1\t0.5\n", "utf-8")
    words = "p.data", "--input-format", "tsv", "--limit", "2"
    (command, *_) = check_commands(losscli, found(losscli, *words))
    assert command.endswith("--input-format tsv --limit 2")


@pytest.mark.parametrize("inside", ["npy", "csv", "npz"])
def test_files_that_are_rows(losscli, inside):
    """A file for each image or table; and in each of them both, by name."""
    sides = "out", "mask"
    for side in sides:
        Path(side).mkdir()
    for row, (image, mask) in enumerate(zip(IMAGES, MAPS, strict=True)):
        if inside == "npz":
            np.savez(f"both-{row}.npz", out=image, mask=mask)
        elif inside == "csv":
            np.savetxt(f"out/{row}.csv", SCORES[row : row + 3], delimiter=",")
            np.savetxt(f"mask/{row}.csv", CLASS[row : row + 3], delimiter=",")
        else:
            save(**{f"out/{row}": image, f"mask/{row}": mask})
    words = ["both-*.npz"] if inside == "npz" else [f"{side}/*.{inside}" for side in sides]
    report = found(losscli, *words, "--stack")
    shapes = [(4, 3, 3), (4, 3)] if inside == "csv" else [IMAGES.shape, MAPS.shape]
    assert [tuple(one["shape"]) for one in report["arrays"]] == shapes
    if inside != "csv":
        assert report["arrays"][0]["max"] == IMAGES.max()
        assert report["arrays"][1]["mean"] == pytest.approx(MAPS.mean())
    assert all(command.endswith("--stack") for command in check_commands(losscli, report))


def test_bytes_without_a_header(losscli):
    SCORES.astype("<f4").tofile("scores.bin")
    np.save("y.npy", CLASS)
    report = found(losscli, "scores.bin", "y.npy", "--input-format", "raw:float32:-1,3")
    assert report["arrays"][0]["shape"] == [N, 3]
    assert report["arrays"][0]["min"] == SCORES.astype("f4").min()
    first, *_ = check_commands(losscli, report)
    assert first.endswith("--input-format raw:float32:-1,3")


def test_missing_values_are_counted_apart(losscli):
    """They are no NaN, of which one is there as well, and leave out nothing else."""
    logits, labels = [*SCORES[:, 0].tolist()], [*BITS.tolist()]
    logits[3], logits[5], labels[7] = "", "nan", ""
    rows = [
        f"{one},{label},{name}" for one, label, name in zip(logits, labels, "ab" * 15, strict=True)
    ]
    rows[9] = rows[9][:-1]
    Path("p.csv").write_text("\n".join(["logit,y,name", *rows, ""]), "utf-8")
    assert "row 4 (line 5)" in losscli("inspect p.csv").out
    report = found(losscli, "p.csv", "--missing", "omit")
    told = {one["key"]: one for one in report["arrays"]}
    kept = [one for one in logits if isinstance(one, float)]
    assert told["logit"] | {"min": min(kept), "max": max(kept)} == told["logit"]
    assert told["logit"]["mean"] == pytest.approx(sum(kept) / len(kept))
    assert [(one["missing"], one["nan"], one["count"]) for one in told.values()] == [
        (1, 1, N - 1),
        (1, 0, N - 1),
        (1, 0, N - 1),
    ]
    assert told["y"]["like"] == "labels"
    assert told["name"]["values"] == [{"value": "a", "count": 15}, {"value": "b", "count": 14}]
    assert "1 NaN; 1 missing" in losscli("inspect p.csv --missing omit").out
    report = found(losscli, "p.csv:logit", "p.csv:y", "--missing", "omit")
    (command, *_) = check_commands(losscli, report)
    assert command.endswith("--nan omit --missing omit")
    assert "2 missing values are left out" in report["commands"][0]["why"]


def test_lists_of_several_lengths(losscli):
    """As perplexities take them; where a single value is at fault, it is told as ever."""
    lists = [[None, -0.5, -2.0], [-1.0], []]
    Path("t.json").write_text(json.dumps(lists), "utf-8")
    Path("t.jsonl").write_text("\n".join(json.dumps({"t": one}) for one in lists), "utf-8")
    for word in ("t.json", "t.jsonl", "t.jsonl:t", json.dumps(lists)):
        report = found(losscli, word)
        (one,) = report["arrays"]
        assert (one["shape"], one["min"], one["max"]) == ([3], -2, -0.5)
        assert one["words"].startswith("3 sequences of 0 to 2: none above 0")
        assert [note["code"] for note in report["notes"]] == ["first-token", "empty-sequence"]
    ran = losscli(["inspect", "[[1, 2], [3, null]]"])
    assert (ran.code, ran.out) == (3, "")


def test_a_null_in_place(losscli):
    assert losscli(["inspect", "[1, null, 3]"]).code == 3
    report = found(losscli, "[1, null, 3]", "--missing", "omit")
    assert report["arrays"][0]["missing"] == 1
    assert report["arrays"][0]["mean"] == 2


@pytest.mark.parametrize(
    ("words", "first"),
    [
        ("binary/logits.npy binary/target.npy", "bce --logits"),
        ("binary/target.npy binary/logits.npy", "bce --logits"),
        ("binary/probs.npy binary/target.npy", "bce --probs"),
        ("binary/logits.npy binary/signs.npy", "soft-margin --logits"),
        ("binary/predictions.csv", "bce --logits"),
        ("binary/predictions.csv:prob binary/predictions.csv:label", "bce --probs"),
        ("binary/predictions.json", "bce --logits"),
        ("--data binary/predictions.csv prob label", "bce --probs"),
        ("digits/logits.npy digits/target.npy", "ce --logits"),
        ("digits/log_probs.npy digits/target.npy", "nll --log-probs"),
        ("digits/forest_probs.npy digits/target.npy", "ce --probs"),
        ("digits/log_probs.npy digits/forest_probs.npy", "ce --log-probs"),
        ("digits/predictions.csv", "ce --logits"),
        ("digits/by_name.csv", "ce --probs"),
        ("diabetes/pred.npy diabetes/truth.npy", "mse --pred"),
        ("diabetes/predictions.csv", "mse --pred"),
        ("diabetes/predictions.tsv", "mse --pred"),
        ("diabetes/predictions.json", "mse --pred"),
        ("multilabel/logits.npy multilabel/target.npy", "bce --logits"),
        ("multilabel/predictions.csv", "bce --logits"),
        ("segmentation/logits.npy segmentation/target.npy", "ce --logits"),
        ("segmentation/crop.json", "ce --logits"),
        ("tokens/logits.npy tokens/target.npy", "ce --logits"),
        ("tokens/first.json", "ce --logits"),
    ],
)
def test_samples(losscli, samples, monkeypatch, words, first):
    monkeypatch.chdir(samples)
    commands = check_commands(losscli, found(losscli, *words.split()))
    assert commands[0].startswith(f"losscli {first} ")
    screen = losscli(f"inspect {words}")
    assert (screen.code, screen.err) == (0, "")
    assert all(f"  {one}\n" in screen.out for one in commands)


# ---- what does not fit


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ((9,), (8,), "9 predictions but 8 targets"),
        ((9, 3), (3, 9), "transposed"),
        ((9, 3), (9, 4), "shapes differ"),
        ((9, 3, 4), (9, 5), "shapes do not fit"),
        ((0, 3), (0, 3), "nothing to average"),
        ((9,), (9, 3, 3), "shapes differ"),
    ],
)
def test_shapes_that_do_not_pair(losscli, ours, theirs, said):
    save(pred=RNG.normal(size=ours), y=RNG.normal(size=theirs))
    report = found(losscli, "pred.npy", "y.npy")
    assert not report["commands"]
    assert said in f"{report['problems'][0]['message']} {report['problems'][0]['hint']}"
    assert said in losscli("inspect pred.npy y.npy").out


def test_one_column_is_none(losscli):
    save(pred=SCORES[:, 0], y=SCORES[:, 1:2])
    report = found(losscli, "pred.npy", "y.npy")
    assert f"the shape ({N}, 1) was read as ({N},)" in report["commands"][0]["why"]


def test_a_column_that_cannot_be_read_hides_no_other(losscli):
    Path("p.csv").write_text("id,z,y\n1,0.5,1\n2,,0\n3,-1,1\n", "utf-8")
    report = found(losscli, "p.csv")
    broken = report["arrays"][1]
    assert broken["problem"]["message"].startswith("p.csv, row 2 (line 3), column 'z'")
    assert [one["like"] for one in report["arrays"]] == ["classes", None, "labels"]
    assert "cannot be read: p.csv, row 2 (line 3)" in losscli("inspect p.csv").out


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("", 2, "inspect wants files"),
        ("nope.npy", 4, "there is no file nope.npy"),
        ("b.csv:q", 3, "has no column 'q'"),
        ("b.csv --limit 0", 2, "--limit must be at least 1"),
        ("b.csv --input-format xls", 2, "--input-format cannot be 'xls'"),
        ("b.csv --input-format raw:float33:-1", 2, "no dtype 'float33'"),
        ("b.csv --missing maybe", 2, "--missing cannot be 'maybe'"),
        ("b.csv --stack", 2, "and no word is one"),
        ("b.csv --worst 3", 2, "inspect has no option --worst"),
        ("short.csv", 3, "short.csv, row 2 (line 3)"),
    ],
)
def test_errors(losscli, words, code, said):
    Path("b.csv").write_text("z,y\n0.5,1\n", "utf-8")
    Path("short.csv").write_text("z,y\n0.5,1\n2\n", "utf-8")
    ran = losscli(f"inspect {words}")
    assert (ran.code, ran.out) == (code, "")
    assert said in ran.err


# ---- files


def table(kind, path):
    """The same three columns in a format."""
    columns = {"logit": SCORES[:, 0].copy(), "share": SHARES[:, 0].copy(), "label": BITS}
    if kind in ("csv", "tsv"):
        comma = "," if kind == "csv" else "\t"
        rows = zip(*(column.tolist() for column in columns.values()), strict=True)
        lines = [comma.join(columns), *(comma.join(map(repr, row)) for row in rows)]
        path.write_text("\n".join(lines), "utf-8")
    elif kind == "npz":
        np.savez(path, **columns)
    elif kind in ("json", "jsonl"):
        lists = {name: column.tolist() for name, column in columns.items()}
        records = [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]
        lines = [json.dumps(lists)] if kind == "json" else map(json.dumps, records)
        path.write_text("\n".join(lines), "utf-8")
    elif kind == "npy":
        kinds = [(name, column.dtype) for name, column in columns.items()]
        rows = [*zip(*(column.tolist() for column in columns.values()), strict=True)]
        np.save(path, np.array(rows, kinds))
    elif kind == "pt":
        torch = pytest.importorskip("torch")
        torch.save({name: torch.tensor(column) for name, column in columns.items()}, path)
    elif kind == "safetensors":
        pytest.importorskip("safetensors.numpy").save_file(columns, path)
    elif kind == "h5":
        with pytest.importorskip("h5py").File(path, "w") as file:
            for name, column in columns.items():
                file[name] = column
    else:
        pa, feather = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.feather")
        if kind == "parquet":
            pytest.importorskip("pyarrow.parquet").write_table(pa.table(columns), path)
        else:
            feather.write_feather(pa.table(columns), path)


KINDS = ["csv", "tsv", "npz", "json", "jsonl", "npy"]
KINDS += ["pt", "safetensors", "h5", "parquet", "arrow"]


@pytest.mark.parametrize("kind", KINDS)
def test_formats(losscli, folder, kind):
    table("csv", folder / "t.csv")
    table(kind, folder / f"x.{kind}")
    expected, report = found(losscli, "t.csv"), found(losscli, f"x.{kind}")
    told = ("key", "shape", "min", "mean", "max", "values", "like", "words")

    def facts(found):
        arrays = sorted(found["arrays"], key=lambda one: one["key"])
        return [{name: one[name] for name in told} for one in arrays]

    assert facts(report) == facts(expected)
    commands = {one.replace(f"x.{kind}", "t.csv") for one in check_commands(losscli, report)}
    assert commands == {one["command"] for one in expected["commands"]}


def test_pipes(losscli, folder):
    table("csv", folder / "t.csv")
    content = (folder / "t.csv").read_bytes()
    report = found(losscli, "-", stdin=content)
    assert [one["key"] for one in report["arrays"]] == ["logit", "share", "label"]
    (first, *_) = check_commands(losscli, report, stdin=content)
    assert first == "losscli bce --logits -:logit --target -:label"
    report = found(losscli, "-:share", "-:label", stdin=content)
    assert "--probs -:share" in check_commands(losscli, report, stdin=content)[0]
    content = io.BytesIO()
    np.save(content, SCORES)
    (one,) = found(losscli, "-", stdin=content.getvalue())["arrays"]
    assert one["shape"] == [N, 3]


def test_shards(losscli, folder):
    for place in range(3):
        np.save(f"p-{place}.npy", SCORES[place * 10 : place * 10 + 10])
        np.save(f"y-{place}.npy", CLASS[place * 10 : place * 10 + 10])
    report = found(losscli, "p-*.npy", "y-*.npy")
    assert [one["shape"] for one in report["arrays"]] == [[N, 3], [N]]
    assert report["commands"][0]["command"] == "losscli ce --logits 'p-*.npy' --target 'y-*.npy'"
    check_commands(losscli, report)


def test_inline_json(losscli):
    report = found(losscli, "[0.5, 2, -1]", "[1, 0, 1]")
    assert [one["path"] for one in report["arrays"]] == [None, None]
    check_commands(losscli, report)


def test_wide_tables_are_summed_up(losscli):
    rows = [",".join(map(repr, row)) for row in RNG.normal(size=(5, 1000)).tolist()]
    header = ",".join(f"feature {n}" for n in range(1000))
    lines = [f"{one},{n % 2}" for n, one in enumerate(rows)]
    Path("p.csv").write_text("\n".join([f"{header},label", *lines]), "utf-8")
    assert [one["shape"] for one in found(losscli, "p.csv")["arrays"]] == [[5, 1000], [5]]
    assert len(losscli("inspect p.csv").out.splitlines()) < 30
    names = [f"{'ab'[n % 2]}{'xyz'[n % 3]}{chr(65 + n % 26)}_" for n in range(60)]
    cells = [str(n) if n % 2 else f"{n}.5" for n in range(60)]
    Path("q.csv").write_text("\n".join([",".join([*names, "label"]), ",".join([*cells, "1"])]))
    report = found(losscli, "q.csv")
    assert (len(report["arrays"]), report["more"]) == (20, 41)
    assert report["arrays"][-1]["key"] == "label"
    assert "… and 41 more" in losscli("inspect q.csv").out


def test_json_is_strict(losscli):
    save(a=np.array([np.inf, -np.inf, np.nan, 1]))
    (one,) = found(losscli, "a.npy")["arrays"]
    assert (one["min"], one["max"], one["mean"]) == ("-Infinity", "Infinity", "NaN")
    assert (one["nan"], one["infinite"], one["count"]) == (1, 2, 4)
    assert [line["code"] for line in one["cannot"]][:2] == ["nan", "infinite"]


def test_names_do_nothing_to_a_terminal(losscli):
    Path("p.csv").write_text("\x1b[31mred [bold]z,y\n0.5,1\n-2,0\n", "utf-8")
    ran = losscli("inspect p.csv")
    assert "\x1b" not in ran.out
    assert "[bold]" in ran.out
    script = f"printf %s {ran.out.rpartition('--logits ')[2].partition(' --target')[0]}"
    found = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert found.stdout.decode() == "p.csv:\x1b[31mred [bold]z"


def test_the_same_on_any_number_of_cores(losscli):
    save(a=RNG.normal(size=(2**18, 2)), b=RNG.integers(0, 2, 2**18))
    one, many = (found(losscli, "a.npy", "b.npy", "--threads", n) for n in ("1", "3"))
    assert one == many
    assert one["arrays"][0]["count"] == 2**19


def test_only_the_first_rows(losscli):
    save(a=np.r_[0.5, 0.25, 7])
    assert found(losscli, "a.npy", "--limit", "2")["arrays"][0]["max"] == 0.5


def test_an_index_column_is_left_out(losscli):
    Path("p.csv").write_text(",z,y\n0,0.5,1\n1,-2,0\n", "utf-8")
    ran = losscli("inspect p.csv --json")
    assert [one["key"] for one in ran.json["arrays"]] == ["z", "y"]
    assert ran.err.startswith("note: p.csv: the unnamed first column")
    check_commands(losscli, ran.json)


def test_values_that_no_loss_takes(losscli):
    np.save("a.npy", [-3, -4, -5, -9, -1])
    np.save("b.npy", np.ones(5))
    told = found(losscli, "a.npy", "b.npy")
    assert told["commands"] == []
    (problem,) = told["problems"]
    assert problem["code"] == "values"
    assert "a.npy (ids: all different whole numbers) against b.npy" in problem["message"]
