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
