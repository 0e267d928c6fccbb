"""Wrong answers that we expect of students in assignment 04, each with the sentence they then read."""

import torch
from torch import nn
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 4.1 -----------------------------------------------------------------------------------------------------------


def _layer(X, p, number):
    return X @ p[f"W{number}"].T + p[f"b{number}"]


def _cache(X, z1, h, z2, a):
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": a}


@catalogue.misconception(
    "4.1",
    "weights-not-transposed",
    "The product with W1 stops with an error about shapes. Which axis of W1 counts the inputs, and which axis of X does?",
    hint="Four examples of 2 inputs and three units: `X` is (4, 2), `W1` is (3, 2), and `z1` must be (4, 3). In a product the two inner sizes have to be equal, and they disappear. Which axis must disappear here, and where does it stand in each factor?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"] + p["b1"]
    h = torch.relu(z1)
    z2 = h @ p["W2"] + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception("4.1", "factors-exchanged", same_as="weights-not-transposed")
def mlp_forward(X, p):
    z1 = p["W1"] @ X + p["b1"]
    h = torch.relu(z1)
    z2 = p["W2"] @ h + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "one-column-per-example",
    "The numbers are right, but every tensor is transposed: the examples lie in columns. Along which axis do they lie in X?",
    hint="$W_1 x$ is written for a single $x$ that stands upright. In a batch each example is a row, so the formula for the batch has the factors the other way round. Which of the two must come first to give (N, K), and which is turned?",
)
def mlp_forward(X, p):
    z1 = p["W1"] @ X.T + p["b1"][:, None]
    h = torch.relu(z1)
    z2 = p["W2"] @ h + p["b2"][:, None]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias-as-column",
    "Adding b1 stops with an error for several examples, and makes a table of a single one. Does each row of the batch need one number of the bias, or all of them?",
    hint="Broadcasting aligns shapes at their right ends. Write (4, 3), the shape of the product for four examples and three units, above the shape of your bias, (3, 1): its three numbers lie along the wrong axis. Print the shape in which `b1` came.",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b1"].unsqueeze(1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b2"].unsqueeze(1)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "biases-forgotten",
    "The values are those of a network whose biases are all 0. Where do b1 and b2 enter?",
    hint="Call it with an `X` of zeros: the product is 0 everywhere, and each row of `z1` must still show one number for each unit. Which ones?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T
    h = torch.relu(z1)
    z2 = h @ p["W2"].T
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "second-bias-forgotten",
    "The hidden layer is right, and z2 is what it would be without a bias. Which parameter have you not used?",
    hint="Call it with all of `W2` set to 0. The hidden layer then has no influence, and `z2` must still be one and the same number for every example, not 0. Which one?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias-of-other-layer-first",
    "z1 is the right product plus b2 in place of b1. Which bias belongs to the hidden layer?",
    hint="Print the shapes of `b1` and `b2`: (K,) and (1,). A single number can be added to any number of units, so nothing crashes. Which of the two has a number of its own for each hidden unit?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b2"]
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias-of-other-layer-second",
    "The hidden layer is right, and z2 has a column for each hidden unit. Which bias did the single output get?",
    hint="For four examples and three units the second product has the shape (4, 1), and your `z2` is (4, 3). What has three numbers in a row and was added to that single column?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b1"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "relu-on-output",
    "The hidden layer is right, and z2 is never negative. Which layer has a ReLU, and what becomes of a prediction below 0.5 if the output has one, too?",
    hint="The output layer has one function only, the sigmoid. With a ReLU before it no prediction can be below 0.5.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = torch.relu(_layer(h, p, 2))
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "sigmoid-before-relu",
    "h is the sigmoid of z1, in which the ReLU has nothing left to cut off. Which function follows the hidden layer?",
    hint="Each layer is followed by one function: the hidden one by a ReLU, the last one by the sigmoid.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(torch.sigmoid(z1))
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "activations-exchanged",
    "h is the sigmoid of z1, and a is the ReLU of z2. Which of the two functions makes a probability?",
    hint="Each layer is followed by one function: the hidden one by a ReLU, the last one by the sigmoid.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.sigmoid(z1)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.relu(z2))


@catalogue.misconception(
    "4.1",
    "tanh-in-hidden-layer",
    "h is tanh of z1, with values between -1 and 1. Which function follows the hidden layer here?",
    hint="Print the largest entry of h: with a ReLU it may be greater than 1. Compare with the formulas in the text.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.tanh(z1)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "no-relu",
    "h equals z1, negative numbers included. What stands between the two linear layers?",
    hint="Print the smallest entry of h: it must be 0 or more.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    z2 = _layer(z1, p, 2)
    return _cache(X, z1, z1, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "relu-computed-and-not-used",
    "h is right, but z2 was made from z1. Which of the two goes into the second layer?",
    hint="Follow the names: which tensor stands in the second product, the one before the ReLU or the one after it?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    z2 = _layer(z1, p, 2)
    return _cache(X, z1, torch.relu(z1), z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "negative-numbers-kept",
    "h holds the negative entries of z1 and 0 in place of the positive ones. Which of them does a ReLU let through?",
    hint="For z1 = (-2, 3) the hidden layer is (0, 3). Yours is (-2, 0).",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = z1.clamp(max=0)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "relu-in-place",
    "h is right, but z1 has become the same as h: its negative entries are 0. Did the ReLU make a new tensor, or change the old one?",
    hint="Print z1 after the call: it must still have negative entries. Make h as a new tensor.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = z1.relu_()
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "no-sigmoid",
    "a equals z2, so it is not between 0 and 1. What turns a raw score into a probability?",
    hint="Print a: its entries must lie between 0 and 1. One function is missing after z2.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, z2)


@catalogue.misconception(
    "4.1",
    "softmax-over-one-output",
    "Every prediction is 1. Over how many numbers does your softmax run, and what must they add up to?",
    hint="A softmax makes several scores add up to 1. With a single score that is always 1. Which function of one number lies between 0 and 1?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.softmax(z2, dim=1))


@catalogue.misconception(
    "4.1",
    "predictions-squeezed",
    "The predictions are right but have lost an axis. Which shape does the docstring give for a, and where is a squeeze or flatten?",
    hint="Print the shape of a for one example: it must be (1, 1). Leave the last axis where it is.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = _layer(h, p, 2)
    return _cache(X, z1, h, z2, torch.sigmoid(z2).squeeze(1))


@catalogue.misconception(
    "4.1",
    "inputs-not-cached",
    "The four computed values are there, but X is not in the dict. What does the gradient of W1 need besides z1?",
    hint="The docstring lists five names. The backward pass needs what went into each layer, and X went into the first.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = _layer(h, p, 2)
    return {"z1": z1, "h": h, "z2": z2, "a": torch.sigmoid(z2)}


@catalogue.misconception(
    "4.1",
    "predictions-only",
    "One tensor came back and no dict. What else will the backward pass ask for?",
    hint="Make a dict and put each tensor under its name as soon as it is there. The docstring lists the names.",
)
def mlp_forward(X, p):
    return torch.sigmoid(_layer(torch.relu(_layer(X, p, 1)), p, 2))


# --- 4.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "4.2",
    "no-switch",
    "The upstream gradient came back as it was. What reaches z where the ReLU gave 0, whatever z was?",
    hint="Take `z` = -2 and move it to -1.9: max(0, z) stays 0, and so the loss does not change. Which gradient does that leave for `z`, however large `dout` is?",
)
def relu_backward(dout, z):
    return dout.clone()


@catalogue.misconception(
    "4.2",
    "times-output",
    "The result is dout times relu(z). Is the local derivative of the ReLU its value, or its slope?",
    hint="At z = 3 and dout = 1 the answer is 1, and yours is 3. The slope of max(0, z) is the same at z = 1 and at z = 3.",
)
def relu_backward(dout, z):
    return dout * torch.relu(z)


@catalogue.misconception(
    "4.2",
    "times-input",
    "The result is dout times z. What is the slope of max(0, z) at z = 3?",
    hint="Take `dout` = 1. At `z` = 3 you return 3, and at `z` = -2 you return -2. Now move each `z` up by 0.1 and write down by how much max(0, z) grows: that is what the gradient has to tell.",
)
def relu_backward(dout, z):
    return dout * z


@catalogue.misconception(
    "4.2",
    "relu-of-gradient",
    "The result is dout without its negative entries, whatever z is. Does the sign of the gradient decide what the ReLU let through, or the sign of its input?",
    hint="Try `dout` = -4 at `z` = 2 and `dout` = 5 at `z` = -1. The forward pass let the 2 through and stopped the -1, and you return 0 and 5. Which of your inputs does not occur in your code?",
)
def relu_backward(dout, z):
    return torch.relu(dout)


@catalogue.misconception(
    "4.2",
    "both-signs-asked",
    "Where z is positive and dout is negative, the result is 0. Can a gradient not be negative?",
    hint="In the docstring's example `dout` is -4 where `z` is 2, and the answer is -4. A negative gradient only says that the loss falls when this number grows; the ReLU has never looked at it. Which part of your condition asks about it?",
)
def relu_backward(dout, z):
    return dout * ((z > 0) & (dout > 0))


@catalogue.misconception(
    "4.2",
    "switch-alone",
    "The result is 1 where the ReLU was on and 0 where it was off, which is the local derivative alone. Where is the other factor of the chain rule?",
    hint="With dout = 5 and z = 3 the answer is 5, and yours is 1. The switch is multiplied by something.",
)
def relu_backward(dout, z):
    return (z > 0).to(dout.dtype)


@catalogue.misconception(
    "4.2",
    "truth-values",
    "A tensor of True and False came back, which is where the ReLU was on. Where is the other factor of the chain rule?",
    hint="True and False say where it passes. Multiply by what comes from above, and numbers come out.",
)
def relu_backward(dout, z):
    return z > 0


@catalogue.misconception(
    "4.2",
    "forward-again",
    "The result is relu(z), the output of the forward pass. Where does dout enter?",
    hint="Your function gets z and dout, and dout does not occur in your result. z only decides where dout passes.",
)
def relu_backward(dout, z):
    return torch.relu(z)


@catalogue.misconception(
    "4.2",
    "switch-wrong-way-round",
    "The gradient passes exactly where the ReLU was off. Which entries did the forward pass let through?",
    hint="Try `dout` = 5 at `z` = 3: a little more `z` is a little more output, so the 5 must arrive, and you return 0. Read your condition aloud for this `z`.",
)
def relu_backward(dout, z):
    return dout * (z < 0)


@catalogue.misconception(
    "4.2",
    "sign-in-place-of-switch",
    "Where z is negative, the result is dout with the opposite sign. What is the slope of max(0, z) to the left of 0?",
    hint="At `z` = -2 with `dout` = 5 you return -5, as if the output fell when `z` grows. Compute max(0, z) at -2 and at -1.9: does it fall, rise, or stay?",
)
def relu_backward(dout, z):
    return dout * torch.sign(z)


@catalogue.misconception(
    "4.2",
    "dout-changed-in-place",
    "The result is right, but dout itself was overwritten, and a network may need it again. Is what you return a new tensor?",
    hint="Print dout before and after your call. Writing zeros into it, or multiplying it with *=, changes it. Make a new tensor.",
)
def relu_backward(dout, z):
    dout[z <= 0] = 0
    return dout


@catalogue.misconception(
    "4.2",
    "leaky-relu",
    "Where the ReLU was off, one hundredth of the gradient comes through. Which slope does max(0, z) have there?",
    hint="Compute max(0, z) at `z` = -2 and at `z` = -1 and take the slope between the two. A slope of 0.01 there belongs to another function, the leaky ReLU, which never shuts off a unit completely.",
)
def relu_backward(dout, z):
    return torch.where(z > 0, dout, 0.01 * dout)


# --- 4.3 -----------------------------------------------------------------------------------------------------------


def _lists(dout, X):
    return dout.reshape(-1, dout.shape[-1]), X.reshape(-1, X.shape[-1])


@catalogue.misconception(
    "4.3",
    "weights-transposed",
    "dX and db are right, and dW is transposed: it has the shape (in, out). Which shape has W itself?",
    hint="Print the shapes of W and of your dW. Which of the two factors of the product must stand in front for (out, in)?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, x.T @ d, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "w-transposed-for-dx",
    "The product of dout and W stops with an error about shapes. Forwards W was transposed; is it again on the way back?",
    hint="Write the shapes: dout is (N, out), dX is (N, in). Which shape must stand between them, and is it W as it is or turned?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W.T, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights-in-wrong-order",
    "The product of W and dout stops with an error about shapes. Which axis must disappear in dX, and which axes of the two tensors is that?",
    hint="Say `dout` is (4, 2) and `W` is (2, 3); `dX` must be (4, 3). The 2 has to disappear, so the two 2s must be neighbors in the product. Write the shapes side by side in both orders. Does anything have to be turned?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return (W.T @ d).reshape(X.shape), d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "bias-averaged",
    "dX and dW are right, and db is divided by the number of examples. Does a bias that is used many times get the mean of the gradients, or their sum?",
    hint="Let `dout` be 1 for each of four examples and raise the bias by 0.1: every output rises by 0.1, and the loss by 0.4 in all. What does your `db` say, and what should it?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "weights-averaged",
    "dX and db are right, and dW is divided by the number of examples. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW must double. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(x), d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights-and-bias-averaged",
    "dX is right, and dW and db are divided by the number of examples. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same `dout`, and compare with giving it once: `dW` and `db` must double, and yours stay as they are. Search for a mean or a division in both lines.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(x), d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "everything-averaged",
    "All three gradients are divided by the number of examples. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW and db must double, and dX must not shrink. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W / len(x), d.T @ x / len(x), d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "averaged-over-first-axis",
    "dX is right, and dW and db are divided by the first size of X, the number of examples or of sequences. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW must double. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(X), d.sum(dim=0) / len(X)


@catalogue.misconception(
    "4.3",
    "bias-not-reduced",
    "dX and dW are right, and db is dout itself, with numbers for every example. How many numbers is the bias, and how many must its gradient be?",
    hint="Print the shapes of b and of your db: (out,) and dout's whole shape. All axes but the last are copies of one bias.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.clone()


@catalogue.misconception(
    "4.3",
    "bias-summed-over-outputs",
    "dX and dW are right, and db has one number for each example. Which axis of dout is summed away, and which must stay?",
    hint="In the docstring's example `dout` has the rows (1, 0) and (2, -1), and `db` is (3, -1); yours is (1, 1). Which numbers were added to make the 3, those of a row or those of a column?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.sum(dim=1)


@catalogue.misconception(
    "4.3",
    "bias-summed-over-everything",
    "dX and dW are right, and db is a single number. Which axis of dout must stay?",
    hint="Print the shapes of b and of your db: (out,) and (). The last axis has to survive.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.sum()


@catalogue.misconception(
    "4.3",
    "bias-keeps-axis",
    "The numbers are right, but db has the shape (1, out). Which shape has the bias itself?",
    hint="Print `nn.Linear(3, 2).bias.shape` and the shape of your `db`: (2,) and (1, 2). What in your code keeps the axis that was summed, or puts it back?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.sum(dim=0, keepdim=True)


@catalogue.misconception(
    "4.3",
    "bias-summed-over-first-axis-only",
    "Examples are right, and for sequences db still has the axis of the tokens. Over which axes is the bias copied there?",
    hint="For sequences dout has three axes, and the bias is copied along two of them. Flatten first, then one sum is enough.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights-first-in-answer",
    "The three gradients are right, but in the order dW, db, dX. Which does the docstring ask for first?",
    hint="Read the last line of the docstring and compare it with your return line, name by name.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d.T @ x, d.sum(dim=0), dout @ W


@catalogue.misconception(
    "4.3",
    "dx-and-dw-exchanged-in-answer",
    "The three gradients are right, but dX and dW stand in each other's place. Which does the docstring ask for first?",
    hint="Read the last line of the docstring and compare it with your return line, name by name.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d.T @ x, dout @ W, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "last-example-only",
    "dX is right, and dW and db are those of the last example alone. Does your loop add to its results, or replace them?",
    hint="Follow dW through two rounds of the loop: in the second round the first example is gone.",
)
def linear_backward(dout, X, W):
    for d, x in zip(*_lists(dout, X), strict=True):
        dW, db = torch.outer(d, x), d.clone()
    return dout @ W, dW, db


@catalogue.misconception(
    "4.3",
    "one-matrix-for-each-example",
    "dX and db are right, and dW holds one matrix for each example. How many weight matrices has the layer?",
    hint="Print the shape of your `dW` for four examples: (4, out, in). One weight serves all four, so their four contributions have to be added up. Which axis of yours has to go, and what kind of product makes such a sum by itself?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d[:, :, None] * x[:, None, :], d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "one-matrix-for-each-sequence",
    "Examples are right, and for sequences dW holds one matrix for each sequence. How many weight matrices has the layer?",
    hint="With three axes, `@` multiplies one pair of matrices for each sequence, and nothing adds the results up. If two sequences of 5 tokens stood as 10 rows below each other, what would the product sum over?",
)
def linear_backward(dout, X, W):
    d, _ = _lists(dout, X)
    return dout @ W, dout.transpose(-1, -2) @ X, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "summed-before-multiplied",
    "dX and db are right, and dW is the product of two sums over the examples. Is the sum of products the same as the product of sums?",
    hint="For x = (1, 2) and dout = (3, 4) the sum of products is 11, and the product of sums is 21. Sum last.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, torch.outer(d.sum(dim=0), x.sum(dim=0)), d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "upstream-gradient-ignored",
    "The gradients are those for a dout in which every number is 1. Where does dout enter the three products?",
    hint="Call it with dout all zero: all three gradients must be 0.",
)
def linear_backward(dout, X, W):
    d, x = _lists(torch.ones_like(dout), X)
    return torch.ones_like(dout) @ W, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "matrices-only",
    "Examples are right, and sequences stop with an error. What does .T do with three axes, and how could the sequences become one long list of examples?",
    hint="Print the shape of `torch.zeros(2, 4, 3).T`: (3, 4, 2), all axes reversed. The layer treats every token alike, so two sequences of 4 tokens are as good as 8 examples. How do you give both tensors that shape before anything is turned or summed?",
)
def linear_backward(dout, X, W):
    return dout @ W, dout.T @ X, dout.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "dx-left-as-list",
    "Examples are right, and for sequences dX is one long list, without its axis of the sequences. Which shape has X itself?",
    hint="Keep the shape of X before you flatten it, and give it back to dX at the end.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d @ W, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "view-of-scattered-memory",
    "The same call is right for one tensor and stops with an error for an equal one whose memory is in another order (a transpose, say). Which of view and reshape copes with both?",
    hint="Call it with a transposed tensor of the same numbers. One of the two methods copies where the memory does not fit.",
)
def linear_backward(dout, X, W):
    d, x = dout.view(-1, dout.shape[-1]), X.view(-1, X.shape[-1])
    return dout @ W, d.T @ x, d.sum(dim=0)


# --- 4.4 -----------------------------------------------------------------------------------------------------------


def _difference(a, y):
    return a - y.reshape(a.shape)


@catalogue.misconception(
    "4.4",
    "not-divided-by-n",
    "The result is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
    hint="Give it the same example twice. The mean of two equal losses is the loss of one, and each of the two now counts half in it. Do your two numbers become half as large?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y)


@catalogue.misconception(
    "4.4",
    "divided-by-n-twice",
    "The result is the right one divided by N. Is there a second division, or a mean of something that was a mean already?",
    hint="In the docstring's example the differences are -0.25 and 0.5, and the answers -0.125 and 0.25. Yours are -0.0625 and 0.125. Print every intermediate result for these two and see where they are halved a second time.",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) / len(a) ** 2


@catalogue.misconception(
    "4.4",
    "opposite-sign",
    "The result is the right one with the opposite sign. Is it prediction minus label in your code, or label minus prediction?",
    hint="With label 0 and prediction 0.2 a larger z makes the loss larger, so its slope is positive. What is yours?",
)
def sigmoid_bce_backward(a, y):
    return -_difference(a, y) / len(a)


@catalogue.misconception(
    "4.4",
    "slope-of-sigmoid-once-too-often",
    "Each number carries an additional factor a(1 - a). Is the slope of the sigmoid in your product a second time, after it had canceled?",
    hint="Multiply dL/da by da/dz on paper: a(1 - a) cancels. Where does it come in again in your code?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) * a * (1 - a) / len(a)


@catalogue.misconception(
    "4.4",
    "chain-stops-at-prediction",
    "The result is the gradient with respect to a, and infinite or NaN where a prediction is exactly 0 or 1. Which step lies between a and z, and what is its slope?",
    hint="At a = 0.2 and y = 0 you have 1.25, the slope along a. One more factor, 0.2 times 0.8, leads on to z.",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) / (a * (1 - a)) / len(a)


@catalogue.misconception("4.4", "chain-stops-term-by-term", same_as="chain-stops-at-prediction")
def sigmoid_bce_backward(a, y):
    y = y.reshape(a.shape)
    return (-y / a + (1 - y) / (1 - a)) / len(a)


@catalogue.misconception(
    "4.4",
    "factor-by-factor",
    "Ordinary predictions are right, and a prediction of exactly 0 or 1 gives NaN. What are the two factors, each alone, for such a prediction?",
    hint="Multiply the two factors on paper first: a(1 - a) cancels. Then write only what is left.",
)
def sigmoid_bce_backward(a, y):
    y = y.reshape(a.shape)
    return (-y / a + (1 - y) / (1 - a)) * (a * (1 - a)) / len(a)


@catalogue.misconception(
    "4.4",
    "small-number-in-denominator",
    "Ordinary predictions are right, and where a prediction is exactly 0 or 1 the result is 0, also where it is wrong. What does the slope of the sigmoid do to a number that you kept finite, and should a sure mistake have no gradient?",
    hint="At a = 1 and y = 0 the slope along z is 1, the largest there is. If a(1 - a) is canceled on paper, no denominator is left to be saved.",
)
def sigmoid_bce_backward(a, y):
    slope = a * (1 - a)
    return _difference(a, y) / slope.clamp(min=1e-12) * slope / len(a)


@catalogue.misconception(
    "4.4",
    "every-prediction-meets-every-label",
    "Labels in a column are right, and labels in a vector give a table (N, N) in which every prediction met every label. Which shapes does your subtraction see?",
    hint="For three examples print the shapes of `a`, of `y` and of their difference: (3, 1), (3,) and (3, 3). Aligned at the right, the row of labels lies across the column of predictions. Which shape must the labels have before the two meet?",
)
def sigmoid_bce_backward(a, y):
    return (a - y) / len(a)


@catalogue.misconception(
    "4.4",
    "always-one-more-axis",
    "Labels in a vector are right, and labels in a column give three axes. What does your code add to labels that are a column already?",
    hint="Print both shapes for labels (N,) and for labels (N, 1). One way to bring either into the shape of the predictions is enough.",
)
def sigmoid_bce_backward(a, y):
    return (a - y[:, None]) / len(a)


@catalogue.misconception(
    "4.4",
    "answer-in-row",
    "The numbers are right, but they lie in a row, of shape (N,). Which shape has z, and so its gradient?",
    hint="Print the shapes of `a` and of your result: (N, 1) and (N,). The layer in front has a column as its output and needs its gradient as a column. Making both flat does let them meet; which of the two could keep its shape?",
)
def sigmoid_bce_backward(a, y):
    return (a.flatten() - y.flatten()) / len(a)


@catalogue.misconception(
    "4.4",
    "mean-of-gradients",
    "A single number came back, the sum of the right ones. The loss depends on every z: how many numbers has its gradient?",
    hint="Each example has a $z$ of its own, so two examples need two numbers: -0.125 and 0.25 in the docstring's example. Yours is 0.125, their sum. What does the mean of the loss do to each gradient, if it does not add them up?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y).mean()


@catalogue.misconception(
    "4.4",
    "sigmoid-applied-again",
    "The result is made from sigma(a), as if a were not a prediction yet. What is your function given, the number before the sigmoid or the one after it?",
    hint="Print what comes in: numbers between 0 and 1 have been through the sigmoid already.",
)
def sigmoid_bce_backward(a, y):
    return (torch.sigmoid(a) - y.reshape(a.shape)) / len(a)


@catalogue.misconception(
    "4.4",
    "squared-error",
    "Each number is the right one times 2a(1 - a), which is the gradient of a squared error. Which loss does the docstring name?",
    hint="At a = 0.2 and y = 0 the slope along z is 0.2, before the mean. Which loss gives 2a(a - y)(1 - a) instead?",
)
def sigmoid_bce_backward(a, y):
    return 2 * _difference(a, y) * a * (1 - a) / len(a)


@catalogue.misconception(
    "4.4",
    "predictions-changed-in-place",
    "The result is right, but a itself was overwritten. Which of your operations does not make a new tensor?",
    hint="Print a before and after your call. Operators such as -= and methods with an underscore at their end write into it.",
)
def sigmoid_bce_backward(a, y):
    a -= y.reshape(a.shape)
    return a / len(a)


# --- 4.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "4.5",
    "new-axes-only",
    "Axes that were put in front are summed, and axes of size 1 are left stretched. What did broadcasting do to an axis of size 1?",
    hint="Try a `g` of ones of shape (2, 3) and the shape (2, 1): each number before was used three times, so the answer is a column of 3s. You return `g` as it was. Both shapes have two axes; in what do they differ?",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    return g


@catalogue.misconception(
    "4.5",
    "stretched-axes-only",
    "Axes of size 1 are summed, and axes that were put in front are still there. What did broadcasting do where the shape before was shorter?",
    hint="Try a `g` of ones of shape (2, 3) and the shape (3,): the answer is three 2s. You return `g` as it was, for no axis of (3,) has the size 1. What else differs between the two shapes?",
)
def unbroadcast(g, shape):
    new = g.dim() - len(shape)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=new + axis, keepdim=True)
    return g


@catalogue.misconception(
    "4.5",
    "axis-of-size-1-lost",
    "The sums are right, but stretched axes are gone where they must have the size 1 again. Which shape does the docstring ask for?",
    hint="Try a `g` of ones of shape (2, 3) and the shape (2, 1). The answer is a column of 3s, and yours has the shape (2,). A sum can be told to leave an axis of size 1 where it summed.",
)
def unbroadcast(g, shape):
    new = g.dim() - len(shape)
    axes = [*range(new), *(new + axis for axis, size in enumerate(shape) if size == 1)]
    return g.sum(dim=axes) if axes else g


@catalogue.misconception("4.5", "axis-of-size-1-lost-all-axes-at-once", same_as="axis-of-size-1-lost")
def unbroadcast(g, shape):
    new = g.dim() - len(shape)
    axes = [*range(new), *(new + axis for axis, size in enumerate(shape) if size == 1)]
    return g.sum(dim=axes)


@catalogue.misconception("4.5", "axis-of-size-1-lost-one-by-one", same_as="axis-of-size-1-lost")
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    for axis, size in enumerate(shape):
        if size == 1 and g.shape[axis] > 1:
            g = g.sum(dim=axis)
    return g


@catalogue.misconception(
    "4.5",
    "axes-counted-while-they-disappear",
    "One stretched axis is lost, and two of them stop with an error. What happens to the numbers of the other axes when one is summed away?",
    hint="Follow your loop with `g` of shape (2, 3) and the shape (1, 1): after the sum over axis 0 there is only one axis left, and its number is 0, not 1. How can an axis be summed and still keep its place?",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=axis)
    return g


@catalogue.misconception(
    "4.5",
    "mean-in-place-of-sum",
    "Every number is divided by the number of its copies. Over several paths, do gradients average or add up?",
    hint="Take t with one number, broadcast to three, and g all ones: the gradient is 3.",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.mean(dim=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.mean(dim=axis, keepdim=True)
    return g


@catalogue.misconception(
    "4.5",
    "first-copy-only",
    "The result is the gradient of the first copy of each number. What about the other copies?",
    hint="If t is used three times, each use adds to its gradient. Picking one of them with an index leaves out two.",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g[0]
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.narrow(axis, 0, 1)
    return g


@catalogue.misconception(
    "4.5",
    "gradient-cut-to-shape",
    "The result holds the first numbers of g in memory, as many as fit. Which numbers of g belong to one number before broadcasting?",
    hint="Let `g` have the rows (1, 2, 3) and (10, 20, 30), and let the shape be (3,). You return (1, 2, 3), and the second row is gone, though the same three numbers were used there, too. What is the gradient of the first of them?",
)
def unbroadcast(g, shape):
    count = 1
    for size in shape:
        count *= size
    return g.flatten()[:count].reshape(shape)


@catalogue.misconception(
    "4.5",
    "gradient-handed-on",
    "g came back as it was. What shape must the gradient of the tensor before broadcasting have?",
    hint="Print the shape you return and the shape you were asked for. Every additional number has to be added to another one.",
)
def unbroadcast(g, shape):
    return g.clone()


@catalogue.misconception(
    "4.5",
    "reshape",
    "Where something was broadcast, reshape stops with an error. How can many numbers become fewer without any being thrown away?",
    hint="(3, 2) has six numbers and (2,) has two. No reshape can do that; something has to be added up.",
)
def unbroadcast(g, shape):
    return g.reshape(shape)


@catalogue.misconception(
    "4.5",
    "one-sum-for-all",
    "Every number of the result is the sum of all of g. Which numbers of g are copies of one and the same number?",
    hint="For g of shape (3, 2) and the shape (2,) the answer has two numbers, a sum for each column. Name the axes of your sum.",
)
def unbroadcast(g, shape):
    return g.sum().expand(shape).clone()


@catalogue.misconception(
    "4.5",
    "stretched-axes-first",
    "New axes alone are right, stretched ones alone too, but both together are not. At which end are two shapes aligned, and which axis of g has the number you use?",
    hint="Take `g` of shape (5, 2, 3) and the shape (2, 1). Its axis of size 1 has the number 1; in `g`, number 1 is the axis of size 2, and the one you want has the number 2. Under what condition do both shapes number their axes alike?",
)
def unbroadcast(g, shape):
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=axis, keepdim=True)
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    return g


@catalogue.misconception(
    "4.5",
    "aligned-at-left",
    "Axes at the end of g are summed where axes in front of it are new. At which end are the two shapes aligned?",
    hint="Write (2, 3) and (3,) below each other, aligned at the right as broadcasting does it: the 3s meet, and the 2 is new. The answer has a number for each of three columns, and yours has two numbers. At which end do new axes always stand?",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(dim=-1)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=axis, keepdim=True)
    return g


@catalogue.misconception(
    "4.5",
    "one-new-axis-only",
    "One new axis is summed, and where there are two, one of them is left. How many axes can broadcasting put in front?",
    hint="Try `g` of shape (5, 4, 3) and the shape (3,): two axes are new, and your answer still has the shape (4, 3). After one of them is summed away, does your code look again?",
)
def unbroadcast(g, shape):
    if g.dim() > len(shape):
        g = g.sum(dim=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=axis, keepdim=True)
    return g


# --- 4.6 -----------------------------------------------------------------------------------------------------------


def _one_hot(logits, targets):
    return F.one_hot(targets, num_classes=logits.shape[1])


@catalogue.misconception(
    "4.6",
    "not-divided-by-n",
    "The result is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
    hint="Give it the same example twice: each row must become half as large, since the loss is a mean.",
)
def softmax_ce_backward(logits, targets):
    return torch.softmax(logits, dim=1) - _one_hot(logits, targets)


@catalogue.misconception(
    "4.6",
    "divided-by-all-entries",
    "The result is the right one divided by the number of classes. Over what does the mean of the loss run, examples or entries?",
    hint="Take one example with four logits of 0: each probability is 0.25, so a wrong class gets 0.25, and yours gets 0.0625. In the formula for $L$, how many terms has the sum for a single example?",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - _one_hot(logits, targets)) / logits.numel()


@catalogue.misconception(
    "4.6",
    "divided-by-classes",
    "The result is the right one times N / C. Over what does the mean of the loss run, examples or classes?",
    hint="Take one example with three logits of 0: a mean over a single loss changes nothing, so a wrong class gets 1/3, and yours gets 1/9. Print the number you divide by for one example.",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - _one_hot(logits, targets)) / logits.shape[1]


@catalogue.misconception(
    "4.6",
    "right-class-not-subtracted",
    "The result is the probabilities, divided by N. How does the gradient know which class was right?",
    hint="Print the sum of each row of your result. It must be 0: what is added to the other classes is taken from the right one.",
)
def softmax_ce_backward(logits, targets):
    return torch.softmax(logits, dim=1) / len(targets)


@catalogue.misconception(
    "4.6",
    "opposite-sign",
    "The result is the right one with the opposite sign. Should a step against the gradient raise or lower the logit of the right class?",
    hint="At the right class the entry must be negative: a step against the gradient raises that logit.",
)
def softmax_ce_backward(logits, targets):
    return (_one_hot(logits, targets) - torch.softmax(logits, dim=1)) / len(targets)


@catalogue.misconception(
    "4.6",
    "softmax-over-examples",
    "The probabilities in the result add up to 1 in each column. Along which axis do the classes lie?",
    hint="Try it with a single example: every column then has one entry, and the softmax of one number is 1. Print your probabilities for three logits of 0. What should the three add up to?",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=0) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "softmax-over-everything",
    "The probabilities in the result add up to 1 over the whole batch. Does each example not have probabilities of its own?",
    hint="Print the row sums of your probabilities: each row must add up to 1 by itself.",
)
def softmax_ce_backward(logits, targets):
    p = torch.softmax(logits.flatten(), dim=0).reshape(logits.shape)
    return (p - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "subtracted-in-every-row",
    "In each column that is the right class of some example, 1 was subtracted in all rows. Which row does each target belong to, and does your index say so?",
    hint="Take two examples with the right classes 0 and 2. Two ones have to be subtracted in all, one in each row, and you subtract four: a colon in an index means every row. What would have to stand there to pair rows and classes?",
)
def softmax_ce_backward(logits, targets):
    p = torch.softmax(logits, dim=1)
    p[:, targets] -= 1
    return p / len(targets)


@catalogue.misconception(
    "4.6",
    "derivative-along-probabilities",
    "The result is -1/p at the right classes and 0 elsewhere, divided by N: the gradient with respect to the probabilities. Which step lies between them and the logits?",
    hint="For three logits of 0 your row is -3, 0, 0. Raise the logit of a wrong class: the softmax takes away from the right class, so the loss grows. That influence is the missing factor, the derivative of $p_t$ along each $z_c$.",
)
def softmax_ce_backward(logits, targets):
    right = _one_hot(logits, targets)
    return torch.where(right == 1, -1 / torch.softmax(logits, dim=1), 0.0) / len(targets)


@catalogue.misconception(
    "4.6",
    "right-class-only",
    "The result is right at the right classes and 0 everywhere else. Does raising a wrong logit not change the probability of the right class?",
    hint="Take the logits (0, 0) and the right class 0, then raise the second logit to 1: the probability of class 0 falls from 0.5 to 0.27, and the loss grows. Which entry of your result would tell that?",
)
def softmax_ce_backward(logits, targets):
    right = _one_hot(logits, targets)
    return (torch.softmax(logits, dim=1) - 1) * right / len(targets)


@catalogue.misconception(
    "4.6",
    "exponentials-too-large",
    "Ordinary logits are right, and logits of 1000 give NaN. What is the exponential of 1000 in a computer, and what can be subtracted from all logits of a row without a change of their softmax?",
    hint="Print `torch.exp(torch.tensor(1000.0))`, and that number divided by itself. The softmax of (1000, 999) is that of (1, 0): only differences count. PyTorch's own softmax knows that, too.",
)
def softmax_ce_backward(logits, targets):
    powers = torch.exp(logits)
    return (powers / powers.sum(dim=1, keepdim=True) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "classes-counted-from-targets",
    "Where the last class is never the right one, the subtraction stops with an error. How many classes does one_hot make if it is not told?",
    hint="The number of classes is the width of the logits. The largest class may be missing in a batch.",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - F.one_hot(targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "logits-in-place-of-probabilities",
    "The result is made from the logits as they are. Which function turns them into probabilities?",
    hint="Print the sum of each row of your result: it must be 0, since probabilities add up to 1 and 1 is taken away. For three logits of 0 a wrong class gets 1/3, and yours gets 0.",
)
def softmax_ce_backward(logits, targets):
    return (logits - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "log-probabilities",
    "The result is made from the logarithms of the probabilities. Is the derivative of the loss made of logarithms, too?",
    hint="For three logits of 0 you start from -1.10 in each place, and a probability is never negative. Differentiate $\\ln\\sum_k e^{z_k}$ along one of the $z$ on paper: does a logarithm remain?",
)
def softmax_ce_backward(logits, targets):
    return (torch.log_softmax(logits, dim=1) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "sigmoid-in-place-of-softmax",
    "The probabilities in the result do not add up to 1 in a row; they are those of a sigmoid. Which function lets the classes compete?",
    hint="For three logits of 0 you start from 0.5 in each place, 1.5 in all. In the formula for $p_{nc}$ the denominator runs over all classes of the example. Where does your code look at the other classes?",
)
def softmax_ce_backward(logits, targets):
    return (torch.sigmoid(logits) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "only-one-share-divided",
    "The probabilities are divided by N, and the full 1 is subtracted from them. What does the mean do to each of the two terms?",
    hint="Both terms come from the same mean: subtract first, then divide the whole difference.",
)
def softmax_ce_backward(logits, targets):
    return torch.softmax(logits, dim=1) / len(targets) - _one_hot(logits, targets)


# --- 4.7 -----------------------------------------------------------------------------------------------------------


def _table(dout, V):
    return dout.new_zeros(V, dout.shape[-1])


def _pairs(dout, idx):
    return zip(idx.flatten().tolist(), dout.reshape(-1, dout.shape[-1]), strict=True)


@catalogue.misconception(
    "4.7",
    "repeated-ids-dropped",
    "Where an id occurs more than once, the table has the gradient of its last position only. Does your way of writing into the table add up, and does it still do so when an index holds a number twice?",
    hint="In the docstring's example id 2 stands at two positions, with (1, 2) and (5, 5), and its row must be (6, 7); yours is (5, 5). Neither `=` nor `+=` through a whole list of ids counts a repeated id twice. Try a loop that visits one position at a time and adds.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    table[idx] += dout
    return table


@catalogue.misconception("4.7", "rows-assigned", same_as="repeated-ids-dropped")
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for token, row in _pairs(dout, idx):
        table[token] = row
    return table


@catalogue.misconception(
    "4.7",
    "first-position-only",
    "Where an id occurs more than once, the table has the gradient of its first position only. What becomes of the other positions?",
    hint="In the docstring's example row 2 must be (1, 2) + (5, 5) = (6, 7), and yours is (1, 2). Follow your code at the last position: the id has been seen before. What should happen to its row then?",
)
def embedding_backward(dout, idx, V):
    table, seen = _table(dout, V), set()
    for token, row in _pairs(dout, idx):
        if token not in seen:
            table[token] = row
            seen.add(token)
    return table


@catalogue.misconception(
    "4.7",
    "averaged-by-count",
    "Where an id occurs more than once, the table has the mean of its gradients. Over several uses, do gradients average or add up?",
    hint="In the docstring's example row 2 must be (6, 7), and yours is (3, 3.5). Raise a number of this row by 0.1: it goes up at both positions, and both change the loss. Is that more or less than one position alone?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    counts = torch.bincount(idx.flatten(), minlength=V).clamp(min=1)
    return table / counts[:, None]


@catalogue.misconception(
    "4.7",
    "averaged-over-all-positions",
    "Every number is divided by the number of positions. Is the mean of the loss not contained in dout already?",
    hint="Let one id occur twice, with gradients 1 and 2: its row gets 3. Search for a mean, or a division.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    return table / idx.numel()


@catalogue.misconception(
    "4.7",
    "table-too-short",
    "The table ends at the largest id of the batch. How many rows has the table that the ids were looked up in?",
    hint="In the docstring's example the largest id is 2 and `V` is 4: four rows are expected, the last one of zeros, and yours has three. Which of the three arguments says how long the table is?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, int(idx.max()) + 1)
    return table.index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))


@catalogue.misconception(
    "4.7",
    "row-for-each-position",
    "The result has a row for each position and not for each token. What shape has the table?",
    hint="In the docstring's example three rows come in and four go out; print both shapes. The row of a token gathers what arrived at its positions. Which rows of `dout` belong to id 2, and where is there none at all?",
)
def embedding_backward(dout, idx, V):
    return dout.clone()


@catalogue.misconception(
    "4.7",
    "transposed",
    "The numbers are right, but the result has the shape (D, V). Which shape has the table?",
    hint="Print the shapes of the table and of your result: a row for each token, a column for each dimension.",
)
def embedding_backward(dout, idx, V):
    return _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1])).T


@catalogue.misconception(
    "4.7",
    "counts",
    "Every row holds how often its token occurs. Where does dout enter?",
    hint="Call it with a `dout` of zeros: the answer must be all zeros, and yours still counts. What did each position hand back, and what do you add for it?",
)
def embedding_backward(dout, idx, V):
    ones = torch.ones_like(dout).reshape(-1, dout.shape[-1])
    return _table(dout, V).index_add(0, idx.flatten(), ones)


@catalogue.misconception(
    "4.7",
    "id-0-taken-for-padding",
    "The row of token 0 is all zeros although the token occurs, and the rest is right. Is 0 an ordinary id in your code?",
    hint="In the docstring's example id 0 stands at the second position, with (10, 20), and row 0 must be that. No id means padding here. Search your code for a row, a condition or an argument such as `padding_idx` that treats 0 apart.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    table[0] = 0
    return table


@catalogue.misconception(
    "4.7",
    "ids-counted-from-1",
    "Each token's gradient stands one row too early. At which number do ids start?",
    hint="In the docstring's example the (10, 20) of id 0 must stand in the first row, and yours stands in the last one: index -1 counts from the end. Print the index that you use for this position.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for token, row in _pairs(dout, idx):
        table[token - 1] += row
    return table


@catalogue.misconception(
    "4.7",
    "rows-by-position",
    "The gradient of position t stands in row t of the table, whatever its token is. Which row was read at position t?",
    hint="In the docstring's example position 0 has the id 2, so its (1, 2) belongs into row 2; yours stands in row 0. Print what you use as the row number at each position, next to the id there.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for position, (_, row) in enumerate(_pairs(dout, idx)):
        table[position] += row
    return table


@catalogue.misconception(
    "4.7",
    "float32-table",
    "A float64 gradient gives a float32 table. Which dtype has a new tensor if you do not name one?",
    hint="Print the dtype of your empty table right after it is made, for a `dout` of dtype float64. Functions that make tensors can be told a dtype, and a tensor can make another one of its own kind. Whose dtype is wanted?",
)
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1])
    for token, row in _pairs(dout, idx):
        table[token] += row
    return table


@catalogue.misconception(
    "4.7",
    "float32-table-through-index",
    "A float64 gradient gives a float32 table, and where an id occurs more than once, the table has the gradient of its last position only. Which dtype has a new tensor if you do not name one, and does your way of writing into it add up?",
    hint="Two things are wrong; begin with the dtype: print that of your empty table and that of `dout`. Then take the docstring's example, where id 2 stands at two positions: its row must be (6, 7). Print yours.",
)
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1])
    table[idx] += dout
    return table


@catalogue.misconception(
    "4.7",
    "float32-table-float64-gradient",
    "The table and dout have different dtypes, and writing one into the other stops with an error. Which dtype has a new tensor if you do not name one?",
    hint="Print `torch.zeros(2).dtype` and `dout.dtype` for a float64 gradient: writing one tensor into another wants the same dtype on both sides. The table has to follow the gradient; the other way round, digits would be thrown away.",
)
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1])
    return table.index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))


@catalogue.misconception(
    "4.7",
    "one-sequence-only",
    "A single sequence is right, and a batch of sequences stops with an error. How could its ids and gradients become one long list?",
    hint="Two sequences of 3 tokens have ids of shape (2, 3) and gradients of shape (2, 3, D): six ids and six rows. An operation that adds by index wants the ids along a single axis. Into which two shapes do you bring them, without changing their order?",
)
def embedding_backward(dout, idx, V):
    return _table(dout, V).index_add(0, idx, dout)


# --- 4.8 -----------------------------------------------------------------------------------------------------------


def _gradients(dz2, dW2, db2, dh, dz1, dW1, db1):
    return {"dz2": dz2, "dW2": dW2, "db2": db2, "dh": dh, "dz1": dz1, "dW1": dW1, "db1": db1}


def _backward(cache, p, dz2, mask=None):
    dh = dz2 @ p["W2"]
    dz1 = dh * (cache["z1"] > 0 if mask is None else mask)
    return _gradients(dz2, dz2.T @ cache["h"], dz2.sum(0), dh, dz1, dz1.T @ cache["X"], dz1.sum(0))


def _dz2(cache, y):
    return (cache["a"] - y) / len(y)


@catalogue.misconception(
    "4.8",
    "no-relu-mask",
    "dh is right, and dz1 is the same tensor. What stands between h and z1, and what does it do to the gradient of a unit that is off?",
    hint="A unit with z1 below 0 gave 0 whatever its input was, so nothing flows back through it. Call what you wrote in 4.2.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=1)


@catalogue.misconception(
    "4.8",
    "mask-computed-and-not-used",
    "dz1 is right, but dW1 and db1 are made from dh. Which of the two is the gradient of the first linear layer's output?",
    hint="Take a unit that was off in every example: no change of its weights changes the loss, so its row of `dW1` and its entry of `db1` are 0. Print them. Which gradient do you hand to the first linear layer?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW1": right["dh"].T @ cache["X"], "db1": right["dh"].sum(0)}


@catalogue.misconception(
    "4.8",
    "mask-from-gradient",
    "dh is right, and dz1 is dh without its negative entries. Does the sign of the gradient say which units were on, or the sign of z1?",
    hint="Whether a unit was on was decided forwards, by z1. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    dz2 = _dz2(cache, y)
    return _backward(cache, p, dz2, mask=(dz2 @ p["W2"]) > 0)


@catalogue.misconception(
    "4.8",
    "times-hidden-layer",
    "dh is right, and dz1 is dh times h. Is the local derivative of the ReLU its value, or its slope?",
    hint="The slope of a ReLU is 0 or 1. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=cache["h"])


@catalogue.misconception(
    "4.8",
    "slope-of-sigmoid-in-hidden-layer",
    "dh is right, and dz1 carries a factor h(1 - h), the slope of a sigmoid. Which function follows the hidden layer?",
    hint="Only the last layer has a sigmoid. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=cache["h"] * (1 - cache["h"]))


@catalogue.misconception(
    "4.8",
    "one-mask-for-all-examples",
    "dh is right, and in dz1 a unit is on for all examples as soon as it is on for one. Does the ReLU decide by unit, or by unit and example?",
    hint="Print the shape of your mask: it must be (N, K), one switch for each unit and each example.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=(cache["z1"] > 0).any(dim=0))


@catalogue.misconception(
    "4.8",
    "mask-written-into-dh",
    "dz1 is right, but dh has its zeros, too. When you set entries of dz1 to 0, is it a tensor of its own or another name for dh?",
    hint="Print dh after dz1 is made: it must be without the zeros. Multiply into a new tensor.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dh": right["dz1"]}


@catalogue.misconception(
    "4.8",
    "not-divided-by-n",
    "Every gradient is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
    hint="Give it the same example twice: the mean of two equal losses is the loss of one, so `dW2` must stay the same, and yours doubles. Start at `dz2`, from which all others come: does 4.4 give the same?",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, cache["a"] - y)


@catalogue.misconception(
    "4.8",
    "divided-late",
    "dz2, dh and dz1 are N times the right ones, and the gradients of the parameters are right. Where does the mean of the loss enter, at the loss or at the parameters?",
    hint="The mean belongs to the loss, so dz2 carries 1/N already, and everything after it by itself.",
)
def mlp_backward(cache, p, y):
    large = _backward(cache, p, cache["a"] - y)
    return {name: g / len(y) if name[1] in "Wb" else g for name, g in large.items()}


@catalogue.misconception(
    "4.8",
    "divided-twice",
    "dz2 is right, and dW2, db2, dW1 and db1 are divided by N once more. How often does the mean of the loss divide?",
    hint="The mean divides once, at dz2. Search for a second division or a mean further down.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {name: g / len(y) if name[1] in "Wb" else g for name, g in right.items()}


@catalogue.misconception(
    "4.8",
    "opposite-sign",
    "Every gradient is the right one with the opposite sign. Is it prediction minus label in your code, or label minus prediction?",
    hint="With label 0 and prediction 0.2 the slope along z2 is positive. What is yours?",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, -_dz2(cache, y))


@catalogue.misconception(
    "4.8",
    "slope-of-sigmoid-once-too-often",
    "dz2 carries an additional factor a(1 - a). Is the slope of the sigmoid in your product a second time, after it had canceled?",
    hint="Call what you wrote in 4.4: the sigmoid and the loss are in it together, and a(1 - a) has canceled.",
)
def mlp_backward(cache, p, y):
    a = cache["a"]
    return _backward(cache, p, _dz2(cache, y) * a * (1 - a))


@catalogue.misconception(
    "4.8",
    "gradient-of-prediction",
    "dz2 is the gradient with respect to a. Which step lies between a and z2, and what is its slope?",
    hint="At a = 0.2 and y = 0 the slope along z2 is 0.2, before the mean, and yours is 1.25. Call what you wrote in 4.4.",
)
def mlp_backward(cache, p, y):
    a = cache["a"]
    return _backward(cache, p, _dz2(cache, y) / (a * (1 - a)))


@catalogue.misconception(
    "4.8",
    "z2-in-place-of-prediction",
    "dz2 is made from z2 - y, the number before the sigmoid. Which of the two, z2 or a, does the loss compare with the label?",
    hint="The cache holds z2 and a. The loss compares a with the labels.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, (cache["z2"] - y) / len(y))


@catalogue.misconception(
    "4.8",
    "biases-averaged",
    "The gradients of the weights are right, and db2 and db1 are divided by N. Does a bias that is used for every example get the mean of the gradients, or their sum?",
    hint="Print `dz2` and `db2` for two examples and add the two rows of `dz2` by hand: `db2` is half of that. The mean over the examples is in `dz2` already. What is the last step from one to the other in your code?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"].mean(0), "db1": right["dz1"].mean(0)}


@catalogue.misconception(
    "4.8",
    "biases-not-reduced",
    "db2 and db1 still have a row for each example. How many numbers is a bias, and how many must its gradient be?",
    hint="Print the shapes of `b1` and of your `db1`: (K,) and (N, K). Forwards one bias was added to all N examples. What did 4.3 do with the N gradients that come back to it?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"], "db1": right["dz1"]}


@catalogue.misconception(
    "4.8",
    "biases-keep-axis",
    "The numbers are right, but db2 and db1 have an axis of size 1 in front. Which shapes have b2 and b1?",
    hint="Print the shapes of `b1` and of your `db1`: (K,) and (1, K). Look at how you sum over the examples: what keeps the axis? What you wrote in 4.3 gives a bias gradient without it.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"].sum(0, keepdim=True), "db1": right["dz1"].sum(0, keepdim=True)}


@catalogue.misconception(
    "4.8",
    "z1-in-place-of-h",
    "dz2 is right, and dW2 is made from z1. What went into the second layer, the hidden layer before its ReLU or after it?",
    hint="Take a unit with `z1` = -2: it sent 0 into the second layer, so its weight in `W2` had no effect for that example and gets 0 from it. What does `z1` put there instead? Walk through 4.1 and see which tensor stands in the second product.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW2": right["dz2"].T @ cache["z1"]}


@catalogue.misconception(
    "4.8",
    "h-in-place-of-x",
    "dz1 is right, and dW1 is made from h: it has a column for each hidden unit. What went into the first layer?",
    hint="For 2 inputs and three units `W1` is (3, 2), and your `dW1` is (3, 3). Look at 4.1: which tensor stood beside `W1` in the product? It is the one in the cache that you have not used yet.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW1": right["dz1"].T @ cache["h"]}


@catalogue.misconception(
    "4.8",
    "weights-transposed",
    "dW2 and dW1 are transposed. Which shapes have W2 and W1 themselves?",
    hint="For 2 inputs and three units `W1` is (3, 2), and your `dW1` is (2, 3). Print both; the axis of the outputs comes first. Which of the two factors of your product carries the outputs, and where does it stand?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW2": right["dW2"].T, "dW1": right["dW1"].T}


@catalogue.misconception(
    "4.8",
    "weights-of-output-transposed",
    "dW1 is right, and dW2 is transposed. Which shape has W2 itself?",
    hint="With three units `W2` is (1, 3), and your `dW2` is (3, 1). Print the shapes of the two factors of your product: one of them carries the single output. Where does it have to stand, and which one is transposed?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW2": right["dW2"].T}


@catalogue.misconception(
    "4.8",
    "w2-transposed-for-dh",
    "The product of dz2 and W2 stops with an error about shapes. Forwards W2 was transposed; is it again on the way back?",
    hint="Say N = 4 and K = 3: `dz2` is (4, 1), `W2` is (1, 3), and `dh` must be (4, 3). Write the shapes side by side, with `W2` as it is and with `W2` turned: in which of the two do equal sizes meet?",
)
def mlp_backward(cache, p, y):
    dz2 = _dz2(cache, y)
    dh = dz2 @ p["W2"].T
    dz1 = dh * (cache["z1"] > 0)
    return _gradients(dz2, dz2.T @ cache["h"], dz2.sum(0), dh, dz1, dz1.T @ cache["X"], dz1.sum(0))


@catalogue.misconception(
    "4.8",
    "parameters-only",
    "Only the gradients of the four parameters came back. Which three gradients in between does the docstring ask for, too?",
    hint="You need dz2, dh and dz1 on the way anyhow. Put them into the answer as well.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {name: right[name] for name in ("dW2", "db2", "dW1", "db1")}


# --- 4.11 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "4.11",
    "mask-from-gradient",
    "The result is dh = dout W2 without its negative entries, as in the function to be repaired. What decided on the way forward whether a unit was on?",
    hint="In the docstring's example `dh` is [[1, 2, -3], [-2, -4, 6]], and the -3 and the -4 belong to units with `z` of 2 and 3. Were these units on? You return 0 for both. Look for `z` in the given function: how often does it occur?",
)
def repaired_hidden_gradient(dout, z, W2):
    dh = dout @ W2
    passes = dh > 0
    return torch.where(passes, dh, 0.0)


@catalogue.misconception("4.11", "relu-of-gradient", same_as="mask-from-gradient")
def repaired_hidden_gradient(dout, z, W2):
    return torch.relu(dout @ W2)


@catalogue.misconception(
    "4.11",
    "no-mask",
    "The result is dout W2 for every unit, on or off. What reaches z where the ReLU gave 0?",
    hint="In the table the units with the rows 1 and 3 have the measured gradient 0. You give them one. Move the `z` of such a unit from -1 to -0.9 and work out max(0, z): by how much does the loss change?",
)
def repaired_hidden_gradient(dout, z, W2):
    return dout @ W2


@catalogue.misconception(
    "4.11",
    "mask-wrong-way-round",
    "The gradient passes exactly where the ReLU was off. Which units did the forward pass let through?",
    hint="In the docstring's example the first unit of the first example has `z` = 0.5, so a little more of it is a little more output. Its gradient is 1, and you give 0. Read your condition aloud for this unit.",
)
def repaired_hidden_gradient(dout, z, W2):
    return torch.where(z > 0, 0.0, dout @ W2)


@catalogue.misconception(
    "4.11",
    "both-signs-asked",
    "Units that were off get 0, which is right, but so do units that were on wherever their gradient is negative. Can a gradient not be negative?",
    hint="In the docstring's example the last unit of the first example was on, with `z` = 2, and its gradient is -3. You give 0. You ask two questions about each entry; which of the two is the old one?",
)
def repaired_hidden_gradient(dout, z, W2):
    dh = dout @ W2
    return torch.where((z > 0) & (dh > 0), dh, 0.0)


@catalogue.misconception("4.11", "both-masks-multiplied", same_as="both-signs-asked")
def repaired_hidden_gradient(dout, z, W2):
    return torch.relu(dout @ W2) * (z > 0)


@catalogue.misconception(
    "4.11",
    "either-sign-asked",
    "Units that were off still get a gradient where it is positive. Is it enough for one of the two signs to be positive?",
    hint="In the docstring's example the second unit of the first example has `z` = -1 and `dh` = 2: it was off, so its gradient is 0, and you give 2. You let an entry pass for two reasons; which of the two is none?",
)
def repaired_hidden_gradient(dout, z, W2):
    dh = dout @ W2
    return torch.where((z > 0) | (dh > 0), dh, 0.0)


@catalogue.misconception(
    "4.11",
    "times-hidden-layer",
    "The result is dout W2 times relu(z). Is the local derivative of the ReLU its value, or its slope?",
    hint="In the docstring's example the last unit of the first example has `z` = 2 and `dh` = -3. Its gradient is -3, and you give -6. Max(0, z) at 2 and at 2.1 differs by 0.1: how steep is it there?",
)
def repaired_hidden_gradient(dout, z, W2):
    return (dout @ W2) * torch.relu(z)


@catalogue.misconception(
    "4.11",
    "sign-in-place-of-switch",
    "Where z is negative, the result is dout W2 with the opposite sign. What is the slope of max(0, z) to the left of 0?",
    hint="In the docstring's example the second unit of the first example has `z` = -1 and `dh` = 2. You give -2, as if the output fell when `z` grows. Work out max(0, z) at -1 and at -0.9: does it fall, rise, or stay?",
)
def repaired_hidden_gradient(dout, z, W2):
    return (dout @ W2) * torch.sign(z)


@catalogue.misconception(
    "4.11",
    "one-mask-for-all-examples",
    "A unit is on for all examples as soon as it is on for one. Does the ReLU decide by unit, or by unit and example?",
    hint="Print the shape of your condition: the docstring's example has two examples and three units, so there are six switches. In its first row the second unit is off, and in the second row it is on.",
)
def repaired_hidden_gradient(dout, z, W2):
    return (dout @ W2) * (z > 0).any(dim=0)


@catalogue.misconception(
    "4.11",
    "switch-alone",
    "The result is 1 where a unit was on and 0 where it was off. Where is the gradient that arrives from the second layer?",
    hint="In the docstring's example the last entry of the answer is 6, and you give 1. The switch says which entries of `dh` pass. How does `dh` come into your result?",
)
def repaired_hidden_gradient(dout, z, W2):
    return (z > 0).to(dout.dtype)


# --- 4.9 -----------------------------------------------------------------------------------------------------------


def _step(net, inputs, loss_of):
    net.zero_grad()
    loss = loss_of(net(inputs))
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "4.9",
    "listing-unchanged",
    "The loss refuses its two tensors for one example and for four. Which shape has the output of the network, and which have the labels?",
    hint="Print both shapes right before the loss: (1, 1) and (1,) for one example, (4, 1) and (4,) for four. They hold equally many numbers, and one of them has an axis too many or too few. Which one, and at which end?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels))


@catalogue.misconception(
    "4.9",
    "all-axes-of-size-1-removed",
    "Several examples are right, and a single one stops with an error. What does squeeze() make of a tensor of shape (1, 1)?",
    hint="Print the shape after your `squeeze()`: (4,) for four examples, but () for one, since the axis of the examples has the size 1 there, too. How do you say which of the two axes you mean?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs.squeeze(), labels))


@catalogue.misconception(
    "4.9",
    "axis-added-in-front-of-labels",
    "A single example is right, and several stop with an error, since the labels have become one row (1, N). On which side of the examples does the network have its additional axis?",
    hint="Print both shapes for four examples: (4, 1) from the network, (1, 4) from your labels. They agree only where N is 1. Where does the new axis have to stand so that the 4 comes first?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.unsqueeze(0)))


@catalogue.misconception(
    "4.9",
    "first-axis-of-outputs-removed",
    "A single example is right, and several stop with an error. Which axis of the output counts the examples, and which one did you take away?",
    hint="Print the shape after your line for four examples and beside it that of the labels, (4,). Then look at the network's, (4, 1): the 4 counts the examples and must stay. Which of the numbers 0 and 1 names the axis that may go?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs.squeeze(0), labels))


@catalogue.misconception("4.9", "first-prediction-only", same_as="first-axis-of-outputs-removed")
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs[0], labels))


@catalogue.misconception(
    "4.9",
    "labels-reshaped-for-one-example",
    "A single example is right, and for several the labels do not fit into the shape you ask for. Which of its two numbers must be the number of examples?",
    hint="A shape of (1, 1) has room for one number, and four labels are four. Print the network's output shape for one example and for four: which number changes, and from where could your code take it?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(1, 1)))


@catalogue.misconception(
    "4.9",
    "another-loss",
    "The loss is a mean squared error; for several examples it even compares every prediction with every label. Did an error message go away because shapes were put right, or because another loss does not look at them?",
    hint="Put the listing's loss back and read its message: it names the two shapes. Print both for one example and for four.",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.MSELoss()(outputs, labels))


@catalogue.misconception(
    "4.9",
    "another-loss-right-shapes",
    "The loss is the mean squared error of predictions and labels. Which loss has the chapter's listing?",
    hint="The shapes are right now; keep that, and put the listing's own loss back.",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.MSELoss()(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "sigmoid-applied-twice",
    "The loss is that of the sigmoid of the predictions. Does the loss you use expect probabilities, or raw scores?",
    hint="The network ends with a sigmoid, so its outputs are probabilities. Which loss of the listing takes those as they are?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCEWithLogitsLoss()(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "every-prediction-meets-every-label",
    "A single example is right, and for several every prediction is compared with every label. Was one of the tensors enlarged to (N, N) to make the message go away?",
    hint="Print the two shapes right before the loss for three examples: (3, 3) both, so the mean is taken over nine comparisons. Only three are wanted, each prediction with its own label. Which shape has room for exactly three?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(*torch.broadcast_tensors(outputs, labels)))


@catalogue.misconception(
    "4.9",
    "sum-over-examples",
    "A single example is right, and for N examples loss and gradients are N times the right ones. Is the loss of the listing a sum, or a mean?",
    hint="Give it one example, and then the same one four times: the mean of equal losses is the loss of one, and yours is four times as much. Compare the way you make the loss with the listing's.",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss(reduction="sum")(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "gradients-not-cleared",
    "The first call is right, and after a second one the gradients are twice as large. Which line of the listing made room for the new gradients?",
    hint="Call it twice and print a gradient each time. The listing has a line for that, before the backward pass.",
)
def fix_simple_net(net, inputs, labels):
    loss = nn.BCELoss()(net(inputs), labels.reshape(-1, 1))
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "4.9",
    "gradients-cleared-at-end",
    "The loss is right, and .grad of every parameter is None. Was there no backward pass, or were its gradients cleared before anybody could read them?",
    hint="Print .grad right after the backward pass and at the very end. The clearing belongs to the beginning.",
)
def fix_simple_net(net, inputs, labels):
    loss = _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(-1, 1)))
    net.zero_grad()
    return loss


@catalogue.misconception("4.9", "no-backward-pass", same_as="gradients-cleared-at-end")
def fix_simple_net(net, inputs, labels):
    net.zero_grad()
    return nn.BCELoss()(net(inputs), labels.reshape(-1, 1)).item()


@catalogue.misconception(
    "4.9",
    "parameters-moved",
    "Loss and gradients of the first call are right, and the network is another one afterwards. Does your function change the parameters, although it is to stop at the gradients?",
    hint="Print a weight before and after. The function stops at the gradients; no optimizer takes a step here.",
)
def fix_simple_net(net, inputs, labels):
    loss = _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(-1, 1)))
    for parameter in net.parameters():
        parameter.data -= 0.01 * parameter.grad
    return loss


@catalogue.misconception(
    "4.9",
    "nothing-returned",
    "The gradients are right, but the loss did not come back. Is the `return` missing?",
    hint="The docstring promises the loss. The last line has to give it back.",
)
def fix_simple_net(net, inputs, labels):
    _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(-1, 1)))


# --- 4.10 ----------------------------------------------------------------------------------------------------------


def _go_back(net, X, y):
    F.binary_cross_entropy(net(X), y).backward()


@catalogue.misconception(
    "4.10",
    "gradients-pile-up",
    "The first batch is right, and the gradients of the second one contain those of the first. What does a backward pass do with what is in .grad already?",
    hint="Call it twice with the same batch: the second answer is twice the first. Print `.grad` of one parameter at the very beginning of the second call. What does the listing of 4.9 do before its backward pass?",
)
def named_gradients(net, X, y):
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "gradients-pile-up-in-handed-out",
    "Both batches gave the same tensors, and in the end these hold zeros. Is what you return a copy of .grad, or .grad itself?",
    hint="Keep the answers of two calls and ask, for one name, whether `first[name] is second[name]`. It is: the second backward pass writes into the tensor that you gave away. The caller needs numbers that nobody else can reach.",
)
def named_gradients(net, X, y):
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception("4.10", "no-copy-cleared-to-zeros", same_as="gradients-pile-up-in-handed-out")
def named_gradients(net, X, y):
    net.zero_grad(set_to_none=False)
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "no-copy",
    "The gradients of the last batch became zeros when .grad was filled with zeros afterwards. Is what you return a copy of .grad, or .grad itself?",
    hint="Keep an answer, call `net.zero_grad(set_to_none=False)`, and print the answer again: all zeros. Under your names and under `.grad` is one and the same tensor. How do you make a second one with the same numbers?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "no-backward-pass",
    "There are names, and None in place of every gradient. Which call fills .grad, and is it still filled when you read it?",
    hint="Print `.grad` of one parameter after each line of your function. After which line should it hold numbers for the first time, and does any later line, before you read it, take them away again?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception("4.10", "cleared-before-it-was-read", same_as="no-backward-pass")
def named_gradients(net, X, y):
    _go_back(net, X, y)
    net.zero_grad()
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "weights-only",
    "The weights are there, and the biases are missing. Is a bias a parameter, and which ones does your function pick?",
    hint="Print the keys of your answer for a `SimpleNet`: the docstring's example has four, and you have two. A bias is learned like a weight. Which condition in your code lets the other two fall through?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.requires_grad and "weight" in name}


@catalogue.misconception(
    "4.10",
    "names-of-simplenet-written-out",
    "A SimpleNet is right, and another network stops the function, since it has no fc1. Who knows the names of a network's parameters?",
    hint="Try it with `nn.Sequential(nn.Linear(3, 1), nn.Sigmoid())`: its parameters are called `0.weight` and `0.bias`. The docstring names a method that gives each name together with its parameter.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    parameters = {
        "fc1.weight": net.fc1.weight,
        "fc1.bias": net.fc1.bias,
        "fc2.weight": net.fc2.weight,
        "fc2.bias": net.fc2.bias,
    }
    return {name: param.grad.clone() for name, param in parameters.items() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "values-in-place-of-gradients",
    "The result holds the parameters themselves. Where does a parameter keep its gradient?",
    hint="A parameter keeps its gradient in an attribute of its own. Print both for one weight.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.detach().clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "frozen-parameters-read",
    "A frozen parameter stops the function with an error, since its .grad is None. Which line of the chapter's listing checks that?",
    hint="Try it with `net.fc1.requires_grad_(False)`: print `.grad` of all four parameters after the backward pass, and two are None. Nothing can be copied there. What can you ask a parameter about itself before you touch its gradient?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen-parameters-as-zeros",
    "A frozen parameter stands in the result with a gradient of zeros. Does it have a gradient at all?",
    hint="Try it with `net.fc1.requires_grad_(False)`: two names are expected, and you give four. Zeros would say that the loss does not depend on `fc1`; in truth nobody has asked. Leave out what has no gradient, name and all.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {n: torch.zeros_like(p) if p.grad is None else p.grad.clone() for n, p in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen-parameters-as-none",
    "A frozen parameter stands in the result with None. Which line of the chapter's listing leaves it out?",
    hint="Try it with `net.fc1.requires_grad_(False)`: two names are expected, and you give four. Your code decides which value stands under a name. Where would it decide whether the name is there at all?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {n: None if p.grad is None else p.grad.clone() for n, p in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen-parameters-thawed",
    "A frozen parameter stands in the result with a gradient. Did your function switch its requires_grad on?",
    hint="Freeze a layer with `net.fc1.requires_grad_(False)`, call your function, and print `net.fc1.weight.requires_grad`: it must still be False, or the next training moves what was to stay. Search for the place where your code changes it; it only has to read it.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    net.requires_grad_(True)
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "sum-over-examples",
    "Every gradient is N times the right one. Is the loss a sum over the examples, or their mean?",
    hint="Give it the same example twice: every gradient must stay the same.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    F.binary_cross_entropy(net(X), y, reduction="sum").backward()
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "gradient-of-prediction",
    "The gradients are those of the sum of the predictions; the labels play no part. Of which number do you want the gradients?",
    hint="Go backward from the loss, which compares predictions with labels. Change a label: the gradients must change.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    net(X).sum().backward()
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "list-without-names",
    "The gradients came back as a list. Under which names does the docstring want them?",
    hint="The module has a method that gives its parameters together with their names.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return [param.grad.clone() for param in net.parameters() if param.requires_grad]


@catalogue.misconception(
    "4.10",
    "parameters-moved",
    "The gradients of the first batch are right, and the network is another one afterwards. Does your function change the parameters, although it is only to read gradients?",
    hint="Print `net.fc1.weight[0, 0]` before and after your call: the number must stay. Somewhere a step against the gradient is made, as an optimizer does it. Here the gradients are only read.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    for param in net.parameters():
        if param.grad is not None:
            param.data -= 0.01 * param.grad
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}
