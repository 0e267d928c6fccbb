"""Wrong answers that we expect of students in assignment 08, each with the sentence they then read."""

import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()

SMALL = 0.1
TINY = 1e-8


# --- 8.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.1",
    "multiplied-by-t",
    "A low temperature flattens and a high one sharpens: it is the wrong way round. Are logits multiplied or divided by t?",
    hint="Take the logits 1 and 0 at t = 4. Flatter means that the two come closer together: is 4 and 0 closer than 1 and 0?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits * t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "softmax-twice",
    "All probabilities are close together: a softmax went over numbers that were probabilities already. What does the temperature divide?",
    hint="Print what your last softmax gets. Probabilities lie between 0 and 1, so that their exponentials hardly differ. How many softmaxes does the formula have?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits.softmax(-1) / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "probabilities-divided",
    "The numbers of a row do not add up to 1, they add up to 1/t. Is it the probabilities that are divided?",
    hint="Add up a row of your result at t = 0.5. All of its numbers have been stretched alike, so no token gained on another. What must happen before the exponentials?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return logits.softmax(-1) / t


@catalogue.misconception(
    "8.1",
    "divided-by-zero",
    "At t = 0 there are NaNs: logits were divided by 0. Which token gets everything then, and can you say so without dividing?",
    hint="Divide the logits 5, 1 and −2 by 0 on the computer: an infinity minus an infinity is no number. Treat t = 0 before you come to the division.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "zero-taken-as-small",
    "At t = 0 the other tokens still get something. How much does the largest logit have to get?",
    hint="Print your result for the logits 1 and 5 at t = 0: 0 and 1 are asked for, exactly. However small the number is that you put in the place of 0, it is a temperature of its own.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, 0.5)).softmax(-1)


@catalogue.misconception("8.1", "zero-taken-as-a-tenth", same_as="zero-taken-as-small")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, SMALL)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "zero-taken-as-one",
    "At t = 0 the probabilities are those of t = 1. Where does a temperature lead that goes to 0?",
    hint="In Python, 0 counts as False: `t or 1` is 1. Compare your results at t = 0.01 and at t = 0: they should be nearly the same.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / (t or 1)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "shared-among-equals",
    "At t = 0, tokens with the same largest logit share it. Which of them gets it all?",
    hint="Try the logits 3, 3 and 1 at t = 0: the first gets 1 and the second 0. A comparison with the maximum is True in two places there; is there a function that finds one place?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        largest = (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
        return largest / largest.sum(-1, keepdim=True)
    return (logits / t).softmax(-1)


@catalogue.misconception("8.1", "zero-taken-as-tiny", same_as="shared-among-equals", constants={"TINY": (1e-8, 1e-6)})
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, TINY)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "raw-exponentials",
    "For large logits there are NaNs, because their exponentials are infinite. What can be taken off all logits of a row without changing the softmax?",
    hint="Print `torch.exp` of 1500. Only differences of logits matter (3.11), so the largest of a row may as well be 0.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    e = torch.exp(logits / t)
    return e / e.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.1",
    "softmax-over-first-axis",
    "Where there are several rows, the columns add up to 1 and not the rows. Which axis holds the tokens?",
    hint="Take two rows of three logits and add up your result along each axis. The tokens of one prediction are the last axis, however many axes come before.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / t).softmax(0)


@catalogue.misconception(
    "8.1",
    "below-zero-accepted",
    "A temperature below 0 gives probabilities. What would it do to the order of the tokens?",
    hint="Try t = −1 with the logits 1 and 2: the smaller one gets more. The text asks for a ValueError there.",
)
def with_temperature(logits, t):
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "divided-by-square-root",
    "It is right at t = 1 only: the logits were divided by the square root of t. Where does the formula have a root?",
    hint="A square root stands in attention, of the length of a key. At t = 4 the logits 8 and 0 have to become 2 and 0; what do you get before the softmax?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / math.sqrt(t)).softmax(-1)


# --- 8.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.2",
    "zero-in-place-of-minus-infinity",
    "keep_top_k: the other logits became 0. What does a softmax make of a logit of 0?",
    hint="e⁰ is 1, which is a lot beside the exponential of a negative logit. Which number has an exponential of exactly 0?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    border = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < border, 0.0)


@catalogue.misconception(
    "8.2",
    "smallest-k-kept",
    "keep_top_k: the k smallest logits are left. Which tokens are worth keeping?",
    hint="Try 1, 4, −2 and 3 with k = 2: the 4 and the 3 must stay. In which order does your sort run, or which way does your comparison point?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    border = logits.topk(min(k, logits.shape[-1]), largest=False).values[..., -1:]
    return logits.masked_fill(logits > border, -math.inf)


@catalogue.misconception(
    "8.2",
    "only-k-logits-come-back",
    "keep_top_k: there are only k logits left in a row. How would one know which tokens they belong to?",
    hint="The answer has the shape of the logits: place i is still token i. What stands at the places of the others?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    return logits.topk(min(k, logits.shape[-1])).values


@catalogue.misconception(
    "8.2",
    "more-than-all-fails",
    "keep_top_k: a k that is larger than the vocabulary raises an error. How many are kept then?",
    hint="Call it with three logits and k = 7. `topk` cannot give more than there are: what is the most you may ask it for?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    return logits.masked_fill(logits < logits.topk(k).values[..., -1:], -math.inf)


@catalogue.misconception(
    "8.2",
    "one-border-for-all-rows",
    "keep_top_k: the k largest of the whole batch are kept, so that some rows have too few. Whose logits compete with each other?",
    hint="Take the rows 1, 2 and 8, 9 with k = 1: a 2 and a 9 must be left. Along which axis do you look for the largest?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    border = logits.flatten().topk(min(k, logits.shape[-1])).values[-1]
    return logits.masked_fill(logits < border, -math.inf)


@catalogue.misconception(
    "8.2",
    "kth-one-dropped",
    "keep_top_k: one token too few is left; the k-th largest is gone, too. Is a logit that equals the border below it?",
    hint="With k = 1 your row is empty, and a softmax of that is NaN. Compare the largest logit with itself: which comparison is True?",
)
def keep_top_k(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    border = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits <= border, -math.inf)


@catalogue.misconception(
    "8.2",
    "none-means-all",
    "keep_top_k: with k = 0 everything is kept. What is to happen if fewer than one is asked for?",
    hint='Some libraries read 0 as "no limit". The text here wants an error for it, so that nobody gets all tokens by accident.',
)
def keep_top_k(logits, k):
    if k < 1:
        return logits.clone()
    border = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < border, -math.inf)


@catalogue.misconception(
    "8.2",
    "crossing-token-dropped",
    "keep_top_p: what is kept has less probability than p. Is the token in with which the sum crosses p?",
    hint="With 0.5 and 0.25 and p = 0.7: 0.5 alone is less than 0.7, so the set is not complete. Do you look at the sum with a token or at the sum before it?",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) <= p
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "nothing-left-at-small-p",
    "keep_top_p: the crossing token is dropped, and where the likeliest token alone crosses p, nothing is left and there are NaNs. What is left at p = 0.3, if the likeliest token has 0.5?",
    hint="There is always a token to write. Print which tokens you keep for 0.5, 0.25, 0.1875 and 0.0625 at p = 0.3: the first sum is above p already. What stands before the first token?",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) <= p
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "one-more-at-exactly-p",
    "keep_top_p: where the sum is exactly p, one more token is kept. Is a sum that equals p at least p?",
    hint="Try 0.5, 0.25, 0.1875, 0.0625 at p = 0.75. The first two have 0.75 together: the set is complete. Look at how you compare the sum before a token with p.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered <= p
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "one-more-always",
    "keep_top_p: one token more than needed is kept everywhere. How large is the sum of what stands before it?",
    hint="At p = 0.3 the likeliest token, of 0.5, is enough, and you keep two. Did you move the mask by one place although you looked at the sum before each token already?",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep = torch.cat([torch.ones_like(keep[..., :1]), keep[..., :-1]], dim=-1)
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "not-normalized-again",
    "keep_top_p: the right tokens are kept, but their probabilities do not add up to 1. What is missing at the end?",
    hint="Add up a row of your result. Some tokens are gone; the others have to share what these had.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[..., 0] = True
    return torch.zeros_like(probs).scatter(-1, order, ordered * keep)


@catalogue.misconception(
    "8.2",
    "left-in-sorted-order",
    "keep_top_p: the numbers are right, but they stand in sorted order. Which token does each of them belong to?",
    hint="`sort` gives two things, the values and where they came from. Without the second, nobody knows any more which token the largest probability belonged to.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, _ = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[..., 0] = True
    kept = ordered * keep
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "least-likely-first",
    "keep_top_p: the least likely tokens are kept first. From which end is the set filled?",
    hint="`sort` begins with the smallest unless it is told otherwise. Print the sorted probabilities.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1)
    keep = ordered.cumsum(-1) - ordered < p
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "p-as-threshold-for-each-token",
    "keep_top_p: only tokens that have p by themselves are kept, and the likeliest. What is to be at least p?",
    hint="With 0.5, 0.25, 0.1875, 0.0625 and p = 0.7 no token has 0.7, and still two are to be kept: 0.5 and 0.25 have 0.75 *together*.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    keep = probs >= torch.clamp(probs.amax(-1, keepdim=True), max=p)
    kept = probs * keep
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "softmax-at-the-end",
    "keep_top_p: tokens that were dropped have a probability again. What does a softmax make of 0?",
    hint="A softmax is for logits. These are probabilities already, and all they need is to add up to 1: what do you divide by?",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return (kept / kept.sum(-1, keepdim=True)).softmax(-1)


@catalogue.misconception(
    "8.2",
    "no-probability-accepted",
    "keep_top_p: a p that is no probability is taken as if it were one. Can a set of tokens have a probability of 1.5?",
    hint="Call it with p = 1.5: somebody has probably meant 15 % or a temperature. The text asks for a ValueError on either side of 0 to 1.",
)
def keep_top_p(probs, p):
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(-1) - ordered < p
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.2",
    "tail-lost-at-one",
    "keep_top_p: at p = 1 a token that had a tiny probability has none. When does the running sum reach 1?",
    hint="Add up 0.25, 0.75 and 1e-20 from the left: the sum is 1 after two of them, and stays there. Compare p with 1 before you trust the sum.",
)
def keep_top_p(probs, p):
    if not 0 <= p <= 1:
        raise ValueError("no probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    keep = ordered.cumsum(dim=-1).roll(1, dims=-1) < p
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(dim=-1, keepdim=True)


# --- 8.3 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.3",
    "negative-ones-divided",
    "A token with a negative logit became more likely: it was divided, too. Is −3 divided by 1.5 smaller than −3?",
    hint="Draw −3 and −2 on a line of numbers, and mark which of them a softmax likes better. What moves a negative number further away from 0?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    return logits.scatter(1, ids, logits.gather(1, ids) / penalty)


@catalogue.misconception(
    "8.3",
    "the-wrong-way-round",
    "Tokens of the text became more likely: positive logits are multiplied and negative ones divided. Is it a penalty or a reward?",
    hint="Take the logit 2 with the penalty 1.5: does it rise or fall with you? Then swap what happens to the two signs.",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    own = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(own > 0, own * penalty, own / penalty))


@catalogue.misconception(
    "8.3",
    "once-for-each-time",
    "A token that stands in the text three times got the penalty three times. How often does it count?",
    hint="Try the text 0 0 0 with the logit 2 and the penalty 2: 1 is asked for, and you give 0.25. How can you walk over the different tokens of a text only?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    answer = logits.clone()
    for row, text in zip(answer, ids.tolist(), strict=True):
        for token in text:
            row[token] = row[token] / penalty if row[token] > 0 else row[token] * penalty
    return answer


@catalogue.misconception(
    "8.3",
    "subtracted",
    "The penalty was subtracted from the logits. What does a penalty of 1 change?",
    hint="With the penalty 1, nothing must change, and you move the logits by 1. (Subtraction exists, too: it is called presence penalty.) Which operation does nothing with a 1?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    return logits.scatter(1, ids, logits.gather(1, ids) - penalty)


@catalogue.misconception(
    "8.3",
    "seen-in-any-row",
    "A row pays for tokens that stand in another row only. Whose text is it?",
    hint="Take two rows, one with the token 0 and one with the token 1. In each row exactly one logit must change. Does your list of tokens know which row they come from?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    everywhere = ids.flatten().expand(len(logits), -1)
    own = logits.gather(1, everywhere)
    return logits.scatter(1, everywhere, torch.where(own > 0, own / penalty, own * penalty))


@catalogue.misconception(
    "8.3",
    "last-token-only",
    "Only the last token of each text got the penalty. Which tokens does the text hold?",
    hint="Try the text 1 0 with two logits: both have to change. How many columns of ids do you look at?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    last = ids[:, -1:]
    own = logits.gather(1, last)
    return logits.scatter(1, last, torch.where(own > 0, own / penalty, own * penalty))


@catalogue.misconception(
    "8.3",
    "all-but-the-text",
    "The tokens of the text are as they were, and all others got the penalty. Which ones are to become less likely?",
    hint="Look at which of the two tensors your `where` takes for a token that was seen: with the text 0, only the first logit may change.",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    seen = torch.zeros_like(logits, dtype=torch.bool).scatter(1, ids, True)
    return torch.where(seen, logits, torch.where(logits > 0, logits / penalty, logits * penalty))


@catalogue.misconception(
    "8.3",
    "logits-changed",
    "The values are right, but the logits that came in have changed. Who else may still need them?",
    hint="A method whose name ends with an underscore, or an assignment to `logits[...]`, writes into the caller's tensor. Print the logits before and after your call.",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    own = logits.gather(1, ids)
    return logits.scatter_(1, ids, torch.where(own > 0, own / penalty, own * penalty))


@catalogue.misconception(
    "8.3",
    "forbidden-altogether",
    "Tokens of the text got minus infinity: they can never come again. Can you write a sentence with each letter once?",
    hint="With the penalty 1 nothing may change, and with 1.2 a likely token is still likely. Where does the penalty come into your result?",
)
def repetition_penalty(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    return logits.scatter(1, ids, -math.inf)


@catalogue.misconception(
    "8.3",
    "zero-accepted",
    "A penalty of 0 gives infinities and no error. What would it mean to divide by it?",
    hint="Call it with the penalty 0 and look at the logits: one is infinite. Which penalties make no sense, and what does the text want for them?",
)
def repetition_penalty(logits, ids, penalty):
    own = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(own > 0, own / penalty, own * penalty))


@catalogue.misconception(
    "8.3",
    "below-one-refused",
    "A penalty below 1 raises an error. Is a reward forbidden?",
    hint="Read again which values are a ValueError. With 0.5 the logit 2 becomes 4: unusual, and allowed.",
)
def repetition_penalty(logits, ids, penalty):
    if penalty < 1:
        raise ValueError("no penalty")
    own = logits.gather(1, ids)
    return logits.scatter(1, ids, torch.where(own > 0, own / penalty, own * penalty))


# --- 8.4 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.4",
    "stops-with-the-first-row",
    "The whole batch stops as soon as one row has ended. What about the rows that are not done?",
    hint="Play two rows, one that ends after 2 tokens and one after 6: the longer one is cut off. Is it enough if *any* row has ended?",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.any():
            break
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception(
    "8.4",
    "goes-on-after-eos",
    "Rows that have ended get further tokens of the model. What is to stand behind an eos?",
    hint="Find the first eos of a row in your result, and look at what comes after it. You know which rows have ended: where do you use it, apart from stopping?",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = model(ids)[:, -1].argmax(-1)
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception(
    "8.4",
    "filled-with-eos",
    "Rows that have ended are filled up with eos. Which id is asked for?",
    hint="A reader counts the ends: there must be one for each text that ended. The last argument says what the rest is filled with.",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = torch.where(ended, eos, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception(
    "8.4",
    "eos-overwritten",
    "The eos that a row writes has become a pad. Does the end belong to the text?",
    hint="Look at the column in which a row ends: it must hold eos, and only the next one pad. Do you note the end before you choose between token and pad?",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = model(ids)[:, -1].argmax(-1)
        ended = ended | (new == eos)
        ids = torch.cat([ids, torch.where(ended, pad, new)[:, None]], dim=1)
    return ids


@catalogue.misconception(
    "8.4",
    "eos-of-the-prompt-counts",
    "A row whose prompt holds eos gets nothing but pads. Which eos ends a text?",
    hint="In a chat, every earlier turn ends with an eos, and still the model has to answer. Look at where you search for eos: in the whole row, or in what was written just now?",
)
def generate_until(model, ids, n, eos, pad):
    ended = (ids == eos).any(1)
    for _ in range(n):
        if ended.all():
            break
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception(
    "8.4",
    "runs-on-to-n",
    "It goes on to n columns, though all rows have ended before. What do the last columns hold, and what did they cost?",
    hint="Count the calls of the model for a text that ends after 2 tokens, with n = 100. When do you know that nothing will come any more?",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception("8.4", "overwritten-in-the-end", same_as="runs-on-to-n")
def generate_until(model, ids, n, eos, pad):
    t = ids.shape[1]
    for _ in range(n):
        ids = torch.cat([ids, model(ids)[:, -1:].argmax(-1)], dim=1)
    hits = (ids[:, t:] == eos).long()
    return torch.cat([ids[:, :t], ids[:, t:].masked_fill(hits.cumsum(1) - hits > 0, pad)], dim=1)


@catalogue.misconception(
    "8.4",
    "alive-again-after-a-pad",
    "A row that had ended and was padded writes again. What do you remember of a row?",
    hint="Print your bools column by column for a row that ends early: they go back to False, since a pad is no eos. Once ended, a row stays so.",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = new == eos
    return ids


@catalogue.misconception(
    "8.4",
    "one-token-too-many",
    "Where no row ends, there are n + 1 new columns. How many are there to be at most?",
    hint="Call it with n = 0: nothing may be appended. How often does your loop run?",
)
def generate_until(model, ids, n, eos, pad):
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n + 1):
        if ended.all():
            break
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids


@catalogue.misconception(
    "8.4",
    "prompt-missing",
    "Only the new columns come back. What does the answer begin with?",
    hint="The first columns of the answer are ids. With n = 0 the answer is ids alone: what do you give for it?",
)
def generate_until(model, ids, n, eos, pad):
    t = ids.shape[1]
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = torch.where(ended, pad, model(ids)[:, -1].argmax(-1))
        ids = torch.cat([ids, new[:, None]], dim=1)
        ended = ended | (new == eos)
    return ids[:, t:]


# --- 8.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.5",
    "no-mask",
    "New tokens see those that come after them. Which keys may the first of several new tokens look at?",
    hint="Feed three tokens at once without a cache: that is plain causal attention, and the first token must see itself only. Is there a mask?",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    out = F.scaled_dot_product_attention(q, k, v)
    return merge_heads(out) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "triangle-from-top-left",
    "With a cache, the first new token sees the first key only, the second one two, as if the text began with them. Where does the triangle of the mask begin?",
    hint="Print a mask of one row for one new token after three old ones: it must be True four times. `is_causal=True` and `tril()` both begin at the top left corner, and the new tokens are the *last* rows of the text.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    out = F.scaled_dot_product_attention(q, k, v, is_causal=True)
    return merge_heads(out) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "triangle-from-top-left-in-pieces",
    "Single tokens are right, but in a piece of several tokens after a cache the first sees one key, the second two. Where does the triangle begin?",
    hint="Feed two tokens and then four. Your mask for the four has six columns: its first row must be True three times. Turning the mask off for single tokens has hidden the problem, it has not solved it.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    out = F.scaled_dot_product_attention(q, k, v, is_causal=q.shape[2] > 1)
    return merge_heads(out) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "past-hidden",
    "New tokens see each other, but none of the old ones. What is the cache for?",
    hint="Print your mask for two new tokens after three old ones. The columns of the old ones must be True in each row.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = F.pad(torch.ones(t, t, device=x.device).tril(), (S - t, 0)).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "new-tokens-do-not-see-themselves",
    "A new token sees what comes before it, but not itself. Is the diagonal in the mask?",
    hint="For one new token after three old ones four keys are visible, and yours are three. Compare place i with place i: smaller than, or equal, too?",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t - 1).bool()
    mask[:, 0] = True
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception("8.5", "new-tokens-do-not-see-themselves-and-nan", same_as="new-tokens-do-not-see-themselves")
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t - 1).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "new-in-front-of-old",
    "The new keys stand in front of the old ones. In which order is the text?",
    hint="The mask counts on it that place j of the keys is place j of the text. Look at the order of the two tensors in your `cat`.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([k, cache[0]], dim=2), torch.cat([v, cache[1]], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "cache-ignored",
    "The cache that came in is not used: each piece stands alone. Where do the keys of the old tokens come from?",
    hint="Print the shape of the keys that you hand back after two calls of three and one tokens: there must be four of them. What do you do with the argument `cache`?",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    t = q.shape[2]
    mask = torch.ones(t, t, device=x.device).tril().bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "only-new-ones-handed-back",
    "The cache that comes back holds the last piece only. What does the next call need?",
    hint="After calls of one, one and three tokens the cache must hold five keys. Which of your tensors do you return, those from before the join or those from after it?",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, new_k, new_v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    k, v = new_k, new_v
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (new_k, new_v)


@catalogue.misconception(
    "8.5",
    "joined-along-heads",
    "Old and new keys were joined along the axis of heads. Which axis counts the tokens?",
    hint="Keys have the shape (B, H, S, d), and only S may grow. Print the shape before and after your `cat`.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=1), torch.cat([cache[1], v], dim=1)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "keys-in-place-of-values",
    "The cache holds the keys twice, so that later tokens get keys where they should get values. What are the two members?",
    hint="Compare both members of the cache that you return: they must differ. The first call is right all the same, since nobody has read the cache yet.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, k)


@catalogue.misconception(
    "8.5",
    "keys-and-values-swapped",
    "Keys and values are swapped: the second part of the projection was taken for the values. In which order does Wqkv make them?",
    hint="The letters say it: q, k, v. Print which rows of `Wqkv` make what you multiply the queries with: they must be rows D to 2D − 1.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, v, k = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "scaled-by-whole-width",
    "The scores are divided by the square root of D and not of d. How long is the query of one head?",
    hint="With one head all is right, and with several it is not. What a dot product sums over is the numbers of one head.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    scores = q @ k.transpose(-2, -1) / math.sqrt(x.shape[-1])
    out = scores.masked_fill(~mask, -math.inf).softmax(-1) @ v
    return merge_heads(out) @ Wo.T + bo, (k, v)


@catalogue.misconception(
    "8.5",
    "heads-split-by-a-reshape",
    "Heads got numbers of several tokens mixed up. Can one reshape move the axis of heads to the front?",
    hint="A reshape keeps the order in memory, where the D numbers of a token lie side by side. The heads have to be split off first and moved then (1.11); `split_heads` above does it.",
)
def attend_with_cache(x, cache, Wqkv, Wo, bo, H):
    B, t, D = x.shape
    q, k, v = (part.reshape(B, H, t, D // H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k, v = torch.cat([cache[0], k], dim=2), torch.cat([cache[1], v], dim=2)
    S = k.shape[2]
    mask = torch.ones(t, S, device=x.device).tril(S - t).bool()
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)


# --- 8.6 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.6",
    "positions-from-zero",
    "Every piece got the positions 0, 1, 2 again, as if it began the text. Where does a piece begin?",
    hint="Feed three tokens and then one: the one is token 3 of the text. Print which row of the position table it gets, and how many keys the cache holds at that moment.",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


CALLS = [0]


@catalogue.misconception(
    "8.6",
    "old-list-overwritten",
    "The logits are right, but the list of caches that came in now holds the longer ones. Who else may go on from there?",
    hint="Keep the list of the first call, call twice with it, and look at the number of keys in it in between. Collect the longer caches in a list of your own.",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    caches = [None] * len(p["blocks"]) if cache is None else cache
    for i, b in enumerate(p["blocks"]):
        h = layer_norm(x, b["norm1_gamma"], b["norm1_beta"])
        h, caches[i] = attend_with_cache(h, caches[i], b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, caches


@catalogue.misconception(
    "8.6",
    "positions-by-calls",
    "The position of a new token is the number of calls before it. How many tokens does a call bring?",
    hint="Feed three tokens and then one: there was one call before, and three tokens. What in the cache has the length 3?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    CALLS[0] = 0 if cache is None else CALLS[0] + 1
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][CALLS[0] : CALLS[0] + ids.shape[1]]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "positions-one-too-far",
    "After the first piece, positions are one too far. What is the place of the first new token, if three came before it?",
    hint="Places count from 0: three tokens have the places 0, 1 and 2, and the next one is 3. What do you add to the length of the cache?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    first = past + 1 if past else 0
    rows = torch.arange(first, first + ids.shape[1], device=ids.device).clamp(max=cfg["context_length"] - 1)
    x = p["tokens"][ids] + p["positions"][rows]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "new-tokens-counted-as-past",
    "After the first piece, positions are too far by the number of new tokens. Are the new ones in the cache already when you look them up?",
    hint="Feed two tokens and then three: the three have the places 2, 3 and 4. Print the places that you use. How many tokens came *before* this call?",
)
def gpt_step(ids, cache, p, cfg):
    t = ids.shape[1]
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + t > cfg["context_length"]:
        raise ValueError("no room")
    first = past + t if past else 0
    rows = torch.arange(first, first + t, device=ids.device).clamp(max=cfg["context_length"] - 1)
    x = p["tokens"][ids] + p["positions"][rows]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "cache-of-the-first-layer-everywhere",
    "All layers read the cache of the first one. Are the keys of layer 2 those of layer 1?",
    hint="With a single layer all is right. Each block makes keys of its own from what the block before has made of the tokens. Which member of the list does block i get?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    new = []
    for b in p["blocks"]:
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[0]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "cache-of-the-last-layer-everywhere",
    "All layers read the cache of the last one. Which cache belongs to block i?",
    hint="With a single layer all is right. Did you take the cache from the end of the list, or overwrite one variable in each round of the loop?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    new = []
    for b in p["blocks"]:
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[-1]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "old-cache-handed-back",
    "From the second call on, the cache that comes back is the one that came in. What does the next call need to know?",
    hint="Feed three tokens, then one, and look at the length of the keys that come back: it must be four. Which list do you return?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, cache or new


@catalogue.misconception(
    "8.6",
    "last-logits-only",
    "Only the last token of each piece has logits. How many new tokens are there?",
    hint="Writing needs the last ones only, but whoever checks a guess of several tokens needs them all. Look at the shape: one row of logits for each new token.",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x[:, -1:], p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "past-the-context-accepted",
    "A text longer than the context gets logits and no ValueError. Which position does a token have that is beyond the table?",
    hint="Take a context of 4 and feed three tokens and then two. How many are that together, and when can you know it?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    rows = torch.arange(past, past + ids.shape[1], device=ids.device).clamp(max=cfg["context_length"] - 1)
    x = p["tokens"][ids] + p["positions"][rows]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, new


@catalogue.misconception(
    "8.6",
    "no-final-norm",
    "The head got numbers that were not normalized. What stands between the last block and the head?",
    hint="Go through the keys of the parameters: two of them, norm_gamma and norm_beta, belong to no block. Where do you use them?",
)
def gpt_step(ids, cache, p, cfg):
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("no room")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    new = []
    for i, b in enumerate(p["blocks"]):
        h, own = layer_norm(x, b["norm1_gamma"], b["norm1_beta"]), None if cache is None else cache[i]
        h, kept = attend_with_cache(h, own, b["Wqkv"], b["Wo"], b["bo"], cfg["n_heads"])
        new.append(kept)
        x = x + h
        h = layer_norm(x, b["norm2_gamma"], b["norm2_beta"])
        x = x + gelu(h @ b["W1"].T + b["b1"]) @ b["W2"].T + b["b2"]
    return x @ p["head"].T, new


# --- 8.7 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.7",
    "keys-only",
    "It is half of what it should be. What is kept for each token, apart from its key?",
    hint="Look at what `attend_with_cache` returns beside the output: two tensors. Count both.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return cfg["n_layers"] * B * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "queries-too",
    "It is three halves of what it should be: queries were counted, too. Who asks for an old query again?",
    hint="An old query has been used when its token was new, and its output is done. Which two of the three parts does the cache hold?",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 3 * cfg["n_layers"] * B * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "one-layer",
    "This is the cache of a single layer. How many are there?",
    hint="In 8.6 the caches come as a list. How long is it?",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * B * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "one-text",
    "This is the cache of one text. Can two people share their keys?",
    hint="Try B = 1 and B = 3: your result is the same. Each text has tokens of its own, and so keys of its own.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "heads-of-queries",
    "Where fewer heads have keys than queries, all heads were counted. Which heads does the cache hold?",
    hint="Look whether the config has an entry `n_kv_heads`, and which number your product has in its place.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    return 2 * cfg["n_layers"] * B * T * cfg["emb_dim"] * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "whole-width-for-each-head",
    "It is too much by a factor of the number of heads: each head was given all of emb_dim. How many numbers has one head?",
    hint="GPT-2 small has 768 numbers for a token, and 12 heads share them. What is left for one?",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * B * T * heads * cfg["emb_dim"] * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "full-context",
    "The size was computed for a full context, however long the texts are. How many tokens are in the cache?",
    hint="Try T = 100 and T = 200: your result is the same. The cache of 8.5 grows with each token, it is not there in full at once.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * B * cfg["context_length"] * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "four-bytes-always",
    "Each number was given four bytes, whatever the dtype. How many does a float16 take?",
    hint="The name says how many bits it is, and a byte has 8. A dtype of torch also knows its own size.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * B * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * 4


@catalogue.misconception(
    "8.7",
    "square-of-the-length",
    "It grows with the square of the length: the scores were counted. What is kept from one step to the next?",
    hint="Double T: your result becomes four times as large. Scores are as many as pairs of tokens, but they are thrown away at once; one key belongs to one token.",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * B * T * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize


@catalogue.misconception(
    "8.7",
    "mebibytes",
    "The answer is in MiB. Which unit is asked for?",
    hint="The example says 37748736 for what is 36 MiB. What did you divide by?",
)
def kv_cache_bytes(cfg, B, T, dtype):
    heads = cfg.get("n_kv_heads", cfg["n_heads"])
    return 2 * cfg["n_layers"] * B * T * heads * (cfg["emb_dim"] // cfg["n_heads"]) * dtype.itemsize / 2**20


# --- 8.8 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.8",
    "ratio-upside-down",
    "Tokens are accepted where the small model likes them better than the large one. Which of the two stands above the line?",
    hint="Take p[x] = ½ and q[x] = ¼: the large model likes the token better, and it must always be accepted. Is your ratio above 1 there?",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(u < q[x] / p[x]) if p[x] > 0 else True, rest


@catalogue.misconception("8.8", "ratio-upside-down-unguarded", same_as="ratio-upside-down")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum()
    return bool(u < q[x] / p[x]) if p[x] > 0 else True, rest


@catalogue.misconception(
    "8.8",
    "compared-with-p-alone",
    "A token is accepted with the probability p[x]. What has the small model done before?",
    hint="If both models are the same, everything should be accepted. With p[x] = q[x] = ¼ you refuse three of four. What must p[x] be divided by?",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(u < p[x]), rest


@catalogue.misconception("8.8", "compared-with-p-alone-unguarded", same_as="compared-with-p-alone")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum()
    return bool(u < p[x]), rest


@catalogue.misconception(
    "8.8",
    "without-the-random-number",
    "A token is accepted if the large model likes it at least as well, whatever u is. What is to happen with a token it finds half as likely?",
    hint="Call it twice with p[x] = ¼ and q[x] = ½, and u = 0.4 and 0.6: the first is to be accepted and the second refused.",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(p[x] >= q[x]), rest


@catalogue.misconception("8.8", "without-the-random-number-unguarded", same_as="without-the-random-number")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum()
    return bool(p[x] >= q[x]), rest


@catalogue.misconception(
    "8.8",
    "first-choice-only",
    "A token is accepted only if it is the likeliest of the large model. How would any other token be written then?",
    hint="That is right where both take the likeliest token each time. Here both *draw*: with p = (½, ½), both tokens have to come equally often. Do they?",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return x == int(p.argmax()), rest


@catalogue.misconception("8.8", "first-choice-only-unguarded", same_as="first-choice-only")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum()
    return x == int(p.argmax()), rest


@catalogue.misconception(
    "8.8",
    "compared-with-the-largest",
    "p[x] is divided by the largest probability of the large model. Which probability did the draft come from?",
    hint="Your rule does not look at q at all in its decision. A token that the small model draws far too often must be refused often: where does that show?",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(u < p[x] / p.max()), rest


@catalogue.misconception("8.8", "compared-with-the-largest-unguarded", same_as="compared-with-the-largest")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    rest = more / more.sum()
    return bool(u < p[x] / p.max()), rest


@catalogue.misconception(
    "8.8",
    "drawn-again-from-p",
    "After a refusal it draws from p. How often has the token that both like come by then?",
    hint="Do the example of the text: p = (½, ½), q = (¼, ¾). A quarter of all draws is refused. If half of these become token 1, how often is it written in all?",
)
def accept_draft(p, q, x, u):
    return bool(u < p[x] / q[x]), p.clone()


@catalogue.misconception(
    "8.8",
    "drawn-again-without-x",
    "After a refusal it draws from p without the refused token. Is that the only token that has had its chance?",
    hint="Take three tokens, of which q gives the first too much, the second too little and the third exactly enough. Your rest gives something to the third, which is then written too often.",
)
def accept_draft(p, q, x, u):
    others = p * (torch.arange(len(p), device=p.device) != x)
    return bool(u < p[x] / q[x]), others / others.sum()


@catalogue.misconception(
    "8.8",
    "negative-differences-kept",
    "There are negative numbers in what to draw from. What is to be done where q is above p?",
    hint="Print your rest. A probability below 0 means nothing; those tokens come often enough without it.",
)
def accept_draft(p, q, x, u):
    more = p - q
    rest = more / more.abs().sum() if more.abs().sum() > 0 else p.clone()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception("8.8", "negative-differences-kept-unguarded", same_as="negative-differences-kept")
def accept_draft(p, q, x, u):
    more = p - q
    rest = more / more.abs().sum()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception(
    "8.8",
    "absolute-differences",
    "Tokens of which the small model writes too much get a share of the rest, too. Should these be drawn again?",
    hint="Where q is above p, the absolute value makes a surplus of a deficit. The text takes a maximum with 0: what does that do to a negative difference?",
)
def accept_draft(p, q, x, u):
    more = (p - q).abs()
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception("8.8", "absolute-differences-unguarded", same_as="absolute-differences")
def accept_draft(p, q, x, u):
    more = (p - q).abs()
    rest = more / more.sum()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception(
    "8.8",
    "rest-does-not-add-up",
    "What to draw from does not add up to 1. What do you divide by?",
    hint="Add up your rest: it is the share of draws that are refused. A refusal has to write *some* token.",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    return bool(u < p[x] / q[x]), more if more.sum() > 0 else p.clone()


@catalogue.misconception("8.8", "rest-does-not-add-up-unguarded", same_as="rest-does-not-add-up")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    return bool(u < p[x] / q[x]), more


@catalogue.misconception(
    "8.8",
    "surplus-of-the-draft",
    "After a refusal it draws what the small model gives more. What is missing in the text then?",
    hint="The small model wrote too much of these already, that is why there was a refusal. Turn the difference round.",
)
def accept_draft(p, q, x, u):
    more = (q - p).clamp(min=0)
    rest = more / more.sum() if more.sum() > 0 else p.clone()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception("8.8", "surplus-of-the-draft-unguarded", same_as="surplus-of-the-draft")
def accept_draft(p, q, x, u):
    more = (q - p).clamp(min=0)
    rest = more / more.sum()
    return bool(u < p[x] / q[x]), rest


@catalogue.misconception(
    "8.8",
    "softmax-of-differences",
    "Tokens with a difference of 0 get something of the rest: a softmax was taken. What does e⁰ give to a token that needs nothing?",
    hint="These are differences of probabilities, no logits. All they need is to add up to 1.",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    return bool(u < p[x] / q[x]), more.softmax(0) if more.sum() > 0 else p.clone()


@catalogue.misconception("8.8", "softmax-of-differences-unguarded", same_as="softmax-of-differences")
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    return bool(u < p[x] / q[x]), more.softmax(0)


@catalogue.misconception(
    "8.8",
    "zero-by-zero",
    "Where both models agree, there are NaNs in what to draw from: 0 was divided by 0. What is to come back then?",
    hint="Call it with the same tensor as p and q and print the sum that you divide by. Nothing is ever refused there, but an answer is asked for all the same.",
)
def accept_draft(p, q, x, u):
    more = (p - q).clamp(min=0)
    return bool(u < p[x] / q[x]), more / more.sum()


# --- 8.9 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.9",
    "one-scale-for-the-matrix",
    "quantize_rows: all rows have the same scale. What becomes of a row of small numbers?",
    hint="Take the rows 100, 50 and 0.1, 0.2: with one scale the second row is all zeros. How many scales does the answer have, and how many different ones?",
)
def quantize_rows(W):
    largest = W.abs().max().expand(len(W)).clone()
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).round().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "scales-of-columns",
    "quantize_rows: each column has a scale, not each row. Along which axis is the largest taken?",
    hint="For a matrix of 2 rows and 3 columns there must be 2 scales. The axis that you name in `amax` is the one that disappears.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=0)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale).round().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "largest-not-largest-magnitude",
    "quantize_rows: the scale comes from the largest number and not from the largest magnitude. Which number of the row 1, −2 is farther from 0?",
    hint="Do the row 1, −2 by hand with your scale: −2 becomes −254, which does not fit. Look at the sizes without their signs.",
)
def quantize_rows(W):
    largest = W.amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale


@catalogue.misconception("8.9", "largest-not-largest-magnitude-wrapped", same_as="largest-not-largest-magnitude")
def quantize_rows(W):
    largest = W.amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).round().to(torch.int32).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "128-wraps-around",
    "quantize_rows: the largest number of a row has become −128. Does 128 fit into an int8?",
    hint="Print `torch.tensor(128).to(torch.int8)`. With how many steps may the largest magnitude be divided, so that it fits on either side?",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 128)
    return (W / scale[:, None]).round().to(torch.int32).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "128-cut-off",
    "quantize_rows: scales are the largest magnitude divided by 128, and the largest is cut off. How many steps are there on either side of 0?",
    hint="The row 127, 1 should have the scale 1 exactly. Print yours. −128 is never needed, so the two sides are alike.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 128)
    return (W / scale[:, None]).round().clamp(-128, 127).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "255-steps",
    "quantize_rows: the magnitude was divided by 255, so that half of the numbers do not fit. How many steps are there on *one* side of 0?",
    hint="An int8 has 256 values for both signs together. The largest magnitude goes to the end of one side.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 255)
    return (W / scale[:, None]).round().clamp(-127, 127).to(torch.int8), scale


@catalogue.misconception("8.9", "255-steps-wrapped", same_as="255-steps")
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 255)
    return (W / scale[:, None]).round().to(torch.int32).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "cut-off-not-rounded",
    "quantize_rows: numbers were cut off toward 0 and not rounded. Which whole number is nearest to 63.7?",
    hint="Changing the dtype drops what stands behind the point. What has to happen before?",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "rounded-down",
    "quantize_rows: numbers were rounded down, also negative ones. Which whole number is nearest to −0.2?",
    hint="`//` and `floor` go to the next smaller number, so that all weights get a little smaller on average. The nearest one is asked for.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).floor().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "halves-rounded-up",
    "quantize_rows: halves are rounded up. Which of its two neighbors does 0.5 become?",
    hint="Print `torch.tensor([0.5, 1.5, -2.5]).round()`: halves go to the even neighbor, so that they do not all move the same way. Adding ½ and rounding down is something else.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None] + 0.5).floor().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "row-of-zeros-divided-by-zero",
    "quantize_rows: a row of zeros has the scale 0. What is 0 divided by 0?",
    hint="Print W divided by its scales for a row of zeros: NaN, and what an int8 makes of that is up to the machine. Which scale does the text ask for?",
)
def quantize_rows(W):
    scale = W.abs().amax(dim=1) / 127
    return (W / scale[:, None]).round().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "with-a-zero-point",
    "quantize_rows: the range from the smallest to the largest number of a row was used, with an offset. Does 0 stay 0?",
    hint="Your way of rounding needs a second number for each row, and `dequantize` does not get one. Here 0 has to become 0, and both signs have the same steps.",
)
def quantize_rows(W):
    low, high = W.amin(1), W.amax(1)
    scale = torch.where(high == low, 1.0, (high - low) / 255)
    return ((W - low[:, None]) / scale[:, None] - 128).round().clamp(-128, 127).to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "scales-as-a-column",
    "quantize_rows: the scales are right, but they have two axes. Which shape is asked for?",
    hint="Print `scale.shape`: one number for each row is the shape (n,). Where did you keep an axis?",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1, keepdim=True)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale).round().to(torch.int8), scale


@catalogue.misconception(
    "8.9",
    "whole-numbers-as-floats",
    "quantize_rows: the numbers are whole, but they are still floats. How many bytes does each take?",
    hint="Print `q.dtype` and `q.nbytes`. Nothing has been saved yet.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale[:, None]).round(), scale


@catalogue.misconception(
    "8.9",
    "inverse-scale",
    "quantize_rows: the scale is 127 divided by the largest magnitude: the factor of the way there. Which one leads back?",
    hint="`dequantize` multiplies: 127 times the scale has to be the largest magnitude again.",
)
def quantize_rows(W):
    largest = W.abs().amax(dim=1)
    factor = torch.where(largest == 0, 1.0, 127 / largest)
    return (W * factor[:, None]).round().to(torch.int8), factor


@catalogue.misconception(
    "8.9",
    "scales-along-columns",
    "dequantize: the scales were multiplied along the columns. Which axis do they belong to?",
    hint="Shapes are matched from the right: a tensor of n numbers meets the *last* axis. Give the scales a second axis.",
)
def dequantize(q, scale):
    return q.to(scale.dtype) * scale[: q.shape[1]]


@catalogue.misconception("8.9", "scales-along-columns-if-they-fit", same_as="scales-along-columns")
def dequantize(q, scale):
    return q.to(scale.dtype) * scale


@catalogue.misconception(
    "8.9",
    "divided-by-scale",
    "dequantize: the numbers were divided by their scale. What does W ≈ s · q say?",
    hint="There you divide, so back you multiply. One step of q is worth one scale.",
)
def dequantize(q, scale):
    return q.to(scale.dtype) / scale[:, None]


@catalogue.misconception(
    "8.9",
    "multiplied-as-int8",
    "dequantize: the product was taken in int8, where it wraps around and scales below 1 are 0. When do the numbers become floats?",
    hint="Print the product of an int8 of 100 and an int8 of 3. Change the dtype before you multiply, and to that of the scales.",
)
def dequantize(q, scale):
    return (q * scale[:, None].to(torch.int8)).to(scale.dtype)


# --- 8.10 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.10",
    "whole-text-with-cache",
    "Each call gets the whole text and the cache that holds it already. How often does the model see each token?",
    hint="Print the shape of what you pass in the second call: only the new token is not in the cache yet.",
)
def generate_cached(step, ids, n):
    cache = None
    for _ in range(n):
        logits, cache = step(ids, cache)
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "whole-text-without-cache",
    "The tokens are right, but each call gets the whole text and no cache: nothing is saved. What does the second answer of step hold?",
    hint="Count the tokens that go through the model for 100 new ones: about 5,000, where 100 would do. Keep what `step` hands back, and pass it in the next call.",
)
def generate_cached(step, ids, n):
    for _ in range(n):
        logits, _ = step(ids, None)
        ids = torch.cat([ids, logits[:, -1].argmax(-1, keepdim=True)], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "cache-not-handed-on",
    "Each call gets the new token, but no cache: the model has forgotten the text. What does the next call need, apart from the new token?",
    hint="Print what you pass for the cache in the second call. It must be what the first call gave back.",
)
def generate_cached(step, ids, n):
    new = ids
    for _ in range(n):
        logits, _ = step(new, None)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "prompt-token-by-token",
    "The tokens are right, but the prompt went in token by token. How many calls does a prompt need?",
    hint="A model takes a whole prompt at once, as in training, and that is much faster. Print how many tokens each of your calls gets.",
)
def generate_cached(step, ids, n):
    if n == 0:
        return ids.clone()
    cache = None
    for token in ids[:, :-1].split(1, dim=1) if ids.shape[1] > 1 else ():
        _, cache = step(token, cache)
    new = ids[:, -1:]
    for _ in range(n):
        logits, cache = step(new, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "prompt-twice",
    "The prompt went in twice: once to fill the cache, and once more. What does the first call give, apart from the cache?",
    hint="The logits of the first call already say which token comes next. Do you throw them away?",
)
def generate_cached(step, ids, n):
    if n == 0:
        return ids.clone()
    _, cache = step(ids, None)
    new = ids
    for _ in range(n):
        logits, cache = step(new, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "a-call-too-many",
    "The tokens are right, but there is a call more than new tokens. Who needs the logits after the last token?",
    hint="Count: with n = 1 one call is enough, and with n = 0 none. Do you call for the prompt before the loop, and then in each round as well?",
)
def generate_cached(step, ids, n):
    logits, cache = step(ids, None)
    for _ in range(n):
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
        logits, cache = step(new, cache)
    return ids


@catalogue.misconception(
    "8.10",
    "logits-of-the-first-position",
    "After the prompt, the token comes from the logits of its first position. Which position says what comes after the text?",
    hint="With a prompt of one token all is right. For a prompt of three there are three rows of logits, and the first one predicts the second token, which you know already.",
)
def generate_cached(step, ids, n):
    cache, new = None, ids
    for _ in range(n):
        logits, cache = step(new, cache)
        new = logits[:, 0].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids


@catalogue.misconception(
    "8.10",
    "prompt-missing",
    "Only the new tokens come back. What does the answer begin with?",
    hint="With n = 0 the answer is ids itself. What do you give for it?",
)
def generate_cached(step, ids, n):
    t, cache, new = ids.shape[1], None, ids
    for _ in range(n):
        logits, cache = step(new, cache)
        new = logits[:, -1].argmax(-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids[:, t:]
