"""Makes the sample files: real outputs of small models on data that scikit-learn bundles.

Run ``python samples/make.py``, with scikit-learn, pillow and torch; it takes half a minute. Each
line that it prints is a file with its shape and, if it holds predictions, their loss by PyTorch.
"""

import csv
import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw
from sklearn import datasets
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.class_weight import compute_sample_weight
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
NAMES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")


def main():
    torch.set_num_threads(1)
    torch.manual_seed(0)
    binary()
    digits()
    diabetes()
    multilabel()
    segmentation()
    tokens()


def binary():
    """Breast cancer: is a tumour benign (1) or malignant (0)?"""
    x, y = datasets.load_breast_cancer(return_X_y=True)
    x, held_out, y, target = train_test_split(x, y, test_size=285, random_state=0, stratify=y)
    model = make_pipeline(StandardScaler(), LogisticRegression()).fit(x, y)
    logits = model.decision_function(held_out).astype(np.float32)
    probs = model.predict_proba(held_out)[:, 1].astype(np.float32)
    signs = 2 * target - 1

    bce = F.binary_cross_entropy_with_logits(real(logits), real(target))
    hinge = (1 - real(signs) * real(logits)).clamp(min=0).mean()
    npy("binary/logits.npy", logits, bce=bce, hinge=hinge)
    npy("binary/probs.npy", probs, bce=F.binary_cross_entropy(real(probs), real(target)))
    npy("binary/target.npy", target.astype(np.int64))
    npy("binary/signs.npy", signs.astype(np.int64))
    columns = {"id": np.arange(len(target)), "logit": logits, "prob": probs, "label": target}
    table("binary/predictions.csv", columns, bce=bce)
    dump("binary/predictions.json", {"logits": plain(logits), "target": plain(target)}, bce=bce)


def digits():
    """Handwritten digits: a small network, and a forest to distil it from."""
    x, held_out, y, target = split_digits()
    network = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(network.parameters(), lr=0.005)
    for _ in range(40):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            inputs, labels = torch.from_numpy(x[batch]), torch.from_numpy(y[batch])
            F.cross_entropy(network(inputs), labels).backward()
            optimizer.step()
    with torch.no_grad():
        logits = network(torch.from_numpy(held_out))
    log_probs, probs = logits.log_softmax(-1).numpy(), logits.softmax(-1).numpy()
    logits = logits.numpy()
    forest = RandomForestClassifier(200, random_state=0).fit(x, y)
    forest_probs = forest.predict_proba(held_out).astype(np.float32)

    truth = torch.from_numpy(target)
    ce = F.cross_entropy(real(logits), truth)
    kl = F.kl_div(real(log_probs), real(forest_probs), reduction="batchmean")
    npy("digits/logits.npy", logits, ce=ce)
    npy("digits/log_probs.npy", log_probs, nll=F.nll_loss(real(log_probs), truth), kl=kl)
    npy("digits/forest_probs.npy", forest_probs)
    npy("digits/target.npy", target)
    npy("digits/weight.npy", compute_sample_weight("balanced", target))
    numbered = {f"logit_{i}": column for i, column in enumerate(logits.T)}
    table("digits/predictions.csv", numbered | {"label": target}, ce=ce)
    named = dict(zip(NAMES, probs.T, strict=True)) | {"label": np.array(NAMES)[target]}
    table("digits/by_name.csv", named, ce=F.nll_loss(real(probs).log(), truth))


def diabetes():
    """Diabetes: how far has the disease gone after a year?"""
    x, y = datasets.load_diabetes(return_X_y=True)
    x, held_out, y, truth = train_test_split(x, y, test_size=0.5, random_state=0)
    prediction = LinearRegression().fit(x, y).predict(held_out)

    mse = F.mse_loss(real(prediction), real(truth))
    mae = F.l1_loss(real(prediction), real(truth))
    columns = {"prediction": prediction, "truth": truth}
    npy("diabetes/pred.npy", prediction, mse=mse, mae=mae)
    npy("diabetes/truth.npy", truth)
    table("diabetes/predictions.csv", columns, mse=mse)
    table("diabetes/predictions.tsv", columns, mse=mse)
    rows = zip(plain(prediction), plain(truth), strict=True)
    records = [dict(zip(columns, row, strict=True)) for row in rows]
    dump("diabetes/predictions.json", records, mse=mse)


def multilabel():
    """Four labels of the same digits: even, prime, large (5 or more), loop (0, 6, 8, 9)."""
    x, held_out, y, digit = split_digits()
    labels = {"even": (0, 2, 4, 6, 8), "prime": (2, 3, 5, 7), "large": range(5, 10)}
    labels["loop"] = (0, 6, 8, 9)
    y, target = (np.stack([np.isin(d, list(s)) for s in labels.values()], 1) for d in (y, digit))
    model = OneVsRestClassifier(LogisticRegression(C=0.1, max_iter=2000)).fit(x, y)
    logits = model.decision_function(held_out).astype(np.float32)
    target = target.astype(np.uint8)

    bce = F.binary_cross_entropy_with_logits(real(logits), real(target))
    npy("multilabel/logits.npy", logits, bce=bce)
    npy("multilabel/target.npy", target)
    npy("multilabel/pos_weight.npy", (~y).sum(0) / y.sum(0))
    columns = {f"logit_{name}": column for name, column in zip(labels, logits.T, strict=True)}
    table("multilabel/predictions.csv", columns | dict(zip(labels, target.T, strict=True)), bce=bce)


# Outlines drawn by hand over china.jpg (640 x 427): x, y, x, y, ...; later ones cover earlier ones.
BUILDING = """
    206 30 216 45 222 66 255 92 300 111 320 121 302 135 294 160 330 172 328 182 318 192 320 232
    328 244 352 254 340 270 344 308 372 338 362 360 322 382 300 420 250 400 200 375 200 360 76 345
    80 285 63 270 90 246 100 232 100 190 84 182 86 168 122 158 120 140 94 130 96 106 140 92 190 66
    196 45 197 32
"""
PLANTS = (
    "0 145 20 190 52 208 74 222 72 238 40 262 0 278",
    "0 292 40 322 76 346 140 344 200 368 250 395 290 420 296 427 0 427",
    "302 427 324 384 366 362 376 326 452 298 530 268 560 288 556 226 548 216 590 150 614 137"
    " 640 152 640 427",
    "424 236 445 228 500 232 498 241 440 242",
)
TOO_FAR_TO_TELL = ("322 208 560 202 556 220 420 236 322 234", "0 200 98 205 98 234 80 348 0 300")


def segmentation():
    """A picture: sky and lake (0), building (1), plants (2); 255 where it is not clear."""
    china = Image.fromarray(datasets.load_sample_image("china.jpg"))
    outlines = Image.new("L", china.size, 0)
    for value, shapes in ((255, TOO_FAR_TO_TELL), (2, PLANTS), (1, [BUILDING])):
        for shape in shapes:
            ImageDraw.Draw(outlines).polygon([*map(int, shape.split())], fill=value)
    small = (china.width // 4, china.height // 4)
    colours = np.asarray(china.resize(small, Image.Resampling.BOX)) / 255
    labels = np.asarray(outlines.resize(small, Image.Resampling.NEAREST))
    around = neighbours(labels)
    labels = np.where((around == labels[..., None]).all(-1), labels, 255).astype(np.uint8)

    features = np.concatenate([neighbours(colour) for colour in np.moveaxis(colours, -1, 0)], -1)
    crops = np.s_[8:56, 44:108], np.s_[58:106, 80:144]
    seen = labels != 255
    for crop in crops:
        seen[crop] = False
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    model.fit(features[seen], labels[seen])
    flat = [model.decision_function(features[crop].reshape(48 * 64, -1)) for crop in crops]
    logits = np.stack([one.T.reshape(3, 48, 64) for one in flat]).astype(np.float32)
    target = np.stack([labels[crop] for crop in crops])

    ce = F.cross_entropy(real(logits), torch.from_numpy(target).long(), ignore_index=255)
    npy("segmentation/logits.npy", logits, ce=ce)
    npy("segmentation/target.npy", target)
    logits, target = logits[:1].round(3), target[:1]
    ce = F.cross_entropy(real(logits), torch.from_numpy(target).long(), ignore_index=255)
    dump("segmentation/crop.json", {"logits": plain(logits), "target": plain(target)}, ce=ce)


class Characters(nn.Module):
    """A language model of characters: the logits of each next one."""

    def __init__(self, vocabulary):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, 32)
        self.recur = nn.GRU(32, 128, batch_first=True)
        self.head = nn.Linear(128, vocabulary)

    def forward(self, ids):
        return self.head(self.recur(self.embed(ids))[0])


def tokens():
    """The descriptions of scikit-learn's data sets; the lines are from one that is held out."""
    folder = Path(datasets.__file__).parent / "descr"
    texts = {file.stem: file.read_text("utf-8") for file in sorted(folder.glob("*.rst"))}
    vocabulary = sorted(set("".join(texts.values())))
    ids = {character: i for i, character in enumerate(vocabulary)}
    held_out = texts.pop("olivetti_faces")
    book = torch.tensor([ids[character] for character in "\n".join(texts.values())])
    model = Characters(len(vocabulary))
    optimizer = torch.optim.Adam(model.parameters(), lr=0.004)
    for _ in range(500):
        batch = torch.stack([book[i : i + 65] for i in torch.randint(len(book) - 65, (32,))])
        optimizer.zero_grad()
        F.cross_entropy(model(batch[:, :-1]).mT, batch[:, 1:]).backward()
        optimizer.step()

    lines = [line for line in held_out.splitlines() if any(map(str.isalpha, line))]
    lines = [line[:65] for line in lines[2::3]][:8]
    inputs, target = torch.full((8, 64), ids["\n"]), torch.full((8, 64), -100)
    for row, line in enumerate(lines):
        line_ids = torch.tensor([ids[character] for character in line])
        inputs[row, : len(line) - 1], target[row, : len(line) - 1] = line_ids[:-1], line_ids[1:]
    with torch.no_grad():
        logits = model(inputs).half().numpy()
    mask = (target != -100).numpy().astype(np.uint8)

    ce = F.cross_entropy(real(logits).mT, target)
    npy("tokens/logits.npy", logits, ce=ce, perplexity=ce.exp())
    npy("tokens/target.npy", target.numpy())
    npy("tokens/mask.npy", mask)
    dump("tokens/target.json", {"target": plain(target.numpy()), "mask": plain(mask)})
    dump("tokens/vocabulary.json", vocabulary)
    length = len(lines[0]) - 1
    ce = F.cross_entropy(real(logits[0, :length]), target[0, :length])
    first = {"line": lines[0], "logits": plain(logits[0, :length].astype(np.float32))}
    dump("tokens/first.json", first | {"target": plain(target.numpy()[0, :length])}, ce=ce)


def split_digits():
    x, y = datasets.load_digits(return_X_y=True)
    x = (x / 16).astype(np.float32)
    return train_test_split(x, y.astype(np.int64), test_size=1 / 3, random_state=0, stratify=y)


def neighbours(plane):
    """A new last axis of the nine values around each, itself among them."""
    return np.lib.stride_tricks.sliding_window_view(np.pad(plane, 1, "edge"), (3, 3)).reshape(
        *plane.shape, 9
    )


def real(array):
    """In double precision, so that what is printed carries no rounding but the files' own."""
    return torch.from_numpy(np.asarray(array, np.float64))


def plain(array):
    """Nested lists of the shortest numbers that read back as the same ones of the same type."""
    if array.dtype.kind == "f":
        array = array.astype(str).astype(np.float64)
    return array.tolist()


def npy(name, array, **losses):
    np.save(place(name), array, allow_pickle=False)
    tell(name, f"{array.shape} {array.dtype}", losses)


def table(name, columns, **losses):
    with place(name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, "excel-tab" if name.endswith(".tsv") else "excel")
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))
    tell(name, f"{len(next(iter(columns.values())))} rows, {len(columns)} columns", losses)


def dump(name, content, **losses):
    place(name).write_text(json.dumps(content, separators=(",", ":")) + "\n", encoding="utf-8")
    size = f"list of {len(content)}"
    if isinstance(content, dict):
        size = ", ".join(f"{key} {np.shape(value) or 'text'}" for key, value in content.items())
    tell(name, size, losses)


def place(name):
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    return path


def tell(name, size, losses):
    losses = ", ".join(f"{loss} {value:.6g}" for loss, value in losses.items())
    print(f"{name:30} {size:45} {losses}".rstrip())


if __name__ == "__main__":
    main()
