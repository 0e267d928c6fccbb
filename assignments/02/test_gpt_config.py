"""Checks of assignment 02: a GPT config is read and checked, and its parameters are counted.

Expected counts come from modules on the meta device: layers that have shapes but no memory.
"""

from functools import cache
from math import nan

import torch
from torch import nn
from torch.nn import functional as F

from gradlings import agree, exercise, floats, leave_picture
from gradlings.checks.behavior.gradients import gradients_agree

KEYS = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers", "drop_rate", "qkv_bias")


def config(vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate=0.1, qkv_bias=False):
    values = (vocab_size, context_length, emb_dim, n_heads, n_layers, drop_rate, qkv_bias)
    return dict(zip(KEYS, values, strict=True))


# Small configs whose components all have different sizes, so that each forgotten one leaves its own gap.
TINY = config(11, 5, 6, 2, 3)
WIDE = dict(reversed(config(17, 23, 12, 3, 2, qkv_bias=True).items()))  # a setting is known by its name
LONG = config(29, 71, 10, 5, 4, drop_rate=0.0)

SMALL = config(50257, 1024, 768, 12, 12)  # the chapter's
MEDIUM = config(50257, 1024, 1024, 16, 24)
LARGE = config(50257, 1024, 1280, 20, 36)
XL = config(50257, 1024, 1600, 25, 48)


def any_config(rng):
    n_heads, head_size = rng.sizes(2, 6, 2)
    vocab_size, context_length = rng.sizes(40, 99, 2)
    qkv_bias = rng.choice((True, False))
    return config(
        vocab_size,
        context_length,
        n_heads * head_size,
        n_heads,
        rng.size(2, 5),
        rng.choice((0.0, 0.1)),
        qkv_bias,
    )


# Probes of 2.1 and 2.2 are written together with their answers: the answer to a question, by its repr.
ANSWERS = {}


def known(question, answer):
    """A probe and what it must give: a value, or ValueError where that must be raised."""
    ANSWERS[repr(question)] = answer
    return (question,)


def answer_to(question):
    answer = ANSWERS[repr(question)]
    if answer is ValueError:
        raise ValueError("a value without quotes that is neither a number nor True or False")
    return answer


# 2.1

CHAPTER_LISTING = """\
GPT_CONFIG_124M = {
"vocab_size": 50257,  // Vocabulary size of the BPE tokenizer
"context_length": 1024, // Context length
"emb_dim": 768,       // Embedding dimension
"n_heads": 12,        // Number of attention heads
"n_layers": 12,       // Number of layers
"drop_rate": 0.1,     // Dropout rate: 10%
"qkv_bias": False     // Query-Key-Value bias
}
"""

MISLEADING_COMMENTS = """\
MODEL = {
"padding_id": -1, // a "negative" number, {not a typo}: see below
// "emb_dim": 9,

    "learning_rate": 6e-4, // 0.0006
"scale": 2.0,
"epsilon": 1e-5,
"emb_dim": 8//tight
// "n_heads": 4,
}
"""

MISLEADING_STRINGS = """\
MODEL = {
"source": "https://example.org/gpt2, v1", // "where" from
"tied": "True",
"note": "",
"folder": "C:\\models\\new\\", // no escapes
"rate": "0.1"
}
"""


def listing_of(settings, rng):
    """Settings written as a listing, in one of several layouts."""
    indent = rng.choice(("", "    ", "\t"))
    lines = [f'{indent}"{key}": {value},' for key, value in settings.items()]
    if rng.choice((True, False)):
        lines[-1] = lines[-1].removesuffix(",")
    remarks = ("", " // Dropout rate: 10%", "  // one of 12, or more", " // True or False")
    body = "\n".join(line + rng.choice(remarks) for line in lines)
    name = rng.choice(("GPT_CONFIG_355M", "TINY", "MY_MODEL"))
    return f"{name} = {{\n{body}\n}}\n"


def a_listing(rng):
    settings = any_config(rng)
    return known(listing_of(settings, rng), settings)


def a_listing_with_strings(rng):
    texts = {
        "source": rng.choice(("https://example.org/a", "file://models/b", "// none")),
        "tied": rng.choice(("True", "False")),
        "version": rng.choice(("2", "0.1", "1e-5")),
    }
    settings = {key: texts[key] for key in rng.shuffled(list(texts))} | {"emb_dim": rng.size(2, 99)}
    quoted = {key: f'"{value}"' if key in texts else value for key, value in settings.items()}
    return known(listing_of(quoted, rng), settings)


def settings_in(text):
    return answer_to(text)


@exercise("2.1", "load_config", points=17, minutes=25, difficulty=2, forbids=("eval", "json"))
class TestLoadConfig:
    def test_the_chapters_listing(self, student, probes):
        """the chapter's listing, and others like it"""
        short = 'TINY = {\n"emb_dim": 8, // small\n"drop_rate": 0.1,\n"qkv_bias": True\n}\n'
        ladder = probes(
            [
                known(short, {"emb_dim": 8, "drop_rate": 0.1, "qkv_bias": True}),
                known(CHAPTER_LISTING, SMALL),
                known('TINY = {\n"drop_rate": 0.0, // none\n"emb_dim": 8\n}\n', {"drop_rate": 0.0, "emb_dim": 8}),
            ],
            random=a_listing,
        )
        agree(student.load_config, ladder, settings_in, exact_types=True)

    def test_what_looks_like_something_else(self, student, probes):
        """strings that look like comments, comments that look like entries, words that are no value"""
        source, folder = "https://example.org/gpt2, v1", "C:\\models\\new\\"
        strings = {"source": source, "tied": "True", "note": "", "folder": folder, "rate": "0.1"}
        numbers = {"padding_id": -1, "learning_rate": 6e-4, "scale": 2.0, "epsilon": 1e-5, "emb_dim": 8}
        ladder = probes(
            [
                known('MODEL = {\n"tied": "False"\n}\n', {"tied": "False"}),
                known('MODEL = {\n"qkv_bias": yes\n}\n', ValueError),
                known('MODEL = {\n"drop_rate": 1/2 // a half\n}\n', ValueError),
                known(MISLEADING_STRINGS, strings),
                known(MISLEADING_COMMENTS, numbers),
            ],
            random=a_listing_with_strings,
        )
        agree(student.load_config, ladder, settings_in, exact_types=True)


# 2.2

WRONG_SIZES = (0, -3, True, 12.0, "12", None)
WRONG_RATES = (10, 1.0, -0.1, nan, "0.1", True)
WRONG_FLAGS = (0, 1, "False", None)
WRONG_VALUES = dict.fromkeys(KEYS[:5], WRONG_SIZES) | {"drop_rate": WRONG_RATES, "qkv_bias": WRONG_FLAGS}


def changed(*offending, **changes):
    """The chapter's config with some settings changed (these stand first), and the keys that offend then."""
    return known(changes | SMALL | changes, list(offending))


def all_wrong(i):
    """A config in which every value is a wrong one, the i-th of its kind."""
    return changed(*KEYS, **{key: values[i % len(values)] for key, values in WRONG_VALUES.items()})


def without(*missing):
    """The chapter's config without some keys; each of these offends."""
    return known({key: SMALL[key] for key in KEYS if key not in missing}, list(missing))


def broken(rng, keys):
    """A sound config in which the given keys, and no others, are given wrong values."""
    cfg = any_config(rng)
    wrong = {key: rng.choice(WRONG_VALUES[key]) for key in keys}
    if "n_heads" in keys and "emb_dim" not in keys:
        wrong["n_heads"] = rng.choice((0, 2.0, cfg["emb_dim"] + 1, cfg["emb_dim"] - 1))
    return known(wrong | cfg | wrong, [key for key in KEYS if key in keys])


def one_wrong_size(rng):
    return broken(rng, rng.shuffled(KEYS[:5])[:1])


def one_wrong_rate_or_flag(rng):
    return broken(rng, [rng.choice(("drop_rate", "qkv_bias"))])


def several_wrong(rng):
    return broken(rng, rng.shuffled(KEYS)[: rng.size(2, 4)])


def offending_keys(cfg):
    return answer_to(cfg)


@exercise("2.2", "validate_config", points=14, minutes=20, difficulty=2, builds_on=("2.1",))
class TestValidateConfig:
    def test_sizes_and_heads(self, student, probes):
        """sizes are whole numbers of at least 1, and the heads share emb_dim evenly"""
        ladder = probes(
            [
                changed(),
                changed("n_heads", n_heads=10),
                changed("n_heads", n_heads=1536),
                changed(n_heads=1),
                changed("n_layers", n_layers=0),
                changed("n_layers", n_layers=0, drop_rate=0.0),
                changed("vocab_size", vocab_size=-50257),
                changed("n_layers", n_layers=True),
                changed("context_length", context_length=1024.0),
                changed("n_heads", n_heads=0),
                changed("emb_dim", emb_dim="768"),
            ],
            random=one_wrong_size,
        )
        agree(student.validate_config, ladder, offending_keys)

    def test_rate_and_flag(self, student, probes):
        """drop_rate is a share from 0 up to but not including 1, and qkv_bias is a bool"""
        ladder = probes(
            [
                changed(drop_rate=0.999),
                changed("drop_rate", drop_rate=10),
                changed("drop_rate", drop_rate=1.0),
                changed("drop_rate", drop_rate=-0.1),
                changed(drop_rate=0),
                changed("drop_rate", drop_rate=nan),
                changed("drop_rate", drop_rate=False),
                changed("drop_rate", drop_rate="0.1"),
                changed(qkv_bias=True),
                changed("qkv_bias", qkv_bias="False"),
                changed("qkv_bias", qkv_bias=0),
            ],
            random=one_wrong_rate_or_flag,
        )
        agree(student.validate_config, ladder, offending_keys)

    def test_everything_is_reported(self, student, probes):
        """several wrong keys at once, missing keys, keys that nobody asked for"""
        ladder = probes(
            [
                changed(name="GPT-2"),
                changed("n_heads", "drop_rate", n_heads=10, drop_rate=10),
                without("qkv_bias"),
                without("emb_dim", "n_heads"),
                changed("vocab_size", "emb_dim", "n_heads", vocab_size=0, emb_dim=0, n_heads=0),
                known({}, list(KEYS)),
                changed("vocab_size", "n_layers", vocab_size=0, n_layers=0, drop_rate=0.0),
                *(all_wrong(i) for i in range(len(WRONG_SIZES))),
            ],
            random=several_wrong,
        )
        agree(student.validate_config, ladder, offending_keys)


# 2.3 to 2.8: the oracle builds the modules on the meta device.


def size_of(module):
    """How many numbers a float32 module learns: its memory, at four bytes per number."""
    return sum(weight.nbytes for weight in module.parameters()) // 4


def linear_size(in_features, out_features, bias):
    return size_of(nn.Linear(in_features, out_features, bias, device="meta"))


def any_linear(rng):
    return *rng.sizes(2, 50, 2), rng.choice((True, False))


@exercise("2.3", "linear_params", points=4, minutes=5, difficulty=1, forbids="modules", seconds=2)
class TestLinearParams:
    def test_with_and_without_bias(self, student, probes):
        """weights, and biases where there are any, also of a layer with almost a billion outputs"""
        ladder = probes(
            [(3, 2, False), (3, 2, True), (2, 3, True), (1, 7, True), (768, 50257, False), (7, 999_999_937, True)],
            random=any_linear,
        )
        agree(student.linear_params, ladder, linear_size)


def table_of(n_rows, width):
    """An embedding; made from given weights, since drawing them costs time even where they take no memory."""
    return nn.Embedding.from_pretrained(torch.empty(n_rows, width, device="meta"), freeze=False)


def embeddings_of(cfg):
    D = cfg["emb_dim"]
    return nn.ModuleList([table_of(cfg["vocab_size"], D), table_of(cfg["context_length"], D)])


def embedding_size(cfg):
    return size_of(embeddings_of(cfg))


@exercise("2.4", "embedding_params", points=4, minutes=5, difficulty=1, forbids="modules")
class TestEmbeddingParams:
    def test_both_tables(self, student, probes):
        """a row for each token, and one for each position"""
        ladder = probes([(TINY,), (WIDE,), (LONG,), (SMALL,)], random=lambda rng: (any_config(rng),))
        agree(student.embedding_params, ladder, embedding_size)


def layernorm_size(emb_dim):
    return size_of(nn.LayerNorm(emb_dim, device="meta"))


@exercise("2.5", "layernorm_params", points=4, minutes=5, difficulty=1, forbids="modules")
class TestLayernormParams:
    def test_any_width(self, student, probes):
        """what one layer norm learns, also one that no memory would hold"""
        ladder = probes([(3,), (10,), (768,), (10**15,)], random=lambda rng: (rng.size(4, 2000),))
        agree(student.layernorm_params, ladder, layernorm_size)


def attention_of(cfg):
    D = cfg["emb_dim"]
    with torch.device("meta"):
        query, key, value = (nn.Linear(D, D, bias=cfg["qkv_bias"]) for _ in range(3))
        return nn.ModuleList([query, key, value, nn.Linear(D, D)])


def attention_size(cfg):
    return size_of(attention_of(cfg))


@exercise("2.6", "attention_params", points=12, minutes=15, difficulty=2, forbids="modules", builds_on=("2.3",))
class TestAttentionParams:
    def test_without_qkv_bias(self, student, probes):
        """query, key, value and output projection when qkv_bias is False"""
        ladder = probes([(TINY,), (LONG,), (SMALL,)], random=lambda rng: (any_config(rng) | {"qkv_bias": False},))
        agree(student.attention_params, ladder, attention_size)

    def test_both_values_of_qkv_bias(self, student, probes):
        """the same layer when qkv_bias is False and when it is True"""
        ladder = probes(
            [(TINY,), (TINY | {"qkv_bias": True},), (WIDE,), (SMALL | {"qkv_bias": True},), (SMALL,)],
            random=lambda rng: (any_config(rng),),
        )
        agree(student.attention_params, ladder, attention_size)


def feedforward_of(cfg, mult=4):
    D = cfg["emb_dim"]
    with torch.device("meta"):
        return nn.Sequential(nn.Linear(D, mult * D), nn.GELU(), nn.Linear(mult * D, D))


def feedforward_size(cfg, mult=4):
    return size_of(feedforward_of(cfg, mult))


@exercise("2.7", "feedforward_params", points=8, minutes=10, difficulty=1, forbids="modules", builds_on=("2.3",))
class TestFeedforwardParams:
    def test_four_times_wider(self, student, probes):
        """both layers, with a middle four times as wide"""
        ladder = probes([(TINY,), (WIDE,), (SMALL,)], random=lambda rng: (any_config(rng),))
        agree(student.feedforward_params, ladder, feedforward_size)

    def test_other_widths(self, student, probes):
        """both layers, with a middle of another width"""
        ladder = probes(
            [(TINY, 3), (WIDE, 5), (SMALL, 2)],
            random=lambda rng: (any_config(rng), rng.choice((2, 3, 5, 6))),
        )
        agree(student.feedforward_params, ladder, feedforward_size)


def gpt_of(cfg, tied):
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    with torch.device("meta"):
        blocks = [
            nn.ModuleList([nn.LayerNorm(D), attention_of(cfg), nn.LayerNorm(D), feedforward_of(cfg)])
            for _ in range(cfg["n_layers"])
        ]
        model = nn.ModuleList([embeddings_of(cfg), *blocks, nn.LayerNorm(D), nn.Linear(D, V, bias=False)])
    if tied:
        token_table, head = model[0][0], model[-1]
        head.weight = token_table.weight
    return model


@cache
def built_size(items, tied):
    return size_of(gpt_of(dict(items), tied))


def gpt_size(cfg, tied=False):
    """Size of the built model; where that overflows torch's 64-bit counters, of the one extrapolated to its width.

    Everything in the model is a vector of emb_dim numbers or a matrix of emb_dim times emb_dim, but for the fixed
    number of rows in a table: the size is a quadratic in emb_dim, so three small models give it for every width.
    """
    D = cfg["emb_dim"]
    if D <= 10_000:
        return built_size(tuple(cfg.items()), tied)
    one, two, three = (gpt_size(cfg | {"emb_dim": width}, tied) for width in (1, 2, 3))
    return one + (D - 1) * (two - one) + (D - 1) * (D - 2) // 2 * (three - 2 * two + one)


# The sizes of the published models, by emb_dim, qkv_bias and whether the head is tied.
PUBLISHED = {
    (768, False, False): 163_009_536,
    (768, False, True): 124_412_160,
    (768, True, True): 124_439_808,  # OpenAI's GPT-2 small
    (1024, False, False): 406_212_608,
    (1024, False, True): 354_749_440,
    (1280, False, False): 838_220_800,
    (1280, False, True): 773_891_840,
    (1600, False, False): 1_637_792_000,
    (1600, False, True): 1_557_380_800,
}


def published_size(cfg, tied=False):
    size = gpt_size(cfg, tied)
    assert size == PUBLISHED.get((cfg["emb_dim"], cfg["qkv_bias"], tied), size)
    return size


def any_gpt(rng):
    return any_config(rng), rng.choice((True, False))


@exercise(
    "2.8",
    "gpt_params",
    points=16,
    minutes=20,
    difficulty=2,
    forbids="modules",
    builds_on=("2.3", "2.4", "2.5", "2.6", "2.7"),
)
class TestGptParams:
    def test_head_of_its_own(self, student, probes):
        """small models whose head has a matrix of its own"""
        ladder = probes([(TINY,), (WIDE,), (LONG, False)], random=lambda rng: (any_config(rng), False))
        agree(student.gpt_params, ladder, gpt_size)

    def test_tied_or_not(self, student, probes):
        """small models with a tied head, and with one of their own"""
        ladder = probes(
            [(TINY, True), (TINY, False), (WIDE, True), (WIDE, False), (LONG, True), (LONG, False)],
            random=any_gpt,
        )
        agree(student.gpt_params, ladder, gpt_size)

    def test_published_models(self, student, probes):
        """GPT-2 small to XL, OpenAI's own small one, and one with a billion dimensions"""
        ladder = probes(
            [
                (SMALL,),
                (SMALL, True),
                (SMALL | {"qkv_bias": True}, True),
                (MEDIUM, False),
                (MEDIUM, True),
                (LARGE, False),
                (LARGE, True),
                (XL, False),
                (XL, True),
                (SMALL | {"emb_dim": 1_000_000_000, "n_heads": 10}, False),
            ],
            random=any_gpt,
        )
        agree(student.gpt_params, ladder, published_size)


# 2.9: what the drivers' models hold, by arithmetic.


def tied_model_size(n_tokens, width, context, n_norms):
    layers = linear_size(width, n_tokens, False) + linear_size(width, width, True) + n_norms * layernorm_size(width)
    return layers + width  # the factors


def any_tied_model(rng):
    return *rng.sizes(3, 12, 3), rng.size(1, 3)


def partly_frozen_size(n_tokens, width, frozen, trainable_only):
    sizes = {"tokens": n_tokens * width, "mix.weight": width * width, "mix.bias": width}
    return sum(size for part, size in sizes.items() if not (trainable_only and part in frozen))


def any_partly_frozen_model(rng):
    frozen = rng.shuffled(("tokens", "mix.weight", "mix.bias"))[: rng.size(1, 2)]
    return *rng.sizes(3, 12, 2), frozen, rng.choice((True, False))


@exercise("2.9", "count_parameters", points=11, minutes=15, difficulty=2)
class TestCountParameters:
    def test_each_number_once(self, student, probes):
        """shared parameters once, equal ones separately, buffers not at all"""
        ladder = probes([(10, 4, 5, 0), (7, 3, 4, 2)], random=any_tied_model)
        agree(student.through("count_tied_model"), ladder, tied_model_size)

    def test_trainable_only(self, student, probes):
        """frozen parameters count unless only trainable ones are asked for"""
        ladder = probes(
            [
                (10, 4, ["mix.bias"], True),
                (10, 4, ["mix.bias"], False),
                (10, 4, ["tokens"], True),
                (5, 3, ["tokens", "mix.weight"], True),
                (5, 3, [], True),
            ],
            random=any_partly_frozen_model,
        )
        agree(student.through("count_partly_frozen_model"), ladder, partly_frozen_size)


# 2.10


def bytes_of(n, dtype):
    return torch.empty(n, dtype=dtype, device="meta").nbytes


def mebibytes_of(n, dtype):
    one_mebibyte = torch.empty(1024, 1024, dtype=torch.int8, device="meta")
    return bytes_of(n, dtype) / one_mebibyte.nbytes


def any_numbers(rng):
    dtypes = (
        torch.float64,
        torch.float32,
        torch.bfloat16,
        torch.float16,
        torch.int8,
        torch.int64,
        torch.bool,
    )
    return rng.size(1000, 10**9), rng.choice(dtypes)


@exercise("2.10", "model_bytes", "model_mebibytes", points=4, minutes=5, difficulty=1)
class TestModelBytes:
    def test_bytes(self, student, probes):
        """bytes for several dtypes"""
        ladder = probes(
            [
                (10, torch.float32),
                (10, torch.bfloat16),
                (10, torch.int8),
                (10, torch.float64),
                (163_009_536, torch.float32),
                *((10, dtype) for dtype in (torch.bool, torch.int16, torch.int32, torch.int64)),
                (2**53 + 1, torch.uint8),  # no float is exact here
            ],
            random=any_numbers,
        )
        agree(student.model_bytes, ladder, bytes_of)

    def test_mebibytes(self, student, probes):
        """mebibytes, with their fraction"""
        ladder = probes(
            [
                (1024 * 1024, torch.int8),
                (1000, torch.float32),
                (163_009_536, torch.float32),
                (163_009_536, torch.bfloat16),
                (163_009_536, torch.int8),
            ],
            random=any_numbers,
        )
        agree(student.model_mebibytes, ladder, mebibytes_of)


# 2.11


def dropout(x, keep_mask, p, training):
    """What torch makes of ones that survive its own dropout, applied with the given mask."""
    if not training:
        return F.dropout(x, p, training=False)
    survivor = F.dropout(torch.ones(1000, dtype=x.dtype, device=x.device), p, training=True).max()
    return x.masked_fill(~keep_mask, 0) * survivor


def masks(*values):
    return torch.tensor(values, dtype=torch.bool)


def in_training(rng):
    rows, columns = rng.sizes(2, 6, 2)
    n_dropped = rng.size(1, rows * columns // 2)
    kept = rng.shuffled([False] * n_dropped + [True] * (rows * columns - n_dropped))
    return rng.normal(rows, columns), masks(*kept).reshape(rows, columns), rng.choice((0.1, 0.2, 0.3)), True


def in_either_mode(rng):
    return *in_training(rng)[:3], rng.choice((True, False))


@exercise("2.11", "apply_dropout", points=6, minutes=10, difficulty=1, forbids="dropout")
class TestApplyDropout:
    def test_training(self, student, probes):
        """in training: zeros where dropped, survivors scaled; the gradient flows back through them"""
        matrix = floats([[1.0, -2.0, 3.0], [0.5, 4.0, -1.5]])
        ladder = probes(
            [
                (floats([9.0, 9.0, -18.0]), masks(True, False, True), 0.1, True),
                (matrix, masks([True, True, False], [False, True, True]), 0.1, True),
            ],
            random=in_training,
        )
        agree(student.apply_dropout, ladder, dropout, strided=True, requires_grad=True)
        ladder = probes([(matrix, masks([True, True, False], [False, True, True]), 0.1, True)])
        gradients_agree(student.through("dropout_and_gradients"), ladder, dropout)

    def test_both_modes(self, student, probes):
        """the same input in training and out of it"""
        x, mask = floats([9.0, 9.0, -18.0]), masks(True, False, True)
        ladder = probes([(x, mask, 0.1, False), (x, mask, 0.1, True)], random=in_either_mode)
        agree(student.apply_dropout, ladder, dropout)
        leave_picture(student)
