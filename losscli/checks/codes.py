"""Every code of a finding or an error: what it means, and what to do about it."""

from __future__ import annotations

from dataclasses import replace

from losscli.docstrings import parsed
from losscli.errors import Level
from losscli.records import record


@record
class Code:
    """What stands behind a code: often one check, sometimes several of one kind.

    Attributes:
        level: How much it weighs.
        texts: What each of them means, and what to do.
    """

    level: Level
    texts: tuple[tuple[str, str], ...] = ()

    def told(self, doc: str | None) -> Code:
        """With what a docstring says: its first line means, the text below it helps."""
        found = parsed(doc)
        text = (found.summary, " ".join(found.text))
        return self if text in self.texts else replace(self, texts=(*self.texts, text))


def _code(level: Level, meaning: str, remedy: str) -> Code:
    return Code(level, ((meaning, remedy),))


CODES: dict[str, Code] = {
    "all-rows": _code(
        Level.NOTE,
        "The loss of a row depends on all rows, so that all of them are held in memory at once.",
        "Nothing is wrong; --limit N takes only the first rows.",
    ),
    "lengths": _code(
        Level.NOTE,
        "How long each row of labels is was not given: up to its padding, of -1 or the blank.",
        "--target-lengths says it.",
    ),
    "first-token": _code(
        Level.NOTE,
        "Sequences began with null: the first token has nothing before it, and no probability.",
        "Nothing is wrong; such tokens are left out, and bytes of their text are counted.",
    ),
    "empty-sequence": _code(
        Level.NOTE,
        "Sequences had no token that counts: they are left out of means over sequences.",
        "Nothing is wrong if the answers were empty.",
    ),
    "same-members": _code(
        Level.WARNING,
        "Two members of an ensemble are the same predictions: one model counts twice.",
        "Give each prediction once; a copy under another name is found by its values.",
    ),
    "squeezed": _code(
        Level.NOTE,
        "An axis of length 1 was dropped, so that prediction and target have one shape.",
        "Nothing is lost; PyTorch would broadcast (N,) against (N, 1) to N² numbers.",
    ),
    "half-widened": _code(
        Level.NOTE,
        "float16 was widened to float32, in which sums and logarithms keep their digits.",
        "--dtype float16 computes in float16.",
    ),
    "index-column": _code(
        Level.NOTE,
        "A first column without a name counts the rows, and was left out.",
        "A KEY names the columns that are meant: FILE:c1,c2.",
    ),
    "batches": _code(
        Level.NOTE,
        "A key with * found batches of rows, and they were joined one after the other.",
        "In JSON the same key without * makes each batch a row; torch.stack does so in .pt.",
    ),
    "comments": _code(
        Level.NOTE,
        "Lines that begin with # before the table are no rows, and were passed over.",
        "A last such line of as many names as there are columns is the header.",
    ),
    "columns-by-name": _code(
        Level.NOTE,
        "Two inputs are one table, and its two columns were told apart by their names.",
        "FILE:KEY names the column of each.",
    ),
    "labels-as-signs": _code(
        Level.NOTE,
        "Labels of 0 and 1 were read as -1 and +1.",
        "Nothing is lost; a loss of PyTorch that wants -1 and +1 takes 0 as it is, and is wrong.",
    ),
    "multi-hot": _code(
        Level.WARNING,
        "All targets are 0 and 1, and were read as multi-hot, not as a list of labels.",
        "A list of the labels of a row is ended by -1.",
    ),
    "one-hot": _code(
        Level.NOTE,
        "Every row of the class probabilities has one class: class indices would say the same.",
        "With class weights, the mean divides by their sum for indices alone, as in PyTorch.",
    ),
    "quantiles-rounded": _code(
        Level.NOTE,
        "There are more losses than are kept, so that their quantiles are rounded.",
        "The loss itself, its sum and its extremes are exact.",
    ),
    "torch-default": _code(
        Level.NOTE,
        "The name that was typed belongs to a function whose own default differs.",
        "The note says which option gives that function's number.",
    ),
    "whole-floats": _code(
        Level.NOTE,
        "Class indices are stored as floats, and were read as whole numbers.",
        "Nothing is lost; PyTorch refuses them, or takes them for probabilities.",
    ),
    "unfinished": _code(
        Level.NOTE,
        "The losses are shown before the root, or logarithm, that is taken of their mean alone.",
        "--reduction mean is the loss.",
    ),
    "data-range": _code(
        Level.WARNING,
        "The targets are further apart than the range that they are said to have.",
        "--data-range says how far apart values can be: 255 for bytes.",
    ),
    "negative-margin": _code(
        Level.WARNING,
        "With a margin below 0, scores on the wrong side may cost nothing.",
        "Margins are 0 or more: is the sign of --margin right?",
    ),
    "negative-weight": _code(
        Level.WARNING,
        "Weights below 0 reward what is wrong.",
        "PyTorch takes them; --mask leaves elements out.",
    ),
    "weight-axis": _code(
        Level.WARNING,
        "One weight for each column was given where there are as many rows, and may be meant for "
        "those.",
        "--sample-weight takes one for each row; PyTorch takes the columns and says nothing.",
    ),
    "perfect": _code(
        Level.WARNING,
        "Nothing is wrong with a prediction, and the loss is the logarithm of that: -inf.",
        "Check that the prediction is no copy of the target.",
    ),
    "overflow": _code(
        Level.WARNING,
        "Finite inputs gave a loss that is larger than any number of the dtype.",
        "--dtype float64 goes further.",
    ),
    "labels-converted": _code(
        Level.WARNING,
        "Labels of pairs are numbered in another way than the loss does, and were converted.",
        "cosine-embedding, hinge-embedding and margin-ranking want -1 and +1, contrastive 0 and 1.",
    ),
    "one-row": _code(
        Level.WARNING,
        "A loss that tells each row from all others was asked with one row.",
        "Are the rows those of the whole batch? More rows are more candidates.",
    ),
    "one-vector": _code(
        Level.NOTE,
        "An input with one axis was read as one vector, as PyTorch does.",
        "Rows of vectors have the shape (N, D), also where D is 1.",
    ),
    "shard-rows": _code(
        Level.WARNING,
        "The files of two inputs differ one by one, in their rows or in what they are called.",
        "Rows are paired through all files: are both lists of files whole, and in one order?",
    ),
    "paired": _code(
        Level.NOTE,
        "Rows were paired by the ids that --key names, in the order of the predictions.",
        "The count is that of the pairs.",
    ),
    "unmatched": _code(
        Level.WARNING,
        "Rows whose id only one of the files has fell out, as --unmatched omit says.",
        "Is it the right file, and is it whole? The message has the first such ids.",
    ),
    "picked": _code(
        Level.NOTE,
        "Only the rows were read that --where takes.",
        "The count is that of the rows that are left.",
    ),
    "missing-omitted": _code(
        Level.NOTE,
        "Elements with an empty cell or a null in any input were left out by --missing omit.",
        "The count is that of the elements; a row is one where it has one loss.",
    ),
    "nan-omitted": _code(
        Level.NOTE,
        "Elements with a NaN in any input were left out by --nan omit.",
        "The count is that of the elements; a row is one where it has one loss.",
    ),
    "balanced": _code(
        Level.NOTE,
        "Weights were computed from the targets that count, in a pass over them alone.",
        "The note has them; so have the options of --json, and --weight takes them as numbers.",
    ),
    "absent-class": _code(
        Level.WARNING,
        "Weights come from the targets, and no target is of some class, or of some sign.",
        "Numbers (--weight 1,2,1) weigh it as you say.",
    ),
    "pos-label": _code(
        Level.NOTE,
        "Targets were read as 1 and 0, or as +1 and -1, by --pos-label.",
        "Nothing is lost; the note names both labels.",
    ),
    "no-positives": _code(
        Level.WARNING,
        "No target that counts is the one that --pos-label names.",
        "Is the label spelled as in the data?",
    ),
    "third-label": _code(
        Level.ERROR,
        "A target is neither what --pos-label names nor the other label.",
        "Binary targets have two labels; --mask leaves elements out, ce takes several classes.",
    ),
    "role-guessed": _code(
        Level.NOTE,
        "A loss that is not ours does not say what its targets are, so that its inputs tell it.",
        "--role of losscli run says it; @loss(Values) in the code does.",
    ),
    "role-any": _code(
        Level.NOTE,
        "What the inputs of a loss that is not ours may hold is not known, so that few checks run.",
        "--role of losscli run says what targets are, where there is a prediction and a target.",
    ),
    "own-loss": _code(
        Level.ERROR,
        "The code of a loss that is not ours fails, or returns what cannot be losses.",
        "The message names the file and the line, or what to change in it.",
    ),
    "broken-plugin": _code(
        Level.WARNING,
        "A package brings a loss that cannot be imported, or that is none.",
        "The message has the reason; the loss is left out, and all others are there.",
    ),
    "plugin-name": _code(
        Level.WARNING,
        "A package brings a loss by a name that is taken: by one of ours, or of another package.",
        "losscli run --loss package.module:NAME takes it all the same.",
    ),
    "key": _code(
        Level.ERROR,
        "A file has no ids, an id twice, or values that can be none: broken or huge numbers.",
        "Whole numbers and text are ids; --key a,b takes several columns for one.",
    ),
    "no-partner": _code(
        Level.ERROR,
        "A row has an id that another file has not.",
        "--unmatched omit takes the rows that have a partner in every file.",
    ),
    "where": _code(
        Level.ERROR,
        "A condition of --where speaks of no column, cannot hold, or leaves nothing.",
        "COLUMN=VALUE: numbers compare as numbers, text as text, letter by letter.",
    ),
    "text": _code(
        Level.ERROR,
        "Text, where numbers are wanted.",
        "FILE:KEY names the column that holds numbers; losses of classes take names as targets.",
    ),
    "expansion": _code(
        Level.ERROR,
        "A compressed file becomes so much larger that it may be made to fill the memory.",
        "--max-expansion N allows more, if this is meant.",
    ),
    "baseline": _code(
        Level.ERROR,
        "The file of --baseline holds no single result with a finite loss.",
        "--save RESULT.json writes one.",
    ),
    "baseline-data": _code(
        Level.ERROR,
        "The result of --baseline is of other data: it has another number of losses, or targets of "
        "another range or mean.",
        "Make it again of this data, or compare with a number: --max loss=X.",
    ),
    "baseline-versions": _code(
        Level.NOTE,
        "The result of --baseline was made by another version of losscli or torch.",
        "Last digits may differ; --max-increase 0.01% leaves room for them.",
    ),
    "empty-batches": _code(
        Level.WARNING,
        "Nothing counts in some batches of --batch-size: all is ignored, masked, or weighs 0.",
        "A loop that averages batches logs NaN; it should leave out such batches, or add up sums.",
    ),
    "empty": _code(
        Level.ERROR,
        "An input has no rows, or no values.",
        "PyTorch's mean would be NaN: is it the right file, and the right KEY?",
    ),
    "nothing": _code(
        Level.ERROR,
        "No element counts: all are ignored, masked, omitted, or have weights that sum to 0.",
        "PyTorch's mean would be NaN; look at --ignore-index, --mask and --sample-weight.",
    ),
    "shape-mismatch": _code(
        Level.ERROR,
        "The shapes of two inputs do not fit; nothing is broadcast.",
        "FILE:KEY selects columns or an array; the message names both shapes.",
    ),
    "unpaired-files": _code(
        Level.ERROR,
        "Files that are rows are paired by their names, and some have no partner.",
        "Rename them, or name patterns that match the same ones on both sides.",
    ),
    "values": _code(
        Level.ERROR,
        "No loss takes what two inputs hold, one against the other.",
        "losscli inspect FILE shows what each of them holds.",
    ),
    "row-count": _code(
        Level.ERROR,
        "Two inputs have different numbers of rows.",
        "Is one file cut short, or has it a header? --header and --no-header say.",
    ),
    "class-axis": _code(
        Level.ERROR,
        "The shapes leave open which axis is that of the classes, or none fits.",
        "--class-axis says which: 1 in PyTorch, the last one in Keras, optax and TensorFlow.",
    ),
    "nan-gradient": _code(
        Level.WARNING,
        "The gradient has entries that are NaN, as autograd finds where a loss has no slope.",
        "It is where two infinities meet, or at the root of a loss of 0; the loss itself stands.",
    ),
    "infinite-gradient": _code(
        Level.WARNING,
        "The gradient has infinite entries, as of the logarithm of a probability of 0.",
        "A training step along it would end in NaN: clip the gradient, or the prediction.",
    ),
    "weight-value": _code(
        Level.ERROR, "The array of an option holds NaN or an infinity.", "Correct the array."
    ),
    "sample-weight-value": _code(
        Level.ERROR, "A sample weight is NaN or infinite.", "--mask leaves elements out."
    ),
    "mask-value": _code(
        Level.ERROR,
        "A mask holds not only 0 and 1.",
        "--sample-weight takes any weight.",
    ),
}
"""The codes of what is no check; each check adds its own, with its docstring."""
