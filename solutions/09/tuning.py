# %% [markdown]
# # 09 Fine-tuning
#
# The GPT of assignment 06 continues text, and so does GPT-2. Ask such a model a question, and it may well go on with
# three more questions: that is how texts on the web go on. To make an assistant of it, it is trained a little longer,
# on chosen text. That is *fine-tuning*, and the chapter, the text about language models that the exercises follow, ends
# with it.
#
# Nothing about the training is new. It is the loop of 6.13, the same loss, the same backward pass. What changes is the
# text, and *which tokens count*. This one idea goes through the whole assignment.
#
# Exercises 9.1 to 9.3 turn conversations into training data: text, labels, and a loss that looks at the answers only.
# 9.4 to 9.6 train a few numbers in place of all: by freezing parameters (keeping them as they are), and with LoRA,
# which adds a small change to each matrix. 9.7 and 9.8 learn from pairs of answers of which people liked one better. In
# 9.9 you fine-tune a GPT that was trained on the corpus of assignment 06, and look at what it can answer before and
# after, and at what it has forgotten.
#
# You need matrix products (1.8), parameters and their names (2.9), softmax (3.11), the training step (5.5), the loss of
# a language model (6.3), and padded batches (7.7). Nothing is imported from your earlier files.
#
# torch's autograd does the backward pass, so in 9.3, 9.5, 9.7 and 9.8 gradients must flow from the result back to the
# float tensors in the arguments (in 9.8 there is an exception, and it is the point). As before, shapes, dtypes, texts
# and token ids must be exact, other numbers right to seven digits in `float64`, and what comes in must stay as it is.
# In 9.4 and 9.9 a model is changed; that is what they are for.
#
# Letters for sizes: $B$ rows in a batch, $T$ tokens in a row, $V$ different tokens, $r$ the rank of LoRA (9.5).

# %%
import io
import math

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

# %% [markdown] exercise="9.1" objective="Write a conversation as one text, and refuse what is none"
# ## 9.1 A conversation is a text
#
# A model that continues text can hold a conversation if the conversation is a text. So somebody decides how it is
# written down: which signs say who speaks, and where a message ends. That is a *chat template*. Every family of models
# has its own, and a model only understands the one that it was fine-tuned with. This is ours:
#
#     <|system|>
#     Be brief.<|end|>
#     <|user|>
#     1+1?<|end|>
#     <|assistant|>
#     2<|end|>
#
# Each message is `<|role|>`, a new line, its content, `<|end|>`, and a new line. The content is not touched: a space or
# a new line at its ends belongs to the message.
#
# For training, that is all. But a model that should answer needs to know that it is its turn. Then the text ends with
# `<|assistant|>` and a new line, and the model writes what follows: that is the *prompt* for the answer
# (`add_prompt`). Where it is missing, a model that continues text may continue the question.
#
# Messages that are no conversation must raise a ValueError: a model would answer them all the same, and nobody would
# notice. There is at least one message. A system message, which tells the model how to behave, may come first, and
# nowhere else. After it, user and assistant take turns, and the user begins; a system message alone is no conversation.
# There are no other roles. And a prompt is possible only after a message of the user.
#
# One more thing has to be refused. What does the model see if a user types `<|end|>` and `<|assistant|>` into the
# message? A user could write answers in the name of the assistant, and worse. So no content may hold the two signs
# `<|`.


# %% solution="9.1"
def render_chat(messages: list[dict[str, str]], add_prompt: bool) -> str:
    """Write a conversation as the text that a model reads.

    Args:
        messages: each with a "role" ("system", "user" or "assistant") and a "content", which may be empty.
        add_prompt: whether the text ends with the prompt for an answer.

    Returns:
        For each message <|role|>, a new line, the content as it is, <|end|> and a new line; with add_prompt also
        <|assistant|> and a new line.

    Raises:
        ValueError: there is no message; a role is unknown; a system message is not the first, or is the only one; the
            others do not alternate, beginning with the user; a content holds "<|"; or add_prompt is asked for and the
            last message is not the user's.

    Example:
        >>> render_chat([{"role": "user", "content": "Hi!"}], add_prompt=True)
        '<|user|>\\nHi!<|end|>\\n<|assistant|>\\n'
    """
    ### BEGIN SOLUTION
    turns = [message["role"] for message in messages]
    if turns[:1] == ["system"]:
        turns = turns[1:]
    if not turns or any(role != ("user", "assistant")[i % 2] for i, role in enumerate(turns)):
        raise ValueError("user and assistant take turns, and the user begins")
    if add_prompt and turns[-1] != "user":
        raise ValueError("an answer is possible only after a message of the user")
    if any("<|" in message["content"] for message in messages):
        raise ValueError("a message holds the signs of the template")
    text = "".join(f"<|{message['role']}|>\n{message['content']}<|end|>\n" for message in messages)
    return text + ("<|assistant|>\n" if add_prompt else "")
    ### END SOLUTION


# %% [markdown] hints="9.1"
# 1. Write the conversation "Hi!", "Hello." on paper as a text, with every new line as a sign of its own. Where does
#    the first message end?
# 2. Leave out a system message at the very beginning. What remains must not be empty, message 0, 2, 4 and so on must
#    be the user's, and message 1, 3, 5 the assistant's. Does this rule also find unknown roles, and late system
#    messages?
# 3. First refuse: the order of the roles, the prompt after an answer, the two signs in any content. Then build one
#    piece of text for each message and join the pieces with nothing between them. Add the prompt in the end, if it is
#    asked for.

# %% [markdown] solved="9.1"
# **Why it works.** Each message says who speaks and where it ends, so the text can be taken apart again in one way
# only. The prompt puts the model at the place where all its training answers began.
#
# **In models.** Llama 3 marks roles and ends of messages with special tokens. Every model on Hugging Face that can chat
# comes with such a template.
#
# **In PyTorch.** `torch.nn.Embedding` has a row for each special token, learned during fine-tuning.
#
# **Next.** 9.2 says which tokens are to be learned.

# %% [markdown] exercise="9.2" objective="Label the tokens of an answer, its end included, and nothing else"
# ## 9.2 Which tokens count?
#
# A row of training data holds a question, an answer, and pads behind it. In pre-training, every token is a target. Now
# the model is to learn to *answer*. It need not learn to ask, and least of all to write pads.
#
# So each token gets a *label*, which says whether the model should learn to predict this token. For a token of the
# answer the label is its id. For all others it is -100, a number that is no id and, by an old custom of PyTorch, means
# "do not count this". `starts` says for each row at which place its answer begins, `lengths` how many real tokens the
# row has. With the prompt 5 6, the answer 7 8 and its end 0, in a row that is padded to seven tokens:
#
# | place | 0 | 1 | 2 | 3 | 4 | 5 | 6 |
# |---|---|---|---|---|---|---|---|
# | id | 5 | 6 | 7 | 8 | 0 | 0 | 0 |
# | label | -100 | -100 | 7 | 8 | 0 | -100 | -100 |
#
# Look at the three zeros. The first one ends the answer, the other two are pads. GPT-2 has no id for pads, so people
# take that of the end for both, and then mask every place where the id is that of the pad. What has such a model never
# been taught? To stop. Several training libraries have had this bug. So never ask the ids where the pads are.
#
# The labels stand at the places of their tokens; nothing is shifted here. The loss does that (9.3), once.


# %% solution="9.2"
def sft_labels(ids: Int[Tensor, "B T"], starts: Int[Tensor, "B"], lengths: Int[Tensor, "B"]) -> Int[Tensor, "B T"]:
    """Label the tokens of the answers; all others get -100.

    Args:
        ids: padded rows of tokens, int64. The pads may have the id of a real token.
        starts: for each row the place where its answer begins, int64, from 0 to its length.
        lengths: for each row how many real tokens it has, int64, from 1 to T; the others are pads.

    Returns:
        An int64 tensor of the shape and on the device of ids, and not ids itself: in row b, the id at the
        places from starts[b] to lengths[b] - 1, and -100 elsewhere. A row whose start is its length has no labels.

    Example:
        >>> sft_labels(torch.tensor([[5, 6, 7, 0, 0]]), torch.tensor([2]), torch.tensor([4]))
        tensor([[-100, -100,    7,    0, -100]])
    """
    ### BEGIN SOLUTION
    place = torch.arange(ids.shape[1], device=ids.device)
    answer = (place >= starts.unsqueeze(1)) & (place < lengths.unsqueeze(1))
    return torch.where(answer, ids, -100)
    ### END SOLUTION


# %% [markdown] hints="9.2"
# 1. Do the row 5 0 7 0 0 by hand, with start 2 and length 4. Which of the zeros has a label, and did you look at the
#    ids to say so?
# 2. The label at place $(b, t)$ is the id there if $s_b \le t < n_b$, with start $s_b$ and length $n_b$; else it is
#    -100.
# 3. Compare the row of places 0 to T - 1 with the column of starts, and with the column of lengths; both broadcast to
#    the shape of the ids. Where both are true, take the id, elsewhere -100. The places must be on the device of the
#    ids.

# %% [markdown] solved="9.2"
# **Why it works.** Starts and lengths know what is prompt, answer and pad. The ids do not, since one id may be an end
# and a pad.
#
# **In models.** InstructGPT and nearly all assistants since were first fine-tuned on answers that people had written.
# TRL, a library for fine-tuning, can count only the answers, too.
#
# **In PyTorch.** `torch.nn.CrossEntropyLoss` leaves out targets of -100, unless it is told another number.
#
# **Next.** 9.3 makes a loss of the labels.

# %% [markdown] exercise="9.3" objective="Average the loss over the tokens that count, each with the same weight"
# ## 9.3 A loss that looks at the answers
#
# This is the loss of 6.3, with two differences.
#
# There, the targets were shifted already: target $t$ was the token that follows token $t$. Here the labels stand at the
# places of their own tokens, so the loss has to shift. The logits at place $t$ predict what stands at place $t + 1$.
# The logits at the last place predict nothing that is here, and the label at place 0 is predicted by nothing.
#
# | place | 0 | 1 | 2 | 3 |
# |---|---|---|---|---|
# | label | -100 | -100 | 7 | 0 |
# | predicted by the logits at place | | 0 | 1 | 2 |
#
# Without the shift, the model is rewarded for repeating the token it has just read. The loss then falls to almost zero,
# as you saw in 6.1, and nothing has been learned.
#
# And only labels other than -100 count. With $N$ of them in the whole batch, after the shift, and the sum over just
# these places:
#
# $$ L = -\frac{1}{N}\sum_{b,\,t} \ln p_{b,\,t-1}(y_{b,t}), \qquad
# p_{b,t} = \mathrm{softmax}(z_{b,t}) $$
#
# One mean over the whole batch means that every *token* has the same weight. The mean of the rows' means gives every
# *row* the same weight: then a word in an answer of two words counts fifty times as much as a word in an answer of a
# hundred words. A big library made a mistake of this kind for years: where several small batches were added up before
# an update, each was divided by its own number of tokens.
#
# Sometimes nothing counts at all, in a batch of questions whose answers were cut off. Then the loss is 0. What do
# ready-made losses say about the mean of nothing?
#
# Ready-made cross-entropies are off limits (`log_softmax` and `logsumexp` are allowed).


# %% solution="9.3"
def masked_lm_loss(logits: Float[Tensor, "B T V"], labels: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Average the cross-entropy of next-token predictions over the labels that count.

    Args:
        logits: for each place a score for each token of the vocabulary; any numbers, also very large ones. Those at
            place t predict the label at place t + 1. T is at least 2.
        labels: for each place its own token, int64, from 0 to V - 1, or -100 where nothing counts.

    Returns:
        The mean over all labels other than -100 at places 1 to T - 1 of the whole batch, in nats, a scalar tensor of
        the dtype of the logits; 0 if there are none.

    Example:
        >>> logits = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0], [9.0, 9.0, 9.0]]])  # B=1, T=3, V=3
        >>> masked_lm_loss(logits, torch.tensor([[-100, 0, 2]]))
        tensor(0.8955)
        >>> masked_lm_loss(logits, torch.tensor([[-100, 0, -100]]))
        tensor(0.2395)
    """
    ### BEGIN SOLUTION
    targets = labels[:, 1:]
    counts = targets != -100
    log_probabilities = logits[:, :-1].log_softmax(dim=-1)
    chosen = log_probabilities.gather(-1, targets.clamp(min=0).unsqueeze(-1)).squeeze(-1)
    return -(chosen * counts).sum() / counts.sum().clamp(min=1)
    ### END SOLUTION


# %% [markdown] hints="9.3"
# 1. Take one row of four tokens whose last two are the answer. Which rows of the logits go into the loss, and which
#    label goes with each?
# 2. Drop the last place of the logits and the first place of the labels: now both have $T - 1$ places that belong
#    together. $L = \frac{1}{N}\sum (\ln\sum_v e^{z_v} - z_y)$ over the $N$ places whose label is not -100.
# 3. Shift by slices. Take logarithms of probabilities along the vocabulary. Pick the entry of each label; -100 is no
#    index, so put any id in its place before, and multiply what comes out by 0 there (or keep only the places that
#    count, first of all). Add up, and divide by how many count, or by 1 if none does.

# %% [markdown] solved="9.3"
# **Why it works.** The shift pairs each prediction with what came. Prompt and pads are multiplied by zero, so no
# gradient comes from them, and dividing once gives each token the same weight.
#
# **In models.** The models of Hugging Face shift inside, as you do. In 2024 it turned out that their mean was taken for
# each small batch alone, in TRL and elsewhere.
#
# **In PyTorch.** `torch.nn.functional.cross_entropy` with its `ignore_index` does the rest; for nothing at all it gives
# NaN.
#
# **Next.** 9.4 leaves most of the parameters alone.

# %% [markdown] exercise="9.4" objective="Choose by name which parameters are trained"
# ## 9.4 Freezing
#
# With Adam, each number that learns needs three more beside it: its gradient and two means (5.3). So training a model
# takes four times the memory of the model itself, and some people have a GPU that holds it once. The way out: train
# only a part. The others are *frozen*; their `requires_grad` is False, so no gradient is computed for them.
#
# Which part? It is said by names. Each parameter of a module (2.9) has one, such as `blocks.3.norm.weight`, made
# of the names of the modules on the way, with dots between them. A *prefix* picks a module with all that is in it:
# `blocks.3` picks every parameter of this block, `head.weight` a single one.
#
# Exactly the chosen parameters are to train in the end, whatever was trained before. So chosen ones are switched on, if
# they were off, and all others are switched off. The answer is how many *numbers* will be trained.
#
# A prefix ends where a name ends. Does `blocks.1` pick the parameters of `blocks.10`, only because the texts begin
# alike? And does a misspelled prefix pick anything? A run that trains nothing looks like one that trains, for hours. So
# a prefix without any parameter is a ValueError, and then nothing at all has been changed.


# %% solution="9.4"
def freeze_all_but(model: nn.Module, prefixes: list[str]) -> int:
    """Make exactly the chosen parameters of a model trainable.

    Args:
        model: any module; the `requires_grad` of its parameters is set.
        prefixes: names of parameters, or of modules, whose parameters are all meant. A parameter is chosen if its name
            is a prefix, or begins with a prefix and a dot. With an empty list, all are frozen.

    Returns:
        How many numbers there are in the chosen parameters.

    Raises:
        ValueError: a prefix fits no parameter. Nothing has been changed then.

    Example:
        >>> model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1))
        >>> freeze_all_but(model, ["2"])
        4
        >>> [name for name, parameter in model.named_parameters() if parameter.requires_grad]
        ['2.weight', '2.bias']
    """
    ### BEGIN SOLUTION
    parameters = dict(model.named_parameters())
    chosen = set()
    for prefix in prefixes:
        fitting = {name for name in parameters if (name + ".").startswith(prefix + ".")}
        if not fitting:
            raise ValueError(f"no parameter is called {prefix}, and none is in a module of this name")
        chosen |= fitting
    for name, parameter in parameters.items():
        parameter.requires_grad_(name in chosen)
    return sum(parameters[name].numel() for name in chosen)
    ### END SOLUTION


# %% [markdown] hints="9.4"
# 1. Print the names of the parameters of some module, together with their `requires_grad`. Which of them should the
#    prefix of a whole module pick, and which the name of a single parameter?
# 2. A name $n$ fits a prefix $p$ if $n = p$, or if $n$ begins with $p$ and a dot. The answer is the sum of
#    `numel()` over the names that fit any prefix.
# 3. Two rounds. First only look: for each prefix collect the names that fit, and raise if there are none. Then walk
#    over all parameters once, and set `requires_grad` to whether the name was collected, True or False. Set it on the
#    parameters, not on modules.

# %% [markdown] solved="9.4"
# **Why it works.** Names are paths, so a prefix has to end at a dot. Looking first and changing afterwards leaves the
# model as it was when something is wrong.
#
# **In models.** The first BERT users often trained only a new head. For large models, LoRA has taken the place of
# freezing by layers.
#
# **In PyTorch.** `torch.nn.Module.requires_grad_` sets it for a whole module at once.
#
# **Next.** 9.5 trains numbers that were not there before.

# %% [markdown] exercise="9.5" objective="Add a trained change of low rank to a frozen layer, and start it at nothing"
# ## 9.5 LoRA
#
# Freezing whole layers is crude. *LoRA* (low-rank adaptation) keeps every matrix $W$ of the model as it is and learns a
# small change to it. A change of the full shape $(n_{out}, n_{in})$ would have as many numbers as $W$. So the change is
# a product of two thin matrices, $A$ with $r$ rows and $B$ with $r$ columns, and the *rank* $r$ is small, say 8:
#
# $$ y = x\,W^\top + b + \frac{\alpha}{r}\; x A^\top B^\top $$
#
# Only $A$ and $B$ learn. A position's $n_{in}$ numbers are squeezed into $r$, and these make a change to all $n_{out}$
# numbers. For one row $x$ that is $Wx + b + \frac{\alpha}{r} BAx$: read it from the right.
#
# The factor $\alpha / r$ keeps the size of the change about the same when somebody tries another rank. $\alpha$ is
# chosen once, like a learning rate. If you leave out the factor, or only the division by $r$, nothing crashes: it is as
# if you had chosen another learning rate.
#
# How should it start? The model must not change before it has learned anything, so $BA$ has to be 0. Let both be zeros?
# Then look at the gradients: that of $B$ has $A$ as a factor, and that of $A$ has $B$ as a factor. If both matrices are
# zeros, so are both gradients, for ever. So one of them is random: $A$ has normal numbers with mean 0 and standard
# deviation $1/\sqrt{n_{in}}$, which gives $Ax$ the size of $x$, and $B$ is zeros. After the first step $B$ is not zero
# any more, and $A$ learns, too.


# %% solution="9.5"
def lora_init(
    n_in: int, n_out: int, r: int, generator: torch.Generator
) -> tuple[Float[Tensor, "r n_in"], Float[Tensor, "n_out r"]]:
    """Make the two matrices that LoRA starts with, for a layer from n_in to n_out numbers.

    Args:
        n_in: numbers that go into the layer.
        n_out: numbers that come out of it.
        r: the rank, at least 1.
        generator: where the random numbers come from.

    Returns:
        (A, B), both float32. A has the shape (r, n_in), and its numbers are drawn from a normal distribution with mean
        0 and standard deviation 1 / sqrt(n_in), each on its own. B has the shape (n_out, r) and is all zeros.

    Example:
        >>> A, B = lora_init(3, 5, 2, torch.Generator().manual_seed(0))
        >>> A.shape, B.shape, B.any()
        (torch.Size([2, 3]), torch.Size([5, 2]), tensor(False))
    """
    ### BEGIN SOLUTION
    A = torch.randn(r, n_in, generator=generator) / math.sqrt(n_in)
    return A, torch.zeros(n_out, r)
    ### END SOLUTION


# %% solution="9.5"
def lora_forward(
    x: Float[Tensor, "*n n_in"],
    W: Float[Tensor, "n_out n_in"],
    b: Float[Tensor, "n_out"],
    A: Float[Tensor, "r n_in"],
    B: Float[Tensor, "n_out r"],
    alpha: float,
) -> Float[Tensor, "*n n_out"]:
    """Apply a linear layer together with its change by LoRA.

    Args:
        x: rows of n_in numbers, with any axes before the last.
        W: the matrix of the layer, in the layout (out, in) of nn.Linear.
        b: its bias.
        A: makes r numbers of a row.
        B: makes the change of n_out numbers of these.
        alpha: how strong the change is; it is divided by the rank r.

    Returns:
        The output of the layer plus alpha / r times the change, of the dtype of x.

    Example:
        >>> W, b = torch.tensor([[1.0, 2.0]]), torch.tensor([0.5])  # from two numbers to one
        >>> A, B = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 1.0]])
        >>> lora_forward(torch.tensor([[1.0, 1.0]]), W, b, A, B, alpha=4.0)  # 3.5 + 4/2 * 4
        tensor([[11.5000]])
    """
    ### BEGIN SOLUTION
    r = A.shape[0]
    return x @ W.T + b + (alpha / r) * (x @ A.T @ B.T)
    ### END SOLUTION


# %% [markdown] hints="9.5"
# 1. Write down the shapes for one row of 3 numbers, 5 outputs and rank 2: of $x$, $A^\top$, $B^\top$ and each product.
#    Which size of which matrix is the rank?
# 2. $y = xW^\top + b + \frac{\alpha}{r}(xA^\top)B^\top$, with $r$ the number of rows of $A$. At the start
#    $A_{ij} = \varepsilon_{ij} / \sqrt{n_{in}}$ with standard normal $\varepsilon_{ij}$ from the generator, and
#    $B = 0$.
# 3. Forward: the layer as always; then the row through A, the result through B, times alpha over the rank; add both.
#    Start: draw standard normal numbers of the shape of A with the generator, divide by the root of the inputs, and
#    put zeros of the shape of B beside it. Inputs and outputs are easily swapped: look at the shapes that come back.

# %% [markdown] solved="9.5"
# **Why it works.** A product with B = 0 changes nothing, and still has a slope for B, since A is not 0. Rank r keeps
# the change small in numbers: r for each input, and r for each output.
#
# **In models.** The paper of 2021 tuned GPT-3 with about ten thousand times fewer numbers than the model has. Most
# people who tune large models at home use LoRA.
#
# **In PyTorch.** `torch.nn.utils.parametrize.register_parametrization` can put such a change into any layer.
#
# **Next.** 9.6 makes one matrix of it again.

# %% [markdown] exercise="9.6" objective="Merge a change of low rank into its layer, and count its numbers"
# ## 9.6 Merged, and counted
#
# After the training, two more products for each layer would make the model slower for ever. They need not stay. A row
# goes through $W$ and through the change side by side, and both are matrices, so one matrix does the work of both:
# `lora_merge` gives the matrix $W'$ for which $x\,W'^\top + b$ is exactly what 9.5 computes. Which product of $A$ and
# $B$ has the shape of $W$?
#
# $W$ itself stays as it is, for the next change may come from somewhere else. Many people keep one large model and ten
# small changes to it.
#
# How small are they? `lora_params` counts the numbers of $A$ and $B$ for layers of the shapes `(n_out, n_in)`, all with
# the same rank. GPT-2 small has 12 blocks; take the two matrices that make queries and values in each, 768 numbers to
# 768, with rank 8. That gives 294,912 numbers, where the model has 124 million: 0.24 %.


# %% solution="9.6"
def lora_merge(
    W: Float[Tensor, "n_out n_in"], A: Float[Tensor, "r n_in"], B: Float[Tensor, "n_out r"], alpha: float
) -> Float[Tensor, "n_out n_in"]:
    """Make one matrix of a layer and its change by LoRA.

    Args:
        W: the matrix of the layer.
        A: see lora_forward.
        B: see lora_forward.
        alpha: see lora_forward.

    Returns:
        A new matrix: a linear layer with it and the same bias gives what lora_forward gives. W is not changed.

    Example:
        >>> A, B = torch.tensor([[1.0, 0.0, 1.0]]), torch.tensor([[2.0], [0.0]])
        >>> lora_merge(torch.ones(2, 3), A, B, alpha=0.5)
        tensor([[2., 1., 2.],
                [1., 1., 1.]])
    """
    ### BEGIN SOLUTION
    return W + (alpha / A.shape[0]) * (B @ A)
    ### END SOLUTION


# %% solution="9.6"
def lora_params(shapes: list[tuple[int, int]], r: int) -> int:
    """Count the numbers that LoRA trains.

    Args:
        shapes: for each layer (n_out, n_in), the shape of its matrix.
        r: the rank of all changes.

    Returns:
        How many numbers A and B of all layers have together.

    Example:
        >>> lora_params([(768, 768), (768, 768)] * 12, 8)  # queries and values of GPT-2 small
        294912
    """
    ### BEGIN SOLUTION
    return sum(r * (n_in + n_out) for n_out, n_in in shapes)
    ### END SOLUTION


# %% [markdown] hints="9.6"
# 1. Take a layer from 3 numbers to 5, with rank 2. What shapes have $W$, $A$ and $B$, and how many numbers are in
#    $A$ and $B$?
# 2. $W' = W + \frac{\alpha}{r} B A$, since $xA^\top B^\top = x (BA)^\top$. A layer has $r\,n_{in}$ numbers in $A$ and
#    $n_{out}\,r$ in $B$.
# 3. Merge: the product of B and A, in this order, times alpha over the rank, added to W into a new tensor. Count: for
#    each layer the rank times the sum of its two sizes, and add these up.

# %% [markdown] solved="9.6"
# **Why it works.** Matrices that are applied to the same row can be added up. The two thin ones have r times the sum of
# the sizes in place of their product.
#
# **In models.** Merged models are as fast as before. In bfloat16 a small change may be rounded away, so people merge in
# float32.
#
# **In PyTorch.** `torch.addmm` adds a product to a matrix, with a factor.
#
# **Next.** 9.7 asks a model how likely a whole answer is.

# %% [markdown] exercise="9.7" objective="Sum the log-probabilities of an answer"
# ## 9.7 How likely is this answer?
#
# From examples alone, a model learns what to say, and never what *not* to say. People who compare two answers can tell
# it. For that (9.8), the model must say how likely it thinks a whole answer is.
#
# A text is likely if each of its tokens was, given those before it. The probabilities multiply, so their logarithms add
# up:
#
# $$ \ln p(\text{answer} \mid \text{prompt}) = \sum_{t\ \text{in the answer}} \ln p_{t-1}(i_t) $$
#
# The logits at place $t - 1$ predict the id $i_t$ at place $t$, as in 9.3. The mask says which *ids* belong to the
# answer: `mask[b, t]` is True if the id at place $t$ counts. The token at place 0 is predicted by nothing, so its mask
# has no effect.
#
# It is a sum and not a mean: this time an answer that goes on for longer is less likely, as it should be. And it is a
# sum for each row of the batch. A row in which nothing counts has the sum 0.
#
# Why not multiply the probabilities and take one logarithm in the end? Take 400 tokens of which each has the
# probability 0.1, and see what the product is in `float32`.
#
# Ready-made cross-entropies are off limits.


# %% solution="9.7"
def sequence_logprob(
    logits: Float[Tensor, "B T V"], ids: Int[Tensor, "B T"], mask: Bool[Tensor, "B T"]
) -> Float[Tensor, "B"]:
    """Give the log-probability of the masked part of each row.

    Args:
        logits: for each place a score for each token of the vocabulary; any numbers, also very large ones. Those at
            place t predict the id at place t + 1. T is at least 2.
        ids: the tokens, int64, from 0 to V - 1.
        mask: True where an id counts.

    Returns:
        For each row the sum of ln p(id | what is before) over the places 1 to T - 1 where the mask is True, in the
        dtype of the logits; 0 if there are none.

    Example:
        >>> logits = torch.zeros(1, 3, 4)  # each of four tokens has the probability 1/4
        >>> sequence_logprob(logits, torch.tensor([[0, 3, 1]]), torch.tensor([[True, True, True]]))
        tensor([-2.7726])
    """
    ### BEGIN SOLUTION
    log_probabilities = logits[:, :-1].log_softmax(dim=-1)
    chosen = log_probabilities.gather(-1, ids[:, 1:].unsqueeze(-1)).squeeze(-1)
    return torch.where(mask[:, 1:], chosen, 0.0).sum(dim=1)
    ### END SOLUTION


# %% [markdown] hints="9.7"
# 1. Do one row of three tokens by hand, with logits of 0 everywhere and four tokens in the vocabulary. How many terms
#    has the sum if all three tokens are in the mask?
# 2. For each row, $\sum_{t=1}^{T-1} m_t\,\bigl(z_{t-1,\,i_t} - \ln\sum_v e^{z_{t-1,\,v}}\bigr)$ with the mask $m$ as 0
#    or 1.
# 3. As in 9.3: drop the last place of the logits and the first place of ids *and* mask, take logarithms of
#    probabilities, pick those of the ids. Put 0 where the mask is False, and add up along the places, row by row.

# %% [markdown] solved="9.7"
# **Why it works.** Each factor is one prediction, and logarithms turn the product into a sum that no dtype loses. The
# mask moves with the ids, since it speaks of them.
#
# **In models.** Beam search, multiple-choice tests of language models and DPO all compare such sums.
#
# **In PyTorch.** `torch.distributions.categorical.Categorical` gives such logarithms, one for each place.
#
# **Next.** 9.8 learns from two of them.

# %% [markdown] exercise="9.8" objective="Learn from pairs of answers, against a reference that stands still"
# ## 9.8 Learning from preferences
#
# Somebody has read two answers to the same prompt and liked one better. *DPO* (direct preference optimization) learns
# from such pairs. The *chosen* answer should become more likely, the *rejected* one less likely. More likely than what?
# Than in the model before, which is kept as a *reference*. Four log-probabilities of 9.7 say it all: those of both
# answers by the model, $c$ and $d$, and by the reference, $c_0$ and $d_0$. The *margin* of a pair is how much further
# the model prefers the chosen answer than the reference does, and the loss is the cross-entropy of 3.3 with the target
# "yes, the chosen one":
#
# $$ m = \beta\,\bigl((c - d) - (c_0 - d_0)\bigr), \qquad L = -\frac{1}{N}\sum \ln \sigma(m) $$
#
# $\beta$ says how closely the model has to stay at the reference: the larger $\beta$ is, the less the model has to move
# away from the reference to make the loss small. At the start the model *is* the reference, all margins are 0, and the
# loss is $\ln 2 = 0.693$.
#
# Beside the loss, people watch the share of pairs whose margin is above 0, where the model prefers the chosen answer
# more than the reference did. A margin of exactly 0 is a draw and not a success.
#
# Two traps. The reference must stay fixed, since the model is compared with it. If it learned as well, the margin could
# grow just because the reference gets worse. So no gradient goes to $c_0$ and $d_0$. And log-probabilities of long
# answers are in the hundreds or thousands. What is $\sigma(-9000)$, and what is its logarithm? The ready-made sigmoid
# *and* its logarithm are both allowed here.


# %% solution="9.8"
def dpo_loss(
    chosen: Float[Tensor, "N"],
    rejected: Float[Tensor, "N"],
    ref_chosen: Float[Tensor, "N"],
    ref_rejected: Float[Tensor, "N"],
    beta: float,
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Compute the loss of DPO, and how many pairs the model gets right.

    Args:
        chosen: for each pair the log-probability of the answer that people liked better, by the model.
        rejected: that of the other answer, by the model.
        ref_chosen: that of the better answer by the reference; no gradient flows there.
        ref_rejected: that of the other answer by the reference; no gradient flows there.
        beta: how strongly margins count, above 0.

    Returns:
        (loss, accuracy), two scalar tensors of the dtype of chosen. The loss is the mean of -ln sigmoid(margin) over
        the pairs, finite for margins of many thousands; the accuracy is the share of pairs whose margin is above 0.

    Example:
        >>> chosen, rejected = torch.tensor([-2.0, -8.0]), torch.tensor([-3.5, -6.0])
        >>> dpo_loss(chosen, rejected, torch.tensor([-2.5, -7.5]), torch.tensor([-3.0, -7.0]), beta=0.5)
        (tensor(0.8055), tensor(0.5000))
    """
    ### BEGIN SOLUTION
    reference = (ref_chosen - ref_rejected).detach()
    margins = beta * ((chosen - rejected) - reference)
    return -F.logsigmoid(margins).mean(), (margins > 0).to(chosen.dtype).mean()
    ### END SOLUTION


# %% [markdown] hints="9.8"
# 1. Do one pair by hand: −2 and −3.5 by the model, −2.5 and −3 by the reference, and $\beta = 0.5$. The margin is 0.5.
#    What is the loss?
# 2. $-\ln\sigma(m) = \ln(1 + e^{-m})$. The second way to write it has an exponential that may be infinite; PyTorch has
#    functions for either way that are not in danger.
# 3. Difference of the model minus difference of the reference, with the latter cut from the graph, times beta. The mean
#    of minus the logarithm of the sigmoid, by a function that does both in one. Beside it, the truth values of
#    "margin above 0" as numbers, and their mean.

# %% [markdown] solved="9.8"
# **Why it works.** A margin is a log-odds, and the loss pushes it up by a slope that dies out as it grows. The
# reference only moves the zero.
#
# **In models.** Llama 3 was tuned with DPO. Before it, a second model learned to give marks, and the first one to
# please it.
#
# **In PyTorch.** `torch.nn.functional.logsigmoid` takes the logarithm without the sigmoid in between.
#
# **Next.** 9.9 trains.

# %% [markdown]
# ## A GPT that has read the corpus
#
# `weights.npz` beside this file holds 28,800 numbers: a GPT as in 6.11, with a context of 64 characters, after 300
# steps on the corpus of assignment 06. It has read 600 sentences such as "the shy owl hoots at the red hen.", and it
# writes more of them. Nobody has ever asked it a question.
#
# Given: the tokenizer of its 23 characters, its parameters, a list of all its tensors, its forward pass by PyTorch's
# own functions, and a function that asks it.

# %%
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
CHARACTERS = "\n .abcdeghiklmnoprstuwy"
Parameters = dict[str, object]  # tensors, and under "blocks" a list of dicts of tensors


def encode(text: str) -> Int[Tensor, "n"]:
    """The ids of the characters of a text."""
    return torch.tensor([CHARACTERS.index(character) for character in text])


def decode(ids: Int[Tensor, "n"]) -> str:
    """The text of some ids."""
    return "".join(CHARACTERS[i] for i in ids.tolist())


def pretrained(data: bytes) -> Parameters:
    """The parameters in a file such as weights.npz, in float32; data is what the file holds."""
    with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
        flat = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    blocks: list[dict[str, Tensor]] = [{} for _ in range(CONFIG["n_layers"])]
    for name in [name for name in flat if name.startswith("blocks.")]:
        _, i, part = name.split(".")
        blocks[int(i)][part] = flat.pop(name)
    return flat | {"blocks": blocks}


def tensors_of(p: Parameters) -> list[Tensor]:
    """All tensors of a model, those of the blocks, too."""
    return [value for value in p.values() if isinstance(value, Tensor)] + [
        value for block in p["blocks"] for value in block.values()
    ]


def gpt_forward(ids: Int[Tensor, "B T"], p: Parameters, cfg: dict) -> Float[Tensor, "B T V"]:
    """The logits for the next token at every place."""
    B, T = ids.shape
    D, H = cfg["emb_dim"], cfg["n_heads"]

    def norm(x: Tensor, name: str, p: Parameters) -> Tensor:
        return F.layer_norm(x, (D,), p[f"{name}_gamma"], p[f"{name}_beta"])

    x = p["tokens"][ids] + p["positions"][:T]
    for block in p["blocks"]:
        q, k, v = F.linear(norm(x, "norm1", block), block["Wqkv"]).view(B, T, 3, H, D // H).permute(2, 0, 3, 1, 4)
        heads = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(heads.transpose(1, 2).reshape(B, T, D), block["Wo"], block["bo"])
        wide = F.gelu(F.linear(norm(x, "norm2", block), block["W1"], block["b1"]), approximate="tanh")
        x = x + F.linear(wide, block["W2"], block["b2"])
    return F.linear(norm(x, "norm", p), p["head"])


def answer(question: str, p: Parameters, cfg: dict) -> str:
    """What the model writes after a question, the likeliest character each time, up to a new line or 12 characters."""
    ids = encode(question).unsqueeze(0).to(p["tokens"].device)
    with torch.no_grad():
        while ids.shape[1] < len(question) + 12 and not decode(ids[0]).endswith("\n"):
            ids = torch.cat([ids, gpt_forward(ids, p, cfg)[:, -1:].argmax(-1)], dim=1)
    return decode(ids[0, len(question) :])


# %% [markdown] exercise="9.9" objective="Fine-tune a pre-trained model, and see what it gains and what it forgets"
# ## 9.9 The run
#
# Now ask the model what a red owl does. It knows: in its corpus every owl hoots. But when it reads "red owl." it goes
# on with a new line, since a sentence is over after a dot. It is to learn that a question ends with a dot, and that the
# answer comes then: " hoots" and a new line. (With 23 characters there are no roles to write; a dot is its template.)
#
# `fine_tune` is the training loop of 5.5 once more. Each step: forward, the loss of 9.3 on **all** rows, backward, one
# update of **all** parameters by Adam with the learning rate that is given and PyTorch's defaults for all other
# settings. Note the loss *before* each update. The parameters come in a dict; they are changed where they are, so that
# whoever holds the dict holds the tuned model. They need not require gradients yet.
#
# The optimizer is made once. What does Adam know at step 20 that a new one would not (5.3)? And the gradients of the
# step before are still there, unless somebody clears them.
#
# When your function passes, read `tuning.txt` beside this file. The model was trained on 16 of 24 questions, and it
# answers the 8 others. It has learned to answer, and not 16 answers by heart. But look at the last lines, too: what
# became of the sentences that it used to write? Nothing in the new loss asks for them any more. That is called
# *forgetting*. What would you mix into the training text, if both were to be kept?


# %% solution="9.9"
def fine_tune(
    p: Parameters, cfg: dict, ids: Int[Tensor, "B T"], labels: Int[Tensor, "B T"], steps: int, lr: float
) -> list[float]:
    """Train a GPT on the labels of a batch, the whole batch in each step.

    Args:
        p: its parameters, as gpt_forward takes them; plain tensors. All of them are changed in place.
        cfg: its config.
        ids: the tokens of the batch, int64.
        labels: as in masked_lm_loss: ids where they count, else -100; not shifted.
        steps: how many updates, at least 1.
        lr: the learning rate of Adam, whose other settings are PyTorch's.

    Returns:
        For each step the loss before its update, as Python floats.

    Example:
        >>> cfg = {"vocab_size": 3, "context_length": 4, "emb_dim": 2, "n_heads": 1, "n_layers": 0}
        >>> p = {"tokens": torch.eye(3, 2), "positions": torch.zeros(4, 2), "blocks": [], "head": torch.zeros(3, 2)}
        >>> p |= {"norm_gamma": torch.ones(2), "norm_beta": torch.zeros(2)}
        >>> losses = fine_tune(p, cfg, torch.tensor([[0, 1, 2]]), torch.tensor([[-100, -100, 2]]), steps=40, lr=0.1)
        >>> losses[0], losses[-1] < 0.1  # from ln 3
        (1.0986123085021973, True)
    """
    ### BEGIN SOLUTION
    every = [tensor.requires_grad_() for tensor in tensors_of(p)]
    optimizer = torch.optim.Adam(every, lr=lr)
    losses = []
    for _ in range(steps):
        loss = masked_lm_loss(gpt_forward(ids, p, cfg), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses
    ### END SOLUTION


# %% [markdown] hints="9.9"
# 1. Take the loop of 5.5 or 6.13 and mark what is different here: where do the parameters come from, what is the batch,
#    and which loss is it?
# 2. $\theta \leftarrow \mathrm{Adam}(\theta, \nabla_\theta L)$ with $L$ the loss of 9.3 of all rows, for every tensor
#    $\theta$ in the dict, `steps` times.
# 3. Before the loop: switch on gradients for every tensor of the dict (a given function lists them; a tensor has a
#    method that does it in place), and make one Adam of the list. In the loop: logits, loss, clear, backward, step,
#    note the loss as a Python number.

# %% [markdown] solved="9.9"
# **Why it works.** Pre-training has put nearly all that is needed into the weights. A few steps on answers tell the
# model when to use it, also for questions that it has not seen.
#
# **In models.** InstructGPT was GPT-3, fine-tuned with about 13,000 prompts and answers; some text of the pre-training
# was mixed in later against forgetting.
#
# **In PyTorch.** `torch.optim.Adam` takes any list of tensors, not only those of a module.
#
# **Next.** Try LoRA on the same model, and see whether it forgets less.

# %% [markdown]
# ## What now?
#
# You have seen the whole way of a language model: tokens, pre-training, writing, and learning to answer. Ask your own
# model, in the notebook or in a Python shell in this folder:
#
#     p = pretrained(open("weights.npz", "rb").read())
#     rows = ["red owl. hoots\n", "old hen. clucks\n", "shy dog. barks\n", "big bee. hums\n"]
#     T = max(map(len, rows))
#     ids = torch.stack([F.pad(encode(row), (0, T - len(row))) for row in rows])
#     starts = torch.tensor([row.index(".") + 1 for row in rows])
#     labels = sft_labels(ids, starts, torch.tensor([len(row) for row in rows]))
#     print(fine_tune(p, CONFIG, ids, labels, steps=20, lr=0.003))
#     print(answer("red hen.", p, CONFIG))
#
# (Pads are 0 here, which is the id of the new line, too. Does it matter?) How few questions are enough? What happens
# with a learning rate of 0.03? And with LoRA: it leaves the weights of the model alone, but what the model computes is
# changed all the same. Measure the loss on `../06/corpus.txt` before you believe that it forgets less.

# %% [markdown] picture="below"
# ## What your functions draw
#
# Your `fine_tune` on 16 questions about animals, for 40 steps: the loss on the answers falls, and the loss on sentences
# of the corpus rises. `tuning.txt` shows what the model answers before and after, and what it writes when nobody asks.
#
# In a notebook, the cell below draws it. In a terminal, `pytest` and `gradlings watch` write `tuning.png` and
# `tuning.txt` beside this file when 9.9 is right. They are there to be looked at, for no points.
