"""Correct answers to assignment 09 that look different from the solution; each must get full marks."""

import re

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
