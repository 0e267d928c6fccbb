"""Student code for `test_forbidden`: what each rule must catch, at which line and by which layer, and what it must not.

A line that ends in `# <-` is a line that must be reported. `f` is the exercise's function.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Snippet:
    """One submission."""

    name: str
    rule: str
    """The rule it breaks, or (legitimate code) must not be said to break."""
    source: str

    @property
    def lines(self) -> list[int]:
        """The lines to be reported."""
        return [i for i, line in enumerate(self.source.split("\n"), 1) if line.endswith("# <-")]


FORBIDDEN: list[Snippet] = []
LEGITIMATE: list[Snippet] = []


def _forbidden(rule: str, name: str, source: str) -> None:
    FORBIDDEN.append(Snippet(name, rule, source.strip("\n") + "\n"))


def _fine(rule: str, name: str, source: str) -> None:
    LEGITIMATE.append(Snippet(name, rule, source.strip("\n") + "\n"))


def _one(rule: str, name: str, imports: str, expression: str) -> None:
    _forbidden(rule, name, f"{imports}\ndef f(x):\n    return {expression}  # <-\n")


T = "import torch"
F = "import torch\nimport torch.nn.functional as F"
NN = "import torch\nfrom torch import nn"
NP = "import numpy as np\nimport torch"

# sigmoid ------------------------------------------------------------------------------------------------------------

_one("sigmoid", "torch.sigmoid", T, "torch.sigmoid(x)")
_one("sigmoid", "method", T, "x.sigmoid()")
_one("sigmoid", "method on an expression", T, "(2 * x - 1).sigmoid()")
_one("sigmoid", "renamed import", "from torch import sigmoid as squash", "squash(x)")
_one("sigmoid", "renamed module", "import torch as th", "th.sigmoid(x)")
_one("sigmoid", "star import", "from torch import *", "sigmoid(x)")
_one("sigmoid", "functional", F, "F.sigmoid(x)")
_one("sigmoid", "functional through torch.nn", "from torch import nn", "nn.functional.sigmoid(x)")
_one("sigmoid", "layer", NN, "nn.Sigmoid()(x)")
_one("sigmoid", "special.expit", T, "torch.special.expit(x)")
_one("sigmoid", "the function of the class", T, "torch.Tensor.sigmoid(x)")
_one("sigmoid", "operator namespace", T, "torch.ops.aten.sigmoid.default(x)")
_one("sigmoid", "C namespace", T, "torch._C._VariableFunctions.sigmoid(x)")
_one("sigmoid", "out argument", T, "torch.sigmoid(x, out=torch.zeros_like(x))")
_one("sigmoid", "constant getattr", T, 'getattr(torch, "sigmoid")(x)')
_one("sigmoid", "concatenated getattr", T, 'getattr(torch, "sig" + "moid")(x)')
_one(
    "sigmoid",
    "getattr with an f-string and a join",
    T,
    'getattr(torch, f"{\'sig\'}" + "".join(["mo", "id"]))(x)',
)
_one("sigmoid", "backwards name", T, 'getattr(torch, "diomgis"[::-1])(x)')
_one("sigmoid", "getattr on the tensor", T, 'getattr(x, "sigmoid")()')
_one("sigmoid", "vars", T, 'vars(torch)["sigmoid"](x)')
_one("sigmoid", "module dictionary", T, 'torch.__dict__["sigmoid"](x)')
_one("sigmoid", "import_module", "from importlib import import_module", 'import_module("torch").sigmoid(x)')
_one("sigmoid", "dunder import", "", '__import__("torch").sigmoid(x)')
_one("sigmoid", "sys.modules", "import sys", 'sys.modules["torch"].sigmoid(x)')
_one("sigmoid", "methodcaller", "import operator", 'operator.methodcaller("sigmoid")(x)')
_one("sigmoid", "silu", F, "F.silu(x) / x")
_one("sigmoid", "logsigmoid", F, "F.logsigmoid(x).exp()")
_one("sigmoid", "softplus", F, "torch.exp(-F.softplus(-x))")
_one("sigmoid", "softmax of two", T, "torch.softmax(torch.stack([x, torch.zeros_like(x)]), 0)[0]")
_one("sigmoid", "glu", F, "F.glu(torch.cat([torch.ones_like(x), x], -1))")
_one("sigmoid", "a name made at run time", T, 'getattr(torch, "".join(chr(c) for c in b"sigmoid"))(x)')
_one("sigmoid", "eval of a string", T, "eval('torch.sigm' + 'oid(x)')")
_one("sigmoid", "map", T, "torch.stack(list(map(torch.sigmoid, x)))")
_one("sigmoid", "functools.partial", "import functools\nimport torch", "functools.partial(torch.sigmoid)(x)")
_one("sigmoid", "a lambda at once", T, "(lambda z: torch.sigmoid(z))(x)")
_one("sigmoid", "a comprehension", T, "torch.stack([row.sigmoid() for row in x])")
_one("sigmoid", "walrus", T, "(s := torch.sigmoid)(x)")
_one("sigmoid", "distribution", T, "torch.distributions.Bernoulli(logits=x).probs")
_forbidden(
    "sigmoid",
    "TorchScript",
    """
import torch
scripted = torch.jit.script(torch.nn.Sigmoid())
def f(x):
    return scripted(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "alias at top level",
    """
import torch
squash = torch.sigmoid
def f(x):
    return squash(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "alias of an alias, inside",
    """
import torch
def f(x):
    g = torch.sigmoid
    h = g
    return h(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "bound method as alias",
    """
def f(x):
    s = x.sigmoid
    return s()  # <-
""",
)
_forbidden(
    "sigmoid",
    "unpacked aliases",
    """
import torch
def f(x):
    e, s = torch.exp, torch.sigmoid
    return s(x) + 0 * e(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "default argument",
    """
import torch
def f(x, s=torch.sigmoid):
    return s(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "helper of a helper",
    """
import torch
def inner(z):
    return torch.sigmoid(z)  # <-
def outer(z):
    return inner(z)
def f(x):
    return outer(x)
""",
)
_forbidden(
    "sigmoid",
    "helper that gets it passed",
    """
import torch
def apply(function, z):
    return function(z)  # <-
def f(x):
    return apply(torch.sigmoid, x)
""",
)
_forbidden(
    "sigmoid",
    "nested function and lambda",
    """
import torch
def f(x):
    s = lambda z: torch.sigmoid(z)  # <-
    def g(z):
        return s(z)
    return g(x)
""",
)
_forbidden(
    "sigmoid",
    "decorator",
    """
import torch
def finish(function):
    return lambda x: torch.sigmoid(function(x))  # <-
@finish
def f(x):
    return x
""",
)
_forbidden(
    "sigmoid",
    "class attribute and method",
    """
import torch
class Neuron:
    def __init__(self, z):
        self.z = z
    def fire(self):
        return self.z.sigmoid()  # <-
def f(x):
    return Neuron(x).fire()
""",
)
_forbidden(
    "sigmoid",
    "stored on an object",
    """
import torch
class Neuron:
    def __init__(self):
        self.act = torch.sigmoid
def f(x):
    return Neuron().act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "a table of functions",
    """
import torch
TABLE = {}
TABLE["s"] = torch.sigmoid
def f(x):
    return TABLE["s"](x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "replaced library function",
    """
import torch
class lib:
    exp = torch.exp
lib.exp = torch.sigmoid
def f(x):
    return lib.exp(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "the last definition counts",
    """
import torch
def f(x):
    return 1 / (1 + torch.exp(-x))
def f(x):
    return torch.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "swallowed exception",
    """
import torch
def f(x):
    try:
        y = torch.sigmoid(x)  # <-
        raise RuntimeError("hide it")
    except Exception:
        return y
""",
)
_forbidden(
    "sigmoid",
    "import inside, used after a branch",
    """
def f(x):
    if x.numel() > 10**9:
        return x
    import torch.nn.functional as nf
    return nf.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "chain over several lines",
    """
import torch
def f(x):
    return (
        x
        .clone()
        .sigmoid()  # <-
        .clone()
    )
""",
)
_forbidden(
    "sigmoid",
    "thread",
    """
import threading
import torch
def f(x):
    out = []
    def work():
        out.append(torch.sigmoid(x))  # <-
    t = threading.Thread(target=work)
    t.start()
    t.join()
    return out[0]
""",
)
_forbidden(
    "sigmoid",
    "thread pool",
    """
from concurrent.futures import ThreadPoolExecutor
import torch
def f(x):
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(lambda: x.sigmoid()).result()  # <-
""",
)
_forbidden(
    "sigmoid",
    "callback inside an allowed call",
    """
import torch
def f(x):
    name = str(b"sigmoid", "ascii")
    y = x.clone()
    y.apply_(lambda v: float(getattr(torch, name)(torch.tensor(v, dtype=x.dtype))))  # <-
    return y
""",
)

# matmul -------------------------------------------------------------------------------------------------------------

_one("matmul", "operator", T, "x @ x.T")
_one("matmul", "operator on arrays", NP, "torch.from_numpy(x.numpy() @ x.numpy().T)")
_one("matmul", "torch.matmul", T, "torch.matmul(x, x)")
_one("matmul", "mm method", T, "x.mm(x)")
_one("matmul", "bmm", T, "torch.bmm(x[None], x[None])[0]")
_one("matmul", "dot of rows", T, "torch.stack([torch.dot(r, c) for r in x for c in x.T]).view(2, 2)")
_one("matmul", "mv", T, "torch.stack([x.mv(c) for c in x.T], 1)")
_one("matmul", "inner", T, "torch.inner(x, x.T)")
_one("matmul", "einsum", T, 'torch.einsum("ik,kj->ij", x, x)')
_one("matmul", "tensordot", T, "torch.tensordot(x, x, dims=1)")
_one("matmul", "addmm", T, "torch.addmm(torch.zeros_like(x), x, x)")
_one("matmul", "linear", F, "F.linear(x, x.T)")
_one("matmul", "multi_dot", T, "torch.linalg.multi_dot([x, x])")
_one("matmul", "vecdot", T, "torch.linalg.vecdot(x[:, None, :], x.T[None], dim=-1)")
_one("matmul", "numpy dot", NP, "torch.tensor(np.dot(x.numpy(), x.numpy()))")
_one("matmul", "numpy einsum, renamed", "from numpy import einsum as es", 'es("ik,kj->ij", x.numpy(), x.numpy())')
_one("matmul", "operator module", "import operator", "operator.matmul(x, x)")
_one("matmul", "dunder", T, "x.__matmul__(x)")
_one("matmul", "convolution", F, "F.conv1d(x[None], x.T[:, :, None])[0].T")
_forbidden(
    "matmul",
    "layer",
    """
import torch
def f(x):
    layer = torch.nn.Linear(2, 2, bias=False, dtype=x.dtype)  # <-
    with torch.no_grad():
        layer.weight.copy_(x)
        return layer(x)  # <-
""",
)
_forbidden(
    "matmul",
    "in place",
    """
import numpy as np
def f(x):
    y = x.numpy().copy()
    y @= y  # <-
    return y
""",
)

# autograd -----------------------------------------------------------------------------------------------------------

_forbidden(
    "autograd",
    "backward",
    """
def f(x):
    z = x.clone().requires_grad_()
    (z**2).sum().backward()  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "backward of a named loss, under no_grad off",
    """
import torch
def f(x):
    with torch.enable_grad():
        z = x.detach().requires_grad_()
        loss = (z**2).sum()
        loss.backward()  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "torch.autograd.backward",
    """
import torch
def f(x):
    z = x.clone().requires_grad_()
    torch.autograd.backward((z**2).sum())  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "renamed grad",
    """
from torch.autograd import grad as slope
def f(x):
    z = x.clone().requires_grad_()
    return slope((z**2).sum(), z)[0]  # <-
""",
)
_one("autograd", "func.grad", T, "torch.func.grad(lambda z: (z**2).sum())(x)")
_one("autograd", "func.vjp", T, "torch.func.vjp(lambda z: z**2, x)[1](torch.ones_like(x))[0]")
_one("autograd", "func.jvp", "from torch.func import jvp", "jvp(lambda z: z**2, (x,), (x,))[1]")
_one("autograd", "func.jacrev", T, "torch.func.jacrev(lambda z: z**2)(x)")
_one("autograd", "func.jacfwd", T, "torch.func.jacfwd(lambda z: z**2)(x)")
_one("autograd", "func.hessian", T, "torch.func.hessian(lambda z: (z**3).sum())(x)")
_one("autograd", "backward step of the ReLU", T, "torch.ops.aten.threshold_backward(x, x, 0)")
_one("autograd", "backward step of the softmax", T, "torch._softmax_backward_data(x, x, -1, x.dtype)")
_one("autograd", "functional.jacobian", T, "torch.autograd.functional.jacobian(lambda z: z**2, x)")
_one(
    "autograd",
    "forward mode by a hidden name",
    T,
    'getattr(torch.func, "jv" + chr(112))(lambda z: z * z, (x,), (x,))[1]',
)
_forbidden(
    "autograd",
    "dual numbers",
    """
import torch.autograd.forward_ad as fwd
def f(x):
    with fwd.dual_level():  # <-
        d = fwd.make_dual(x, x)  # <-
        return fwd.unpack_dual(d * d).tangent  # <-
""",
)
_forbidden(
    "autograd",
    "backward in a thread that is a class",
    """
import threading
class Worker(threading.Thread):
    def __init__(self, x):
        super().__init__()
        self.x = x.clone().requires_grad_()
    def run(self):
        (self.x**2).sum().backward()  # <-
def f(x):
    w = Worker(x)
    w.start()
    w.join()
    return w.x.grad
""",
)
_forbidden(
    "autograd",
    "own node class and a real tensor",
    """
import torch
class Value:
    def backward(self):
        return 1.0
def f(x):
    z = x.clone().requires_grad_()
    torch.sum(z**2).backward()  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "own node class, ambiguous receiver",
    """
class Value:
    def backward(self):
        return 1.0
def f(x):
    z = x.clone().requires_grad_()
    y = (z**2).sum()
    y.backward()  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "swallowed in a bare except",
    """
def f(x):
    z = x.clone().requires_grad_()
    try:
        (z**2).sum().backward()  # <-
    except BaseException:
        pass
    return z.grad
""",
)

# the other rules ----------------------------------------------------------------------------------------------------

_one("bce", "functional", F, "F.binary_cross_entropy(x.abs() / 9, torch.ones_like(x))")
_one("bce", "with logits", F, "F.binary_cross_entropy_with_logits(x, torch.ones_like(x))")
_one("bce", "layer", NN, "nn.BCELoss()(x.abs() / 9, torch.ones_like(x))")
_one("bce", "layer with logits", NN, "nn.BCEWithLogitsLoss()(x, torch.ones_like(x))")
_one("bce", "nll", F, "F.nll_loss(x, torch.tensor([0, 1]))")
_one("bce", "cross entropy", F, "F.cross_entropy(x, torch.tensor([0, 1]))")
_one("bce", "distribution", T, "-torch.distributions.Bernoulli(x.abs() / 9).log_prob(torch.ones_like(x)).mean()")
_one("tensor", "torch.tensor", T, "torch.tensor([1.0, 2.0]).dtype")
_one("tensor", "as_tensor", T, "torch.as_tensor([1]).dtype")
_one(
    "tensor",
    "from_numpy",
    NP,
    "torch.from_numpy(x.numpy()).dtype",
)
_one("tensor", "legacy constructor", T, "torch.Tensor([1.0]).shape")
_one("tensor", "legacy typed constructor", T, "torch.FloatTensor([1.0]).shape")
_one("tensor", "class under another name", "from torch import Tensor as Box", "Box(2, 3).shape")
_one("tensor", "empty", T, "torch.empty((2, 3)).shape")
_one("tensor", "meta device", T, 'torch.zeros(2, 3, device="meta").shape')
_one("tensor", "result_type", T, "torch.result_type(x, 1)")
_one("tensor", "promote_types", T, "torch.promote_types(torch.int8, torch.float16)")
_one("tensor", "new_tensor", T, "x.new_tensor([1]).dtype")
_one("tensor", "numpy array", NP, "np.array([1, 2]).shape")
_one("tensor", "numpy shape", NP, "np.shape([[1, 2]])")
_one("sum_to_size", "method", T, "x.sum_to_size(1, 2)")
_one("sum_to_size", "of the class", T, "torch.Tensor.sum_to_size(x, (1, 2))")
_one("sum_to_size", "hidden name", T, 'getattr(x, "sum_to" + str("_size"))(1, 2)')
_one("modules", "Linear", NN, "sum(p.numel() for p in nn.Linear(2, 3).parameters())")
_one("modules", "renamed layer", "from torch.nn import Embedding as E", "E(5, 2).weight.numel()")
_one("modules", "hidden layer", NN, 'getattr(nn, "Layer" + str("Norm"))(4).weight.numel()')
_forbidden(
    "modules",
    "class of its own around layers",
    """
from torch import nn
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.proj = nn.Linear(4, 4)  # <-
def f(x):
    return sum(p.numel() for p in Block().parameters())
""",
)
_one("dropout", "functional", F, "F.dropout(x, 0.1, training=False)")
_one("dropout", "layer", NN, "nn.Dropout(0.1).eval()(x)")
_one("dropout", "torch.dropout", T, "torch.dropout(x, 0.1, False)")
_one("crossentropy", "functional", F, "F.cross_entropy(x, torch.tensor([0, 1]))")
_one("crossentropy", "layer", NN, "nn.CrossEntropyLoss()(x, torch.tensor([0, 1]))")
_one("crossentropy", "nll after log_softmax", F, "F.nll_loss(F.log_softmax(x, -1), torch.tensor([0, 1]))")
_one("crossentropy", "hidden name", F, 'getattr(F, "nll_" + str("loss"))(x, torch.tensor([0, 1]))')
_one("softmax", "torch.softmax", T, "torch.softmax(x, -1)")
_one("softmax", "method", T, "x.softmax(-1)")
_one("softmax", "functional", F, "F.log_softmax(x, -1).exp()")
_one("softmax", "layer", NN, "nn.Softmax(-1)(x)")
_one("softmax", "softmin of the negative", F, "F.softmin(-x, -1)")
_one("softmax", "logsumexp", T, "(x - torch.logsumexp(x, -1, keepdim=True)).exp()")
_one("softmax", "logsumexp as a method", T, "(x - x.logsumexp(-1, True)).exp()")
_one("softmax", "logcumsumexp", T, "x.logcumsumexp(-1)[..., -1]")
_one("softmax", "special", T, "torch.special.logsumexp(x, -1)")
_one("softmax", "logaddexp", T, "torch.logaddexp(x[0], x[1])")
_one("softmax", "cross-entropy", F, "-F.cross_entropy(x, torch.tensor([0, 1]), reduction='none')")
_one("softmax", "a name made at run time", T, 'getattr(torch, "soft" + str("max"))(x, -1)')
_one("softmax", "distribution", T, "torch.distributions.Categorical(logits=x).probs")
_one("attention", "functional", F, "F.scaled_dot_product_attention(x, x, x)")
_one("attention", "renamed", "from torch.nn.functional import scaled_dot_product_attention as look", "look(x, x, x)")
_one("attention", "layer", NN, "nn.MultiheadAttention(2, 1).double()(x, x, x)[0].shape")
_one("attention", "encoder layer", NN, "nn.TransformerEncoderLayer(2, 1, 4).double()(x).shape")
_one("layernorm", "functional", F, "F.layer_norm(x, (2,))")
_one("layernorm", "torch.layer_norm", T, "torch.layer_norm(x, (2,))")
_one("layernorm", "layer", NN, "nn.LayerNorm(2).double()(x)")
_one("layernorm", "one group", F, "F.group_norm(x, 1)")
_one("layernorm", "batch norm of the transposed", F, "F.batch_norm(x.T, None, None, training=True).T")
_one("gelu", "functional", F, 'F.gelu(x, approximate="tanh")')
_one("gelu", "layer", NN, "nn.GELU()(x)")
_one("gelu", "operator", T, "torch.ops.aten.gelu(x)")
_one("eval", "eval", "", 'eval("1 + 1")')
_one("eval", "exec", "", 'exec("y = 1")')
_one("eval", "literal_eval", "import ast", 'ast.literal_eval("[1]")')
_one("eval", "renamed literal_eval", "from ast import literal_eval as read", 'read("[1]")')
_one("eval", "through builtins", "import builtins", 'getattr(builtins, "ev" + "al")("1")')
_one("json", "loads", "import json", 'json.loads("[1]")')
_one("json", "decoder", "import json", 'json.JSONDecoder().decode("[1]")')
_one("eval", "the dictionary of builtins", "import builtins", 'vars(builtins)["eval"]("1")')
_one("eval", "a name that is a constant", "import builtins\nNAME = 'ev' + 'al'", 'getattr(builtins, NAME)("1")')
_one("json", "dunder import", "", '__import__("json").loads("[1]")')
_one("json", "import_module", "from importlib import import_module", 'import_module("json").loads("[1]")')
_one("json", "sys.modules", "import json\nimport sys", 'sys.modules["json"].loads("[1]")')
_one("json", "globals", "import json", 'globals()["json"].loads("[1]")')
STAND_IN = """
import types
library = types.ModuleType("{name}")
exec(compile({code!r}, "{name}/core.py", "exec"), vars(library))
def f(x):
    return {call}  # <-
"""
"""A library that need not be installed: what counts is the name of the module that a function comes from."""
_FUNCTION, _CLASS = "def get_encoding(name): return name", "class Tokenizer:\n    def encode(self): return [1]"
_MODEL = STAND_IN.format(name="transformers.models.gpt2", code=_CLASS, call="library.Tokenizer().encode()")
_forbidden(
    "tokenizers", "a function", STAND_IN.format(name="tiktoken", code=_FUNCTION, call='library.get_encoding("a")')
)
_forbidden(
    "tokenizers", "a method", STAND_IN.format(name="tokenizers", code=_CLASS, call="library.Tokenizer().encode()")
)
_forbidden("tokenizers", "a module of the library", _MODEL)
_one(
    "gradcheck",
    "gradcheck",
    T,
    "torch.autograd.gradcheck(torch.sin, x.clone().requires_grad_())",
)
_forbidden(
    "optimizers",
    "class",
    """
import torch
def f(x):
    p = x.clone().requires_grad_()
    p.grad = torch.ones_like(x)
    torch.optim.SGD([p], lr=0.1).step()  # <-
    return p.detach()
""",
)
_forbidden(
    "optimizers",
    "hidden class",
    """
import torch
from torch import optim as o
def f(x):
    p = x.clone().requires_grad_()
    p.grad = torch.ones_like(x)
    getattr(o, "Ad" + str("am"))([p], lr=0.1).step()  # <-
    return p.detach()
""",
)
_forbidden(
    "optimizers",
    "function below the class",
    """
import torch
from torch.optim.sgd import sgd
OPTIONS = dict(weight_decay=0.0, momentum=0.0, lr=0.1, dampening=0.0, nesterov=False, maximize=False)
def f(x):
    p = x.clone()
    sgd([p], [torch.ones_like(x)], [None], foreach=False, **OPTIONS)  # <-
    return p
""",
)
_one(
    "optimizers",
    "schedule",
    "import torch\nfrom torch.optim.lr_scheduler import CosineAnnealingLR",
    "CosineAnnealingLR(torch.optim.SGD([x], lr=0.1), 10).get_last_lr()[0]",
)
_forbidden(
    "clipping",
    "clip_grad_norm_",
    """
import torch
def f(x):
    p = torch.nn.Parameter(x)
    p.grad = x.clone()
    return torch.nn.utils.clip_grad_norm_([p], 1.0)  # <-
""",
)
_forbidden(
    "clipping",
    "hidden name",
    """
import torch
from torch.nn.utils import clip_grad
def f(x):
    p = torch.nn.Parameter(x)
    p.grad = x.clone()
    getattr(clip_grad, "clip_grad_" + str("value_"))([p], 1.0)  # <-
    return p.grad
""",
)
_one("clipping", "norm alone", "from torch.nn.utils import get_total_norm", "get_total_norm([x])")
_one(
    "dataloader",
    "DataLoader",
    "from torch.utils.data import DataLoader, TensorDataset",
    "[batch[0] for batch in DataLoader(TensorDataset(x), batch_size=2)][0]",
)
_one("dataloader", "module", "import torch.utils.data as d", "list(d.BatchSampler(range(3), 2, False))[0][1]")
_one(
    "dataloader",
    "sampler",
    "from torch.utils.data import SequentialSampler",
    "list(SequentialSampler(x))[1]",
)

# handed over in secret: f calls what other code hands it, without a word of it in its own code


def _handed(name: str, setup: str, call: str) -> None:
    body = f"def f(x):\n    x = x.clone().requires_grad_()\n    return {call}  # <-\n"
    _forbidden("autograd", f"handed over by {name}", f"import torch\n{setup}\n{body}")


_handed("a list", "fs = []\ndef g(): fs.append(torch.autograd.grad)\ng()", "fs[0](x.sum(), x)[0]")
_handed(
    "two helpers and a list",
    "fs = []\ndef put(v): fs.append(v)\ndef give(v): put(v)\ndef g(): give(torch.autograd.grad)\ng()",
    "fs[0](x.sum(), x)[0]",
)
_handed("a dict", "d = {}\ndef g(): d['k'] = torch.autograd.grad\ng()", "d['k'](x.sum(), x)[0]")
_handed(
    "a default that is a list",
    "def h(v, kept=[]):\n    kept.append(v)\n    return kept[0]\ndef g(): h(torch.autograd.grad)\ng()",
    "h(0)(x.sum(), x)[0]",
)
_handed(
    "a cache",
    "import functools\n@functools.lru_cache\ndef kept(): return []\ndef g(): kept().append(torch.autograd.grad)\ng()",
    "kept()[0](x.sum(), x)[0]",
)
_handed(
    "an attribute of a class",
    "class C:\n    pass\ndef g(): C.h = torch.autograd.grad\ng()",
    "C.h(x.sum(), x)[0]",
)
_handed(
    "an attribute that tensors have, too",
    "class C:\n    pass\ndef put(o, v): o.data = v\ndef g(): put(C, torch.autograd.grad)\ng()",
    "C.data(x.sum(), x)[0]",
)
_handed(
    "a list in a class",
    "class C:\n    h = []\nkept = C.h\ndef g(): kept.append(torch.autograd.grad)\ng()",
    "C.h[0](x.sum(), x)[0]",
)
_handed(
    "default values set later",
    "def h(x, k=None): return k\ndef g(): h.__defaults__ = (torch.autograd.grad,)\ng()",
    "h(x)(x.sum(), x)[0]",
)
_handed("a global statement", "def g():\n    global h\n    h = torch.autograd.grad\ng()", "h(x.sum(), x)[0]")
_handed(
    "a metaclass",
    "class M(type):\n    def __call__(cls): return torch.autograd.grad\nclass C(metaclass=M):\n    pass",
    "C()(x.sum(), x)[0]",
)
_handed(
    "a pattern", "def g(x):\n    match torch:\n        case object(autograd=a): return a.grad", "g(x)(x.sum(), x)[0]"
)
_handed("the globals", "def g(): return globals()['torch'].autograd", "g().grad(x.sum(), x)[0]")
_handed(
    "another kind of import", "import sys\ndef g(): return sys.modules['torch'].autograd", "g().grad(x.sum(), x)[0]"
)
_handed(
    "evaluated annotations",
    "import typing\ndef h(a: 'torch.autograd.grad'): pass",
    "typing.get_type_hints(h)['a'](x.sum(), x)[0]",
)
_handed(
    "the frame of an exception",
    "def g():\n    try:\n        1 / 0\n    except ArithmeticError as e:\n"
    "        return e.__traceback__.tb_frame.f_globals['torch']",
    "g().autograd.grad(x.sum(), x)[0]",
)
for _name, _method, _call in (
    ("an operator", "__add__", "C() + x"),
    ("the call of an object", "__call__", "C()(x)"),
    ("a method called like one of tensors", "exp", "C().exp(x)"),
):
    _forbidden(
        "autograd",
        f"hidden in {_name}",
        f"""
import torch
class C:
    def {_method}(self, x): return torch.autograd.grad(x.sum(), x)[0]  # <-
def f(x):
    x = x.clone().requires_grad_()
    return {_call}
""",
    )

# legitimate ---------------------------------------------------------------------------------------------------------


def _fine_one(rule: str, name: str, imports: str, expression: str) -> None:
    _fine(rule, name, f"{imports}\ndef f(x):\n    return {expression}\n")


_fine_one("sigmoid", "by hand", T, "1 / (1 + torch.exp(-x))")
_fine_one("sigmoid", "by hand with the method", T, "1 / (1 + (-x).exp())")
_fine_one("sigmoid", "tanh form", T, "(1 + torch.tanh(x / 2)) / 2")
_fine_one("sigmoid", "math, one by one", "import math", "[1 / (1 + math.exp(-v)) for v in x.flatten().tolist()]")
_fine_one("sigmoid", "numpy by hand", NP, "1 / (1 + np.exp(-x.numpy()))")
_fine_one("sigmoid", "logaddexp", T, "torch.exp(-torch.logaddexp(torch.zeros_like(x), -x))")
_fine_one("sigmoid", "reciprocal", T, "torch.reciprocal(torch.exp(-x).add(1))")
_fine(
    "sigmoid",
    "stable by hand",
    """
import torch
def f(x):
    z = torch.exp(-x.abs())
    return torch.where(x >= 0, 1 / (1 + z), z / (1 + z))
""",
)
_fine(
    "sigmoid",
    "own function of that name",
    """
import torch
def sigmoid(z):
    return 1 / (1 + torch.exp(-z))
def f(x):
    return sigmoid(x)
""",
)
_fine(
    "sigmoid",
    "own function replaces the import",
    """
import torch
from torch import sigmoid
def sigmoid(z):
    return 1 / (1 + torch.exp(-z))
def f(x):
    return sigmoid(x)
""",
)
_fine(
    "sigmoid",
    "own method of that name",
    """
import torch
class Neuron:
    def sigmoid(self, z):
        return 1 / (1 + torch.exp(-z))
    def fire(self, z):
        return self.sigmoid(z)
def f(x):
    return Neuron().fire(x)
""",
)
_fine(
    "sigmoid",
    "mentioned in comment, docstring and string",
    '''
import torch
def f(x):
    """Like torch.sigmoid(x), nn.Sigmoid()."""
    # torch.sigmoid(x) would be shorter
    name = "torch.sigmoid(x)"
    return 1 / (1 + torch.exp(-x)) + 0 * len(name)
''',
)
_fine(
    "sigmoid",
    "dead code",
    """
import torch
from typing import TYPE_CHECKING
def f(x):
    if False:
        return torch.sigmoid(x)
    if TYPE_CHECKING:
        torch.sigmoid(x)
    while 0:
        torch.sigmoid(x)
    y = torch.sigmoid(x) if False else torch.exp(-x)
    False and torch.sigmoid(x)
    if x.numel():
        return 1 / (1 + y)
    else:
        raise ValueError
    return torch.sigmoid(x)
""",
)
_fine(
    "sigmoid",
    "compared at top level only",
    """
import torch
def f(x):
    return 1 / (1 + torch.exp(-x))
example = torch.tensor([0.5])
assert torch.allclose(f(example), torch.sigmoid(example))
torch.testing.assert_close(f(example), example.sigmoid())
if __name__ == "__main__":
    f = torch.sigmoid
""",
)
_fine(
    "sigmoid",
    "other functions of the file use it",
    """
import torch
def check(z):
    return torch.allclose(f(z), torch.sigmoid(z))
def f(x):
    unused = lambda z: torch.sigmoid(z)
    def also_unused(z):
        return z.sigmoid()
    return 1 / (1 + torch.exp(-x))
""",
)
_fine(
    "sigmoid",
    "an earlier definition used it",
    """
import torch
def f(x):
    return torch.sigmoid(x)
def f(x):
    return 1 / (1 + torch.exp(-x))
""",
)
_fine(
    "sigmoid",
    "annotations and isinstance",
    """
import torch
from torch import nn
def f(x: "torch.Tensor", layer: nn.Sigmoid | None = None) -> torch.Tensor:
    assert not isinstance(layer, nn.Sigmoid | nn.Softmax)
    return 1 / (1 + torch.exp(-x))
""",
)
_fine(
    "sigmoid",
    "variables called sigmoid and softmax",
    """
import torch
def f(x):
    sigmoid = 1 / (1 + torch.exp(-x))
    softmax = {"sigmoid": sigmoid}
    return softmax["sigmoid"]
""",
)
_fine_one("matmul", "products and sums", T, "(x[:, :, None] * x[None]).sum(1)")
_fine(
    "matmul",
    "loops",
    """
import torch
def f(x):
    n, k = x.shape
    out = torch.zeros(n, n, dtype=x.dtype)
    for i in range(n):
        for j in range(n):
            for m in range(k):
                out[i, j] += x[i, m] * x[m, j]
    return out
""",
)
_fine(
    "matmul",
    "lists and sum",
    """
import torch
def dot(a, b):
    return sum(p * q for p, q in zip(a, b))
def f(x):
    rows, columns = x.tolist(), x.T.tolist()
    return torch.tensor([[dot(r, c) for c in columns] for r in rows], dtype=x.dtype)
""",
)
_fine_one("matmul", "a covariance that multiplies inside", T, "torch.cov(x)")
_fine_one("matmul", "outer by broadcasting", T, "x[0][:, None] * x[1][None, :]")
_fine(
    "matmul",
    "a decorator is no product",
    """
import functools
import torch
@functools.lru_cache
def scale():
    return 2.0
@torch.no_grad()
def f(x):
    return x * scale()
""",
)
_fine_one("autograd", "by hand", T, "2 * x")
_fine(
    "autograd",
    "finite differences",
    """
import torch
def f(x):
    h = 1e-6
    grad = torch.zeros_like(x)
    for i in range(x.numel()):
        step = torch.zeros_like(x)
        step.view(-1)[i] = h
        grad.view(-1)[i] = (((x + step) ** 2).sum() - ((x - step) ** 2).sum()) / (2 * h)
    return grad
""",
)
_fine(
    "autograd",
    "no_grad, detach, requires_grad, grad",
    """
import torch
def f(x):
    with torch.no_grad():
        grad = 2 * x.detach()
    x.requires_grad, x.grad, x.is_leaf, x.grad_fn
    torch.is_grad_enabled()
    with torch.set_grad_enabled(False), torch.enable_grad():
        return grad
""",
)
_fine(
    "autograd",
    "own functions called grad and backward",
    """
def grad(z):
    return 2 * z
def backward(z):
    return grad(z)
def f(x):
    return backward(x)
""",
)
_fine(
    "autograd",
    "graph nodes with grad and backward",
    """
class Value:
    def __init__(self, data, parents=()):
        self.data, self.parents, self.grad = data, parents, 0.0
    def __mul__(self, other):
        return Value(self.data * other.data, (self, other))
    def backward(self):
        self.grad = 1.0
        for parent, other in zip(self.parents, self.parents[::-1]):
            parent.grad += self.grad * other.data
def f(x):
    a, b = Value(3.0), Value(4.0)
    c = a * b
    c.backward()
    c.grad = 1.0
    nodes = [c]
    for node in nodes:
        node.backward()
    return a.grad
""",
)
_fine(
    "autograd",
    "requires grad inside, nobody asks for it",
    """
import torch
def f(x):
    w = torch.ones_like(x, requires_grad=True)
    y = w * x
    return (y * x).detach()
""",
)
_fine(
    "autograd",
    "a custom function whose backward the caller runs",
    """
import torch
class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, z):
        ctx.save_for_backward(z)
        return z * z
    @staticmethod
    def backward(ctx, g):
        (z,) = ctx.saved_tensors
        return 2 * z * g
def f(x):
    return Square.apply(x)
""",
)
_fine(
    "autograd",
    "a backward step of one's own",
    """
import torch
def relu_backward(dout, z):
    return dout * (z > 0)
def f(x):
    return relu_backward(torch.ones_like(x), x)
""",
)
_fine_one("sum_to_size", "sum over axes", T, "x.sum(dim=0, keepdim=True)")
_fine_one("autograd", "vmap", T, "torch.func.vmap(lambda r: r * r)(x)")
_fine_one("bce", "by hand", T, "-(x * torch.log(x.abs()) + (1 - x) * torch.log1p(x.abs())).mean()")
_fine_one("bce", "xlogy", T, "torch.xlogy(x, x.abs()).mean()")
_fine(
    "tensor",
    "dtype names, isinstance and attributes",
    """
import numpy as np
import torch
TABLE = {bool: torch.bool, int: torch.int64, float: torch.float32}
def f(x: torch.Tensor) -> torch.dtype:
    if isinstance(x, np.ndarray):
        return getattr(torch, str(x.dtype))
    if isinstance(x, (torch.Tensor, torch.nn.Parameter)):
        return x.dtype
    while isinstance(x, list):
        x = x[0] if x else 0.0
    return TABLE.get(type(x), torch.get_default_dtype())
""",
)
_fine_one("tensor", "methods of what is there", T, "(x.to(torch.float32), torch.Tensor.sum(x), x.shape, x.tolist())")
_fine(
    "modules",
    "counting the parameters of a given module",
    """
from torch import nn
def f(x, module: nn.Module | None = None):
    kinds = nn.Linear, nn.Embedding
    total = 0 if module is None else sum(p.numel() for p in module.parameters())
    return total + int(isinstance(module, kinds)) + nn.functional.relu(x).numel()
""",
)
_fine_one("crossentropy", "log_softmax and gather", T, "-x.log_softmax(-1).gather(-1, torch.tensor([[0], [1]])).mean()")
_fine_one("softmax", "by hand", T, "(e := (x - x.amax(-1, keepdim=True)).exp()) / e.sum(-1, keepdim=True)")
_fine_one("softmax", "one logarithm", T, "x.amax(-1) + (x - x.amax(-1, keepdim=True)).exp().sum(-1).log()")
_fine_one("softmax", "numpy by hand", NP, "np.exp(x.numpy()) / np.exp(x.numpy()).sum(-1, keepdims=True)")
_fine_one("attention", "by hand", T, "torch.softmax(x @ x.T / 2**0.5, dim=-1) @ x")
_fine_one("layernorm", "by hand", T, "(x - x.mean(-1, keepdim=True)) / x.var(-1, keepdim=True, correction=0).sqrt()")
_fine_one("layernorm", "a vector norm", T, "x / torch.linalg.vector_norm(x, dim=-1, keepdim=True)")
_fine_one("gelu", "by hand", T, "0.5 * x * (1 + torch.tanh(0.79788456 * (x + 0.044715 * x**3)))")
_fine_one("dropout", "by hand", T, "x * (x > 0) / (1 - 0.1)")
_fine(
    "dropout",
    "a configuration that says dropout",
    """
def f(x, cfg={"dropout": 0.1}):
    dropout = cfg["dropout"]
    return x * (1 - dropout)
""",
)
_fine(
    "eval",
    "evaluation mode and re.compile",
    """
import re
import torch
def f(x, model=None):
    if model is not None:
        model.eval()
    word = re.compile("a")
    return bool(word.match("a"))
""",
)
_fine_one("json", "writing json", "import json", 'json.dumps({"a": 1})')
_fine_one("tokenizers", "words by a pattern", "import re", 're.findall(r" ?[^\\s]+", "a b")')
_fine_one(
    "tokenizers",
    "Python's own tokenizer",
    "import io, tokenize",
    'len(list(tokenize.generate_tokens(io.StringIO("a").readline)))',
)
_fine_one("gradcheck", "differences by hand", T, "((x + 1e-6) ** 2 - (x - 1e-6) ** 2) / 2e-6")

_fine(
    "optimizers",
    "descent by hand, and a type",
    """
import torch
def f(x, opt: torch.optim.Optimizer | None = None):
    sgd = x.clone()
    if not isinstance(opt, torch.optim.Optimizer):
        sgd -= 0.1 * torch.ones_like(x)
    return sgd
""",
)
_fine(
    "clipping",
    "norm and clamp by hand",
    """
import torch
def clip(g, limit):
    return g * (limit / torch.linalg.vector_norm(g)).clamp(max=1.0)
def f(x):
    return clip(x, 1.0)
""",
)
_fine(
    "dataloader",
    "split of an order",
    """
import torch
def f(x):
    order = torch.randperm(len(x), generator=torch.Generator().manual_seed(0))
    return [x[rows] for rows in order.split(1)][0].sum()
""",
)

# written after the detectors were frozen, and run once before any change; kept as part of the corpus since ------------

_forbidden(
    "sigmoid",
    "generator helper",
    """
import torch
def squashed(rows):
    for r in rows:
        yield torch.sigmoid(r)  # <-
def f(x):
    return torch.stack(list(squashed(x)))
""",
)
_forbidden(
    "sigmoid",
    "callable object",
    """
import torch
class Squash:
    def __call__(self, z):
        return torch.special.expit(z)  # <-
squash = Squash()
def f(x):
    return squash(x)
""",
)
_forbidden(
    "sigmoid",
    "property",
    """
import torch
class Unit:
    def __init__(self, z): self.z = z
    @property
    def out(self):
        return torch.sigmoid(self.z)  # <-
def f(x):
    return Unit(x).out
""",
)
_forbidden(
    "sigmoid",
    "static method through the class",
    """
import torch
class Math:
    @staticmethod
    def s(z):
        return z.sigmoid()  # <-
def f(x):
    return Math.s(x)
""",
)
_forbidden(
    "sigmoid",
    "module with forward",
    """
import torch
from torch import nn
class Net(nn.Module):
    def forward(self, z):
        return torch.sigmoid(z)  # <-
def f(x):
    return Net()(x)
""",
)
_forbidden(
    "sigmoid",
    "conditional import",
    """
try:
    from torch import sigmoid as act
except ImportError:
    act = None
def f(x):
    return act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "closure factory",
    """
import torch
def make():
    op = torch.sigmoid
    def run(z):
        return op(z)  # <-
    return run
run = make()
def f(x):
    return run(x)
""",
)
_forbidden(
    "sigmoid",
    "dictionary literal dispatch",
    """
import torch
def f(x):
    ops = {"s": torch.sigmoid}
    return ops["s"](x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "reduce",
    """
import functools, torch
def f(x):
    return functools.reduce(lambda a, g: g(a), [torch.neg, torch.neg, torch.sigmoid], x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "after a loop that may break",
    """
import torch
def f(x):
    while True:
        if x.numel() > 0:
            break
    return torch.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "in except branch",
    """
import torch
def f(x):
    try:
        return x.no_such_thing
    except AttributeError:
        return torch.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "suppress then fall through",
    """
import contextlib, torch
def f(x):
    with contextlib.suppress(ZeroDivisionError):
        1 / 0
        return x
    return torch.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "global set by another function",
    """
import torch
act = torch.exp
def setup():
    global act
    act = torch.sigmoid
def f(x):
    setup()
    return act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "nonlocal",
    """
import torch
def f(x):
    act = torch.exp
    def choose():
        nonlocal act
        act = torch.sigmoid
    choose()
    return act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "setattr on a namespace",
    """
import torch, types
box = types.SimpleNamespace()
setattr(box, "act", torch.sigmoid)
def f(x):
    return box.act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "multi-head attention trick",
    """
import torch
import torch.nn.functional as F
def f(x):
    k = torch.tensor([[1.0], [0.0]], dtype=x.dtype)
    q = x.reshape(-1, 1)
    return F.scaled_dot_product_attention(q, k, k, scale=1.0).reshape(x.shape)  # <-
""",
)
_forbidden(
    "sigmoid",
    "torch.compile wrapper name only",
    """
import torch
def g(z):
    return torch.sigmoid(z)  # <-
f = torch.no_grad()(g)
""",
)
_forbidden(
    "sigmoid",
    "lambda as the function",
    """
import torch
f = lambda x: torch.sigmoid(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "match statement",
    """
import torch
def f(x):
    match x.dim():
        case 2:
            return torch.sigmoid(x)  # <-
        case _:
            return x
""",
)
_forbidden(
    "sigmoid",
    "async stepped by hand",
    """
import torch
async def work(z):
    return torch.sigmoid(z)  # <-
def f(x):
    try:
        work(x).send(None)
    except StopIteration as stop:
        return stop.value
""",
)
_forbidden(
    "sigmoid",
    "timer thread",
    """
import threading, torch
def f(x):
    out = []
    t = threading.Timer(0, lambda: out.append(x.sigmoid()))  # <-
    t.start(); t.join()
    return out[0]
""",
)
_forbidden(
    "sigmoid",
    "partialmethod style getattr default",
    """
import torch
def f(x):
    return getattr(torch, "sigmoid", None)(x)  # <-
""",
)
_forbidden(
    "matmul",
    "starred chain with reduce",
    """
import functools, operator, torch
def f(x):
    return functools.reduce(operator.matmul, [x, x])  # <-
""",
)
_forbidden(
    "matmul",
    "numpy by dtype object",
    """
import numpy
def f(x):
    a = numpy.asarray(x)
    return a.dot(a)  # <-
""",
)
_one("matmul", "linalg.matrix_power", T, "torch.linalg.matrix_power(x, 2)")
_one("matmul", "F.bilinear", F, "F.bilinear(x, x, torch.ones(1, 2, 2, dtype=x.dtype))")
_one("matmul", "np.linalg", NP, "np.linalg.multi_dot([x.numpy(), x.numpy()])")
_one("matmul", "np.vecdot-like inner1d via inner", NP, "np.inner(x.numpy(), x.numpy())")
_one("matmul", "vmap of dot", T, "torch.func.vmap(torch.dot)(x, x)")
_forbidden(
    "autograd",
    "hook hides the call",
    """
import torch
def f(x):
    z = x.clone().requires_grad_()
    seen = []
    z.register_hook(seen.append)
    torch.autograd.backward([(z * z).sum()])  # <-
    return seen[0]
""",
)
_forbidden(
    "autograd",
    "functional vjp, renamed module",
    """
import torch.autograd.functional as AF
def f(x):
    return AF.vjp(lambda z: (z**2).sum(), x)[1]  # <-
""",
)
_forbidden(
    "autograd",
    "func.linearize",
    """
import torch
def f(x):
    out, lin = torch.func.linearize(lambda z: z * z, x)  # <-
    return lin(torch.ones_like(x))
""",
)
_forbidden(
    "autograd",
    "grad_and_value star import",
    """
from torch.func import *
def f(x):
    return grad_and_value(lambda z: (z**2).sum())(x)[0]  # <-
""",
)
_forbidden(
    "autograd",
    "optimizer step moves by the gradient",
    """
import torch
def f(x):
    z = x.clone().requires_grad_()
    opt = torch.optim.SGD([z], lr=1.0)
    (z**2).sum().backward()  # <-
    opt.step()
    return x - z.detach()
""",
)
_forbidden(
    "autograd",
    "Tensor.backward as a function",
    """
import torch
def f(x):
    z = x.clone().requires_grad_()
    torch.Tensor.backward((z**2).sum())  # <-
    return z.grad
""",
)
_forbidden(
    "tensor",
    "shape of stacked scalars",
    """
import torch
def f(x):
    make = torch.full
    return tuple(make((2, 3), 1.0).shape)  # <-
""",
)
_forbidden(
    "tensor",
    "np.result_type",
    """
import numpy as np
def f(x):
    return np.result_type(1, 2.0)  # <-
""",
)
_forbidden(
    "tensor",
    "finfo of ones_like",
    """
from torch import ones_like as o
def f(x):
    return o(x).dtype  # <-
""",
)
_forbidden(
    "modules",
    "Sequential of layers",
    """
import torch
def f(x):
    net = torch.nn.Sequential(torch.nn.Linear(2, 3), torch.nn.LayerNorm(3))  # <-
    return sum(p.numel() for p in net.parameters())
""",
)
_forbidden(
    "modules",
    "meta device, list comprehension",
    """
from torch import nn
def f(x):
    return sum(p.numel() for make in (nn.Linear,) for p in make(2, 3).parameters())  # <-
""",
)
_forbidden(
    "eval",
    "eval alias",
    """
run = eval
def f(x):
    return run("1")  # <-
""",
)
_forbidden(
    "eval",
    "builtins dict",
    """
def f(x):
    return __builtins__["eval"]("1") if isinstance(__builtins__, dict) else __builtins__.eval("1")  # <-
""",
)
_forbidden(
    "json",
    "load from StringIO, renamed",
    """
from io import StringIO
from json import load as read
def f(x):
    return read(StringIO("[1]"))  # <-
""",
)
_forbidden(
    "bce",
    "functional under nn",
    """
from torch import nn
loss = nn.functional.binary_cross_entropy
def f(x):
    return loss(x.abs() / 9, x.abs() / 9)  # <-
""",
)
_forbidden(
    "dropout",
    "Dropout1d subclass",
    """
from torch import nn
class Drop(nn.Dropout):
    pass
def f(x):
    return Drop(0.1).eval()(x)  # <-
""",
)
_fine_one("sigmoid", "expm1 form", T, "1 - 1 / (torch.expm1(x) + 2)")
_fine_one("sigmoid", "sin and clamp", F, "F.relu(x).clamp(0, 1) + F.gelu(x)")
_fine(
    "sigmoid",
    "class with attribute sigmoid, dataclass",
    """
from dataclasses import dataclass
import torch
@dataclass
class Result:
    sigmoid: torch.Tensor
    softmax: float = 0.0
def f(x):
    r = Result(1 / (1 + torch.exp(-x)))
    return r.sigmoid
""",
)
_fine(
    "sigmoid",
    "print, format and repr of tensors",
    """
import torch
def f(x):
    text = f"{x} {x.mean():.3f} {x!r}"
    return 1 / (1 + torch.exp(-x)) + 0 * len(text)
""",
)
_fine(
    "matmul",
    "outer loops with accumulate and cumsum",
    """
import itertools, torch
def f(x):
    n = x.shape[0]
    return torch.stack([torch.stack([(x[i] * x[:, j]).sum() for j in range(n)]) for i in range(n)])
""",
)
_fine(
    "matmul",
    "own dot and mm",
    """
class Matrix:
    def __init__(self, rows): self.rows = rows
    def dot(self, other):
        return [[sum(a * b for a, b in zip(r, c)) for c in zip(*other.rows)] for r in self.rows]
def mm(a, b):
    return Matrix(a).dot(Matrix(b))
def f(x):
    return mm(x.tolist(), x.tolist())
""",
)
_fine(
    "matmul",
    "norms and statistics of torch",
    """
import torch
def f(x):
    angle = torch.nn.functional.cosine_similarity(x, x)
    return torch.linalg.norm(x), torch.var(x), torch.cov(x), torch.linalg.det(x), angle
""",
)
_fine(
    "autograd",
    "numpy gradient and names with grad",
    """
import torch
def manual_grad(x, grad_output):
    grad_input = grad_output * 2 * x
    return grad_input
def f(x):
    backward_result = manual_grad(x, torch.ones_like(x))
    torch.gradient(x)
    return backward_result
""",
)
_fine(
    "autograd",
    "no_grad as decorator, inference mode",
    """
import torch
@torch.inference_mode()
def f(x):
    return 2 * x
""",
)
_fine(
    "autograd",
    "clip and zero_grad helpers exist",
    """
import torch
def f(x):
    p = torch.nn.Parameter(x.clone())
    opt = torch.optim.SGD([p], lr=0.1)
    opt.zero_grad()
    return [p.requires_grad, p.grad, x.retains_grad]
""",
)
_fine(
    "autograd",
    "nodes in a dictionary with backward closures",
    """
class Node:
    def __init__(self, v): self.v, self.grad, self._backward = v, 0.0, lambda: None
def f(x):
    a = Node(2.0); out = Node(4.0)
    def _backward(): a.grad += 2 * a.v * out.grad
    out._backward = _backward
    out.grad = 1.0
    for n in (out, a): n._backward()
    return a.grad
""",
)
_fine(
    "tensor",
    "type tests in a match",
    """
import numpy as np, torch
def f(x):
    match x:
        case np.ndarray(): return "array"
        case torch.Tensor(): return x.dtype
        case _: return torch.get_default_dtype()
""",
)
_fine(
    "tensor",
    "pure python shape walker that prints",
    """
def f(x):
    value, shape = x.tolist(), []
    while isinstance(value, list):
        shape.append(len(value)); value = value[0]
    print(x, shape)
    return tuple(shape)
""",
)
_fine(
    "tensor",
    "dtype arithmetic tables",
    """
import torch
ORDER = [torch.bool, torch.int64, torch.float32]
def f(x):
    assert torch.is_tensor(x) and torch.finfo(x.dtype).bits == 64
    return max((ORDER.index(d) for d in ORDER), default=0)
""",
)
_fine(
    "dropout",
    "bernoulli mask",
    """
import torch
def f(x, training=False, p=0.1):
    mask = torch.ones_like(x)
    return x * mask / (1 - p) if training else x
""",
)
_fine(
    "eval",
    "str methods and a parser of its own",
    """
import re
def parse(text):
    return {k: int(v) for k, v in re.findall(r"(\\w+): (\\d+)", text)}
def f(x):
    compile = parse
    return compile("a: 1")
""",
)
_fine(
    "modules",
    "functional and init",
    """
import torch
from torch.nn import functional as F, init, utils
def f(x):
    p = torch.nn.Parameter(x)
    return F.relu(p).numel(), utils.parameters_to_vector([p]).numel()
""",
)
_fine(
    "bce",
    "squared error by hand and logs",
    """
import torch
def f(x):
    a = x.abs() / 9
    loss = -(torch.log(a)).mean() + ((a - 1) ** 2).mean()
    return torch.nn.functional.relu(loss)
""",
)

# a second set of that kind -------------------------------------------------------------------------------------------

_forbidden(
    "sigmoid",
    "inherited method of an own base",
    """
import torch
class Base:
    def act(self, z):
        return torch.sigmoid(z)  # <-
class Unit(Base):
    def go(self, z):
        return self.act(z)
def f(x):
    return Unit().go(x)
""",
)
_forbidden(
    "sigmoid",
    "super",
    """
import torch
class Base:
    def act(self, z):
        return z.sigmoid()  # <-
class Unit(Base):
    def act(self, z):
        return super().act(z)
def f(x):
    u = Unit()
    return u.act(x)
""",
)
_forbidden(
    "sigmoid",
    "registered by a decorator",
    """
import torch
OPS = {}
def register(g):
    OPS[g.__name__] = g
    return g
@register
def squash(z):
    return torch.sigmoid(z)  # <-
def f(x):
    return OPS["squash"](x)
""",
)
_forbidden(
    "sigmoid",
    "augmented list at top level",
    """
import torch
FNS = [torch.neg]
FNS += [torch.sigmoid]
def f(x):
    return FNS[1](x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "loop at top level fills a table",
    """
import torch
T = {}
for n in ("exp", "sigmoid"):
    T[n] = getattr(torch, n)
def f(x):
    return T["sigmoid"](x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "with as",
    """
import contextlib, torch
def f(x):
    with contextlib.nullcontext(torch.sigmoid) as act:
        return act(x)  # <-
""",
)
_forbidden(
    "sigmoid",
    "recursion",
    """
import torch
def f(x, n=3):
    return torch.sigmoid(x) if n == 0 else f(x, n - 1)  # <-
""",
)
_forbidden(
    "sigmoid",
    "logits by cross entropy",
    """
import torch.nn.functional as nf
import torch
def f(x):
    flat = x.reshape(-1, 1)
    two = torch.cat([torch.zeros_like(flat), flat], 1)
    ones = torch.ones(len(flat), dtype=torch.long)
    return torch.exp(-nf.cross_entropy(two, ones, reduction="none")).view(x.shape)  # <-
""",
)
_forbidden(
    "autograd",
    "two modules deep from-import",
    """
from torch import autograd as ag
def f(x):
    z = x.clone().requires_grad_()
    (g,) = ag.grad(outputs=(z**3).sum(), inputs=z)  # <-
    return g
""",
)
_forbidden(
    "autograd",
    "backward with bound alias",
    """
def f(x):
    z = x.clone().requires_grad_()
    go = (z**2).sum().backward
    go()  # <-
    return z.grad
""",
)
_forbidden(
    "autograd",
    "double backward inside a helper class",
    """
import torch
class Tape:
    def run(self, z):
        y = (z**3).sum()
        (g,) = torch.autograd.grad(y, z, create_graph=True)  # <-
        return torch.autograd.grad(g.sum(), z)[0]  # <-
def f(x):
    return Tape().run(x.clone().requires_grad_())
""",
)
_forbidden(
    "matmul",
    "reversed operator via numpy array",
    """
import numpy as np
def f(x):
    a = np.array(x.tolist())
    b = a
    b = b @ a  # <-
    return b
""",
)
_forbidden(
    "matmul",
    "linear by Module call in list",
    """
import torch
layers = [torch.nn.Linear(2, 2, dtype=torch.float64)]
def f(x):
    return layers[0](x).detach()  # <-
""",
)
_forbidden(
    "tensor",
    "arange shape",
    """
import torch
def f(x):
    return torch.arange(6).reshape(2, 3).shape  # <-
""",
)
_fine(
    "sigmoid",
    "own module-like namespace",
    """
import types, torch
F = types.SimpleNamespace(sigmoid=lambda z: 1 / (1 + torch.exp(-z)))
def f(x):
    return F.sigmoid(x)
""",
)
_fine(
    "sigmoid",
    "parameter called torch",
    """
class Lib:
    @staticmethod
    def sigmoid(z): return 1 / (1 + (-z).exp())
def g(torch, z):
    return torch.sigmoid(z)
def f(x):
    return g(Lib, x)
""",
)
_fine(
    "sigmoid",
    "own torch name shadows in function",
    """
import torch
def f(x):
    def sigmoid(z): return 1 / (1 + torch.exp(-z))
    act = {"sigmoid": sigmoid}["sigmoid"]
    return act(x)
""",
)
_fine(
    "autograd",
    "value engine with a backward that visits",
    """
class Value:
    def __init__(self, data, children=()):
        self.data, self.grad, self._prev, self._backward = data, 0.0, set(children), lambda: None
    def __add__(self, o):
        out = Value(self.data + o.data, (self, o))
        def back():
            self.grad += out.grad
            o.grad += out.grad
        out._backward = back
        return out
    def backward(self):
        self.grad = 1.0
        for v in [self, *self._prev]:
            v._backward()
def f(x):
    graph = {"a": Value(1.0)}
    total = sum([graph["a"]], start=Value(0.0))
    total.backward()
    return graph["a"].grad
""",
)
_fine(
    "matmul",
    "mul and sum with einops-like names",
    """
import torch
def linear(x, w, b):
    return (x[:, None, :] * w[None]).sum(-1) + b
def f(x):
    return linear(x, x, 0.0)
""",
)
_fine(
    "tensor",
    "zeros of its own",
    """
def zeros(n): return [0] * n
def f(x):
    shape = zeros(x.dim())
    for i in range(x.dim()): shape[i] = x.size(i)
    return tuple(shape)
""",
)
_fine(
    "eval",
    "method named exec and compile",
    """
class Machine:
    def exec(self, op): return op
    def compile(self): return self.exec(1)
def f(x):
    return Machine().compile()
""",
)
_fine(
    "modules",
    "type comparison of given layer",
    """
from torch import nn
def f(x, layer=None):
    table = {nn.Linear: "linear", nn.Embedding: "embedding"}
    return table.get(type(layer), "none"), type(layer) is nn.LayerNorm
""",
)
_fine(
    "autograd",
    "sgd step on given grads",
    """
import torch
def f(x):
    params, grads = [x.clone()], [torch.ones_like(x)]
    with torch.no_grad():
        for p, g in zip(params, grads):
            p -= 0.1 * g
            p.grad = None
    return params[0]
""",
)

# broadcasting --------------------------------------------------------------------------------------------------------

_one("broadcast", "broadcast_shapes", T, "torch.broadcast_shapes((2, 1), (1, 3))")
_one(
    "broadcast",
    "broadcast_shapes by a hidden name",
    T,
    'getattr(torch, "broad" + str("cast_shapes"))((2, 1), (1, 3))',
)
_one("broadcast", "broadcast_tensors", T, "torch.broadcast_tensors(x, x[0])[1].shape")
_one("broadcast", "expand", T, "x[:1].expand(3, 2).shape")
_one("broadcast", "numpy", NP, "np.broadcast_shapes((2, 1), (1, 3))")
_fine(
    "broadcast",
    "by hand",
    """
def f(x):
    a, b = tuple(x.shape), (1, 2)
    expand = [max(p, q) for p, q in zip(a, b)]
    return tuple(expand)
""",
)
_forbidden(
    "broadcast",
    "add empties",
    """
import torch
def f(x):
    a, b = x.view(4, 1), x.view(1, 4)
    return torch.broadcast_to(a, (4, 4)).shape  # <-
""",
)
_fine(
    "broadcast",
    "reshape, repeat and unsqueeze",
    """
def f(x):
    return (x.unsqueeze(0) + x.repeat(3, 1, 1)).shape
""",
)
_forbidden(
    "broadcast",
    "np broadcast object",
    """
import numpy as np
def f(x):
    return np.broadcast(x.numpy(), x.numpy()[:1]).shape  # <-
""",
)

# what nothing saw before ----------------------------------------------------------------------------------------------

_one("matmul", "cdist", T, "torch.cdist(x, x)")
_one("matmul", "weighted bags", F, "F.embedding_bag(torch.tensor([[0, 1]]), x, per_sample_weights=x[:1], mode='sum')")
_one("matmul", "matrices of NumPy", NP, "np.matrix(x.numpy()) * np.matrix(x.numpy())")
_one("matmul", "powers of NumPy's matrices", NP, "np.asmatrix(x.numpy()) ** 2")
_one("matmul", "NumPy's matmul", NP, "np.matmul(x.numpy(), x.numpy())")
_one("matmul", "NumPy's vdot, in a loop", NP, "[np.vdot(r, r) for r in x.numpy()]")
_one("matmul", "NumPy's tensordot by a hidden name", NP, 'getattr(np, "tensor" + str("dot"))(x.numpy(), x.numpy(), 1)')
_one("matmul", "NumPy's inner in a condition", NP, "np.inner(x.numpy(), x.numpy()) if len(x) else x")
_one("matmul", "a dot of arrays by a hidden name", NP, 'getattr(x.numpy(), "do" + str("t"))(x.numpy())')
_one("matmul", "an operator in a lambda", "from torch import Tensor", "(lambda a: a @ a)(x.numpy())")
_forbidden(
    "matmul",
    "an operator between rows and columns of arrays",
    """
def f(x):
    a = x.numpy()
    if len(a):
        return [[r @ c for c in a.T] for r in a]  # <-
""",
)
_one("eval", "annotations", "import typing\ndef g(a: '1 + 1'): pass", "typing.get_type_hints(g)")
_one("eval", "compile", "", 'compile("1", "", "eval")')
_one("json", "the module that another module imported", "import gradlings.submission.cells as c", 'c.json.loads("[1]")')
_one("json", "an own decoder", "from json import JSONDecoder\nD = JSONDecoder()", 'D.decode("[1]")')
for _name, _call in (("called by hand", "y.grad_fn(x)"), ("walked over", "len(y.grad_fn.next_functions)")):
    _forbidden("autograd", f"nodes {_name}", f"def f(x):\n    y = x.requires_grad_() * x\n    return {_call}  # <-\n")
_forbidden(
    "autograd",
    "an attribute named by a class",
    """
import torch
class grad:
    pass
def f(x):
    z = x.clone().requires_grad_()
    return getattr(torch.autograd, grad.__name__)((z * z).sum(), z)[0]  # <-
""",
)
_forbidden(
    "autograd",
    "torch in the frame of a generator",
    """
import torch
def frames():
    yield
def f(x):
    z = x.clone().requires_grad_()
    return frames().gi_frame.f_globals["torch"].autograd.grad((z * z).sum(), z)[0]  # <-
""",
)
_forbidden(
    "autograd",
    "an import in the builtins of a frame",
    """
import sys
def f(x):
    z = x.clone().requires_grad_()
    return sys._getframe().f_builtins["__import__"]("torch").autograd.grad((z * z).sum(), z)[0]  # <-
""",
)
_forbidden(
    "autograd",
    "an expression in a dimension",
    """
import builtins, torch
from jaxtyping import Float
def f(x):
    isinstance(x, Float[torch.Tensor, 'setattr(__import__("builtins"),"g",__import__("torch").autograd.grad)or(2) 2'])
    z = x.clone().requires_grad_()
    return builtins.g((z * z).sum(), z)[0]  # <-
""",
)

NOT_CHASED: list[tuple[str, str]] = [
    ("sigmoid", 'with torch._C.DisableTorchFunction():\n        return getattr(torch, "".join("sigmoid"))(x)'),
    ("sigmoid", "import _thread\n    _thread.start_new_thread(lambda: x.sigmoid(), ())"),
    ("sigmoid", 'torch._C._pop_torch_function_stack()\n    return getattr(torch, "".join("sigmoid"))(x)'),
    ("tensor", 'getattr(torch, "".join("Tensor"))([1.0])'),
]
"""Rules and bodies of `f` that pass: docs/security.md says so."""
