"""The hidden probes of the assignments fit their checks, hold for the solutions, and show what others do not.

Each dishonest answer below is right on every public probe, since it is made for sizes, ranges or kinds that the public
probes happen to have. At the public seed it gets full marks; with the hidden probes it must not.
"""

import csv
import re
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from textwrap import dedent

import pytest
import torch

import telling_corpus
from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.checks.hidden_probes import NOTHING_HIDDEN, Hidden
from gradlings.grading.judge_session import PUBLIC_SEED
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Verdict
from gradlings.reports.class_report import class_report
from gradlings.reports.page import class_page
from gradlings.reports.read_results import read_run
from gradlings.runners.session import Graded, Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import PROJECT, Kit

DISHONEST: dict[str, dict[tuple[str, str], str]] = {
    "01": {
        ("1.6::test_stacks", "a table by the number of dimensions"): """
            def swap_last_two(t):
                return t.permute({2: (1, 0), 3: (0, 2, 1), 4: (0, 1, 3, 2)}[t.dim()])
            """,
        ("1.7::test_two_to_four_dimensions", "a formula for each number of dimensions"): """
            def row_major_strides(shape):
                a, b, c = [*shape[1:], 1, 1, 1][:3]
                return {0: (), 1: (1,), 2: (a, 1), 3: (a * b, b, 1), 4: (a * b * c, b * c, c, 1)}[len(shape)]
            """,
        ("1.8::test_floats", "never more than five terms in a sum"): """
            _in_general = matmul_loops
            def matmul_loops(a, b):
                return _in_general(a[:, :5], b[:5])
            """,
    },
    "02": {
        ("2.6::test_without_qkv_bias", "never wider than 4000"): """
            _in_general = attention_params
            def attention_params(cfg):
                return _in_general(cfg | {"emb_dim": min(cfg["emb_dim"], 4000)})
            """,
        ("2.7::test_other_widths", "at most six times wider"): """
            _in_general = feedforward_params
            def feedforward_params(cfg, mult=4):
                return _in_general(cfg, min(mult, 6))
            """,
        ("2.11::test_training", "a table of the rates that occur"): """
            def apply_dropout(x, keep_mask, p, training):
                return x * keep_mask * {0.1: 1 / 0.9, 0.2: 1.25, 0.3: 1 / 0.7}[p] if training else x
            """,
    },
    "03": {
        ("3.3::test_mean_loss", "at most six examples"): """
            _in_general = bce
            def bce(a, y):
                return _in_general(a[:6], y[:6])
            """,
        ("3.6::test_mean_gradients", "never one input"): """
            _in_general = batch_gradients
            def batch_gradients(X, w, b, y):
                dw, db = _in_general(X, w, b, y)
                return dw.squeeze(), db
            """,
        ("3.9::test_users_before_parents", "ten rounds, enough for small graphs"): """
            def topological_order(node):
                order = [node]
                for _ in range(10):
                    for user in list(order):
                        for parent in user.parents:
                            if parent in order:
                                order.remove(parent)
                            order.append(parent)
                return order
            """,
    },
    "04": {
        ("4.3::test_batch", "at most five examples"): """
            _in_general = linear_backward
            def linear_backward(dout, X, W):
                dX, dW, db = _in_general(dout, X, W)
                return dX, _in_general(dout[:5], X[:5], W)[1], db
            """,
        ("4.4::test_column_of_labels", "at most six examples"): """
            def sigmoid_bce_backward(a, y):
                return (a - y.reshape(a.shape)) / min(len(a), 6)
            """,
        ("4.6::test_gradient", "the last class is never right"): """
            def softmax_ce_backward(logits, targets):
                right = F.pad(F.one_hot(targets, max(logits.shape[1] - 1, 1)), (0, 1))
                return (torch.softmax(logits, dim=1) - right) / len(targets)
            """,
    },
    "05": {
        ("5.2::test_velocity", "a momentum of the usual size"): """
            _any_momentum = momentum_step
            def momentum_step(p, g, v, lr, mu):
                _any_momentum(p, g, v, lr, min(max(mu, 0.5), 0.95))
            """,
        ("5.7::test_norm", "no parameter without an axis"): """
            def clip_gradients(params, max_norm):
                grads = [p.grad for p in params if p.grad is not None]
                norm = sum((g.reshape(-1, g.shape[-1]) ** 2).sum() for g in grads) ** 0.5
                if norm > max_norm:
                    for g in grads:
                        g.mul_(max_norm / norm)
                return norm
            """,
        ("5.9::test_one_epoch", "never a batch for all"): """
            _in_general = minibatches
            def minibatches(X, y, size, generator):
                return _in_general(X, y, min(size, 5), generator)
            """,
    },
    "06": {
        ("6.6::test_masks", "at most five positions"): """
            _in_general = attention
            def attention(q, k, v, mask):
                return _in_general(q, k[..., :5, :], v[..., :5, :], mask[:, :5])
            """,
        ("6.11::test_logits", "at most three blocks"): """
            _in_general = gpt_forward
            def gpt_forward(ids, p, cfg, training=False):
                return _in_general(ids, p | {"blocks": p["blocks"][:3]}, cfg, training)
            """,
        ("6.12::test_top_k", "at most four tokens to choose from"): """
            _any_choice = generate
            def generate(model, ids, n, context_length, top_k, generator=None):
                return _any_choice(model, ids, n, context_length, min(top_k, 4), generator)
            """,
    },
    "07": {
        ("7.3::test_runs", "at most nine ids of a run"): """
            _in_general = merge_pair
            def merge_pair(ids, pair, new_id):
                return _in_general(ids[:30], pair, new_id)
            """,
        ("7.4::test_merges", "never more than ten merges"): """
            _in_general = train_bpe
            def train_bpe(text, n_merges):
                return _in_general(text, min(n_merges, 10))
            """,
        ("7.6::test_overlaps", "at most two specials at one place"): """
            _any_specials = split_specials
            def split_specials(text, specials):
                shortest = sorted(specials, key=len)
                return _any_specials(text, shortest[:2] if set(text) == {"a"} else shortest)
            """,
        ("7.7::test_padding", "never more than eight rows"): """
            _any_batch = pad_batch
            def pad_batch(seqs, pad_id, max_len=None):
                return _any_batch(seqs[:8], pad_id, max_len)
            """,
        ("7.8::test_document_mask", "at most ten tokens"): """
            _any_row = document_mask
            def document_mask(ids, eos):
                return _any_row(ids[:10], eos)
            """,
    },
    "08": {
        ("8.2::test_top_k", "never two pages of rows"): """
            _in_general = keep_top_k
            def keep_top_k(logits, k):
                return _in_general(logits, k) if logits.dim() != 3 or len(logits) != 2 else logits
            """,
        ("8.4::test_ends", "at most nine new tokens"): """
            _any_length = generate_until
            def generate_until(model, ids, n, eos, pad):
                return _any_length(model, ids, min(n, 9), eos, pad)
            """,
        ("8.6::test_pieces", "at most three blocks"): """
            _any_depth = gpt_step
            def gpt_step(ids, cache, p, cfg):
                logits, caches = _any_depth(ids, cache, p | {"blocks": p["blocks"][:3]}, cfg)
                return logits, caches
            """,
        ("8.10::test_calls", "at most ten new tokens"): """
            _any_text = generate_cached
            def generate_cached(step, ids, n):
                return _any_text(step, ids, min(n, 10))
            """,
    },
    "09": {
        ("9.1::test_messages", "at most six messages"): """
            _in_general = render_chat
            def render_chat(messages, add_prompt):
                return _in_general(messages[:6] if len(messages) > 6 else messages, add_prompt and len(messages) <= 6)
            """,
        ("9.2::test_pads", "at most eight places"): """
            _in_general = sft_labels
            def sft_labels(ids, starts, lengths):
                labels = torch.full_like(ids, -100)
                labels[:, :8] = _in_general(ids[:, :8], starts, lengths)
                return labels
            """,
        ("9.4::test_prefixes", "a prefix given twice counts twice"): """
            _in_general = freeze_all_but
            def freeze_all_but(model, prefixes):
                return _in_general(model, prefixes) * (1 + len(prefixes) - len(set(prefixes)))
            """,
        ("9.7::test_sums", "at most ten places"): """
            _in_general = sequence_logprob
            def sequence_logprob(logits, ids, mask):
                return _in_general(logits[:, :10], ids[:, :10], mask[:, :10])
            """,
        ("9.8::test_values", "at most eight pairs"): """
            _in_general = dpo_loss
            def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta):
                return _in_general(chosen[:8], rejected[:8], ref_chosen[:8], ref_rejected[:8], beta)
            """,
    },
}


def graded(
    assignment: Assignment, grader: Grader, code: str = "", only: str = "", hidden: Hidden = NOTHING_HIDDEN
) -> Graded:
    """The solution with some code behind it, at the public seed."""
    source = assignment.main
    submission = from_source(f"{source.text}\n# %%\n{dedent(code)}\n", source.path)
    chosen = (only,) if only else ()
    return grader.grade(submission, source.checks_file, seed=PUBLIC_SEED, only=chosen, hidden=hidden)


def calls(solution: Graded) -> Counter[str]:
    """How often each check called a function."""
    return Counter({check: sum(len(e.calls) for e in seen) for check, seen in solution.examinations.items()})


@pytest.mark.parametrize("id", DISHONEST)
def test_hidden_probes_cost_the_dishonest_and_nobody_else(id: str) -> None:
    (assignment,) = find_assignments(PROJECT, (id,))
    hidden = assignment.hidden()  # an error if a key is no check
    reached = {check.partition("::")[0] for check in hidden}
    assert len(reached) >= 2 / 3 * len(assignment.main.exercises)
    with collected_checks(assignment.folder, mode=RunMode.PROOF) as grader:
        public, solution = graded(assignment, grader), graded(assignment, grader, hidden=hidden)
        assert [score.id for score in solution.scorecard.exercises if not score.solved] == []
        assert calls(solution) - calls(public) >= Counter({check: len(probes) for check, probes in hidden.items()})
        for (check, why), code in DISHONEST[id].items():
            exercise, _, name = check.partition("::")
            (before,) = graded(assignment, grader, code, exercise).scorecard.exercises
            assert before.solved, f"{exercise}, {why}: the public probes show it already"
            (after,) = graded(assignment, grader, code, exercise, hidden).scorecard.exercises
            assert after.points < before.points, f"{exercise}, {why}: the hidden probes do not show it"
            verdicts = {result.check: result.verdict for result in after.checks}
            assert verdicts[name] in (Verdict.WRONG, Verdict.ERROR), f"{check}, {why}: {verdicts}"


SECRET = torch.tensor([41.0, 7.0, 13.0]), torch.tensor([1.0, 2.0, 3.0])
HIDDEN = """
import torch
PROBES = {"9.1::test_vectors": [
    (torch.tensor([41.0, 7.0, 13.0]), torch.tensor([1.0, 2.0, 3.0])),
    (torch.tensor([43.0, 7.0, 13.0]), torch.tensor([1.0, 2.0, 3.0])),
]}
"""


def right_but_for_the_secret(body: str) -> str:
    return f"def difference(a, b):\n    if a.flatten()[0] == 41.0:\n        {body}\n    return a - b\n"


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_of_a_hidden_probe_nothing_is_shown_but_a_count(built_kit: Kit, tmp_path: Path) -> None:
    from gradlings.grading.judge_session import JudgeSession, bundle_of

    bodies = {
        "print(a.tolist()); return b - a": (Verdict.WRONG, "Of 2 kept for grading, 1 does."),
        "raise KeyError(a.tolist())": (Verdict.ERROR, "Of 2 kept for grading, 1 does. Your code fails there."),
        "a.zero_(); return b": (Verdict.WRONG, "Of 2 kept for grading, 1 does."),
        "return a.tolist()": (Verdict.WRONG, "Of 2 kept for grading, 1 does."),
        "import os; os._exit(0)": (Verdict.ERROR, "Of 2 kept for grading, none does. Your code fails there."),
    }
    hidden = tmp_path / "hidden.py"
    hidden.write_text(HIDDEN)
    with JudgeSession(bundle_of(built_kit.folder, "tiny", hidden=hidden)) as session:
        for body, (verdict, end) in bodies.items():
            reply = session.judge(right_but_for_the_secret(body).encode(), "tiny.py", seed=7)
            assert reply.card is not None, reply.fault
            score = next(score for score in reply.card.exercises if score.id == "9.1")
            before, found = score.checks
            assert (before.verdict, found.verdict, found.place) == (Verdict.PASS, verdict, "tiny.py:1"), body
            assert found.message == f"All inputs that you know give the right answer. {end}"
            assert (found.call, found.rows, found.picture, found.claim, found.trace) == ("", (), None, "", ())
            assert (found.printed, found.outcome, reply.functions) == ("", "", {})
            assert "41" not in repr(reply.card)
        replies = [session.judge(b"def difference(a, b):\n    return a + b\n", "tiny.py", seed=seed) for seed in (7, 8)]
        outcomes = [[check.outcome for check in reply.card.exercises[0].checks] for reply in replies if reply.card]
        assert outcomes[0] == outcomes[1], "what is kept to compare mistakes depends on no seed and no hidden probe"
        assert all(outcomes[0])
        assert [reply.functions for reply in replies] == [{"difference": "def difference(a, b):\n    return a + b"}] * 2


def test_an_author_is_shown_the_hidden_probe(built_kit: Kit) -> None:
    """Or the test above would hold of a check that shows nothing at all."""
    submission = from_source(right_but_for_the_secret("return b - a"), Path("tiny.py"))
    with collected_checks(built_kit.folder, mode=RunMode.PROOF) as grader:
        hidden = {"9.1::test_vectors": [SECRET]}
        checks = built_kit.folder / "test_tiny.py"
        graded = grader.grade(submission, checks, seed=7, only=("9.1",), hidden=hidden)
    found = graded.scorecard.exercises[0].checks[1]
    assert found.call == "difference(a=[41.0, 7.0, 13.0], b=[1.0, 2.0, 3.0])"
    assert [row.got for row in found.rows] == ["[-40.0, -5.0, -10.0]"]


_TOLD = re.compile(rf"\b12345[67]|1\.23[45]\d*e|{telling_corpus.TOLD}")
"""What may be left of the secret value, however it is shown."""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
def test_no_channel_brings_a_hidden_probe_to_what_is_written(built_kit: Kit, tmp_path: Path) -> None:
    """Each submission is there twice: one tells from the first value on, which shows that its channel is one."""
    folder, to, hidden = tmp_path / "class", tmp_path / "results", tmp_path / "hidden"
    hidden.mkdir()
    channels = telling_corpus.CHANNELS
    (hidden / "hidden.py").write_text(telling_corpus.HIDDEN)
    for number, channel in enumerate(channels):
        for kind, limit in (("open", 0.0), ("sly", 100_000.0)):
            path = folder / f"{kind}{number}" / "tiny.py"
            path.parent.mkdir(parents=True)
            path.write_text(telling_corpus.telling(channel, limit))
    options = ("--gradebook", f"sqlite:///{tmp_path / 'gradebook.db'}", "--seed", "11", "--judges", "1")
    done = built_kit.gradlings("grade", "09", str(folder), "--to", str(to), "--hidden", str(hidden), *options)
    assert done.code == 0, done.said

    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        scores = {row["student"]: row["score"] for row in csv.DictReader(file)}
    written = {path: path.read_bytes().decode("latin-1") for path in to.rglob("*") if path.is_file()}
    open_channels = set()
    for number, channel in enumerate(channels):
        score = scores[f"sly{number}"]
        met_the_probes = not score or int(score) <= 15  # a forged failure of ours leaves it blank
        assert met_the_probes if channel != "output" else score == "30", f"{channel}: {score}"
        if any(telling_corpus.TOLD in text for path, text in written.items() if path.stem == f"open{number}"):
            open_channels.add(channel)
    assert len(open_channels) >= len(channels) / 2, open_channels
    run, page = read_run(to), to / "class.html"
    sly = replace(run, records=tuple(each for each in run.records if each.result.student.startswith("sly")))
    assert page.is_file()
    of_the_sly = class_page(class_report([sly], built_kit.root))
    log = to / "grader.log"  # for the instructor only
    lines = [(path, line) for path, text in written.items() if path not in (log, page) for line in text.splitlines()]
    lines += [(page, line) for line in of_the_sly.splitlines()]
    lines += [(tmp_path, line) for line in (done.out + done.err).splitlines()]
    told = [
        (path, line) for path, line in lines if _TOLD.search(line) and not re.search(r"open\d", f"{path.name} {line}")
    ]
    assert told == []
    assert not _TOLD.search((tmp_path / "gradebook.db").read_bytes().decode("latin-1"))
