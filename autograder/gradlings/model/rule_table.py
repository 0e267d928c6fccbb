"""Every rule that `@exercise(forbids=...)` can name: the functions, methods and operators that it rules out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from gradlings.model.rules import Rule


def _rule(name: str, label: str, **fields: Any) -> Rule:
    """Return a rule; a set of names is given as one text, with white space between the names."""
    fields |= {field: frozenset(text.split()) for field, text in fields.items() if isinstance(text, str)}
    return Rule(name, label, **fields)


_LAYERS = ("nn/functional.py", "nn/modules/")

_RULES = (
    _rule(
        "autograd",
        "PyTorch's autograd (backward, torch.autograd.grad, torch.func)",
        words="""grad backward run_backward _engine_run_backward _execution_engine grad_and_value value_and_grad
            elementwise_grad vjp jvp hvp vhp jacobian hessian jacrev jacfwd linearize gradcheck gradgradcheck
            forward_ad dual_level enter_dual_level make_dual unpack_dual _make_dual _unpack_dual _enter_dual_level
            *grad_increment_nesting *jvp_increment_nesting enter_jvp_nesting GradientTape *_backward *_backward_data
            get_gradient_edge""",
        methods="backward run_backward grad_fn",
        wrapper_files=("",),
    ),
    _rule(
        "matmul",
        "ready-made matrix and dot products (the @ operator, matmul, einsum, nn.Linear and their relatives)",
        words="""matmul imatmul __matmul__ __imatmul__ __rmatmul__ mm bmm mv dot vdot inner outer ger addmm addmv addr
            addbmm baddbmm _addmm_activation _int_mm _scaled_mm einsum contract tensordot linear bilinear _trilinear
            chain_matmul multi_dot vecdot matvec vecmat kron matrix_power smm spmm dsmm hspmm sspaddmm saddmm _sparse_mm
            _sparse_addmm convolve correlate conv[123]d conv_transpose[123]d conv_tbc *convolution cdist
            embedding_bag _embedding_bag* scaled_dot_product_attention Linear LazyLinear Bilinear LazyBilinear
            *Conv[123]d *ConvTranspose[123]d EmbeddingBag MultiheadAttention Transformer*""",
        methods="""matmul mm bmm mv dot vdot inner outer ger addmm addmm_ addmv addmv_ addr addr_ addbmm addbmm_ baddbmm
            baddbmm_ smm sspaddmm matrix_power kron __matmul__ __rmatmul__ __imatmul__""",
        calls="numpy.*.matrix.__*mul__ numpy.*.matrix.__*pow__",
        wrapper_files=(*_LAYERS, "_linalg_utils.py"),
    ),
    _rule(
        "sigmoid",
        "a ready-made sigmoid (torch.sigmoid, expit, softmax, F.logsigmoid, nn.Sigmoid and their relatives)",
        words="""sigmoid sigmoid_ special_expit expit log_expit logsigmoid log_sigmoid log_sigmoid_forward silu silu_
            swish glu swiglu softplus softmax log_softmax _softmax _log_softmax _safe_softmax gumbel_softmax softmin
            special_softmax special_log_softmax scaled_dot_product_attention cross_entropy
            binary_cross_entropy_with_logits soft_margin_loss multilabel_soft_margin_loss
            Sigmoid LogSigmoid SiLU GLU Softplus Softmax* Softmin LogSoftmax *CrossEntropyLoss *WithLogitsLoss
            *SoftMarginLoss SigmoidTransform logistic Logistic* *Bernoulli MultiheadAttention""",
        methods="sigmoid sigmoid_ softmax log_softmax",
        wrapper_files=(*_LAYERS, "distributions/"),
    ),
    _rule(
        "softmax",
        "a ready-made softmax or logsumexp (torch.softmax, log_softmax, logsumexp, logaddexp, F.cross_entropy ...)",
        words="""softmax log_softmax _softmax _log_softmax _safe_softmax gumbel_softmax softmin special_softmax
            special_log_softmax *logsumexp logcumsumexp _logcumsumexp logaddexp* cross_entropy* linear_cross_entropy
            *scaled_dot_product* Softmax* Softmin LogSoftmax *CrossEntropyLoss AdaptiveLogSoftmaxWithLoss
            MultiheadAttention Categorical OneHotCategorical*""",
        methods="softmax log_softmax logsumexp logcumsumexp logaddexp logaddexp2",
        wrapper_files=(*_LAYERS, "distributions/"),
    ),
    _rule(
        "bce",
        "PyTorch's ready-made losses (F.binary_cross_entropy, nn.BCELoss and their relatives)",
        words="binary_cross_entropy* cross_entropy* kl_div nll_loss* *_loss *Loss *Bernoulli log_loss",
        wrapper_files=(*_LAYERS, "distributions/"),
    ),
    _rule(
        "tensor",
        "making a tensor or an array to read its dtype (torch.tensor, np.array ...), and result_type, which tells it",
        words="""tensor as_tensor asarray asanyarray ascontiguousarray array from_numpy frombuffer from_dlpack from_file
            fromiter fromfunction fromstring scalar_tensor sparse_*_tensor make_tensor zeros ones empty full *_like
            empty_strided empty_permuted arange range linspace logspace geomspace eye identity rand randn randint
            randperm normal tril_indices triu_indices complex polar cartesian_prod lift_fresh result_type promote_types
            can_cast min_scalar_type common_type find_common_type Tensor *Tensor ndarray *Storage Parameter""",
        methods="__new__ new new_tensor new_zeros new_ones new_empty new_empty_strided new_full",
        calls="numpy.shape numpy.*.shape numpy.*.ndim numpy.*.size numpy.*stack numpy.*concatenate numpy.*atleast_*",
    ),
    _rule(
        "broadcast",
        "ready-made broadcasting rules (torch.broadcast_shapes, expand, np.broadcast and their relatives)",
        words="broadcast broadcast_* _broadcast_shape* expand expand_as infer_size infer_size_shapes expand_copy",
        methods="expand expand_as broadcast_to",
        calls="torch.functional.broadcast_shapes",
    ),
    _rule("sum_to_size", "Tensor.sum_to_size", words="sum_to_size unbroadcast unbroadcast_f", methods="sum_to_size"),
    _rule("modules", "the layers of torch.nn", calls="torch.nn.modules.[!m]*.__init__"),
    _rule(
        "dropout",
        "PyTorch's dropout (F.dropout, nn.Dropout)",
        words="*dropout *dropout_ *Dropout *Dropout[123]d",
        wrapper_files=_LAYERS,
    ),
    _rule(
        "crossentropy",
        "PyTorch's ready-made cross-entropy (F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss)",
        words="""cross_entropy* linear_cross_entropy *nll_loss* kl_div CrossEntropyLoss NLLLoss* KLDivLoss
            AdaptiveLogSoftmaxWithLoss""",
        wrapper_files=_LAYERS,
    ),
    _rule(
        "attention",
        "ready-made attention (F.scaled_dot_product_attention, nn.MultiheadAttention, nn.Transformer)",
        words="""*scaled_dot_product* multi_head_attention_forward *_multi_head_attention flex_attention
            _transformer_encoder_layer_fwd MultiheadAttention Transformer*""",
        wrapper_files=_LAYERS,
    ),
    _rule(
        "layernorm",
        "ready-made normalization (F.layer_norm, nn.LayerNorm, F.group_norm, F.batch_norm and their relatives)",
        words="""*layer_norm* group_norm native_group_norm instance_norm *batch_norm* rms_norm LayerNorm RMSNorm
            GroupNorm *InstanceNorm* *BatchNorm*""",
        wrapper_files=_LAYERS,
    ),
    _rule("gelu", "a ready-made GELU (F.gelu, nn.GELU)", words="gelu gelu_ GELU", wrapper_files=_LAYERS),
    _rule(
        "optimizers",
        "PyTorch's ready-made optimizers and learning rate schedules (torch.optim)",
        calls="torch.optim.*",
    ),
    _rule(
        "clipping",
        "PyTorch's gradient clipping (torch.nn.utils.clip_grad_norm_ and its relatives)",
        words="clip_grad_* *clip_grads_* *get_total_norm",
        calls="torch.nn.utils.clip_grad.*",
    ),
    _rule(
        "dataloader",
        "PyTorch's own batches and splits (torch.utils.data: DataLoader, the samplers, random_split)",
        words="*DataLoader *Sampler random_split",
        calls="torch.utils.data.*DataLoader.__init__ torch.utils.data.*Sampler.__i*__",
    ),
    _rule(
        "tokenizers",
        "a ready-made tokenizer (tiktoken, tokenizers, sentencepiece, transformers)",
        calls="tiktoken.* tokenizers.* sentencepiece.* transformers.*",
    ),
    _rule(
        "eval",
        "having Python read text as code (eval, exec, compile, ast.literal_eval)",
        calls="""builtins.eval builtins.exec builtins.compile ast.literal_eval ast.parse typing.get_type_hints
            typing.ForwardRef.*evaluate inspect.get_annotations timeit.* code.* codeop.*""",
    ),
    _rule(
        "json",
        "a ready-made parser (json.loads and its relatives)",
        calls="""json.load* json.decoder.* json.JSONDecoder* yaml.*load* ruamel.yaml.* tomllib.*load* tomli.*load*
            toml.*load* json5.*load* orjson.loads ujson.load* simplejson.load* simplejson.decoder.* msgspec.*.decode
            hjson.*load* demjson*.decode""",
    ),
    _rule(
        "gradcheck",
        "torch.autograd.gradcheck",
        words="gradcheck gradgradcheck check_grad check_grads _gradcheck_helper get_numerical_jacobian",
        calls="torch.autograd.gradcheck.*",
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every rule that `@exercise(forbids=...)` knows, by name."""


def rules_named(names: Iterable[str]) -> tuple[Rule, ...]:
    """Return the rules of these names.

    Raises:
        ValueError: there is no rule of that name.
    """
    try:
        return tuple(RULES[name] for name in names)
    except KeyError as error:
        raise ValueError(f"there is no rule called {error}; there are {', '.join(RULES)}") from None
