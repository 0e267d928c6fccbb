"""Wrong answers that students really give in assignment 04, each with the sentence they then read."""

import torch
from torch import nn
from torch.nn import functional as F

from autograder.authoring import Catalogue

catalogue = Catalogue()


# --- 4.1 -----------------------------------------------------------------------------------------------------------


def _layer(X, p, number):
    return X @ p[f"W{number}"].T + p[f"b{number}"]


def _cache(X, z1, h, z2, a):
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": a}


@catalogue.misconception(
    "4.1",
    "weights not transposed",
    "The product with W1 stops with an error about shapes. Which axis of W1 counts the inputs, and which axis of X does?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"] + p["b1"]
    h = torch.relu(z1)
    z2 = h @ p["W2"] + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "factors exchanged",
    "The product with W1 stops with an error about shapes. Which axis of W1 counts the inputs, and which axis of X does?",
)
def mlp_forward(X, p):
    z1 = p["W1"] @ X + p["b1"]
    h = torch.relu(z1)
    z2 = p["W2"] @ h + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "one column an example",
    "The numbers are right, but every tensor is transposed: the examples lie in columns. Along which axis do they lie in X?",
)
def mlp_forward(X, p):
    z1 = p["W1"] @ X.T + p["b1"][:, None]
    h = torch.relu(z1)
    z2 = p["W2"] @ h + p["b2"][:, None]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias as a column",
    "Adding b1 stops with an error for several examples, and makes a table of a single one. Does each row of the batch need one number of the bias, or all of them?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b1"].unsqueeze(1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b2"].unsqueeze(1)
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "biases forgotten",
    "The values are those of a network whose biases are all 0. Where do b1 and b2 enter?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T
    h = torch.relu(z1)
    z2 = h @ p["W2"].T
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "second bias forgotten",
    "The hidden layer is right, and z2 is what it would be without a bias. Which parameter have you not used?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias of the other layer, first",
    "z1 is the right product plus b2 in place of b1. Which bias belongs to the hidden layer?",
)
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b2"]
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b2"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "bias of the other layer, second",
    "The hidden layer is right, and z2 has a column for each hidden unit. Which bias did the single output get?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b1"]
    return _cache(X, z1, h, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "ReLU on the output",
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
    "sigmoid before the ReLU",
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
    "activations exchanged",
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
    "tanh in the hidden layer",
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
    "no ReLU",
    "h equals z1, negative numbers included. What stands between the two linear layers?",
    hint="Print the smallest entry of h: it must be 0 or more.",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    z2 = _layer(z1, p, 2)
    return _cache(X, z1, z1, z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "ReLU computed and not used",
    "h is right, but z2 was made from z1. Which of the two goes into the second layer?",
    hint="Follow the names: which tensor stands in the second product, the one before the ReLU or the one after it?",
)
def mlp_forward(X, p):
    z1 = _layer(X, p, 1)
    z2 = _layer(z1, p, 2)
    return _cache(X, z1, torch.relu(z1), z2, torch.sigmoid(z2))


@catalogue.misconception(
    "4.1",
    "negative numbers kept",
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
    "ReLU in place",
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
    "no sigmoid",
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
    "softmax over one output",
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
    "predictions squeezed",
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
    "inputs not cached",
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
    "predictions only",
    "One tensor came back and no dict. What else will the backward pass ask for?",
    hint="Make a dict and put each tensor under its name as soon as it is there. The docstring lists the names.",
)
def mlp_forward(X, p):
    return torch.sigmoid(_layer(torch.relu(_layer(X, p, 1)), p, 2))


# --- 4.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "4.2",
    "no switch",
    "The upstream gradient came back as it was. What reaches z where the ReLU gave 0, whatever z was?",
)
def relu_backward(dout, z):
    return dout.clone()


@catalogue.misconception(
    "4.2",
    "times the output",
    "The result is dout times relu(z). Is the local derivative of the ReLU its value, or its slope?",
    hint="At z = 3 and dout = 1 the answer is 1, and yours is 3. The slope of max(0, z) is the same at z = 1 and at z = 3.",
)
def relu_backward(dout, z):
    return dout * torch.relu(z)


@catalogue.misconception(
    "4.2",
    "times the input",
    "The result is dout times z. What is the slope of max(0, z) at z = 3?",
)
def relu_backward(dout, z):
    return dout * z


@catalogue.misconception(
    "4.2",
    "ReLU of the gradient",
    "The result is dout without its negative entries, whatever z is. Does the sign of the gradient decide what the ReLU let through, or the sign of its input?",
)
def relu_backward(dout, z):
    return torch.relu(dout)


@catalogue.misconception(
    "4.2",
    "both signs asked",
    "Where z is positive and dout is negative, the result is 0. Can a gradient not be negative?",
)
def relu_backward(dout, z):
    return dout * ((z > 0) & (dout > 0))


@catalogue.misconception(
    "4.2",
    "switch alone",
    "The result is 1 where the ReLU was on and 0 where it was off, which is the local derivative alone. Where is the other factor of the chain rule?",
    hint="With dout = 5 and z = 3 the answer is 5, and yours is 1. The switch is multiplied by something.",
)
def relu_backward(dout, z):
    return (z > 0).to(dout.dtype)


@catalogue.misconception(
    "4.2",
    "truth values",
    "A tensor of True and False came back, which is where the ReLU was on. Where is the other factor of the chain rule?",
    hint="True and False say where it passes. Multiply by what comes from above, and numbers come out.",
)
def relu_backward(dout, z):
    return z > 0


@catalogue.misconception(
    "4.2",
    "forward again",
    "The result is relu(z), the output of the forward pass. Where does dout enter?",
    hint="Your function gets z and dout, and dout does not occur in your result. z only decides where dout passes.",
)
def relu_backward(dout, z):
    return torch.relu(z)


@catalogue.misconception(
    "4.2",
    "switch the wrong way round",
    "The gradient passes exactly where the ReLU was off. Which entries did the forward pass let through?",
)
def relu_backward(dout, z):
    return dout * (z < 0)


@catalogue.misconception(
    "4.2",
    "sign in place of a switch",
    "Where z is negative, the result is dout with the opposite sign. What is the slope of max(0, z) to the left of 0?",
)
def relu_backward(dout, z):
    return dout * torch.sign(z)


@catalogue.misconception(
    "4.2",
    "dout changed in place",
    "The result is right, but dout itself was overwritten, and a network may need it again. Is what you return a new tensor?",
    hint="Print dout before and after your call. Writing zeros into it, or multiplying it with *=, changes it. Make a new tensor.",
)
def relu_backward(dout, z):
    dout[z <= 0] = 0
    return dout


@catalogue.misconception(
    "4.2",
    "leaky ReLU",
    "Where the ReLU was off, one hundredth of the gradient comes through. Which slope does max(0, z) have there?",
)
def relu_backward(dout, z):
    return torch.where(z > 0, dout, 0.01 * dout)


# --- 4.3 -----------------------------------------------------------------------------------------------------------


def _lists(dout, X):
    return dout.reshape(-1, dout.shape[-1]), X.reshape(-1, X.shape[-1])


@catalogue.misconception(
    "4.3",
    "weights transposed",
    "dX and db are right, and dW is transposed: it has the shape (in, out). Which shape has W itself?",
    hint="Print the shapes of W and of your dW. Which of the two factors of the product must stand in front for (out, in)?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, x.T @ d, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "W transposed for dX",
    "The product of dout and W stops with an error about shapes. Forwards W was transposed; is it again on the way back?",
    hint="Write the shapes: dout is (N, out), dX is (N, in). Which shape must stand between them, and is it W as it is or turned?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W.T, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights in the wrong order",
    "The product of W and dout stops with an error about shapes. Which axis must disappear in dX, and which axes of the two tensors is that?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return (W.T @ d).reshape(X.shape), d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "bias averaged",
    "dX and dW are right, and db is divided by the number of examples. Does a bias that is used many times get the mean of the gradients, or their sum?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "weights averaged",
    "dX and db are right, and dW is divided by the number of examples. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW must double. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(x), d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights and bias averaged",
    "dX is right, and dW and db are divided by the number of examples. Is the mean of the loss not contained in dout already?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(x), d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "everything averaged",
    "All three gradients are divided by the number of examples. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW and db must double, and dX must not shrink. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W / len(x), d.T @ x / len(x), d.mean(dim=0)


@catalogue.misconception(
    "4.3",
    "averaged over the first axis",
    "dX is right, and dW and db are divided by the first size of X, the number of examples or of sequences. Is the mean of the loss not contained in dout already?",
    hint="Give it the same example twice, with the same dout: dW must double. Search for a mean, or a division.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x / len(X), d.sum(dim=0) / len(X)


@catalogue.misconception(
    "4.3",
    "bias not reduced",
    "dX and dW are right, and db is dout itself, with numbers for every example. How many numbers is the bias, and how many must its gradient be?",
    hint="Print the shapes of b and of your db: (out,) and dout's whole shape. All axes but the last are copies of one bias.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.clone()


@catalogue.misconception(
    "4.3",
    "bias summed over the outputs",
    "dX and dW are right, and db has one number for each example. Which axis of dout is summed away, and which must stay?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.sum(dim=1)


@catalogue.misconception(
    "4.3",
    "bias summed over everything",
    "dX and dW are right, and db is a single number. Which axis of dout must stay?",
    hint="Print the shapes of b and of your db: (out,) and (). The last axis has to survive.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.sum()


@catalogue.misconception(
    "4.3",
    "bias keeps an axis",
    "The numbers are right, but db has the shape (1, out). Which shape has the bias itself?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, d.sum(dim=0, keepdim=True)


@catalogue.misconception(
    "4.3",
    "bias summed over the first axis only",
    "Examples are right, and for sequences db still has the axis of the tokens. Over which axes is the bias copied there?",
    hint="For sequences dout has three axes, and the bias is copied along two of them. Flatten first, then one sum is enough.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d.T @ x, dout.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "weights first in the answer",
    "The three gradients are right, but in the order dW, db, dX. Which does the docstring ask for first?",
    hint="Read the last line of the docstring and compare it with your return line, name by name.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d.T @ x, d.sum(dim=0), dout @ W


@catalogue.misconception(
    "4.3",
    "dX and dW exchanged in the answer",
    "The three gradients are right, but dX and dW stand in each other's place. Which does the docstring ask for first?",
    hint="Read the last line of the docstring and compare it with your return line, name by name.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d.T @ x, dout @ W, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "last example only",
    "dX is right, and dW and db are those of the last example alone. Does your loop add to its results, or replace them?",
    hint="Follow dW through two rounds of the loop: in the second round the first example is gone.",
)
def linear_backward(dout, X, W):
    for d, x in zip(*_lists(dout, X), strict=True):
        dW, db = torch.outer(d, x), d.clone()
    return dout @ W, dW, db


@catalogue.misconception(
    "4.3",
    "one matrix for each example",
    "dX and db are right, and dW holds one matrix for each example. How many weight matrices has the layer?",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, d[:, :, None] * x[:, None, :], d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "one matrix for each sequence",
    "Examples are right, and for sequences dW holds one matrix for each sequence. How many weight matrices has the layer?",
)
def linear_backward(dout, X, W):
    d, _ = _lists(dout, X)
    return dout @ W, dout.transpose(-1, -2) @ X, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "summed before multiplied",
    "dX and db are right, and dW is the product of two sums over the examples. Is the sum of products the same as the product of sums?",
    hint="For x = (1, 2) and dout = (3, 4) the sum of products is 11, and the product of sums is 21. Sum last.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return dout @ W, torch.outer(d.sum(dim=0), x.sum(dim=0)), d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "upstream gradient ignored",
    "The gradients are those for a dout in which every number is 1. Where does dout enter the three products?",
    hint="Call it with dout all zero: all three gradients must be 0.",
)
def linear_backward(dout, X, W):
    d, x = _lists(torch.ones_like(dout), X)
    return torch.ones_like(dout) @ W, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "matrices only",
    "Examples are right, and sequences stop with an error. What does .T do with three axes, and how could the sequences become one long list of examples?",
)
def linear_backward(dout, X, W):
    return dout @ W, dout.T @ X, dout.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "dX left as a list",
    "Examples are right, and for sequences dX is one long list, without its axis of the sequences. Which shape has X itself?",
    hint="Keep the shape of X before you flatten it, and give it back to dX at the end.",
)
def linear_backward(dout, X, W):
    d, x = _lists(dout, X)
    return d @ W, d.T @ x, d.sum(dim=0)


@catalogue.misconception(
    "4.3",
    "view of scattered memory",
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
    "not divided by N",
    "The result is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y)


@catalogue.misconception(
    "4.4",
    "divided by N twice",
    "The result is the right one divided by N. Is there a second division, or a mean of something that was a mean already?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) / len(a) ** 2


@catalogue.misconception(
    "4.4",
    "opposite sign",
    "The result is the right one with the opposite sign. Is it prediction minus label in your code, or label minus prediction?",
    hint="With label 0 and prediction 0.2 a larger z makes the loss larger, so its slope is positive. What is yours?",
)
def sigmoid_bce_backward(a, y):
    return -_difference(a, y) / len(a)


@catalogue.misconception(
    "4.4",
    "slope of the sigmoid once too often",
    "Each number carries an additional factor a(1 - a). Is the slope of the sigmoid in your product a second time, after it had cancelled?",
    hint="Multiply dL/da by da/dz on paper: a(1 - a) cancels. Where does it come in again in your code?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) * a * (1 - a) / len(a)


@catalogue.misconception(
    "4.4",
    "chain stops at the prediction",
    "The result is the gradient with respect to a, and infinite or NaN where a prediction is exactly 0 or 1. Which step lies between a and z, and what is its slope?",
    hint="At a = 0.2 and y = 0 you have 1.25, the slope along a. One more factor, 0.2 times 0.8, leads on to z.",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y) / (a * (1 - a)) / len(a)


@catalogue.misconception(
    "4.4",
    "chain stops at the prediction, term by term",
    "The result is the gradient with respect to a, and infinite or NaN where a prediction is exactly 0 or 1. Which step lies between a and z, and what is its slope?",
)
def sigmoid_bce_backward(a, y):
    y = y.reshape(a.shape)
    return (-y / a + (1 - y) / (1 - a)) / len(a)


@catalogue.misconception(
    "4.4",
    "factor by factor",
    "Ordinary predictions are right, and a prediction of exactly 0 or 1 gives NaN. What are the two factors, each alone, for such a prediction?",
    hint="Multiply the two factors on paper first: a(1 - a) cancels. Then write only what is left.",
)
def sigmoid_bce_backward(a, y):
    y = y.reshape(a.shape)
    return (-y / a + (1 - y) / (1 - a)) * (a * (1 - a)) / len(a)


@catalogue.misconception(
    "4.4",
    "a small number in the denominator",
    "Ordinary predictions are right, and where a prediction is exactly 0 or 1 the result is 0, also where it is wrong. What does the slope of the sigmoid do to a number that you kept finite, and should a sure mistake have no gradient?",
    hint="At a = 1 and y = 0 the slope along z is 1, the largest there is. If a(1 - a) is cancelled on paper, no denominator is left to be saved.",
)
def sigmoid_bce_backward(a, y):
    slope = a * (1 - a)
    return _difference(a, y) / slope.clamp(min=1e-12) * slope / len(a)


@catalogue.misconception(
    "4.4",
    "every prediction meets every label",
    "Labels in a column are right, and labels in a row give a table (N, N) in which every prediction met every label. Which shapes does your subtraction see?",
)
def sigmoid_bce_backward(a, y):
    return (a - y) / len(a)


@catalogue.misconception(
    "4.4",
    "always one more axis",
    "Labels in a row are right, and labels in a column give three axes. What does your code add to labels that are a column already?",
    hint="Print both shapes for labels (N,) and for labels (N, 1). One way to bring either into the shape of the predictions is enough.",
)
def sigmoid_bce_backward(a, y):
    return (a - y[:, None]) / len(a)


@catalogue.misconception(
    "4.4",
    "answer in a row",
    "The numbers are right, but they lie in a row, of shape (N,). Which shape has z, and so its gradient?",
)
def sigmoid_bce_backward(a, y):
    return (a.flatten() - y.flatten()) / len(a)


@catalogue.misconception(
    "4.4",
    "mean of the gradients",
    "A single number came back, the sum of the right ones. The loss is a mean over the examples; does each of them not keep its own gradient?",
)
def sigmoid_bce_backward(a, y):
    return _difference(a, y).mean()


@catalogue.misconception(
    "4.4",
    "sigmoid applied again",
    "The result is made from sigma(a), as if a were not a prediction yet. What is your function given, the number before the sigmoid or the one after it?",
    hint="Print what comes in: numbers between 0 and 1 have been through the sigmoid already.",
)
def sigmoid_bce_backward(a, y):
    return (torch.sigmoid(a) - y.reshape(a.shape)) / len(a)


@catalogue.misconception(
    "4.4",
    "squared error",
    "Each number is the right one times 2a(1 - a), which is the gradient of a squared error. Which loss does the docstring name?",
    hint="At a = 0.2 and y = 0 the slope along z is 0.2, before the mean. Which loss gives 2a(a - y)(1 - a) instead?",
)
def sigmoid_bce_backward(a, y):
    return 2 * _difference(a, y) * a * (1 - a) / len(a)


@catalogue.misconception(
    "4.4",
    "predictions changed in place",
    "The result is right, but a itself was overwritten. Which of your operations does not make a new tensor?",
    hint="Print a before and after your call. Operators such as -= and methods with an underscore at their end write into it.",
)
def sigmoid_bce_backward(a, y):
    a -= y.reshape(a.shape)
    return a / len(a)


# --- 4.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "4.5",
    "new axes only",
    "Axes that were put in front are summed, and axes of size 1 are left stretched. What did broadcasting do to an axis of size 1?",
)
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    return g


@catalogue.misconception(
    "4.5",
    "stretched axes only",
    "Axes of size 1 are summed, and axes that were put in front are still there. What did broadcasting do where the shape before was shorter?",
)
def unbroadcast(g, shape):
    new = g.dim() - len(shape)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=new + axis, keepdim=True)
    return g


@catalogue.misconception(
    "4.5",
    "axis of size 1 lost",
    "The sums are right, but stretched axes are gone where they must have the size 1 again. Which shape does the docstring ask for?",
)
def unbroadcast(g, shape):
    new = g.dim() - len(shape)
    axes = [*range(new), *(new + axis for axis, size in enumerate(shape) if size == 1)]
    return g.sum(dim=axes) if axes else g


@catalogue.misconception(
    "4.5",
    "axes counted while they disappear",
    "One stretched axis is lost, and two of them stop with an error. What happens to the numbers of the other axes when one is summed away?",
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
    "mean in place of the sum",
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
    "first copy only",
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
    "gradient cut to the shape",
    "The result holds the first numbers of g in memory, as many as fit. Which numbers of g belong to one number before broadcasting?",
)
def unbroadcast(g, shape):
    count = 1
    for size in shape:
        count *= size
    return g.flatten()[:count].reshape(shape)


@catalogue.misconception(
    "4.5",
    "gradient handed on",
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
    "one sum for all",
    "Every number of the result is the sum of all of g. Which numbers of g are copies of one and the same number?",
    hint="For g of shape (3, 2) and the shape (2,) the answer has two numbers, a sum for each column. Name the axes of your sum.",
)
def unbroadcast(g, shape):
    return g.sum().expand(shape).clone()


@catalogue.misconception(
    "4.5",
    "stretched axes first",
    "New axes alone are right, stretched ones alone too, but both together are not. At which end are two shapes aligned, and which axis of g has the number you use?",
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
    "aligned at the left",
    "Axes at the end of g are summed where axes in front of it are new. At which end are the two shapes aligned?",
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
    "one new axis only",
    "One new axis is summed, and where there are two, one of them is left. How many axes can broadcasting put in front?",
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
    "not divided by N",
    "The result is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
    hint="Give it the same example twice: each row must become half as large, since the loss is a mean.",
)
def softmax_ce_backward(logits, targets):
    return torch.softmax(logits, dim=1) - _one_hot(logits, targets)


@catalogue.misconception(
    "4.6",
    "divided by all entries",
    "The result is the right one divided by the number of classes. Over what does the mean of the loss run, examples or entries?",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - _one_hot(logits, targets)) / logits.numel()


@catalogue.misconception(
    "4.6",
    "divided by the classes",
    "The result is the right one times N / C. Over what does the mean of the loss run, examples or classes?",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - _one_hot(logits, targets)) / logits.shape[1]


@catalogue.misconception(
    "4.6",
    "right class not subtracted",
    "The result is the probabilities, divided by N. How does the gradient know which class was right?",
    hint="Print the sum of each row of your result. It must be 0: what is added to the other classes is taken from the right one.",
)
def softmax_ce_backward(logits, targets):
    return torch.softmax(logits, dim=1) / len(targets)


@catalogue.misconception(
    "4.6",
    "opposite sign",
    "The result is the right one with the opposite sign. Should a step against the gradient raise or lower the logit of the right class?",
    hint="At the right class the entry must be negative: a step against the gradient raises that logit.",
)
def softmax_ce_backward(logits, targets):
    return (_one_hot(logits, targets) - torch.softmax(logits, dim=1)) / len(targets)


@catalogue.misconception(
    "4.6",
    "softmax over the examples",
    "The probabilities in the result add up to 1 in each column. Along which axis do the classes lie?",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=0) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "softmax over everything",
    "The probabilities in the result add up to 1 over the whole batch. Does each example not have probabilities of its own?",
    hint="Print the row sums of your probabilities: each row must add up to 1 by itself.",
)
def softmax_ce_backward(logits, targets):
    p = torch.softmax(logits.flatten(), dim=0).reshape(logits.shape)
    return (p - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "subtracted in every row",
    "In each column that is the right class of some example, 1 was subtracted in all rows. Which row does each target belong to, and does your index say so?",
)
def softmax_ce_backward(logits, targets):
    p = torch.softmax(logits, dim=1)
    p[:, targets] -= 1
    return p / len(targets)


@catalogue.misconception(
    "4.6",
    "derivative along the probabilities",
    "The result is -1/p at the right classes and 0 elsewhere, divided by N: the gradient with respect to the probabilities. Which step lies between them and the logits?",
)
def softmax_ce_backward(logits, targets):
    right = _one_hot(logits, targets)
    return torch.where(right == 1, -1 / torch.softmax(logits, dim=1), 0.0) / len(targets)


@catalogue.misconception(
    "4.6",
    "right class only",
    "The result is right at the right classes and 0 everywhere else. Does raising a wrong logit not change the probability of the right class?",
)
def softmax_ce_backward(logits, targets):
    right = _one_hot(logits, targets)
    return (torch.softmax(logits, dim=1) - 1) * right / len(targets)


@catalogue.misconception(
    "4.6",
    "exponentials too large",
    "Ordinary logits are right, and logits of 1000 give NaN. What is the exponential of 1000 in a computer, and what does a softmax not mind being subtracted from all logits of a row?",
)
def softmax_ce_backward(logits, targets):
    powers = torch.exp(logits)
    return (powers / powers.sum(dim=1, keepdim=True) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "classes counted from the targets",
    "Where the last class is never the right one, the subtraction stops with an error. How many classes does one_hot make if it is not told?",
    hint="The number of classes is the width of the logits. The largest class may be missing in a batch.",
)
def softmax_ce_backward(logits, targets):
    return (torch.softmax(logits, dim=1) - F.one_hot(targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "logits in place of probabilities",
    "The result is made from the logits as they are. Which function turns them into probabilities?",
)
def softmax_ce_backward(logits, targets):
    return (logits - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "log-probabilities in place of probabilities",
    "The result is made from the logarithms of the probabilities. Is the derivative of the loss made of logarithms, too?",
)
def softmax_ce_backward(logits, targets):
    return (torch.log_softmax(logits, dim=1) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "sigmoid in place of softmax",
    "The probabilities in the result do not add up to 1 in a row; they are those of a sigmoid. Which function lets the classes compete?",
)
def softmax_ce_backward(logits, targets):
    return (torch.sigmoid(logits) - _one_hot(logits, targets)) / len(targets)


@catalogue.misconception(
    "4.6",
    "only one share divided",
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
    "repeated ids dropped",
    "Where an id occurs more than once, the table has the gradient of its last position only. Does your way of writing into the table add up, and does it still do so when an index holds a number twice?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    table[idx] += dout
    return table


@catalogue.misconception(
    "4.7",
    "rows assigned",
    "Where an id occurs more than once, the table has the gradient of its last position only. Does your way of writing into the table add up, and does it still do so when an index holds a number twice?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for token, row in _pairs(dout, idx):
        table[token] = row
    return table


@catalogue.misconception(
    "4.7",
    "first position only",
    "Where an id occurs more than once, the table has the gradient of its first position only. What becomes of the other positions?",
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
    "averaged by count",
    "Where an id occurs more than once, the table has the mean of its gradients. Over several uses, do gradients average or add up?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    counts = torch.bincount(idx.flatten(), minlength=V).clamp(min=1)
    return table / counts[:, None]


@catalogue.misconception(
    "4.7",
    "averaged over all positions",
    "Every number is divided by the number of positions. Is the mean of the loss not contained in dout already?",
    hint="Let one id occur twice, with gradients 1 and 2: its row gets 3. Search for a mean, or a division.",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    return table / idx.numel()


@catalogue.misconception(
    "4.7",
    "table too short",
    "The table ends at the largest id of the batch. How many rows has the table that the ids were looked up in?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, int(idx.max()) + 1)
    return table.index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))


@catalogue.misconception(
    "4.7",
    "a row for each position",
    "The result has a row for each position and not for each token. What shape has the table?",
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
)
def embedding_backward(dout, idx, V):
    ones = torch.ones_like(dout).reshape(-1, dout.shape[-1])
    return _table(dout, V).index_add(0, idx.flatten(), ones)


@catalogue.misconception(
    "4.7",
    "id 0 taken for padding",
    "The row of token 0 is all zeros although the token occurs, and the rest is right. Is 0 an ordinary id in your code?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V).index_add(0, idx.flatten(), dout.reshape(-1, dout.shape[-1]))
    table[0] = 0
    return table


@catalogue.misconception(
    "4.7",
    "ids counted from 1",
    "Each token's gradient stands one row too early. At which number do ids start?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for token, row in _pairs(dout, idx):
        table[token - 1] += row
    return table


@catalogue.misconception(
    "4.7",
    "rows by position",
    "The gradient of position t stands in row t of the table, whatever its token is. Which row was read at position t?",
)
def embedding_backward(dout, idx, V):
    table = _table(dout, V)
    for position, (_, row) in enumerate(_pairs(dout, idx)):
        table[position] += row
    return table


@catalogue.misconception(
    "4.7",
    "float32 table",
    "A float64 gradient gives a float32 table. Which dtype has a new tensor if you do not name one?",
)
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1])
    for token, row in _pairs(dout, idx):
        table[token] += row
    return table


@catalogue.misconception(
    "4.7",
    "float32 table, written through an index",
    "The table and dout have different dtypes, and writing one into the other stops with an error. Which dtype has a new tensor if you do not name one?",
)
def embedding_backward(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1])
    table[idx] += dout
    return table


@catalogue.misconception(
    "4.7",
    "one sequence only",
    "A single sequence is right, and a batch of sequences stops with an error. How could its ids and gradients become one long list?",
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
    "no ReLU mask",
    "dh is right, and dz1 is the same tensor. What stands between h and z1, and what does it do to the gradient of a unit that is off?",
    hint="A unit with z1 below 0 gave 0 whatever its input was, so nothing flows back through it. Call what you wrote in 4.2.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=1)


@catalogue.misconception(
    "4.8",
    "mask computed and not used",
    "dz1 is right, but dW1 and db1 are made from dh. Which of the two is the gradient of the first linear layer's output?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW1": right["dh"].T @ cache["X"], "db1": right["dh"].sum(0)}


@catalogue.misconception(
    "4.8",
    "mask from the gradient",
    "dh is right, and dz1 is dh without its negative entries. Does the sign of the gradient say which units were on, or the sign of z1?",
    hint="Whether a unit was on was decided forwards, by z1. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    dz2 = _dz2(cache, y)
    return _backward(cache, p, dz2, mask=(dz2 @ p["W2"]) > 0)


@catalogue.misconception(
    "4.8",
    "times the hidden layer",
    "dh is right, and dz1 is dh times h. Is the local derivative of the ReLU its value, or its slope?",
    hint="The slope of a ReLU is 0 or 1. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=cache["h"])


@catalogue.misconception(
    "4.8",
    "slope of a sigmoid in the hidden layer",
    "dh is right, and dz1 carries a factor h(1 - h), the slope of a sigmoid. Which function follows the hidden layer?",
    hint="Only the last layer has a sigmoid. Call what you wrote in 4.2, with z1 and dh.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=cache["h"] * (1 - cache["h"]))


@catalogue.misconception(
    "4.8",
    "one mask for all examples",
    "dh is right, and in dz1 a unit is on for all examples as soon as it is on for one. Does the ReLU decide by unit, or by unit and example?",
    hint="Print the shape of your mask: it must be (N, K), one switch for each unit and each example.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, _dz2(cache, y), mask=(cache["z1"] > 0).any(dim=0))


@catalogue.misconception(
    "4.8",
    "mask written into dh",
    "dz1 is right, but dh has its zeros, too. When you set entries of dz1 to 0, is it a tensor of its own or another name for dh?",
    hint="Print dh after dz1 is made: it must be without the zeros. Multiply into a new tensor.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dh": right["dz1"]}


@catalogue.misconception(
    "4.8",
    "not divided by N",
    "Every gradient is N times the right one. Is the loss the sum of the examples' losses, or their mean?",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, cache["a"] - y)


@catalogue.misconception(
    "4.8",
    "divided late",
    "dz2, dh and dz1 are N times the right ones, and the gradients of the parameters are right. Where does the mean of the loss enter, at the loss or at the parameters?",
    hint="The mean belongs to the loss, so dz2 carries 1/N already, and everything after it by itself.",
)
def mlp_backward(cache, p, y):
    large = _backward(cache, p, cache["a"] - y)
    return {name: g / len(y) if name[1] in "Wb" else g for name, g in large.items()}


@catalogue.misconception(
    "4.8",
    "divided twice",
    "dz2 is right, and dW2, db2, dW1 and db1 are divided by N once more. How often does the mean of the loss divide?",
    hint="The mean divides once, at dz2. Search for a second division or a mean further down.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {name: g / len(y) if name[1] in "Wb" else g for name, g in right.items()}


@catalogue.misconception(
    "4.8",
    "opposite sign",
    "Every gradient is the right one with the opposite sign. Is it prediction minus label in your code, or label minus prediction?",
    hint="With label 0 and prediction 0.2 the slope along z2 is positive. What is yours?",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, -_dz2(cache, y))


@catalogue.misconception(
    "4.8",
    "slope of the sigmoid once too often",
    "dz2 carries an additional factor a(1 - a). Is the slope of the sigmoid in your product a second time, after it had cancelled?",
    hint="Call what you wrote in 4.4: the sigmoid and the loss are in it together, and a(1 - a) has cancelled.",
)
def mlp_backward(cache, p, y):
    a = cache["a"]
    return _backward(cache, p, _dz2(cache, y) * a * (1 - a))


@catalogue.misconception(
    "4.8",
    "gradient of the prediction",
    "dz2 is the gradient with respect to a. Which step lies between a and z2, and what is its slope?",
    hint="At a = 0.2 and y = 0 the slope along z2 is 0.2, before the mean, and yours is 1.25. Call what you wrote in 4.4.",
)
def mlp_backward(cache, p, y):
    a = cache["a"]
    return _backward(cache, p, _dz2(cache, y) / (a * (1 - a)))


@catalogue.misconception(
    "4.8",
    "z2 in place of the prediction",
    "dz2 is made from z2 - y, the number before the sigmoid. Which of the two, z2 or a, does the loss compare with the label?",
    hint="The cache holds z2 and a. The loss compares a with the labels.",
)
def mlp_backward(cache, p, y):
    return _backward(cache, p, (cache["z2"] - y) / len(y))


@catalogue.misconception(
    "4.8",
    "biases averaged",
    "The gradients of the weights are right, and db2 and db1 are divided by N. Does a bias that is used for every example get the mean of the gradients, or their sum?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"].mean(0), "db1": right["dz1"].mean(0)}


@catalogue.misconception(
    "4.8",
    "biases not reduced",
    "db2 and db1 still have a row for each example. How many numbers is a bias, and how many must its gradient be?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"], "db1": right["dz1"]}


@catalogue.misconception(
    "4.8",
    "biases keep an axis",
    "The numbers are right, but db2 and db1 have an axis of size 1 in front. Which shapes have b2 and b1?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "db2": right["dz2"].sum(0, keepdim=True), "db1": right["dz1"].sum(0, keepdim=True)}


@catalogue.misconception(
    "4.8",
    "z1 in place of h",
    "dz2 is right, and dW2 is made from z1. What went into the second layer, the hidden layer before its ReLU or after it?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW2": right["dz2"].T @ cache["z1"]}


@catalogue.misconception(
    "4.8",
    "h in place of X",
    "dz1 is right, and dW1 is made from h: it has a column for each hidden unit. What went into the first layer?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW1": right["dz1"].T @ cache["h"]}


@catalogue.misconception(
    "4.8",
    "weights transposed",
    "dW2 and dW1 are transposed. Which shapes have W2 and W1 themselves?",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {**right, "dW2": right["dW2"].T, "dW1": right["dW1"].T}


@catalogue.misconception(
    "4.8",
    "W2 transposed for dh",
    "The product of dz2 and W2 stops with an error about shapes. Forwards W2 was transposed; is it again on the way back?",
)
def mlp_backward(cache, p, y):
    dz2 = _dz2(cache, y)
    dh = dz2 @ p["W2"].T
    dz1 = dh * (cache["z1"] > 0)
    return _gradients(dz2, dz2.T @ cache["h"], dz2.sum(0), dh, dz1, dz1.T @ cache["X"], dz1.sum(0))


@catalogue.misconception(
    "4.8",
    "parameters only",
    "Only the gradients of the four parameters came back. Which three gradients in between does the docstring ask for, too?",
    hint="You need dz2, dh and dz1 on the way anyhow. Put them into the answer as well.",
)
def mlp_backward(cache, p, y):
    right = _backward(cache, p, _dz2(cache, y))
    return {name: right[name] for name in ("dW2", "db2", "dW1", "db1")}


# --- 4.9 -----------------------------------------------------------------------------------------------------------


def _step(net, inputs, loss_of):
    net.zero_grad()
    loss = loss_of(net(inputs))
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "4.9",
    "listing unchanged",
    "The loss refuses its two tensors for one example and for four. Which shape has the output of the network, and which have the labels?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels))


@catalogue.misconception(
    "4.9",
    "all axes of size 1 removed",
    "Several examples are right, and a single one stops with an error. What does squeeze() make of a tensor of shape (1, 1)?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs.squeeze(), labels))


@catalogue.misconception(
    "4.9",
    "axis added in front of the labels",
    "A single example is right, and several stop with an error, since the labels have become one row (1, N). On which side of the examples does the network have its additional axis?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.unsqueeze(0)))


@catalogue.misconception(
    "4.9",
    "first axis of the outputs removed",
    "A single example is right, and several stop with an error. Which axis of the output counts the examples, and which one did you take away?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs.squeeze(0), labels))


@catalogue.misconception(
    "4.9",
    "first prediction only",
    "A single example is right, and several stop with an error. Which axis of the output counts the examples, and which one did you take away?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs[0], labels))


@catalogue.misconception(
    "4.9",
    "labels reshaped for one example",
    "A single example is right, and for several the labels do not fit into the shape you ask for. Which of its two numbers must be the number of examples?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(1, 1)))


@catalogue.misconception(
    "4.9",
    "another loss",
    "The loss is a mean squared error; for several examples it even compares every prediction with every label. Did an error message go away because shapes were put right, or because another loss does not look at them?",
    hint="Put the listing's loss back and read its message: it names the two shapes. Print both for one example and for four.",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.MSELoss()(outputs, labels))


@catalogue.misconception(
    "4.9",
    "another loss, right shapes",
    "The loss is the mean squared error of predictions and labels. Which loss has the chapter's listing?",
    hint="The shapes are right now; keep that, and put the listing's own loss back.",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.MSELoss()(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "sigmoid applied twice",
    "The loss is that of the sigmoid of the predictions. Does the loss you use expect probabilities, or raw scores?",
    hint="The network ends with a sigmoid, so its outputs are probabilities. Which loss of the listing takes those as they are?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCEWithLogitsLoss()(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "every prediction meets every label",
    "A single example is right, and for several every prediction is compared with every label. Was one of the tensors blown up to (N, N) to make the message go away?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss()(*torch.broadcast_tensors(outputs, labels)))


@catalogue.misconception(
    "4.9",
    "sum over the examples",
    "A single example is right, and for N examples loss and gradients are N times the right ones. Is the loss of the listing a sum, or a mean?",
)
def fix_simple_net(net, inputs, labels):
    return _step(net, inputs, lambda outputs: nn.BCELoss(reduction="sum")(outputs, labels.reshape(-1, 1)))


@catalogue.misconception(
    "4.9",
    "gradients not cleared",
    "The first call is right, and after a second one the gradients are twice as large. Which line of the listing made room for the new gradients?",
    hint="Call it twice and print a gradient each time. The listing has a line for that, before the backward pass.",
)
def fix_simple_net(net, inputs, labels):
    loss = nn.BCELoss()(net(inputs), labels.reshape(-1, 1))
    loss.backward()
    return loss.item()


@catalogue.misconception(
    "4.9",
    "gradients cleared at the end",
    "The loss is right, and .grad of every parameter is None. Was there no backward pass, or were its gradients cleared before anybody could read them?",
    hint="Print .grad right after the backward pass and at the very end. The clearing belongs to the beginning.",
)
def fix_simple_net(net, inputs, labels):
    loss = _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(-1, 1)))
    net.zero_grad()
    return loss


@catalogue.misconception(
    "4.9",
    "no backward pass",
    "The loss is right, and .grad of every parameter is None. Was there no backward pass, or were its gradients cleared before anybody could read them?",
)
def fix_simple_net(net, inputs, labels):
    net.zero_grad()
    return nn.BCELoss()(net(inputs), labels.reshape(-1, 1)).item()


@catalogue.misconception(
    "4.9",
    "parameters moved",
    "Loss and gradients of the first call are right, and the network is another one afterwards. Does your function change the parameters, although it is to stop at the gradients?",
    hint="Print a weight before and after. The function stops at the gradients; no optimiser takes a step here.",
)
def fix_simple_net(net, inputs, labels):
    loss = _step(net, inputs, lambda outputs: nn.BCELoss()(outputs, labels.reshape(-1, 1)))
    for parameter in net.parameters():
        parameter.data -= 0.01 * parameter.grad
    return loss


@catalogue.misconception(
    "4.9",
    "nothing returned",
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
    "gradients pile up",
    "The first batch is right, and the gradients of the second one contain those of the first. What does a backward pass do with what is in .grad already?",
)
def named_gradients(net, X, y):
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "gradients pile up in what was handed out",
    "Both batches gave the same tensors, and in the end these hold zeros. Is what you return a copy of .grad, or .grad itself?",
)
def named_gradients(net, X, y):
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "no copy, cleared to zeros",
    "Both batches gave the same tensors, and in the end these hold zeros. Is what you return a copy of .grad, or .grad itself?",
)
def named_gradients(net, X, y):
    net.zero_grad(set_to_none=False)
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "no copy",
    "The gradients of the last batch became zeros when .grad was filled with zeros afterwards. Is what you return a copy of .grad, or .grad itself?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "no backward pass",
    "There are names, and None in place of every gradient. Which call fills .grad, and is it still filled when you read it?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "cleared before it was read",
    "There are names, and None in place of every gradient. Which call fills .grad, and is it still filled when you read it?",
)
def named_gradients(net, X, y):
    _go_back(net, X, y)
    net.zero_grad()
    return {name: param.grad for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "weights only",
    "The weights are there, and the biases are missing. Is a bias a parameter, and which ones does your function pick?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: p.grad.clone() for name, p in net.named_parameters() if p.requires_grad and "weight" in name}


@catalogue.misconception(
    "4.10",
    "values in place of gradients",
    "The result holds the parameters themselves. Where does a parameter keep its gradient?",
    hint="A parameter keeps its gradient in an attribute of its own. Print both for one weight.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.detach().clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "frozen parameters read",
    "A frozen parameter stops the function with an error, since its .grad is None. Which line of the chapter's listing looks out for it?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen parameters as zeros",
    "A frozen parameter stands in the result with a gradient of zeros. Does it have a gradient at all?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {n: torch.zeros_like(p) if p.grad is None else p.grad.clone() for n, p in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen parameters as None",
    "A frozen parameter stands in the result with None. Which line of the chapter's listing leaves it out?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return {n: None if p.grad is None else p.grad.clone() for n, p in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "frozen parameters thawed",
    "A frozen parameter stands in the result with a gradient. Did your function switch its requires_grad on?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    net.requires_grad_(True)
    _go_back(net, X, y)
    return {name: param.grad.clone() for name, param in net.named_parameters()}


@catalogue.misconception(
    "4.10",
    "sum over the examples",
    "Every gradient is N times the right one. Is the loss a sum over the examples, or their mean?",
    hint="Give it the same example twice: every gradient must stay the same.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    F.binary_cross_entropy(net(X), y, reduction="sum").backward()
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "gradient of the prediction",
    "The gradients are those of the sum of the predictions; the labels play no part. Of which number do you want the gradients?",
    hint="Go backward from the loss, which compares predictions with labels. Change a label: the gradients must change.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    net(X).sum().backward()
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}


@catalogue.misconception(
    "4.10",
    "a list without names",
    "The gradients came back as a list. Under which names does the docstring want them?",
    hint="The module has a method that gives its parameters together with their names.",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    return [param.grad.clone() for param in net.parameters() if param.requires_grad]


@catalogue.misconception(
    "4.10",
    "parameters moved",
    "The gradients of the first batch are right, and the network is another one afterwards. Does your function change the parameters, although it is only to read gradients?",
)
def named_gradients(net, X, y):
    net.zero_grad()
    _go_back(net, X, y)
    for param in net.parameters():
        if param.grad is not None:
            param.data -= 0.01 * param.grad
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}
