"""Wrong answers that we expect of students in assignment 03, each with the sentence they then read."""

import math

import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()

EPS = 1e-7  # against log(0) and 0/0, where an entry lets it be one of SMALL
SMALL = (1e-7, 1e-4, 1e-5, 1e-6, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)


# --- 3.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "3.1",
    "outer-derivative-at-x",
    "The result is f'(x) times g'(x). What goes into the outer function, x itself or something that was made from x?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$, which is $9x^2$ with the slope 36. You give 12. Write down the value of $u$: the outer wheel turns at this number. Where in your code is it?",
)
def chain_derivative(df, g, dg, x):
    return df(x) * dg(x)


@catalogue.misconception(
    "3.1",
    "rates-added",
    "The result is the sum of the two derivatives. If one wheel turns three times as fast as the first and the next twice as fast as that, do the rates add up?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$: the two rates there are 12 and 3. You give 15, and $9x^2$ has the slope 36. The gears in the text have rates 3 and 2; how do they come to 6?",
)
def chain_derivative(df, g, dg, x):
    return df(g(x)) + dg(x)


@catalogue.misconception(
    "3.1",
    "g-in-place-of-its-derivative",
    "The outer derivative is multiplied by g(x). Which of the three functions says how fast u = g(x) changes with x?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$: you give 72, and $9x^2$ has the slope 36. There $u$ has the value 6 and moves at the rate 3. Both numbers are needed, each in its own place.",
)
def chain_derivative(df, g, dg, x):
    return df(g(x)) * g(x)


@catalogue.misconception(
    "3.1",
    "inner-derivative-missing",
    "The result is the outer derivative alone. How fast does u = g(x) itself move when x moves?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$: you give 12, which is the slope along $u$. Nudge $x$ by 0.01: $u$ moves by 0.03. So how much faster does $y$ move along $x$? $9x^2$ has the slope 36.",
)
def chain_derivative(df, g, dg, x):
    return df(g(x))


@catalogue.misconception(
    "3.1",
    "outer-derivative-missing",
    "The result is the inner derivative alone. How fast does y = f(u) move when u moves?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$: you give 3, which is how fast $u$ moves. Nudge $u$ from 6 to 6.01: $u^2$ goes from 36 to about 36.12, so $y$ moves faster still. By which factor?",
)
def chain_derivative(df, g, dg, x):
    return dg(x)


@catalogue.misconception(
    "3.1",
    "derivatives-nested",
    "The result is f' taken at g'(x): one derivative was put into the other. How do two rates of change combine?",
    hint="Try $y = u^2$ with $u = 3x$ at $x = 2$: you give 6, and $9x^2$ has the slope 36. What goes into the outer derivative is a place, $u$, and not a rate. What is $u$ here, and what is left to do with the rate 3?",
)
def chain_derivative(df, g, dg, x):
    return df(dg(x))


@catalogue.misconception(
    "3.1",
    "inner-derivative-at-inner-value",
    "The inner derivative was taken at g(x). What goes into the inner function, x or g(x)?",
    hint="Try $y = u^2$ with $u = x^3$ at $x = 2$: $x^6$ has the slope 192, and you give 3072. The inner wheel comes first in the chain. Which number goes into it, 2 or 8?",
)
def chain_derivative(df, g, dg, x):
    return df(g(x)) * dg(g(x))


# --- 3.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "3.2",
    "minus-sign-missing",
    "The result falls where the sigmoid rises: it is the sigmoid of -z. Which sign has z in your exponent?",
    hint="At z = 2 the answer is about 0.88. Work out e to the 2 and e to the -2 and see which of them makes 0.88.",
)
def sigmoid(z):
    return 1 / (1 + torch.exp(z))


@catalogue.misconception(
    "3.2",
    "infinity-divided-by-infinity",
    "Ordinary numbers are right, but a large positive z gives NaN. How large do numerator and denominator of your fraction become at z = 1000?",
    hint=r"Print `torch.exp(torch.tensor(1000.0))`: inf, and inf / inf is NaN. In the text's way of writing $\sigma$ the exponential stands in one place only. Work that one out at 1000 and at -1000.",
)
def sigmoid(z):
    return torch.exp(z) / (1 + torch.exp(z))


@catalogue.misconception(
    "3.2",
    "tanh",
    "The results lie between -1 and 1, and they are those of tanh. Which range must a probability lie in?",
    hint="At z = 0 a sigmoid gives 0.5 and tanh gives 0. Check your function there, and compare with the formula in the text.",
)
def sigmoid(z):
    return torch.tanh(z)


@catalogue.misconception(
    "3.2",
    "difference-in-denominator",
    "The results are those of 1 / (1 - exp(-z)), which is not between 0 and 1. Is the exponential added to 1 or subtracted from it in your code?",
    hint="At z = 0 the answer is 0.5, and yours divides by 0. Which sign between 1 and the exponential makes 1/2?",
)
def sigmoid(z):
    return 1 / (1 - torch.exp(-z))


@catalogue.misconception(
    "3.2",
    "parentheses-missing",
    "The results are those of 1 + exp(-z). What does Python divide first in 1 / 1 + exp(-z)?",
    hint="At z = 0 you get 2 and want 0.5. In 1 / 1 + e the division comes first; what has to be held together?",
)
def sigmoid(z):
    return 1 / 1 + torch.exp(-z)


@catalogue.misconception(
    "3.2",
    "one-number-only",
    "A single number works, a tensor with several entries stops the function with an error. Can the exponential you use take a whole tensor?",
    hint="math.exp takes one number, torch.exp a whole tensor.",
)
def sigmoid(z):
    return 1 / (1 + math.exp(-z))


@catalogue.misconception(
    "3.2",
    "softmax-over-all-entries",
    "The entries of the result add up to 1, as in a softmax. Should the result at one entry depend on the other entries?",
    hint="Call it on [0, 0]: both entries must be 0.5, and on [0, 0, 0] still 0.5 each. Nothing is summed over entries here.",
)
def sigmoid(z):
    powers = torch.exp(z - z.max())
    return powers / powers.sum()


@catalogue.misconception(
    "3.2",
    "straight-line",
    "The results lie on a straight line that is cut off at 0 and 1. Where is the exponential in your formula?",
    hint="At z = 1 and z = 2 a sigmoid gives 0.731 and 0.881: it flattens out slowly and never reaches 1. The text has its formula.",
)
def sigmoid(z):
    return (z / 4 + 0.5).clamp(0, 1)


# --- 3.3 -----------------------------------------------------------------------------------------------------------


def _log(p):
    return torch.log(p).clamp(min=-100)


@catalogue.misconception(
    "3.3",
    "labels-ignored",
    "The result is the mean of -ln a, whatever the labels are. What should a prediction of 0.2 cost when the label is 0?",
    hint="Call it with the prediction 0.2 and the label 0, then 1: 0.2231 and 1.6094 are right, and you give 1.6094 twice. When the label is 0, which probability did the prediction give to what happened?",
)
def bce(a, y):
    return -_log(a).mean()


@catalogue.misconception(
    "3.3",
    "label-0-costs-nothing",
    "Examples with the label 0 add nothing to your loss. Which term of the formula is meant for them?",
    hint="Call it with the prediction 0.2 and the label 0: the cost is 0.2231, and yours is 0. Put $y = 0$ into the formula by hand: one term goes away, and one is left. Is the other one in your code?",
)
def bce(a, y):
    return -(y * _log(a)).mean()


@catalogue.misconception(
    "3.3",
    "opposite-sign",
    "The result is the right one with the opposite sign. Is the logarithm of a probability positive or negative, and what sign should a loss have?",
    hint="At a = 0.5 the logarithm is -0.693 and the cost is 0.693. The minus sign goes in front of everything, once.",
)
def bce(a, y):
    return (y * _log(a) + (1 - y) * _log(1 - a)).mean()


@catalogue.misconception(
    "3.3",
    "logarithm-to-base-2",
    "The result is the right one divided by ln 2, which is the loss in bits. Which base has your logarithm?",
    hint="At a = 0.5 and y = 1 the cost is 0.693. log2 gives 1 there.",
)
def bce(a, y):
    return -(y * torch.log2(a).clamp(min=-100) + (1 - y) * torch.log2(1 - a).clamp(min=-100)).mean()


@catalogue.misconception(
    "3.3",
    "logarithm-to-base-10",
    "The result is the right one divided by ln 10. Which base has your logarithm?",
    hint="At a = 0.5 and y = 1 the cost is 0.693. log10 gives 0.301 there.",
)
def bce(a, y):
    return -(y * torch.log10(a).clamp(min=-100) + (1 - y) * torch.log10(1 - a).clamp(min=-100)).mean()


@catalogue.misconception(
    "3.3",
    "sum-in-place-of-mean",
    "The result is N times the right one. Is the loss of a batch the sum of its examples' losses, or their mean?",
    hint="Give it the same example twice: the loss must stay the same, and yours doubles.",
)
def bce(a, y):
    return -(y * _log(a) + (1 - y) * _log(1 - a)).sum()


@catalogue.misconception(
    "3.3",
    "no-mean-at-all",
    "One loss an example came back, N numbers in all, where a single number is asked for. What turns them into one?",
    hint="You have one cost an example, and that part is right. One step is left that makes a single number of them.",
)
def bce(a, y):
    return -(y * _log(a) + (1 - y) * _log(1 - a))


@catalogue.misconception(
    "3.3",
    "arguments-exchanged",
    "The logarithms are taken of the labels, and the predictions weigh them. Which argument is the prediction and which the label?",
    hint="Print what you take the logarithm of: it is 0 or 1 everywhere, so the logarithm is 0 or minus infinity, whatever was predicted. Compare the order of the two arguments in the docstring with that in your code.",
)
def bce(a, y):
    return -(a * _log(y) + (1 - a) * _log(1 - y)).mean()


@catalogue.misconception("3.3", "arguments-exchanged-unbounded", same_as="arguments-exchanged")
def bce(a, y):
    return -(a * torch.log(y) + (1 - a) * torch.log(1 - y)).mean()


@catalogue.misconception(
    "3.3",
    "squared-error",
    "The result is the mean squared difference of a and y. Where are the logarithms that punish a confident, wrong prediction?",
    hint="At a = 0.01 and y = 1 the cost is 4.6, and yours is below 1. The formula in the text has two logarithms.",
)
def bce(a, y):
    return ((a - y) ** 2).mean()


@catalogue.misconception(
    "3.3",
    "labels-wrong-way-round",
    "The result is the loss against the opposite labels. Which logarithm should y switch on, and which 1 - y?",
    hint="Call it with the prediction 0.9 and the label 1: this is confident and correct and costs only 0.1054, and you give 2.3026. Put $y = 1$ into your formula by hand. Which of the two logarithms is left?",
)
def bce(a, y):
    return -((1 - y) * _log(a) + y * _log(1 - a)).mean()


@catalogue.misconception(
    "3.3",
    "second-term-subtracted",
    "Examples with the label 0 lower your loss where they should raise it. Does the minus sign stand in front of both terms?",
    hint=r"Call it with the prediction 0.2 and the label 0: you give -0.2231, and no loss is negative. $\ln 0.8$ is below 0. Which minus sign should turn it round, and does its bracket reach that far?",
)
def bce(a, y):
    return (-y * _log(a) + (1 - y) * _log(1 - a)).mean()


@catalogue.misconception(
    "3.3",
    "logarithm-of-zero",
    "Predictions of exactly 0 or 1 make the loss infinite or NaN. What does the docstring ask for where a logarithm falls below -100?",
    hint="Call it with the prediction 1 and the labels 1 and 0: you give NaN and inf; 0 and 100 are right. Print the logarithms before the labels come in. Bound them there, since 0 times -inf is NaN already.",
)
def bce(a, y):
    return -(y * torch.log(a) + (1 - y) * torch.log(1 - a)).mean()


@catalogue.misconception(
    "3.3",
    "only-infinite-logarithms-bounded",
    "A logarithm of minus infinity counts as -100 in your loss, but one of -138 counts in full. What does the docstring ask for where a logarithm falls below -100?",
    hint=r"Call it with the prediction 1e-60 and the label 1: 100 is right, and you give 138.16. A prediction of 0 costs only 100 with you, less than this one. Which of all logarithms should be bounded?",
)
def bce(a, y):
    log_yes, log_no = torch.log(a), torch.log(1 - a)
    log_yes = torch.where(log_yes.isinf(), -100.0, log_yes)
    log_no = torch.where(log_no.isinf(), -100.0, log_no)
    return -(y * log_yes + (1 - y) * log_no).mean()


@catalogue.misconception(
    "3.3",
    "infinity-and-nan-replaced-afterwards",
    "A prediction that is certain and right costs nothing, as it must, but one that is certain and wrong costs the largest number there is. Which bound does the docstring give, and for what?",
    hint="Call it with the prediction 0 and the label 1: it must cost 100, and yours costs about $10^{308}$, or $10^{38}$ in float32. A repair of the finished losses comes too late. Print the two logarithms: which numbers must not be below -100?",
)
def bce(a, y):
    return torch.nan_to_num(-(y * torch.log(a) + (1 - y) * torch.log(1 - a))).mean()


@catalogue.misconception(
    "3.3",
    "predictions-kept-away-from-0-and-1",
    "A prediction that is certain and wrong has a finite cost in your loss, but it is not 100. Did you bound the predictions, or the logarithms?",
    hint="Call it with the prediction 0 and the label 1: it must cost 100. Print your logarithm: it is that of the small number which you put in. Leave the prediction alone. What is bounded from below, and at which step?",
    constants={"EPS": SMALL},
)
def bce(a, y):
    a = a.clamp(EPS, 1 - EPS)
    return -(y * torch.log(a) + (1 - y) * torch.log(1 - a)).mean()


@catalogue.misconception(
    "3.3",
    "small-number-inside-logarithm",
    same_as="predictions-kept-away-from-0-and-1",
    constants={"EPS": SMALL},
)
def bce(a, y):
    return -(y * torch.log(a + EPS) + (1 - y) * torch.log(1 - a + EPS)).mean()


# --- 3.11 ----------------------------------------------------------------------------------------------------------


def _largest(z):
    return z.amax(-1, keepdim=True)


def _sum_and_log(z, away):
    """The logsumexp, with some numbers taken away first and put back in the end."""
    return away.squeeze(-1) + torch.log(torch.exp(z - away).sum(-1))


def _shares(powers):
    return powers / powers.sum(-1, keepdim=True)


@catalogue.misconception(
    "3.11",
    "exponentials-of-raw-scores",
    "Ordinary scores are right, but large ones give NaN or infinity. How large is the exponential of 1000, and how small that of -2000?",
    hint="Print `torch.exp(torch.tensor([1000.0, -2000.0]))`: inf and 0. With [1000, 999] you divide inf by inf. The answer is the same as for [1, 0], because only differences matter. Which number could you take away from every score first?",
)
def softmax(z):
    return _shares(torch.exp(z))


@catalogue.misconception("3.11", "sum-of-raw-exponentials", same_as="exponentials-of-raw-scores")
def logsumexp(z):
    return torch.log(torch.exp(z).sum(-1))


@catalogue.misconception(
    "3.11",
    "one-largest-for-all-rows",
    "A row far below the largest score of the whole tensor gives NaN or minus infinity. Whose largest score do you take away from it?",
    hint="Call it with the rows [1000, 999] and [-2000, -2001]. After the subtraction the second row holds -3000 and -3001, and both exponentials are 0. Print the shape of what you take away: one number, or one for each row?",
)
def softmax(z):
    return _shares(torch.exp(z - z.max()))


@catalogue.misconception("3.11", "one-largest-for-all-sums", same_as="one-largest-for-all-rows")
def logsumexp(z):
    return z.max() + torch.log(torch.exp(z - z.max()).sum(-1))


@catalogue.misconception(
    "3.11",
    "largest-not-put-back",
    "The logarithm is too small by the largest score of its row. What did the subtraction change in the sum, and where is that undone?",
    hint=r"Call logsumexp with [5, 5]: it is $5 + \ln 2$, which is 5.69, and you give 0.69. Every exponential was divided by $e^5$ when you took 5 away. What is the logarithm of that factor?",
)
def logsumexp(z):
    return torch.log(torch.exp(z - _largest(z)).sum(-1))


@catalogue.misconception(
    "3.11",
    "largest-taken-away-twice",
    "The logarithm is too small by twice the largest score of its row. Is what was taken away from the scores added back, or subtracted once more?",
    hint=r"Call logsumexp with [5, 5]: it is $5 + \ln 2$, which is 5.69, and you give -4.31. The exponentials were made smaller, so is the sum itself larger or smaller than what you have?",
)
def logsumexp(z):
    return torch.log(torch.exp(z - _largest(z)).sum(-1)) - _largest(z).squeeze(-1)


@catalogue.misconception(
    "3.11",
    "over-the-first-axis",
    "The probabilities of a column add up to 1, and those of a row do not. Along which axis do the scores of one question lie?",
    hint="Call it with the two rows [0, 0] and [0, 100]: the first row must give 0.5 and 0.5, whatever stands below it. Print `softmax(z).sum(-1)`. Which axis does your sum run along?",
)
def softmax(z):
    powers = torch.exp(z - z.amax(0, keepdim=True))
    return powers / powers.sum(0, keepdim=True)


@catalogue.misconception("3.11", "sum-over-the-first-axis", same_as="over-the-first-axis")
def logsumexp(z):
    return torch.logsumexp(z, 0)


@catalogue.misconception(
    "3.11",
    "over-the-second-axis",
    "Matrices are right, but one row alone stops with an error, and with three axes the sum runs along the middle one. How do you name the last axis of a tensor of any rank?",
    hint="Print `softmax(torch.zeros(2, 3, 4))`: each entry must be 1/4, and yours is 1/3. The number 1 names the last axis of a matrix only. Which number names the last axis always?",
)
def softmax(z):
    powers = torch.exp(z - z.amax(1, keepdim=True))
    return powers / powers.sum(1, keepdim=True)


@catalogue.misconception("3.11", "sum-over-the-second-axis", same_as="over-the-second-axis")
def logsumexp(z):
    return torch.logsumexp(z, 1)


@catalogue.misconception(
    "3.11",
    "over-everything",
    "All entries together add up to 1, over all rows. Are the rows of a tensor one question or several?",
    hint="Call it with two rows of [0, 0]: each entry must be 0.5, and yours is 0.25. Print the shape of the sum that you divide by or take the logarithm of: how many sums does a tensor with two rows have?",
)
def softmax(z):
    powers = torch.exp(z - z.max())
    return powers / powers.sum()


@catalogue.misconception("3.11", "one-sum-for-everything", same_as="over-everything")
def logsumexp(z):
    return torch.logsumexp(z.flatten(), 0)


@catalogue.misconception(
    "3.11",
    "mean-taken-away",
    "Scores that lie close together are right, but one that stands far above the others, or a score of minus infinity, gives NaN or infinity. Is the mean of a row near its largest score?",
    hint="Print the mean of [1000, -1000, -1001, -1002] and what is left of the 1000 when you take it away: 1500.75, and its exponential is infinite. Which other number of the row would leave nothing above 0?",
)
def softmax(z):
    return _shares(torch.exp(z - z.mean(-1, keepdim=True)))


@catalogue.misconception("3.11", "mean-taken-away-and-put-back", same_as="mean-taken-away")
def logsumexp(z):
    return _sum_and_log(z, z.mean(-1, keepdim=True))


@catalogue.misconception(
    "3.11",
    "smallest-taken-away",
    "The smallest score of each row is taken away, so that the largest one may still be huge. Which exponentials must not overflow?",
    hint="Take the smallest from [1000, -1000]: 2000 and 0 are left, and $e^{2000}$ is infinite. An exponential that becomes 0 does no harm as long as another one of the row is 1. Which one should be 1?",
)
def softmax(z):
    return _shares(torch.exp(z - z.amin(-1, keepdim=True)))


@catalogue.misconception("3.11", "smallest-taken-away-and-put-back", same_as="smallest-taken-away")
def logsumexp(z):
    return _sum_and_log(z, z.amin(-1, keepdim=True))


@catalogue.misconception(
    "3.11",
    "divided-by-the-largest",
    "The scores are divided by the largest of their row, and that changes the probabilities. Which operation on all scores leaves a softmax as it is?",
    hint="Call softmax with [0, 2]: 0.1192 and 0.8808 are right, and you give 0.2689 and 0.7311, which belongs to [0, 1]. Differences between scores are all that counts. Does a division keep them?",
)
def softmax(z):
    return _shares(torch.exp(z / _largest(z)))


@catalogue.misconception(
    "3.11",
    "scores-bounded",
    "Ordinary scores are right, and of two very large ones both get the same probability. Are scores of 1000 and of 998 equally good?",
    hint="Call softmax with [1000, 998]: it is that of [2, 0], 0.8808 and 0.1192, and you give 0.5 twice. A bound cuts off the difference. Move the scores in place of cutting them.",
    constants={"LIMIT": (80, 50, 20, 30, 88, 100, 500, 700, 709)},
)
def softmax(z):
    return _shares(torch.exp(z.clamp(-LIMIT, LIMIT)))


@catalogue.misconception(
    "3.11",
    "scores-bounded-in-the-sum",
    same_as="scores-bounded",
    constants={"LIMIT": (80, 50, 20, 30, 88, 100, 500, 700, 709)},
)
def logsumexp(z):
    return torch.log(torch.exp(z.clamp(-LIMIT, LIMIT)).sum(-1))


@catalogue.misconception(
    "3.11",
    "scores-bounded-from-above",
    same_as="scores-bounded",
    constants={"LIMIT": (80, 50, 20, 30, 88, 100, 500, 700, 709)},
)
def softmax(z):
    return _shares(torch.exp(z.clamp(max=LIMIT)))


@catalogue.misconception(
    "3.11",
    "minus-infinity-taken-for-0",
    "A score of minus infinity counts as if it were 0. What is the exponential of minus infinity?",
    hint="Call softmax with [0, -inf]: 1 and 0 are right, and you give 0.5 twice. Print `torch.exp(torch.tensor(-math.inf))`: nothing has to be replaced. Where does your code touch infinite scores?",
)
def softmax(z):
    z = torch.where(z == -math.inf, 0.0, z)
    return _shares(torch.exp(z - _largest(z)))


@catalogue.misconception("3.11", "minus-infinity-summed-as-0", same_as="minus-infinity-taken-for-0")
def logsumexp(z):
    z = torch.where(z == -math.inf, 0.0, z)
    return _sum_and_log(z, _largest(z))


@catalogue.misconception(
    "3.11",
    "powers-of-2",
    "The result is that of powers of 2. Which base has the exponential in the formula?",
    hint="Call softmax with [0, 1]: the second probability is $e/(1+e)$, which is 0.7311, and you give 2/3.",
)
def softmax(z):
    return _shares(2 ** (z - _largest(z)))


@catalogue.misconception("3.11", "logarithm-to-base-2-of-powers-of-2", same_as="powers-of-2")
def logsumexp(z):
    return _largest(z).squeeze(-1) + torch.log2((2 ** (z - _largest(z))).sum(-1))


@catalogue.misconception(
    "3.11",
    "logarithm-to-base-2",
    "The logarithm of the sum is taken to base 2. Which logarithm undoes an exponential of base e?",
    hint="Call logsumexp with [0, 0]: it is the natural logarithm of 2, which is 0.6931, and you give 1. Which function did you call?",
)
def logsumexp(z):
    return _largest(z).squeeze(-1) + torch.log2(torch.exp(z - _largest(z)).sum(-1))


@catalogue.misconception(
    "3.11",
    "axis-kept",
    "The numbers are right, but the last axis is still there, with length 1. Which shape does the docstring promise?",
    hint="Print the shape of your result for a tensor of shape (2, 3): it must be (2,), and yours is (2, 1). The axis has to be kept while you subtract. Is it needed in what you return?",
)
def logsumexp(z):
    return _largest(z) + torch.log(torch.exp(z - _largest(z)).sum(-1, keepdim=True))


@catalogue.misconception(
    "3.11",
    "small-number-in-denominator",
    "The probabilities of a row add up to a little less than 1. What was added to the sum, and can the sum be 0 at all?",
    hint="Print `1 - softmax(z).sum(-1)`: it should be 0 but for rounding. The largest score of a row gives the exponential 1, so the sum is never below 1. What is the small number good for?",
    constants={"TINY": (1e-6, 1e-3, 1e-4, 1e-5)},
)
def softmax(z):
    powers = torch.exp(z - _largest(z))
    return powers / (powers.sum(-1, keepdim=True) + TINY)


@catalogue.misconception(
    "3.11",
    "not-divided-by-the-sum",
    "The largest entry of each row is 1, and a row adds up to more than 1. What makes probabilities of the exponentials?",
    hint="Call softmax with [0, 0]: you give 1 twice. Each row must add up to 1. You have the exponentials; what are they divided by?",
)
def softmax(z):
    return torch.exp(z - _largest(z))


@catalogue.misconception(
    "3.11",
    "logarithms-returned",
    "The logarithms of the probabilities came back, all of them below 0. What is asked for, the probability or its logarithm?",
    hint="Call softmax with [0, 0]: you give -0.6931 twice, which is the logarithm of 0.5. One step is left, and it undoes a logarithm.",
)
def softmax(z):
    return z - torch.logsumexp(z, -1, keepdim=True)


@catalogue.misconception(
    "3.11",
    "shares-of-the-scores",
    "Each score is divided by the sum of the scores. Where are the exponentials, and what happens to a score below 0?",
    hint="Call softmax with [-1, 1]: you divide by 0. Exponentials are never below 0, and so neither are their shares. They come first.",
)
def softmax(z):
    return _shares(z)


@catalogue.misconception(
    "3.11",
    "sigmoid-of-each-score",
    "Each entry is the sigmoid of its own score, and a row does not add up to 1. Should a probability depend on the other scores of its row?",
    hint="Call softmax with [0, 0, 0, 0]: four equal scores share 1, so each gets 0.25, and you give 0.5. The sigmoid knows two answers only. What do the exponentials have to be divided by here?",
)
def softmax(z):
    return 1 / (1 + torch.exp(-z))


@catalogue.misconception(
    "3.11",
    "no-logarithm",
    "The result is the sum of the exponentials, without its logarithm. What does the name of the function say comes first, and what last?",
    hint="Call logsumexp with [0, 0]: the sum is 2, and its logarithm 0.6931 is asked for. The name lists the steps from the outside to the inside.",
)
def logsumexp(z):
    return torch.exp(z).sum(-1)


@catalogue.misconception(
    "3.11",
    "largest-score-alone",
    "The result is the largest score of each row. What do the other scores add to the sum?",
    hint="Call logsumexp with [5, 5]: two exponentials of 5 make a sum twice as large, so the result is 5.69, and you give 5. For scores that are far apart the two are close to each other, which is why the large ones looked right.",
)
def logsumexp(z):
    return z.amax(-1)


@catalogue.misconception(
    "3.11",
    "scores-changed",
    "The result is right, but the tensor of scores was changed. Is the difference a tensor of its own, or was it written into z?",
    hint="Print z before and after your call: each row ends with 0 as its largest score. `z -= m` and operations whose names end in an underscore write into the tensor itself.",
)
def softmax(z):
    z -= _largest(z)
    return _shares(torch.exp(z))


# --- 3.4 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "3.4",
    "derivative-along-z",
    "The result is a - y, which is the slope of the loss along z. How far back does the derivative go that is asked for here, to a or to z?",
    hint="Here the derivative stops at a. At a = 0.2 and y = 0 it is 1.25, not 0.2; the step from a to z comes later, in 3.5.",
)
def bce_grad_a(a, y):
    return a - y


@catalogue.misconception(
    "3.4",
    "label-taken-to-be-1",
    "The result is -1/a for both labels. Where does y enter your formula?",
    hint="Put y = 0 and a = 0.2 into your formula: the slope is then 1.25, upwards. The second logarithm is missing.",
)
def bce_grad_a(a, y):
    return -1 / a


@catalogue.misconception(
    "3.4",
    "second-term-missing",
    "The result is right where the label is 1 and zero where it is 0. Which term of the loss counts for the label 0?",
    hint="Put $y = 0$ into the loss: one term is left, with its own slope along $a$. At $a = 0.2$ this slope is 1.25, and you give 0. Work it out on paper and see what your formula lacks.",
)
def bce_grad_a(a, y):
    return -y / a


@catalogue.misconception(
    "3.4",
    "opposite-sign-of-dl-da",
    "The result is the right one with the opposite sign. Does the loss go up or down when a moves toward the label?",
    hint=r"With the label 1 the loss is $-\ln a$: at $a = 0.8$ it is 0.223, at $a = 0.9$ it is 0.105. It falls, and you give the slope 1.25. What became of the minus sign in front of the bracket?",
)
def bce_grad_a(a, y):
    return y / a - (1 - y) / (1 - a)


@catalogue.misconception(
    "3.4",
    "sign-of-one-minus-a-lost",
    "The result is right where the label is 1 and has the opposite sign where it is 0. What is the derivative of 1 - a, the inner function of the second logarithm?",
    hint=r"With the label 0 the loss is $-\ln(1 - a)$: at $a = 0.2$ it is 0.223, at $a = 0.3$ it is 0.357. It rises, and you give the slope -1.25. This is a chain of two functions. Which of its two rates is missing?",
)
def bce_grad_a(a, y):
    return -y / a - (1 - y) / (1 - a)


@catalogue.misconception(
    "3.4",
    "mean-over-entries",
    "Single numbers are right, but where there are N entries the result is divided by N. Does the docstring ask for a mean?",
    hint="Give it two entries and print the result: each entry has a slope of its own, and none is divided by 2.",
)
def bce_grad_a(a, y):
    return (-y / a + (1 - y) / (1 - a)) / a.numel()


@catalogue.misconception(
    "3.4",
    "one-label-at-time",
    "Single numbers work, a tensor with several labels stops the function with an error. What does `if` make of a comparison with many answers?",
    hint="Do not ask what the label is. Write both terms and let y and 1 - y switch them on and off, entry by entry.",
)
def bce_grad_a(a, y):
    if y == 1:
        return -1 / a
    return 1 / (1 - a)


@catalogue.misconception(
    "3.4",
    "z-taken-for-prediction",
    "The result is z(1 - z). Is the argument the sigmoid's input or its output?",
    hint="At z = 0 the slope is 0.25, and yours is 0. Make the sigmoid's value first; the rule works on that.",
)
def sigmoid_grad(z):
    return z * (1 - z)


@catalogue.misconception(
    "3.4",
    "sigmoid-applied-twice",
    "The result is the slope of the sigmoid at sigma(z), not at z. How often does z go through the sigmoid in your code?",
    hint="At z = 0 the slope is 0.25, and yours is 0.235. Print what you put into the rule: it is to be 0.5.",
)
def sigmoid_grad(z):
    a = sigmoid(sigmoid(z))
    return a * (1 - a)


@catalogue.misconception(
    "3.4",
    "sigmoid-of-sigmoid",
    "The result is sigma(sigma(z)), a value of the sigmoid. Which is asked for here, a value of the function or its slope?",
    hint="At z = 0 the slope is 0.25, and yours is 0.622. You need the value once, and from it the slope.",
)
def sigmoid_grad(z):
    return sigmoid(sigmoid(z))


@catalogue.misconception(
    "3.4",
    "sigmoid-itself",
    "The result is sigma(z), a value of the sigmoid. Which is asked for here, a value of the function or its slope?",
    hint="At z = 0 the slope is 0.25, and yours is 0.5, the value. The slope is largest there and almost 0 far out.",
)
def sigmoid_grad(z):
    return sigmoid(z)


@catalogue.misconception(
    "3.4",
    "rule-for-tanh",
    "The result is 1 - sigma(z)^2, and 1 - a^2 is the rule for another function, tanh. What is the derivative of the sigmoid?",
    hint="At z = 0 the slope is 0.25, and yours is 0.75. The sigmoid's rule has two factors, the value and its distance from 1.",
)
def sigmoid_grad(z):
    return 1 - sigmoid(z) ** 2


@catalogue.misconception(
    "3.4",
    "opposite-sign-of-slope",
    "The result is the right one with the opposite sign. Does the sigmoid rise or fall from left to right?",
    hint="The sigmoid rises everywhere, so its slope is never negative. What is yours at z = 0, where it should be 0.25?",
)
def sigmoid_grad(z):
    a = sigmoid(z)
    return -a * (1 - a)


@catalogue.misconception(
    "3.4",
    "square-missing",
    "The result is 1 - sigma(z), which is exp(-z) / (1 + exp(-z)). To which power does the denominator go when you differentiate 1 / (1 + exp(-z))?",
    hint="At z = 0 the slope is 0.25, and yours is 0.5. The rule has two factors, the value and its distance from 1.",
)
def sigmoid_grad(z):
    return 1 - sigmoid(z)


# --- 3.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "3.5",
    "opposite-sign",
    "Both gradients are the right ones with the opposite sign. Is dL/dz the prediction minus the label in your code, or the label minus the prediction?",
    hint="With label 0 and a prediction of 0.2 a larger z makes the loss larger, so its slope is +0.2. What is yours?",
)
def manual_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    return (y - a) * x, y - a


@catalogue.misconception(
    "3.5",
    "db-equals-dw",
    "dL/dw is right, and dL/db is the same number. How fast does z = x w + b change when b moves, and is that the same as when w moves?",
    hint="Try x = 2, w = 0.5, b = -1 and y = 1: (-1.0, -0.5) is right, and you give -1.0 twice. Nudge w by 0.01 and see how far z moves, then b by 0.01.",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w + b) - y
    return dz * x, dz * x


@catalogue.misconception(
    "3.5",
    "dw-without-x",
    "dL/db is right, and dL/dw is the same number. Where is the slope of z = x w + b along w in your product?",
    hint="Try x = 2, w = 0.5, b = -1 and y = 1: (-1.0, -0.5) is right, and you give -0.5 twice. Nudge w by 0.01: z moves by 0.02. Which of the four numbers has made two of one?",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w + b) - y
    return dz, dz


@catalogue.misconception(
    "3.5",
    "slope-of-sigmoid-once-too-often",
    "Both gradients are the right ones times a(1 - a). Is the slope of the sigmoid in your product a second time, or is your loss half a squared error?",
    hint="Multiply dL/da by da/dz on paper: a(1 - a) stands once above and once below. What is left of it?",
)
def manual_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    dz = (a - y) * a * (1 - a)
    return dz * x, dz


@catalogue.misconception(
    "3.5",
    "w-in-place-of-x",
    "dL/db is right, and dL/dw is dL/db times w. Along which of its two factors did you differentiate the product x w?",
    hint="Try x = 2, w = 0.5, b = -1 and y = 1: (-1.0, -0.5) is right, and your first number is -0.25. Nudge w by 0.01: z moves by 0.02. Which number is the factor of two, x or w?",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w + b) - y
    return dz * w, dz


@catalogue.misconception(
    "3.5",
    "bias-forgotten",
    "The gradients are those of a neuron whose bias is 0. Is b part of z in your forward pass?",
    hint="With w = 0 and b = 2 the prediction is 0.88. Print yours.",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w) - y
    return dz * x, dz


@catalogue.misconception(
    "3.5",
    "z-in-place-of-prediction",
    "The gradients are built from z - y, the number before the sigmoid. Which of the two, z or a, does the loss compare with the label?",
    hint="Print what you take the label from: it must lie between 0 and 1.",
)
def manual_gradients(x, w, b, y):
    dz = x * w + b - y
    return dz * x, dz


@catalogue.misconception(
    "3.5",
    "twice-gradient",
    "Both gradients are exactly twice the right ones. Where does a factor 2 come from in your derivation, a square perhaps?",
    hint="At a = 0.2 and y = 0 the slope along z is 0.2, and yours is 0.4. This loss has logarithms and no square.",
)
def manual_gradients(x, w, b, y):
    dz = 2 * (torch.sigmoid(x * w + b) - y)
    return dz * x, dz


@catalogue.misconception(
    "3.5",
    "results-exchanged",
    "Both numbers are right, but in the other order. Which gradient does the docstring ask for first?",
    hint="Read the docstring's last line: which of the two stands first? Everything else is right.",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w + b) - y
    return dz, dz * x


@catalogue.misconception(
    "3.5",
    "label-taken-to-be-1",
    "The gradients are right where the label is 1, and where it is 0 they are those of the label 1. Where does y enter your formula?",
    hint="For x = 1 and y = 0 a prediction of 0.2 has dL/dz = 0.2, and for y = 1 it has -0.8. Yours is the same for both.",
)
def manual_gradients(x, w, b, y):
    dz = torch.sigmoid(x * w + b) - 1
    return dz * x, dz


@catalogue.misconception(
    "3.5",
    "chain-stops-at-prediction",
    "dL/dw is dL/da times x, and dL/db is dL/da. Which step lies between the prediction a and z, and what is its slope?",
    hint="Try x = 2, w = 0.5, b = -1 and y = 1: (-1.0, -0.5) is right, and you give 4 times as much. There z is 0, and your `sigmoid_grad` of 3.4 is 0.25. Count the factors of the chain in the text and those in your code.",
)
def manual_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    da = (a - y) / (a * (1 - a))
    return da * x, da


@catalogue.misconception(
    "3.5",
    "squared-error",
    "Both gradients are the right ones times 2a(1 - a), which are those of a squared error. Which loss does the docstring name?",
    hint="At a = 0.2 and y = 0 the slope along z is 0.2. Start from the slope of the cross-entropy along a, as in 3.4.",
)
def manual_gradients(x, w, b, y):
    a = torch.sigmoid(x * w + b)
    dz = 2 * (a - y) * a * (1 - a)
    return dz * x, dz


# --- 3.6 -----------------------------------------------------------------------------------------------------------


def _slopes(X, w, b, y):
    return torch.sigmoid(X @ w + b) - y


@catalogue.misconception(
    "3.6",
    "sum-in-place-of-mean",
    "Both gradients are N times the right ones. Is the loss the sum of the examples' losses, or their mean?",
    hint="In the docstring's example you give 0.025 for b, and 0.0125 is right: there are two examples. Put each example into the batch twice and call again. A mean does not change by this; what do your gradients do?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz, dz.sum()


@catalogue.misconception(
    "3.6",
    "divided-by-number-of-inputs",
    "Both gradients are the right ones times N/D. Which axis of X counts the examples?",
    hint="In the docstring's example X has the shape (2, 3), and you divide by 3. A row is one example. Print the number that you divide by, and compare it with the number of labels.",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz / X.shape[1], dz.sum() / X.shape[1]


@catalogue.misconception(
    "3.6",
    "weights-divided-by-inputs",
    "dL/db is right, and dL/dw is the right one times N/D. Which axis of X counts the examples?",
    hint="In the docstring's example X has the shape (2, 3). Your dL/dw is divided by 3, and your dL/db, which is right, by 2. Which of the two numbers says how many examples there are?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz / X.shape[1], dz.mean()


@catalogue.misconception(
    "3.6",
    "weights-not-averaged",
    "dL/db is right, and dL/dw is N times the right one. Which of the two did you average over the examples?",
    hint="Put each example of the docstring into the batch twice: both gradients should stay as they are, and your dL/dw doubles. The matrix product adds up over the examples. What is left to do for a mean?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz, dz.mean()


@catalogue.misconception(
    "3.6",
    "bias-not-averaged",
    "dL/dw is right, and dL/db is N times the right one. Which of the two did you average over the examples?",
    hint="Put each example of the docstring into the batch twice: both gradients should stay as they are, and your dL/db doubles. What did you do to the weights' gradient that this one still needs?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz / len(y), dz.sum()


@catalogue.misconception(
    "3.6",
    "averaged-twice",
    "Both gradients are the right ones divided by N. Is there a second division by N, or a mean of something that was a mean already?",
    hint="Give it one example twice: the gradients must stay the same. Then count the divisions and the calls of mean in your code.",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y) / len(y)
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "bias-keeps-examples",
    "dL/dw is right, and dL/db holds one number for each example. How many numbers is b, and how many must its gradient be?",
    hint="In the docstring's example you give two numbers for b, one for each example, and 0.0125 is asked for. There is only one b, and both examples pull at it. What does the loss do with what the single examples give?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return X.T @ dz / len(y), dz


@catalogue.misconception("3.6", "bias-keeps-examples-divided-by-n", same_as="bias-keeps-examples")
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y) / len(y)
    return X.T @ dz, dz


@catalogue.misconception(
    "3.6",
    "mean-over-examples-and-inputs",
    "dL/db is right, and dL/dw is a single number. Which axis is averaged away, and which must stay?",
    hint="In the docstring's example the products $(a_i - y_i) X_{ij}$ fill a table (2, 3), and you make one number of it. dL/dw needs three, one for each weight. Over which of $i$ and $j$ does the loss take its mean?",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return (dz[:, None] * X).mean(), dz.mean()


@catalogue.misconception(
    "3.6",
    "one-gradient-per-example",
    "dL/dw has a row for each example. What happens to the axis of the examples when the mean is taken?",
    hint="In the docstring's example you give a table (2, 3). Average the two numbers of its first column by hand: -0.2375, which is the first number that is asked for. Do this for each column.",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)
    return dz[:, None] * X, dz.mean()


@catalogue.misconception(
    "3.6",
    "column-against-row",
    "dL/db is right, but dL/dw is the one you get when every prediction meets all labels and not only its own. Are a column (N, 1) and a row (N,) subtracted somewhere?",
    hint="Print the shapes of the predictions and of the labels right before the subtraction: both must be (N,).",
)
def batch_gradients(X, w, b, y):
    dz = torch.sigmoid(X @ w[:, None] + b) - y
    return (X.T @ dz).mean(dim=1) / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "column-against-row-all-kept",
    "dL/db is right, but dL/dw has a column for each label: every prediction has met all labels. Are a column (N, 1) and a row (N,) subtracted somewhere?",
    hint="Print the shapes of the predictions and of the labels right before the subtraction: both must be (N,).",
)
def batch_gradients(X, w, b, y):
    dz = torch.sigmoid(X @ w[:, None] + b) - y
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "errors-lack-an-axis",
    "The errors, one per example, meet the examples as they are, and the shapes (N,) and (N, D) do not broadcast. Along which axis of X should the same error be used again?",
    hint="For 5 examples of 3 inputs print both shapes right before the product: (5,) and (5, 3). Shapes are aligned at the right, so the 5 errors meet the 3 inputs. What shape must the errors have so that each goes with a row? A matrix product needs no such care.",
)
def batch_gradients(X, w, b, y):
    dz = torch.sigmoid(X @ w + b) - y
    return (dz * X).mean(dim=0), dz.mean()


@catalogue.misconception(
    "3.6",
    "weights-as-column",
    "The numbers are right, but dL/dw has the shape (D, 1). Which shape has w itself?",
    hint="Print the shapes of w and of your dL/dw: (D,) and (D, 1). One axis of size 1 is left from the product.",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, b, y)[:, None]
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "last-example-only",
    "The gradients are those of the last example alone. Does your loop add to its results, or replace them?",
    hint="Follow the variable of the result through two rounds of the loop. In the second round the first example is gone.",
)
def batch_gradients(X, w, b, y):
    for i in range(len(y)):
        dz = torch.sigmoid(X[i] @ w + b) - y[i]
        dw, db = dz * X[i], dz
    return dw, db


@catalogue.misconception(
    "3.6",
    "last-example-only-divided-by-n",
    "The gradients are those of the last example alone, divided by N. Does your loop add to its results, or replace them?",
    hint="Follow the variable of the result through two rounds of the loop. In the second round the first example is gone.",
)
def batch_gradients(X, w, b, y):
    for i in range(len(y)):
        dz = torch.sigmoid(X[i] @ w + b) - y[i]
        dw, db = dz * X[i], dz
    return dw / len(y), db / len(y)


@catalogue.misconception(
    "3.6",
    "opposite-sign",
    "Both gradients are the right ones with the opposite sign. Is it prediction minus label in your code, or label minus prediction?",
    hint="With label 0 and prediction 0.2 the slope along z is +0.2: a larger z makes the loss larger. What is yours?",
)
def batch_gradients(X, w, b, y):
    dz = -_slopes(X, w, b, y)
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "bias-forgotten",
    "The gradients are those of a neuron whose bias is 0. Is b part of z in your forward pass?",
    hint="Check the prediction first: with X all zero it must be the sigmoid of b, not 0.5.",
)
def batch_gradients(X, w, b, y):
    dz = _slopes(X, w, 0.0, y)
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "slope-of-sigmoid-once-too-often",
    "Each example's share carries an additional factor a(1 - a), as if the loss were half the squared error. Is the slope of the sigmoid in your product a second time, after it had canceled?",
    hint="With one example it must be what 3.5 gives. There a(1 - a) has canceled already.",
)
def batch_gradients(X, w, b, y):
    a = torch.sigmoid(X @ w + b)
    dz = (a - y) * a * (1 - a)
    return X.T @ dz / len(y), dz.mean()


@catalogue.misconception(
    "3.6",
    "factor-by-factor",
    "Ordinary batches are right, but a very confident neuron gives NaN. What are dL/da and da/dz, each alone, where a is exactly 0 or 1?",
    hint="Multiply the two factors on paper first: a(1 - a) cancels. Then write only what is left, and nothing is divided by 0.",
)
def batch_gradients(X, w, b, y):
    a = torch.sigmoid(X @ w + b)
    dz = (-y / a + (1 - y) / (1 - a)) * (a * (1 - a))
    return X.T @ dz / len(y), dz.mean()


# --- 3.7 -----------------------------------------------------------------------------------------------------------


def _nudged(x, i, step):
    moved = x.clone()
    moved[i] += step
    return moved


@catalogue.misconception(
    "3.7",
    "forward-difference",
    "The gradient is off by about h, and f was called n + 1 times. How many sides of x does your difference look at?",
    hint="Measure $x^3$ at 2 with h = 0.1: you get 12.61, two-sided steps give 12.01, and 12 is true. Look at the formula: at which two points is $f$ called, and is the point in the middle one of them?",
)
def numeric_gradient(f, x, h):
    here = f(x)
    return torch.stack([(f(_nudged(x, i, h)) - here) / h for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "forward-difference-computed-anew",
    "The gradient is the one-sided difference between f(x + h) and f(x), whose error is about h. How many sides of x does your difference look at?",
    hint="Measure $x^3$ at 2 with h = 0.1: your line goes through the points at 2 and 2.1 and has the slope 12.61. A line through those at 1.9 and 2.1 has 12.01, and 12 is true. Which call of $f$ has to move?",
)
def numeric_gradient(f, x, h):
    return torch.stack([(f(_nudged(x, i, h)) - f(x)) / h for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "backward-difference",
    "The gradient is the one-sided difference between f(x) and f(x - h), whose error is about h. How many sides of x does your difference look at?",
    hint="Measure $x^3$ at 2 with h = 0.1: your line goes through the points at 1.9 and 2 and has the slope 11.41. A line through those at 1.9 and 2.1 has 12.01, and 12 is true. Which call of $f$ has to move?",
)
def numeric_gradient(f, x, h):
    return torch.stack([(f(x) - f(_nudged(x, i, -h))) / h for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "divided-by-h",
    "Every slope is twice the right one. How far apart are the two points at which you evaluate f?",
    hint="Measure $x^2$ at 3 with h = 0.1: the two values are 9.61 and 8.41, and they differ by 1.2. You give 12, and the slope is 6. How far is it from 2.9 to 3.1?",
)
def numeric_gradient(f, x, h):
    return torch.stack([(f(_nudged(x, i, h)) - f(_nudged(x, i, -h))) / h for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "all-entries-moved-at-once",
    "All slopes are the same number, the sum of the right ones. How many entries move at once when you nudge x?",
    hint="For two entries draw the point and where you move it: along one axis, or diagonally? Each slope needs a move along its own axis.",
)
def numeric_gradient(f, x, h):
    slope = (f(x + h) - f(x - h)) / (2 * h)
    return torch.full_like(x, slope.item())


@catalogue.misconception("3.7", "all-entries-moved-at-once-n-times", same_as="all-entries-moved-at-once")
def numeric_gradient(f, x, h):
    return torch.stack([(f(x + h) - f(x - h)) / (2 * h) for _ in range(len(x))])


@catalogue.misconception(
    "3.7",
    "x-not-restored",
    "x comes back h lower in every entry, and later slopes are measured at a shifted point. Is each entry put back before the next one moves?",
    hint="Print x before and after the call. It is safest never to change it: make a new point for each nudge.",
)
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    for i in range(len(x)):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        gradient[i] = (up - f(x)) / (2 * h)
    return gradient


@catalogue.misconception(
    "3.7",
    "two-names-for-one-tensor",
    "Every slope is 0. Are the raised and the lowered point two tensors, or two names for the same one?",
    hint="An assignment makes a second name and no second tensor. Print the two points after both nudges, then make real copies.",
)
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    for i in range(len(x)):
        up = x
        up[i] += h
        down = x
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@catalogue.misconception(
    "3.7",
    "nudges-pile-up",
    "The first slope is right; the later ones are measured with the earlier entries still nudged. Does each entry start from x itself?",
    hint="Print the point at which f is called in the second round: only one entry may differ from x. Make the nudged point anew in each round.",
)
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    up, down = x.clone(), x.clone()
    for i in range(len(x)):
        up[i] += h
        down[i] -= h
        gradient[i] = (f(up) - f(down)) / (2 * h)
    return gradient


@catalogue.misconception(
    "3.7",
    "old-entry-not-copied",
    "Every slope is about half the right one: what you kept of the old entry moved along with it, so the lowered point was x itself. Is x[i] a number, or a window into x?",
    hint="Keep `x[0]` under a name, change `x[0]`, and print what you kept: it has changed, too. An entry of a tensor is a tensor that shares its memory. How do you get a number, or a copy?",
)
def numeric_gradient(f, x, h):
    gradient = torch.zeros_like(x)
    for i in range(len(x)):
        old = x[i]
        x[i] = old + h
        up = f(x)
        x[i] = old - h
        down = f(x)
        x[i] = old
        gradient[i] = (up - down) / (2 * h)
    return gradient


@catalogue.misconception(
    "3.7",
    "float32-result",
    "A float64 point gives a float32 gradient. Which dtype has a new tensor if you do not name one?",
    hint='Print the dtype of the empty result. A new tensor that is made "like" the input has its dtype, too.',
)
def numeric_gradient(f, x, h):
    gradient = torch.zeros(len(x))
    for i in range(len(x)):
        gradient[i] = (f(_nudged(x, i, h)) - f(_nudged(x, i, -h))) / (2 * h)
    return gradient


@catalogue.misconception(
    "3.7",
    "step-of-its-own",
    "In float32 every slope is 0, although the step asked for is 0.01. Which step does your code use, and does float32 notice it beside a number near 1?",
    hint="The docstring has h as a parameter. Search your code for a number such as 1e-6 that stands in its place.",
)
def numeric_gradient(f, x, h):
    h = 1e-8
    return torch.stack([(f(_nudged(x, i, h)) - f(_nudged(x, i, -h))) / (2 * h) for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "parentheses-around-2h-missing",
    "Every slope is the right one times h squared. What does Python do first in a / 2 * h?",
    hint=r"Print `12 / 2 * 3`: Python works from left to right and says 18, but $\frac{12}{2 \cdot 3}$ is 2. How do you tell Python that all of the denominator belongs together?",
)
def numeric_gradient(f, x, h):
    return torch.stack([(f(_nudged(x, i, h)) - f(_nudged(x, i, -h))) / 2 * h for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "opposite-sign",
    "Every slope is the right one with the opposite sign. Which of the two values of f do you subtract from the other?",
    hint="For f(x) = x squared at x = 3 the slope is +6. Which of the two points must be taken away from the other to get a positive number?",
)
def numeric_gradient(f, x, h):
    return torch.stack([(f(_nudged(x, i, -h)) - f(_nudged(x, i, h))) / (2 * h) for i in range(len(x))])


@catalogue.misconception(
    "3.7",
    "own-step-instead-of-h",
    "Your slopes are those of a very small step, whatever h is. Where does your function use the h it was given?",
    hint="Measure $x^3$ at 2 with $h = 0.5$ by hand: $(2.5^3 - 1.5^3)/1 = 12.25$, and yours says 12. Look for the number that your function nudges by.",
)
def numeric_gradient(f, x, h):
    h = 1e-4 if x.dtype == torch.float64 else 1e-2
    gradient = torch.empty_like(x)
    for i in range(len(x)):
        step = torch.zeros_like(x)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


# --- 3.8 -----------------------------------------------------------------------------------------------------------


def _relative(a, n):
    scale = torch.maximum(a.abs(), n.abs())
    return torch.where(scale == 0, 0.0, (a - n).abs() / scale)


def _nan_to_inf(error):
    return torch.where(error.isnan(), math.inf, error)


@catalogue.misconception(
    "3.8",
    "absolute-difference",
    "The result is the largest absolute difference. By what is it divided to make it relative?",
    hint="Compare 1 with 2, and 1000 with 1001. The first is far worse, and your number is the same.",
)
def gradcheck_error(analytic, numeric):
    return _nan_to_inf((analytic - numeric).abs()).max()


@catalogue.misconception(
    "3.8",
    "zero-by-zero",
    "Entries that are zero in both gradients spoil the result. What is 0/0 in floating point, and do two zeros agree?",
    hint="Compare [1.0, 0.0] with itself: 0 is right. Print your fractions: the second is NaN. A NaN that came in with a gradient looks just the same there, so ask for the two zeros by themselves, and put the 0 in first.",
)
def gradcheck_error(analytic, numeric):
    return ((analytic - numeric).abs() / torch.maximum(analytic.abs(), numeric.abs())).max()


@catalogue.misconception("3.8", "zero-by-zero-taken-for-broken", same_as="zero-by-zero")
def gradcheck_error(analytic, numeric):
    return _nan_to_inf((analytic - numeric).abs() / torch.maximum(analytic.abs(), numeric.abs())).max()


@catalogue.misconception(
    "3.8",
    "nan-in-nan-out",
    "A NaN in a gradient makes the result NaN, not infinity. What does `error > tolerance` say when the error is NaN?",
    hint='Print `float("nan") > 0.01`: False, so whoever tests your result finds nothing wrong. When the two zeros are dealt with, each NaN left in your fractions came in with a gradient. What should it become before the largest is taken?',
)
def gradcheck_error(analytic, numeric):
    return _relative(analytic, numeric).max()


@catalogue.misconception(
    "3.8",
    "nan-counts-as-equal",
    "A NaN in a gradient is passed over as if the entry were right. Should a broken gradient get a good mark?",
    hint="The docstring's second example asks for inf, and you give 0. A NaN in your fractions may come from 0/0 or from a NaN in a gradient, and only the first means that the two agree. Tell them apart before you put in a 0.",
)
def gradcheck_error(analytic, numeric):
    return torch.nan_to_num(_relative(analytic, numeric), nan=0.0).max()


@catalogue.misconception(
    "3.8",
    "mean-over-entries",
    "The result is the mean of the relative differences. How much does one wrong entry among a hundred right ones change a mean?",
    hint="With 99 perfect entries and one that is off by half, the answer must say 0.5 and not 0.005.",
)
def gradcheck_error(analytic, numeric):
    return _nan_to_inf(_relative(analytic, numeric)).mean()


@catalogue.misconception(
    "3.8",
    "sum-in-denominator",
    "The differences are divided by the sum of the two absolute values. Which of the two does the docstring put in the denominator?",
    hint="For the entries 1 and 3 the answer is 2/3. With the sum below you get 2/4.",
)
def gradcheck_error(analytic, numeric):
    scale = analytic.abs() + numeric.abs()
    return _nan_to_inf(torch.where(scale == 0, 0.0, (analytic - numeric).abs() / scale)).max()


@catalogue.misconception(
    "3.8",
    "relative-to-first-gradient",
    "The differences are divided by the absolute value of the first gradient, even where the second is larger. Which of the two belongs in the denominator?",
    hint="Exchange the two arguments: the result must stay the same. Both absolute values count in the denominator.",
)
def gradcheck_error(analytic, numeric):
    gap = (analytic - numeric).abs()
    return _nan_to_inf(torch.where(gap == 0, 0.0, gap / analytic.abs())).max()


@catalogue.misconception(
    "3.8",
    "signs-kept-in-denominator",
    "Where both entries are negative, the denominator is the one closer to zero, or negative. Is the larger entry meant, or the larger absolute value?",
    hint="Compare -4 with -5: 0.2 is right, and you give -0.25. Print your denominator, -4. A size has no sign; what has to happen to both entries before the larger one is chosen?",
)
def gradcheck_error(analytic, numeric):
    gap = (analytic - numeric).abs()
    return _nan_to_inf(torch.where(gap == 0, 0.0, gap / torch.maximum(analytic, numeric))).max()


@catalogue.misconception(
    "3.8",
    "no-absolute-value-in-numerator",
    "Entries where the first gradient is the smaller one count as negative and are never the worst. Where is the absolute value of the difference?",
    hint="Exchange the two arguments: the result must stay the same. For 1 and 3 it is 2/3 both times.",
)
def gradcheck_error(analytic, numeric):
    scale = torch.maximum(analytic.abs(), numeric.abs())
    return _nan_to_inf(torch.where(scale == 0, 0.0, (analytic - numeric) / scale)).max()


@catalogue.misconception(
    "3.8",
    "small-number-added-below",
    "Large gradients are right, but the error of tiny ones comes out too small. Is something added to the denominator to avoid 0/0?",
    hint="Take 1e-12 and 2e-12: the answer is 0.5. Whatever you add below swallows them. Treat two zeros as a case of its own instead.",
    constants={"EPS": SMALL},
)
def gradcheck_error(analytic, numeric):
    scale = torch.maximum(analytic.abs(), numeric.abs()) + EPS
    return _nan_to_inf((analytic - numeric).abs() / scale).max()


@catalogue.misconception(
    "3.8",
    "worst-gap-over-largest-gradient",
    "The largest difference is divided by the largest entry of all. Should a small wrong entry be measured against its own size, or against that of another?",
    hint="Compare [1000.0, 0.001] with [1000.0, 0.002]: the second entry is off by half its size, so 0.5 is right, and you give 0.000001. Which comes first in the formula, the division or the maximum over $i$?",
)
def gradcheck_error(analytic, numeric):
    scale = torch.maximum(analytic.abs(), numeric.abs()).max()
    error = (analytic - numeric).abs().max() / scale if scale != 0 else scale
    return _nan_to_inf(error)


@catalogue.misconception("3.8", "worst-gap-over-largest-also-of-zeros", same_as="worst-gap-over-largest-gradient")
def gradcheck_error(analytic, numeric):
    scale = torch.maximum(analytic.abs(), numeric.abs()).max()
    return _nan_to_inf((analytic - numeric).abs().max() / scale)


# --- 3.9 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "3.9",
    "level-by-level",
    "The nodes come level by level, by their shortest way from the result. Can a node on a short way also be used by one on a longer way?",
    hint="Draw c = a + b, d = c + a. There a is one step from the result and also two, and must come after c. Levels cannot say that; finished visits can.",
)
def topological_order(node):
    order, seen = [node], {node}
    for current in order:
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                order.append(parent)
    return order


@catalogue.misconception(
    "3.9",
    "noted-on-arrival",
    "Each node is noted when it is first reached, before its other users have been. Which nodes must be in the list before a node may join it?",
    hint="Go through the text's $y = h + g$ with $g = 5h$: in your list $h$ stands before $g$, which uses it. You note a node when you enter it. What would the list look like if you noted it when you leave it?",
)
def topological_order(node):
    order = []

    def visit(current):
        if current not in order:
            order.append(current)
            for parent in current.parents:
                visit(parent)

    visit(node)
    return order


@catalogue.misconception(
    "3.9",
    "nodes-repeated",
    "A node that is reached along several paths stands in the list several times. How does your code remember where it has been?",
    hint="The docstring's example has 3 nodes, and your list has 5: three ways lead to x. What has to be asked at the beginning of each visit, so that x adds nothing after the first one?",
)
def topological_order(node):
    order = []

    def visit(current):
        for parent in current.parents:
            visit(parent)
        order.append(current)

    visit(node)
    return order[::-1]


@catalogue.misconception("3.9", "nodes-repeated-noted-on-arrival", same_as="nodes-repeated")
def topological_order(node):
    order = [node]
    for parent in node.parents:
        order.extend(topological_order(parent))
    return order


@catalogue.misconception(
    "3.9",
    "not-reversed",
    "The list runs from the inputs to the result. From which end does the backward pass begin?",
    hint="In the docstring's example you give [x, h, y], and [y, h, x] is asked for. You build the list in a good order: parents stand before their users. What is left to do when all the visits are over?",
)
def topological_order(node):
    order, seen = [], set()

    def visit(current):
        if current not in seen:
            seen.add(current)
            for parent in current.parents:
                visit(parent)
            order.append(current)

    visit(node)
    return order


@catalogue.misconception(
    "3.9",
    "inputs-left-out",
    "The inputs of the computation are missing. They have no parents, but are they not nodes that need a gradient?",
    hint="Take c = a + b: the answer has three nodes, c, a and b. A node without parents is visited like any other.",
)
def topological_order(node):
    order, seen = [], set()

    def visit(current):
        if current not in seen and current.parents:
            seen.add(current)
            for parent in current.parents:
                visit(parent)
            order.append(current)

    visit(node)
    return order[::-1]


@catalogue.misconception(
    "3.9",
    "result-left-out",
    "The result itself is missing from the list. With which node does the backward pass begin?",
    hint="Take c = a + b: the answer has three nodes, and c is the first. After its parents, the start of the visit is noted, too.",
)
def topological_order(node):
    order, seen = [], set()

    def visit(current):
        for parent in current.parents:
            if parent not in seen:
                seen.add(parent)
                visit(parent)
                order.append(parent)

    visit(node)
    return order[::-1]


@catalogue.misconception(
    "3.9",
    "equal-numbers-taken-for-one-node",
    "Of two nodes that hold the same number, one is missing. Are two nodes the same because their data are equal?",
    hint='Make two nodes that both hold 2.0. They compare by their data or by who they are: which does your "seen before" use? id() tells nodes apart.',
)
def topological_order(node):
    order, seen = [], set()

    def visit(current):
        if current.data not in seen:
            seen.add(current.data)
            for parent in current.parents:
                visit(parent)
            order.append(current)

    visit(node)
    return order[::-1]


# --- 3.10 ----------------------------------------------------------------------------------------------------------


def _reset(order):
    for node in order:
        node.grad = 0.0


@catalogue.misconception(
    "3.10",
    "overwritten",
    "A node that is used more than once keeps only the last contribution. What should happen to the gradients that come from its other users?",
    hint="Take the docstring's example: h gets 1 from the sum and 6 twice from `h * h`, so 13, and yours shows 6. Print `h.grad` before and after each time something is written into it.",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad = node.grad * derivative


@catalogue.misconception(
    "3.10",
    "handed-on-too-early",
    "Some gradients are too large: a node hands on what it has got so far, and then hands the same on again when more arrives. When is a node's gradient complete?",
    hint="Take h = 2x, g = 5h, y = h + g: `x.grad` should be 12, and yours is too large. Note on paper each time h takes its turn, and its gradient at this moment. It should be once, with 6. What do you have from 3.9 for this?",
)
def backprop(root):
    _reset(topological_order(root))
    root.grad = 1.0

    def hand_on(node):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative
            hand_on(parent)

    hand_on(root)


@catalogue.misconception("3.10", "handed-on-too-early-shares-first", same_as="handed-on-too-early")
def backprop(root):
    _reset(topological_order(root))
    root.grad = 1.0

    def hand_on(node):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative
        for parent in node.parents:
            hand_on(parent)

    hand_on(root)


@catalogue.misconception(
    "3.10",
    "level-by-level",
    "A node reached along a short and a long path hands its gradient on before the share of the long path has arrived. In which order must the nodes take their turn?",
    hint="Take h = 2x, g = 5h, y = h + g: `x.grad` should be 12, and you give 2. Print the order in which your nodes take their turn: h comes before g, which still owes it 5. Which function gives the order that is needed?",
)
def backprop(root):
    order = [root]
    for node in order:
        order.extend(parent for parent in dict.fromkeys(node.parents) if parent not in order)
    _reset(order)
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "no-gradient-at-start",
    "All gradients are 0. What is the derivative of the result with respect to itself?",
    hint="Before the walk begins one node has a gradient that is known without any rule: that of y along y itself.",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "never-reset",
    "The first call is right, and after the second call the gradients still hold what the first one left. Where do they begin anew?",
    hint="Call it twice on the docstring's example and print `x.grad`: 26, then 102. In PyTorch the caller cleans up with `zero_grad()`; here it is up to you. When must each node's old number be gone, and which nodes are meant?",
)
def backprop(root):
    root.grad = 1.0
    for node in topological_order(root):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "inputs-not-reset",
    "The first call is right, and after the second call the gradients of the inputs are twice as large. Which nodes does your code reset?",
    hint="Call it twice on the docstring's example and print `x.grad`: 26, then 52, while `h.grad` stays at 13. Print the nodes that your reset goes over. A node without parents belongs to the graph, too.",
)
def backprop(root):
    order = topological_order(root)
    _reset(node for node in order if node.parents)
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "only-inputs-reset",
    "The first call is right, and after the second call the nodes between inputs and result still hold old gradients. Which nodes does your code reset?",
    hint="Call it twice on the docstring's example and print `h.grad`: 13, then 38. Print the nodes that your reset goes over. A node that has parents keeps its old gradient as well, unless somebody clears it.",
)
def backprop(root):
    order = topological_order(root)
    _reset(node for node in order if not node.parents)
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "walked-from-inputs",
    "Only the result and its direct parents have a gradient. From which end does your loop walk through the order?",
    hint="Print each node's grad when it takes its turn: it is 0 nearly every time, since the only 1 sits at the root and has not moved yet. Which node stands first in the order of 3.9, and which one takes the first turn in your loop?",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    root.grad = 1.0
    for node in reversed(order):
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "local-derivatives-only",
    "Each gradient is a sum of local derivatives, without what comes from further up. What does the chain rule multiply a local derivative by?",
    hint="Take y = 5h with h = 2x: `x.grad` should be 10, and you give 2. The node h knows two things when it takes its turn: what y gave it, 5, and its local derivative, 2. Which of them reaches x?",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += derivative


@catalogue.misconception(
    "3.10",
    "local-derivatives-left-out",
    "Gradients are handed on unchanged, as if every local derivative were 1. What does the chain rule multiply them by?",
    hint="Take y = 3 * x. The gradient of x is 3, and you hand on the 1 that y has. Which number turns 1 into 3?",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    root.grad = 1.0
    for node in order:
        for parent in node.parents:
            parent.grad += node.grad


@catalogue.misconception(
    "3.10",
    "same-parent-counted-once",
    "An operation that uses one node twice, such as h * h, hands on one share and not two. What happens to a parent that stands in the parents twice?",
    hint="Take y = `h * h` at h = 3: `h.grad` should be 6, and you give 3. Print y's parents and what you loop over: h stands in the one twice and in the other once. A dict or a set keeps one of each.",
)
def backprop(root):
    order = topological_order(root)
    _reset(order)
    root.grad = 1.0
    for node in order:
        for parent, derivative in dict(zip(node.parents, node.local_derivatives, strict=True)).items():
            parent.grad += node.grad * derivative


@catalogue.misconception(
    "3.10",
    "slope-of-exp-is-x",
    "The number is right, and the local derivative is x itself. How fast does e^x grow at x?",
    hint="At x = 0 the slope of e to the x is 1, and yours is 0. The node already holds the number you need.",
)
def exp(node):
    return Value(math.exp(node.data), (node,), (node.data,))


@catalogue.misconception(
    "3.10",
    "power-rule-for-exp",
    "The number is right, and the local derivative is x e^(x - 1), the rule for a power of x. Which of the two is the variable here, the base or the exponent?",
    hint="At x = 0 the slope of e to the x is 1, and your formula gives 0. The base is fixed here, the exponent moves.",
)
def exp(node):
    return Value(math.exp(node.data), (node,), (node.data * math.exp(node.data - 1),))


@catalogue.misconception(
    "3.10",
    "slope-of-exp-is-1",
    "The number is right, and the local derivative is 1 everywhere. Is e^x equally steep everywhere?",
    hint="Compare e to the 0.01 with e to the 0, and e to the 2.01 with e to the 2. The second pair lies much further apart.",
)
def exp(node):
    return Value(math.exp(node.data), (node,), (1.0,))


@catalogue.misconception(
    "3.10",
    "slope-of-exp-at-its-value",
    "The number is right, and the local derivative is the exponential of e^x. At which point is the slope wanted, at the input of the operation or at its output?",
    hint="Print `exp(Value(1.0)).local_derivatives`: (15.15...,), which is $e^{2.718...}$. The slope is wanted at 1, where the function has the value 2.718. How often have you taken an exponential?",
)
def exp(node):
    result = math.exp(node.data)
    return Value(result, (node,), (math.exp(result),))


@catalogue.misconception(
    "3.10",
    "parent-forgotten",
    "The number is right, but the new node has no parents. How should a gradient find its way back to the input?",
    hint="Print the parents of a node made by your function: the tuple holds the input. Compare with how + and * make theirs.",
)
def exp(node):
    return Value(math.exp(node.data))


@catalogue.misconception(
    "3.10",
    "slope-times-gradient-of-parent",
    "The local derivative is 0, because it contains a gradient that has not arrived yet. What does a local derivative depend on?",
    hint="When the node is made, nobody knows a gradient yet. The local derivative depends on the input's data alone; backprop does the multiplying later.",
)
def exp(node):
    result = math.exp(node.data)
    return Value(result, (node,), (result * node.grad,))


# --- 3.12 ----------------------------------------------------------------------------------------------------------


def _believing(program, x, **other):
    """The right answers, but for the programs that are named."""
    right = {
        "leaf": 2 * x,
        "twice": 4 * x,
        "cleared": 2 * x,
        "two terms": 2 * x + 3,
        "detached": x,
        "no_grad": x * x,
        "between": None,
        "retained": 2 * x * x,
        "constant": None,
        "before": None,
    }
    return (right | {name.replace("two_", "two "): answer for name, answer in other.items()})[program]


@catalogue.misconception(
    "3.12",
    "second-pass-replaces-the-first",
    "For twice you give the gradient of a single pass. What does the second call of backward find in x.grad, and what does it do with it?",
    hint="At x = 3 one pass gives 6. Type the program twice into a Python session and print x.grad after each of the two calls: 6, then another number. Which word in the second rule of the text says why?",
)
def predicted_grad(program, x):
    return _believing(program, x, twice=2 * x)


@catalogue.misconception(
    "3.12",
    "clearing-does-nothing",
    "For cleared you give what two passes add up to. What stands in x.grad just before the second pass begins?",
    hint="Write down x.grad after each of the three steps of cleared, at x = 3: 6, then None, then what? The second pass adds to nothing.",
)
def predicted_grad(program, x):
    return _believing(program, x, cleared=4 * x)


@catalogue.misconception(
    "3.12",
    "last-term-counts",
    "For two terms you give the slope of 3x alone. Along how many paths does x reach the result?",
    hint="Write the result of two terms as one formula in x, $x^2 + 3x$, and differentiate it. Your 3 is the share of one of the two terms.",
)
def predicted_grad(program, x):
    return _believing(program, x, two_terms=3.0)


@catalogue.misconception(
    "3.12",
    "first-term-counts",
    "For two terms you give the slope of x times x alone. Along how many paths does x reach the result?",
    hint="Write the result of two terms as one formula in x, $x^2 + 3x$, and differentiate it. Your $2x$ is the share of one of the two terms.",
)
def predicted_grad(program, x):
    return _believing(program, x, two_terms=2 * x)


@catalogue.misconception(
    "3.12",
    "detach-changes-nothing",
    "For detached you give the slope of x times x. Do both factors move when x moves, as far as PyTorch knows?",
    hint="At x = 3 the first factor is the constant 3, so y is 3 times x. How steep is that? Compare with the program leaf, where both factors are recorded.",
)
def predicted_grad(program, x):
    return _believing(program, x, detached=2 * x)


@catalogue.misconception(
    "3.12",
    "detach-cuts-everything-off",
    "For detached you say that x has no gradient. Which of the two factors was detached, and what is the other one?",
    hint="The program detached uses x twice. One arrow of its graph is missing and one is there. Follow the one that is there: what does it bring to x?",
)
def predicted_grad(program, x):
    return _believing(program, x, detached=None)


@catalogue.misconception(
    "3.12",
    "no-grad-changes-nothing",
    "For no_grad you give the slope of x cubed. Is h a number that moves with x here, as far as PyTorch knows?",
    hint="At x = 3 the block makes h = 9, and nothing was recorded of it. After that y is 9 times x. How steep is that?",
)
def predicted_grad(program, x):
    return _believing(program, x, no_grad=3 * x * x)


@catalogue.misconception(
    "3.12",
    "no-grad-cuts-everything-off",
    "For no_grad you say that x has no gradient. Which lines of the program stand inside the block, and which after it?",
    hint="In no_grad the product of h and x is computed after the block, and it is recorded. Which of its two factors is a leaf, and what is the slope along it?",
)
def predicted_grad(program, x):
    return _believing(program, x, no_grad=None)


@catalogue.misconception(
    "3.12",
    "slope-of-the-block-alone",
    "For no_grad you give the slope of what was computed inside the block. Which of the two products was recorded?",
    hint="Cross out the line inside the block and put a number in the place of h, say 9. What is the slope of 9 times x, and which formula in x is the 9?",
)
def predicted_grad(program, x):
    return _believing(program, x, no_grad=2 * x)


@catalogue.misconception(
    "3.12",
    "every-node-keeps-its-gradient",
    "For between you give the slope of y along h. The gradient passes through h on its way; does PyTorch keep it there?",
    hint="Type the program between into a Python session and print h.grad: PyTorch warns, and the answer is not 3. The fourth rule of the text says what would have to be called before.",
)
def predicted_grad(program, x):
    return _believing(program, x, between=3.0)


@catalogue.misconception(
    "3.12",
    "nothing-is-retained",
    "For retained you say that h has no gradient. What does h.retain_grad() do, and does it come before the backward pass?",
    hint="Type the program retained into a Python session with and without h.retain_grad() and print h.grad. Without it you are right.",
)
def predicted_grad(program, x):
    return _believing(program, x, retained=None)


@catalogue.misconception(
    "3.12",
    "gradient-of-x-for-that-of-h",
    "For retained you give the slope of y along x. Whose .grad does the program ask for?",
    hint="In the program retained the way back goes from y to h and from there to x. The question stops at h. What is the slope of h times h along h, and how large is h?",
)
def predicted_grad(program, x):
    return _believing(program, x, retained=4 * x * x * x)


@catalogue.misconception(
    "3.12",
    "x-for-h-in-the-slope",
    "For retained you give 2x. The slope of h times h is 2h; how large is h?",
    hint="In the program retained at x = 3 the node h holds 9. You put 3 into the slope. Which number does h times h start from?",
)
def predicted_grad(program, x):
    return _believing(program, x, retained=2 * x)


@catalogue.misconception(
    "3.12",
    "constants-have-gradients",
    "For constant you give the slope of y along c. Was anything recorded for c?",
    hint="The slope is x, and that is not what is asked for. Compare how c and x are made in the program constant: one of them has something that the other lacks. What does the fourth rule of the text say of it?",
)
def predicted_grad(program, x):
    return _believing(program, x, constant=x)


@catalogue.misconception(
    "3.12",
    "computing-fills-in-gradients",
    "For before you give the slope of y, although nothing went backward. When does PyTorch compute a slope, on the way forward or on the way back?",
    hint="Look for the word backward in the program before. The forward pass records what was done; who walks along that record?",
)
def predicted_grad(program, x):
    return _believing(program, x, before=2 * x)


@catalogue.misconception(
    "3.12",
    "zero-for-none",
    "Where there is no gradient you give 0. Is a gradient that is 0 the same as one that is not there?",
    hint="Type the program before into a Python session and print x.grad: it is no number. A training step that multiplies it by a learning rate stops with an error, and with 0 it would not.",
)
def predicted_grad(program, x):
    return _believing(program, x, between=0.0, constant=0.0, before=0.0)


@catalogue.misconception(
    "3.12",
    "value-in-place-of-slope",
    "For leaf you give the value of y. What does a backward pass leave, the result or how fast it changes?",
    hint="At x = 3 the result is 9, and the docstring's example says 6. Nudge x by 0.01: by how much does x times x grow?",
)
def predicted_grad(program, x):
    return _believing(program, x, leaf=x * x, cleared=x * x, twice=2 * x * x)
