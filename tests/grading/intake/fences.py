"""Fences of R Markdown and Quarto, of any length, as jupytext reads them."""

import re

FENCE = re.compile(r"^([ \t]*)(`{3,}|~{3,})[ \t]*([^`]*)$")
CHUNK = re.compile(r"^\{\s*(?!\{)[\w.]")  # ```{r, echo=FALSE}; {{r}} is shown, not run, and so is ```r


def three_backticks(text: str) -> str:
    """Every chunk between three backticks; fences in what is only shown begin none."""
    lines, opened, is_chunk = [], "", False
    for line in text.split("\n"):
        fence = FENCE.match(line)
        closes = fence and opened and fence[2].startswith(opened) and not fence[3].strip()
        if closes:
            lines.append("```" if is_chunk else line)
            opened = ""
        elif fence and not opened:
            opened, is_chunk = fence[2], bool(CHUNK.match(fence[3]))
            lines.append(f"```{fence[3]}" if is_chunk else line)
        else:
            shown = opened and not is_chunk and fence
            lines.append(f" {line}" if shown and not line.startswith(" ") else line)
    return "\n".join(lines)
