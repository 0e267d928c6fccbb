"""Wrong answers that we expect of students in assignment 06, each with the sentence they then read."""

import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()

EPS = 1e-9  # where an entry lets it be one of several
FILL = -math.inf  # the score of a hidden position, likewise


# --- 6.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "6.1",
    "targets-equal-inputs",
    "The targets are the inputs themselves. What would a model learn that has to predict the token it has just been given?",
    hint='Fill in for the window "ell" of "hello": what comes after e, what after el, what after ell? One of the three letters is not in the window at all, so copying the window can never give it.',
)
def next_token_pairs(ids, T):
    x = ids.unfold(0, T, 1)[: len(ids) - T]
    return x, x.clone()


@catalogue.misconception(
    "6.1",
    "shifted-twice",
    "The targets are two tokens ahead of the inputs, so that the very next token is never asked for. By how many places is your target moved?",
    hint='For "hello" and $T = 3$ the first row must be h e l with e l l. Yours is h e l with l l o, and there is no second row. Look for the place where the text is moved a second time.',
)
def next_token_pairs(ids, T):
    n = len(ids) - T - 1
    return ids[:-1].unfold(0, T, 1)[:n], ids[2:].unfold(0, T, 1)[:n]


@catalogue.misconception(
    "6.1",
    "each-window-rolled",
    "The last target of each window is the first token of the same window: it came round from the other end. Which token of the text follows the last one of a window?",
    hint='Write your first row for "hello" and $T = 3$ in letters: its targets end in h, and an l belongs there. Where in the text is that l? A roll moves only what is inside the window.',
)
def next_token_pairs(ids, T):
    x = ids.unfold(0, T, 1)[: len(ids) - T]
    return x, x.roll(-1, dims=1)


@catalogue.misconception(
    "6.1",
    "text-rolled",
    "There is one window too many, and its last target is the first token of the text. What follows the last token of all?",
    hint='Count for "hello" and $T = 3$: two windows have all their targets. Your third, l l o, would need a letter after the o, and the roll brings it the h from the front.',
)
def next_token_pairs(ids, T):
    return ids.unfold(0, T, 1), ids.roll(-1).unfold(0, T, 1)


@catalogue.misconception(
    "6.1",
    "last-target-missing",
    "Each window has one target less than it has inputs. The token that follows the last one of a window stands just outside it: may you take it from the text?",
    hint='For the window "hel" of "hello" you give e and l. The third target is the letter at position 3 of the text, which is not in the window: what could you cut the targets from instead?',
)
def next_token_pairs(ids, T):
    x = ids.unfold(0, T, 1)[: len(ids) - T]
    return x, x[:, 1:]


@catalogue.misconception(
    "6.1",
    "whole-text-as-one-window",
    "One single window came back, from the beginning of the text. At how many places can a window of T tokens begin?",
    hint='Move a frame of three letters along "hello", one letter at a time. It can begin at the h and at the e and still have all its targets; each of these starts is a row, so `x` has the shape (2, 3).',
)
def next_token_pairs(ids, T):
    return ids[:T], ids[1 : T + 1]


@catalogue.misconception(
    "6.1",
    "windows-that-do-not-overlap",
    "The windows follow each other without overlapping. May the second window not begin at the second token already?",
    hint='For "hello" and $T = 3$ there are two windows, h e l and e l l, and they share two letters. You give the first only: by how many tokens does your start move from one row to the next?',
)
def next_token_pairs(ids, T):
    n = (len(ids) - 1) // T
    return ids[: n * T].reshape(n, T), ids[1 : n * T + 1].reshape(n, T)


@catalogue.misconception(
    "6.1",
    "inputs-and-targets-swapped",
    "The two answers are in the wrong order: what came back as the target is the input. Which of your two runs ahead?",
    hint='Nothing comes before the h of "hello", so h can never be a target. Print what you return for the ids of "hello", where h is 7, and $T = 3$: in which of the two do you find a 7?',
)
def next_token_pairs(ids, T):
    windows = ids.unfold(0, T + 1, 1)
    return windows[:, 1:], windows[:, :-1]


@catalogue.misconception(
    "6.1",
    "one-target-for-each-window",
    "There is one target for each window, the token after its end. What should the model predict at the other positions of the window?",
    hint='The window "hel" of "hello" asks three questions: what follows h, what follows he, what follows hel. You keep the last answer only; `y` has the shape of `x`.',
)
def next_token_pairs(ids, T):
    return ids.unfold(0, T, 1)[: len(ids) - T], ids[T:]


@catalogue.misconception(
    "6.1",
    "targets-run-backwards",
    "The targets are the tokens before the inputs, not those after them. In which direction does a language model predict?",
    hint='What stands under the h in your first row for "hello"? Nothing comes before the h, so the o came round from the far end. Under each letter belongs the one to its right.',
)
def next_token_pairs(ids, T):
    x = ids.unfold(0, T, 1)[: len(ids) - T]
    return x, ids.roll(1).unfold(0, T, 1)[: len(ids) - T]


@catalogue.misconception(
    "6.1",
    "one-window-too-few",
    "The last window is missing, and with it the last token of the text is never a target. Up to which start does a window with all its targets fit?",
    hint='A window and its targets together cover $T + 1$ letters. Lay a strip of four letters along "hello" with $T = 3$: at how many places does it fit, and how many rows do you give?',
)
def next_token_pairs(ids, T):
    windows = ids.unfold(0, T + 1, 1)[:-1]
    return windows[:, :-1], windows[:, 1:]


@catalogue.misconception(
    "6.1",
    "one-window-of-inputs-too-many",
    "There is one window more than there are rows of targets: the last one ends with the text. What follows its last token?",
    hint='List the windows of "hello" for $T = 3$: hel, ell, llo. What should the target of the last one be? A row without all its targets has no place in `x`.',
)
def next_token_pairs(ids, T):
    return ids.unfold(0, T, 1), ids[1:].unfold(0, T, 1)


# --- 6.2 -----------------------------------------------------------------------------------------------------------


def _windows_at(data, starts, T):
    positions = starts.reshape(-1, 1) + torch.arange(T)
    return data[positions], data[positions + 1]


@catalogue.misconception(
    "6.2",
    "last-start-never-drawn",
    "The last window never comes up, so the last token of the text is never a target. Does the upper limit of torch.randint belong to the numbers it draws?",
    hint="Print `torch.randint(2, (20,))`: which numbers come up, and which never? Then list the starts you need for five tokens and $T = 3$, and print the limit that your function uses.",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(max(1, len(data) - T - 1), (B,), generator=generator), T)


@catalogue.misconception("6.2", "last-start-never-drawn-short-texts-fail", same_as="last-start-never-drawn")
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(len(data) - T - 1, (B,), generator=generator), T)


@catalogue.misconception(
    "6.2",
    "past-end-picked-by-position",
    "Now and then a window or its target runs past the end of the text. Which is the last start that leaves room for T targets?",
    hint="Take five tokens and $T = 3$: a window that begins at 2 would need a target at position 5, and the last position is 4. Print your starts a few times: does a 2 come up?",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(len(data) - T + 1, (B,), generator=generator), T)


@catalogue.misconception("6.2", "past-end-cut-out-one-by-one", same_as="past-end-picked-by-position")
def get_batch(data, B, T, generator):
    starts = torch.randint(len(data) - T + 1, (B,), generator=generator).tolist()
    x = torch.stack([data[s : s + T] for s in starts])
    return x, torch.stack([data[s + 1 : s + T + 1] for s in starts])


@catalogue.misconception(
    "6.2",
    "first-start-never-drawn",
    "The window at the very beginning of the text never comes up. With which number does your range of starts begin?",
    hint="Draw 1000 starts for five tokens and $T = 3$ and print the smallest and the largest: they must be 0 and 1. Given two limits, `torch.randint` begins at the first of them.",
)
def get_batch(data, B, T, generator):
    low = min(1, len(data) - T - 1)
    return _windows_at(data, torch.randint(low, len(data) - T, (B,), generator=generator), T)


@catalogue.misconception("6.2", "first-start-never-drawn-short-fails", same_as="first-start-never-drawn")
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(1, len(data) - T, (B,), generator=generator), T)


@catalogue.misconception(
    "6.2",
    "one-start-for-all-rows",
    "All rows of a batch are the same window. How many starts does your function draw for one batch?",
    hint="Print your starts for $B = 4$: four numbers are needed, each drawn on its own. One argument of `torch.randint` says how many it draws; repeating a number afterwards is not drawing.",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(len(data) - T, (1,), generator=generator).expand(B), T)


@catalogue.misconception(
    "6.2",
    "targets-equal-inputs",
    "The targets are the inputs themselves. Which token follows each token of a window?",
    hint="Print the positions that one row of `x` was picked from, say 5, 6, 7. Where in the text do its three targets stand? One of those positions is not among the first three.",
)
def get_batch(data, B, T, generator):
    x, _ = _windows_at(data, torch.randint(len(data) - T, (B,), generator=generator), T)
    return x, x.clone()


@catalogue.misconception(
    "6.2",
    "targets-from-other-windows",
    "Inputs and targets of a row come from different places of the text. How often does your function draw starts?",
    hint="Print the starts that `x` is picked with and those of `y`. If a window begins at 5, its targets begin at 6, and two separate draws hardly ever agree on that.",
)
def get_batch(data, B, T, generator):
    x, _ = _windows_at(data, torch.randint(len(data) - T, (B,), generator=generator), T)
    _, y = _windows_at(data, torch.randint(len(data) - T, (B,), generator=generator), T)
    return x, y


@catalogue.misconception(
    "6.2",
    "starts-at-multiples-of-t",
    "Only windows that begin at a multiple of T come up. May a window not begin anywhere in the text?",
    hint="For 10 tokens and $T = 3$ each start from 0 to 6 must come up; count yours over 1000 draws, and you find 0, 3 and 6. The text is not cut into pieces beforehand: how does your function come by multiples of 3?",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, T * torch.randint((len(data) - 1) // T, (B,), generator=generator), T)


@catalogue.misconception(
    "6.2",
    "each-start-once",
    "A batch holds no window twice, and so it has fewer than B rows for a short text. Does drawing one start take it away from the others?",
    hint="Ask for $B = 4$ with four tokens and $T = 3$: there is one window, and it must come four times. Do you shuffle cards, where each comes once, or throw dice?",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randperm(len(data) - T, generator=generator)[:B], T)


@catalogue.misconception(
    "6.2",
    "always-same-batch",
    "The windows are right, but every batch is like the first one, whatever the seed. Where does chance come in?",
    hint="Call it twice with one generator: the batches must differ. The starts are to be drawn.",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.arange(B) % (len(data) - T), T)


@catalogue.misconception(
    "6.2",
    "generator-not-used",
    "The windows are right, but a generator with the same seed gives other ones the second time. Where do your random numbers come from?",
    hint="Whatever draws the starts has a parameter for the generator you were given.",
)
def get_batch(data, B, T, generator):
    return _windows_at(data, torch.randint(len(data) - T, (B,)), T)


@catalogue.misconception(
    "6.2",
    "generator-started-again",
    "A generator gives the same batch over and over again. Does your function seed the generator it was given?",
    hint="Do not seed the generator: whoever passes it in has done so, and it goes on from where it is.",
)
def get_batch(data, B, T, generator):
    generator.manual_seed(generator.initial_seed())
    return _windows_at(data, torch.randint(len(data) - T, (B,), generator=generator), T)


@catalogue.misconception(
    "6.2",
    "first-and-last-start-half-as-often",
    "The first and the last start come half as often as the others. What does rounding make of numbers that are evenly spread?",
    hint="Spread a number evenly from 0 to 3 and round it: from where to where do you get 0, and from where to where 1? The one range is half as wide as the other.",
)
def get_batch(data, B, T, generator):
    starts = torch.round(torch.rand(B, generator=generator) * (len(data) - T - 1)).long()
    positions = starts[:, None] + torch.arange(T)
    return data[positions], data[positions + 1]


@catalogue.misconception(
    "6.2",
    "starts-one-after-other",
    "The rows of a batch begin one token after each other, from one random place on. How many of the starts are drawn?",
    hint="Print the starts of a batch of four: they are neighbors. A batch of windows that are nearly the same teaches little more than one of them; a start is needed for each row, whatever the others are.",
)
def get_batch(data, B, T, generator):
    n = len(data) - T
    starts = (torch.randint(n, (1,), generator=generator) + torch.arange(B)) % n
    positions = starts[:, None] + torch.arange(T)
    return data[positions], data[positions + 1]


# --- 6.3 -----------------------------------------------------------------------------------------------------------


def _picked(log_probabilities, targets):
    return log_probabilities.gather(-1, targets.unsqueeze(-1))


@catalogue.misconception(
    "6.3",
    "softmax-twice",
    "The logits went through a softmax before the loss applied its own. How often does the softmax stand in the formula, and what does log_softmax contain?",
    hint="Check with logits [0, 0, 0]: the loss is ln 3 both ways. Then with [5, 0, 0], where a second softmax flattens it.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.softmax(-1).log_softmax(-1), targets).mean()


@catalogue.misconception(
    "6.3",
    "reshaped-to-put-vocabulary-second",
    "The loss is that of logits whose numbers were read in another order: reshaped to (B, V, T). Does reshape swap two axes, or does it only cut the same row of numbers differently?",
    hint="Make logits of shape (1, 2, 3) from the numbers 0 to 5 and print them after your change of shape. The two scores of token 0 are 0 and 3, one for each position; which two stand in your first row?",
)
def lm_cross_entropy(logits, targets):
    B, T, V = logits.shape
    return -logits.reshape(B, V, T).log_softmax(1).gather(1, targets.unsqueeze(1)).mean()


@catalogue.misconception(
    "6.3",
    "sum-over-positions",
    "The result is the right one times the number of positions. Should the loss of a batch grow with its size?",
    hint="For logits that are all 0 the loss is ln V, however many positions there are. Yours grows with them.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.log_softmax(-1), targets).sum()


@catalogue.misconception(
    "6.3",
    "mean-over-rows-only",
    "The result is the right one times T: the losses of a row are added up, and only then averaged over the rows. How many positions share the loss?",
    hint="For logits that are all 0 the loss is ln V, however long the rows are. Yours grows with T.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.log_softmax(-1), targets).sum(dim=1).mean()


@catalogue.misconception(
    "6.3",
    "softmax-over-time",
    "The probabilities add up to 1 over the positions, not over the vocabulary. Along which axis do the scores compete?",
    hint="Give it logits that are all 0, with $V = 3$: the loss is $\\ln 3$ however many positions there are. Yours is $\\ln T$; compare $T = 2$ and $T = 5$, and look at the axis you name.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.log_softmax(1), targets).mean()


@catalogue.misconception(
    "6.3",
    "bits",
    "The result is the right one divided by ln 2: the loss in bits. Which base does your logarithm have?",
    hint="Two tokens with equal logits: the loss is $\\ln 2$, about 0.693 nats. Yours is exactly 1. Where do you take a logarithm to base 2, or divide by $\\ln 2$?",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.log_softmax(-1), targets).mean() / math.log(2)


@catalogue.misconception(
    "6.3",
    "exponentials-of-raw-logits",
    "Ordinary logits are right, huge ones give inf or NaN. How large is e to the power of 1000, and what is left of your fraction then?",
    hint="Take the same number away from all logits of a position, and their softmax stays the same. Which number would you take away so that no exponent is above 0? Some of torch's functions do this for you.",
)
def lm_cross_entropy(logits, targets):
    powers = torch.exp(logits)
    return -torch.log(_picked(powers / powers.sum(-1, keepdim=True), targets)).mean()


@catalogue.misconception(
    "6.3",
    "logarithm-after-softmax",
    "Ordinary logits are right, but a probability that is rounded to 0 costs an infinite loss. Can the logarithm be taken before anything is rounded?",
    hint="Take logits 200, 0, 0 and target 1: the loss is 200, and yours is inf, since the softmax gave 0 there. The logarithm of a fraction is a difference: which two numbers would you subtract, without ever forming the fraction?",
)
def lm_cross_entropy(logits, targets):
    return -torch.log(_picked(logits.softmax(-1), targets)).mean()


@catalogue.misconception(
    "6.3",
    "small-number-inside-logarithm",
    "Likely tokens cost what they should, but one whose probability is close to 0 costs too little, as if something small had been added to it. How large may the loss become as the probability goes to 0?",
    hint="Take logits 200, 0, 0 and target 1: the loss is 200, and yours stops at the small number's logarithm, 20.7 for 1e-9. The logarithm of a fraction is a difference: which two numbers would you subtract, without ever forming the fraction?",
    constants={"EPS": (1e-9, 1e-5, 1e-6, 1e-7, 1e-8, 1e-10, 1e-12, 1e-15)},
)
def lm_cross_entropy(logits, targets):
    return -torch.log(_picked(logits.softmax(-1), targets) + EPS).mean()


@catalogue.misconception(
    "6.3",
    "opposite-sign",
    "The result is the right one with the opposite sign. Is the logarithm of a probability positive or negative, and what sign should a loss have?",
    hint="A loss is never negative here: the logarithm of a probability is, so one minus sign belongs in front.",
)
def lm_cross_entropy(logits, targets):
    return _picked(logits.log_softmax(-1), targets).mean()


@catalogue.misconception(
    "6.3",
    "no-logarithm",
    "The result is the mean probability of the targets, with a minus sign. Where is the logarithm in your loss?",
    hint="At V = 3 and logits that are all 0 the loss is ln 3, about 1.0986. Yours is -1/3.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.softmax(-1), targets).mean()


@catalogue.misconception(
    "6.3",
    "last-position-only",
    "Only the last position of each row counts. At how many positions of a window does the model predict?",
    hint="A window of T tokens makes T predictions, and each has a target. The mean runs over B * T losses, and yours over B.",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits.log_softmax(-1), targets)[:, -1].mean()


@catalogue.misconception(
    "6.3",
    "logit-of-target-only",
    "The result is minus the mean logit of the targets. What do the other logits do in the formula?",
    hint="Add 100 to all logits: the loss must stay the same. What do you have to take away from the target's logit?",
)
def lm_cross_entropy(logits, targets):
    return -_picked(logits, targets).mean()


@catalogue.misconception(
    "6.3",
    "logarithm-of-mean-probability",
    "The result is the logarithm of the mean probability, not the mean of the logarithms. In which order does the formula do the two?",
    hint="Take two positions where the target has probability 0.5 and 0.1. Their losses are 0.693 and 2.303, and the mean is 1.498. You average 0.5 and 0.1 first and get 1.204.",
)
def lm_cross_entropy(logits, targets):
    return -torch.log(_picked(logits.softmax(-1), targets).mean())


@catalogue.misconception(
    "6.3",
    "graph-cut",
    "The values are right, but no gradient flows back to the logits, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with `logits = torch.zeros(1, 2, 3, requires_grad=True)` and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? A loss that came through `detach()` or `item()` is a number to look at; a model cannot be trained with it.",
)
def lm_cross_entropy(logits, targets):
    log_probabilities = logits.detach().log_softmax(dim=-1)
    return -log_probabilities.gather(-1, targets.unsqueeze(-1)).mean()


# --- 6.4 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "6.4",
    "two-to-power-of-loss",
    "The result is 2 to the power of the loss, but the loss is in nats. Which base belongs to the natural logarithm?",
    hint="A mean loss of ln 50 is a perplexity of 50. Which base takes ln back?",
)
def perplexity(nll_sums, counts):
    return 2 ** (nll_sums.sum() / counts.sum())


@catalogue.misconception(
    "6.4",
    "mean-of-perplexities",
    "The result is the mean of the perplexities of the batches. Does every token weigh the same in it?",
    hint="Take two batches of one token, with losses 0 and 2: the mean loss is 1, and the perplexity is e, not (1 + 7.39) / 2.",
)
def perplexity(nll_sums, counts):
    return torch.exp(nll_sums / counts).mean()


@catalogue.misconception(
    "6.4",
    "mean-of-means",
    "The mean losses of the batches count equally, however many tokens each has. Does a token of a small batch weigh as much as one of a large batch?",
    hint="Take sums 2 and 0 over 1 and 9 tokens: the mean loss is 0.2, and yours is 1.",
)
def perplexity(nll_sums, counts):
    return torch.exp((nll_sums / counts).mean())


@catalogue.misconception(
    "6.4",
    "not-divided",
    "The result is e to the power of the sum over all tokens. By what must the sum be divided first?",
    hint="Take two tokens with a loss of 1 each: a typical token costs 1, so the perplexity is e. Yours is e squared, and each further token multiplies it by e again. Which argument is not used yet?",
)
def perplexity(nll_sums, counts):
    return torch.exp(nll_sums.sum())


@catalogue.misconception(
    "6.4",
    "divided-by-number-of-batches",
    "The sums were divided by the number of batches. Is it batches or tokens that the mean runs over?",
    hint="Take sums 2 and 4 over 2 and 4 tokens: the mean loss is 1, and yours is 3. What does the second argument say?",
)
def perplexity(nll_sums, counts):
    return torch.exp(nll_sums.mean())


@catalogue.misconception(
    "6.4",
    "loss-instead-of-perplexity",
    "The result is the mean loss itself. What is still missing between a loss and a perplexity?",
    hint="A mean loss of ln 50 is a perplexity of 50. One function is missing at the end.",
)
def perplexity(nll_sums, counts):
    return nll_sums.sum() / counts.sum()


@catalogue.misconception(
    "6.4",
    "opposite-sign-in-exponent",
    "The result is one over the perplexity: the typical probability of a token. Are the sums you are given negative or positive?",
    hint="A loss of 0 is a perplexity of 1, and a greater loss must give more than 1. Yours gives less.",
)
def perplexity(nll_sums, counts):
    return torch.exp(-nll_sums.sum() / counts.sum())


@catalogue.misconception(
    "6.4",
    "weighted-mean-of-perplexities",
    "The result is the mean of the batches' perplexities, each with its number of tokens as weight. Is it losses or perplexities that may be averaged?",
    hint="Take two batches of one token, with losses 0 and 2: the mean loss is 1, and the perplexity is e. Exponentials come last.",
)
def perplexity(nll_sums, counts):
    return (counts * torch.exp(nll_sums / counts)).sum() / counts.sum()


# --- 6.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "6.5",
    "not-at-itself",
    "No position may look at itself, and the first one at nothing at all. Is a position's own token a secret?",
    hint="Write the 3 x 3 mask on paper: the diagonal is True, so row 0 has one True and not none.",
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool, device=device).tril(-1)


@catalogue.misconception(
    "6.5",
    "transposed",
    "Each position may look at itself and at all after it, the wrong way round. Which index is the position that looks: the row or the column?",
    hint="Print row 0 of your mask for $T = 3$: it has three times True. Row 0 is the first position, which has nothing before it and may look at one position only.",
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool, device=device).triu()


@catalogue.misconception(
    "6.5",
    "true-means-hidden",
    "The entries are True exactly where looking is forbidden. What does True mean in this exercise?",
    hint='Read your 3 x 3 mask aloud: "position 0 may look at position 0: False". It may, so what belongs on the diagonal, and what in the corner at the upper right?',
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool, device=device).triu(1)


@catalogue.misconception(
    "6.5",
    "one-place-too-far",
    "Each position may look one place ahead, at the very token it has to predict. Which diagonal is the last that may be True?",
    hint="Print row 0 of your mask for $T = 3$: it has two times True, but the first position may look at itself only. A function that cuts a triangle takes a number that moves the edge: which one does yours get?",
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool, device=device).tril(1)


@catalogue.misconception(
    "6.5",
    "ones-and-zeros",
    "The mask holds floating point ones and zeros. What would become of a score to which a 1 or a 0 is added?",
    hint="Print the dtype: it must be torch.bool. Start from True instead of 1, or compare.",
)
def causal_mask(T, device=None):
    return torch.tril(torch.ones(T, T, device=device))


@catalogue.misconception("6.5", "ones-and-zeros-on-cpu", same_as="ones-and-zeros")
def causal_mask(T, device=None):
    return torch.tril(torch.ones(T, T))


@catalogue.misconception(
    "6.5",
    "whole-numbers",
    "The mask holds whole numbers instead of True and False. Which dtype do you get from a comparison?",
    hint="Print the dtype: it must be torch.bool. Start from True instead of 1, or compare.",
)
def causal_mask(T, device=None):
    return torch.tril(torch.ones(T, T, dtype=torch.int64, device=device))


@catalogue.misconception(
    "6.5",
    "added-to-scores",
    "The mask holds 0 and minus infinity, to be added to scores. Which two values does this exercise ask for?",
    hint="This mask says True and False. Your attention (6.6) is the place where False becomes minus infinity.",
    constants={"FILL": (-math.inf, -1e9, -1e4)},
)
def causal_mask(T, device=None):
    return torch.full((T, T), FILL, device=device).triu(1)


@catalogue.misconception(
    "6.5",
    "everything-visible",
    "Every position may look at every other, also at later ones. What would a model do that can see the token it has to predict?",
    hint='Write the 3 x 3 mask for "who may look at whom": row 0 has one True, row 2 has three.',
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool, device=device)


@catalogue.misconception(
    "6.5",
    "only-itself",
    "Each position may look at itself only. How should a model use what came before?",
    hint="Write the 3 x 3 mask on paper: row 2 looks at 0, 1 and 2, so it has three.",
)
def causal_mask(T, device=None):
    return torch.eye(T, dtype=torch.bool, device=device)


@catalogue.misconception(
    "6.5",
    "device-ignored",
    "The values are right, but the mask is always made on the CPU. What does your function do with the device it is given?",
    hint="Every function that makes a tensor from nothing has a parameter for its device.",
)
def causal_mask(T, device=None):
    return torch.ones(T, T, dtype=torch.bool).tril()


# --- 6.6 -----------------------------------------------------------------------------------------------------------


def _scores(q, k):
    return q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])


@catalogue.misconception(
    "6.6",
    "not-scaled",
    "The scores are not divided by anything. How does the spread of a dot product grow with the length of the vectors?",
    hint="Draw 1000 pairs of random vectors, first with 4 numbers each and then with 400, and print the standard deviation of their dot products: about 2 and about 20. What would bring both back to 1?",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(-2, -1)).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "divided-by-d",
    "The scores are divided by d itself. The spread of a sum of d random terms grows like which power of d?",
    hint="Dot products of random vectors of 4 and of 400 numbers have a standard deviation of about 2 and 20. Divided by 4 and by 400, 0.5 and 0.05 are left; they should come out equal.",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / q.shape[-1]).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "multiplied-by-root-of-d",
    "The scores are multiplied by the square root of d. Should a longer vector make the scores larger or smaller?",
    hint="Dot products of random vectors of 400 numbers have a standard deviation of about 20; yours becomes 400. Print the weights of one query: nearly everything goes to one key. The factor was meant to tame the scores.",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(-2, -1) * math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "root-of-whole-width",
    "The scores are divided by the square root of the width of all heads together. How long are the two vectors whose dot product you scale?",
    hint="Print the shape of `q`: with 4 heads of 8 numbers it ends in 8. One dot product adds up 8 products, not 32; the other heads have no part in it.",
)
def attention(q, k, v, mask):
    width = q.shape[-1] * (q.shape[-3] if q.dim() > 2 else 1)
    return (q @ k.transpose(-2, -1) / math.sqrt(width)).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "root-of-number-of-positions",
    "The scores are divided by the square root of the number of positions. Which size is it that the dot product sums over?",
    hint="Print the shapes of `q` and of the scores for $T = 5$ and $d = 2$. One score adds up 2 products, however many positions there are: which axis of `q` is gone in the scores?",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-2])).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "masked-score-0",
    "Hidden positions still get weight: their scores are 0, or almost 0. What is e to the power of 0, and which score has no weight at all?",
    hint="Two scores of 0 share the weight evenly, 0.5 each, so a 0 hides nothing, and neither does 1e-9. A score has no weight if e to its power is 0: where on the number line is that?",
)
def attention(q, k, v, mask):
    return (_scores(q, k) * mask).softmax(-1) @ v


@catalogue.misconception("6.6", "tiny-instead-of-hugely-negative", same_as="masked-score-0")
def attention(q, k, v, mask):
    return _scores(q, k).masked_fill(~mask, 1e-9).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "mask-added",
    "The mask was added to the scores as ones and zeros, so a hidden position has only one less than a visible one. Which score has no weight at all?",
    hint="Call it with a mask that lets each position see only itself: the values must come back unchanged. e to the power of -1 is 0.37, and that is how much a hidden position still counts beside a visible one.",
)
def attention(q, k, v, mask):
    return (_scores(q, k) + mask).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "mask-after-softmax",
    "Hidden weights are set to 0 after the softmax, so the weights that are left do not add up to 1. Where must the mask act so that the softmax knows of it?",
    hint="Print the sum of the weights of each query: it must be 1, with a mask, too.",
)
def attention(q, k, v, mask):
    return (_scores(q, k).softmax(-1) * mask) @ v


@catalogue.misconception(
    "6.6",
    "softmax-over-queries",
    "The weights of each key add up to 1, not those of each query. Who shares out attention among whom, and along which axis?",
    hint="Print the sum of the weights of each query, row by row: it must be 1.",
)
def attention(q, k, v, mask):
    return _scores(q, k).masked_fill(~mask, -math.inf).softmax(-2) @ v


@catalogue.misconception(
    "6.6",
    "mask-wrong-way-round",
    "The positions that may be looked at are the ones that get no weight. What does True in the mask stand for?",
    hint="Call it with a mask that lets each position see only itself: the values must come back unchanged. Which entries get minus infinity?",
    constants={"FILL": (-math.inf, -1e9, -1e4)},
)
def attention(q, k, v, mask):
    return _scores(q, k).masked_fill(mask, FILL).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "mask-ignored",
    "Hidden positions get weight as if there were no mask. Where in your function is the mask used?",
    hint="Call it with a mask that lets each position see only itself: the values must come back unchanged.",
)
def attention(q, k, v, mask):
    return _scores(q, k).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "mask-of-its-own",
    "The result is that of a causal mask, whatever mask is given. Does your function use the mask that it is given?",
    hint="Call it with a mask that is all True: every position must then see every other.",
)
def attention(q, k, v, mask):
    own = torch.ones_like(mask).tril()
    return _scores(q, k).masked_fill(~own, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "no-softmax",
    "The values are weighted with the raw scores. What turns scores into weights that are positive and add up to 1?",
    hint="Print the sum of the weights of each query: it must be 1, and none is negative.",
)
def attention(q, k, v, mask):
    return (_scores(q, k) * mask) @ v


@catalogue.misconception(
    "6.6",
    "queries-and-keys-swapped",
    "The scores are transposed: keys look for queries. Which of the two gives the rows of the score matrix?",
    hint="Take $d = 1$, the queries 1 and 0, the keys 0 and 1. Query 0 finds the matches 0 and 1, query 1 finds 0 and 0; these are the rows of the scores. Print yours.",
)
def attention(q, k, v, mask):
    return _scores(k, q).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "keys-reshaped",
    "The keys were cut differently instead of transposed. Does reshape swap two axes?",
    hint="Take the keys 1, 2, 3 and 4, 5, 6 ($T = 2$, $d = 3$) and print what you multiply the queries with. Its first column must be the first key, 1 2 3; after a reshape it is 1 3 5.",
)
def attention(q, k, v, mask):
    *batch, T, d = k.shape
    return (q @ k.reshape(*batch, d, T) / math.sqrt(d)).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "axes-1-and-2-swapped",
    "The keys' axes 1 and 2 are swapped, wherever the last two are. Which numbers do the last two axes have when none, or several, come before them?",
    hint="Say what axis 1 is in the shapes (T, d), (B, T, d) and (B, H, T, d): it is d, then T, then H. Counted from the other end, the two axes you want have the same number in all three.",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(1, 2) / math.sqrt(q.shape[-1])).masked_fill(~mask, -math.inf).softmax(-1) @ v


@catalogue.misconception(
    "6.6",
    "scaled-after-softmax",
    "The weights of each query add up to one over the square root of d: the division came after the softmax. What is it that grows with d, the scores or the weights?",
    hint="Print the sum of the weights of each query for $d = 4$: it must be 1, and yours is 0.5. Smaller scores make a choice less sharp; smaller weights only make the output smaller.",
)
def attention(q, k, v, mask):
    return (q @ k.transpose(-2, -1)).masked_fill(~mask, -math.inf).softmax(-1) / math.sqrt(q.shape[-1]) @ v


@catalogue.misconception(
    "6.6",
    "exponentials-of-large-scores",
    "Ordinary scores are right, very large ones give NaN. What does your softmax do with e to the power of 1000?",
    hint="If you take the same number away from all scores of a query, its weights stay the same. Try it with the scores 1000, 999 by hand: which number makes the exponents 0 and -1? torch's own softmax does this, too.",
)
def attention(q, k, v, mask):
    powers = torch.exp(_scores(q, k)) * mask
    return powers / powers.sum(-1, keepdim=True) @ v


@catalogue.misconception(
    "6.6",
    "graph-cut",
    "The values are right, but no gradient flows back to queries, keys and values, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with `q = k = v = torch.ones(2, 3, requires_grad=True)` and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? In `no_grad` nothing is recorded: that is for measuring and for writing, not for a part of the model.",
)
def attention(q, k, v, mask):
    with torch.no_grad():
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
        return scores.masked_fill(~mask, -math.inf).softmax(dim=-1) @ v


@catalogue.misconception(
    "6.6",
    "large-negative-for-minus-infinity",
    "Where the visible scores are far below the hidden ones, hidden positions take all the weight. Is your number below every possible score?",
    hint="Take the scores -20000 (visible) and 300 (hidden), and put your number in the place of the second. Which of the two is larger now? One float is below all others.",
)
def attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    return scores.masked_fill(~mask, -1e4).softmax(dim=-1) @ v


# --- 6.7 -----------------------------------------------------------------------------------------------------------


def _parts(x, Wqkv, H):
    """Queries, keys and values, each (B, H, T, d)."""
    B, T, D = x.shape
    return [part.view(B, T, H, D // H).transpose(1, 2) for part in (x @ Wqkv.T).split(D, dim=-1)]


def _merged(heads):
    B, H, T, d = heads.shape
    return heads.transpose(1, 2).reshape(B, T, H * d)


@catalogue.misconception(
    "6.7",
    "split-by-view",
    "The heads were cut out in the order in which the numbers lie in memory, so that each head mixes several positions. Which axis must be split, and which two must then be swapped?",
    hint="Take $T = 2$, $D = 4$, $H = 2$ and put the numbers 0 to 7 through your split: position 0 is 0 1 2 3, position 1 is 4 5 6 7. Head 0 must hold 0 1 and 4 5, and yours holds 0 1 and 2 3.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = (part.reshape(B, H, T, D // H) for part in (x @ Wqkv.T).split(D, dim=-1))
    return _merged(attention(q, k, v, causal_mask(T, x.device))) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "merged-by-reshape",
    "The heads' results were joined in the order in which they lie in memory, with the heads before the positions. What has to be undone before the two last axes can be merged?",
    hint="Before the last two axes can be merged, the heads' axis must stand beside the axis of their numbers. Print the shape right before you merge.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    heads = attention(*_parts(x, Wqkv, H), causal_mask(T, x.device))
    return heads.reshape(B, T, D) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "split-and-merged-by-view",
    "Each head worked on a stretch of the window instead of a share of the numbers of each position. After the split, which numbers of which positions are in head 0?",
    hint="With $T = 4$ and $H = 2$, change the first token and look at the last row of the result: it must move. In yours it stands still, because head 0 got positions 0 and 1 whole, and head 1 the other two.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = (part.reshape(B, H, T, D // H) for part in (x @ Wqkv.T).split(D, dim=-1))
    return attention(q, k, v, causal_mask(T, x.device)).reshape(B, T, D) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "queries-and-keys-swapped",
    "The first rows of Wqkv made the keys and the next ones the queries. In which order are the three stacked?",
    hint="Take $D = 1$, $H = 1$, x = 1 and 1, 2, 3 as the rows of `Wqkv`: then the query is 1, the key 2, the value 3. Print the arguments of your attention in their order.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    q, k, v = _parts(x, Wqkv, H)
    return _merged(attention(k, q, v, causal_mask(x.shape[1], x.device))) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "queries-and-values-swapped",
    "The first rows of Wqkv made the values and the last ones the queries. In which order are the three stacked?",
    hint="Cut the result of the first product into three and print them: which third does the text call the queries?",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    v, k, q = _parts(x, Wqkv, H)
    return _merged(attention(q, k, v, causal_mask(x.shape[1], x.device))) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "thirds-interleaved",
    "The result of Wqkv was cut head by head, with query, key and value of a head side by side. Are the three cut apart first, or the heads?",
    hint="Take $D = 4$ and $H = 2$: rows 0 to 3 of `Wqkv` make the queries, so rows 2 and 3 make the query of head 1. In yours, rows 6 and 7 do. What has to be cut first?",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = (x @ Wqkv.T).view(B, T, H, 3, D // H).permute(3, 0, 2, 1, 4)
    return _merged(attention(q, k, v, causal_mask(T, x.device))) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "heads-interleaved",
    "Each head took every H-th number of a position instead of d numbers in a row. Which axis comes first when the last one is split: the head, or the place in the head?",
    hint="Put one position with the numbers 0 1 2 3 through your split, with two heads: head 0 must get 0 1, and yours gets 0 2. The last axis of a shape counts fastest: is it the head, or the place in the head?",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = (part.view(B, T, D // H, H).permute(0, 3, 1, 2) for part in (x @ Wqkv.T).split(D, dim=-1))
    heads = attention(q, k, v, causal_mask(T, x.device))
    return heads.permute(0, 2, 3, 1).reshape(B, T, D) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "no-output-layer",
    "The heads' results came back as they are, side by side. What is still done with them?",
    hint="Set `Wo` to zeros and `bo` to ones: every number of the result must then be 1. Yours does not notice, because two of the arguments are never used.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    return _merged(attention(*_parts(x, Wqkv, H), causal_mask(x.shape[1], x.device)))


@catalogue.misconception(
    "6.7",
    "output-matrix-not-transposed",
    "The output matrix was used as (in, out). In which order are the axes of a matrix in the layout of nn.Linear?",
    hint="nn.Linear keeps its matrix as (out, in) and multiplies by its transpose. Both matrices here are of that kind.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    return _merged(attention(*_parts(x, Wqkv, H), causal_mask(x.shape[1], x.device))) @ Wo + bo


@catalogue.misconception(
    "6.7",
    "bias-forgotten",
    "The result lacks the bias of the output layer. Which of the parameters is not used yet?",
    hint="Set `Wo` to zeros: whatever x is, each position must then give exactly `bo`. Yours gives zeros.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    return _merged(attention(*_parts(x, Wqkv, H), causal_mask(x.shape[1], x.device))) @ Wo.T


@catalogue.misconception(
    "6.7",
    "no-causal-mask",
    "Every position sees the whole window, later positions too. What keeps a position from looking ahead?",
    hint="Change the last token and look at the first row of the result: it must not move.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    mask = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device)
    return _merged(attention(*_parts(x, Wqkv, H), mask)) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "one-big-head",
    "The result is that of a single head with all D numbers, whatever H is. Where does the number of heads enter?",
    hint="Print the shape of the scores for $D = 4$, $H = 2$: each row of the batch has two tables of $T$ times $T$, one for each head. In yours there is one, made from all 4 numbers.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    return _merged(attention(*_parts(x, Wqkv, 1), causal_mask(x.shape[1], x.device))) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "divided-by-root-of-d",
    "The scores of each head are divided by the square root of D, the width of all heads together. How long are the two vectors whose dot product you scale?",
    hint="With $D = 4$ and $H = 2$ a query has 2 numbers: one score adds up 2 products, not 4. Print the shape of the queries right before you multiply: which of its sizes is gone in the scores?",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    q, k, v = _parts(x, Wqkv, H)
    scores = q @ k.transpose(-2, -1) / math.sqrt(x.shape[-1])
    scores = scores.masked_fill(~causal_mask(x.shape[1], x.device), -math.inf)
    return _merged(scores.softmax(-1) @ v) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "not-scaled",
    "The scores of each head are not divided by anything. What did attention do to them in 6.6, before its softmax?",
    hint="Set H to 1 and compare with `attention` on the same queries, keys and values, line by line: which of its steps do you leave out?",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    q, k, v = _parts(x, Wqkv, H)
    scores = (q @ k.transpose(-2, -1)).masked_fill(~causal_mask(x.shape[1], x.device), -math.inf)
    return _merged(scores.softmax(-1) @ v) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "no-swap-of-heads-and-positions",
    "Each position's heads attended to one another: the heads stood where the positions must stand. Which two axes does your attention work on?",
    hint="Print the shape that goes into your attention: its last two axes must be positions and numbers, (B, H, T, d).",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, k, v = (part.view(B, T, H, D // H) for part in (x @ Wqkv.T).split(D, dim=-1))
    return attention(q, k, v, causal_mask(H, x.device)).reshape(B, T, D) @ Wo.T + bo


@catalogue.misconception(
    "6.7",
    "graph-cut",
    "The values are right, but no gradient flows back to the input and the weights, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with an `x` that requires grad and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? Nothing that is computed under `no_grad` is recorded.",
)
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    with torch.no_grad():
        q, k, v = (part.view(B, T, H, D // H).transpose(1, 2) for part in (x @ Wqkv.T).split(D, dim=-1))
        heads = attention(q, k, v, causal_mask(T, x.device))
        return heads.transpose(1, 2).reshape(B, T, D) @ Wo.T + bo


# --- 6.8 -----------------------------------------------------------------------------------------------------------


def _mean(x):
    return x.mean(-1, keepdim=True)


def _variance(x):
    return x.var(-1, correction=0, keepdim=True)


@catalogue.misconception(
    "6.8",
    "divided-by-one-less",
    "The variance was divided by D - 1. By what does the formula divide, and what do torch's var and std do unless told otherwise?",
    hint="Take the row 1, 3: the mean is 2, both squared deviations are 1, and their mean is 1. Print your variance: it is 2. Look up the parameter of `var` that is about this.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / torch.sqrt(x.var(-1, keepdim=True) + eps) + beta


@catalogue.misconception(
    "6.8",
    "eps-outside-root",
    "Eps was added to the standard deviation, after the root. Is it beside the variance or beside its root in the formula?",
    hint="Call it with the row 1, 3 and eps = 1: the variance is 1, and with eps under the root the 3 becomes 1 divided by the root of 2, 0.707. Yours gives 0.5.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / (torch.sqrt(_variance(x)) + eps) + beta


@catalogue.misconception(
    "6.8",
    "std-plus-eps",
    "The rows were divided by torch's std plus eps, which differs from the formula in two ways. By what does std divide its sum of squares, and where does eps stand?",
    hint="Call it with the row 1, 3 and eps = 3: the variance is 1, so the divisor is the root of 4, which is 2. Yours is 1.414 + 3. Begin with the variance, and mend one of the two differences at a time.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / (x.std(-1, keepdim=True) + eps) + beta


@catalogue.misconception(
    "6.8",
    "no-eps",
    "There is no eps in the result: a row of equal numbers gives NaN. What keeps the root from being 0?",
    hint="Call it with the row 5, 5, 5: all deviations and the variance are 0, and 0 divided by 0 is NaN. With eps the divisor is small but not 0. Is your last argument used anywhere?",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / torch.sqrt(_variance(x)) + beta


@catalogue.misconception(
    "6.8",
    "eps-fixed",
    "The result is that of eps = 1e-5, whatever eps is given. Where does your function use its last argument?",
    hint="Call it with eps = 1: the result must become smaller. Which number stands in its place?",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / torch.sqrt(_variance(x) + 1e-5) + beta


@catalogue.misconception(
    "6.8",
    "another-eps-fixed",
    "The result is that of one small eps, whatever eps is given. Where does your function use its last argument?",
    hint="Call it with eps = 1: the result must become smaller. Which number stands in its place?",
    constants={"EPS": (1e-8, 1e-6, 1e-9, 1e-12)},
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / torch.sqrt(_variance(x) + EPS) + beta


@catalogue.misconception(
    "6.8",
    "over-rows",
    "Mean and variance were taken over the rows, so that positions influence each other. Which axis holds the numbers of one position?",
    hint="Call it with the rows 1, 3 and 5, 9, gamma 1, beta 0: both rows must come out as -1, 1. Their means are 2 and 7; yours are 3 and 6, those of the columns.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    mean, variance = x.mean(-2, keepdim=True), x.var(-2, correction=0, keepdim=True)
    return gamma * (x - mean) / torch.sqrt(variance + eps) + beta


@catalogue.misconception(
    "6.8",
    "over-everything",
    "One mean and one variance served for the whole tensor. How many positions are there, and does each have its own?",
    hint="Call it with the rows 1, 3 and 5, 9, gamma 1, beta 0: both rows must come out as -1, 1. Print your mean: there must be two, 2 and 7, and yours is 4.5.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - x.mean()) / torch.sqrt(x.var(correction=0) + eps) + beta


@catalogue.misconception(
    "6.8",
    "no-scale-and-shift",
    "The rows are normalized and nothing more. What do gamma and beta do?",
    hint="Call it with gamma all 0 and beta all 7: whatever x is, every number must be 7. Yours does not notice, because two of the arguments are never used.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return (x - _mean(x)) / torch.sqrt(_variance(x) + eps)


@catalogue.misconception(
    "6.8",
    "shifted-before-it-is-scaled",
    "The shift was multiplied by gamma, too. Which of the two comes first, the factor or the shift?",
    hint="With gamma = 2 and beta = 1 a normalized 0 becomes 1. Yours becomes 2.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * ((x - _mean(x)) / torch.sqrt(_variance(x) + eps) + beta)


@catalogue.misconception(
    "6.8",
    "divided-by-variance",
    "The deviations were divided by the variance plus eps, without a root. Which quantity has the same unit as x?",
    hint="Call it with the row 1, 3 and with 10, 30: both must give -1, 1. In yours the second is -0.1, 0.1, since the variance grows a hundredfold when the deviations grow tenfold.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * (x - _mean(x)) / (_variance(x) + eps) + beta


@catalogue.misconception(
    "6.8",
    "mean-not-subtracted",
    "The rows were divided by their spread, but their mean is still in them. What is done with the mean in the formula?",
    hint="Add 100 to every number of a row: the result must not change. Your row 101, 103 gives 101, 103, and it should give -1, 1. Where should the 100 go away?",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * x / torch.sqrt(_variance(x) + eps) + beta


@catalogue.misconception(
    "6.8",
    "mean-square-instead-of-variance",
    "The mean was not subtracted, and the root is that of the mean square. That is RMSNorm, which newer models use: which norm does GPT-2 have?",
    hint="The row 101, 103 must come out as -1, 1, as 1, 3 does. Yours gives 0.990, 1.010. In two places the formula has the distance from the mean where you have the number itself.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return gamma * x / torch.sqrt((x**2).mean(-1, keepdim=True) + eps) + beta


@catalogue.misconception(
    "6.8",
    "gamma-and-beta-swapped",
    "The result is scaled by beta and shifted by gamma. Which of the two is the factor?",
    hint="Call it with the row 1, 3, gamma all 2 and beta all 0: it must give -2, 2. Yours gives 2, 2.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    return beta * (x - _mean(x)) / torch.sqrt(_variance(x) + eps) + gamma


@catalogue.misconception(
    "6.8",
    "graph-cut",
    "The values are right, but no gradient flows back to x, gamma and beta, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with a `gamma` that requires grad and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? What is detached is a copy of the numbers, without their history.",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, correction=0, keepdim=True)
    return (gamma * (x - mean) / torch.sqrt(variance + eps) + beta).detach()


@catalogue.misconception(
    "6.8",
    "mean-and-variance-detached",
    "The values are right, but the gradient of x is that of a norm whose mean and variance are fixed numbers. Do these two not depend on x?",
    hint="Add 1 to all numbers of a row: its result does not change, so the gradients of the row must add up to 0. In yours they do not. Which of your steps holds something fixed that moves along with x?",
)
def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(dim=-1, keepdim=True).detach()
    variance = x.var(dim=-1, correction=0, keepdim=True).detach()
    return gamma * (x - mean) / torch.sqrt(variance + eps) + beta


# --- 6.9 -----------------------------------------------------------------------------------------------------------


def _tanh_form(x, factor=None, cubed=None):
    factor = math.sqrt(2 / math.pi) if factor is None else factor
    return 0.5 * x * (1 + torch.tanh(factor * (x + 0.044715 * (x**3 if cubed is None else cubed))))


@catalogue.misconception(
    "6.9",
    "exact-form",
    "The result is the exact GELU, with the error function. It is a good function, but which form does GPT-2 use?",
    hint="At x = 1 the answer is 0.841192, and the exact form gives 0.841345. The exercise asks for the one with tanh.",
)
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


@catalogue.misconception(
    "6.9",
    "sigmoid-form",
    "The result is x times the sigmoid of 1.702 x, a coarser approximation. Which form does this exercise ask for?",
    hint="At x = 1 the answer is 0.841192, and this form gives 0.845796. The exercise asks for the one with tanh.",
)
def gelu(x):
    return x * torch.sigmoid(1.702 * x)


@catalogue.misconception(
    "6.9",
    "square-instead-of-cube",
    "The result has the square of x under the tanh. Should negative inputs be treated as positive ones there?",
    hint="At x = 1 both powers are 1, so you cannot see it there. At x = -1 the bracket under the tanh must be -1.044715; print yours, it is -0.955285.",
)
def gelu(x):
    return _tanh_form(x, cubed=x**2)


@catalogue.misconception(
    "6.9",
    "pi-over-two",
    "The factor under the tanh is the root of pi over 2. Which of the two stands on top in the formula?",
    hint="Print your factor under the tanh alone. Since pi is more than 2, it must be below 1, about 0.798; yours is 1.253.",
)
def gelu(x):
    return _tanh_form(x, factor=math.sqrt(math.pi / 2))


@catalogue.misconception(
    "6.9",
    "no-root",
    "The factor under the tanh is 2 over pi, without the root. What is done with 2 over pi in the formula?",
    hint="Print your factor under the tanh alone: it is 0.637, and the right one is 0.798. Multiply 0.798 by itself and see what you get.",
)
def gelu(x):
    return _tanh_form(x, factor=2 / math.pi)


@catalogue.misconception(
    "6.9",
    "no-half",
    "The result is twice the right one. What should come out for large x, and what is 1 + tanh there?",
    hint="At x = 3 the result must be almost 3, and yours is 5.99: 1 + tanh is almost 2 there. Compare the front of your formula with that of the text.",
)
def gelu(x):
    return 2 * _tanh_form(x)


@catalogue.misconception(
    "6.9",
    "no-one-added",
    "The tanh was not shifted: large negative inputs give large positive results. Between which two values must the factor of x lie?",
    hint="At x = -3 the tanh is -0.998, so your factor of x is about -0.5, and the result is 1.496 instead of -0.004. The factor has to run from 0 to 1, and the tanh runs from -1 to 1: what is done before halving?",
)
def gelu(x):
    return 0.5 * x * torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))


@catalogue.misconception(
    "6.9",
    "relu",
    "The result is that of a ReLU, with a corner at 0. What should the function do just below 0?",
    hint="At x = -1 the answer is -0.1588, and a ReLU gives 0. The formula in the text has no case distinction.",
)
def gelu(x):
    return torch.relu(x)


@catalogue.misconception(
    "6.9",
    "x-missing",
    "The result lies between 0 and 1: it is the factor alone. By what is it multiplied?",
    hint="At x = 3 the answer is 2.9964, and yours is 0.9988: that is the share of x that gets through. For x = -3 the share is 0.0012; what does that make of -3?",
)
def gelu(x):
    return 0.5 * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@catalogue.misconception(
    "6.9",
    "decimal-point-moved",
    "The result is that of the constant 0.44715 in place of 0.044715. How many zeros follow the point?",
    hint="At x = 1 the bracket is 1.044715. What is yours?",
)
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.44715 * x**3)))


@catalogue.misconception(
    "6.9",
    "silu",
    "The result is x times the sigmoid of x, which is SiLU, a relative that newer models use. Which function does GPT-2 have?",
    hint="At x = 1 the answer is 0.841192, and SiLU gives 0.731059.",
)
def gelu(x):
    return x * torch.sigmoid(x)


@catalogue.misconception(
    "6.9",
    "graph-cut",
    "The values are right, but no gradient flows back to x, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with `x = torch.ones(3, requires_grad=True)` and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? In-place work saves memory, but not on a detached tensor: it has forgotten where it comes from.",
)
def gelu(x):
    inner = x.detach().pow(3).mul_(0.044715).add_(x.detach()).mul_(math.sqrt(2 / math.pi))
    return inner.tanh_().add_(1).mul_(x.detach()).mul_(0.5)


# --- 6.10 ----------------------------------------------------------------------------------------------------------


def _norm1(x, p):
    return layer_norm(x, p["norm1_gamma"], p["norm1_beta"])


def _norm2(x, p):
    return layer_norm(x, p["norm2_gamma"], p["norm2_beta"])


def _attend(x, p, H):
    return multi_head_attention(x, p["Wqkv"], p["Wo"], p["bo"], H)


def _feed_forward(x, p, nonlinearity=None):
    inner = x @ p["W1"].T + p["b1"]
    return (gelu if nonlinearity is None else nonlinearity)(inner) @ p["W2"].T + p["b2"]


@catalogue.misconception(
    "6.10",
    "post-norm",
    "The norms come after the additions, as in the original transformer. Which does GPT-2 normalize: x itself, or the copy that a part works on?",
    hint="Set `Wo`, `bo`, `W2` and `b2` to zeros, so that both parts add nothing: x must come out exactly as it went in. In yours it comes out normalized. So what is the norm to be applied to?",
)
def gpt_block(x, p, H):
    x = _norm1(x + _attend(x, p, H), p)
    return _norm2(x + _feed_forward(x, p), p)


@catalogue.misconception(
    "6.10",
    "no-residual-around-attention",
    "The result of the attention replaces the input instead of being added to it. How does x get past the attention?",
    hint="Set the output matrix of the attention to zero: what came in must go on to the second half unchanged.",
)
def gpt_block(x, p, H):
    x = _attend(_norm1(x, p), p, H)
    return x + _feed_forward(_norm2(x, p), p)


@catalogue.misconception(
    "6.10",
    "no-residual-around-feed-forward",
    "The result of the feed-forward network came back alone. To what is it added?",
    hint="Set the second matrix to zero: what went into the second half must come out unchanged.",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return _feed_forward(_norm2(x, p), p)


@catalogue.misconception(
    "6.10",
    "no-residuals",
    "Neither part was added to what went into it. What goes from the first block to the last?",
    hint="Set `Wo`, `bo`, `W2` and `b2` to zeros, so that both parts give nothing: x must come out exactly as it went in. In yours nothing but zeros is left.",
)
def gpt_block(x, p, H):
    x = _attend(_norm1(x, p), p, H)
    return _feed_forward(_norm2(x, p), p)


@catalogue.misconception(
    "6.10",
    "residual-from-normalized-input",
    "The parts were added to the normalized copies, not to the inputs themselves. Which of the two goes on to the next part?",
    hint="Set `Wo`, `bo`, `W2` and `b2` to zeros: x must come out as it went in, and yours is normalized. Does your function still know the old x when it adds? A copy needs a name of its own.",
)
def gpt_block(x, p, H):
    x = _norm1(x, p)
    x = x + _attend(x, p, H)
    x = _norm2(x, p)
    return x + _feed_forward(x, p)


@catalogue.misconception(
    "6.10",
    "first-norm-used-twice",
    "The second half was normalized with the parameters of the first norm. Which norm belongs to the feed-forward network?",
    hint="Set `norm2_gamma` to zeros: the result must change, and yours does not. Search your function for the four keys that begin with norm.",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return x + _feed_forward(_norm1(x, p), p)


@catalogue.misconception(
    "6.10",
    "both-parts-side-by-side",
    "The feed-forward network got the block's input, not what the attention had added. Do the halves come side by side or one after the other?",
    hint="Give the result of the first addition a name. The second line uses that name twice, and the block's input not at all.",
)
def gpt_block(x, p, H):
    return x + _attend(_norm1(x, p), p, H) + _feed_forward(_norm2(x, p), p)


@catalogue.misconception(
    "6.10",
    "relu",
    "The feed-forward network has a ReLU between its layers. Which nonlinearity does GPT-2 have?",
    hint="You have written GPT-2's nonlinearity in 6.9. Call it.",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return x + _feed_forward(_norm2(x, p), p, torch.relu)


@catalogue.misconception(
    "6.10",
    "no-nonlinearity",
    "The two matrices of the feed-forward network are applied one right after the other. What stands between them?",
    hint="Two matrices in a row are one matrix. What you wrote in 6.9 stands between them.",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return x + _feed_forward(_norm2(x, p), p, lambda inner: inner)


@catalogue.misconception(
    "6.10",
    "feed-forward-first",
    "The feed-forward network came before the attention, each with its own norm. Which comes first in a block?",
    hint="The names of the two norms have numbers: the first goes with the attention, and that half comes first.",
)
def gpt_block(x, p, H):
    x = x + _feed_forward(_norm2(x, p), p)
    return x + _attend(_norm1(x, p), p, H)


@catalogue.misconception(
    "6.10",
    "no-norms",
    "Both parts worked on the numbers as they are. Where are the two norms?",
    hint="Check that each of the four norm parameters occurs once in your function, each pair right before its half.",
)
def gpt_block(x, p, H):
    x = x + _attend(x, p, H)
    return x + _feed_forward(x, p)


@catalogue.misconception(
    "6.10",
    "no-norm-before-feed-forward",
    "The feed-forward network worked on numbers that were not normalized. Where does the second norm belong?",
    hint="Check that each of the four norm parameters occurs once in your function.",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return x + _feed_forward(x, p)


@catalogue.misconception(
    "6.10",
    "gelu-after-second-matrix",
    "The GELU was applied to the end result of the feed-forward network. Between which two steps does it stand?",
    hint="Print the shape of what goes into your GELU: it must be four times as wide as x, and yours is as wide as x. At which point of the feed-forward network are there 4D numbers?",
)
def gpt_block(x, p, H):
    x = x + _attend(_norm1(x, p), p, H)
    return x + gelu(_feed_forward(_norm2(x, p), p, lambda inner: inner))


@catalogue.misconception(
    "6.10",
    "first-input-added-again",
    "The result of the feed-forward network was added to the input of the block, so that what the attention had added got lost. To which x does the second line add?",
    hint="Set `W2` and `b2` to zeros: the second half adds nothing, and what the attention has added must still be in the result. In yours it is gone, and x comes out as it went in.",
)
def gpt_block(x, p, H):
    attended = x + _attend(_norm1(x, p), p, H)
    return x + _feed_forward(_norm2(attended, p), p)


@catalogue.misconception(
    "6.10",
    "graph-cut",
    "The values are right, but no gradient flows back to the input and the parameters, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Try it with an `x` that requires grad and print the result: it must end in `grad_fn=...`. Print it after each step: where does that disappear? A function under `no_grad` records nothing of what it does.",
)
@torch.no_grad()
def gpt_block(x, p, H):
    normed = layer_norm(x, p["norm1_gamma"], p["norm1_beta"])
    x = x + multi_head_attention(normed, p["Wqkv"], p["Wo"], p["bo"], H)
    normed = layer_norm(x, p["norm2_gamma"], p["norm2_beta"])
    return x + gelu(normed @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]


# --- 6.11 ----------------------------------------------------------------------------------------------------------


def _embedded(ids, p, cfg, training):
    return F.dropout(p["tokens"][ids] + p["positions"][: ids.shape[1]], cfg["drop_rate"], training)


def _through(x, blocks, cfg):
    for block in blocks:
        x = gpt_block(x, block, cfg["n_heads"])
    return x


def _logits(x, p, head=None):
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ (p.get("head", p["tokens"]) if head is None else head).T


@catalogue.misconception(
    "6.11",
    "no-positions",
    "The position table is not used at all. How should the model know in which order the tokens came?",
    hint="Feed the ids 5, 5, 5 and print the logits: the three positions must differ. In yours they are equal, since nothing in them says which place a token has.",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids], cfg["drop_rate"], training)
    return _logits(_through(x, p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "positions-along-batch",
    "All tokens of a row got the same position row, that of the number of their row in the batch. Which axis of ids counts places in the window?",
    hint="Feed the same window twice, as two rows: both must get the same logits, and yours differ. Print the shape of the position rows you add: one for each place, the same for all rows of the batch.",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids] + p["positions"][: len(ids)].unsqueeze(1), cfg["drop_rate"], training)
    return _logits(_through(x, p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "positions-from-end-of-table",
    "A short window got the last rows of the position table. Which place does the first token of a window have?",
    hint="Feed the ids 1, 2 and then 1, 2, 3: the logits at the first two positions must be the same both times. In yours they change. Which position rows do you add in each case?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids] + p["positions"][-ids.shape[1] :], cfg["drop_rate"], training)
    return _logits(_through(x, p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "positions-from-1",
    "The first token got row 1 of the position table, and row 0 is never used. At which number does counting begin here?",
    hint="Feed a full window of `context_length` tokens: counted from 1, its last place has no row in the table. And which row is left over at the front?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids] + p["positions"][1 : 1 + ids.shape[1]], cfg["drop_rate"], training)
    return _logits(_through(x, p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "whole-position-table",
    "A window shorter than the context stops your function with an error. How many rows of the position table does a window of T tokens need?",
    hint="Print the two shapes that you add, for $T = 5$ and a context of 32: (B, 5, D) and (32, D). The window has the places 0 to 4 and no more.",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids] + p["positions"], cfg["drop_rate"], training)
    return _logits(_through(x, p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "no-final-norm",
    "The last norm is missing: its two vectors are not used. What happens between the last block and the head?",
    hint="Set `norm_gamma` to twos (`norm_beta` is 0 at the start): every logit must double. Yours do not notice.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _through(_embedded(ids, p, cfg, training), p["blocks"], cfg) @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "norm-before-blocks",
    "The last norm was applied to the embeddings, before the first block. Where does it stand?",
    hint="Set `norm_gamma` to twos (`norm_beta` is 0 at the start): every logit must become exactly twice as large. In yours the blocks come in between. What is the last thing before the head?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = layer_norm(_embedded(ids, p, cfg, training), p["norm_gamma"], p["norm_beta"])
    return _through(x, p["blocks"], cfg) @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "tied-by-copy",
    "The logits are right, but with a tied head the token rows get gradients from their first role only. Is your head the token table itself, or a copy that training does not reach?",
    hint="Without the key `head`, feed the ids 1, 2, go backward from the loss, and print the gradient of token row 0. That token does not occur, yet as a row of the head it must get a gradient; in yours it is 0.",
)
def gpt_forward(ids, p, cfg, training=False):
    head = p["head"] if "head" in p else p["tokens"].detach().clone()
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"], cfg), p, head)


@catalogue.misconception(
    "6.11",
    "always-tied",
    "The head is the token table even where the parameters hold a head of its own. Which of the two does p decide?",
    hint="Set the tensor under the key `head` to zeros: all logits must become 0. Yours do not notice that there is a `head`. When is the token table meant to take its place?",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"], cfg), p, p["tokens"])


@catalogue.misconception(
    "6.11",
    "never-tied",
    "A model with a head of its own is right, one without a key head stops your function with an error. What is the head of a tied model?",
    hint="Ask whether the key is there. If it is not, the token table takes its place.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"], cfg), p, p["head"])


@catalogue.misconception(
    "6.11",
    "first-block-over-and-over",
    "Every layer used the parameters of the first block. Which block's turn is it in the second round of your loop?",
    hint="Give the second block another `b2`, the numbers 0 to $D - 1$ say: the logits must change, and yours do not. Print in each round which block you use.",
)
def gpt_forward(ids, p, cfg, training=False):
    blocks = [p["blocks"][0]] * cfg["n_layers"]
    return _logits(_through(_embedded(ids, p, cfg, training), blocks, cfg), p)


@catalogue.misconception(
    "6.11",
    "one-block-only",
    "Only the first block was applied. How many blocks does the model have?",
    hint="Print the index in your loop: it must reach n_layers - 1, and x must go from one block into the next.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"][:1], cfg), p)


@catalogue.misconception(
    "6.11",
    "blocks-in-reverse",
    "The blocks were applied from the last to the first. In which order does x pass them?",
    hint="Print the index in your loop: 0 comes first.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"][::-1], cfg), p)


@catalogue.misconception(
    "6.11",
    "every-block-gets-embeddings",
    "The result is that of the last block alone, applied to the embeddings. What goes into the second block?",
    hint="Print the sum of what goes into the block in each round: it must change, and yours is the same every time. Under which name does a round leave its result, and under which does the next one look for it?",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"][-1:], cfg), p)


@catalogue.misconception(
    "6.11",
    "probabilities-instead-of-logits",
    "The numbers at each position add up to 1: they are probabilities. Where does the softmax belong, into the model or into the loss?",
    hint="Your loss (6.3) makes probabilities by itself. Return the scores as they come from the head.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"], cfg), p).softmax(-1)


@catalogue.misconception(
    "6.11",
    "last-position-only",
    "Logits came back for the last position only. At how many positions does the model predict?",
    hint="Logits have the shape (B, T, V). Whoever generates text takes the last position, not the model.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, training), p["blocks"], cfg), p)[:, -1]


@catalogue.misconception(
    "6.11",
    "dropout-always-on",
    "Numbers are dropped although the model is not being trained. On what does it depend whether anything is dropped?",
    hint="Call it twice with training=False: both results must be equal.",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, True), p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "dropout-never-on",
    "The logits are right, but in training nothing is dropped. What does your function do with training?",
    hint="Set `drop_rate` to 0.5 and call it twice with training=True: the results must differ, and yours are equal. Follow `training` through your function: where does it arrive?",
)
def gpt_forward(ids, p, cfg, training=False):
    return _logits(_through(_embedded(ids, p, cfg, False), p["blocks"], cfg), p)


@catalogue.misconception(
    "6.11",
    "graph-cut",
    "The values are right, but no gradient flows back to the parameters, and so nothing before this function would ever learn. Where does your result leave the graph?",
    hint="Make parameters with `initial_parameters` and print the logits: it must end in `grad_fn=...`. Print it after each step: where does that disappear? Recording is switched off where text is written, and that is not here.",
)
@torch.no_grad()
def gpt_forward(ids, p, cfg, training=False):
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    x = F.dropout(x, cfg["drop_rate"], training)
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "keep-probability-for-rate",
    "In training, as many numbers are dropped as should be kept. Is drop_rate the share that is dropped, or the share that stays?",
    hint="Set `drop_rate` to 0.1 and count the zeros that your dropout makes of `torch.ones(1000)`: about 100 are right. What does the p of `F.dropout` stand for?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    x = F.dropout(x, 1 - cfg["drop_rate"], training)
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "survivors-not-scaled",
    "In training, the numbers that stay are as they were. What do the zeros do to the sum of all numbers, and what makes up for it?",
    hint="Take a thousand ones and a rate of 0.5: out of training their sum is 1000, and after your dropout it is about 500. By what must each of the others be multiplied for the sum to stay about the same?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    if training:
        x = x * (torch.rand_like(x) >= cfg["drop_rate"])
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "dropout-after-blocks",
    "In training, numbers are dropped, but not from the sum of the embeddings: that one goes into the first block whole. At which place does the text drop numbers?",
    hint="Print x before the first block, with training=True and a `drop_rate` of 0.5: half of it must be 0. In your code that happens later.",
)
def gpt_forward(ids, p, cfg, training=False):
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = F.dropout(x, cfg["drop_rate"], training)
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "dropout-on-tokens-alone",
    "In training, numbers of the token rows are dropped before the position rows are added. From which of the two, or from their sum, are numbers to be dropped?",
    hint="Print x before the first block, with training=True and a `drop_rate` of 0.5: half of its numbers must be exactly 0. In yours the position rows shine through. Which comes first, the addition or the dropout?",
)
def gpt_forward(ids, p, cfg, training=False):
    x = F.dropout(p["tokens"][ids], cfg["drop_rate"], training) + p["positions"][: ids.shape[1]]
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


@catalogue.misconception(
    "6.11",
    "rate-of-its-own",
    "In training, as many numbers are dropped as with a rate of 0.1, whatever the config says. Where does your function read the rate?",
    hint="Set `drop_rate` to 0.5 and count the zeros before the first block: half of the numbers. In yours it is a tenth. `F.dropout` has to be told.",
)
def gpt_forward(ids, p, cfg, training=False):
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    x = F.dropout(x, 0.1, training)
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T


# --- 6.12 ----------------------------------------------------------------------------------------------------------


def _drawn(logits, top_k, generator):
    best, tokens = logits.topk(top_k)
    return tokens.gather(1, torch.multinomial(best.softmax(-1), 1, generator=generator))


def _written(model, ids, n, choose, window):
    """The loop of generate, with a choice of the next tokens and of what the model sees."""
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            ids = torch.cat([ids, choose(model(window(ids)))], dim=1)
    model.train(was_training)
    return ids


@catalogue.misconception(
    "6.12",
    "logits-of-first-position",
    "The next token was taken from the logits of the first position. Which position of the window says what comes after the text so far?",
    hint="Take the model of the docstring and the ids 3, 4: it must go on with 5, and yours writes 4. That is what follows the 3. Which position has read the whole text?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model, ids, n, lambda logits: _drawn(logits[:, 0], top_k, generator), lambda ids: ids[:, -context_length:]
    )


@catalogue.misconception(
    "6.12",
    "not-cropped",
    "The model got more tokens than it has positions for. What should it see once the text is longer than its context?",
    hint="Print the shape of what you give to the model, for 5 tokens and a `context_length` of 3: it must never be wider than 3. Yours begins with 5 and grows.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, generator), lambda ids: ids)


@catalogue.misconception(
    "6.12",
    "beginning-of-text-kept",
    "A long text was cropped to its first tokens, so that the model never saw what it had written. Which part of the text matters most for what comes next?",
    hint="Take the model of the docstring, the ids 3, 4 and a `context_length` of 2: yours writes 5, 5, 5. The model sees 3, 4 in every round. What should it see in the second?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, generator), lambda ids: ids[:, :context_length]
    )


@catalogue.misconception(
    "6.12",
    "last-token-only",
    "The model saw one token at a time. How much of the text may it use?",
    hint="Print the width of what you give to the model, for two tokens and a `context_length` of 4: it must be 2, 3, 4, 4 and so on. Yours is 1 all the time, and attention has nothing to look back at.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, generator), lambda ids: ids[:, -1:])


@catalogue.misconception(
    "6.12",
    "context-one-too-short",
    "The model saw one token less than its context holds. How many tokens are there from -context_length to the end?",
    hint="Print the width of what you give to the model, for 5 tokens and a `context_length` of 3: it must be 3, and yours is 2. Count on paper what your slice keeps of 1, 2, 3, 4, 5.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: _drawn(logits[:, -1], top_k, generator),
        lambda ids: ids[:, -max(1, context_length - 1) :],
    )


@catalogue.misconception(
    "6.12",
    "not-in-eval-mode",
    "The model wrote in training mode, where dropout spoils its predictions. How does a module know that it is not being trained?",
    hint="Print `model.training` in your loop: it must be False there. With a drop_rate of 0.5 and `top_k=1`, two calls must write the same text. Which method of a module switches its mode?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    with torch.no_grad():
        for _ in range(n):
            ids = torch.cat([ids, _drawn(model(ids[:, -context_length:])[:, -1], top_k, generator)], dim=1)
    return ids


@catalogue.misconception(
    "6.12",
    "left-in-eval-mode",
    "A model that was being trained is in evaluation mode afterwards, so that the rest of its training would run without dropout. In which mode did you find it?",
    hint="Print `model.training` before and after a call: True has become False. What is switched has to be switched back, to what you have noted before you touched it.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            ids = torch.cat([ids, _drawn(model(ids[:, -context_length:])[:, -1], top_k, generator)], dim=1)
    return ids


@catalogue.misconception(
    "6.12",
    "left-in-train-mode",
    "A model that was in evaluation mode is in training mode afterwards. In which mode did you find it?",
    hint="Call it on a model in evaluation mode and print `model.training` afterwards: it is True. At the end you switch to a mode that you assume; how could you know the one you found?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    ids = _written(
        model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, generator), lambda ids: ids[:, -context_length:]
    )
    model.train()
    return ids


@catalogue.misconception(
    "6.12",
    "gradients-recorded",
    "The tokens are right, but while the model wrote, gradients were recorded. Who would ever call backward on this text?",
    hint="torch has a context, and a decorator, in which nothing is recorded.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    for _ in range(n):
        ids = torch.cat([ids, _drawn(model(ids[:, -context_length:])[:, -1], top_k, generator)], dim=1)
    model.train(was_training)
    return ids


@catalogue.misconception(
    "6.12",
    "autograd-left-off",
    "The tokens are right, but autograd is still off afterwards. What happens to a model that is trained on?",
    hint="Print `torch.is_grad_enabled()` before and after your call: True and False, and the next `backward` has no graph to go through. torch has a context that switches recording back by itself.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    torch.set_grad_enabled(False)
    for _ in range(n):
        ids = torch.cat([ids, _drawn(model(ids[:, -context_length:])[:, -1], top_k, generator)], dim=1)
    model.train(was_training)
    return ids


@catalogue.misconception(
    "6.12",
    "beginning-left-out",
    "Only the new tokens came back. With what does the answer begin?",
    hint="The answer begins with the ids you were given, and each round makes it one column longer.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    whole = _written(
        model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, generator), lambda ids: ids[:, -context_length:]
    )
    return whole[:, ids.shape[1] :]


@catalogue.misconception(
    "6.12",
    "always-most-likely-token",
    "The most likely token is taken every time, whatever top_k is. When should a less likely one get its chance?",
    hint="Take a model whose logits are all 0, with $V = 3$ and `top_k=3`: over 100 tokens each must come up about 33 times, and yours writes one and the same. Which step of yours draws a token at random?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model, ids, n, lambda logits: logits[:, -1].argmax(-1, keepdim=True), lambda ids: ids[:, -context_length:]
    )


@catalogue.misconception(
    "6.12",
    "top-k-ignored",
    "Tokens outside the top k are drawn, too. Which probability should they have?",
    hint="Call it with `top_k=1` on logits 1.0, 0.9, 0.0: it must write token 0 every time. Print the probabilities that you draw from: how many of them are above 0?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: torch.multinomial(logits[:, -1].softmax(-1), 1, generator=generator),
        lambda ids: ids[:, -context_length:],
    )


@catalogue.misconception(
    "6.12",
    "k-too-many",
    "One token more than the top k is drawn from. Does the k-th largest logit still belong to the top k?",
    hint="Call it with `top_k=1`: it must write the most likely token every time, and yours has two to choose from. Print how many candidates you keep; if you compare with a limit, which of the sorted logits is it?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model, ids, n, lambda logits: _drawn(logits[:, -1], top_k + 1, generator), lambda ids: ids[:, -context_length:]
    )


@catalogue.misconception(
    "6.12",
    "least-likely-tokens",
    "The tokens come from the k lowest logits. At which end does your sorted list begin?",
    hint="Print what you keep of the logits 3, 1, 2 with `top_k=2`: it must be 3 and 2, and yours is 1 and 2. Does your way of sorting begin with the largest?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: logits[:, -1].topk(top_k, largest=False).indices[:, :1],
        lambda ids: ids[:, -context_length:],
    )


@catalogue.misconception(
    "6.12",
    "places-instead-of-tokens",
    "What was appended is the place among the top k, 0 to k - 1, not the token that stands there. What does multinomial return?",
    hint="Take the logits 0, 5, 9 and `top_k=2`: the best two are token 2 and token 1, in this order. A draw gives 0 or 1, the place in this short list. Who has written down which token stands at place 0?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: torch.multinomial(logits[:, -1].topk(top_k).values.softmax(-1), 1, generator=generator),
        lambda ids: ids[:, -context_length:],
    )


@catalogue.misconception(
    "6.12",
    "even-chances",
    "The top k tokens are drawn equally often. What should decide how often each of them comes?",
    hint="Take two tokens with the logits 2.197 and 0 and `top_k=2`: the probabilities are 0.9 and 0.1. Over 1000 tokens yours come about 500 times each. What do the numbers that you draw with still know of the logits?",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: _drawn(
            torch.where(logits[:, -1] >= logits[:, -1].topk(top_k).values[:, -1:], 0.0, -math.inf), top_k, generator
        ),
        lambda ids: ids[:, -context_length:],
    )


@catalogue.misconception(
    "6.12",
    "generator-not-used",
    "A generator with the same seed gives another text the second time. Where do your random numbers come from?",
    hint="Whatever draws the token has a parameter for the generator you were given.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model, ids, n, lambda logits: _drawn(logits[:, -1], top_k, None), lambda ids: ids[:, -context_length:]
    )


@catalogue.misconception(
    "6.12",
    "window-moved-in-place",
    "Your function changed the ids it was given: the window was moved along inside them. Can a new column be added without touching the old ones?",
    hint="Print the ids you handed over before and after the call. Joining two tensors makes a new one.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    def choose(logits):
        chosen = _drawn(logits[:, -1], top_k, generator)
        ids[:, :-1] = ids[:, 1:].clone()
        ids[:, -1:] = chosen
        return chosen

    return _written(model, ids.clone(), n, choose, lambda text: text[:, -context_length:])


@catalogue.misconception(
    "6.12",
    "one-draw-for-all-rows",
    "All rows of the batch got the same token. Whose logits decide about a row?",
    hint="Take the model of the docstring and two rows, 3, 4 and 8, 9: they go on with 5 and 0, and yours writes 5 in both. Print the shape of what you draw from: it needs a row for each text.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    return _written(
        model,
        ids,
        n,
        lambda logits: _drawn(logits[:1, -1], top_k, generator).expand(len(logits), 1),
        lambda ids: ids[:, -context_length:],
    )


@catalogue.misconception(
    "6.12",
    "softmax-twice",
    "The tokens come from the top k, but their chances are too even: a softmax went over what a softmax had made. Over what must it go?",
    hint="Take two tokens with the logits 4 and 0 and `top_k=2`: the first has probability 0.98. The softmax of 0.98 and 0.02 makes 0.72 of it. Print what your second softmax gets.",
)
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            probabilities = model(ids[:, -context_length:])[:, -1].softmax(dim=-1)
            best, tokens = probabilities.topk(top_k)
            choice = torch.multinomial(best.softmax(dim=-1), 1, generator=generator)
            ids = torch.cat([ids, tokens.gather(1, choice)], dim=1)
    model.train(was_training)
    return ids


# --- 6.13 ----------------------------------------------------------------------------------------------------------


def _loss(model, x, y):
    return lm_cross_entropy(model(x), y)


def _adam(parameters, cfg):
    return torch.optim.Adam(parameters, lr=cfg["learning_rate"])


def _update(optimizer, loss):
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()


def _run(cfg, text, steps, seed, loss_of=_loss, optimizer_of=_adam, update=_update, train=True, model_seed=None):
    """A training run; one of its parts is replaced in each entry below."""
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed if model_seed is None else model_seed).train(train)
    generator = torch.Generator().manual_seed(seed)
    optimizer = optimizer_of(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = loss_of(model, x, y)
        update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "no-step",
    "The loss of one and the same window stays exactly the same at every step: the parameters it comes from never change. Does your optimizer step, on the model that is used, while the gradients are still there?",
    hint="Print one parameter before and after a step. Who is told to step, whose parameters does it hold, and are the gradients still there at that moment?",
)
def pretrain(cfg, text, steps, seed):
    def update(optimizer, loss):
        optimizer.zero_grad()
        loss.backward()

    return _run(cfg, text, steps, seed, update=update)


@catalogue.misconception("6.13", "cleared-between-backward-and-step", same_as="no-step")
def pretrain(cfg, text, steps, seed):
    def update(optimizer, loss):
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()

    return _run(cfg, text, steps, seed, update=update)


@catalogue.misconception("6.13", "new-model-at-every-step", same_as="no-step")
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: _loss(TinyGPT(cfg, seed), x, y))


@catalogue.misconception(
    "6.13",
    "gradients-never-cleared",
    "The first two losses are right, and from the third on the gradients of all earlier steps are in each update. What does backward do with a gradient that is already there?",
    hint="Print the gradient of one parameter after `backward`, then compute the loss of the same batch anew, call `backward` again without a step in between, and print it once more: it has doubled.",
)
def pretrain(cfg, text, steps, seed):
    def update(optimizer, loss):
        loss.backward()
        optimizer.step()

    return _run(cfg, text, steps, seed, update=update)


@catalogue.misconception(
    "6.13",
    "step-before-backward",
    "Backward stopped with an error: a parameter it still needs was changed after the loss had been computed, as a step of the optimizer does. In which order come backward and step?",
    hint="The loss was computed with the parameters as they were, and `backward` needs just these. Write down what your three calls read and what they change: which of them must have run before the parameters may move?",
)
def pretrain(cfg, text, steps, seed):
    def update(optimizer, loss):
        optimizer.step()
        optimizer.zero_grad()
        loss.backward()

    return _run(cfg, text, steps, seed, update=update)


@catalogue.misconception(
    "6.13",
    "softmax-before-loss",
    "The losses are those of logits that went through a softmax before they came to the loss, which has one inside. What should the loss be given?",
    hint="Your loss of 6.3 takes raw logits and makes probabilities by itself.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: lm_cross_entropy(model(x).softmax(-1), y))


@catalogue.misconception(
    "6.13",
    "inputs-as-targets",
    "The losses are those of a model that gives back the characters it sees, which is far too easy. Which of the two parts of a batch holds the answers?",
    hint="A batch has two parts: print the first row of each and see which one is ahead by one.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: _loss(model, x, x))


@catalogue.misconception(
    "6.13",
    "targets-as-inputs",
    "The model was given the targets to read, so that each answer was part of the question. Which of the two parts of a batch goes into the model?",
    hint="A batch has two parts: print the first row of each and see which one is ahead by one. That one is never read by the model.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: _loss(model, y, y))


@catalogue.misconception(
    "6.13",
    "shifted-twice",
    "The losses are those of a model that predicts the character after the next one: the targets of a batch were moved once more. Who has moved them already?",
    hint="Your batches (6.2) come with targets that are one ahead already. Print the first row of both.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: lm_cross_entropy(model(x)[:, :-1], y[:, 1:]))


@catalogue.misconception(
    "6.13",
    "last-position-only",
    "Only the last position of each window was trained. How many predictions does a window hold?",
    hint="A window of T tokens makes T predictions, and your loss of 6.3 takes them all. Hand it everything.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, loss_of=lambda model, x, y: lm_cross_entropy(model(x)[:, -1:], y[:, -1:]))


@catalogue.misconception(
    "6.13",
    "plain-sgd",
    "The losses are those of plain gradient descent, which is far slower here. Which optimizer does the recipe name?",
    hint="torch.optim has several classes. The recipe names one that adapts its steps.",
)
def pretrain(cfg, text, steps, seed):
    return _run(
        cfg,
        text,
        steps,
        seed,
        optimizer_of=lambda parameters, cfg: torch.optim.SGD(parameters, lr=cfg["learning_rate"]),
    )


@catalogue.misconception(
    "6.13",
    "adamw",
    "The losses are those of AdamW, which also lets every parameter decay. Which optimizer does the recipe name?",
    hint="torch.optim has several classes. The recipe's name has no W at its end.",
)
def pretrain(cfg, text, steps, seed):
    return _run(
        cfg,
        text,
        steps,
        seed,
        optimizer_of=lambda parameters, cfg: torch.optim.AdamW(parameters, lr=cfg["learning_rate"]),
    )


@catalogue.misconception(
    "6.13",
    "learning-rate-of-library",
    "The losses are those of Adam with its own learning rate, 0.001. Where does the config say how large the steps are?",
    hint="Print the optimizer: it shows its rate. The config has one, too.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, optimizer_of=lambda parameters, cfg: torch.optim.Adam(parameters))


@catalogue.misconception(
    "6.13",
    "new-optimizer-at-every-step",
    "Every step is Adam's first one: what it learned from earlier gradients is lost. How often is your optimizer made?",
    hint="Adam remembers averages from step to step. Make it once, before the loop.",
)
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(_adam(model.parameters(), cfg), loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "uphill",
    "The loss grows: the updates go uphill. With which sign do the gradients reach the optimizer?",
    hint="Print the first ten losses: they grow. Go backward from the loss itself, not from its negative, and do not ask the optimizer to maximize.",
)
def pretrain(cfg, text, steps, seed):
    return _run(
        cfg,
        text,
        steps,
        seed,
        optimizer_of=lambda parameters, cfg: torch.optim.Adam(parameters, lr=cfg["learning_rate"], maximize=True),
    )


@catalogue.misconception(
    "6.13",
    "loss-after-update",
    "Each loss is the one after the update, not before it. When is the loss noted that belongs to a step?",
    hint="By hand, compute the loss of a fresh `TinyGPT(cfg, seed)` on the first batch: `losses[0]` must be this number. Yours comes from a model that has learned already.",
)
def pretrain(cfg, text, steps, seed):
    model, losses = _run(cfg, text, steps + 1, seed)
    return model, losses[1:]


@catalogue.misconception(
    "6.13",
    "another-start",
    "The first loss is not that of TinyGPT(cfg, seed), but that of a model with another seed. What does your model start from?",
    hint="By hand, compute the loss of a fresh `TinyGPT(cfg, seed)` on the first batch: `losses[0]` must be this number. Print the seed that your model gets; is it the same as that of the batches?",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, model_seed=0)


@catalogue.misconception(
    "6.13",
    "tensors-kept",
    "The losses are tensors, and each keeps the graph of its whole step in memory. How does a tensor with one number become a Python float?",
    hint="Print type(losses[0]). A tensor of one number has a method that gives the Python number.",
)
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss)
    return model, losses


@catalogue.misconception(
    "6.13",
    "one-step-too-few",
    "There is one loss less than there are steps. How often does your loop run?",
    hint="Call it with steps=1: it must give a list of one loss, and yours is empty. Print the loop's counter.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps - 1, seed)


@catalogue.misconception(
    "6.13",
    "running-mean",
    "From the second step on, each loss is the mean of all losses so far. Should a loss curve show each batch, or be smoothed already?",
    hint="Print the loss of the third step and compare with what you noted: it is the plain number of that batch.",
)
def pretrain(cfg, text, steps, seed):
    model, losses = _run(cfg, text, steps, seed)
    return model, [sum(losses[: i + 1]) / (i + 1) for i in range(steps)]


@catalogue.misconception(
    "6.13",
    "trained-in-eval-mode",
    "Without dropout the losses are right, but with a drop_rate of 0.3 nothing is dropped. In which mode was the model trained?",
    hint="A model has two modes, and dropout works in one of them only. Switch it on before the loop.",
)
def pretrain(cfg, text, steps, seed):
    return _run(cfg, text, steps, seed, train=False)


@catalogue.misconception(
    "6.13",
    "one-batch-for-all-steps",
    "Every step was trained on one and the same batch, which the model can learn by heart. Does your function draw a new batch at every step, from a generator that goes on?",
    hint="Print the first row of the first three batches: they must differ. Is the batch drawn once for all, or the generator started anew in each round?",
)
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
    losses = []
    for _ in range(steps):
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception("6.13", "generator-started-at-every-step", same_as="one-batch-for-all-steps")
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    optimizer = _adam(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        generator = torch.Generator().manual_seed(seed)
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "generator-without-the-seed",
    "Two seeds give the same batches. Who tells your generator where to start?",
    hint="Print `torch.Generator().initial_seed()` twice: a fresh generator always starts from the same number. The recipe says what yours is started with.",
)
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator()
    optimizer = _adam(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "batches-from-the-global-source",
    "The same seed gives other batches when it is used again. Do your batches come from a generator that the seed has started?",
    hint="Call it twice with one seed and compare `losses`: they must be the same. Print what your batch function gets as its generator, and whether the seed has anything to do with it.",
)
def pretrain(cfg, text, steps, seed):
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    optimizer = _adam(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], torch.default_generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "first-sentence-only",
    "Short runs are right, but on corpus.txt the loss falls far below the entropy of the text, as if a few characters were learned by heart. From how much of the text do your batches come?",
    hint="Print the length of the ids from which batches are drawn, and that of the text.",
)
def pretrain(cfg, text, steps, seed):
    first = text.split("\n")[0]
    data = CharTokenizer(text).encode(first)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return model, losses


@catalogue.misconception(
    "6.13",
    "losses-without-model",
    "The losses came back alone. What else does the docstring promise, so that the model can be used?",
    hint="Read the last line of the docstring and compare it with your return line.",
)
def pretrain(cfg, text, steps, seed):
    _, losses = _run(cfg, text, steps, seed)
    return losses


# --- 6.14 ----------------------------------------------------------------------------------------------------------


def _side_by_side(held_back, T):
    end = (len(held_back) - 1) // T * T
    return held_back[:end].view(-1, T), held_back[1 : end + 1].view(-1, T)


def _measured(model, held_back, cfg, generator=None):
    """The validation loss, and the model as it was."""
    model.eval()
    with torch.no_grad():
        loss = _loss(model, *_side_by_side(held_back, cfg["context_length"]))
    model.train()
    return loss.item()


def _watched(cfg, train_text, valid_text, steps, every, seed, measure=_measured, tokenizers=None, steps_of=None):
    """A training run with validation; one of its parts is replaced in each entry below."""
    of_train, of_valid = tokenizers or [CharTokenizer(train_text + valid_text)] * 2
    data, held_back = of_train.encode(train_text), of_valid.encode(valid_text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    losses, valid = [], []
    for step in range(steps):
        if step in (range(0, steps, every) if steps_of is None else steps_of):
            valid.append((step, measure(model, held_back, cfg, generator)))
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
    return losses, valid


@catalogue.misconception(
    "6.14",
    "batches-of-validation-drawn",
    "The validation loss is that of a random batch, drawn from the generator of the training: each measurement changes all later batches. Which windows does the text ask for, and who needs random numbers for them?",
    hint="Call it twice, with `every=1` and with `every=steps`, on a text with many windows, and compare the training losses: they must be the same, and yours part after the first step. Who takes numbers from the generator in between?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    def measure(model, held_back, cfg, generator):
        model.eval()
        with torch.no_grad():
            loss = _loss(model, *get_batch(held_back, cfg["batch_size"], cfg["context_length"], generator))
        model.train()
        return loss.item()

    return _watched(cfg, train_text, valid_text, steps, every, seed, measure)


@catalogue.misconception(
    "6.14",
    "left-in-eval-mode",
    "From the first measurement on, the model trains in evaluation mode: without dropout all numbers are right, and with it nothing is dropped. Which mode does a training step need?",
    hint="Print `model.training` right before the batch of each step: it must be True, and yours is False from step 0 on. What did the measurement switch, and who switches it back?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    def measure(model, held_back, cfg, generator):
        model.eval()
        with torch.no_grad():
            return _loss(model, *_side_by_side(held_back, cfg["context_length"])).item()

    return _watched(cfg, train_text, valid_text, steps, every, seed, measure)


@catalogue.misconception(
    "6.14",
    "measured-in-train-mode",
    "The validation loss is right without dropout, and with it the model drops numbers while it is measured. In which mode is a model measured?",
    hint="Take a `drop_rate` of 0.3 and a learning rate of 0: the model never changes, so each validation loss must be the same. Yours change from one to the next. What is still random?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    def measure(model, held_back, cfg, generator):
        with torch.no_grad():
            return _loss(model, *_side_by_side(held_back, cfg["context_length"])).item()

    return _watched(cfg, train_text, valid_text, steps, every, seed, measure)


@catalogue.misconception(
    "6.14",
    "measured-on-training-text",
    "The validation losses are losses on the training text, in windows side by side. On which of the two texts would you notice that the other one is learned by heart?",
    hint="Call it with two validation texts that have the same letters in another order: your validation losses are the same for both. Print which ids your validation windows are cut from.",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(train_text + valid_text)
    data = tokenizer.encode(train_text)
    return _watched(
        cfg,
        train_text,
        valid_text,
        steps,
        every,
        seed,
        lambda model, held_back, cfg, generator: _measured(model, data, cfg),
    )


@catalogue.misconception(
    "6.14",
    "learns-from-validation-text",
    "From the second step on the training losses are not those of 6.13: the model takes a step on the validation text, too. What is left to measure on, once a text has been learned from?",
    hint="Print one parameter before and after a measurement: it has moved. Which of backward and step belong to a measurement?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(train_text + valid_text)
    data, held_back = tokenizer.encode(train_text), tokenizer.encode(valid_text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    losses, valid = [], []
    for step in range(steps):
        if step % every == 0:
            model.eval()
            loss = _loss(model, *_side_by_side(held_back, cfg["context_length"]))
            _update(optimizer, loss)
            model.train()
            valid.append((step, loss.item()))
        loss = _loss(model, *get_batch(data, cfg["batch_size"], cfg["context_length"], generator))
        _update(optimizer, loss)
        losses.append(loss.item())
    return losses, valid


@catalogue.misconception(
    "6.14",
    "vocabulary-of-training-text",
    "A character that only the validation text has ends in an error: it has no id. From which texts is your tokenizer made?",
    hint='Encode "gab" with a tokenizer made from "abc": there is no g in its list. What would it have to be made from, so that both texts can be encoded?',
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(train_text)
    return _watched(cfg, train_text, valid_text, steps, every, seed, tokenizers=[tokenizer, tokenizer])


@catalogue.misconception(
    "6.14",
    "tokenizer-for-each-text",
    "Each text has a tokenizer of its own. Where the texts have different characters, one and the same letter has two ids. How should the model know what the second one means?",
    hint='Print the id of b from a tokenizer made from "abc" and from one made from "bc": 1 and 0. The model has learned what 1 means.',
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizers = [CharTokenizer(train_text), CharTokenizer(valid_text)]
    return _watched(cfg, train_text, valid_text, steps, every, seed, tokenizers=tokenizers)


@catalogue.misconception(
    "6.14",
    "measured-after-update",
    "The training losses are right, and each validation loss is that of the model after the update of its step. Which model has made exactly as many updates as the step says?",
    hint="By hand, compute the validation loss of a fresh `TinyGPT(cfg, seed)`: the pair of step 0 must hold this number. Where in a round of your loop is it measured?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    tokenizer = CharTokenizer(train_text + valid_text)
    data, held_back = tokenizer.encode(train_text), tokenizer.encode(valid_text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = _adam(model.parameters(), cfg)
    losses, valid = [], []
    for step in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = _loss(model, x, y)
        _update(optimizer, loss)
        losses.append(loss.item())
        if step % every == 0:
            valid.append((step, _measured(model, held_back, cfg)))
    return losses, valid


@catalogue.misconception(
    "6.14",
    "step-0-not-measured",
    "The first measurement is missing: that of step 0. From where should a curve start that shows what training has done?",
    hint="Print the steps in `valid` for `steps=7` and `every=3`: they must be 0, 3 and 6. How much is 0 modulo 3?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    return _watched(cfg, train_text, valid_text, steps, every, seed, steps_of=range(every, steps, every))


@catalogue.misconception(
    "6.14",
    "last-step-of-each-stretch",
    "The measurements come late: the first one belongs to the last step before a multiple, as if the steps were counted from 1. Which steps does the docstring name?",
    hint="Print the steps in `valid` for `steps=7` and `every=3`: they must be 0, 3 and 6, and yours are 2 and 5. Which number do you divide?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    return _watched(cfg, train_text, valid_text, steps, every, seed, steps_of=range(every - 1, steps, every))


@catalogue.misconception(
    "6.14",
    "overlapping-windows",
    "The validation loss is the mean over all windows of the validation text, one from each possible start. Which windows lie side by side?",
    hint="Write down the starts of your validation windows for a context of 6 and a text of 13 characters: they must be 0 and 6. Yours are 0, 1, 2 and so on. How far is one start from the next?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    def measure(model, held_back, cfg, generator):
        model.eval()
        with torch.no_grad():
            loss = _loss(model, *next_token_pairs(held_back, cfg["context_length"]))
        model.train()
        return loss.item()

    return _watched(cfg, train_text, valid_text, steps, every, seed, measure)


@catalogue.misconception(
    "6.14",
    "first-window-only",
    "The validation loss is that of the first window. How much of the validation text is measured?",
    hint="Print the shape of your validation inputs for a context of 6 and a text of 13 characters: it must be 2 windows of 6, and yours is 1.",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    return _watched(
        cfg,
        train_text,
        valid_text,
        steps,
        every,
        seed,
        lambda model, held_back, cfg, generator: _measured(model, held_back[: cfg["context_length"] + 1], cfg),
    )


@catalogue.misconception(
    "6.14",
    "validation-losses-without-steps",
    "The validation losses came back without their steps. To which step does each belong?",
    hint="Read what the docstring says of `valid`: each member is a pair. What stands beside the loss?",
)
def pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed):
    losses, valid = _watched(cfg, train_text, valid_text, steps, every, seed)
    return losses, [loss for _, loss in valid]


# --- 6.15 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "6.15",
    "as-broken",
    "This is what the broken function gives. Which of the two things that it does is done a second time inside the other?",
    hint="Print `broken_loss` for one position with the logits 50, 0, 0 and target 0: it is 0.55, and a certain and right prediction costs nothing. What does the ready-made loss get, and what does it expect?",
)
def repaired_loss(logits, targets):
    return F.cross_entropy(logits.softmax(dim=-1).flatten(0, 1), targets.flatten())


@catalogue.misconception(
    "6.15",
    "probabilities-without-logarithm",
    "The loss is minus the mean probability of the targets, and no logarithm is left in it. Which of the two formulas has one?",
    hint="Print your loss for one position with the logits 0, 0 and target 0: it must be 0.69, which is ln 2, and yours is -0.5. What does `nll_loss` expect to be given, and does it take a logarithm itself?",
)
def repaired_loss(logits, targets):
    return F.nll_loss(logits.softmax(dim=-1).flatten(0, 1), targets.flatten())


@catalogue.misconception(
    "6.15",
    "logits-without-softmax",
    "The loss is minus the mean logit of the targets: now there is no softmax at all. How often must it happen?",
    hint="Print your loss for one position with the logits 0, 0 and target 0: it must be 0.69, which is ln 2, and yours is 0. Which ready-made loss contains the softmax, and which one does not?",
)
def repaired_loss(logits, targets):
    return F.nll_loss(logits.flatten(0, 1), targets.flatten())


@catalogue.misconception(
    "6.15",
    "reshaped-to-classes-second",
    "The logits were reshaped to have the vocabulary in the second dimension, which mixes the positions. Does a reshape exchange two dimensions?",
    hint="Print logits of shape (1, 2, 3) before and after your reshape: the first position must be the first column, and yours is spread over the rows. Which method exchanges dimensions?",
)
def repaired_loss(logits, targets):
    B, T, V = logits.shape
    return F.cross_entropy(logits.reshape(B, V, T), targets)


@catalogue.misconception(
    "6.15",
    "sum-over-positions",
    "The loss is the sum over all positions. What does a mean divide by?",
    hint="Print your loss for two positions with the same logits and targets: it must be that of one, and yours is twice as large.",
)
def repaired_loss(logits, targets):
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="sum")


@catalogue.misconception(
    "6.15",
    "logarithm-of-mean",
    "The probabilities of the targets are averaged first, and the logarithm is taken of their mean. Which of the two comes first in the formula of 6.3?",
    hint="Take two targets with the probabilities 1 and 0.25 by hand: the mean of 0 and 1.39 is 0.69, and minus the logarithm of 0.625 is 0.47. Which one is yours?",
)
def repaired_loss(logits, targets):
    return -logits.softmax(dim=-1).gather(-1, targets.unsqueeze(-1)).mean().log()


@catalogue.misconception(
    "6.15",
    "sigmoid-for-softmax",
    "The softmax has become a sigmoid, which also squeezes the logits into 0 to 1 before the loss. What should the loss be given?",
    hint="Print what goes into the ready-made loss for the logits 50, 0, 0: it is 1, 0.5, 0.5, and the 50 is gone. Is there any reason to change the logits at all?",
)
def repaired_loss(logits, targets):
    return F.cross_entropy(logits.sigmoid().flatten(0, 1), targets.flatten())


# --- 6.16 ----------------------------------------------------------------------------------------------------------


def _windows(data, starts, T):
    return torch.stack([data[start : start + T] for start in starts])


@catalogue.misconception(
    "6.16",
    "as-broken",
    "This is what the broken function gives: all targets are right but the last of each row. Which token comes into that place when a row is rolled, and which one follows the window in the text?",
    hint="Print `broken_batch(torch.arange(10), [2], 4)`: the inputs are 2, 3, 4, 5 and the targets 3, 4, 5 and 2. A 6 belongs there. Is there a 6 anywhere in the inputs?",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x, x.roll(-1, dims=1)


@catalogue.misconception(
    "6.16",
    "targets-equal-inputs",
    "The targets are the inputs themselves. By how many places must they be ahead?",
    hint="Print both for `torch.arange(10)`, the start 2 and `T=4`: the targets must be 3, 4, 5, 6, and yours are 2, 3, 4, 5.",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x, x.clone()


@catalogue.misconception(
    "6.16",
    "rolled-to-right",
    "The rows were rolled in the other direction, so that each target is the token before. Does a target come before its input or after it?",
    hint="Print both for `torch.arange(10)`, the start 2 and `T=4`: the targets must be 3, 4, 5, 6, and yours are 5, 2, 3, 4. Was the direction of the roll what was wrong?",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x, x.roll(1, dims=1)


@catalogue.misconception(
    "6.16",
    "last-target-left-out",
    "The last target of each row was left out, so that there is one target less than there are inputs. Is there really no token after a window?",
    hint="Print the shapes of both: they must be the same. The text goes on after a window: at which place in `data` is the missing target?",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x, x[:, 1:]


@catalogue.misconception(
    "6.16",
    "last-token-left-out",
    "Inputs and targets fit, but the rows are one token short: the last position was left out of both. Was it the position that was wrong, or its target?",
    hint="Print the shape of x for `T=4`: it must have 4 columns, and yours has 3. At which place in `data` is the target of the fourth token?",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x[:, :-1], x[:, 1:]


@catalogue.misconception(
    "6.16",
    "last-input-repeated",
    "The last target of each row is the last input once more. What follows the last token of a window in the text?",
    hint="Print both for `torch.arange(10)`, the start 2 and `T=4`: the targets must be 3, 4, 5, 6, and yours are 3, 4, 5, 5. A row of x does not hold the 6; what does?",
)
def repaired_batch(data, starts, T):
    x = _windows(data, starts, T)
    return x, torch.cat([x[:, 1:], x[:, -1:]], dim=1)


@catalogue.misconception(
    "6.16",
    "two-ahead",
    "The targets are two tokens ahead of the inputs. By how many places is the text moved, and how often?",
    hint="Print both for `torch.arange(10)`, the start 2 and `T=4`: the targets must be 3, 4, 5, 6, and yours are 4, 5, 6 and something else. Did a roll stay where the text is moved already?",
)
def repaired_batch(data, starts, T):
    return _windows(data, starts, T), _windows(data.roll(-2), starts, T)
