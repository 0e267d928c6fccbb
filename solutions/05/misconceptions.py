"""Wrong answers that we expect of students in assignment 05, each with the sentence they then read."""

import io
import itertools
import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 5.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.1",
    "uphill",
    "The parameters move by the right amount in the opposite direction. Does the gradient point to where the loss grows or to where it falls?",
    hint="At p = 3 the loss p squared has the gradient 6, and p must become smaller. What does your sign do?",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p.add_(lr * g)


@catalogue.misconception(
    "5.1",
    "name-bound-to-new-tensor",
    "The tensors of the model hold the same numbers as before. Does your code write into them, or does it make new tensors beside them?",
    hint="Compare id(p) before and after. Putting a new tensor into the list leaves the model's own as it was; the update has to be written into it.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p = p - lr * g


@catalogue.misconception("5.1", "entries-of-list-replaced", same_as="name-bound-to-new-tensor")
def sgd_step(params, grads, lr):
    for i, g in enumerate(grads):
        if g is not None:
            params[i] = params[i] - lr * g


@catalogue.misconception("5.1", "method-without-underscore", same_as="name-bound-to-new-tensor")
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p.sub(lr * g)


@catalogue.misconception(
    "5.1",
    "watched-by-autograd",
    "PyTorch stops because a parameter is changed in place while autograd records it. Is the update a part of the function whose gradient is wanted?",
    hint="torch has a context in which nothing is recorded. The update belongs into it.",
)
def sgd_step(params, grads, lr):
    for p, g in zip(params, grads, strict=True):
        if g is not None:
            p -= lr * g


@catalogue.misconception(
    "5.1",
    "requires-grad-switched-off",
    "The numbers are right, but afterwards parameters do not require grad any more. What will the next backward pass give them?",
    hint="Print `p.requires_grad` before and after your call: True and False, so the next backward pass passes this parameter by. Autograd should look away while you write, and only then. Which context of torch does that?",
)
def sgd_step(params, grads, lr):
    for p, g in zip(params, grads, strict=True):
        if g is not None:
            p.requires_grad_(False)
            p -= lr * g


@catalogue.misconception(
    "5.1",
    "arithmetic-with-none",
    "Parameters that all have a gradient are updated, and a gradient that is None stops the function with an error. What should happen to a parameter that took no part in the loss?",
    hint="A gradient of None means: this parameter took no part. Go on to the next pair before you compute anything.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            p -= lr * g


@catalogue.misconception(
    "5.1",
    "first-none-ends-loop",
    "From the first gradient that is None on, no parameter is updated. What becomes of the parameters that come after it?",
    hint="Leaving the loop and going on to the next pair are two words in Python. You want the second.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is None:
                return
            p -= lr * g


@catalogue.misconception(
    "5.1",
    "learning-rate-left-out",
    "The parameters move by the whole gradient. How far should a step go, compared with the length of the gradient?",
    hint="For a gradient of 10 and a rate of 0.1 the step is 1, and yours is 10.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p -= g


@catalogue.misconception(
    "5.1",
    "gradients-scaled-in-place",
    "The parameters are right, but the gradients have changed as well: they were multiplied by the learning rate. Which of your operations write into the tensor on their left?",
    hint="Print a gradient before and after your call. An operator such as *= writes into the tensor on its left; a plain product does not.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p.sub_(g.mul_(lr))


@catalogue.misconception(
    "5.1",
    "sign-of-gradient-only",
    "Every entry moves by exactly the learning rate, however large its gradient is. Does a steep slope ask for the same step as a flat one?",
    hint="For gradients 1 and 10 and a rate of 0.1 the steps are 0.1 and 1. Yours are both 0.1.",
)
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p -= lr * g.sign()


# --- 5.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.2",
    "average-in-place-of-sum",
    "New gradients enter the velocity with the weight 1 - mu. Is the velocity asked for a running sum or a weighted mean of the gradients?",
    hint="Do two steps on paper with $g = 2$ and $\\mu = 0.9$: the velocity is 2, then 3.8. Yours is 0.2, then 0.38. In the first step there is nothing old to keep; how much of the new gradient must be in `v` then?",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_((1 - mu) * g)
    p.sub_(lr * v)


@catalogue.misconception(
    "5.2",
    "velocity-not-used",
    "The velocity stays as it was, and each step follows the gradient of the moment alone. Where do earlier gradients come in?",
    hint="Do two steps on paper with g = 2, mu = 0.9: the velocity is 2, then 3.8. Print yours after each.",
)
def momentum_step(p, g, v, lr, mu):
    p.sub_(lr * g)


@catalogue.misconception(
    "5.2",
    "look-ahead",
    "The velocity is right, and the parameter moves along g + mu v. That is Nesterov's rule; which vector does the formula of this exercise follow?",
    hint="In the docstring's example the velocity after the first step is 2, so the parameter falls by 0.1 times 2 = 0.2. Yours falls by 0.38. Print what you multiply by the learning rate, and compare it with `v`.",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(g)
    p.sub_(lr * (g + mu * v))


@catalogue.misconception(
    "5.2",
    "learning-rate-inside-velocity",
    "The velocity holds gradients that were already multiplied by the learning rate of their own step. What then happens to them when the rate changes?",
    hint="Do a step with $g = 2$, $\\mu = 0.9$ and `lr` = 0.1, and one with `lr` = 0.01. The second must move the parameter by 0.01 times 3.8 = 0.038. Yours moves it by 0.2: the first gradient still carries the old rate.",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(lr * g)
    p.sub_(v)


@catalogue.misconception(
    "5.2",
    "rate-inside-downhill-velocity",
    "The velocity points downhill and holds gradients that were already multiplied by their learning rate. Which sign has g in the formula for v, and where does the rate stand?",
    hint="After the first step of the docstring's example `v` must be 2, and yours is -0.2: it has taken over the sign and the rate of the other formula. What is left of your first line without them, and who needs them then?",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).sub_(lr * g)
    p.add_(v)


@catalogue.misconception(
    "5.2",
    "downhill-velocity",
    "The parameter is right, and the velocity has the opposite sign. Which sign has g in the formula for v?",
    hint="After the first step of the docstring's example `v` must be 2, and yours is -2; your last line makes up for it with another sign. The caller looks at `v`, too. In which of the two formulas does the minus stand?",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).sub_(g)
    p.add_(lr * v)


@catalogue.misconception(
    "5.2",
    "parameter-first",
    "The velocity is right, and the parameter moves along the velocity of the step before. Which of the two formulas comes first?",
    hint="In the docstring's example the parameter falls by 0.2 in the very first step. Yours stays at 1: when you used the velocity, it was still 0. Print `v` at the moment when the parameter is moved.",
)
def momentum_step(p, g, v, lr, mu):
    p.sub_(lr * v)
    v.mul_(mu).add_(g)


@catalogue.misconception(
    "5.2",
    "velocity-not-kept",
    "The velocity is the same after the call as before, though it is used for the step. Where is the new one written to?",
    hint="Print `v` after the first step of the docstring's example: it must be 2, and yours is 0. Inside your function the name `v` got a new tensor, and the caller still holds the old one. Compare `id(v)` before and after your line.",
)
def momentum_step(p, g, v, lr, mu):
    v = mu * v + g
    p.sub_(lr * v)


@catalogue.misconception(
    "5.2",
    "parameter-not-written-to",
    "The velocity is right, and the parameter holds the same numbers as before. Does your last line write into the tensor that came in, or does it make another one?",
    hint="You have done it right once: the velocity changed in the tensor that came in. Now print `id(p)` before and after your last line. It has to stay the same while the numbers change.",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(g)
    p = p - lr * v


@catalogue.misconception(
    "5.2",
    "uphill",
    "The velocity is right, and the parameter moves in the opposite direction. Which way along the gradient makes the loss smaller?",
    hint="In the docstring's example the gradient is 2, so a larger parameter means a larger loss. It must go from 1 to 0.8 in the first step, and yours goes to 1.2. Look for the sign of the step.",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(g)
    p.add_(lr * v)


@catalogue.misconception(
    "5.2",
    "nothing-fades",
    "The velocity is the plain sum of all gradients. By which factor should the old velocity shrink before the new gradient is added?",
    hint="After two steps with $g = 2$ and $\\mu = 0.9$ the velocity is 3.8, and yours is 4. Then let the gradient be 0 for a hundred steps: the velocity has to die away. What does yours do?",
)
def momentum_step(p, g, v, lr, mu):
    v.add_(g)
    p.sub_(lr * v)


@catalogue.misconception(
    "5.2",
    "new-gradient-shrinks-too",
    "The velocity is mu times the right one at each step. Does mu belong to the old velocity alone, or to the new gradient as well?",
    hint="In the first step there is no old velocity, so `v` must become 2 for $g = 2$, and yours is 1.8. What is in `v` already at the moment when you multiply by `mu`?",
)
def momentum_step(p, g, v, lr, mu):
    v.add_(g).mul_(mu)
    p.sub_(lr * v)


@catalogue.misconception(
    "5.2",
    "learning-rate-left-out",
    "The velocity is right, and the parameter moves by all of it. What scales the step?",
    hint="In the docstring's example the parameter goes from 1 to 0.8 in the first step, and yours goes to -1. Call it with `lr` = 0: nothing may move then. Which argument has no effect in your code?",
)
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(g)
    p.sub_(v)


@catalogue.misconception(
    "5.2",
    "nothing-written-to",
    "Parameter and velocity hold the same numbers as before. Does your code write into the tensors that came in, or does it make new ones and give them the old names?",
    hint="Print `id(p)` and `id(v)` at the beginning and at the end of your function: both must stay the same. A line that begins with `v =` gives the name to another tensor, and the caller's keeps its numbers. Which operations write into a tensor?",
)
def momentum_step(p, g, v, lr, mu):
    v = mu * v + g
    p = p - lr * v


# --- 5.3 -----------------------------------------------------------------------------------------------------------


def _averages(g, state, beta1, beta2):
    """The right averages, uncorrected, kept in the state."""
    state["t"] += 1
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
    return state["t"], state["m"], state["v"]


@catalogue.misconception(
    "5.3",
    "no-correction",
    "What is remembered is right, and the step is made with the averages as they are. How large is an average that began at 0 after its first gradient?",
    hint="With g = 100 the first m is 10 and the first v is 10, far too small both. Divided by 1 - beta they are 100 and 10000.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    _, m, v = _averages(g, state, beta1, beta2)
    p.sub_(lr * m / (v.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "counting-from-0",
    "The first step gives NaN. Which t stands in the correction of your first step, and what is beta to that power?",
    hint="$\\beta^0$ is 1, so $1 - \\beta^0$ is 0, and dividing by it gives no number. The text says $t = 1$ at the first step. Print the $t$ that your correction uses there: is the count raised too late?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 ** (t - 1)), v / (1 - beta2 ** (t - 1))
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "counting-from-2",
    "What is remembered is right, and the corrections of each step are those of the step after it. Which t belongs to the very first step?",
    hint="With `g` = 100 and `lr` = 0.1 the first step must be 0.1, and yours is 0.074. Print the $t$ that your correction uses in the first step: it is 2. What is added to the count a second time?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1 ** (t + 1)), v / (1 - beta2 ** (t + 1))
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "betas-exchanged",
    "The average of the gradient fades with beta2 and that of its square with beta1. Which of the two belongs to which?",
    hint="After the first step with `g` = 100 the docstring has 10 for `m`, a tenth of the gradient, and yours is 0.1, a thousandth. The squares need the longer memory of the two. Print which beta each of your averages uses.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta2, beta1)
    m_hat, v_hat = m / (1 - beta2**t), v / (1 - beta1**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "betas-exchanged-in-corrections",
    "What is remembered is right, and each average is corrected with the beta of the other one. Which power brings the weights of m to 1?",
    hint="With `g` = 100 the first `m` is 10, and corrected it must be 100 again. Yours is 10000. The weight of this gradient in `m` was 0.1: which beta made it so small, and which one stands in your correction of `m`?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta2**t), v / (1 - beta1**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "no-root",
    "What is remembered is right, and the step is divided by the average of the squares itself. If all gradients were ten times as large, how would that change your step?",
    hint="For `g` = 10 and for `g` = 100 the first step must be the same, 0.1 with `lr` = 0.1. Yours are 0.01 and 0.001. When the gradient grows tenfold, the squares grow a hundredfold; what brings that back to ten?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat + eps))


@catalogue.misconception(
    "5.3",
    "eps-under-root",
    "The steps are right where gradients are large, and too small where they are small: eps is added before the root is taken. Where does it stand in the formula?",
    hint="Try a first step with `g` = 1e-8 and `lr` = 0.1. The denominator is 1e-8 + 1e-8, so the step must be 0.05. Yours is 0.00001, for the root has made 1e-4 out of your 1e-8. What had `eps` to wait for?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat + eps).sqrt())


@catalogue.misconception(
    "5.3",
    "eps-before-correction",
    "The steps are right where gradients are large, and too small where they are small: eps is added to the root of the uncorrected average. Which of the two averages of the squares does it belong to?",
    hint="Try a first step with `g` = 1e-8 and `lr` = 0.1: it must be 0.05, and yours is 0.003. At first the root of `v` is 32 times smaller than that of $\\hat v$, so beside it `eps` weighs 32 times as much. Correct before you add.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    rate = lr * math.sqrt(1 - beta2**t) / (1 - beta1**t)
    p.sub_(rate * m / (v.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "no-eps",
    "The steps are right for all gradients that are not tiny, but eps has no influence, and gradients of 0 give NaN. What is 0 divided by 0?",
    hint="For a gradient of 0 both averages are 0, and 0 / 0 is NaN. The small number is added where the division happens.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * m_hat / v_hat.sqrt())


@catalogue.misconception(
    "5.3",
    "corrected-averages-remembered",
    "The averages that are remembered are the corrected ones, so the next step corrects them once more. Which of the two belong into the state?",
    hint='Print `state["m"]` after the docstring\'s example: its first entry must be 10, and yours is 100. In the next step it would be averaged and corrected once more. Which of your names should never get into the state?',
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    state["m"], state["v"] = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * state["m"] / (state["v"].sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "gradient-not-squared",
    "The second average is one of the gradients themselves, and its root is NaN where it is negative. What is it an average of?",
    hint="After a first gradient of 100 the second average is 10, from 10000. Yours is 0.1.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, _ = _averages(g, {**state}, beta1, beta2)
    state["t"], state["m"] = t, m
    state["v"] = beta2 * state["v"] + (1 - beta2) * g
    m_hat, v_hat = m / (1 - beta1**t), state["v"] / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "square-of-average",
    "The second average is built from m squared. Of what is it an average, of the squares of the gradients or of the square of their average?",
    hint="After a first step with `g` = 100 the average of the squares is 0.001 times 10000 = 10, and yours is 0.1. Which number did you square, the 100 or the 10?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, _ = _averages(g, {**state}, beta1, beta2)
    state["t"], state["m"] = t, m
    state["v"] = beta2 * state["v"] + (1 - beta2) * m**2
    m_hat, v_hat = m / (1 - beta1**t), state["v"] / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "only-m-corrected",
    "What is remembered is right, and the average of the squares goes into the step uncorrected. Did only one of the two begin at 0?",
    hint="With `g` = 100 and `lr` = 0.1 the first step must be 0.1, and yours is 3.16. Print what stands under your root: it is 10, and the square of this gradient is 10000.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    p.sub_(lr * m / (1 - beta1**t) / (v.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "only-v-corrected",
    "What is remembered is right, and the average of the gradient goes into the step uncorrected. Did only one of the two begin at 0?",
    hint="With `g` = 100 and `lr` = 0.1 the first step must be 0.1, and yours is 0.01. Print what stands on top of your fraction: it is 10, and the gradient was 100.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    p.sub_(lr * m / ((v / (1 - beta2**t)).sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "root-before-correction",
    "What is remembered is right, and the root of v is divided by 1 - beta2^t. What comes first in the formula, the correction or the root?",
    hint="With `g` = 100 the first `v` is 10, and its correction divides by 0.001. Work out both by hand: the root of 10 / 0.001, and the root of 10, divided by 0.001. Which of them gives back the 100?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    p.sub_(lr * m / (1 - beta1**t) / (v.sqrt() / (1 - beta2**t) + eps))


@catalogue.misconception(
    "5.3",
    "gradient-in-place-of-its-average",
    "What is remembered is right, and the step follows the gradient of the moment. What is the average m for?",
    hint="Do a step with `g` = 100 and then one with `g` = 0. The second one must still move the parameter, by 0.067 with `lr` = 0.1, and yours does not. Which of the things you remember should carry it on?",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, _, v = _averages(g, state, beta1, beta2)
    p.sub_(lr * g / ((v / (1 - beta2**t)).sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "uphill",
    "What is remembered is right, and the parameter moves by the right amount in the opposite direction. Which way along the gradient makes the loss smaller?",
    hint="After the first step with a positive gradient the parameter must be smaller by about the learning rate.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.add_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "count-not-kept",
    "The averages are right, and the count in the state stays 0, so every step is corrected like the first one. Where is the new count written to?",
    hint='Print `state["t"]` after each of two steps: it must be 1, then 2, and yours is 0 both times. An int cannot be changed in place: a variable that counts up leaves the entry of the dict as it was.',
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    t = 1
    state["t"] = 0
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "averages-not-kept",
    "The count is right, and the averages in the state are still 0 after the step. Where are the new ones written to?",
    hint='Print `state["m"]` after the docstring\'s example: its first entry must be 10, and yours is 0. The new averages have only a name inside your function. The docstring names two ways to bring them into the state.',
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, {**state}, beta1, beta2)
    state["t"] = t
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "new-gradients-at-full-weight",
    "New gradients and new squares are added without the weight 1 - beta. Do the two weights of an average add up to 1 in your code?",
    hint="After a first step with `g` = 100 `m` must be 10, and yours is 100. If all gradients were 100 for ever, an average would tend to 100. Work out where yours goes with 0.9 of the old one plus 100.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    t = state["t"]
    state["m"] = beta1 * state["m"] + g
    state["v"] = beta2 * state["v"] + g**2
    m_hat, v_hat = state["m"] / (1 - beta1**t), state["v"] / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))


@catalogue.misconception(
    "5.3",
    "parameter-not-written-to",
    "What is remembered is right, and the parameter holds the same numbers as before. Does your last line write into the tensor that came in, or does it make another one?",
    hint="Compare id(p) before and after. A name that is bound to a new tensor leaves the model's own as it was.",
)
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t, m, v = _averages(g, state, beta1, beta2)
    m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
    p = p - lr * m_hat / (v_hat.sqrt() + eps)


# --- 5.4 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.4",
    "decay-in-gradient",
    "The averages contain the decay: it was added to the gradient, as L2 regularization does it. What happens to it there when Adam divides by the usual size of the gradient?",
    hint='Print `state["m"]` after the docstring\'s example: it must be 0.3 in both entries, a tenth of the gradient 3. Yours is 0.4 and 0.2, so Adam was shown 4 and 2. How can the parameter shrink without Adam noticing?',
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    adam_step(p, g + weight_decay * p, state, lr, beta1, beta2, eps)


@catalogue.misconception("5.4", "decay-in-gradient-in-place", same_as="decay-in-gradient")
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    g.add_(weight_decay * p)
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "decay-without-learning-rate",
    "The parameter shrinks by the share lambda in every step, whatever the learning rate is. Which share of it does the formula take away?",
    hint="In the docstring's example the decay takes 0.1 off the 10, one hundredth, and Adam another 0.1. Yours ends at 8.9 in place of 9.8. With `lr` = 0 nothing may move at all: try it.",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.mul_(1 - weight_decay)
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "decay-of-new-value",
    "The decay takes its share of the parameter after the step of Adam. Which value is to shrink, the one before that step or the one after it?",
    hint="In the docstring's example the decay takes 0.1 off the 10 and Adam another 0.1, which makes 9.8. Yours is 9.801, for a hundredth of 9.9 is a little less. Which of your two steps has to come first?",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    adam_step(p, g, state, lr, beta1, beta2, eps)
    p.mul_(1 - lr * weight_decay)


@catalogue.misconception(
    "5.4",
    "no-decay",
    "The result is that of Adam without any decay. Where does the parameter itself shrink?",
    hint="Call it with a gradient of zeros, p = 10, `lr` = 0.1 and `weight_decay` = 0.1: Adam does not move then, and p must still become 9.9. If you do compute something smaller, is it written into `p`?",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "settings-of-adam-not-passed-on",
    "With the usual settings all is right, and any others are ignored: Adam works with its own defaults. Which of your arguments reach it?",
    hint='Call it with `beta1` = 0 and print `state["m"]`: it must be the gradient itself, and yours is a tenth of it. Count what you hand on in the call of `adam_step`, and what it takes.',
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.mul_(1 - lr * weight_decay)
    adam_step(p, g, state, lr)


@catalogue.misconception("5.4", "decay-not-written-to-parameter", same_as="no-decay")
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.mul(1 - lr * weight_decay)
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "growth-in-place-of-decay",
    "The parameter moves away from 0 by the share that the decay should take off. Which sign has the decay in the update?",
    hint="Call it with a gradient of zeros, `lr` = 0.1 and `weight_decay` = 0.1: 10 and -10 must become 9.9 and -9.9, and yours become 10.1 and -10.1. By a number on which side of 1 do you multiply?",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.mul_(1 + lr * weight_decay)
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "decay-in-gradient-and-in-parameter",
    "The decay happens twice: the parameter shrinks, and the averages contain it as well. Should Adam know anything about it?",
    hint="In the docstring's example your parameter is right, by luck: Adam's first step asks for the sign only. But print `state[\"m\"]`: it must be 0.3 twice, and yours is 0.4 and 0.2. Which of your two decays leaves this trace?",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    decayed = g + weight_decay * p
    p.mul_(1 - lr * weight_decay)
    adam_step(p, decayed, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "same-amount-for-every-parameter",
    "Every entry moves toward 0 by the same amount, lr times lambda. Is the decay a fixed amount, or a share of the parameter?",
    hint="Call it with a gradient of zeros, `lr` = 0.1 and `weight_decay` = 0.1: 10 must lose 0.1, and 1 must lose 0.01. Yours lose 0.01 each. What does your decay have to depend on besides the two settings?",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.sub_(lr * weight_decay * p.sign())
    adam_step(p, g, state, lr, beta1, beta2, eps)


@catalogue.misconception(
    "5.4",
    "parameter-not-written-to",
    "The averages are right, and the parameter holds the same numbers as before. To which tensor was the step of Adam applied?",
    hint="Print `id(p)` at the beginning and right before the step of Adam. If it has changed, the name `p` has got a tensor of your own, and Adam moves that one. The caller's has to shrink itself.",
)
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p = p * (1 - lr * weight_decay)
    adam_step(p, g, state, lr, beta1, beta2, eps)


# --- 5.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.5",
    "never-cleared",
    "The first step is right, and each later one uses the sum of all gradients so far. Where does your code clear the old ones?",
    hint="Print `.grad` of one parameter right before the backward pass, in a first and in a second call. At the second one the first batch's gradient is still there, and the new one is added to it. What has to happen at every call, and before which line?",
)
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception("5.5", "cleared-once", same_as="never-cleared")
def train_step(net, opt, X, y):
    if not hasattr(net, "started"):
        net.started = True
        opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "cleared-before-step",
    "The optimizer made its step when there was no gradient, and nothing moved: backward had not run yet, or its result was gone again. In which order do zero_grad, backward and step stand in your code?",
    hint="Print `.grad` of one parameter right before the optimizer's step: it is None or all 0, and it should be the gradient of this batch. Which line fills it, and does one that empties it stand in between?",
)
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.zero_grad()
    opt.step()
    return loss.item()


@catalogue.misconception("5.5", "cleared-before-step-with-zeros", same_as="cleared-before-step")
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.zero_grad(set_to_none=False)
    opt.step()
    return loss.item()


@catalogue.misconception("5.5", "no-backward-pass", same_as="cleared-before-step")
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    opt.step()
    return loss.item()


@catalogue.misconception("5.5", "step-before-backward", same_as="cleared-before-step")
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    opt.step()
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "one-batch-late",
    "The first call moves nothing, and each later step uses the gradient of the batch before. Which comes first in your code, backward or step?",
    hint="Print a parameter before and after the very first call: it has not moved, for `.grad` was still empty when the optimizer had its turn. Go through the four stages in the order of the text and number your lines.",
)
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    opt.step()
    opt.zero_grad()
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "no-step",
    "The optimizer made no step at all, and the parameters are as before. Who is to update them?",
    hint="Print a parameter before and after your call. The optimizer you were given has to be told that it is its turn.",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "loss-returned-with-its-graph",
    "The loss is a tensor that still carries its graph; all else is right. What turns a tensor of one number into a Python number?",
    hint="Print what you return: behind the number stands a `grad_fn`, and with it hangs the whole graph of the batch. A tensor that holds one number has a method that gives you this number alone.",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss


@catalogue.misconception(
    "5.5",
    "nothing-returned",
    "The parameters are right, and no loss came back. What does the docstring ask your function to return?",
    hint="Print what a call gives: None. The number that is asked for is the one your backward pass started from, so you have had it in your hands already.",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()


@catalogue.misconception(
    "5.5",
    "loss-after-update",
    "The parameters are right, and the loss is that of the batch after the update. Which forward pass does the docstring ask about?",
    hint="The docstring's example gives 1.0986, 0.6864, 0.4945; yours begins with 0.6864. Two forward passes are one too many: from which loss did your backward pass start?",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return F.cross_entropy(net(X), y).item()


@catalogue.misconception(
    "5.5",
    "sum-in-place-of-mean",
    "Loss and gradient are as many times too large as there are examples in the batch. Is the loss of a batch the sum of its examples' losses, or their mean?",
    hint="In the docstring's example the first loss is ln 3 = 1.0986 for two examples, and yours is 2.1972. Give it the same batch twice over, as one of four: the step must stay the same. Does yours?",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y, reduction="sum")
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "softmax-before-cross-entropy",
    "The loss is what comes out when the outputs go through a softmax before the cross-entropy, which contains one already. How often is a softmax applied in your code?",
    hint="For outputs of (100, 0, 0) and the right class 0 the loss must be nearly 0, and yours is 0.55: even a sure and right answer is never good enough. What does the docstring call the outputs that go into the cross-entropy?",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(torch.softmax(net(X), dim=1), y)
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "one-update-per-example",
    "The optimizer made one step for each example of the batch. How many steps does the docstring ask for, and what is the loss of a mini-batch?",
    hint="In the docstring's example the first loss is 1.0986, and yours is 1.1965: your second example met parameters that the first one had moved already. A network takes all rows of `X` in a single call. Which loop is then too much?",
)
def train_step(net, opt, X, y):
    losses = []
    for example, label in zip(X, y, strict=True):
        opt.zero_grad()
        loss = F.cross_entropy(net(example[None]), label[None])
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return sum(losses) / len(losses)


@catalogue.misconception(
    "5.5",
    "number-taken-too-early",
    "Your function stops because backward is asked of a Python number. Which of the two knows how it was computed, the tensor or the number?",
    hint="Keep the tensor until the backward pass is done. Only what you return is a Python number.",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y).item()
    loss.backward()
    opt.step()
    return loss


@catalogue.misconception(
    "5.5",
    "outputs-cut-off",
    "PyTorch stops because the loss has no connection to the parameters. Is the forward pass cut off from them, by detach or no_grad?",
    hint="Print the loss before the backward pass: a tensor that remembers how it was made shows a `grad_fn`, and yours does not. Print the network's outputs in the same way. Which context stands around these lines, or which method was called on them?",
)
def train_step(net, opt, X, y):
    opt.zero_grad()
    with torch.no_grad():
        loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.5",
    "never-cleared-loss-with-graph",
    "The loss is a tensor that still carries its graph, and each step after the first uses the sum of all gradients so far. How does a Python number come out of a tensor, and where are old gradients cleared?",
    hint="Two things; take them one by one. Print what you return: the `grad_fn` behind it has to go. Then print `.grad` of a parameter right before the backward pass of a second call: it has to be empty there.",
)
def train_step(net, opt, X, y):
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss


# --- 5.11 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.11",
    "layers-in-python-list",
    "The network has no parameters: its layers are where a module does not look. In which kind of list does it find them?",
    hint="Print `list(net.parameters())`: it is empty, so an optimizer would train nothing, without a word. A plain list is just an object to a module. PyTorch has a list of its own for modules; the text names it.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = [torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes)]

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = F.relu(layer(x))
            return self.layers[-1](x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "relu-after-last-layer",
    "No output is negative: there is a ReLU after the last layer, too. Between which layers does it belong?",
    hint="Give the last layer a weight of 0 and a bias of -1: every output has to be -1, and yours is 0. Logits must be free to be negative. Which round of your loop is one too many for the ReLU?",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

        def forward(self, x):
            for layer in self.layers:
                x = F.relu(layer(x))
            return x

    return MLP()


@catalogue.misconception(
    "5.11",
    "relu-left-out",
    "There is nothing between the layers. What do two linear layers in a row make together?",
    hint="Two linear layers without anything between them are one linear layer: W2 (W1 x + b1) + b2 has the form W x + b. Print the numbers after the first layer: which of them should become 0?",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = layer(x)
            return self.layers[-1](x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "sigmoid-between",
    "A sigmoid stands between the layers. Which function is asked for?",
    hint="For -1 and 2 a ReLU gives 0 and 2, and yours gives 0.27 and 0.88. The sigmoid was the last step of the chapter's network; here the steps between the layers are others.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = torch.sigmoid(layer(x))
            return self.layers[-1](x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "biases-left-out",
    "The layers have no biases. Which parameters does a linear layer have?",
    hint="Print the names of the parameters: after `layers.0.weight` must come `layers.0.bias`. With inputs of 0, your network can only answer 0.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b, bias=False) for a, b in itertools.pairwise(sizes))

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = F.relu(layer(x))
            return self.layers[-1](x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "attributes-with-own-names",
    "The parameters are there, under other names than `layers.0.weight` and so on. Where do the names of parameters come from?",
    hint="A name is the way to the parameter: attribute, place in the list, attribute. Print yours beside those of the docstring. Weights saved under other names fit into no other network.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            for i, (a, b) in enumerate(itertools.pairwise(sizes)):
                setattr(self, f"layer{i}", torch.nn.Linear(a, b))

        def forward(self, x):
            for i in range(len(sizes) - 2):
                x = F.relu(getattr(self, f"layer{i}")(x))
            return getattr(self, f"layer{len(sizes) - 2}")(x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "relus-among-layers",
    "The numbers in the names go 0, 2, 4: something without parameters stands between the layers in the list. What should be in `layers`?",
    hint="Print `net.layers` for [3, 5, 2]: three modules, the middle one a ReLU. Only linear layers belong there; a ReLU has nothing to remember, so `forward` can call it as a function.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            modules = []
            for a, b in itertools.pairwise(sizes):
                modules += [torch.nn.Linear(a, b), torch.nn.ReLU()]
            self.layers = torch.nn.Sequential(*modules[:-1])

        def forward(self, x):
            return self.layers(x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "last-layer-left-out",
    "The last layer is missing. How many layers do three sizes make?",
    hint="Three sizes are two steps: 3 to 5, and 5 to 2. Count the parameters of your network: there must be two for each step.",
)
def make_mlp(sizes):
    class MLP(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.layers = torch.nn.ModuleList(torch.nn.Linear(a, b) for a, b in itertools.pairwise(sizes[:-1]))

        def forward(self, x):
            for layer in self.layers[:-1]:
                x = F.relu(layer(x))
            return self.layers[-1](x)

    return MLP()


@catalogue.misconception(
    "5.11",
    "state-dict-itself",
    "What came back is the state dict itself. Could it be written to a disk as it is, or sent to somebody?",
    hint='Print the type of what you return: the docstring asks for bytes. And as long as it holds the network\'s own tensors, the next training step changes what you have "saved".',
)
def weights_to_bytes(net):
    return net.state_dict()


@catalogue.misconception(
    "5.11",
    "parameters-only",
    "The parameters were saved, but not the buffers. What else does a network need to compute the same again?",
    hint="Print `nn.BatchNorm1d(3).state_dict()`: running_mean is in it, and among named_parameters() it is not. A network that normalizes by such a mean would compute something else after loading. Which of the two does the text ask you to save?",
)
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save({name: p.detach() for name, p in net.named_parameters()}, file)
    return file.getvalue()


@catalogue.misconception(
    "5.11",
    "file-itself",
    "What came back is the file in memory, not its bytes. Which of its methods gives all that was written?",
    hint="Print the type of what you return: BytesIO, and it must be bytes. Have a look at the methods of `io.BytesIO`: one gives the whole content, wherever the file stands.",
)
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file


@catalogue.misconception(
    "5.11",
    "read-at-the-end",
    "There are no bytes in what came back. Where does a file stand after it was written?",
    hint="Print `file.tell()` before you read: the file stands behind its last byte, and what is left to read is nothing. Go back to the beginning first, or ask for all of its content at once.",
)
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file.read()


@catalogue.misconception(
    "5.11",
    "whole-network-pickled",
    "PyTorch cannot save your network: a class that is made inside a function can't be found again by its name. What of a network has to be saved?",
    hint="Even where it worked, the file would hold only the name of the class and would break when the code moves. Save what training has found, the names and numbers, and leave the code to the program.",
)
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save(net, file)
    return file.getvalue()


@catalogue.misconception(
    "5.11",
    "parameters-without-names",
    "The bytes hold a list of tensors without names. How will a network know which is which?",
    hint="Load your bytes with `torch.load` and look: there must be a dict, from names like layers.0.weight to numbers. A module makes this dict for you.",
)
def weights_to_bytes(net):
    file = io.BytesIO()
    torch.save(list(net.parameters()), file)
    return file.getvalue()


@catalogue.misconception(
    "5.11",
    "not-strict",
    "Weights of a network with more layers or fewer were taken without an error. What is left in the layers that the file does not know?",
    hint="Load the bytes of [3, 5, 2] into a network of [3, 5, 2, 4]: its last layer keeps its random numbers, and every output is nonsense. Which argument of yours switches the comparison of names off?",
)
def load_weights(net, data):
    net.load_state_dict(torch.load(io.BytesIO(data), weights_only=True), strict=False)


@catalogue.misconception(
    "5.11",
    "nothing-loaded",
    "The second network computes with the numbers that it was made with. What became of those in the file?",
    hint="`torch.load` gives a dict and changes no network. Print a weight of the network before and after your call: it must change. Who copies the numbers over?",
)
def load_weights(net, data):
    torch.load(io.BytesIO(data), weights_only=True)


@catalogue.misconception("5.11", "state-dict-updated", same_as="nothing-loaded")
def load_weights(net, data):
    net.state_dict().update(torch.load(io.BytesIO(data), weights_only=True))


@catalogue.misconception(
    "5.11",
    "copied-in-pairs",
    "Numbers were copied in pairs, as far as both networks went, and nobody compared the names. What if one of them has more layers?",
    hint="Load the bytes of [3, 5, 2, 4] into a network of [3, 5, 2]: it must raise a RuntimeError, and yours takes what fits. A module has a method that copies a state dict and compares every name and shape.",
)
def load_weights(net, data):
    with torch.no_grad():
        for p, values in zip(net.parameters(), torch.load(io.BytesIO(data), weights_only=True).values(), strict=False):
            p.copy_(values)


@catalogue.misconception(
    "5.11",
    "file-may-run-code",
    "A file with a call in it was read, and the call was made. Who may have written the file?",
    hint="The text warns of it: a pickle can hold any call, and reading makes it. Which argument of `torch.load` refuses everything but weights, and what is yours set to?",
)
def load_weights(net, data):
    net.load_state_dict(torch.load(io.BytesIO(data), weights_only=False))


@catalogue.misconception(
    "5.11",
    "error-swallowed",
    "Weights of another network raise no error. Who gets to know that nothing was loaded?",
    hint="Whoever calls your function goes on with a network full of random numbers. The error of `load_state_dict` says just what is wrong; let it pass through.",
)
def load_weights(net, data):
    try:
        net.load_state_dict(torch.load(io.BytesIO(data), weights_only=True))
    except RuntimeError:
        print("these weights do not fit")


# --- 5.6 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.6",
    "divided-by-number-of-micro-batches",
    "With equal sizes all is right, and with unequal ones each micro-batch counts the same, however small it is. How much should an example in a small micro-batch count?",
    hint="In the docstring's example there are micro-batches of 2 and of 1, and each of the three examples should weigh 1/3. In your code the first two weigh 1/4 each and the last one 1/2. Which numbers have to be in the factor for a micro-batch?",
)
def accumulate_step(net, opt, micro_batches):
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y) / len(micro_batches)
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception(
    "5.6",
    "means-added-up",
    "The gradient is the plain sum of the mean gradients of the micro-batches. By what must each be scaled before it is added?",
    hint="In the docstring's example, with micro-batches of 2 and of 1, the three examples weigh 1/2, 1/2 and 1 in your gradient. The weights in a mean over three are all equal and add up to 1. What would each micro-batch's mean have to be multiplied by?",
)
def accumulate_step(net, opt, micro_batches):
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception("5.6", "means-added-up-mean-returned", same_as="means-added-up")
def accumulate_step(net, opt, micro_batches):
    opt.zero_grad()
    losses = []
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y)
        loss.backward()
        losses.append(loss.item())
    opt.step()
    return sum(losses) / len(losses)


@catalogue.misconception(
    "5.6",
    "sums-added-up",
    "Loss and gradient are those of the sum over all examples. What is missing to make it their mean?",
    hint="In the docstring's example the loss must be ln 2 = 0.6931 for three examples, and yours is 2.0794. Each example weighs 1 in your code. Which number do you have to know before the first backward pass, so that it weighs 1/3?",
)
def accumulate_step(net, opt, micro_batches):
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum")
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception(
    "5.6",
    "means-divided-by-all-examples",
    "Each micro-batch's mean was divided by the number of all examples. How much does one of its examples then count in the sum, and how much should it?",
    hint="In the docstring's example, with micro-batches of 2 and of 1, your three examples weigh 1/6, 1/6 and 1/3. You divide by all three, but the mean has divided by 2 before. What is to be divided by the number of all examples, if not the mean?",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y) / count
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception(
    "5.6",
    "cleared-before-each-micro-batch",
    "The optimizer used the gradient of the last micro-batch alone. When are gradients cleared in your code?",
    hint="Print `.grad` of one parameter after each backward pass, with two micro-batches: the second print has to contain the first. Here the adding up is no trap but the purpose. How often in one call may it start from nothing?",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        opt.zero_grad()
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception(
    "5.6",
    "cleared-after-each-micro-batch",
    "When the optimizer made its step there was no gradient left, and nothing moved. When are gradients cleared in your code?",
    hint="Print `.grad` of one parameter right before the optimizer's step: nothing is left. From the first backward pass to that step nothing may be cleared. Where is the only place left for it?",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
        opt.zero_grad()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception(
    "5.6",
    "old-gradients-not-cleared",
    "The gradient that was used still contains what was there before the call. What was in .grad when your first micro-batch added to it?",
    hint="Before a call, fill `.grad` of each parameter with ones by hand: the update must be the same as without. Clearing at the end of your function is no help against what somebody else has left there.",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
        total += loss.item()
    opt.step()
    return total


@catalogue.misconception("5.6", "cleared-at-end-only", same_as="old-gradients-not-cleared")
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
        total += loss.item()
    opt.step()
    opt.zero_grad()
    return total


@catalogue.misconception(
    "5.6",
    "step-after-each-micro-batch",
    "The optimizer made one step for each micro-batch. At which parameters must the gradient of the second one be taken, so that the result is that of one large batch?",
    hint="Print one parameter before each forward pass of a call: it must show the same number for all micro-batches, for in one large batch they would all meet the same network. What in your loop moves it in between? (`train_step` does, too.)",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
        opt.step()
        total += loss.item()
    return total


@catalogue.misconception("5.6", "train-step-for-each-micro-batch", same_as="step-after-each-micro-batch")
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    return sum(train_step(net, opt, X, y) * len(y) for X, y in micro_batches) / count


@catalogue.misconception("5.6", "train-step-for-each-last-loss", same_as="step-after-each-micro-batch")
def accumulate_step(net, opt, micro_batches):
    for X, y in micro_batches:
        loss = train_step(net, opt, X, y)
    return loss


@catalogue.misconception(
    "5.6",
    "all-at-once",
    "The numbers are right, but the whole batch went through the network at once. What was the reason for cutting it into micro-batches?",
    hint="Print the shape of what goes into the network: it must never have more rows than one micro-batch, or it does not fit into memory. Gradients add up by themselves. What can then be done with each piece on its own?",
)
def accumulate_step(net, opt, micro_batches):
    inputs, labels = zip(*micro_batches, strict=True)
    opt.zero_grad()
    loss = F.cross_entropy(net(torch.cat(inputs)), torch.cat(labels))
    loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.6",
    "share-of-last-micro-batch-returned",
    "The update is right, and the loss that came back is the share of the last micro-batch. Whose mean is asked for?",
    hint="In the docstring's example the loss must be 0.6931, and yours is 0.2310, the third that belongs to the last example. Print your loss variable in each round: what has become of the first round's number at the end?",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y, reduction="sum") / count
        loss.backward()
    opt.step()
    return loss.item()


@catalogue.misconception(
    "5.6",
    "mean-of-means-returned",
    "The update is right, and the loss that came back is the mean of the micro-batches' means. Does each example have the same weight in it?",
    hint="Take means of 1, over two examples, and of 4, over a single one. The mean over the three is (1 + 1 + 4) / 3 = 2, and the mean of the means is 2.5. For the gradients you have weighed them rightly; what about the loss?",
)
def accumulate_step(net, opt, micro_batches):
    count = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    means = []
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y)
        (loss * len(y) / count).backward()
        means.append(loss.item())
    opt.step()
    return sum(means) / len(means)


# --- 5.12 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.12",
    "as-given",
    "Each step uses the sum of the gradients of its own batch and of all batches before it in the same epoch, as in `broken_epoch`. How often in an epoch are gradients cleared, and how often must they be?",
    hint="Print `.grad` of a parameter at the beginning of each round, with two batches: in the second round the first batch's gradient is still there. Which of your lines stands outside of the loop and has to run in every round?",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    opt.zero_grad()
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.12",
    "never-cleared",
    "Each step uses the sum of all gradients since the first epoch. Where are old gradients cleared?",
    hint="Call your function twice with a single batch and print `.grad` of a parameter at the beginning of each call: in the second it still holds what the first call left. Removing the clearing is no repair; which line should it stand next to?",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.12",
    "cleared-before-step",
    "Nothing moves: when the optimizer makes its step, the gradient is gone. Between which two of the four stages is clearing allowed?",
    hint="Print `.grad` of a parameter right before the optimizer's step: None. From the backward pass to the step it must stay. Has your line come to the right side of the backward pass?",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.zero_grad()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.12",
    "one-step-for-the-epoch",
    "The optimizer made one step in the whole epoch. For how many batches should it make one?",
    hint="Print `opt` at work: count the calls of `step` for three batches. There must be three, and you make one, with the sum of three gradients. That sum is what went wrong before; taking the step less often does not clear it.",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    opt.zero_grad()
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        total += loss.item() * len(y)
        count += len(y)
    opt.step()
    return total / count


@catalogue.misconception(
    "5.12",
    "symptom-clipped-away",
    "The gradients no longer explode, because they were cut to a maximal length. Each is still the sum of several batches. What made them long?",
    hint="A shorter step in the wrong direction is wrong, too: the second step of an epoch still follows the first batch. Take the clipping out, print `.grad` at the beginning of each round, and ask what it is doing there.",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    opt.zero_grad()
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.12",
    "mean-of-batch-means",
    "The steps are right, and the loss that came back is the mean of the batches' means. Does an example in a small batch count as much as one in a large batch?",
    hint="Take a batch of 4 with the mean 1 and a batch of 1 with the mean 6: over all five examples the mean is 2, and yours is 3.5. The broken function got this right. Compare its last lines with yours.",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item()
        count += 1
    return total / count


@catalogue.misconception(
    "5.12",
    "last-loss-returned",
    "The steps are right, and what came back is the loss of the last batch. Over which examples is the mean asked for?",
    hint="For two batches with the losses 3 and 1, of equal size, 2 must come back, and you give 1. The broken function adds up what you throw away. What do its variables `total` and `count` hold at the end?",
)
def repaired_epoch(net, opt, batches):
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
    return loss.item()


@catalogue.misconception(
    "5.12",
    "loss-with-graph",
    "The steps are right, and the loss that came back is a tensor. What does a sum of loss tensors keep alive?",
    hint="Print what you return: there is a `grad_fn`. It holds the graphs of all batches of the epoch. Which method makes a Python number of a tensor with a single number in it?",
)
def repaired_epoch(net, opt, batches):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss * len(y)
        count += len(y)
    return total / count


# --- 5.7 -----------------------------------------------------------------------------------------------------------


def _norm(params):
    return torch.sqrt(sum((p.grad**2).sum() for p in params if p.grad is not None))


@catalogue.misconception(
    "5.7",
    "each-tensor-on-its-own",
    "The norm is right, and each gradient was compared with the maximum on its own. Do all of them get the same factor, and does the step keep its direction?",
    hint="In the docstring's example you give both gradients the length 1: 3 to 4 has become 1 to 1, and together they are still 1.41 long. You know that all of it together is 5 long. By what is everything to be multiplied?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    for p in params:
        if p.grad is not None and p.grad.norm() > max_norm:
            p.grad.mul_(max_norm / p.grad.norm())
    return norm


@catalogue.misconception(
    "5.7",
    "each-number-on-its-own",
    "The norm is right, and every number beyond the maximum was cut down to it. Do all numbers get the same factor, and does the step keep its direction?",
    hint="Try a gradient (12, 5) with a maximum of 1: you make (1, 1) of it, which points elsewhere and is still 1.41 long. The right answer is about (0.92, 0.38). By what were both numbers multiplied there?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    for p in params:
        if p.grad is not None:
            p.grad.clamp_(-max_norm, max_norm)
    return norm


@catalogue.misconception(
    "5.7",
    "sum-of-norms",
    "The norm that came back is the sum of the norms of the tensors. What is the length of a vector whose two halves have the lengths 3 and 4?",
    hint="In the docstring's example the answer is 5, and yours is 7. Write the two gradients one behind the other, as (3, 0, -4), and work out the length. How many roots did you need, and after which sum?",
)
def clip_gradients(params, max_norm):
    norm = sum(p.grad.norm() for p in params if p.grad is not None)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "always-rescaled",
    "The norm is right, and gradients that are shorter than the maximum were stretched to it. What should happen to them?",
    hint="Try the docstring's example with a maximum of 100: the gradients must stay 3 and -4, and yours become 60 and -80. Work out the min(1, ...) of the formula for this case.",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    for p in params:
        if p.grad is not None:
            p.grad.mul_(max_norm / (norm + 1e-6))
    return norm


@catalogue.misconception(
    "5.7",
    "always-rescaled-also-from-zero",
    "The norm is right, and gradients that are shorter than the maximum were stretched to it, those of 0 into NaN. What should happen to them?",
    hint="Print your factor for a norm of 5 and a maximum of 100, and for a norm of 0: 20 and infinity. Neither may be used. In both cases the norm is below the maximum; what is left to do then?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    for p in params:
        if p.grad is not None:
            p.grad.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "square-of-norm",
    "What came back is the square of the norm. Which step comes after adding up the squares?",
    hint="For the gradients [3] and [0, -4] the answer is 5, and yours is 25.",
)
def clip_gradients(params, max_norm):
    norm = sum((p.grad**2).sum() for p in params if p.grad is not None)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "norm-afterwards",
    "The gradients are right, and the norm that came back is the one they have after clipping. Which of the two announces trouble?",
    hint="In the docstring's example the answer is 5, and yours is 1. A number that never exceeds the maximum cannot show a peak. Is the norm measured when the gradients have been changed already?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return _norm(params)


@catalogue.misconception(
    "5.7",
    "nothing-returned",
    "The gradients are right, and no norm came back. What does the docstring ask your function to return?",
    hint="Print what a call gives: None, and in the docstring's example it must be 5. You had this number when you decided whether to clip.",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)


@catalogue.misconception(
    "5.7",
    "clipped-copies",
    "The norm is right, and the gradients are as before. Does your code write into the gradients of the parameters, or does it make new tensors beside them?",
    hint="Print `p.grad` after the docstring's example: it is still 3, and must be 0.6. In a loop over gradients, a line `g = ...` only gives the name `g` to another tensor. What would write into the one that `p.grad` holds?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        for g in [p.grad for p in params if p.grad is not None]:
            g = g * max_norm / norm
    return norm


@catalogue.misconception(
    "5.7",
    "norm-of-parameters",
    "What came back is the norm of the parameters. Of which tensors is it asked for?",
    hint="Print p and p.grad for one parameter. It is the second that is measured and shortened.",
)
def clip_gradients(params, max_norm):
    norm = torch.sqrt(sum((p.detach() ** 2).sum() for p in params))
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "parameters-clipped",
    "The norm is right, the gradients are as before, and the parameters were scaled in their place. What is to become shorter, the step or the parameters?",
    hint="Print `p` and `p.grad` of one parameter before and after. The first is what the network has learned so far and must stay; the second says how far the next step goes. Which of the two does your loop write to?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        with torch.no_grad():
            for p in params:
                p.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "always-length-1",
    "The norm is right, and a gradient that is too long gets the length 1, whatever the maximum is. Which length may it keep?",
    hint="Try the docstring's example with a maximum of 2: the gradients must become 1.2 and -1.6, and yours become 0.6 and -0.8. Which argument occurs in your comparison but not in your factor?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.div_(norm)
    return norm


@catalogue.misconception(
    "5.7",
    "factor-upside-down",
    "The norm is right, and gradients that are too long became even longer. Which of the two stands on top of your fraction, the norm or the maximum?",
    hint="In the docstring's example the 3 must become 0.6, and yours becomes 15. Print your factor: what shortens is less than 1.",
)
def clip_gradients(params, max_norm):
    norm = _norm(params)
    if norm > max_norm:
        for p in params:
            if p.grad is not None:
                p.grad.mul_(norm / max_norm)
    return norm


@catalogue.misconception(
    "5.7",
    "mean-of-squares",
    "What came back is the root of the mean of the squares. Is the length of a vector made from their mean or from their sum?",
    hint="In the docstring's example the squares 9, 0 and 16 add up to 25, and the length is 5. Yours is 2.89. A vector does not get shorter when zeros are put behind it; does yours?",
)
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.cat([g.flatten() for g in grads]).pow(2).mean().sqrt()
    if norm > max_norm:
        for g in grads:
            g.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "largest-entry",
    "What came back is the largest absolute value of all entries. Which norm does the formula describe?",
    hint="For the gradients [3] and [0, -4] the answer is 5, and yours is 4.",
)
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.cat([g.flatten() for g in grads]).abs().max()
    if norm > max_norm:
        for g in grads:
            g.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "gradient-missing",
    "Your function stops where a parameter has no gradient. What is p.grad for a parameter that took no part in the loss?",
    hint="p.grad is None for such a parameter. Leave it out of the list before you square anything.",
)
def clip_gradients(params, max_norm):
    norm = torch.sqrt(sum((p.grad**2).sum() for p in params))
    if norm > max_norm:
        for p in params:
            p.grad.mul_(max_norm / norm)
    return norm


@catalogue.misconception(
    "5.7",
    "division-by-norm-of-0",
    "Your function stops with a division by zero where all gradients are 0. For which norms is a factor needed at all?",
    hint="Print the norm where all gradients are 0, and ask whether it is larger than the maximum. It never is, so there is nothing to shorten. Where in your code could this question stand, so that the division is not reached?",
)
def clip_gradients(params, max_norm):
    norm = _norm(params).item()
    factor = min(1.0, max_norm / norm)
    for p in params:
        if p.grad is not None:
            p.grad.mul_(factor)
    return norm


@catalogue.misconception(
    "5.7",
    "clipped-only-far-above-limit",
    "A norm that is a little above the maximum is left as it is. From which norm on does your function clip?",
    hint="Take the gradients 3 and 4 with a maximum of 4.9: they must become 2.94 and 3.92, and yours stay. Look at the comparison: which two numbers does the text compare?",
)
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.sqrt(sum((g**2).sum() for g in grads))
    if norm > max_norm + 1:
        for g in grads:
            g.mul_(max_norm / norm)
    return norm


# --- 5.13 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.13",
    "as-given",
    "The optimizer used the gradients unclipped, as in `broken_clipped_epoch`. What do they look like at the moment when it makes its step?",
    hint="Print the norm of a parameter's `.grad` right before the optimizer's step, with a very small `max_norm`: it is as long as ever. Clipping has to find a gradient that is there, and the optimizer has to find a clipped one. In which order do the three lines stand?",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception("5.13", "clipping-left-out", same_as="as-given")
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception("5.13", "clipped-before-backward", same_as="as-given")
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "two-steps",
    "The optimizer made two steps for each batch. How many steps does a batch get?",
    hint="Count the calls of `step` in one round: the old one, unclipped, is still there, and a second one came after the clipping. Which of the two did you mean to keep?",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "each-number-on-its-own",
    "Every number of the gradients was cut to the limit on its own. Of what is `max_norm` the largest allowed length?",
    hint="A gradient (3, 4) with a limit of 1 must become (0.6, 0.8), and cut number by number it is (1, 1): longer than 1, and in another direction. The broken function calls the right tool. Only its place is wrong.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        torch.nn.utils.clip_grad_value_(net.parameters(), max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "each-tensor-on-its-own",
    "Each parameter's gradient was clipped on its own. Does the step keep its direction then?",
    hint="Two gradients [3] and [4] are 5 long together; with a limit of 1 they must become 0.6 and 0.8, and yours are 1 and 1. The function for clipping takes all parameters in one call.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        for p in net.parameters():
            torch.nn.utils.clip_grad_norm_([p], max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "each-group-on-its-own",
    "The gradients of each group of the optimizer were clipped on their own. Which norm is max_norm the limit of?",
    hint="An optimizer may keep its parameters in several groups, such as weights and biases, so that each can have its own settings. The limit is one for all gradients together, whatever their group: one call for the whole network.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        for group in opt.param_groups:
            torch.nn.utils.clip_grad_norm_(group["params"], max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "always-rescaled",
    "Gradients that were shorter than the limit have been stretched to it. What should happen to them?",
    hint="Try a limit of 100 with gradients of the norm 5: they must stay as they are, and you make them 20 times as long. By which factor may a gradient be multiplied at most?",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        norm = torch.cat([p.grad.flatten() for p in net.parameters()]).norm()
        for p in net.parameters():
            p.grad *= max_norm / norm
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "loss-clipped",
    "The loss was limited before the backward pass, and where it is above the limit no gradient is left. What is to be shortened, the loss or its gradient?",
    hint="The slope of a number that was cut to a limit is 0. So a bad batch would teach nothing at all. Leave the loss as it is, and shorten what the backward pass writes into `.grad`.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.clamp(max=max_norm).backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "cleared-before-step",
    "Nothing moves: when the optimizer makes its step, the gradient is gone. What happens between the clipping and the step?",
    hint="Print `.grad` of a parameter right before the optimizer's step: None. From the backward pass to the step, gradients may be shortened but not cleared.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        opt.zero_grad()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.13",
    "never-cleared",
    "Clipping comes in time, but each step uses the clipped sum of all gradients so far. Which line of the round has gone missing?",
    hint="Print `.grad` of a parameter at the beginning of each round: it still holds the batch before. Compare your round with the broken one, line by line: only one line had to move, and another has been lost.",
)
def repaired_clipped_epoch(net, opt, batches, max_norm):
    total, count = 0.0, 0
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


# --- 5.8 -----------------------------------------------------------------------------------------------------------


def _part(step, warmup, total):
    """How much of the decay is done."""
    return (step - warmup) / (total - warmup)


@catalogue.misconception(
    "5.8",
    "one-half-left-out",
    "The decay starts too high by the difference of the two rates. From where to where does 1 + cos run, and what makes it run from 1 to 0?",
    hint="Put step 10 of the docstring's example in: the cosine is 1, the bracket is 2, and you get 0.1 plus 0.4 times 2, which is 0.9, in place of 0.5. The difference of the rates may count once at the top, not twice.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "decay-counted-from-step-0",
    "The decay has begun before the warm-up is over: it is a share of all steps. At which step should its cosine be 1?",
    hint="Print your share of the decay at step 10 of the docstring's example, where the warm-up ends: it is 0.1 and must be 0. That is why your rate is 0.4902 there and not 0.5. How many steps of decay have been done at that point?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * step / total))


@catalogue.misconception(
    "5.8",
    "decay-as-long-as-whole-run",
    "The decay begins after the warm-up and lasts as many steps as the whole run, so it is cut off before its end. How many steps are there between the end of the warm-up and the last step?",
    hint="Print your share of the decay at step 99 of the docstring's example: it is 0.89 and must be nearly 1, since one step later all is over. How long is a decay that goes from step 10 to step 100?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * (step - warmup) / total))


@catalogue.misconception(
    "5.8",
    "decay-to-0",
    "The decay runs from the largest rate toward 0, not toward the smallest rate. Where does min_lr enter between warm-up and end?",
    hint="In the docstring's example your rate falls to 0.0002 at step 99 and jumps up to 0.1 at step 100. The curve must come down to 0.1 by itself: what is its lowest value, and how far is it from there to the top?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return 0.5 * max_lr * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "smallest-rate-on-top",
    "The decay runs from max_lr + min_lr to min_lr. How far does the rate have to fall in all?",
    hint="In the docstring's example your rate at step 10 is 0.6, more than the largest one. It has to come down from 0.5 to 0.1: how much is that, and what stands in your code for it?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * max_lr * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "whole-turn",
    "The rate falls to its smallest value in the middle of the decay and rises again. Over what part of a turn should the cosine run?",
    hint="In the docstring's example the middle of the decay is step 55: the rate must be 0.3 there, and yours is 0.1 already. Print the angle that your cosine has reached at step 99, and look up at which angle a cosine is -1 for the first time.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(2 * math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "quarter-of-turn",
    "The decay is a quarter of a turn of the cosine, which is still steep at the end. Over what part of a turn should it run?",
    hint="In the docstring's example the rate at step 55, in the middle, must be 0.3, and yours is 0.3828. Print your cosine at step 99: it has come down to nearly 0. In the formula it goes on from there to -1. Which part of the bracket makes up for the negative half?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + (max_lr - min_lr) * math.cos(math.pi / 2 * _part(step, warmup, total))


@catalogue.misconception(
    "5.8",
    "pi-left-out",
    "The cosine runs from 0 to 1 radian only, so the rate hardly falls. What angle is half a turn?",
    hint="Print your cosine at step 99 of the docstring's example: it is 0.55 and must be nearly -1. Python measures angles in radians, and a share of the decay between 0 and 1 is no angle yet.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(_part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "rises-after-end",
    "All is right up to step total, and after it the rate rises again. What does a cosine do after half a turn?",
    hint="Past the last step the share of the decay is greater than 1, and the cosine comes back up. That case needs its own return.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "0-after-end",
    "All is right up to step total, and from there on the rate is 0. At which rate is the training to go on?",
    hint="Print the rate at the last step and at the one after it: both are the smallest rate.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return 0.0
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "straight-line",
    "The decay is a straight line: right at its beginning, in the middle and at its end, and nowhere else. Where is the cosine?",
    hint="A quarter of the way down, the cosine has fallen by 15 % only, and a line by 25 %. Put your share of the decay into 1 + cos.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return max_lr - (max_lr - min_lr) * _part(step, warmup, total)


@catalogue.misconception(
    "5.8",
    "rising-decay",
    "The decay runs from the smallest rate up to the largest. Which sign has the cosine in your bracket?",
    hint="Put step 10 of the docstring's example in, where the decay begins: the cosine is 1, and the bracket must be 2. Yours is 0, so you get 0.1 in place of 0.5.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 - math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "sine-in-place-of-cosine",
    "The decay follows a sine: its value in the middle is the smallest rate plus the whole difference. Which of the two functions begins at 1?",
    hint="At the beginning of the decay the rate is the largest one. sin(0) is 0 and cos(0) is 1.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.sin(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "warm-up-one-step-early",
    "The warm-up is one step ahead: at step 0 the rate is already max_lr / warmup. What should it be there?",
    hint="Print the rates of the docstring's example for steps 0 to 10: 0, 0.05, 0.1 and so on up to 0.5. Yours begin with 0.05, and 0.5 comes twice. Steps are counted from 0 here; what was added to them?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * (step + 1) / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "warm-up-as-in-nanogpt",
    "The warm-up is (step + 1) / (warmup + 1) of the largest rate, as some programs have it. What does the formula here say for step 0?",
    hint="Print the rates of the docstring's example for steps 0 and 5: they must be 0 and 0.25, and yours are 0.0455 and 0.2727. Take the formula of the text as it stands; which numbers has your fraction that it has not?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * (step + 1) / (warmup + 1)
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "warm-up-from-smallest-rate",
    "The warm-up begins at min_lr. Where does the formula let it begin?",
    hint="At step 0 the rate is 0. The smallest rate belongs to the end of the decay.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return min_lr + (max_lr - min_lr) * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "no-warm-up",
    "The rate is the largest one from the first step on. What should it be during the warm-up?",
    hint="Print the rates of the docstring's example for steps 0 to 10: they must climb by 0.05 each, and yours are 0.5 from the start. How much of the largest rate is due after 5 of 10 steps?",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


@catalogue.misconception(
    "5.8",
    "division-by-warm-up-of-0",
    "All is right as long as there is a warm-up, and without one step 0 stops your function with a division by zero. Which case of the formula belongs to step 0 then?",
    hint="With $W = 0$ ask the formula's first condition for $s = 0$: is 0 smaller than 0? Then compare the sign of your condition with it, character by character.",
)
def lr_at(step, max_lr, min_lr, warmup, total):
    if step <= warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * _part(step, warmup, total)))


# --- 5.14 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.14",
    "as-given",
    "The log is right, and all steps were made with the rate that the optimizer had before, as in `broken_warm_up`. Where does an optimizer read its learning rate?",
    hint='Print `opt.param_groups[0]["lr"]` right before the optimizer\'s step: it is the same in every round. A new number under a local name, or in an attribute that nobody reads, does not reach it. Into which dicts must it be written?',
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception("5.14", "attribute-nobody-reads", same_as="as-given")
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.lr = lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception("5.14", "default-changed", same_as="as-given")
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.defaults["lr"] = lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception("5.14", "copies-of-groups-changed", same_as="as-given")
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        for group in opt.param_groups:
            group = {**group, "lr": lr}
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "first-group-only",
    "With one group all is right; with two, the second keeps its old rate. How many dicts does `opt.param_groups` hold?",
    hint="Make an optimizer with the weight in one group and the bias in another, and print the rates of both right before the step. One of them follows the schedule. What would a loop do here?",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.param_groups[0]["lr"] = lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "set-after-step",
    "Each step was made with the rate of the step before, the first one with the rate that the optimizer came with. When is the rate read, and when do you write it?",
    hint="Use a schedule that begins with 0 and print a parameter before and after the first step: it must not move, and yours does. The rate has to be there when the optimizer makes its step.",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        for group in opt.param_groups:
            group["lr"] = lr
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "counted-from-1",
    "Each step was made with the rate of the step after it. Which number has the first batch?",
    hint="The docstring calls the first batch step 0. Print what you ask the schedule for in the first round.",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step + 1)
        for group in opt.param_groups:
            group["lr"] = lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "one-rate-for-all",
    "All steps were made with the rate of step 0. How often does the rate have to be set?",
    hint="Print the optimizer's rate in each round: it is right in the first one and then stays. A schedule has another number for every step, so setting it belongs inside the loop.",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    lr = schedule(0)
    for group in opt.param_groups:
        group["lr"] = lr
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "rate-multiplied",
    "The optimizer's rate was multiplied by the schedule's. Is the schedule a factor, or is it the learning rate itself?",
    hint="With a schedule that says 0.1 in every step, each step must be made with 0.1. Print the optimizer's rate: yours shrinks from round to round.",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        for group in opt.param_groups:
            group["lr"] *= lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


@catalogue.misconception(
    "5.14",
    "gradients-not-cleared",
    "The rates are right, and each step uses the sum of all gradients so far. Which line of the round has gone missing?",
    hint="Compare your round with the broken one: its four stages are all in order, and only the rate did not arrive. In yours, print `.grad` of a parameter at the beginning of the second round.",
)
def repaired_warm_up(net, opt, batches, schedule):
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        for group in opt.param_groups:
            group["lr"] = lr
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


# --- 5.9 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.9",
    "shuffled-separately",
    "Inputs and labels are in two different random orders, so that examples have the labels of others. How many orders are drawn in your code?",
    hint="Try `X = torch.arange(10.).reshape(10, 1)` and `y = torch.arange(10)`: in each batch inputs and labels must show the same numbers. Print the row numbers that you use for `X` and those for `y`.",
)
def minibatches(X, y, size, generator):
    X = X[torch.randperm(len(X), generator=generator)]
    y = y[torch.randperm(len(y), generator=generator)]
    return list(zip(X.split(size), y.split(size), strict=True))


@catalogue.misconception(
    "5.9",
    "labels-not-shuffled",
    "The inputs are in a random order and the labels in the old one. Which label belongs to the first row of your first batch?",
    hint="Try `X = torch.arange(10.).reshape(10, 1)` and `y = torch.arange(10)` with a size of 3: in each batch inputs and labels must show the same numbers. Your first labels are always 0, 1, 2. Which rows were picked from `X`, and which from `y`?",
)
def minibatches(X, y, size, generator):
    X = X[torch.randperm(len(X), generator=generator)]
    return list(zip(X.split(size), y.split(size), strict=True))


@catalogue.misconception(
    "5.9",
    "rest-dropped",
    "The examples that do not fill a whole batch are in none. What should become of them?",
    hint="For 10 examples and a size of 3 the sizes are 3, 3, 3 and 1. Up to which number does your loop run?",
)
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X), generator=generator)
    pieces = [order[i * size : (i + 1) * size] for i in range(len(X) // size)]
    return [(X[rows], y[rows]) for rows in pieces]


@catalogue.misconception(
    "5.9",
    "not-shuffled",
    "Every epoch goes through the examples as they stand in X. Where is the random order?",
    hint="Try `y = torch.arange(10)` and print the labels of two epochs: 0, 1, 2, ... both times. Draw a random order of the row numbers first. Which of your arguments has nothing to do so far?",
)
def minibatches(X, y, size, generator):
    return list(zip(X.split(size), y.split(size), strict=True))


@catalogue.misconception(
    "5.9",
    "generator-seeded-anew",
    "Every epoch has the same order, though a random one. What does your code do to the generator before it draws?",
    hint="Call it twice with one and the same generator and `y = torch.arange(10)`: the second order must be another one. A generator moves on by itself with each number it draws. Which line of yours sets it back, or replaces it?",
)
def minibatches(X, y, size, generator):
    generator.manual_seed(0)
    order = torch.randperm(len(X), generator=generator)
    return [(X[rows], y[rows]) for rows in order.split(size)]


@catalogue.misconception(
    "5.9",
    "generator-not-used",
    "The orders do not depend on the generator that was passed in. Where do the random numbers of your code come from?",
    hint="Call it twice, each time with a new generator of seed 0: the two orders must be the same, and yours differ. Look at the call that draws the order: how is it told where its random numbers come from?",
)
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X))
    return [(X[rows], y[rows]) for rows in order.split(size)]


@catalogue.misconception(
    "5.9",
    "shuffled-in-place",
    "The batches are right, but X and y themselves are in another order afterwards. Does your code write into the tensors that came in?",
    hint="Print X before and after your call. Picking rows by a list of numbers makes new tensors.",
)
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X), generator=generator)
    X[:], y[:] = X[order], y[order]
    return [(a.clone(), b.clone()) for a, b in zip(X.split(size), y.split(size), strict=True)]


@catalogue.misconception(
    "5.9",
    "drawn-with-replacement",
    "Some examples came several times and others not at all. Is each row drawn anew, or is there one order of all rows?",
    hint="Try `y = torch.arange(10)` and sort all labels of an epoch: each of 0 to 9 must be there once. You roll a die with ten sides ten times; what is wanted is a deck of ten cards, shuffled. Which function does that?",
)
def minibatches(X, y, size, generator):
    order = torch.randint(len(X), (len(X),), generator=generator)
    return [(X[rows], y[rows]) for rows in order.split(size)]


@catalogue.misconception(
    "5.9",
    "size-taken-for-number-of-batches",
    "There are as many batches as a batch should have examples. What does `size` count?",
    hint="For 10 examples and a size of 3 there are four batches, the first with 3 examples. Which functions cut by size, and which by count?",
)
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X), generator=generator)
    return [(X[rows], y[rows]) for rows in order.chunk(size)]


@catalogue.misconception(
    "5.9",
    "batches-shuffled-examples-not",
    "The batches come in a random order, and in each of them are examples that stand next to each other in X. What should be shuffled, the batches or the examples?",
    hint="Try `y = torch.arange(10)` with a size of 3 and print the labels: 0, 1 and 2 always come together. With texts sorted by author each batch is still all of one kind. What has to come first, the cutting or the shuffling?",
)
def minibatches(X, y, size, generator):
    pieces = torch.arange(len(X)).split(size)
    whole, rest = ([p for p in pieces if (len(p) == size) is full] for full in (True, False))
    order = torch.randperm(len(whole), generator=generator)
    return [(X[rows], y[rows]) for rows in [whole[i] for i in order] + rest]


@catalogue.misconception(
    "5.9",
    "one-batch-only",
    "One batch came back, and an epoch has more of them. What does your loop return, and when?",
    hint="Count the batches for 10 examples and a size of 3: there are four. A return inside the loop ends it after the first.",
)
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X), generator=generator)
    for rows in order.split(size):
        return [(X[rows], y[rows])]


@catalogue.misconception(
    "5.9",
    "leftover-rows-fixed",
    "The same rows are left over for the last batch in every epoch. Which rows may the shuffling reach: all of them, or those that fill whole batches?",
    hint="Try `y = torch.arange(5)` with a size of 2 and print the last batch of twenty epochs: each label must stand there now and then, and yours is always the same one. How long is the order you draw?",
)
def minibatches(X, y, size, generator):
    whole = len(X) // size * size
    order = torch.cat([torch.randperm(whole, generator=generator), torch.arange(whole, len(X))])
    return [(X[rows], y[rows]) for rows in order.split(size)]


@catalogue.misconception(
    "5.9",
    "rows-swapped-at-random",
    "Not every order has the same chance: each row was swapped with a row from anywhere. How many equally likely outcomes do your swaps have, and do they divide evenly among the orders?",
    hint="Work it out for three rows: three swaps with three choices each make 27 cases, and there are 6 orders. Can 27 be shared out evenly? A row that has been drawn for its place must stay out of what is drawn next.",
)
def minibatches(X, y, size, generator):
    order = torch.arange(len(X))
    for i, j in enumerate(torch.randint(len(X), (len(X),), generator=generator).tolist()):
        order[[i, j]] = order[[j, i]]
    return [(X[rows], y[rows]) for rows in order.split(size)]


# --- 5.10 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "5.10",
    "dropout-left-on",
    "The loss is that of a net whose dropout is still on. In which mode is the net while you measure?",
    hint="Call it twice: a network in evaluation mode gives the same loss both times.",
)
def evaluate(net, loader):
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum").item()
            count += len(y)
    return total / count


@catalogue.misconception(
    "5.10",
    "mean-of-batch-means",
    "The result is the mean of the batches' means. Does an example in the small last batch count as much as the others?",
    hint="In the docstring's example the batches of 2 and of 1 have the means 0.5032 and 2.1269. The answer is 1.0444, and yours is 1.3151, halfway between. How much does each of the three examples weigh in yours?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        means = [F.cross_entropy(net(X), y).item() for X, y in loader]
    net.train(was_training)
    return sum(means) / len(means)


@catalogue.misconception(
    "5.10",
    "dropout-left-on-mean-of-means",
    "The loss is that of a net whose dropout is still on, and it is the mean of the batches' means. In which mode is the net, and how much does an example of the last batch count?",
    hint="Two things; take them one by one. A network with dropout must give the same loss when you call it twice. Then the docstring's example, which has none: 1.0444, and yours is 1.3151, since its two batches are not equally large.",
)
def evaluate(net, loader):
    with torch.no_grad():
        means = [F.cross_entropy(net(X), y).item() for X, y in loader]
    return sum(means) / len(means)


@catalogue.misconception(
    "5.10",
    "left-in-evaluation-mode",
    "The loss is right, and a net that was in training mode is left in evaluation mode. What will the rest of the training run without?",
    hint="Print `net.training` before and after a call: True, and then False. Nobody will notice that dropout stays off from now on. What do you have to note down before you switch?",
)
def evaluate(net, loader):
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum").item()
            count += len(y)
    return total / count


@catalogue.misconception(
    "5.10",
    "always-back-to-training-mode",
    "The loss is right, and a net that was in evaluation mode is left in training mode. In which mode did it come?",
    hint="Switch a network to evaluation mode, call your function, and print `net.training`: it must still be False. At the end your code cannot know what it was. When would it have to look?",
)
def evaluate(net, loader):
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum").item()
            count += len(y)
    net.train()
    return total / count


@catalogue.misconception(
    "5.10",
    "graph-built",
    "Loss and mode are right, and every forward pass recorded a graph for a backward pass that never comes. How is autograd told that it is not needed?",
    hint="torch has a context in which no graph is recorded. The whole loop belongs into it.",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    total, count = 0.0, 0
    for X, y in loader:
        total += F.cross_entropy(net(X), y, reduction="sum").item()
        count += len(y)
    net.train(was_training)
    return total / count


@catalogue.misconception(
    "5.10",
    "nothing-switched",
    "The loss is that of a net whose dropout is still on, and every forward pass recorded a graph. Which two things have to be switched off while you measure?",
    hint="Two things: the network's mode, which is put back afterwards, and the recording of a graph.",
)
def evaluate(net, loader):
    total, count = 0.0, 0
    for X, y in loader:
        total += F.cross_entropy(net(X), y, reduction="sum").item()
        count += len(y)
    return total / count


@catalogue.misconception(
    "5.10",
    "nothing-switched-mean-of-means",
    "The loss is the mean of the batches' means, of a net whose dropout is still on, and every forward pass recorded a graph. Which two things have to be switched off, and how much should an example of the last batch count?",
    hint="Three things; take them one by one. Print `net.training` inside your loop, and `requires_grad` of the outputs: both must be False. Then the docstring's example: 1.0444, and yours is 1.3151, since its batches are not equally large.",
)
def evaluate(net, loader):
    losses = [F.cross_entropy(net(X), y).item() for X, y in loader]
    return sum(losses) / len(losses)


@catalogue.misconception(
    "5.10",
    "tensor-returned",
    "The number is right, but it is a tensor. What turns a tensor of one number into a Python number?",
    hint="A tensor of one number has a method that gives the Python number.",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum")
            count += len(y)
    net.train(was_training)
    return total / count


@catalogue.misconception(
    "5.10",
    "last-batch-only",
    "The result is the mean loss of the last batch. What happens to the losses of the others in your loop?",
    hint="In the docstring's example the batches have the means 0.5032 and 2.1269. The answer is 1.0444, and yours is the second mean. Print your variable in each round. Which two running numbers would remember all rounds?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        for X, y in loader:
            loss = F.cross_entropy(net(X), y)
    net.train(was_training)
    return loss.item()


@catalogue.misconception(
    "5.10",
    "first-batch-only",
    "The result is the mean loss of the first batch. Does your function return inside the loop?",
    hint="Move the return out of the loop: all batches come first.",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        for X, y in loader:
            net.train(was_training)
            return F.cross_entropy(net(X), y).item()


@catalogue.misconception(
    "5.10",
    "means-divided-by-examples",
    "The sum of the batches' means was divided by the number of examples. Which sum belongs on top of the fraction?",
    hint="In the docstring's example you divide 0.5032 + 2.1269 by 3. The first number is a mean over two examples and was added once, as if it stood for one. What is the sum of the losses of this batch?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y).item()
            count += len(y)
    net.train(was_training)
    return total / count


@catalogue.misconception(
    "5.10",
    "losses-divided-by-number-of-batches",
    "The losses of all examples were added up and divided by the number of batches. How many losses are in your sum?",
    hint="In the docstring's example three losses were added: 0.6931, 0.3133 and 2.1269. You divide by 2. What does a mean divide by?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    total, batches = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y).item() * len(y)
            batches += 1
    net.train(was_training)
    return total / batches


@catalogue.misconception(
    "5.10",
    "not-divided",
    "The result is the sum of all losses. By what must it be divided?",
    hint="Give it every batch twice: the loss must stay the same, and yours doubles.",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    with torch.no_grad():
        total = sum(F.cross_entropy(net(X), y, reduction="sum").item() for X, y in loader)
    net.train(was_training)
    return total


@catalogue.misconception(
    "5.10",
    "accuracy",
    "The result is the share of examples that were classified right. Which number is asked for, and which one does the training lower?",
    hint="Use the loss that the training uses. Counting right answers is another measure.",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    right, count = 0, 0
    with torch.no_grad():
        for X, y in loader:
            right += int((net(X).argmax(dim=1) == y).sum())
            count += len(y)
    net.train(was_training)
    return right / count


@catalogue.misconception(
    "5.10",
    "autograd-left-off",
    "The loss is right, but autograd is still off afterwards. What will the next training step do without a graph?",
    hint="Print `torch.is_grad_enabled()` before and after your call: True and False. The training that goes on then stops at its next `backward`. Which way of telling autograd ends by itself?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    torch.set_grad_enabled(False)
    total, count = 0.0, 0
    for X, y in loader:
        total += F.cross_entropy(net(X), y, reduction="sum").item()
        count += len(y)
    net.train(was_training)
    return total / count


@catalogue.misconception(
    "5.10",
    "gone-through-twice",
    "The loss is right for a list of batches, but not for batches that come one after the other and are gone then. How often does your function go through them?",
    hint="Hand over `(batch for batch in batches)` in place of the list `batches`: the second loop over it finds nothing. Which two numbers can one loop collect at the same time?",
)
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    count = sum(len(y) for _, y in loader)
    with torch.no_grad():
        total = sum(F.cross_entropy(net(X), y, reduction="sum").item() for X, y in loader)
    net.train(was_training)
    return total / count
