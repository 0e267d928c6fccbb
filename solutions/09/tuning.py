# %% [markdown]
# # 09 Fine-tuning
#
# The GPT of assignment 06 continues text, and so does GPT-2. Ask such a model a question, and it may well go on with
# three more questions: that is how texts on the web go on. To make an assistant of it, it is trained a little longer,
# on chosen text. That is *fine-tuning*, and the chapter ends with it.
#
# Nothing about the training is new. It is the loop of 6.13, the same loss, the same backward pass. What changes is the
# text, and *which tokens count*. This one idea goes through the whole assignment.
#
# Exercises 9.1 to 9.3 turn conversations into training data: text, labels, and a loss that looks at the answers only.
# 9.4 to 9.6 train a few numbers in place of all: by freezing parameters, and with LoRA. 9.7 and 9.8 learn from pairs of
# answers of which people liked one better. In 9.9 you fine-tune a GPT that was trained on the corpus of assignment 06,
# and look at what it can answer before and after, and at what it has forgotten.
#
# You need matrix products (1.8), parameters and their names (2.9), softmax (3.11), the training step (5.5), the loss of
# a language model (6.3), and padded batches (7.7). Nothing is imported from your earlier files.
#
# torch's autograd does the backward pass, so in 9.3, 9.5, 9.7 and 9.8 gradients must flow from the result back to the
# float tensors in the arguments (in 9.8 there is an exception, and it is the point). As before, shapes, dtypes, texts
# and token ids must be exact, other numbers right to seven digits in `float64`, and what comes in must stay as it is.
# In 9.4 and 9.9 a model is changed; that is what they are for.
#
# Letters for sizes: $B$ rows in a batch, $T$ tokens in a row, $V$ different tokens, $r$ the rank of LoRA.

# %%
import math

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
# What is no conversation must raise a ValueError, for a model would answer anything, and nobody would notice. There is
# at least one message. A system message may come first, and nowhere else. After it, user and assistant take turns, and
# the user begins; a system message alone is no conversation. There are no other roles. And a prompt is possible only
# after a message of the user.
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
