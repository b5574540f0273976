"""What of a hand-in is run: chunks of text in one language, and files that lie beside it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Source:
    """Chunks are the one text of a file, or the cells of a document, each with what its lines are called ("cell 3")."""

    language: str  # "Python" or "R"
    chunks: tuple[tuple[str, str], ...]
    beside: tuple[tuple[str, bytes], ...] = ()  # path and content
    remarks: tuple[str, ...] = ()  # what of the document was read in an unusual way
    elsewhere: tuple[tuple[str, str], ...] = ()  # functions that stand where nothing is run, and where that is

    @classmethod
    def of(cls, language: str, text: str) -> "Source":
        """One text."""
        return cls(language, (("", text),))

    @property
    def text(self) -> str:
        """All of it."""
        return "\n".join(text for _, text in self.chunks)
