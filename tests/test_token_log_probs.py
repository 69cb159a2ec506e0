"""Log-probabilities of tokens, in the shapes in which servers of language models give them."""

import gzip
import io
import json
import sys
from math import exp, inf, log

import numpy as np
import pytest

from losscli import evaluate
from losscli.cli import main
from losscli.errors import LosscliError
from losscli.roles import tokens
from losscli.stats import Sum

ANSWERS = [
    [[-0.5, -1.25, -0.125], [-2.0]],
    [[-0.75, -0.1]],
    [[-3.5, -0.25, -0.0, -1.0], []],
    [[-0.3]],
]
"""The log-probabilities of the choices of each answer."""

SEQUENCES = [one for choices in ANSWERS for one in choices]
TEXT = "ä€x"  # 6 bytes
CHAT = "choices.*.logprobs.content.*.logprob"
ECHO = "choices.*.logprobs.token_logprobs"


def chat(choices):
    """As a chat completion of OpenAI has them."""
    return {
        "object": "chat.completion",
        "choices": [
            {
                "index": at,
                "message": {"role": "assistant", "content": TEXT},
                "logprobs": {
                    "content": [
                        {"token": "a", "logprob": one, "bytes": [97], "top_logprobs": []}
                        for one in values
                    ]
                },
            }
            for at, values in enumerate(choices)
        ],
    }


def echo(choices):
    """As a completion with its prompt has them: nothing is before the first token."""
    held = [{"text": "…", "logprobs": {"token_logprobs": [None, *values]}} for values in choices]
    return {"object": "text_completion", "choices": held}


def generation(values):
    """As Text Generation Inference has them, with the prompt."""
    parts = [{"id": at, "text": "a", "logprob": one} for at, one in enumerate([None, *values])]
    return {"generated_text": "…", "details": {"prefill": parts, "tokens": parts[1:]}}


def lines(path, items):
    path.write_text("".join(json.dumps(one) + "\n" for one in items))
    return path


def told(capsys):
    return json.loads(capsys.readouterr().out)


def run(*words):
    with pytest.raises(SystemExit) as ended:
        main([*map(str, words)])
    return ended.value.code


def means(sequences):
    """Over tokens, over sequences, and of the sums of sequences."""
    filled = [one for one in sequences if one]
    flat = [-one for values in filled for one in values]
    own = [-sum(one) / len(one) for one in filled]
    return sum(flat) / len(flat), sum(own) / len(own), sum(flat) / len(filled)


def check(result, sequences=SEQUENCES):
    token, sequence, whole = means(sequences)
    assert result.value == pytest.approx(token, rel=1e-14)
    assert result.metrics["sequence_mean"] == pytest.approx(sequence, rel=1e-14)
    assert result.metrics["sequence_sum"] == pytest.approx(whole, rel=1e-14)
    assert result.metrics["perplexity"] == pytest.approx(exp(token), rel=1e-14)
    assert result.metrics["bits"] == pytest.approx(token / log(2), rel=1e-14)


@pytest.mark.parametrize("shape", ["lines", "items", "gzip", "shards"])
@pytest.mark.parametrize(("make", "key"), [(chat, CHAT), (echo, ECHO)])
def test_answers_of_servers(tmp_path, shape, make, key):
    path = lines(tmp_path / "r.jsonl", map(make, ANSWERS))
    word = f"{path}:{key}"
    if shape == "items":
        (tmp_path / "r.json").write_text(json.dumps([*map(make, ANSWERS)]))
        word = f"{tmp_path / 'r.json'}:*.{key}"
    if shape == "gzip":
        (tmp_path / "r.jsonl.gz").write_bytes(gzip.compress(path.read_bytes()))
        word = f"{path}.gz:{key}"
    if shape == "shards":
        lines(tmp_path / "s-1.jsonl", map(make, ANSWERS[:2]))
        lines(tmp_path / "s-2.jsonl", map(make, ANSWERS[2:]))
        word = f"{tmp_path / 's-*.jsonl'}:{key}"
    result = evaluate("nll", token_log_probs=word)
    check(result)
    assert {one.code for one in result.notes} == {"empty-sequence"} | (
        {"first-token"} if make is echo else set()
    )


def test_a_single_answer(tmp_path):
    path = tmp_path / "one.json"
    path.write_text(json.dumps(chat(ANSWERS[0])))
    check(evaluate("nll", token_log_probs=f"{path}:{CHAT}"), ANSWERS[0])


def test_prompts_and_tokens(tmp_path):
    path = lines(tmp_path / "g.jsonl", map(generation, SEQUENCES))
    check(evaluate("nll", token_log_probs=f"{path}:details.tokens.*.logprob"))
    check(evaluate("nll", token_log_probs=f"{path}:details.prefill.*.logprob"))


def test_lists_in_lines_and_columns(tmp_path):
    path = lines(tmp_path / "l.jsonl", [{"log_probs": one} for one in SEQUENCES])
    check(evaluate("nll", token_log_probs=f"{path}:log_probs"))
    check(evaluate("nll", token_log_probs=str(lines(tmp_path / "b.jsonl", SEQUENCES))))
    check(evaluate("nll", token_log_probs=SEQUENCES))
    check(evaluate("nll", token_log_probs=[np.array(one) for one in SEQUENCES]))
    check(evaluate("nll", token_log_probs=json.dumps(SEQUENCES)))


def test_columns_of_parquet(tmp_path):
    pa, pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    path = tmp_path / "p.parquet"
    table = pa.table({"lp": [[None, *one] for one in SEQUENCES], "text": [TEXT] * len(SEQUENCES)})
    pq.write_table(table, path, row_group_size=2)
    result = evaluate("nll", token_log_probs=f"{path}:lp", bytes=f"{path}:text")
    check(result)
    size = len(SEQUENCES) * len(TEXT.encode())
    expected = -sum(map(sum, SEQUENCES)) / log(2) / size
    assert result.metrics["bits_per_byte"] == pytest.approx(expected, rel=1e-14)


def test_arrays_are_sequences_of_one_length(tmp_path):
    values = -np.arange(1, 7, dtype=np.float32).reshape(2, 3) / 7
    np.save(tmp_path / "a.npy", values)
    result = evaluate("nll", token_log_probs=str(tmp_path / "a.npy"), mask=[[1, 1, 0], [0, 1, 1]])
    kept = [[*map(float, values[0, :2])], [*map(float, values[1, 1:])]]
    check(result, kept)
    assert result.elements.dtype == np.float32


def test_a_pipe(tmp_path, capsys, monkeypatch):
    text = lines(tmp_path / "r.jsonl", map(chat, ANSWERS)).read_bytes()
    stdin = io.TextIOWrapper(io.BytesIO(text))
    monkeypatch.setattr(sys, "stdin", stdin)
    assert run("nll", "--token-log-probs", f"-:{CHAT}", "--input-format", "jsonl", "--json") == 0
    assert told(capsys)["value"] == pytest.approx(means(SEQUENCES)[0], rel=1e-14)


def test_bits_per_byte(tmp_path):
    path = lines(tmp_path / "r.jsonl", map(chat, ANSWERS))
    word, bits = f"{path}:{CHAT}", -sum(map(sum, SEQUENCES)) / log(2)
    texts = evaluate("nll", token_log_probs=word, bytes=f"{path}:choices.*.message.content")
    assert texts.metrics["bits_per_byte"] == pytest.approx(bits / 36, rel=1e-14)
    total = evaluate("nll", token_log_probs=word, bytes=100)
    assert total.metrics["bits_per_byte"] == pytest.approx(bits / 100, rel=1e-14)
    each = evaluate("nll", token_log_probs=word, bytes=[1, 2, 3, 4, 5, 6], limit=2)
    assert each.metrics["bits_per_byte"] == pytest.approx(3.875 / log(2) / 3, rel=1e-14)


def test_reductions():
    given = {"token_log_probs": SEQUENCES}
    total, filled = -sum(map(sum, SEQUENCES)), sum(map(bool, SEQUENCES))
    summed = evaluate("nll", **given, reduction="sum").value
    assert summed == pytest.approx(total, rel=1e-14)
    batch = evaluate("nll", **given, reduction="batchmean")
    assert (batch.value, batch.denominator) == (pytest.approx(total / filled, rel=1e-14), filled)
    each = evaluate("nll", **given, reduction="none").elements
    assert each.tolist() == [-one for values in SEQUENCES for one in values]


def test_sample_weights_are_of_tokens():
    result = evaluate("nll", token_log_probs=[[-1.0, -2.0], [-3.0]], sample_weight=[1, 3, 2])
    assert result.value == pytest.approx((1 + 6 + 6) / 6)
    assert result.metrics["sequence_mean"] == pytest.approx((7 / 4 + 3) / 2)


def test_sequences_that_leaves_cut(monkeypatch):
    rng = np.random.default_rng(3)
    lengths = rng.integers(0, 400, 60)
    sequences = [(-rng.exponential(size=one)).tolist() for one in lengths]
    whole = evaluate("nll", token_log_probs=sequences)
    check(whole, sequences)
    monkeypatch.setattr("losscli.plan.LEAF", 128)
    parts = evaluate("nll", token_log_probs=sequences, threads=3)
    assert parts.value == whole.value
    assert parts.metrics == whole.metrics


def test_exact_sums():
    values = np.random.default_rng(1).normal(size=50) * 10.0 ** np.arange(-25, 25)
    assert tokens.exact(values.tolist()) == Sum.joined(map(Sum.of, values.tolist()))


def test_the_worst_are_told_by_sequence_and_token(tmp_path):
    path = lines(tmp_path / "r.jsonl", map(echo, ANSWERS))
    worst = evaluate("nll", token_log_probs=f"{path}:{ECHO}", worst=2).worst
    assert [one.cells for one in worst] == [
        ["-3.5000", "line 3, sequence 1", "2"],
        ["-2.0000", "line 1, sequence 2", "2"],
    ]


@pytest.mark.parametrize(
    ("value", "code"), [(-9999.0, "floor"), (-inf, "impossible"), (float(-(2.0**127)), "floor")]
)
def test_what_servers_write_for_none(value, code):
    result = evaluate("nll", token_log_probs=[[-1.0], [-2.0, value]])
    assert code in {one.code for one in result.warnings}
    message = next(one.message for one in result.warnings if one.code == code)
    assert "sequence 2, token 2" in message


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"token_log_probs": [[-1.0, None], [-2.0]]}, "value 2 of 2 is null"),
        ({"token_log_probs": [[-1.0], [-2.0, 0.25]]}, "sequence 2, token 2: 0.25 is no log-prob"),
        ({"token_log_probs": [[-1.0], [-2.0, float("nan")]]}, "sequence 2, token 2: NaN"),
        ({"token_log_probs": [[], []]}, "nothing to average"),
        ({"token_log_probs": [[-1.0]], "target": [0]}, "--target has no meaning here"),
        (
            {"target": [0]},
            "--log-probs or --token-log-probs alone or with --bytes",
        ),
        ({"token_log_probs": [[-1.0]], "weight": [1, 2]}, "--weight has no meaning here"),
        ({"token_log_probs": [[-1.0]], "shift": 1}, "--shift has no meaning here"),
        ({"token_log_probs": [[-1.0]], "top_k": 2}, "--top-k has no meaning here"),
        ({"token_log_probs": [[-1.0]], "where": "a=1"}, "--where has no meaning here"),
        ({"token_log_probs": [[-1.0]], "bytes": [1, 2]}, "2 sizes"),
        ({"token_log_probs": [[-1.0]], "bytes": 0}, "above 0"),
        ({"token_log_probs": [[-1.0], [-2.0]], "bytes": 9, "limit": 1}, "--limit"),
    ],
)
def test_refusals(given, message):
    with pytest.raises(LosscliError) as refused:
        evaluate("nll", **given)
    assert message in refused.value.message


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"lp": [-1.0, -2.0, None]}, "line 3: value 3 of 3 is null"),
        ({"lp": None}, "line 3: is no list"),
        ({"error": "busy"}, "line 3: there is no 'lp'"),
        ({"lp": [-1.0, "x"]}, "line 3: value 2: 'x' is not a number"),
        ({"lp": [-1.0, True]}, "line 3: value 2: true is not a number"),
    ],
)
def test_broken_lines(tmp_path, line, message):
    path = lines(tmp_path / "l.jsonl", [{"lp": [-1.0]}, {"lp": [-1.0, -2.0]}, line])
    with pytest.raises(LosscliError) as refused:
        evaluate("nll", token_log_probs=f"{path}:lp")
    assert message in refused.value.message


def test_other_nulls_are_left_out_on_request(tmp_path):
    path = lines(tmp_path / "l.jsonl", [{"lp": [None, -1.0, None]}, {"lp": [-2.0, -4.0]}])
    result = evaluate("nll", token_log_probs=f"{path}:lp", missing="omit")
    check(result, [[-1.0], [-2.0, -4.0]])
