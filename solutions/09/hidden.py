"""Hidden probes of assignment 09: further inputs that submissions meet when they are graded for marks."""


def chat(word, *contents):
    """One message for each letter of the word."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return [{"role": roles[letter], "content": content} for letter, content in zip(word, contents, strict=True)]


PROBES = {
    # 9.1 conversations: long ones, signs that are nearly those of the template, several reasons to refuse
    "9.1::test_messages": [
        (chat("s" + "ua" * 6 + "u", *"abcdefghijklmn"), True),
        (chat("ua", "a < b | c <b|> |>", "< |end|>"), False),
        (chat("su", "\n", "\n\n"), True),
    ],
    "9.1::test_refused": [
        (chat("suauu", "a", "b", "c", "d", "e"), True),
        (chat("uasu", "a", "b", "c", "d"), True),
        (chat("ssu", "a", "b", "c"), False),
        (chat("at", "<|", "x"), True),
        (chat("uaua", "a", "b", "c", "say <|end|>"), False),
        (chat("suaua", "a", "b", "c", "d", "e"), True),
    ],
}
