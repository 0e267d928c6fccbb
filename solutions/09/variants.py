"""Correct answers to assignment 09 that look different from the solution; each must get full marks."""

import math
import re

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 9.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.1", "the role that may come next is remembered")
def render_chat(messages, add_prompt):
    if not messages:
        raise ValueError("nothing was said")
    text, expected = "", "user"
    for place, message in enumerate(messages):
        role, content = message["role"], message["content"]
        if "<|" in content:
            raise ValueError("signs of the template")
        if not (role == "system" and place == 0):
            if role != expected:
                raise ValueError(f"{expected} expected, {role} found")
            expected = "assistant" if role == "user" else "user"
        text += "<|" + role + "|>\n" + content + "<|end|>\n"
    if messages[-1]["role"] == "system" or (add_prompt and messages[-1]["role"] != "user"):
        raise ValueError("the user said nothing")
    if add_prompt:
        text += "<|assistant|>\n"
    return text


@catalogue.variant("9.1", "a pattern for the order of the roles")
def render_chat(messages, add_prompt):
    word = " ".join(message["role"] for message in messages)
    if not re.fullmatch(r"(system )?(user assistant )*user( assistant)?", word):
        raise ValueError("no conversation")
    if add_prompt and not word.endswith("user"):
        raise ValueError("the user did not ask")
    if "<|" in "\n".join(message["content"] for message in messages):
        raise ValueError("signs of the template")
    pieces = ["<|{role}|>\n{content}<|end|>\n".format(**message) for message in messages]
    return "".join(pieces + ["<|assistant|>\n"] * add_prompt)


@catalogue.variant("9.1", "each message with the one before it")
def render_chat(messages, add_prompt):
    before = "nobody"
    follows = {"system": ("nobody",), "user": ("nobody", "system", "assistant"), "assistant": ("user",)}
    pieces = []
    for message in messages:
        if before not in follows.get(message["role"], ()) or message["content"].find("<|") >= 0:
            raise ValueError(message)
        before = message["role"]
        pieces += [f"<|{before}|>", f"{message['content']}<|end|>"]
    if before in ("nobody", "system") or (add_prompt and before == "assistant"):
        raise ValueError("no question")
    if add_prompt:
        pieces.append("<|assistant|>")
    return "\n".join(pieces) + "\n"


# --- 9.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.2", "a copy, and slices of its rows")
def sft_labels(ids, starts, lengths):
    labels = ids.clone()
    for b in range(len(ids)):
        labels[b, : starts[b]] = -100
        labels[b, lengths[b] :] = -100
    return labels


@catalogue.variant("9.2", "lists")
def sft_labels(ids, starts, lengths):
    labels = []
    for row, start, n in zip(ids.tolist(), starts.tolist(), lengths.tolist(), strict=True):
        labels.append([-100] * start + row[start:n] + [-100] * (len(row) - n))
    return torch.tensor(labels, dtype=torch.int64, device=ids.device)


@catalogue.variant("9.2", "masked_fill")
def sft_labels(ids, starts, lengths):
    t = torch.arange(ids.shape[-1], device=ids.device).expand_as(ids)
    return ids.masked_fill(t < starts.view(-1, 1), -100).masked_fill(t >= lengths.view(-1, 1), -100)


# --- 9.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.3", "only what counts is looked at")
def masked_lm_loss(logits, labels):
    targets = labels[:, 1:].flatten()
    keep = (targets != -100).nonzero().flatten()
    if len(keep) == 0:
        return 0.0 * logits.sum()
    chosen, targets = logits[:, :-1].flatten(0, 1)[keep], targets[keep]
    return (chosen.logsumexp(-1) - chosen[torch.arange(len(keep), device=keep.device), targets]).mean()


@catalogue.variant("9.3", "place by place")
def masked_lm_loss(logits, labels):
    total, n = logits.new_zeros(()), 0
    for b in range(labels.shape[0]):
        for t in range(1, labels.shape[1]):
            if labels[b, t] != -100:
                total = total - logits[b, t - 1].log_softmax(0)[labels[b, t]]
                n += 1
    return total / max(n, 1)


@catalogue.variant("9.3", "where, and one-hot labels")
def masked_lm_loss(logits, labels):
    targets, V = labels[:, 1:], logits.shape[-1]
    counts = targets.ne(-100)
    one_hot = targets.unsqueeze(-1) == torch.arange(V, device=labels.device)
    log_p = logits[:, :-1] - logits[:, :-1].logsumexp(-1, keepdim=True)
    total = -torch.where(one_hot, log_p, 0.0).sum()
    return total / max(1, int(counts.sum()))


# --- 9.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.4", "by modules")
def freeze_all_but(model, prefixes):
    modules, parameters = dict(model.named_modules()), dict(model.named_parameters())
    chosen = []
    for prefix in prefixes:
        found = list(modules[prefix].parameters()) if prefix in modules else [parameters.get(prefix)]
        if not found or found[0] is None:
            raise ValueError(prefix)
        chosen += found
    model.requires_grad_(False)
    for parameter in chosen:
        parameter.requires_grad_(True)
    return sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)


@catalogue.variant("9.4", "names split at the dots")
def freeze_all_but(model, prefixes):
    wanted = [prefix.split(".") for prefix in prefixes]
    names = [name for name, _ in model.named_parameters()]
    for parts in wanted:
        if all(name.split(".")[: len(parts)] != parts for name in names):
            raise ValueError(".".join(parts))
    total = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(name.split(".")[: len(parts)] == parts for parts in wanted)
        total += parameter.numel() * parameter.requires_grad
    return total


@catalogue.variant("9.4", "one pattern for each prefix")
def freeze_all_but(model, prefixes):
    patterns = [re.compile(re.escape(prefix) + r"(\..+)?") for prefix in prefixes]
    named = list(model.named_parameters())
    if not all(any(pattern.fullmatch(name) for name, _ in named) for pattern in patterns):
        raise ValueError(prefixes)
    for name, parameter in named:
        parameter.requires_grad_(any(pattern.fullmatch(name) for pattern in patterns))
    return sum(parameter.numel() for name, parameter in named if parameter.requires_grad)


# --- 9.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.5", "the changed matrix first")
def lora_forward(x, W, b, A, B, alpha):
    return F.linear(x, W + alpha / len(A) * B @ A, b)


@catalogue.variant("9.5", "three layers")
def lora_forward(x, W, b, A, B, alpha):
    return F.linear(x, W, b) + F.linear(F.linear(x, A), B) * (alpha / B.shape[1])


@catalogue.variant("9.5", "rank by rank")
def lora_forward(x, W, b, A, B, alpha):
    y = torch.einsum("...i,oi->...o", x, W) + b
    for k in range(A.shape[0]):
        y = y + (x * A[k]).sum(-1, keepdim=True) * B[:, k] * alpha / A.shape[0]
    return y


@catalogue.variant("9.5", "filled in place")
def lora_init(n_in, n_out, r, generator):
    return torch.empty(r, n_in).normal_(0, n_in**-0.5, generator=generator), torch.zeros((n_out, r))


@catalogue.variant("9.5", "torch.normal")
def lora_init(n_in, n_out, r, generator):
    return torch.normal(0.0, 1 / math.sqrt(n_in), (r, n_in), generator=generator), torch.zeros(n_out, r)


@catalogue.variant("9.5", "an initializer, column by column")
def lora_init(n_in, n_out, r, generator):
    columns = [torch.randn(r, generator=generator) for _ in range(n_in)]
    return torch.stack(columns, dim=1) * n_in**-0.5, torch.randn(n_out, r, generator=generator) * 0


# --- 9.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.6", "einsum")
def lora_merge(W, A, B, alpha):
    return W + torch.einsum("or,ri->oi", B, A) * alpha / len(A)


@catalogue.variant("9.6", "addmm")
def lora_merge(W, A, B, alpha):
    return torch.addmm(W, B, A, alpha=float(alpha) / A.shape[0])


@catalogue.variant("9.6", "a copy that is added to, rank by rank")
def lora_merge(W, A, B, alpha):
    merged = W.clone()
    for row, column in zip(A, B.T, strict=True):
        merged += alpha / len(A) * torch.outer(column, row)
    return merged


@catalogue.variant("9.6", "sums of sizes")
def lora_params(shapes, r):
    return r * sum(sum(shape) for shape in shapes)


@catalogue.variant("9.6", "layers without memory")
def lora_params(shapes, r):
    total = 0
    for n_out, n_in in shapes:
        total += torch.empty(r, n_in, device="meta").numel() + torch.empty(n_out, r, device="meta").numel()
    return total


@catalogue.variant("9.6", "two counts")
def lora_params(shapes, r):
    outputs, inputs = 0, 0
    for shape in shapes:
        outputs += shape[0]
        inputs += shape[1]
    return outputs * r + r * inputs


# --- 9.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.7", "place by place")
def sequence_logprob(logits, ids, mask):
    sums = []
    for b in range(len(ids)):
        total = logits.new_zeros(())
        for t in range(1, ids.shape[1]):
            if mask[b, t]:
                total = total + logits[b, t - 1, ids[b, t]] - logits[b, t - 1].logsumexp(0)
        sums.append(total)
    return torch.stack(sums)


@catalogue.variant("9.7", "logsumexp of all places at once")
def sequence_logprob(logits, ids, mask):
    scores = logits[:, :-1].gather(2, ids[:, 1:].unsqueeze(2)).squeeze(2)
    return ((scores - logits[:, :-1].logsumexp(2)) * mask[:, 1:]).sum(dim=-1)


@catalogue.variant("9.7", "one-hot ids, shifted back")
def sequence_logprob(logits, ids, mask):
    log_p = torch.log_softmax(logits, dim=2).roll(1, dims=1)  # the last place comes to the front, where nothing counts
    chosen = (log_p * F.one_hot(ids, logits.shape[2])).sum(2)
    counts = mask & (torch.arange(ids.shape[1], device=ids.device) > 0)
    return chosen.masked_fill(~counts, 0.0).sum(1)


# --- 9.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.8", "softplus")
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta):
    with torch.no_grad():
        reference = ref_chosen - ref_rejected
    margins = beta * (chosen - rejected - reference)
    return F.softplus(-margins).mean(), (margins.detach() > 0).to(margins.dtype).mean()


@catalogue.variant("9.8", "logaddexp")
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta):
    margins = beta * ((chosen - rejected) - (ref_chosen.detach() - ref_rejected.detach()))
    right = torch.where(margins > 0, torch.ones_like(margins), torch.zeros_like(margins))
    return torch.logaddexp(torch.zeros_like(margins), -margins).sum() / len(margins), right.mean()


@catalogue.variant("9.8", "what each answer has gained")
def dpo_loss(chosen, rejected, ref_chosen, ref_rejected, beta):
    gained = beta * (chosen - ref_chosen.detach())
    lost = beta * (rejected - ref_rejected.detach())
    accuracy = torch.count_nonzero(gained > lost).to(chosen.dtype) / chosen.numel()
    return F.binary_cross_entropy_with_logits(gained - lost, torch.ones_like(gained)), accuracy


# --- 9.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("9.9", "cleared at the end")
def fine_tune(p, cfg, ids, labels, steps, lr):
    parameters = tensors_of(p)
    for tensor in parameters:
        tensor.requires_grad = True
    optimizer = torch.optim.Adam(parameters, lr)
    losses = []
    for _ in range(steps):
        loss = masked_lm_loss(gpt_forward(ids, p, cfg), labels)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.detach().item())
    return losses


@catalogue.variant("9.9", "Adam by hand")
def fine_tune(p, cfg, ids, labels, steps, lr):
    every = [tensor.requires_grad_() for tensor in tensors_of(p)]
    means, squares = [0.0] * len(every), [0.0] * len(every)
    losses = []
    for k in range(1, steps + 1):
        loss = masked_lm_loss(gpt_forward(ids, p, cfg), labels)
        slopes = torch.autograd.grad(loss, every)
        with torch.no_grad():
            for i, slope in enumerate(slopes):
                means[i] = 0.9 * means[i] + 0.1 * slope
                squares[i] = 0.999 * squares[i] + 0.001 * slope * slope
                root = (squares[i] / (1 - 0.999**k)).sqrt()
                every[i] -= lr * (means[i] / (1 - 0.9**k)) / (root + 1e-8)
        losses.append(float(loss.detach()))
    return losses


@catalogue.variant("9.9", "as parameters, in a module, with a ready-made loss")
def fine_tune(p, cfg, ids, labels, steps, lr):
    every = torch.nn.ParameterList([torch.nn.Parameter(tensor.data) for tensor in tensors_of(p)])
    parameters = iter(every)
    own = {name: next(parameters) for name in p if name != "blocks"}
    own["blocks"] = [{name: next(parameters) for name in block} for block in p["blocks"]]
    optimizer = torch.optim.Adam(every.parameters(), lr=lr, betas=(0.9, 0.999))
    losses = torch.zeros(steps, dtype=torch.float64)
    for step in range(steps):
        optimizer.zero_grad(set_to_none=False)
        logits = gpt_forward(ids, own, cfg)
        loss = F.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten(), ignore_index=-100)
        loss.backward()
        optimizer.step()
        losses[step] = loss.detach()
    return losses.tolist()
