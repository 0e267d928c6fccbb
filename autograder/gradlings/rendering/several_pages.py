"""The end of a run over several assignments: one line for each, the sum, and what comes next."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.text import Text

from gradlings.model.scorecard import Scorecard
from gradlings.rendering.terminal import bar, padded, render_lines, width_of


def summary_text(cards: Sequence[Scorecard], *, width: int, color: bool, plain: bool) -> str:
    """Return the lines below the pages of some assignments, in their order; arguments as `page_text`."""
    lines = render_lines(_summary(cards, plain), width=width, color=color, wrap_text=False)
    return "\n".join(line.rstrip() for line in lines)


def _summary(cards: Sequence[Scorecard], plain: bool) -> Iterator[Text]:
    yield Text(f"{len(cards)} assignments", style="bold")
    yield Text("")
    titles = [f"{card.assignment} {card.title}".strip() for card in cards]
    widest = width_of(titles)
    for card, title in zip(cards, titles, strict=True):
        style = "dim" if not card.begun else "green" if card.full_marks else "yellow"
        line = Text(f"  {padded(title, widest)}  ").append_text(bar(card.points, card.max_points, style, plain=plain))
        line.append(f"  {card.points:>3}/{card.max_points:<3}", style=style)
        yield line.append("" if card.begun else "  not attempted yet", style="dim")
    yield Text("")
    points, max_points = (sum(values) for values in zip(*((c.points, c.max_points) for c in cards), strict=True))
    line = Text("  ").append(f"{points} of {max_points} points", style="bold")
    following = next((each for card in cards for each in card.exercises if not each.solved), None)
    if following is not None:
        line.append(f" {'-' if plain else chr(0xB7)} next: {following.id} {following.name}")
    yield line
    yield Text("")
