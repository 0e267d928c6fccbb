"""What an exercise can forbid: the named rules as data, and what a breach looks like. Imports no torch.

`forbidden_source` looks for these names in the source, `forbidden_calls` for the same functions while they run.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import translate
from functools import cached_property
from types import MappingProxyType


@dataclass(frozen=True)
class Breach:
    """One use of something that the exercise does not allow."""

    rule: str
    """Name of the rule: "autograd"."""
    what: str
    """What was used, as a student would write it: "torch.autograd.grad", "the @ operator", "x.sigmoid"."""
    line: int
    """1-based line in the student's file."""
    file: str
    code: str
    """That source line, stripped; empty where the file cannot be read."""


LIBRARIES = frozenset(
    {"torch", "torchvision", "functorch", "numpy", "scipy", "jax", "tensorflow", "autograd", "cupy", "opt_einsum"}
    | {"einops", "operator"}
)
"""Top-level modules under which a rule's words are looked for."""

TENSOR_TYPES = frozenset({"Tensor", "TensorBase", "_TensorBase", "ndarray", "Variable"})


@dataclass(frozen=True, eq=False)
class Rule:
    """What one rule forbids. Names may hold the wildcards of fnmatch.

    A name that starts with a capital letter is a class: it may be mentioned (annotations, isinstance), not called.
    """

    name: str
    says: str
    """A short noun phrase for prose: "PyTorch's autograd (...)"."""
    words: frozenset[str] = frozenset()
    """Names anywhere under a tensor library: "sigmoid" stands for torch.sigmoid, torch.ops.aten.sigmoid, ..."""
    paths: frozenset[str] = frozenset()
    """Whole dotted names, in any module: "builtins.eval"."""
    allowed: frozenset[str] = frozenset()
    """Dotted names that `paths` would catch wrongly."""
    methods: frozenset[str] = frozenset()
    """Methods of tensors and arrays."""
    attributes: frozenset[str] = frozenset()
    """Attributes of tensors and arrays that may not even be read."""
    operators: frozenset[str] = frozenset()
    """Python operators: "@"."""
    aten: frozenset[str] = frozenset()
    """Operations of the dispatcher, for calls that hide from PyTorch's Python layer."""
    engine: bool = False
    """Whether a running backward pass is a breach, whoever computes in it."""
    entries: Mapping[str, str] = field(default_factory=dict)
    """Python functions of the library to wrap while student code runs, and how to call them in prose."""
    through: tuple[str, ...] = ()
    """Files of torch (prefixes below its folder) that only wrap an operation, so that calling them is calling it;
    anywhere else inside torch an operation is the library's own business. "" stands for all of torch."""

    @property
    def at_run_time(self) -> bool:
        """Whether there is anything to watch for while code runs."""
        return bool(self.methods or self.aten or self.engine or self.entries)

    @cached_property
    def _words(self) -> re.Pattern[str]:
        return _any_of(self.words)

    @cached_property
    def _words_and_aten(self) -> re.Pattern[str]:
        return _any_of(self.words | self.aten)

    @cached_property
    def _paths(self) -> re.Pattern[str]:
        return _any_of(self.paths)

    def covers_word(self, name: str) -> bool:
        """Whether a function or class of this name, somewhere in a tensor library, is forbidden."""
        return bool(self._words.match(name))

    def covers_path(self, path: str) -> bool:
        """Whether just this dotted name is forbidden, in whatever library."""
        return bool(self._paths.match(path)) and path not in self.allowed

    def covers(self, path: str, called: bool) -> bool:
        """Whether using the dotted name is a breach: "torch.nn.functional.sigmoid".

        Args:
            path: the full name, aliases resolved.
            called: whether it is called here; classes are only forbidden when they are.
        """
        parts = path.split(".")
        return any(self._covers_part(parts, i) and (called or not is_class(parts[i])) for i in range(len(parts)))

    def _covers_part(self, parts: list[str], i: int) -> bool:
        if self.paths and self.covers_path(".".join(parts[: i + 1])):
            return True
        if i == 0 or parts[0] not in LIBRARIES or parts[i - 1] == "modules":  # torch.nn.modules.linear is a file
            return False
        if parts[i] in TENSOR_TYPES and i + 1 < len(parts):  # torch.Tensor.sum(x) builds no tensor
            return False
        if parts[i - 1] in TENSOR_TYPES:
            return parts[i] in self.methods or parts[i] in self.attributes
        names = self._words_and_aten if "aten" in parts[:i] else self._words
        return bool(names.match(parts[i]))


def is_class(name: str) -> bool:
    """Whether a name looks like that of a class, by Python's convention."""
    return name.lstrip("_")[:1].isupper()


def _any_of(patterns: Iterable[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, sorted(patterns))) or r"(?!)")


def names_in(text: str) -> frozenset[str]:
    """The names in a text, divided by white space."""
    return frozenset(text.split())


_LAYERS = ("nn/functional.py", "nn/modules/")

_RULES = (
    Rule(
        name="autograd",
        says="PyTorch's autograd (backward, torch.autograd.grad, torch.func)",
        words=names_in(
            """grad backward run_backward _engine_run_backward _execution_engine grad_and_value value_and_grad
            elementwise_grad vjp jvp hvp vhp jacobian hessian jacrev jacfwd linearize gradcheck gradgradcheck
            forward_ad dual_level enter_dual_level make_dual unpack_dual _make_dual _unpack_dual _enter_dual_level
            *grad_increment_nesting *jvp_increment_nesting enter_jvp_nesting GradientTape *_backward *_backward_data"""
        ),
        methods=names_in("backward run_backward"),
        aten=names_in(
            """threshold_backward sigmoid_backward tanh_backward _softmax_backward_data _log_softmax_backward_data
            nll_loss_backward binary_cross_entropy_backward mse_loss_backward embedding_backward linear_backward
            embedding_dense_backward native_layer_norm_backward gelu_backward silu_backward"""
        ),
        engine=True,
        entries={
            "torch.autograd.forward_ad.enter_dual_level": "forward-mode differentiation",
            "torch._functorch.eager_transforms._jvp_increment_nesting": "forward-mode differentiation (torch.func)",
            "torch._functorch.eager_transforms._grad_increment_nesting": "a derivative of torch.func",
        },
        through=("",),
    ),
    Rule(
        name="matmul",
        says="ready-made matrix and dot products (the @ operator, matmul, einsum, nn.Linear and their relatives)",
        words=names_in(
            """matmul imatmul __matmul__ __imatmul__ __rmatmul__ mm bmm mv dot vdot inner outer ger addmm addmv addr
            addbmm baddbmm _addmm_activation _int_mm _scaled_mm einsum contract tensordot linear bilinear chain_matmul
            multi_dot vecdot matvec vecmat kron matrix_power smm spmm dsmm hspmm sspaddmm saddmm _sparse_mm convolve
            correlate conv[123]d conv_transpose[123]d conv_tbc convolution scaled_dot_product_attention
            Linear LazyLinear Bilinear LazyBilinear *Conv[123]d *ConvTranspose[123]d MultiheadAttention Transformer*"""
        ),
        methods=names_in(
            """matmul mm bmm mv dot vdot inner outer ger addmm addmm_ addmv addmv_ addr addr_ addbmm addbmm_ baddbmm
            baddbmm_ smm sspaddmm matrix_power kron __matmul__ __rmatmul__ __imatmul__"""
        ),
        operators=names_in("@"),
        aten=names_in(
            """matmul mm bmm mv dot vdot inner outer ger addmm addmm_ addmv addmv_ addr addr_ addbmm addbmm_ baddbmm
            baddbmm_ linear bilinear _trilinear convolution _convolution _int_mm _sparse_mm _sparse_addmm"""
        ),
        through=(*_LAYERS, "_linalg_utils.py"),
    ),
    Rule(
        name="sigmoid",
        says="a ready-made sigmoid (torch.sigmoid, expit, softmax, F.logsigmoid, nn.Sigmoid and their relatives)",
        words=names_in(
            """sigmoid sigmoid_ special_expit expit log_expit logsigmoid log_sigmoid log_sigmoid_forward silu silu_
            swish glu swiglu softplus softmax log_softmax _softmax _log_softmax _safe_softmax gumbel_softmax softmin
            special_softmax special_log_softmax scaled_dot_product_attention cross_entropy
            binary_cross_entropy_with_logits soft_margin_loss multilabel_soft_margin_loss
            Sigmoid LogSigmoid SiLU GLU Softplus Softmax* Softmin LogSoftmax *CrossEntropyLoss *WithLogitsLoss
            *SoftMarginLoss SigmoidTransform logistic Logistic* *Bernoulli MultiheadAttention"""
        ),
        methods=names_in("sigmoid sigmoid_ softmax log_softmax"),
        aten=names_in(
            """sigmoid sigmoid_ special_expit silu silu_ glu softplus softmax log_softmax _softmax _log_softmax
            _safe_softmax log_sigmoid log_sigmoid_forward binary_cross_entropy_with_logits"""
        ),
        through=(*_LAYERS, "distributions/"),
    ),
    Rule(
        name="bce",
        says="PyTorch's ready-made losses (F.binary_cross_entropy, nn.BCELoss and their relatives)",
        words=names_in("binary_cross_entropy* cross_entropy* kl_div nll_loss* *_loss *Loss *Bernoulli log_loss"),
        aten=names_in(
            """binary_cross_entropy binary_cross_entropy_with_logits nll_loss nll_loss_forward nll_loss_nd
            nll_loss2d_forward cross_entropy_loss soft_margin_loss"""
        ),
        through=(*_LAYERS, "distributions/"),
    ),
    Rule(
        name="tensor",
        says="building a tensor or an array in order to ask it (torch.tensor, torch.empty, np.array, result_type ...)",
        words=names_in(
            """tensor as_tensor asarray asanyarray ascontiguousarray array from_numpy frombuffer from_dlpack from_file
            fromiter fromfunction fromstring scalar_tensor sparse_*_tensor make_tensor zeros ones empty full *_like
            empty_strided empty_permuted arange range linspace logspace geomspace eye identity rand randn randint
            randperm normal tril_indices triu_indices complex polar cartesian_prod lift_fresh result_type promote_types
            can_cast min_scalar_type common_type find_common_type Tensor *Tensor ndarray *Storage Parameter"""
        ),
        paths=names_in("numpy.shape numpy.ndim numpy.size numpy.*stack numpy.concatenate numpy.atleast_*"),
        methods=names_in("__new__ new new_tensor new_zeros new_ones new_empty new_empty_strided new_full"),
        aten=names_in(
            """lift_fresh scalar_tensor zeros ones empty empty_strided full arange linspace eye rand randn randint
            zeros_like ones_like empty_like full_like result_type promote_types can_cast"""
        ),
    ),
    Rule(
        name="broadcast",
        says="ready-made broadcasting rules (torch.broadcast_shapes, expand, np.broadcast and their relatives)",
        words=names_in(
            "broadcast broadcast_* _broadcast_shape* expand expand_as infer_size infer_size_shapes expand_copy"
        ),
        methods=names_in("expand expand_as broadcast_to"),
        entries={
            "torch.broadcast_shapes": "torch.broadcast_shapes",
            "torch.functional.broadcast_shapes": "torch.broadcast_shapes",
        },
    ),
    Rule(
        name="sum_to_size",
        says="Tensor.sum_to_size",
        words=names_in("sum_to_size unbroadcast unbroadcast_f"),
        methods=names_in("sum_to_size"),
    ),
    Rule(
        name="strides",
        says="asking PyTorch or NumPy for strides (x.stride(), x.strides)",
        words=names_in("stride make_contiguous_strides_for make_channels_last_strides_for"),
        methods=names_in("stride"),
        attributes=names_in("strides __array_interface__"),
    ),
    Rule(
        name="modules",
        says="the layers of torch.nn",
        paths=names_in("torch.nn.[A-Z]* torch.nn.modules.*.[A-Z]*"),
        allowed=names_in("torch.nn.Module torch.nn.modules.module.Module torch.nn.Parameter torch.nn.Buffer"),
        entries={"torch.nn.Module.__init__": "a layer of torch.nn"},
        through=("nn/modules/",),
    ),
    Rule(
        name="dropout",
        says="PyTorch's dropout (F.dropout, nn.Dropout)",
        words=names_in("*dropout *dropout_ *Dropout *Dropout[123]d"),
        aten=names_in("dropout dropout_ native_dropout alpha_dropout feature_dropout"),
        through=_LAYERS,
    ),
    Rule(
        name="crossentropy",
        says="PyTorch's ready-made cross-entropy (F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss)",
        words=names_in(
            """cross_entropy* linear_cross_entropy *nll_loss* kl_div CrossEntropyLoss NLLLoss* KLDivLoss
            AdaptiveLogSoftmaxWithLoss"""
        ),
        aten=names_in("cross_entropy_loss nll_loss nll_loss_forward nll_loss_nd nll_loss2d_forward kl_div"),
        through=_LAYERS,
    ),
    Rule(
        name="attention",
        says="ready-made attention (F.scaled_dot_product_attention, nn.MultiheadAttention, nn.Transformer)",
        words=names_in(
            """*scaled_dot_product* multi_head_attention_forward *_multi_head_attention flex_attention
            _transformer_encoder_layer_fwd MultiheadAttention Transformer*"""
        ),
        aten=names_in(
            """scaled_dot_product_attention _scaled_dot_product_attention_math _scaled_dot_product_flash_attention
            _scaled_dot_product_flash_attention_for_cpu _scaled_dot_product_efficient_attention
            _scaled_dot_product_cudnn_attention _native_multi_head_attention _transformer_encoder_layer_fwd"""
        ),
        through=_LAYERS,
    ),
    Rule(
        name="layernorm",
        says="ready-made normalization (F.layer_norm, nn.LayerNorm, F.group_norm, F.batch_norm and their relatives)",
        words=names_in(
            """*layer_norm* group_norm native_group_norm instance_norm *batch_norm* rms_norm LayerNorm RMSNorm
            GroupNorm *InstanceNorm* *BatchNorm*"""
        ),
        aten=names_in(
            """layer_norm native_layer_norm group_norm native_group_norm instance_norm batch_norm native_batch_norm
            rms_norm"""
        ),
        through=_LAYERS,
    ),
    Rule(
        name="gelu",
        says="a ready-made GELU (F.gelu, nn.GELU)",
        words=names_in("gelu gelu_ GELU"),
        aten=names_in("gelu gelu_"),
        through=_LAYERS,
    ),
    Rule(
        name="optimizers",
        says="PyTorch's ready-made optimizers and learning rate schedules (torch.optim)",
        words=names_in("_fused_adam* _fused_sgd* _fused_adagrad*"),
        paths=names_in("torch.optim.*"),
        entries={"torch.optim.Optimizer.__init__": "an optimizer of torch.optim"},
        through=("optim/",),
    ),
    Rule(
        name="clipping",
        says="PyTorch's gradient clipping (torch.nn.utils.clip_grad_norm_ and its relatives)",
        words=names_in("clip_grad_* *clip_grads_* *get_total_norm"),
        entries={
            "torch.nn.utils.clip_grad_norm_": "torch.nn.utils.clip_grad_norm_",
            "torch.nn.utils.clip_grad.clip_grad_norm_": "torch.nn.utils.clip_grad_norm_",
            "torch.nn.utils.clip_grad_value_": "torch.nn.utils.clip_grad_value_",
            "torch.nn.utils.clip_grad.clip_grad_value_": "torch.nn.utils.clip_grad_value_",
        },
        through=("nn/utils/",),
    ),
    Rule(
        name="dataloader",
        says="PyTorch's own batches and splits (torch.utils.data: DataLoader, the samplers, random_split)",
        words=names_in("*DataLoader *Sampler random_split"),
        entries={
            "torch.utils.data.DataLoader.__init__": "torch.utils.data.DataLoader",
            "torch.utils.data.BatchSampler.__init__": "torch.utils.data.BatchSampler",
        },
        through=("utils/data/",),
    ),
    Rule(
        name="eval",
        says="having Python read text as code (eval, exec, compile, ast.literal_eval)",
        paths=names_in("builtins.eval builtins.exec builtins.compile ast.literal_eval ast.parse"),
    ),
    Rule(
        name="json",
        says="a ready-made parser (json.loads and its relatives)",
        paths=names_in(
            """json.load* json.JSONDecoder* json.decoder.* yaml.*load* ruamel.yaml.* tomllib.load* tomli.load*
            toml.load* json5.load* orjson.loads ujson.load* simplejson.load* msgspec.*.decode msgspec.*.Decoder
            hjson.load* demjson*.decode"""
        ),
    ),
    Rule(
        name="gradcheck",
        says="torch.autograd.gradcheck",
        words=names_in("gradcheck gradgradcheck check_grad check_grads _gradcheck_helper get_numerical_jacobian"),
        entries={
            "torch.autograd.gradcheck": "torch.autograd.gradcheck",
            "torch.autograd.gradgradcheck": "torch.autograd.gradgradcheck",
        },
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.name: rule for rule in _RULES})
"""Every rule that `@exercise(forbids=...)` knows, by name."""


def chosen(names: Iterable[str]) -> tuple[Rule, ...]:
    """The rules of these names.

    Raises:
        ValueError: there is no rule of that name.
    """
    names = tuple(names)
    unknown = [name for name in names if name not in RULES]
    if unknown:
        raise ValueError(f"there is no rule called {unknown[0]!r}; there are {', '.join(RULES)}")
    return tuple(RULES[name] for name in names)


def written(path: str) -> str:
    """A full dotted name as students write it: "F.silu" for "torch.nn.functional.silu"."""
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), ("numpy.", "np."), ("builtins.", "")):
        if path.startswith(long):
            return short + path.removeprefix(long)
    return path
